"""Images in hexadecimal: what is loaded where, and the one line that refuses what is damaged."""

import pytest

from cosim.errors import BAD_INPUT, UserError
from cosim.image import fitting_profile, load_images
from cosim.toolchain.elf import write_elf
from cosim.toolchain.program import build_program
from rtl.config import PROFILES, SAFE

RAM, ROM = SAFE.ram.base, SAFE.rom.base
JUMP = b"\x01\xa0\x00\x00"
"""A jump to itself."""


@pytest.fixture
def load(tmp_path):
    """Loads text under a name; several files if there are more pairs."""

    def from_text(*files, config=SAFE, base=None):
        paths = []
        for name, text in files:
            paths.append(tmp_path / name)
            paths[-1].write_text(text)
        return load_images(paths, config, base)

    return from_text


@pytest.fixture
def refusal(load):
    def message(*files, **options):
        with pytest.raises(UserError) as caught:
            load(*files, **options)
        assert caught.value.code == BAD_INPUT and "\n" not in str(caught.value)
        return str(caught.value)

    return message


@pytest.mark.parametrize(
    "text",
    [
        "0000A001\nDEADbeef\n",
        "0000a001 dead_beef",
        "// a comment\n@0 /* another\none */ 0000a001 // and so on\n@1\ndeadbeef",
        "deadbeef0000a001",
        "01 a0 00 00 ef be ad de",
        "@20040000 01 a0 00 00 ef be ad de",
        "@8010000 0000a001 deadbeef",
        "00000a001 0deadbeef",
    ],
)
def test_verilog_hex(load, text):
    """Words of every width; addresses that count from 0, or from the start of RAM."""
    program = load(("it.vhx", text))
    assert (program.entry, program.segments, program.tags) == (RAM, ((RAM, JUMP + b"\xef\xbe\xad\xde"),), frozenset())


def test_verilog_hex_with_gaps_and_a_base(load):
    program = load(("it.hex", "0000a001 @4 00000001 @10 00000002"), base=RAM + 0x100)
    assert program.entry == RAM + 0x100
    assert program.segments == ((RAM + 0x100, JUMP), (RAM + 0x110, b"\1\0\0\0"), (RAM + 0x140, b"\2\0\0\0"))


def test_tags_of_words_with_33_bits(load):
    """Bit 32 of both words of a capability; one alone is none."""
    words = ["00000a001", "000000000", "120040000", "17e3e0000", "120040000", "07e3e0000", "020040000", "17e3e0000"]
    program = load(("it.vhx", "\n".join(words)))
    assert program.tags == {RAM + 8}
    assert program.segments[0][1][8:16] == bytes.fromhex("0000042000003e7e")


def test_pair_for_the_safe_platform(load, tmp_path):
    files = (("cpu0_irom.vhx", "00000000\n" * 32 + "0000a001\n"), ("cpu0_iram.vhx", "0000a001"))
    program = load(*files)
    assert program.entry == SAFE.core.boot_address and program.boots(SAFE)
    assert [address for address, _ in program.segments] == [ROM, RAM]
    assert load_images([tmp_path], SAFE).segments == program.segments
    (tmp_path / "firmware").mkdir()
    for name, _ in files:
        (tmp_path / name).rename(tmp_path / "firmware" / name)
    assert load_images([tmp_path], SAFE).segments == program.segments


def record(kind, address, data=b""):
    body = bytes([len(data)]) + address.to_bytes(2, "big") + bytes([kind]) + data
    return ":" + (body + bytes([-sum(body) % 256])).hex().upper() + "\n"


UPPER = record(4, 0, b"\x20\x04")
END = record(1, 0)


def test_intel_hex(load):
    text = UPPER + record(0, 0, JUMP) + record(0, 4, b"abcd") + record(0, 0x100, b"x") + END
    for name in ("it.hex", "it.ihex", "it.img"):
        program = load((name, text))
        assert (program.entry, program.segments) == (RAM, ((RAM, JUMP + b"abcd"), (RAM + 0x100, b"x")))
    start = record(5, 0, (RAM + 0x100).to_bytes(4, "big")) + record(3, 0, bytes(4))
    assert load(("it.hex", text.replace(END, start + END))).entry == RAM + 0x100
    segment = record(2, 0, b"\x00\x10") + record(0, 8, b"x") + END
    with pytest.raises(UserError, match=r"1 bytes for 0x108\.\.0x109 do not fit"):
        load(("it.hex", segment))


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("it.vhx", "0000a001\n0000a0z1", 'it.vhx:2: "0000a0z1" is not a hexadecimal word'),
        ("it.vhx", "0000a001\n00a001", "it.vhx:2: a word of 6 digits; it must have 8, as the first word"),
        ("it.vhx", "0a001", "it.vhx:1: a word of 5 digits; it must have 2, 8, 9 or 16"),
        ("it.vhx", "200000000", "more than 33 bits"),
        ("it.vhx", "@0 // nothing\n", "nothing to load"),
        ("it.vhx", "@20040000 01 @20040000 02", "overlapping segments: 0x20040000..0x20040001 and 0x20040000"),
        ("it.vhx", "@20080000 01", "do not fit"),
        ("it.vhx", "@0 " + "00000001 " * 65537, "262148 bytes for 0x20040000..0x20080004 do not fit"),
        ("it.ihex", UPPER + record(0, 0, JUMP), "truncated"),
        ("it.ihex", UPPER + END, "no data record"),
        ("it.ihex", UPPER + record(0, 0, JUMP)[:-3] + "00\n" + END, "it.ihex:2: damaged: wrong checksum"),
        ("it.ihex", ":0000\n" + END, "it.ihex:1: damaged: the record's length"),
        ("it.ihex", "0000a001\n", "it.ihex:1: not a record of Intel hex"),
        ("it.ihex", record(4, 0, b"\x20") + END, "a record of type 4 with 1 bytes, not 2"),
        ("it.ihex", record(7, 0) + END, "a record of type 7"),
        ("it.ihex", END + END, "more behind the end record"),
        ("it.ihex", UPPER + record(0, 0, JUMP) + record(0, 2, JUMP) + END, "overlapping segments"),
        ("it.ihex", UPPER + record(0, 0, JUMP) + record(5, 0, b"\x20\x04\0\1") + END, "misaligned entry 0x20040001"),
        ("it.ihex", UPPER + record(0, 0, JUMP) + record(5, 0, b"\x20\x04\1\0") + END, "outside of what it loads"),
    ],
)
def test_damaged_files(refusal, name, text, words):
    assert words in refusal((name, text))


def test_files_that_do_not_go_together(refusal, tmp_path):
    assert "overlapping segments" in refusal(("a.vhx", "0000a001"), ("b.vhx", "00000001"))
    assert "profile sail has no boot ROM" in refusal(("irom.vhx", "0000a001"), config=PROFILES["sail"])
    assert "leave out --base" in refusal(("it.ihex", UPPER + END), base=RAM)
    assert "do not fit" in refusal(("irom.vhx", "00000001 " * 1025))
    with pytest.raises(UserError, match="a folder without cpu0_irom"):
        load_images([tmp_path], SAFE)


def test_profile_that_an_image_fits(tmp_path):
    source, path = tmp_path / "it.S", tmp_path / "it.elf"
    source.write_text(".globl _start\n_start:\n  cj _start\n")
    for name in ("safe", "sail"):
        path.write_bytes(write_elf(build_program([source], PROFILES[name])))
        assert fitting_profile([path]).name == name
    path.write_bytes(write_elf(build_program([source], SAFE)).replace(b"_zicsr2p0", b"_zba1p0__"))
    assert fitting_profile([path]).name == "safe+zb"
    path.write_bytes(path.read_bytes().replace(b"_zba1p0__", b"_zvl1p0__"))
    with pytest.raises(UserError, match="profile safe has no zvl"):
        fitting_profile([path])
