"""What the assembler makes of one source: sections made of fragments, and symbols. It stays in memory.

Sizes of branches, paddings and places of labels are open until the linker has laid everything out, so a
fragment says what it may become instead of being bytes.
"""

import enum
from dataclasses import dataclass, field

from cosim.toolchain.expression import Expr, Unresolved
from cosim.toolchain.source import Place
from rtl.isa.table import Insn

HIDDEN = "\0"
"""Character in the names of symbols that the source did not name: local labels and places."""


@dataclass(frozen=True, slots=True)
class Fixup:
    """Bits to fill in once addresses are known.

    `field` is an operand (rtl.isa.table.FIELDS) of the word at `offset`, or None for `size` bytes of data.
    `modifier` is a relocation operator such as "%hi", or None for the plain value.
    """

    offset: int
    size: int
    expr: Expr
    place: Place
    field: str | None = None
    modifier: str | None = None


@dataclass(frozen=True, slots=True)
class CapabilitySlot:
    """Eight bytes at `offset` that start-up code fills with a capability to `symbol` + `addend`."""

    offset: int
    symbol: str
    addend: int
    place: Place


@dataclass(frozen=True, slots=True)
class Mark:
    """From `offset` on stands code, or data, that came from a line."""

    offset: int
    is_code: bool
    place: Place


@dataclass(eq=False, slots=True)
class Bytes:
    """Bytes of known number."""

    data: bytearray = field(default_factory=bytearray)
    fixups: list[Fixup] = field(default_factory=list)
    slots: list[CapabilitySlot] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Align:
    """Padding to a multiple of `boundary`, unless it takes more than `limit` bytes; `fill` None means no-ops."""

    boundary: int
    fill: int | None
    limit: int | None
    place: Place


@dataclass(eq=False, slots=True)
class Skip:
    """Padding up to `target` (a number is an offset in the section); or `count` times `unit` bytes of `value`."""

    place: Place
    target: Expr | None = None
    count: Expr | None = None
    unit: int = 1
    value: int = 0


class Target(enum.Enum):
    """Stands in a Part for the operand that is computed from the target's address.

    The distance from the instruction; the parts of a distance from the globals pointer, split toward zero.
    """

    DISTANCE = enum.auto()
    HIGH = enum.auto()
    LOW = enum.auto()


DISTANCE, HIGH, LOW = Target


@dataclass(frozen=True, slots=True)
class Part:
    """An instruction inside a form: `size` bytes (2 means compressed), operand values in assembly order."""

    size: int
    row: Insn
    values: tuple[int | Target, ...]


@dataclass(eq=False, slots=True)
class Choice:
    """An instruction with several forms, the shortest first; the first that reaches `target` is taken."""

    forms: tuple[tuple[Part, ...], ...]
    target: Expr
    place: Place
    from_globals_pointer: bool = False


Fragment = Bytes | Align | Skip | Choice


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a fragment. Differences inside one fragment are known at once."""

    section: "Section"
    fragment: Fragment
    offset: int

    def __add__(self, other: int) -> "Spot":
        if not isinstance(other, int):
            return NotImplemented
        return Spot(self.section, self.fragment, self.offset + other)

    __radd__ = __add__

    def __sub__(self, other: "Spot | int") -> "Spot | int":
        if isinstance(other, int):
            return self + -other
        if not isinstance(other, Spot):
            return NotImplemented
        if other.fragment is not self.fragment:
            raise Unresolved("a distance between labels")
        return self.offset - other.offset


@dataclass(eq=False, slots=True)
class Section:
    """`flags` is a subset of "awx"; `nobits` sections occupy memory but no room in the file."""

    name: str
    flags: str
    nobits: bool
    fragments: list[Fragment] = field(default_factory=list)
    alignment: int = 1

    @property
    def is_code(self) -> bool:
        return "x" in self.flags


@dataclass(slots=True)
class Symbol:
    """`value` is a Spot, an int, an expression, or None as long as the symbol is only mentioned."""

    name: str
    place: Place
    value: "Spot | int | Expr | None" = None
    binding: str = "local"
    kind: str = "notype"
    size: Expr | None = None
    hidden: bool = False


@dataclass(slots=True)
class Object:
    """One assembled source. `sources` holds the lines of each file read, for listings."""

    name: str
    sections: dict[str, Section] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
