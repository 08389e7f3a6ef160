"""Branch forms, padding and relocations: every target is recomputed from the bytes and the addresses."""

import pytest

from cosim.errors import UserError
from cosim.toolchain.relocation import split_distance
from rtl.isa.disassembler import decode, size
from rtl.isa.table import UPPER_SHIFT
from rtos_model.machine.capability import ROOT_MEMORY

BASE = 0x2004_0000
BRANCHES = ("beq", "bne", "blt", "bge", "bltu", "bgeu")


def word_at(image, name: str, section: int = 0) -> int:
    part = image.sections[section]
    return int.from_bytes(part.data[image.symbol(name) - part.address :][:4], "little")


@pytest.mark.parametrize(
    "line, distance, expected",
    [
        ("beqz a0, target", 254, 2),
        ("beqz a0, target", 258, 4),
        ("beqz a0, target", 4094, 4),
        ("beqz a0, target", 4098, 6),
        ("beqz t0, target", 8, 4),
        ("blt a0, a1, target", 4094, 4),
        ("blt a0, a1, target", 4100, 8),
        ("cj target", 2046, 2),
        ("cj target", 2050, 4),
        ("cjal target", 2046, 2),
        ("cjal target", 2050, 4),
        ("cjal ct0, target", 4, 4),
        (".option norvc\n cj target", 4, 4),
        (".option norvc\n beqz a0, target", 8, 4),
    ],
)
def test_forward_forms_change_at_their_reach(build, line, distance, expected):
    # the space leaves the target `distance` bytes from the instruction if it has the expected size
    image = build(f"_start: {line}\n.space {distance - expected}\ntarget: ebreak")
    found = image.symbol("target") - image.symbol("_start")
    assert found == distance
    assert follow(image, BASE) == image.symbol("target")


@pytest.mark.parametrize(
    "line, distance, expected",
    [
        ("bnez a5, target", 256, 2),
        ("bnez a5, target", 258, 4),
        ("bgeu a0, a1, target", 4096, 4),
        ("bgeu a0, a1, target", 4098, 8),
        ("cj target", 2048, 2),
        ("cj target", 2050, 4),
    ],
)
def test_backward_forms_change_at_their_reach(build, line, distance, expected):
    image = build(f"target: .space {distance}\n_start: {line}\nend: ebreak")
    assert image.symbol("end") - image.symbol("_start") == expected
    assert follow(image, image.symbol("_start")) == image.symbol("target")


def follow(image, address: int) -> int:
    """Where the branch or jump at an address goes when it is taken, through an inverted branch if need be."""
    text = image.sections[0]
    word = int.from_bytes(text.data[address - text.address :][:4], "little")
    decoded = decode(word if size(word) == 4 else word & 0xFFFF)
    assert decoded.row.name in (*BRANCHES, "cjal")
    distance = decoded.values[-1]
    if decoded.row.name != "cjal" and distance == size(word) + 4:
        behind = decode(int.from_bytes(text.data[address + size(word) - text.address :][:4], "little"))
        if behind is not None and behind.row.name == "cjal" and behind.values[0] == 0:
            return address + size(word) + behind.values[1]
    return address + distance


def test_random_programs_branch_where_they_should(build, rng):
    for _ in range(10):
        count = 150
        lines, targets = ["_start:"], []
        for index in range(count):
            target = rng.randrange(count)
            kind = rng.choice(["beqz a0,", "bnez t0,", "bltu a1, a2,", "cj", "cjal", "cjal ct1,"])
            targets.append(target)
            lines += [f"L{index}: {kind} L{target}", f"E{index}: .space {rng.choice((0, 2, 10, 40, 100)) & ~1}"]
        image = build("\n".join(lines))
        for index, target in enumerate(targets):
            start = image.symbol(f"L{index}")
            assert follow(image, start) == image.symbol(f"L{target}"), lines[2 * index + 1]
            length = image.symbol(f"E{index}") - start
            away = image.symbol(f"L{target}") - start
            assert length == shortest(lines[2 * index + 1], away), (lines[2 * index + 1], away)


def shortest(line: str, distance: int) -> int:
    """Bytes of the shortest form, from the reaches in the manual."""
    kind = line.split()[1]
    if kind in ("cj", "cjal"):
        return 2 if -2048 <= distance < 2048 and "ct1" not in line else 4
    compressed = kind == "beqz"
    if compressed and -256 <= distance < 256:
        return 2
    return 4 if -4096 <= distance < 4096 else 6 if compressed else 8


def test_a_grown_branch_pushes_others_out_of_reach(build):
    # the second branch reaches only as long as the first stays short
    image = build(
        "_start: beqz a0, far\nsecond: beqz a1, end\n.space 248\nbeqz a2, far\nend: ebreak\n.space 5000\nfar: ebreak"
    )
    for place in ("_start", "second"):
        assert follow(image, image.symbol(place)) == image.symbol("far" if place == "_start" else "end")
    assert decode(word_at(image, "second")).row.name == "beq"


@pytest.mark.parametrize(
    "line, distance", [("cj target", 0x10_0000), ("cjal ct0, target", 0x10_0000), ("c.beqz a0, target", 256)]
)
def test_targets_out_of_reach_are_refused(build, line, distance):
    with pytest.raises(UserError, match=r"t0.S:2: .*(no form of this reaches|does not reach)"):
        build(f"_start:\n{line}\n.space {distance}\ntarget: ebreak")


def test_numbers_are_distances_and_symbols_are_places(build):
    image = build(f".equ place, {BASE + 0x20}\n_start: cj 16\nsecond: cj place\ncj second")
    assert follow(image, BASE) == BASE + 16
    assert follow(image, image.symbol("second")) == BASE + 0x20
    assert follow(image, image.symbol("second") + 2) == image.symbol("second")


# Relocations


@pytest.mark.parametrize("distance", [0, 1, -1, 2047, 2048, -2047, -2048, -2049, 1 << 29, -(1 << 29), (1 << 30) - 1])
def test_distances_are_split_toward_zero(distance):
    high, low = split_distance(distance)
    assert (high << UPPER_SHIFT["simm_u"]) + low == distance
    assert abs(low) < 2048 and abs(high) << 11 <= abs(distance)
    assert high == 0 or low == 0 or (high > 0) == (low > 0)


def pair_reaches(image, address: int) -> int:
    """The address that an auipcc or auicgp and the instruction behind it make, with its parts checked."""
    text = image.sections[0]
    first = decode(int.from_bytes(text.data[address - text.address :][:4], "little"))
    second = decode(int.from_bytes(text.data[address + 4 - text.address :][:4], "little"))
    high = first.values[1] << 11
    low = second.values[2 if second.row.name == "cincaddrimm" else 1]
    assert high == 0 or low == 0 or (high > 0) == (low > 0)
    return {"auipcc": address, "auicgp": image.symbol("__globals_pointer")}[first.row.name] + high + low


@pytest.mark.parametrize("before, after", [(0, 0), (0, 5000), (5000, 0), (2040, 3), (70000, 70001)])
def test_pcc_relative_addresses(build, before, after):
    image = build(
        f"low: .space {before & ~1}\n.globl _start\n_start: cllc ca0, low\nnext: cllc ca1, high - 1\n"
        f"third: auipcc ca2, %cheriot_compartment_hi(high)\n lw a0, %cheriot_compartment_lo_i(third)(ca2)\n"
        f"fourth: auipcc ca2, %cheriot_compartment_hi(low)\n csc ca0, %cheriot_compartment_lo_s(fourth)(ca2)\n"
        f".space {after}\nhigh:"
    )
    assert pair_reaches(image, image.symbol("_start")) == image.symbol("low")
    assert pair_reaches(image, image.symbol("next")) == image.symbol("high") - 1
    assert pair_reaches(image, image.symbol("third")) == image.symbol("high")
    assert pair_reaches(image, image.symbol("fourth")) == image.symbol("low")


def test_globals_near_the_pointer_take_one_instruction(build):
    image = build("_start: clgc ca0, a\nsecond: clgc ca1, b + 4\nend:\n.data\na: .space 2000\nb: .space 2000")
    for place, target in (("_start", image.symbol("a")), ("second", image.symbol("b") + 4)):
        row, values = decode(word_at(image, place))
        assert (row.name, values[1]) == ("cincaddrimm", 3)
        assert image.symbol("__globals_pointer") + values[2] == target
    assert image.symbol("end") - image.symbol("_start") == 8


def test_globals_far_from_the_pointer_take_two(build):
    image = build(
        "_start: clgc ca0, a\nsecond: clgc ca1, c\n"
        "third: auicgp ca2, %cheriot_compartment_hi(a)\n cincaddr ca2, ca2, %cheriot_compartment_lo_i(a)\n"
        "fourth: auicgp ca2, %cheriot_compartment_hi(c)\n sw a0, %cheriot_compartment_lo_s(fourth)(ca2)\n"
        ".data\na: .space 100\n.bss\nb: .space 9000\nc: .space 4"
    )
    for place, name in (("_start", "a"), ("second", "c"), ("third", "a"), ("fourth", "c")):
        assert pair_reaches(image, image.symbol(place)) == image.symbol(name)


def test_absolute_parts(build):
    image = build("_start: lui a0, %hi(x)\nsecond: addi a0, a0, %lo(x)\nthird: li a1, x + 1\n.data\n.space 0x900\nx:")
    low = decode(word_at(image, "second")).values[2]
    assert ((decode(word_at(image, "_start")).values[1] << 12) + low) % 2**32 == image.symbol("x")


def test_sizes_become_bounds(build):
    image = build(
        "_start: csetbounds ca0, ca0, %cheriot_compartment_size(x)\n.data\nx: .space 40\n.size x, . - x"
    )
    assert decode(word_at(image, "_start")).values[2] == 40


@pytest.mark.parametrize(
    "text, message",
    [
        ("csetbounds ca0, ca0, %cheriot_compartment_size(x)\nx:", 't0.S:2: the size of "x" is not known'),
        ("cincaddr ca0, ca0, %cheriot_compartment_lo_i(x)\nx: nop", "names neither an instruction with"),
        ("addi a0, a0, x\n.data\nx: .word 0", "t0.S:2: .* does not fit: must be -2048 to 2047"),
        (".byte x\n.data\nx: .word 0", "t0.S:2: .* does not fit into 1 byte"),
        (".word later - 1 + lat", 't0.S:2: undefined symbol "later"'),
        ("cj missing\nmissin: nop", 'undefined symbol "missing"; did you mean "missin"'),
        ("cj 1f", 't0.S:2: no label "1:" follows'),
        (".equ a, b + 1\n.equ b, a + 1\nli a0, a", '"a" is defined by itself|"b" is defined by itself'),
        (".org 2\nnop\n.org 2", "t0.S:4: cannot go back by"),
    ],
)
def test_references_that_cannot_be_resolved(build, text, message):
    with pytest.raises(UserError, match=message):
        build(f"_start:\n{text}")


# Padding and sections


@pytest.mark.parametrize(
    "text, expected",
    [
        ("nop\n.p2align 3\nnop", "13000000 13000000 13000000"),
        ("c.nop\n.p2align 2\nebreak", "0100 0100 0290"),
        ("c.nop\n.p2align 3\nebreak", "0100 0100 13000000 0290"),
        (".byte 1\n.balign 4\nebreak", "01 00 0100 0290"),
        (".byte 1\n.balign 4, 0xff\n.byte 2", "01 ffffff 02"),
        (".byte 1\n.balign 16, 0, 2\n.byte 2", "01 02"),
        (".byte 1\n.org 4, 0xee\n.byte 2", "01 eeeeee 02"),
        ("x: .byte 1\n.org x + 3\n.byte 2", "01 0000 02"),
        (".fill 3, 2, 0x1234", "341234123412"),
        (".fill 2\n.space 2, 7\n.zero 1\n.skip 1", "0000 0707 00 00"),
        (".half 0x1234, -1\n.short 5", "3412 ffff 0500"),
        (".word 1\n.4byte 2\n.quad 0x1122334455667788", "01000000 02000000 8877665544332211"),
        ('.ascii "a\\n\\"", "\\101\\x42"\n.asciz "b" "c"\n.string ""', "610a22 4142 626300 00"),
        (".byte 'a', '\\n', ' '", "61 0a 20"),
        (".word end - start\nstart: .space 5\nend:", "05000000 0000000000"),
        (".space end - start\nstart: .byte 1, 1\nend:", "0000 0101"),
        (".equ late, 3\n.byte late\n.set late, 4\n.byte late", "03 04"),
        ("late = 5\n.byte late, -late, ~late & 0xff", "05 fb fa"),
    ],
)
def test_data(code, text, expected):
    assert code(text).hex() == expected.replace(" ", "")


def test_sections_go_where_they_belong(build):
    first = ".globl _start\n.data\nd1: .word 1\n.text\nt1: cj _start\n.rodata\nr1: .word 2\n.bss\nb1: .space 8"
    second = '.section .text.start, "ax"\n.globl _start\n_start: cj t2\n.text\nt2: cret\n.section .data.x\nd2: .word 3'
    third = '.section mine, "a"\n.word 7\n.section .text.f\nf: cret\n.section .note, ""\n.word 9'
    image = build(first, second, third)
    names = [section.name for section in image.sections]
    assert names == [".text", ".rodata", "mine", ".data", ".bss"]
    order = ["_start", "t1", "t2", "f", "r1", "__start_mine", "__text_end", "d1", "d2", "b1", "__image_end"]
    addresses = [image.symbol(name) for name in order]
    assert addresses == sorted(addresses) and addresses[0] == BASE
    assert image.symbol("__stop_mine") - image.symbol("__start_mine") == 4
    assert [segment.flags for segment in image.segments()] == ["rx", "rw"]
    assert image.segments()[1].size - len(image.segments()[1].data) >= 8


@pytest.mark.parametrize("bytes_of_code, bytes_of_data", [(10, 10), (513, 700), (5000, 9001), (70001, 33333)])
def test_regions_have_exact_bounds(build, bytes_of_code, bytes_of_data):
    image = build(f"_start: .space {bytes_of_code}\n.data\n.space {bytes_of_data}", base=BASE)
    for start, end in (("__text_start", "__text_end"), ("__globals_start", "__globals_end")):
        base, top = image.symbol(start), image.symbol(end)
        assert ROOT_MEMORY.with_address(base).with_bounds(top - base, exact=True).tag
    assert image.symbol("__text_end") <= image.symbol("__globals_start")


def test_capability_records(build):
    image = build(
        "_start: .globl _start\nf: .type f, @function\n cret\n.size f, . - f\n"
        ".data\n.byte 1\np: .chericap f, x + 4, x - 2, 0x123\nx: .space 12\n.size x, 12"
    )
    records = next(section for section in image.sections if section.name == "__cap_relocs")
    assert image.symbol("__start___cap_relocs") == records.address
    assert image.symbol("__stop___cap_relocs") == records.end
    words = [int.from_bytes(records.data[at : at + 4], "little") for at in range(0, len(records.data), 4)]
    p, f, x = (image.symbol(name) for name in "pfx")
    p = -(-p // 8) * 8
    assert words == [
        *(p, f, 0, 2, 1 << 31),
        *(p + 8, x, 4, 12, 0),
        *(p + 16, x, 0xFFFF_FFFE, 12, 0),
    ]
    data = next(section for section in image.sections if section.name == ".data")
    assert data.data[p + 24 - data.address :][:8] == (0x123).to_bytes(8, "little")


def test_symbols_across_objects(build):
    image = build(
        ".globl _start, shared\n_start: cjal shared\nown: cjal ext\n.weak maybe\n.word maybe, weakly",
        ".globl ext, weakly\nshared = 1\next: cret\nown: cret\nweakly: .word 1",
        ".globl shared\nshared: cret\n.weak weakly\nweakly: .word 2",
    )
    shared = {symbol.binding: symbol.address for symbol in image.symbols if symbol.name == "shared"}
    assert shared["local"] == 1 and follow(image, BASE) == shared["global"]
    word = image.sections[0].data[image.symbol("own") + 2 - BASE :][:8]
    assert word == (0).to_bytes(4, "little") + image.symbol("weakly").to_bytes(4, "little")


@pytest.mark.parametrize(
    "sources, options, message",
    [
        (["_start: nop\n.space 5000000"], {}, r"does not fit: it ends at 0x.*past the memory 0x20040000\.\.0x20440000"),
        (["_start: nop"], {"base": 0x1000}, "image base 0x1000 is not in memory"),
        (["start: nop"], {}, 'no symbol "_start" to start at'),
        ([".globl _start\n_start:", ".globl _start\n_start:"], {}, r't1.S:2: "_start" is already defined at t0'),
    ],
)
def test_links_that_fail(build, sources, options, message):
    with pytest.raises(UserError, match=message):
        build(*sources, **options)
