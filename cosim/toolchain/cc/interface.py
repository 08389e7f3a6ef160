"""Interfaces of compartments and libraries: which functions are entries, and through which import slot one is reached.

A unit compiled for a compartment calls another compartment's function through the switcher, a library's and its own
with a changed interrupt posture through a sentry; both come from slots of its import table. The slots' names are
symbols that the system builder defines. Bare-metal units have no table: every function is called directly.
Source: platform specification 5.2 and 5.4; CHERIoT ABI.
"""

from cosim.toolchain.cc import abi
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.tree import Global
from cosim.toolchain.cc.types import FuncType

PREFIX = "__import."
SWITCHER = PREFIX + "switcher"
MAX_ARGUMENTS = 7


def slot(key: str) -> str:
    """The symbol of an import slot; what an assembler's name cannot hold is spelled as `_XX`."""
    return PREFIX + "".join(char if char.isalnum() or char in "._" else f"_{ord(char):02X}" for char in key)


def entry_slot(compartment: str, function: str) -> str:
    """The slot with a sealed export entry."""
    return slot(f"entry.{compartment}.{function}")


def sentry_slot(function: str) -> str:
    """The slot with a sentry to a library's function, or to an own one with a changed posture."""
    return slot(f"sentry.{function}")


def route(symbol: Global, compartment: str | None) -> tuple[str | None, bool]:
    """How to call a function by name: the slot to load (None: directly), and whether the switcher takes it."""
    marks = symbol.attributes
    if compartment is None:
        return None, False
    if marks.compartment not in (None, compartment):
        return entry_slot(marks.compartment, symbol.name), True
    if marks.interrupts == "disabled" or (marks.interrupts == "enabled" and not is_entry(symbol, compartment)):
        return sentry_slot(symbol.name), False
    if marks.libcall and not symbol.defined:
        return sentry_slot(symbol.name), False
    return None, False


def address_slot(symbol: Global, compartment: str | None) -> str | None:
    """The slot whose capability is the address of this function (or object), None for a plain one."""
    if compartment is None or not isinstance(symbol.type, FuncType):
        return None
    marks = symbol.attributes
    if marks.callback:
        return entry_slot(marks.compartment or compartment, symbol.name)
    name, _ = route(symbol, compartment)
    return sentry_slot(symbol.name) if name is None and marks.libcall else name


def is_entry(symbol: Global, compartment: str | None) -> bool:
    """Whether other compartments may call this function of ours."""
    marks = symbol.attributes
    return compartment is not None and (marks.compartment == compartment or marks.callback)


def clears_results(symbol: Global, compartment: str | None) -> bool:
    """Whether result registers that carry nothing are zero: for other compartments (CP-11), and for a library's
    function without a result, which may stand where one with a result is expected."""
    own_library = compartment is not None and symbol.attributes.libcall and symbol.type.ret.is_void
    return own_library or is_entry(symbol, compartment)


def check_initialiser(symbol: Global, functions: list[Global], compartment: str | None) -> None:
    """Raise CompileError if a static object would start with a capability that only import slots hold."""
    for function in functions:
        if address_slot(function, compartment) is not None:
            raise CompileError(
                symbol.place,
                f"'{symbol.name}' cannot start with the address of '{function.name}', which lies in the import table",
                "an assignment in a function",
            )


def argument_registers(signature: FuncType) -> int:
    """Registers that arguments take, 0...7; the seventh is ct0, which points to those in memory."""
    count = 0
    if signature.ret.is_record and abi.parts(signature.ret) is None:
        count += 1
    for param in signature.params:
        layout = abi.parts(param)
        count += 1 if layout is None else len(layout)
    if signature.variadic:
        return MAX_ARGUMENTS
    return min(count, MAX_ARGUMENTS)
