"""Instructions of the compiler benchmarks: ours on the golden machine, gcc's rv32emc code on a counting interpreter."""

import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.cc.driver import FIRMWARE, RUNTIME, build
from cosim.toolchain.cc.plainrv import GLOBAL_POINTER, PlainMachine
from rtl.config import SAFE
from rtos_model.machine.machine import Machine

BENCHMARKS = FIRMWARE / "cbench"
GCC = ("riscv64-unknown-elf-gcc", "riscv32-unknown-elf-gcc")
GCC_FLAGS = (
    "-march=rv32emc -mabi=ilp32e -ffreestanding -nostdlib -funsigned-char -w "
    f"-Wl,-e,main -Wl,-Ttext=0x10000 -Wl,-Tdata=0x20000 -Wl,--defsym,__global_pointer$={GLOBAL_POINTER:#x}"
).split()
"""With a globals pointer, so that gcc's short forms of addresses count too."""
LIMIT = 50_000_000
PT_LOAD = 1


@dataclass(frozen=True, slots=True)
class Count:
    """What main returned and the instructions from its first to its last."""

    result: int
    instructions: int


def gcc() -> str | None:
    return next((path for name in GCC if (path := shutil.which(name))), None)


def ours(source: Path) -> Count:
    image = build([source], SAFE).image
    machine = Machine(SAFE, [(s.address, s.data) for s in image.segments()], entry=image.entry)
    main = image.symbol("main")
    while machine.pc != main:
        machine.run(1)
    before = machine.executed
    back = machine.registers[1] & 0xFFFFFFFF
    while machine.pc != back and machine.executed < LIMIT and machine.platform.exit_code is None:
        machine.run(1)
    if machine.pc != back:
        raise UserError(f"{source}: main does not return")
    return Count(machine.registers[10] & 0xFFFFFFFF, machine.executed - before)


def theirs(source: Path, level: str) -> Count:
    compiler = gcc()
    if compiler is None:
        raise UserError(f"no {GCC[0]} to compare with; install it, or leave the comparison out")
    with tempfile.TemporaryDirectory() as name:
        binary = Path(name) / "program"
        helpers = [str(RUNTIME / file) for file in ("memcpy.c", "memset.c")]
        include = ["-I", str(FIRMWARE / "include"), "-D__PTRADDR_TYPE__=unsigned"]
        command = [compiler, level, *GCC_FLAGS, "-o", str(binary), str(source)]
        done = subprocess.run([*command, "-lgcc"], capture_output=True, text=True)
        if done.returncode:  # the compiler asked for memcpy or memset
            done = subprocess.run([*command, *include, *helpers, "-lgcc"], capture_output=True, text=True)
        if done.returncode:
            raise UserError(f"{compiler} refuses {source}: {done.stderr.strip().splitlines()[-1]}")
        return Count(*PlainMachine(*plain_elf(binary.read_bytes())).run(LIMIT))


def plain_elf(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Loaded parts and entry of a plain RISC-V ELF32 file, which the project's reader refuses on purpose."""
    entry, headers = struct.unpack_from("<II", data, 24)
    size, count = struct.unpack_from("<HH", data, 42)
    parts = []
    for at in range(headers, headers + size * count, size):
        kind, offset, address, _, length = struct.unpack_from("<5I", data, at)
        if kind == PT_LOAD:
            parts.append((address, data[offset : offset + length]))
    return parts, entry
