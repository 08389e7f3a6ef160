"""What stands in a source: expressions, macros, conditions, comments, and what is said about mistakes."""

import pytest

from cosim.errors import BAD_INPUT, UserError
from cosim.toolchain.assembler import assemble, assemble_file
from cosim.toolchain.expression import evaluate, parse_expression
from cosim.toolchain.source import Place

HERE = Place("x.S", 1)


def value(text: str) -> int:
    return evaluate(parse_expression(text, HERE), {"a": 10, "b": 3, "x.y$": 7}.__getitem__, HERE)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("0x1F + 0b101 + 017 + 9", 60),
        ("1 << 2 + 3", 7),  # shifts bind tighter than sums, as in GNU and LLVM assemblers
        ("6 | 1 + 2", 9),
        ("-a / b", -3),
        ("-a % b", -1),
        ("~0 & 0xff", 255),
        ("!a + !0", 1),
        ("a == 10 && b != 3 || a > b", 1),
        ("a <= 10", 1),
        ("a <> b", 1),
        ("'A' + '\\n' + '\\0'", 75),
        ("x.y$ ^ 1", 6),
        ("a-b", 7),
        ("- - +1", 1),
        ("1f + 1", None),
        ("0xffffffff >> 4", 0x0FFF_FFFF),
    ],
)
def test_expressions(text, expected):
    if expected is None:
        with pytest.raises(KeyError, match="1f"):
            value(text)
    else:
        assert value(text) == expected


@pytest.mark.parametrize(
    "text, message",
    [
        ("1 +", "unexpected the end"),
        ("(1", r"unexpected the end"),
        ("1 2", "unexpected 2"),
        ("1 @ 2", '"@ 2" is no expression'),
        ("089", "no octal number"),
        ("1 / (2 - 2)", "division by zero"),
        ("1 << -1", "shift by a negative number"),
    ],
)
def test_wrong_expressions(text, message):
    with pytest.raises(UserError, match=rf"x.S:1: .*{message}"):
        value(text)


@pytest.mark.parametrize(
    "text, expected",
    [
        (".macro two a, b\n.byte \\a, \\b\n.endm\ntwo 1, 2\ntwo 3, 4", "01020304"),
        (".macro two a b=7\n.byte \\a\n.byte \\b\n.endm\ntwo 1\ntwo b=2, a=3\ntwo 5, b=6", "010703020506"),
        (".macro all first:req, rest:vararg\n.byte \\rest, \\first\n.endm\nall 1, 2, 3", "020301"),
        (".macro n x\n.byte x\\x\\()y\n.endm\nx3y = 9\nn 3", "09"),
        (".macro u\nl\\@: .byte . - l\\@, l\\@ - start\n.endm\nstart: u\nu", "00000002"),
        (".macro down n\n.byte \\n\n.if \\n\ndown \\n-1\n.endif\n.endm\ndown 3", "03020100"),
        (".macro outer n\n.macro inner_\\n m\n.byte \\n, \\m\n.endm\n.endm\nouter 4\ninner_4 5", "0405"),
        (".macro text t\n.ascii \\t\n.endm\n.macro quoted q\n.byte \\q\n.endm\nquoted \"1 + 1\"", "02"),
        (".macro again\n.byte 1\n.endm\nagain; again\n.purgem again\n.macro again\n.byte 2\n.endm\nagain", "010102"),
        (".rept 3\n.byte 1\n.endr", "010101"),
        (".rept 2\n.rept 2\n.byte 1\n.endr\n.byte 2\n.endr", "010102010102"),
        (".rept 0\nnonsense here\n.endr\n.byte 1", "01"),
        (".irp x, 1, 2, 3\n.byte \\x\n.endr", "010203"),
        (".irpc x, 123\n.byte \\x\n.endr", "010203"),
        ("n = 0\n.rept 3\n.byte n\nn = n + 1\n.endr", "000102"),
        (".if 1\n.byte 1\n.else\n.byte 2\n.endif", "01"),
        (".if 0\n.byte 1\n.elseif 1\n.byte 2\n.else\n.byte 3\n.endif", "02"),
        (".if 0\n.byte 1\n.elseif 0\n.byte 2\n.else\n.byte 3\n.endif", "03"),
        (".if 1\n.if 0\n.byte 1\n.else\n.byte 2\n.endif\n.else\n.byte 3\n.endif", "02"),
        (".if 0\n.if 1\n.byte 1\n.else\n.byte 2\n.endif\n.else\n.byte 3\n.endif", "03"),
        (".ifdef q\n.byte 1\n.endif\nq = 0\n.ifdef q\n.byte 2\n.endif\n.ifndef q\n.byte 3\n.endif", "02"),
        (".ifc a, a\n.byte 1\n.endif\n.ifnc a, b\n.byte 2\n.endif", "0102"),
        (".macro m x\n.ifb \\x\n.byte 1\n.else\n.byte 2\n.endif\n.endm\nm\nm 4", "0102"),
        (".ifeq 0\n.byte 1\n.endif\n.ifgt 0\n.byte 2\n.endif\n.ifle -1\n.byte 3\n.endif", "0103"),
        ("start: .byte 1, 1\n.if . - start == 2\n.byte 2\n.endif", "010102"),
        (".byte 1 # comment ; .byte 2\n.byte 3 // x\n/* .byte 4\n.byte 5 */ .byte 6; .byte 7", "01030607"),
        ('.ascii "#;//"', "233b2f2f"),
        (".byte '#', ';'", "233b"),
        ("1: .byte 1f - 1b\n1: .byte 1b - 1f\n1:", "01ff"),
        ("10: .byte . - 10b", "00"),
        ("a: b: .byte b - a", "00"),
        (".pushsection .data\n.byte 1\n.popsection\n.byte 2", "02"),
        (".option push\n.option norvc\nli a0, 1\n.option pop\nli a0, 1", "130510000545"),
    ],
)
def test_sources(code, text, expected):
    assert code(text).hex() == expected


def test_includes(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "main.S").write_text('.include "inner/one.inc"\n.byte two\n')
    (tmp_path / "inner" / "one.inc").write_text('.include "two.inc"\n')
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "two.inc").write_text("two = 2\n")
    found = assemble_file(tmp_path / "main.S", (tmp_path / "elsewhere",))
    assert bytes(found.sections[".text"].fragments[0].data) == b"\2"
    with pytest.raises(UserError, match=r'one.inc:1: cannot find "two.inc" to include'):
        assemble_file(tmp_path / "main.S")


def test_constants_are_defined_beforehand():
    found = assemble(".if N > 2\n.byte N\n.endif", constants={"N": 3})
    assert bytes(found.sections[".text"].fragments[0].data) == b"\3"


MISTAKES = [
    ("clcc ca0, 0(ca1)", 'unknown mnemonic "clcc"; did you mean "clc"'),
    ("frobnicate", 'unknown mnemonic "frobnicate"$'),
    (".wrod 1", 'unknown directive ".wrod"; did you mean ".word"'),
    ("add a0, a1", 'add takes 3 operands, "add rd, rs1, rs2"; here are 2'),
    ("cret ca0", "cret takes 0 operands; here are 1"),
    ("add a0, a1, x16", "register x16 does not exist: RV32E has registers 0 to 15"),
    ("cmove ca0, ca7", "register ca7 does not exist"),
    ("cmove ca0, cs3p", '"cs3p" is no register; did you mean "csp"'),
    ("addi a0, a0, 2048", "2048 does not fit: must be -2048 to 2047"),
    ("addi a0, a0, a1", 'register "a1" stands where a number should'),
    ("csetboundsimm ca0, ca0, -1", "-1 does not fit: must be 0 to 4095"),
    ("slli a0, a0, 32", "32 does not fit: must be 0 to 31"),
    ("beq a0, a1, 3", "3 does not fit: must be -4096 to 4094 in steps of 2"),
    ("lw a0, ca1", '"ca1" is no memory operand; write it as "offset'),
    ("csrr a0, mcucle", 'no control and status register "mcucle"; did you mean "mcycle"'),
    ("cspecialr ca0, mtvec", "no special capability register"),
    ("csrwi 4096, 1", "4096 does not fit"),
    ("fence rx, w", '"rx" is no set of i, o, r, w'),
    ("c.addi a0, 32", "these operands have no compressed form"),
    ("c.lw a0, 0(x5)", "these operands have no compressed form"),
    ("lui a0, %hi20(x)", 'unknown relocation operator "%hi20"; did you mean "%hi"'),
    ("lui a0, %lo(x)", "%lo does not fit this operand"),
    ("auipcc ca0, %pcrel_hi(x)", 'unknown relocation operator "%pcrel_hi"'),
    ("li a0, 0x100000000", "4294967296 does not fit into 32 bits"),
    ("cllc ca0, 5", '"5" is a number; a symbol is needed'),
    ("clgc ca0", 'write it as "clgc cd, symbol"'),
    (".byte 256", "0x100 does not fit into 1 byte$"),
    (".half -40000", "does not fit into 2 bytes"),
    (".balign 3", "alignment to 3 bytes; must be a power of two"),
    (".p2align 40", "the exponent must be 0 to 24"),
    ('.ascii "abc', "this string has no end"),
    ("/* for ever", "this comment has no end"),
    (".ascii abc", "abc is no string"),
    ("#include <x.h>", r"#include is for the C preprocessor; use .include, .equ or .if"),
    (".if 1", "this condition has no .endif"),
    (".if 0\n.else", "this condition has no .endif"),
    (".endif", r".endif without .if"),
    (".macro m\nnop", "this .macro has no .endm"),
    (".endm", ".endm without its beginning"),
    (".macro m a:req\n.endm\nm", 'macro "m" needs its argument "a"'),
    (".macro m a\n.endm\nm 1, 2", 'macro "m" takes 1 arguments'),
    (".macro m\nm\n.endm\nm", "nested deeper than 64"),
    (".rept later\n.endr\nlater:", '"later" must be known at this point'),
    ("x: nop\nx: nop", 't.S:2: "x" is already defined at t.S:1'),
    ("x: nop\nx = 1", '"x" is already a label at t.S:1'),
    ("j 1b", 'no label "1:" stands before this'),
    (".section .a, aw", "section flags stand in double quotes"),
    ('.section .a, "aw"\n.section .a, "ax"', 'section .a had the flags "aw" before'),
    (".bss\n.word 1", "section .bss holds no contents"),
    (".popsection", ".popsection without .pushsection"),
    (".option pop", ".option pop without .option push"),
    (".option rcv", 'unknown option "rcv"'),
    (".type x function", "write it as"),
    (".fill -1", "-1 bytes; must be 0 to"),
    (".chericap x * 2\nx:", "must be a symbol, or a symbol plus or minus a number"),
    ('.error "stop here"', "stop here"),
    ('.include "missing.inc"', 'cannot find "missing.inc" to include'),
]


@pytest.mark.parametrize("text, message", MISTAKES, ids=[text for text, _ in MISTAKES])
def test_mistakes_are_named_in_one_line(text, message):
    with pytest.raises(UserError, match=message) as caught:
        assemble(text, "t.S")
    error = str(caught.value)
    assert error.startswith("t.S:") and "\n" not in error and caught.value.code == BAD_INPUT


def test_a_mistake_in_a_macro_names_both_places():
    with pytest.raises(UserError, match=r't.S:2 \(in a macro used at t.S:7\): unknown mnemonic "foo"'):
        assemble(".macro inner\nfoo\n.endm\n.macro outer\ninner\n.endm\nouter", "t.S")


def test_missing_and_binary_sources(tmp_path):
    with pytest.raises(UserError, match=r"none.S: cannot read it: No such file"):
        assemble_file(tmp_path / "none.S")
    (tmp_path / "binary.S").write_bytes(b"nop\n\xff\xfe")
    with pytest.raises(UserError, match="not a text file: byte 4"):
        assemble_file(tmp_path / "binary.S")


def test_random_text_never_crashes(rng):
    words = ["add", "a0", ",", "(", ")", "1f", "1:", ".if", ".else", ".endif", ".macro m", ".endm", "m", '"', "'", "x="]
    words += [".word", ".rept 2", ".endr", "lw", "4(ca0)", "cj", ".", "-", "\n", "\n", "#", "/*", "*/", ";", "\\a"]
    for _ in range(3000):
        text = " ".join(rng.choices(words, k=rng.randrange(1, 12)))
        try:
            assemble(text, "t.S")
        except UserError as error:
            assert "\n" not in str(error), text
