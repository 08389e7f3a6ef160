"""Memory errors in C end in the trap that the CHERIoT ISA document gives them, and the report names the place."""

import re

import pytest

from cosim.toolchain.cc.execute import on_model

TRAPPED = 253
BOUNDS, TAG, SEAL, EXECUTE, LOAD, STORE = 0x01, 0x02, 0x03, 0x11, 0x12, 0x13

# A pointer below its object is not representable: it loses its tag before it is used.
PROGRAMS = {
    "local array, constant index": (BOUNDS, "int a[4]; a[0] = 1; bad: a[4] = 1;"),
    "local array, variable index": (BOUNDS, "int a[4]; bad: for (int i = 0; i < n + 2; i++) a[i] = i;"),
    "local array, below": (TAG, "int a[4]; int *p = a; bad: p[-n + 2] = 1;"),
    "local array, read behind": (BOUNDS, "char a[4] = {0}; bad: return a[n + 1];"),
    "local scalar through a pointer": (BOUNDS, "int x = 1, *p = &x; bad: p[n] = 2;"),
    "last byte of a wide access": (BOUNDS, "char a[10]; char *p = a; bad: *(int *)(p + n + 4) = 1;"),
    "global array, behind": (BOUNDS, "bad: global[n + 1] = 1;"),
    "global array, constant index": (BOUNDS, "bad: global[4] = 1;"),
    "global array, below": (TAG, "bad: global[n - 4] = 1;"),
    "string literal, behind": (BOUNDS, 'const char *s = "abc"; bad: return s[n + 1];'),
    "heap, behind": (BOUNDS, "char *p = malloc(10); p[9] = 1; bad: p[n + 7] = 1;"),
    "heap, below": (TAG, "int *p = malloc(8); bad: return p[n - 4];"),
    "use after free": (TAG, "kept = malloc(16); free((void *)kept); bad: *kept = 1;"),
    "use after free, reading": (TAG, "kept = malloc(16); *kept = 3; free((void *)kept); bad: return *kept;"),
    "forged pointer": (TAG, "int x = 0; bad: *(int *)((unsigned)&x) = 1;"),
    "forged from a constant": (TAG, "bad: *(volatile int *)0x20050000 = 1;"),
    "forged through memory": (TAG, "union { int *p; unsigned w[2]; } u = {global}; u.w[0] += 4; bad: *u.p = 1;"),
    "null pointer": (TAG, "int *p = n ? NULL : global; bad: *p = 1;"),
    "null member": (TAG, "struct { int a, b; } *p = n ? NULL : (void *)global; bad: return p->b;"),
    "use after return through a global": (TAG, "leak(); bad: *kept = 1;"),
    "pointer far outside of its object": (TAG, "int *p = global + n * 100000; p -= n * 100000; bad: *p = 1;"),
    "write to a string literal": (STORE, 'char *s = "abc"; bad: s[n - 3] = 1;'),
    "write to a constant": (STORE, "int *p = (int *)&constant; bad: *p = 1;"),
    "variadic arguments, behind the last": (BOUNDS, "bad: return sum(n + 1, 1, 2, 3);"),
    "call through a data pointer": (EXECUTE, "void (*f)(void) = (void (*)(void))global; bad: f();"),
    "call through an integer": (TAG, "void (*f)(void) = (void (*)(void))(unsigned)leak; bad: f();"),
    "access with permission given up": (LOAD, "int *p = __builtin_cheri_perms_and(global, 4); *p = 1; bad: return *p;"),
}

FRAME = """#include <stdarg.h>
#include <stdlib.h>
int global[4]; volatile int *volatile kept; const int constant = 1; volatile int n = 3;
__attribute__((noinline)) void leak(void) {{ int x = 5; kept = &x; }}
__attribute__((noinline)) int sum(int n, ...) {{ va_list a; va_start(a, n); int s = 0; while (n--) s += va_arg(a, int);
return s; }}
__attribute__((noinline)) int victim(void) {{
{body}
return 0; }}
int main(void) {{ return victim(); }}
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_error_traps(tmp_path, name):
    check(on_model, tmp_path, name)


@pytest.mark.sim
@pytest.mark.parametrize("name", PROGRAMS)
def test_error_traps_on_rtl(tmp_path, on_rtl, name):
    check(on_rtl, tmp_path, name)


def check(execute, tmp_path, name):
    code, text = PROGRAMS[name]
    before, _, after = text.partition("bad: ")
    path = tmp_path / "program.c"
    path.write_text(FRAME.format(body=f"{before}\n{after}"))
    outcome = execute(path)
    assert outcome.code == TRAPPED, outcome
    report = re.search(r"mcause (\d+), mtval 0x([0-9a-f]+), pc 0x[0-9a-f]+, in (\w+):(\d+)", outcome.output)
    assert report, outcome.output
    assert (int(report[1]), int(report[2], 16) & 31) == (28, code), outcome.output
    where = ("sum", "5") if "variadic" in name else ("victim", "9")
    assert (report[3], report[4]) == where, outcome.output


def test_double_free_ends_the_program(tmp_path):
    path = tmp_path / "program.c"
    path.write_text("#include <stdlib.h>\nint main(void) { void *p = malloc(8); free(p); free(p); return 0; }")
    outcome = on_model(path)
    assert (outcome.output, outcome.code) == ("abort\n", 1)


def test_exit_codes_arrive(tmp_path):
    path = tmp_path / "program.c"
    path.write_text("#include <stdlib.h>\nint main(void) { exit(42); }")
    assert on_model(path).code == 42
    path.write_text("int main(void) { return 9; }")
    assert on_model(path).code == 9


def test_failed_assertion_names_its_place(tmp_path):
    path = tmp_path / "program.c"
    path.write_text("#include <assert.h>\nint main(void) {\n assert(1 == 1);\n assert(1 == 2);\n}")
    outcome = on_model(path)
    assert outcome.code == 1 and outcome.output.endswith("program.c:4: assertion failed: 1 == 2\n")
