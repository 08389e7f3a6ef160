"""What a reader of waves wants to see first: groups of signals, by the names that the design gives them.

A name that the dump does not have is left out, so a system without a device needs no list of its own. The
numbers that Amaranth appends to make names unique (`timer$147`) are left out.
"""

from dataclasses import dataclass
from typing import NamedTuple

FIELD = "__"
"""Stands between a structure and its field in names; a dot stands between a part and what is inside."""


class Shown(NamedTuple):
    """A signal: its name below the group's scope, the name shown if another, and how: "hex", "dec", "bin", "ascii",
    or "code" for an address of an instruction, shown as the instruction."""

    name: str
    alias: str = ""
    form: str = "hex"


@dataclass(frozen=True)
class Group:
    title: str
    scope: str
    signals: tuple[Shown, ...]
    closed: bool = False


def _hex(*names: str) -> tuple[Shown, ...]:
    return tuple(Shown(name) for name in names)


def _renamed(**names: str) -> tuple[Shown, ...]:
    """Name shown = name below the scope."""
    return tuple(Shown(name, alias) for alias, name in names.items())


def _capability(name: str) -> tuple[Shown, ...]:
    """An expanded capability register."""
    parts = ("cap__tag", "cap__address", "base", "top", "cap__meta__perms", "cap__meta__otype")
    return tuple(Shown(f"{name}__{part}") for part in parts)


def _text(name: str, alias: str) -> Shown:
    return Shown(f"text_{name}", alias, "ascii")


_REQUEST = ("valid", "ready", "request__line", "request__write", "request__mask", "request__data", "request__tag")
_ANSWER = ("answered", "response__data", "response__tag", "response__error")


def _bus(port: str) -> tuple[Shown, ...]:
    return tuple(Shown(f"{port}__{part}", part) for part in (*_REQUEST, *_ANSWER))


GROUPS = (
    Group("clock", "tb", (Shown("clk", form="bin"), Shown("rst", form="bin"), Shown("clock", form="dec"))),
    Group(
        "commit stream",
        "tb.commit_view",
        (
            Shown("retired", form="bin"),
            Shown("pc"),
            _text("instruction", "instruction"),
            _text("place", "place"),
            _text("result", "result"),
            _text("memory", "memory"),
            _text("special", "CSR or SCR"),
            _text("trap", "trap"),
            _text("pcc", "PCC"),
        ),
    ),
    Group("fetch", "tb.dut.core.fetch", (Shown("pc", form="code"), *_hex("ready", "consume", "redirect", "address"))),
    Group(
        "decode",
        "tb.dut.core",
        (
            Shown("d__pc", "pc", "code"),
            *_renamed(word="d__insn", fault="d__fault", predicted="d__predicted"),
            *_hex("go", "late", "control__rd", "control__rs1", "control__rs2", "control__imm"),
        ),
    ),
    Group(
        "execute",
        "tb.dut.core.execute",
        (
            Shown("valid", form="bin"),
            Shown("x__pc", "pc", "code"),
            *_hex("leave", "redirect", "sleeping", "x__fault"),
            *_capability("x__a"),
            *_capability("x__b"),
            *_capability("result__value"),
        ),
    ),
    Group(
        "memory",
        "tb.dut.core.memory",
        (
            Shown("valid", form="bin"),
            Shown("x__pc", "pc", "code"),
            *_hex("done", "fault", "x__load", "x__store", "x__address", "lookup__enable", "result__filtered"),
            *_capability("result__value"),
        ),
    ),
    Group(
        "write-back",
        "tb.dut.core",
        (
            Shown("retire.valid", "valid", "bin"),
            Shown("retire.entry__pc", "pc", "code"),
            Shown("retire.entry__rd", "register", "dec"),
            *_capability("w_value"),
        ),
    ),
    Group("data bus", "tb.dut.core", _bus("data")),
    Group("instruction bus", "tb.dut.core", _bus("fetch"), closed=True),
    Group("load filter", "tb.dut.core", _hex("lookup__enable", "lookup__granule", "lookup__revoked"), closed=True),
    Group(
        "traps and interrupts",
        "tb.dut.core.csrs",
        (
            *_hex("trap", "mret", "mcause", "trap_value", "mie", "mpie"),
            *_hex("lines__software", "lines__timer", "lines__external", "interrupt", "mshwm"),
        ),
        closed=True,
    ),
    Group("PCC", "tb.dut.core.scrs", _capability("pcc"), closed=True),
    Group("MTCC", "tb.dut.core.scrs", _capability("mtcc"), closed=True),
    Group("MEPCC", "tb.dut.core.scrs", _capability("mepcc"), closed=True),
    Group(
        "console",
        "tb",
        (
            Shown("console", "printed", "ascii"),
            Shown("uart__sent_valid", "UART sends", "bin"),
            Shown("uart__sent", "UART byte", "ascii"),
            Shown("uart__received_valid", "UART receives", "bin"),
            Shown("uart__received", "byte received", "ascii"),
            *_renamed(exit="simctl__exit_valid", code="simctl__exit_code"),
        ),
    ),
)
