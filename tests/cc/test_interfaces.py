"""Units of a compartment: how calls leave them, what entries clear, what their attributes mean."""

import re
from pathlib import Path

import pytest

from cosim.toolchain.cc.compiler import compile_file
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.driver import INCLUDE, RTOS_INCLUDE

PRELUDE = """#include <compartment.h>
__cheri_compartment("other") int far(int a, int b);
void *__cheri_compartment("other") far_pointer(void);
int __cheri_libcall lib(int a);
__cheriot_interrupts(disabled) int quiet(int a);
__cheri_callback int called(int a);
typedef __cheri_callback int (*callback_t)(int);
int plain(int a);
"""


def assembly(text, compartment="own"):
    unit = compile_file(Path("unit.c"), [RTOS_INCLUDE, INCLUDE], {}, compartment, PRELUDE + text)
    return unit.assembly


def body(text, name, compartment="own"):
    """Instructions of one function, labels left out."""
    lines = assembly(text, compartment).split("\n")
    start = lines.index(f"{name}:")
    end = next(at for at, line in enumerate(lines) if line.startswith(f"\t.size\t{name},"))
    return [line.strip().replace("\t", " ") for line in lines[start + 1 : end] if not re.match(r"\.?L?\w*:$", line)]


def loads(text, name, compartment="own"):
    """Import slots that a function loads, in order."""
    return [
        match[1]
        for line in body(text, name, compartment)
        if (match := re.search(r"auipcc .*%cheriot_compartment_hi\(__import\.(.*)\)", line))
    ]


@pytest.mark.parametrize(
    "call, slots",
    [
        ("far(1, 2)", ["entry.other.far", "switcher"]),
        ("far_pointer() != 0", ["entry.other.far_pointer", "switcher"]),
        ("lib(1)", ["sentry.lib"]),
        ("quiet(1)", ["sentry.quiet"]),
        ("called(1)", []),
        ("plain(1)", []),
        ("p(1)", ["switcher"]),
        ("q(1)", []),
    ],
)
def test_how_a_call_leaves(call, slots):
    assert loads(f"int f(callback_t p, int (*q)(int)) {{ return {call}; }}", "f") == slots


@pytest.mark.parametrize(
    "address, slots",
    [
        ("(uintptr_t)called", ["entry.own.called"]),
        ("(uintptr_t)far", ["entry.other.far"]),
        ("(uintptr_t)lib", ["sentry.lib"]),
        ("(uintptr_t)quiet", ["sentry.quiet"]),
        ("(uintptr_t)plain", []),
    ],
)
def test_what_an_address_is(address, slots):
    assert loads(f"uintptr_t f(void) {{ return {address}; }}", "f") == slots


def test_bare_metal_units_have_no_table():
    text = "int f(callback_t p) { return far(1, 2) + lib(1) + quiet(2) + p(3); }"
    assert loads(text, "f", compartment=None) == []


def test_the_own_entry_is_called_directly():
    assert loads("int f(void) { return far(1, 2); }", "f", compartment="other") == []


def test_arguments_beyond_registers_travel_through_ct0():
    text = '__cheri_compartment("other") int many(int, int, int, int, int, int, int, int);'
    code = body(text + "int f(void) { return many(1, 2, 3, 4, 5, 6, 7, 8); }", "f")
    assert "csetboundsimm ct0, csp, 16" in code and "sw a0, 8(csp)" in code


@pytest.mark.parametrize(
    "result, statement, cleared",
    [
        ("void", "", ["a0", "a1"]),
        ("int", "return 1;", ["a1"]),
        ("void *", "return 0;", ["a1"]),
        ("long long", "return 1;", []),
    ],
)
def test_an_entry_clears_what_it_does_not_return(result, statement, cleared):
    """CP-11: whatever the registers held would be seen by the caller."""
    code = body(f'{result} __cheri_compartment("own") entry(int a, int b) {{ plain(a); {statement} }}', "entry")
    after = code[next(at for at, line in enumerate(code) if line.startswith("cincaddrimm csp, csp, ")) + 1 :]
    epilogue = after[next(at for at, line in enumerate(after) if line.startswith("cincaddrimm csp, csp, ")) + 1 :]
    assert epilogue == [*(f"li {register}, 0" for register in cleared), "cret"]


def test_callbacks_clear_results_as_well_and_others_do_not():
    code = body("int called(int a) { return a; }\nint own(int a) { return a; }", "called")
    assert code == ["li a1, 0", "cret"]
    assert body("int own(int a) { return a; }", "own") == ["cret"]


def test_a_function_with_another_posture_is_never_inlined():
    text = "__cheriot_interrupts(disabled) static int tiny(int a) { return a + 1; }\nint f(void) { return tiny(1); }"
    assert loads(text, "f") == ["sentry.tiny"]


def test_both_result_registers_of_a_call():
    text = "uintptr_t pair(int a);\nvoid f(uintptr_t *out) { __builtin_cheriot_call_pair(out, pair(1)); }"
    code = body(text, "f")
    stores = [line for line in code if re.match(r"csc ca\d, [08]\(cs0\)", line)]
    assert [line.split(",")[0] for line in stores] == ["csc ca0", "csc ca1"]


def test_macros_name_slots_by_object_and_permissions():
    text = """
uintptr_t f(void) {
	*MMIO_CAPABILITY(uint32_t, uart) = 1;
	*MMIO_CAPABILITY_WITH_PERMISSIONS(uint32_t, clock, true, false, false, false);
	*SHARED_OBJECT_WITH_PERMISSIONS(int, board, 1, 1, 1, 0) = 2;
	return (uintptr_t)STATIC_SEALED_VALUE(box) + (uintptr_t)STATIC_SEALING_TYPE(Lid) + (uintptr_t)MALLOC_CAPABILITY;
}"""
    wanted = {"mem.uart", "mem.clock.R", "mem.board.RWc", "sealed.box", "key.Lid", "sealed.own.malloc"}
    assert set(loads(text, "f")) == wanted


def test_callbacks_as_members_and_parameters():
    text = "struct s { __cheri_callback int (*f)(int); };\nint f(struct s *s, __cheri_callback int (*g)(int)) "
    assert loads(text + "{ return s->f(1) + g(2); }", "f") == ["switcher", "switcher"]


@pytest.mark.parametrize(
    "text, compartment, message",
    [
        ("int (*p)(int) = lib;", "own", "'p' cannot start with the address of 'lib', which lies in the import table"),
        ("int (*p)(int) = called;", "own", "__cheri_callback"),
        ("callback_t p = plain;", "own", "__cheri_callback"),
        ("int f(void) { int (*p)(int, int) = far; return p(1, 2); }", "own", "__cheri_callback int (*)(int, int)"),
        ("__cheri_callback int x;", "own", "attribute callback on 'int'"),
        ("void *f(void) { return MMIO_CAPABILITY(int, uart); }", None, "only a compartment or library has an import"),
        ("void *f(char *p) { return __builtin_cheriot_import(p); }", "own", "takes string literals"),
        ("void f(uintptr_t *p) { __builtin_cheriot_call_pair(p, 5); }", "own", "a call with a result in ca0"),
        ('__cheri_compartment("third") int far(int a, int b);', "own", "changes its attribute compartment"),
    ],
)
def test_refusals(text, compartment, message):
    with pytest.raises(CompileError) as raised:
        assembly(text, compartment)
    assert message in raised.value.args[0] and "unit.c:" in raised.value.args[0]
