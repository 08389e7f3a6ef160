"""What the compiler must get right, one named test for each."""

import os
import re
import subprocess
import sys

import pytest

from cosim.stimulus.cprogram import generate
from cosim.toolchain.cc.compiler import compile_file
from cosim.toolchain.cc.driver import INCLUDE
from cosim.toolchain.cc.execute import on_model as run


@pytest.fixture
def compiled(tmp_path):
    """Assembly text of a C source."""

    def make(source):
        path = tmp_path / "unit.c"
        path.write_text(source)
        return compile_file(path, [INCLUDE])

    return make


@pytest.fixture
def execute(tmp_path):
    def make(source, assembly=None):
        path = tmp_path / "unit.c"
        path.write_text(source)
        paths = [path]
        if assembly:
            other = tmp_path / "other.S"
            other.write_text(assembly)
            paths.append(other)
        return run(*paths)

    return make


def body(assembly, name):
    """The instructions of one function, without directives and labels."""
    text = assembly.partition(f"\n{name}:\n")[2].partition("\t.size")[0]
    return [line.strip() for line in text.split("\n") if line.startswith("\t") and not line.startswith("\t.")]


def count(instructions, *mnemonics):
    return sum(instruction.split("\t")[0] in mnemonics for instruction in instructions)


TAG_OF_RESULT = """
    .globl tag_of_result
tag_of_result:
    cincaddrimm csp, csp, -16
    csc cra, 0(csp)
    cmove ct1, ca0
    cmove ca0, ca1
    cmove ca1, ca2
    cjalr ct1
    cgettag a0, ca0
    clc cra, 0(csp)
    cincaddrimm csp, csp, 16
    cret
    .globl tag_of_argument
tag_of_argument:
    cgettag a0, ca0
    cret
"""
"""Calls a function with an argument and looks at the register that it leaves, which C cannot."""


@pytest.mark.parametrize(
    "function",
    [
        "unsigned h(char *p, int k) { return (unsigned)p; }",
        "unsigned h(char *p, int k) { unsigned a = (unsigned)p; if (k) a = 5; return k ? a + 1 : a; }",
        "unsigned h(char *p, int k) { unsigned a = 0; do a = (unsigned)p; while (k-- > 0); return a; }",
        "unsigned id(unsigned x) { return x; } unsigned h(char *p, int k) { return id((unsigned)p); }",
        "unsigned h(char *p, int k) { uintptr_t u = (unsigned)p; return u; }",
        "void *h(char *p, int k) { return (void *)(unsigned)p; }",
        "void *g; void *h(char *p, int k) { g = (void *)(unsigned)p; return g; }",
    ],
)
def test_integer_of_a_pointer_has_no_authority(execute, function):
    source = f"""#include <stdint.h>
    #include <stdio.h>
    int tag_of_result(void *, char *, int); {function}
    char x[8]; int main(void) {{ printf("%d%d", tag_of_result((void *)h, x, 0), tag_of_result((void *)h, x, 3)); }}"""
    assert execute(source, TAG_OF_RESULT).output == "00"


def test_integer_argument_has_no_authority(execute):
    source = """int tag_of_argument(unsigned); int putchar(int); char x[8];
    int main(void) { char *p = x; putchar('0' + tag_of_argument((unsigned)p)); putchar(*p + '0'); }"""
    assert execute(source, TAG_OF_RESULT).output == "00"


def test_volatile_accesses_are_all_made_and_in_order(compiled):
    unit = compiled("""volatile int v, w; volatile unsigned char c;
    int f(void) { v; int a = v; a += v; w = 1; w = 2; v = a; (void)v; c++; return a; }
    void g(volatile int *p) { *p; *p = *p; while (!*p) ; }""")
    code = body(unit.assembly, "f")
    assert count(code, "lw") == 4 and count(code, "sw") == 3
    assert count(code, "lbu") == 1 and count(code, "sb") == 1
    accesses = [re.match(r"[ls][wb]u?", line).group()[0] for line in code if re.match(r"[ls][wb]", line)]
    assert "".join(accesses) == "lllssslls"
    code = body(unit.assembly, "g")
    assert count(code, "lw") >= 3 and count(code, "sw") == 1


def test_a_tag_is_asked_anew(compiled):
    """Revocation clears tags at any time: what was true of a pointer before a call need not be after it."""
    unit = compiled("""void release(void *);
    int f(void *p, void *q) {
        int before = __builtin_cheri_tag_get(p), same = __builtin_cheri_equal_exact(p, q);
        int within = __builtin_cheri_subset_test(p, q);
        release(q);
        __builtin_cheri_tag_get(q);
        return before + same + within + __builtin_cheri_tag_get(p) + __builtin_cheri_equal_exact(p, q) +
               __builtin_cheri_subset_test(p, q); }""")
    code = body(unit.assembly, "f")
    assert [count(code, op) for op in ("cgettag", "csetequalexact", "ctestsubset")] == [2, 2, 2]


def test_output_is_deterministic(tmp_path):
    path = tmp_path / "unit.c"
    path.write_text(generate(11, 60))
    script = (
        "import sys; from cosim.toolchain.cc.compiler import compile_file;"
        "from cosim.toolchain.cc.driver import INCLUDE;"
        "sys.stdout.write(compile_file(sys.argv[1], [INCLUDE]).assembly)"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(texts) == 1 and len(texts.pop()) > 1000


def test_address_arithmetic_is_not_reassociated(compiled, execute):
    unit = compiled("""char *f(char *p, int a, int b) { return (p + a) + b; }""")
    code = body(unit.assembly, "f")
    assert code == ["cincaddr\tca0, ca0, a1", "cincaddr\tca0, ca0, a2", "cret"]
    source = """int puts(const char *); int a[4] = {1, 2, 3, 4};
    int sum(int *p, int low, int high) { int s = 0; for (int i = low; i < high; i++) s += p[i - low]; return s; }
    int main(void) { return sum(a, 1 << 20, (1 << 20) + 4) == 10 ? 0 : 1; }"""
    assert execute(source).code == 0


SIZES = (1, 8, 511, 512, 513, 1000, 1021, 2047, 4095, 4096, 5001, 8177, 9000)
CHECK = """#include <cheri.h>
#include <stdio.h>
static unsigned from[20], to[20]; static int seen;
void check(char *p, unsigned n) {
    int whole = cheri_tag_get(p) && !cheri_offset_get(p) && cheri_length_get(p) == cheri_representable_length(n);
    if (!whole) printf("bounds %u ", n);
    p[0] = p[n - 1] = 1;
    from[seen] = cheri_base_get(p); to[seen] = cheri_top_get(p);
    for (int i = 0; i < seen; i++) if (from[i] < to[seen] && from[seen] < to[i]) printf("overlap %u ", n);
    seen++;
}
"""


def test_large_locals_have_exact_bounds(execute):
    functions = "\n".join(
        f"void f{n}(void) {{ char x = 1, a[{n}], y[3]; check(a, {n}); check(y, 3); check(&x, 1); seen = 0; }}"
        for n in SIZES
    )
    calls = " ".join(f"f{n}();" for n in SIZES)
    assert execute(f'{CHECK} {functions} int main(void) {{ {calls} printf("done"); }}').output == "done"


def test_large_globals_have_exact_bounds(execute):
    objects = "\n".join(f"static char a{n}[{n}]; char b{n}[{n}] = {{1}};" for n in SIZES[:9])
    calls = " ".join(f"check(a{n}, {n}); check(b{n}, {n});" for n in SIZES[:9])
    assert execute(f'{CHECK} {objects} int main(void) {{ {calls} printf("done"); }}').output == "done"


def test_capabilities_are_spilled_whole(compiled, execute):
    names = [f"p{at}" for at in range(16)]
    loads = "".join(f"int *{name} = v[{at}];" for at, name in enumerate(names))
    uses = " + ".join(f"*{name} * {at + 1}" for at, name in enumerate(names))
    source = f"""__attribute__((noinline)) int g(int x) {{ return x + 1; }}
    __attribute__((noinline)) int f(int **v) {{ {loads} int t = g(1); return {uses} + t + g(*p0); }}
    int main(void) {{
        int x[16], *v[16];
        for (int i = 0; i < 16; i++) {{ x[i] = i * i; v[i] = &x[i]; }}
        return f(v) == EXPECTED ? 0 : 1;
    }}"""
    expected = sum(i * i * (i + 1) for i in range(16)) + 2 + 1
    source = source.replace("EXPECTED", str(expected))
    code = body(compiled(source).assembly, "f")
    slots = [int(m.group(1)) for line in code if (m := re.match(r"csc\t\w+, (\d+)\(csp\)", line))]
    assert len(slots) > 8 and all(slot % 8 == 0 for slot in slots) and len(set(slots)) == len(slots)
    frame = int(re.match(r"cincaddrimm\tcsp, csp, -(\d+)", code[0]).group(1))
    assert frame % 16 == 0
    assert execute(source).code == 0


def test_attributes_are_carried(compiled):
    unit = compiled("""#include <cdefs.h>
    __cheri_compartment("driver") int open(int a);
    __cheri_libcall void *find(const char *s);
    __cheri_callback int on_event(void *p) { return p != 0; }
    __cheriot_interrupts(disabled) __cheriot_minimum_stack(0x180) int locked(void) { return 1; }
    __attribute__((cheri_compartment("other"), cheriot_minimum_stack(64))) int other(void);
    int open(int a) { return a; }""")
    found = {info.name: info for info in unit.functions}
    assert found["open"].attributes.compartment == "driver" and found["open"].defined
    assert found["find"].attributes.libcall and not found["find"].defined
    assert found["on_event"].attributes.callback
    assert (found["locked"].attributes.interrupts, found["locked"].attributes.minimum_stack) == ("disabled", 0x180)
    assert (found["other"].attributes.compartment, found["other"].attributes.minimum_stack) == ("other", 64)
    assert len(found["open"].signature.params) == 1


def test_no_memory_is_touched_outside_of_objects(compiled):
    """A constant index outside of a named object goes through its bounded capability, so it traps."""
    unit = compiled(
        """int a[4]; int f(void) { return a[3]; } int g(void) { return a[4]; }
        int h(void) { int l[2]; l[0] = 1; return l[5]; }"""
    )
    assert not any("csetbounds" in line for line in body(unit.assembly, "f"))
    assert any("csetbounds" in line for line in body(unit.assembly, "g"))
    assert any("csetbounds" in line for line in body(unit.assembly, "h"))


def test_a_trap_asked_for_is_an_illegal_instruction(execute):
    outcome = execute("int main(void) { __builtin_trap(); }")
    assert outcome.code == 253
    assert "illegal instruction" in outcome.output


def test_a_static_function_that_nothing_leads_to_is_left_out(compiled):
    """It may call what the unit has no import for."""
    text = compiled("int there(void); static inline int unused(void) { return there(); } int used(void) { return 1; }")
    assert "there" not in text.assembly and "used:" in text.assembly
