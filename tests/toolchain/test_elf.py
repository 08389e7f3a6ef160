"""ELF files: written and read back, read by others, refused when damaged or foreign."""

import shutil
import struct
import subprocess

import pytest

from cosim.cli import main
from cosim.errors import BAD_INPUT, UserError
from cosim.toolchain.elf import ARCHITECTURE, HEADER_BYTES, PROGRAM_HEADER_BYTES, write_elf
from cosim.toolchain.elf_reader import Names, load_elf, read_elf

SOURCE = """
.globl _start, data
.type _start, @function
_start:
  cjal 1f
  .word 0x12345678
1: li a0, 300
  cret
.size _start, . - _start
.data
.type data, @object
data: .word 5, 6
.size data, 8
.bss
.space 64
"""


@pytest.fixture
def image(build):
    return build(SOURCE)


@pytest.fixture
def elf(image):
    return write_elf(image)


def test_everything_is_read_back(image, elf):
    found = read_elf(elf, "t.elf")
    assert found.entry == image.entry == image.symbol("_start")
    assert found.segments == image.segments()
    assert found.architecture == ARCHITECTURE
    data = found.symbol("data")
    assert (data.address, data.size, data.kind) == (image.symbol("data"), 8, "object")
    assert found.symbol("_start").kind == "function" and found.symbol("nothing") is None
    start = image.entry
    assert found.mapping == [(start, True), (start + 2, False), (start + 6, True)]


def test_names_of_addresses(image, elf):
    names = Names(read_elf(elf, "t.elf").symbols)
    start = image.entry
    assert [names(a) for a in (start - 1, start, start + 4, image.symbol("data"))] == [
        *(None, "_start", "_start+0x4", "data"),
    ]


def test_flat_image_is_what_the_segments_hold(image):
    flat = image.flat()
    for segment in image.segments():
        at = segment.address - image.segments()[0].address
        assert flat[at : at + len(segment.data)] == segment.data
    assert len(flat) == image.symbol("data") + 8 - image.entry


READELF = shutil.which("readelf") or shutil.which("riscv64-unknown-elf-readelf")


@pytest.mark.skipif(READELF is None, reason="needs readelf of GNU binutils")
def test_binutils_reads_it(elf, tmp_path):
    path = tmp_path / "t.elf"
    path.write_bytes(elf)
    result = subprocess.run([READELF, "-a", "-W", path], capture_output=True, text=True, check=True)
    assert not result.stderr, result.stderr
    for expected in ("RISC-V", "Entry point address:               0x20040000", "RVC, RVE", " data\n", "LOAD"):
        assert expected in result.stdout


def patched(elf: bytes, offset: int, form: str, value: int) -> bytes:
    return elf[:offset] + struct.pack(form, value) + elf[offset + struct.calcsize(form) :]


SECOND_SEGMENT = HEADER_BYTES + PROGRAM_HEADER_BYTES
DAMAGE = {
    "not an ELF file; for a flat binary give --base": lambda elf: b"\0" * 100,
    "truncated: the ELF header": lambda elf: elf[:40],
    "truncated: program header 0": lambda elf: elf[: HEADER_BYTES + 20],
    "truncated: segment 1 should be at bytes": lambda elf: elf[: HEADER_BYTES + 2 * PROGRAM_HEADER_BYTES + 24],
    "truncated: a section": lambda elf: elf[:-8],
    "not a 32-bit little-endian ELF file": lambda elf: patched(elf, 4, "<B", 2),
    "made for x86-64, not for RISC-V CHERIoT": lambda elf: patched(elf, 18, "<H", 62),
    "made for machine 1234, not": lambda elf: patched(elf, 18, "<H", 1234),
    r"plain RISC-V code \(ELF flags 0x5\), not CHERIoT": lambda elf: patched(elf, 36, "<I", 5),
    r"not an executable \(ELF type 1\); link it first": lambda elf: patched(elf, 16, "<H", 1),
    "damaged: header sizes": lambda elf: patched(elf, 42, "<H", 56),
    "damaged: segment 0 has more bytes in the file": lambda elf: patched(elf, HEADER_BYTES + 20, "<I", 1),
    "damaged: segment 0 at 0xfffffff8 runs past": lambda elf: patched(elf, HEADER_BYTES + 12, "<I", 0xFFFF_FFF8),
    "nothing to load": lambda elf: patched(patched(elf, HEADER_BYTES, "<I", 0), SECOND_SEGMENT, "<I", 0),
    r"overlapping segments: 0x20040000\.\.0x2004000c and 0x20040008\.\.": lambda elf: patched(
        elf, SECOND_SEGMENT + 12, "<I", 0x2004_0008
    ),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_damaged_and_foreign_files_are_refused(elf, message):
    with pytest.raises(UserError, match=f"^t.elf: {message}") as caught:
        read_elf(DAMAGE[message](elf), "t.elf")
    assert "\n" not in str(caught.value)


def test_every_truncation_and_many_flips_end_in_one_line(elf, rng):
    cases = [elf[:length] for length in range(0, len(elf), 7)]
    for _ in range(2000):
        broken = bytearray(elf)
        for _ in range(rng.randrange(1, 4)):
            broken[rng.randrange(len(elf))] = rng.randrange(256)
        cases.append(bytes(broken))
    for case in cases:
        try:
            read_elf(case, "t.elf")
        except UserError as error:
            assert "\n" not in str(error)


# The commands


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "prog.S"
    path.write_text(SOURCE)
    return path


def test_asm_and_objdump(source, tmp_path, capsys):
    out = tmp_path / "prog.elf"
    assert main(["asm", str(source), "--listing", "--map"]) == 0
    assert load_elf(out).entry == 0x2004_0000
    listing = (tmp_path / "prog.dis").read_text()
    assert "20040000: 2019      cjal cra, 0x20040006 <_start+0x6>" in listing
    assert f"# {source}:7: 1: li a0, 300" in listing
    assert "0x20040000      0xc global function _start" in (tmp_path / "prog.map").read_text()
    assert main(["objdump", str(out)]) == 0
    text = capsys.readouterr().out
    assert "20040000 <_start>:" in text and "20040002: 5678      .half 0x5678" in text
    assert "20040006: 12c00513  addi a0, zero, 300" in text


def test_flat_and_base(source, tmp_path, capsys):
    out = tmp_path / "prog.bin"
    assert main(["asm", str(source), "--flat", "--base", "0x20041000", "-o", str(out)]) == 0
    assert out.read_bytes()[:2] == b"\x19\x20"
    assert main(["objdump", str(out), "--base", "0x20041000"]) == 0
    assert "20041000: 2019      cjal cra, 0x20041006" in capsys.readouterr().out


def test_defines_and_profiles(tmp_path):
    path, out = tmp_path / "d.S", tmp_path / "d.bin"
    path.write_text(".globl _start\n_start: .word N, PLATFORM_RAM\n")
    assert main(["asm", str(path), "--flat", "-D", "N=0x10", "--profile", "bench"]) == 0
    assert out.read_bytes() == struct.pack("<II", 0x10, 0x8000_0000)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["asm", "missing.S"], "missing.S: cannot read it"),
        (["asm", "{source}", "--entry", "nowhere"], 'no symbol "nowhere" to start at'),
        (["asm", "{source}", "--base", "0x1000"], "image base 0x1000 is not in memory"),
        (["asm", "{source}", "--profile", "nonsense"], 'no profile "nonsense"'),
        (["asm", "{source}", "-D", "N=x"], "--define N=x: the value must be a number"),
        (["asm", "{source}", "-o", "/nowhere/x.elf"], "/nowhere/x.elf: cannot write it"),
        (["objdump", "missing.elf"], "missing.elf: cannot read it"),
        (["objdump", "{source}"], "not an ELF file; for a flat binary give --base"),
    ],
)
def test_user_errors(source, capsys, arguments, message):
    assert main([argument.format(source=source) for argument in arguments]) == BAD_INPUT
    error = capsys.readouterr().err
    assert error.startswith("cheriot: error: ") and message in error and error.count("\n") == 1
