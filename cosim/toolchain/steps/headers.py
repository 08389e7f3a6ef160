"""Which header of the RTOS declares a function, and with which types: read from the headers themselves."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cosim.toolchain.cc.analyse import analyse
from cosim.toolchain.cc.diagnostics import CompileError, SourceLines
from cosim.toolchain.cc.driver import INCLUDE, RTOS_INCLUDE
from cosim.toolchain.cc.parse import parse
from cosim.toolchain.cc.types import CType, FuncType
from cosim.toolchain.system.cache import cached, digest, toolchain_key

COMPARTMENT = "main"
"""Any: headers look the same to all."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind` is "integer", "wide" (64 bits), "pointer" or "timeout"."""

    kind: str


@dataclass(frozen=True, slots=True)
class Declared:
    """`result` is "void", "integer", "wide", "pointer" or "words" (a record of two)."""

    header: str
    parameters: tuple[Parameter, ...]
    result: str


@dataclass(slots=True)
class Headers:
    functions: dict[str, Declared] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    """Function-like macros to their header."""
    broken: dict[str, str] = field(default_factory=dict)
    """Headers that do not compile alone, with the reason."""


@cache
def headers() -> Headers:
    """Of every header in the RTOS's include folder."""
    files = sorted(path for folder in (RTOS_INCLUDE, INCLUDE) for path in folder.rglob("*.h"))
    return cached(digest(toolchain_key(), "headers", *(path.read_bytes() for path in files)), _read_all)


def _read_all() -> Headers:
    found = Headers()
    for path in sorted(RTOS_INCLUDE.rglob("*.h")):
        name = str(path.relative_to(RTOS_INCLUDE))
        try:
            _read(path, name, found)
        except CompileError as error:
            found.broken[name] = str(error)
    return found


def _read(path: Path, name: str, found: Headers) -> None:
    defines = {"__CHERIOT_COMPARTMENT__": f'"{COMPARTMENT}"', "CPU_TIMER_HZ": "1U", "TICK_RATE_HZ": "1U"}
    defines |= {"CONFIG_THREADS_NUM": "1"}
    tree = parse(Path("headers.c"), [RTOS_INCLUDE, INCLUDE], defines, SourceLines(), f"#include <{name}>\n")
    unit, _ = analyse(tree, COMPARTMENT)
    for symbol in unit.globals:
        if isinstance(symbol.type, FuncType) and Path(symbol.place.file).resolve() == path.resolve():
            parameters = tuple(_parameter(ctype) for ctype in symbol.type.params)
            found.functions[symbol.name] = Declared(name, parameters, _result(symbol.type.ret))
    for line in path.read_text().splitlines():
        words = line.split(None, 2)
        if len(words) > 1 and words[0] == "#define" and "(" in words[1]:
            found.macros.setdefault(words[1].partition("(")[0], name)


def _parameter(ctype: CType) -> Parameter:
    if ctype.is_record and ctype.size == 8 and ctype.holds_capabilities():
        return Parameter("timeout")
    if ctype.is_cap:
        return Parameter("pointer")
    return Parameter("wide" if ctype.size == 8 else "integer")


def _result(ctype: CType) -> str:
    if ctype.is_void:
        return "void"
    if ctype.is_record:
        return "words"
    if ctype.is_cap:
        return "pointer"
    return "wide" if ctype.size == 8 else "integer"
