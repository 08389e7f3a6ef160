"""Service events as sentences: who did what, in words that a newcomer can follow."""

from collections.abc import Mapping

from rtos_model.services.errors import Cause, Errno, Fault
from rtos_model.services.events import (
    Alloc,
    Block,
    Boost,
    Call,
    CallFail,
    Claim,
    Epoch,
    Event,
    Exit,
    Free,
    Handler,
    Irq,
    Lib,
    Ready,
    Ret,
    SealKey,
    Switch,
    Tick,
    TokenValue,
    Trapped,
    Unwind,
)

FAULTS = {
    Fault.BOUNDS: "out of bounds",
    Fault.TAG: "the pointer is not valid (its tag is gone)",
    Fault.SEAL: "the handle is sealed",
    Fault.EXECUTE: "not executable",
    Fault.LOAD: "no permission to read",
    Fault.STORE: "no permission to write",
    Fault.STORE_CAPABILITY: "no permission to store pointers",
    Fault.SYSTEM_REGISTERS: "no access to system registers",
}
REASONS = {
    "timer": "its time has come",
    "futex": "woken",
    "multi": "woken, one of several words changed",
    "delete": "what it waited on was deleted",
    "early": "nobody else had anything to do",
}
SEALED = {1: "sentry", 2: "sentry", 3: "sentry", 9: "callback", 11: "sealed handle", 12: "sealed handle (static)"}


def result(what: TokenValue) -> str:
    """A result for people: error codes with their names."""
    codes = {-int(code): code.name for code in Errno}
    return f"{what} ({codes[what]})" if what in codes else value(what)


def value(what: TokenValue) -> str:
    """A register for people: capabilities by what they allow."""
    if isinstance(what, int):
        return f"{what:#x}" if abs(what) > 1 << 31 else str(what)
    if not what.startswith("cap("):
        return what
    otype, letters, extent = what.removeprefix("cap(").removesuffix(")").split(":")
    if int(otype) in SEALED:
        return SEALED[int(otype)]
    size = extent.replace("-", "+").partition("+")[0]
    return f"pointer to {size} byte{'' if size == '1' else 's'} [{letters}]"


def sentence(event: Event, names: Mapping[int, str]) -> str:
    """One event; threads are named as in the image."""

    def who(number: int) -> str:
        return names.get(number, f"thread {number}")

    match event:
        case Call(thread, caller, callee, entry, arguments):
            return f"{who(thread)}: {caller} calls {callee}.{entry}({', '.join(map(value, arguments))})"
        case Ret(thread, entry, a0, _):
            return f"{who(thread)}: {entry} gives {result(a0)}"
        case CallFail(thread, entry, code):
            return f"{who(thread)}: the call of {entry} fails: {result(code)}"
        case Lib(thread, entry, a0):
            return f"{who(thread)}: {entry} gives {result(a0)}"
        case Block(thread, what, deadline):
            return f"{who(thread)} waits for {what}{_limit(deadline)}"
        case Ready(thread, reason):
            return f"{who(thread)} can go on: {REASONS[reason]}"
        case Switch(outgoing, incoming):
            return f"{who(incoming)} runs after {who(outgoing)}"
        case Boost(thread, old, new):
            return f"{who(thread)} has priority {new} instead of {old}"
        case Irq(number, counter, woken):
            return f"interrupt {number} arrives, its word becomes {counter}; woken: {', '.join(map(who, woken)) or '-'}"
        case Tick(counter):
            return f"tick {counter}"
        case Trapped(thread, compartment, mcause, cause):
            return f"{who(thread)}: {compartment} is stopped: {_fault(mcause, cause)}"
        case Handler(thread, compartment, _, outcome):
            next_ = "goes on in its handler" if outcome == "resume" else "gives up in its handler"
            return f"{who(thread)}: {compartment} {next_}"
        case Unwind(thread, compartment):
            return f"{who(thread)}: what {compartment} was doing is discarded"
        case Exit(thread):
            return f"{who(thread)} has ended"
        case Alloc(quota, size, charge, what):
            got = f"{what}, charge {charge}" if charge else f"refused: {result(what)}"
            return f"{quota}: {size} bytes asked for; {got}"
        case Free(quota, what, action):
            return f"{quota}: {what} released: {action}"
        case Claim(quota, what, count):
            return f"{quota}: claims {what}, now {count}"
        case Epoch(number):
            return "the revoker begins a sweep of memory" if number % 2 else "the sweep is complete"
        case SealKey(ordinal):
            return f"sealing key {ordinal} is made"
    return str(event)


def _limit(deadline: str) -> str:
    kind, _, ticks = deadline.partition(":")
    return f", {ticks} ticks at most" if kind == "ticks" else ", up to an instant" if kind == "absolute" else ""


def _fault(mcause: int, cause: int) -> str:
    if mcause == Cause.CHERI:
        return FAULTS.get(Fault(cause), f"CHERI cause {cause}")
    return Cause(mcause).name.lower().replace("_", " ")
