"""From C and assembly sources to a linked program: compile, assemble, add what is missing from the runtime, link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.assembler import assemble, assemble_file
from cosim.toolchain.cc.compiler import Compiled, compile_file
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.image import Image
from cosim.toolchain.linker import link
from cosim.toolchain.objectfile import HIDDEN, Object
from rtl.config import SocConfig

FIRMWARE = Path(__file__).parents[2] / "firmware"
INCLUDE = FIRMWARE / "include"
RTOS_INCLUDE = FIRMWARE / "rtos" / "include"
RUNTIME = FIRMWARE / "runtime"
START = RUNTIME / "crt0.S"

PROVIDES = {
    "console.c": "putchar exit device_registers __console_start",
    "trap.c": "__report_trap",
    "printf.c": "printf vprintf snprintf vsnprintf sprintf puts",
    "memcpy.c": "memcpy",
    "memmove.c": "memmove",
    "memset.c": "memset",
    "string.c": "memcmp memchr strlen strnlen strcmp strncmp strcpy strncpy strcat strchr strrchr strstr",
    "stdlib.c": "abort __assert_failed abs labs llabs strtoul strtol atoi srand rand",
    "qsort.c": "qsort",
    "malloc.c": "malloc calloc realloc free",
    "integer.c": (
        "__ashldi3 __lshrdi3 __ashrdi3 __clzsi2 __clzdi2 __ctzsi2 __ctzdi2 __ffssi2 __popcountsi2 __popcountdi2 "
        "__paritysi2 __bswapsi2"
    ),
    "divide.c": "__udivdi3 __umoddi3 __divdi3 __moddi3",
    "atomic.c": (
        "atomic_fetch_add_u32 atomic_fetch_sub_u32 atomic_fetch_and_u32 atomic_fetch_or_u32 atomic_fetch_xor_u32 "
        "atomic_exchange_u32 atomic_compare_exchange_u32"
    ),
}
"""Runtime source to the names it defines; it is linked if one of them is missing."""
PROVIDER = {name: file for file, names in PROVIDES.items() for name in names.split()}


@dataclass(slots=True)
class Program:
    """A linked image and what was said on the way."""

    image: Image
    units: list[Compiled] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        return [text for unit in self.units for text in unit.warnings]


_runtime: dict[str, Object] = {}


def build(
    sources: Iterable[Path],
    config: SocConfig,
    *,
    include: Iterable[Path] = (),
    defines: dict[str, str] | None = None,
) -> Program:
    """Compile, assemble and link a bare-metal program. Raises UserError with every message for the user."""
    folders = [*include, INCLUDE]
    objects = [_runtime_object(START.name), _addresses(config)]
    units: list[Compiled] = []
    for path in sources:
        if path.suffix == ".c":
            unit = compile_source(path, folders, defines or {})
            units.append(unit)
            objects.append(assemble(unit.assembly, str(path)))
        elif path.suffix in (".S", ".s"):
            objects.append(assemble_file(path, tuple(folders)))
        else:
            raise UserError(f"{path}: neither C (.c) nor assembly (.S)")
    _add_runtime(objects)
    return Program(link(objects, config.ram, base=config.entry), units)


def _addresses(config: SocConfig) -> Object:
    """Where the runtime finds the devices that it uses, as constants."""
    lines = ["  .section .rodata"]
    for name, address in (("__uart_address", config.uart), ("__simulation_control_address", config.simctl)):
        lines += ["  .p2align 2", f"  .globl {name}", f"  .type {name}, @object", f"{name}:", f"  .word {address or 0}"]
        lines.append(f"  .size {name}, 4")
    return assemble("\n".join([*lines, ""]), "addresses")


def compile_source(
    path: Path,
    folders: list[Path],
    defines: dict[str, str],
    compartment: str | None = None,
    text: str | None = None,
) -> Compiled:
    try:
        return compile_file(path, folders, defines, compartment, text)
    except CompileError as error:
        raise UserError(str(error.args[0]), code=1) from None


def _runtime_object(file: str) -> Object:
    if file not in _runtime:
        path = RUNTIME / file
        if path.suffix == ".S":
            _runtime[file] = assemble_file(path)
        else:
            unit = compile_source(path, [INCLUDE], {})
            _runtime[file] = assemble(unit.assembly, file)
    return _runtime[file]


def _add_runtime(objects: list[Object]) -> None:
    """Add runtime objects until nothing is missing that the runtime has."""
    at = 0
    defined = {name for obj in objects for name, symbol in obj.symbols.items() if symbol.value is not None}
    while at < len(objects):
        for name, symbol in list(objects[at].symbols.items()):
            if symbol.value is not None or HIDDEN in name or name in defined or name not in PROVIDER:
                continue
            fresh = _runtime_object(PROVIDER[name])
            objects.append(fresh)
            defined.update(other for other, entry in fresh.symbols.items() if entry.value is not None)
        at += 1
