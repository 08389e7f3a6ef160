"""The front door: one C source file to assembly text."""

from dataclasses import dataclass, field
from pathlib import Path

from cosim.toolchain.cc import data, frame, graph, interface
from cosim.toolchain.cc.analyse import analyse
from cosim.toolchain.cc.diagnostics import CompileError, Place, SourceLines
from cosim.toolchain.cc.emit import Emitter, Labels
from cosim.toolchain.cc.inline import inline_all, references
from cosim.toolchain.cc.ir import Function
from cosim.toolchain.cc.lower import Lowering
from cosim.toolchain.cc.moves import assign_registers
from cosim.toolchain.cc.optimise import optimise
from cosim.toolchain.cc.parse import parse
from cosim.toolchain.cc.select import select
from cosim.toolchain.cc.tree import Attributes, Global, Unit
from cosim.toolchain.cc.types import FuncType


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """What later stages (export tables, audit) want to know of a function."""

    name: str
    attributes: Attributes
    signature: FuncType
    defined: bool
    static: bool
    place: Place
    stack: int
    """Bytes of its own frame; 0 if it is defined elsewhere."""


@dataclass(slots=True)
class Compiled:
    """Assembly text of a translation unit, its functions, and warnings ready to print."""

    assembly: str
    functions: list[FunctionInfo] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def compile_file(
    path: Path | str,
    include: list[Path] | None = None,
    defines: dict[str, str] | None = None,
    compartment: str | None = None,
    text: str | None = None,
) -> Compiled:
    """Compile one file (or `text` in its place), for a compartment or library of that name or for bare metal.

    Raises CompileError, whose `args[0]` is the whole message for the user.
    """
    sources = SourceLines()
    defines = dict(defines or {})
    if compartment is not None:
        defines["__CHERIOT_COMPARTMENT__"] = f'"{compartment}"'
    try:
        unit, warnings = analyse(parse(path, include or [], defines, sources, text), compartment)
        assembly, frames = _generate(unit, str(path))
    except CompileError as error:
        error.args = (error.describe(sources),)
        raise
    infos = [
        FunctionInfo(
            symbol.name,
            symbol.attributes,
            symbol.type,
            symbol.defined,
            symbol.static,
            symbol.place,
            frames.get(symbol.label, 0),
        )
        for symbol in unit.globals
        if isinstance(symbol.type, FuncType)
    ]
    return Compiled(assembly, infos, [_warning(place, text, sources) for place, text in warnings])


def _warning(place: Place, text: str, sources: SourceLines) -> str:
    return f"{place}: warning: {text}{sources.excerpt(place)}"


def _addressed(functions: list[Function], unit: Unit) -> set[Global]:
    """Functions that something refers to other than by calling them."""
    found = {
        value.imm for function in functions for block in function.blocks for value in block.body if value.op == "global"
    }
    for symbol in unit.globals:
        found.update(data.functions_in(symbol))
    return found


def _needed(functions: list[Function], unit: Unit) -> list[Function]:
    """Without static functions that nothing leads to: they may name imports that the unit does not have."""
    known = {function.symbol: function for function in functions}
    found = {symbol for symbol in known if not symbol.static or symbol.attributes.used or symbol.attributes.interrupts}
    found |= {symbol for symbol in known if interface.is_entry(symbol, unit.compartment) or symbol.attributes.libcall}
    for symbol in unit.globals:
        found.update(data.functions_in(symbol))
    waiting = list(found)
    while waiting:
        function = known.get(waiting.pop())
        named = references(function) - found if function else set()
        found |= named
        waiting += named
    return [function for function in functions if function.symbol in found]


def _generate(unit: Unit, name: str) -> tuple[str, dict[str, int]]:
    labels = Labels()
    lines = [f'\t.file\t"{Path(name).name}"']
    frames: dict[str, int] = {}
    functions = [Lowering(source, unit).run() for source in unit.functions]
    functions = _needed(inline_all(functions, _addressed(functions, unit)), unit)
    for function in functions:
        optimise(function)
    for function in functions:
        graph.split_critical_edges(function)
        code = select(function)
        callee_saved = assign_registers(code)
        layout = frame.lay_out(code, callee_saved)
        frames[function.symbol.label] = layout.size
        lines += Emitter(code, layout, labels, interface.clears_results(function.symbol, unit.compartment)).run()
    for symbol in unit.globals:
        if symbol.defined and not isinstance(symbol.type, FuncType):
            interface.check_initialiser(symbol, data.functions_in(symbol), unit.compartment)
            lines += data.emit_object(symbol)
    return "\n".join(lines) + "\n", frames
