/* In front of every program of the suite. */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define P(...) printf("%d\n", (int)(__VA_ARGS__))
#define U(...) printf("%x\n", (unsigned)(__VA_ARGS__))
#define L(...) printf("%lld\n", (long long)(__VA_ARGS__))
#define UL(...) printf("%llx\n", (unsigned long long)(__VA_ARGS__))
