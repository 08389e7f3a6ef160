"""What a reader of waves wants to see first: groups of signals, by the names that the design gives them.

A name that the dump does not have is left out, so a system without a device needs no list of its own. Fields of
structures are written with dots here; numbers that Amaranth appends to make names unique (`timer$147`) are left out.
"""

from dataclasses import dataclass
from typing import NamedTuple

FIELD = "__"
"""Stands between a structure and its field in the dump's names; a dot here."""


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
    parts = ("cap.tag", "cap.address", "base", "top", "cap.meta.perms", "cap.meta.otype")
    return tuple(Shown(f"{name}.{part}") for part in parts)


def _text(name: str, alias: str) -> Shown:
    return Shown(f"text_{name}", alias, "ascii")


_REQUEST = ("valid", "ready", "request.line", "request.write", "request.mask", "request.data", "request.tag")
_ANSWER = ("answered", "response.data", "response.tag", "response.error")


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
            Shown("d.pc", "pc", "code"),
            *_renamed(word="d.insn", fault="d.fault", predicted="d.predicted"),
            *_hex("go", "late", "control.rd", "control.rs1", "control.rs2", "control.imm"),
        ),
    ),
    Group(
        "execute",
        "tb.dut.core.execute",
        (
            Shown("valid", form="bin"),
            Shown("x.pc", "pc", "code"),
            *_hex("leave", "redirect", "sleeping", "x.fault"),
            *_capability("x.a"),
            *_capability("x.b"),
            *_capability("result.value"),
        ),
    ),
    Group(
        "memory",
        "tb.dut.core.memory",
        (
            Shown("valid", form="bin"),
            Shown("x.pc", "pc", "code"),
            *_hex("done", "fault", "x.load", "x.store", "x.address", "lookup__enable", "result.filtered"),
            *_capability("result.value"),
        ),
    ),
    Group(
        "write-back",
        "tb.dut.core",
        (
            Shown("w_valid", form="bin"),
            Shown("w.pc", "pc", "code"),
            Shown("w.rd", "register", "dec"),
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
            *_hex("lines.software", "lines.timer", "lines.external", "interrupt", "mshwm"),
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
