"""Every refusal names file, line and column, shows the source line and says what to write instead; nothing escapes."""

import re
from random import Random

import pytest

from cosim.cli import main
from cosim.toolchain.cc.compiler import compile_file
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.driver import INCLUDE
from tests.cc.test_suite import CASES

REFUSED = {
    # outside the subset
    "float x;": ("1:1", "type 'float' is outside the subset", "fixed point"),
    "double f(double x) { return x; }": ("1:1", "'double' is outside the subset", "fixed point"),
    "int x = 1.5;": ("1:9", "floating constant 1.5", "fixed point"),
    "void f(int n) { int a[n]; }": ("1:23", "variable-length arrays", "malloc"),
    "_Atomic int x;": ("1:", "_Atomic is outside the subset", "<atomic.h>"),
    "_Thread_local int x;": ("1:19", "_Thread_local", "per-thread"),
    "__int128 x;": ("1:1", "__int128", "two 64-bit"),
    "void f(void) { void *p = &&l; l: ; }": ("1:2", "near '&&'", ""),
    "void f(int n) { char *p = __builtin_alloca(n); }": ("1:27", "alloca", "malloc"),
    "int f(a, b) int a, b; { return a; }": ("1:5", "old-style", "prototype"),
    "struct __attribute__((packed)) { int a : 3; } x;": ("1:38", "bit-fields in a packed record", "shifts and masks"),
    "__attribute__((constructor)) void f(void) {}": ("1:1", "attribute 'constructor'", ""),
    '[[cheriot::compartement("x")]] int f(void);': ("1:12", "unknown attribute 'cheriot::compartement'", "compartment"),
    "[[cheriot::interrupt_state(off)]] int f(void);": ("1:12", "enabled, disabled or inherit", ""),
    'int f(int x) { asm("nop" : "=m"(x)); return x; }': ("1:28", 'asm constraint "=m"', "one of"),
    'int f(long long x) { asm("nop" : : "r"(x)); return 0; }': ("1:40", "asm operand cannot be 'long long'", "32-bit"),
    # mistakes
    "int f(void) { return y; }": ("1:22", "'y' is not declared", "#include"),
    "int f(void) { return g(); }": ("1:22", "function 'g' is not declared", "prototype"),
    "int f(int a); int g(void) { return f(1, 2); }": ("1:36", "2 arguments, the function takes 1", ""),
    "int f(void) { int *p = 5; return *p; }": ("1:24", "makes 'int *' out of integer", "uintptr_t"),
    "int f(int *p) { return p; }": ("1:24", "makes 'int' out of 'int *'", "(int) in front"),
    "int f(char *p) { int *q = p; return *q; }": ("1:27", "turns 'char *' into 'int *'", "in front"),
    "struct s { int a; } x; int f(void) { return x.b; }": ("1:45", "has no member 'b'", ""),
    "struct s { int a; } *x; int f(void) { return x.a; }": ("1:46", "needs a struct or union", "'->'"),
    "int f(void) { 5 = 6; }": ("1:", "cannot be assigned to", "a variable"),
    "void f(const int *p) { *p = 1; }": ("1:", "assignment to const", ""),
    "int f(int x) { switch (x) { case 1: case 1: return 1; } return 0; }": ("1:37", "case 1 appears twice", ""),
    "void f(void) { break; }": ("1:16", "break outside", ""),
    "void f(void) { goto x; }": ("1:16", "label 'x' is not defined", ""),
    "int x; int x(void);": ("1:", "'x' was declared as 'int'", ""),
    "int f(void) { return 1 }": ("1:24", "syntax error before '}'", ""),
    "int a[2] = {1, 2, 3};": ("1:19", "too many initialisers", ""),
    "int a[-1];": ("1:8", "negative", ""),
    "struct s x;": ("1:", "incomplete type 'struct s'", ""),
    "int x = f();": ("1:9", "'f' is not declared", ""),
    "int g; int x = g;": ("1:16", "must be constant", "in a function"),
    "int x; unsigned y = (unsigned)&x;": ("1:", "must be constant", ""),
    '_Static_assert(sizeof(int) == 8, "wide");': ("1:", 'static assertion failed: "wide"', ""),
    "char c = 'ab';": ("1:10", "holds 2 characters", "one character"),
    "int f(void) { return 99999999999999999999; }": ("1:22", "does not fit in 64 bits", ""),
    "void f(void) { int x = 1; int x = 2; }": ("1:31", "declared twice", ""),
    "#error stop here": ("1:", "#error stop here", ""),
    "#include <nowhere.h>": ("1:", "no header 'nowhere.h'", "-I"),
    "#if 1\nint x;": ("", "", ""),
    "#pragma push_macro(\"X\")": ("1:", "#pragma push_macro is outside the subset", ""),
    "void f(void) { return 1; }": ("1:16", "return with a value", ""),
    "int f(void) { return; }": ("1:15", "return without a value", ""),
    "void f(void); int g(void) { return f() + 1; }": ("1:", "'+' cannot take 'void' and 'int'", ""),
    "struct s { int a; }; int f(struct s x) { return x + 1; }": ("1:", "cannot take 'struct s'", ""),
    "int f(struct s { int a; } x) { return !x; }": ("1:", "a scalar is needed", ""),
    "extern void v; int f(void) { return sizeof(v); }": ("1:", "incomplete type 'void'", ""),
}


def refused(path):
    with pytest.raises(CompileError) as caught:
        compile_file(path, [INCLUDE])
    return caught.value.args[0]


@pytest.mark.parametrize("source", REFUSED)
def test_refusal_says_where_what_and_what_instead(tmp_path, source):
    place, message, mend = REFUSED[source]
    path = tmp_path / "unit.c"
    path.write_text(source + "\n")
    text = refused(path)
    assert text.startswith(f"{path}:{place}") and ": error: " in text, text
    assert message in text, text
    if mend:
        assert mend in text.partition("write instead: ")[2], text
    if "#" not in source:
        assert f"\n  {source}" in text, text  # the source line


def test_caret_points_at_the_column(tmp_path):
    path = tmp_path / "unit.c"
    path.write_text("int f(void)\n{\n\treturn unknown + 1;\n}\n")
    text = refused(path)
    assert text.split("\n")[:3] == [
        f"{path}:3:9: error: 'unknown' is not declared",
        "  \treturn unknown + 1;",
        "  \t       ^",
    ]


def test_place_in_an_included_header_is_the_headers(tmp_path):
    (tmp_path / "bad.h").write_text("int ok;\nfloat x;\n")
    path = tmp_path / "unit.c"
    path.write_text('#include "bad.h"\n')
    assert refused(path).startswith(f"{tmp_path / 'bad.h'}:2:1: error: ")


def test_caret_is_left_out_where_a_macro_moved_the_column(tmp_path):
    path = tmp_path / "unit.c"
    path.write_text("#define LONG_NAME_FOR_ONE 1\nint x = LONG_NAME_FOR_ONE + unknown;\n")
    text = refused(path)
    assert "LONG_NAME_FOR_ONE + unknown" in text and "^" not in text


def test_warnings_have_a_place_and_do_not_stop(tmp_path):
    path = tmp_path / "unit.c"
    path.write_text("char *f(const char *p) { return p; }\n")
    (warning,) = compile_file(path, [INCLUDE]).warnings
    assert warning.startswith(f"{path}:1:33: warning: return drops a qualifier")


def test_command_line_reports_in_one_piece(tmp_path, capsys):
    path = tmp_path / "unit.c"
    path.write_text("int main(void) { return oops; }\n")
    assert main(["cc", str(path)]) == 1
    error = capsys.readouterr().err
    assert "oops' is not declared" in error and "Traceback" not in error
    assert main(["cc", str(tmp_path / "none.c")]) != 0
    assert "No such file" in capsys.readouterr().err
    assert main(["cc", str(tmp_path / "x.txt")]) != 0
    assert "neither C (.c) nor assembly (.S)" in capsys.readouterr().err


def test_missing_function_is_named_at_link_time(tmp_path, capsys):
    path = tmp_path / "unit.c"
    path.write_text("int helper(int); int main(void) { return helper(1); }\n")
    assert main(["cc", str(path)]) != 0
    assert 'undefined symbol "helper"' in capsys.readouterr().err


def test_assembly_output(tmp_path):
    path = tmp_path / "unit.c"
    path.write_text("int f(int a) { return a + VALUE; }\n")
    assert main(["cc", "-S", "-D", "VALUE=7", str(path)]) == 0
    assert "addi\ta0, a0, 7" in path.with_suffix(".s").read_text()


TOKENS = re.compile(r"\w+|[^\w\s]")


def damaged(text: str, rng: Random) -> str:
    """The text with a few tokens dropped, doubled or swapped."""
    spans = [match.span() for match in TOKENS.finditer(text)]
    for _ in range(rng.randint(1, 3)):
        start, end = rng.choice(spans)
        token = text[start:end]
        other = text[slice(*rng.choice(spans))]
        text = text[:start] + rng.choice(("", f"{token} {token}", other)) + text[end:]
        spans = [match.span() for match in TOKENS.finditer(text)]
    return text


@pytest.mark.parametrize("stem", sorted(path.stem for path in CASES.glob("*.txt")))
def test_damaged_programs_compile_or_are_refused(tmp_path, rng, stem):
    """Whatever is done to a program, the compiler either takes it or says why not."""
    parts = (CASES / f"{stem}.txt").read_text().split("=== ")[1:]
    path = tmp_path / "unit.c"
    for _ in range(12):
        source = rng.choice(parts).partition("\n")[2].partition("\n---\n")[0]
        path.write_text('#include "prelude.h"\n' + damaged(source, rng) + "\n")
        try:
            compile_file(path, [INCLUDE, CASES])
        except CompileError as error:
            assert error.place is None or error.place.line > 0, error
