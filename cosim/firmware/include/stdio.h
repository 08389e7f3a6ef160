/* Output on the console. The formats are %d %i %u %x %X %o %c %s %p %% with flags "-0+ #", width, precision and the
   lengths hh h l ll z t; no floating point. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

int putchar(int character);
int puts(const char *text);
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *format, va_list list);
int snprintf(char *target, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *target, size_t size, const char *format, va_list list);
int sprintf(char *target, const char *format, ...) __attribute__((format(printf, 2, 3)));
