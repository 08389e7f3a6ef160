"""What may be loaded, and the one line that refuses the rest."""

from dataclasses import replace
from pathlib import Path

import pytest

from cosim.errors import BAD_INPUT, UserError
from cosim.image import Program, check_architecture, check_fits, extensions, load_program
from cosim.loads import memory_loads
from cosim.toolchain.elf import write_elf
from cosim.toolchain.program import build_program
from rtl.config import BENCH, SAFE, profile

SOURCE = """
.globl _start
_start:
  cj _start
.data
table:
  .word 1, 2, 3
.bss
room:
  .zero 40
"""


@pytest.fixture
def elf(tmp_path):
    """Path of a good ELF file for the system `safe`."""
    source, path = tmp_path / "it.S", tmp_path / "it.elf"
    source.write_text(SOURCE)
    path.write_bytes(write_elf(build_program([source], SAFE)))
    return path


def refusal(path, config=SAFE, base=None):
    with pytest.raises(UserError) as caught:
        load_program(path, config, base)
    message = str(caught.value)
    assert caught.value.code == BAD_INPUT and "\n" not in message and path.name in message
    return message


def test_elf_is_loaded_with_zeros_and_symbols(elf):
    program = load_program(elf, SAFE)
    assert program.entry == SAFE.entry == program.symbols["_start"]
    (address, data) = next((a, d) for a, d in program.segments if a <= program.symbols["table"] < a + len(d))
    offset = program.symbols["room"] - address
    assert data[offset : offset + 40] == bytes(40)


def test_flat_binary_goes_to_its_base(tmp_path):
    path = tmp_path / "it.bin"
    path.write_bytes(b"\x01\xa0")
    assert load_program(path, SAFE) == Program(str(path), SAFE.entry, ((SAFE.entry, b"\x01\xa0"),))
    program = load_program(path, SAFE, SAFE.entry + 0x80)
    assert (program.entry, program.segments[0][0]) == (SAFE.entry + 0x80,) * 2


def test_memory_holds_the_program_and_zeros(elf):
    program = load_program(elf, SAFE)
    ram, rom, data_ram = memory_loads(SAFE, program)
    assert data_ram.data == bytes(SAFE.data_ram.size)
    assert len(ram.data) == SAFE.ram.size and len(rom.data) == SAFE.rom.size
    address, data = program.segments[0]
    offset = address - SAFE.ram.base
    assert ram.data[offset : offset + len(data)] == data
    assert sum(ram.data) == sum(sum(data) for _, data in program.segments)


def test_data_ram_can_be_loaded_also():
    base = SAFE.data_ram.base + 0x10
    program = Program("it", SAFE.entry, ((SAFE.entry, b"\x01\xa0"), (base, b"abc")))
    check_fits(program, SAFE)
    ram, _, data_ram = memory_loads(SAFE, program)
    assert data_ram.data[0x10:0x14] == b"abc\0" and ram.data[:4] == b"\x01\xa0\0\0"


def test_truncated_elf(elf):
    elf.write_bytes(elf.read_bytes()[:-100])
    assert "truncated" in refusal(elf)


def test_other_architecture(elf):
    data = bytearray(elf.read_bytes())
    data[18] = 183
    elf.write_bytes(data)
    assert "AArch64" in refusal(elf)


def test_elf_has_its_own_addresses(elf):
    assert "--base" in refusal(elf, base=0x2004_0000)


def test_image_outside_of_memory(elf, tmp_path):
    message = refusal(elf, BENCH)
    assert "0x20040000" in message and "0x80000000..0x80040000" in message and "--profile" in message
    flat = tmp_path / "long.bin"
    flat.write_bytes(bytes(SAFE.ram.size + 1))
    assert "do not fit" in refusal(flat)
    flat.write_bytes(bytes(8))
    assert "do not fit" in refusal(flat, base=SAFE.ram.end - 4)


def test_missing_and_empty_files(tmp_path):
    assert "No such file" in refusal(tmp_path / "nothing.elf")
    (tmp_path / "empty.bin").write_bytes(b"")
    assert "empty" in refusal(tmp_path / "empty.bin")


def test_entry_must_be_reachable():
    program = Program("it", BENCH.entry + 4, ((BENCH.entry, bytes(16)),))
    with pytest.raises(UserError, match="no boot ROM"):
        check_fits(program, BENCH)
    with pytest.raises(UserError, match="outside of what it loads"):
        check_fits(replace(program, entry=BENCH.entry + 16), BENCH)


@pytest.mark.parametrize(
    "text, names",
    [
        ("rv32e2p0_m2p0_c2p0_zmmul1p0_xcheriot1p0", {"e", "m", "c", "xcheriot"}),
        ("rv32emc_zicsr2p0_zifencei2p0_xcheri1p0", {"e", "m", "c", "zicsr", "zifencei", "xcheriot"}),
        ("rv32e2p0_zba1p0_zbb1p0", {"e", "zba", "zbb"}),
        ("rv32e2p0_b1p0_zba1p0", {"e", "b", "zba"}),
    ],
)
def test_architecture_strings(text, names):
    assert extensions(text) == names


def test_image_that_needs_more_than_the_core_has(elf):
    elf.write_bytes(elf.read_bytes().replace(b"_zicsr2p0", b"_zbkb00p0"))
    message = refusal(elf)
    assert "zbkb" in message and "zicsr" not in message.split("has no")[1]
    assert load_program(elf, profile("safe+zb"))
    elf.write_bytes(elf.read_bytes().replace(b"_zbkb00p0", b"_b1p0" + 4 * b"_"))
    assert "has no b" in refusal(elf)
    assert load_program(elf, profile("safe+zb"))


PLAIN = "rv32e2p0_m2p0_c2p0_zmmul1p0_zca1p0_xcheri0p0_xcheriot1p0_xcheripurecap0p0"
IBEX = (
    "rv32e2p0_m2p0_c2p0_b1p0_zmmul1p0_zca1p0_zba1p0_zbb1p0_zbkb1p0_zbkc1p0_zbs1p0_xcheri0p0_xcheriot1p0"
    "_xcheripurecap0p0"
)
"""What CHERIoT's compilers of 2025 and 2026 write for the CPUs `cheriot` and `cheriot-ibex`."""


@pytest.mark.parametrize("text, plain", [(PLAIN, True), (PLAIN.replace("_zca1p0", ""), True), (IBEX, False)])
def test_architectures_of_the_usual_compilers(text, plain):
    check_architecture(Path("it.elf"), text, profile("safe+zb"))
    if plain:
        check_architecture(Path("it.elf"), text, SAFE)
    else:
        with pytest.raises(UserError, match=r"no b, zba, zbb, zbkb, zbkc, zbs \(choose --profile safe\+zb, or"):
            check_architecture(Path("it.elf"), text, SAFE)
