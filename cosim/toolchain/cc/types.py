"""C types as the CHERIoT ABI lays them out: sizes and alignments in bytes, pointers are 8-byte capabilities."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from cosim.toolchain.cc.diagnostics import CompileError, Place


class CType:
    """Base of all types. Qualified variants are shallow copies, so identity says nothing: use `same`."""

    size: int | None = None
    align = 1
    const = False
    volatile = False

    def qualified(self, const: bool = False, volatile: bool = False) -> CType:
        if (not const or self.const) and (not volatile or self.volatile):
            return self
        variant = copy.copy(self)
        variant.const, variant.volatile = self.const or const, self.volatile or volatile
        return variant

    def unqualified(self) -> CType:
        if not (self.const or self.volatile):
            return self
        plain = copy.copy(self)
        plain.const = plain.volatile = False
        return plain

    @property
    def is_integer(self) -> bool:
        return isinstance(self, IntType | IntCapType)

    @property
    def is_pointer(self) -> bool:
        return isinstance(self, PointerType)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self, IntType | IntCapType | PointerType)

    @property
    def is_cap(self) -> bool:
        """Held in a register as a full capability."""
        return isinstance(self, IntCapType | PointerType)

    @property
    def is_record(self) -> bool:
        return isinstance(self, RecordType)

    @property
    def is_void(self) -> bool:
        return isinstance(self, VoidType)

    def holds_capabilities(self) -> bool:
        """Whether copying this type has to preserve tags."""
        return False


class VoidType(CType):
    def __str__(self) -> str:
        return "void"


class IntType(CType):
    """An integer of 1, 2, 4 or 8 bytes; `rank` orders conversions (C11 6.3.1.1)."""

    def __init__(self, name: str, size: int, signed: bool, rank: int):
        self.name, self.size, self.align, self.signed, self.rank = name, size, size, signed, rank

    @property
    def bits(self) -> int:
        return 1 if self.rank == 0 else self.size * 8

    def wrap(self, value: int) -> int:
        if self.rank == 0:
            return int(value != 0)
        bits = self.size * 8
        value &= (1 << bits) - 1
        return value - (1 << bits) if self.signed and value >> (bits - 1) else value

    def __str__(self) -> str:
        return self.name


class IntCapType(CType):
    """uintptr_t and intptr_t: an integer that carries a capability; arithmetic acts on the address."""

    size, align, rank, bits = 8, 8, 6, 32

    def __init__(self, name: str, signed: bool):
        self.name, self.signed = name, signed

    def wrap(self, value: int) -> int:
        value &= 0xFFFFFFFF
        return value - (1 << 32) if self.signed and value >> 31 else value

    def holds_capabilities(self) -> bool:
        return True

    def __str__(self) -> str:
        return self.name


class PointerType(CType):
    size, align = 8, 8

    def __init__(self, to: CType):
        self.to = to

    def holds_capabilities(self) -> bool:
        return True

    def __str__(self) -> str:
        if isinstance(self.to, FuncType):
            mark = "__cheri_callback " if self.to.callback else ""
            return f"{mark}{self.to.ret} (*)({self.to.describe_params()})"
        return f"{self.to} *"


class ArrayType(CType):
    """`count` is None for an incomplete array (or a flexible member)."""

    def __init__(self, of: CType, count: int | None):
        self.of, self.count = of, count

    @property
    def size(self) -> int | None:
        return None if self.count is None or self.of.size is None else self.of.size * self.count

    @property
    def align(self) -> int:
        return self.of.align

    def holds_capabilities(self) -> bool:
        return self.of.holds_capabilities()

    def __str__(self) -> str:
        return f"{self.of} [{'' if self.count is None else self.count}]"


class FuncType(CType):
    """`prototype` is False for an empty parameter list, which promises nothing about the arguments.

    Pointers to a `callback` are sealed export entries: calling one goes through the switcher.
    """

    def __init__(
        self,
        ret: CType,
        params: list[CType],
        variadic: bool = False,
        prototype: bool = True,
        callback: bool = False,
    ):
        self.ret, self.params, self.variadic, self.prototype = ret, params, variadic, prototype
        self.callback = callback

    def describe_params(self) -> str:
        names = [str(param) for param in self.params] + ["..."] * self.variadic
        return ", ".join(names) or ("void" if self.prototype else "")

    def __str__(self) -> str:
        return f"{self.ret} ({self.describe_params()})"


@dataclass(slots=True)
class Field:
    """A member: byte offset in the record; `width` and `shift` (bits from the offset) for bit-fields."""

    name: str | None
    type: CType
    offset: int
    width: int | None = None
    shift: int = 0


@dataclass(slots=True)
class Record:
    """The one definition behind all variants of a struct or union type."""

    keyword: str
    tag: str | None
    fields: list[Field] = field(default_factory=list)
    size: int | None = None
    align: int = 1
    capabilities: bool = False
    transparent: bool = False
    """A union that an argument of any member's type turns into."""


class RecordType(CType):
    def __init__(self, record: Record):
        self.record = record

    @property
    def size(self) -> int | None:
        return self.record.size

    @property
    def align(self) -> int:
        return self.record.align

    @property
    def is_union(self) -> bool:
        return self.record.keyword == "union"

    def holds_capabilities(self) -> bool:
        return self.record.capabilities

    def find(self, name: str) -> tuple[Field, int] | None:
        """The member called `name`, through anonymous members, with its offset in this record."""
        for item in self.record.fields:
            if item.name == name:
                return item, item.offset
            if item.name is None and isinstance(item.type, RecordType):
                inner = item.type.find(name)
                if inner is not None:
                    return inner[0], item.offset + inner[1]
        return None

    def __str__(self) -> str:
        return f"{self.record.keyword} {self.record.tag or '<anonymous>'}"


VOID = VoidType()
BOOL = IntType("_Bool", 1, False, 0)
CHAR = IntType("char", 1, False, 1)
SCHAR = IntType("signed char", 1, True, 1)
UCHAR = IntType("unsigned char", 1, False, 1)
SHORT = IntType("short", 2, True, 2)
USHORT = IntType("unsigned short", 2, False, 2)
INT = IntType("int", 4, True, 3)
UINT = IntType("unsigned int", 4, False, 3)
LONG = IntType("long", 4, True, 4)
ULONG = IntType("unsigned long", 4, False, 4)
LLONG = IntType("long long", 8, True, 5)
ULLONG = IntType("unsigned long long", 8, False, 5)
INTCAP = IntCapType("__intcap_t", True)
UINTCAP = IntCapType("__uintcap_t", False)
SIZE_T = UINT
PTRDIFF_T = INT

UNSIGNED_OF = {"int": UINT, "long": ULONG, "long long": ULLONG, "__intcap_t": UINTCAP}


def align_up(value: int, align: int) -> int:
    return -(-value // align) * align


def lay_out(
    record: Record,
    members: list[tuple[str | None, CType, int | None, int, Place]],
    packed: bool,
    min_align: int,
    pack_limit: int | None = None,
) -> None:
    """Give offsets to (name, type, bit width, extra alignment, place) as GCC does for RISC-V (System V rules).

    A bit-field never crosses a unit of its declared type; width 0 closes the unit.
    """
    bit, size_bits, align = 0, 0, 1
    union = record.keyword == "union"
    for name, ctype, width, extra, place in members:
        natural = 1 if packed else ctype.align
        if pack_limit is not None:
            natural = min(natural, pack_limit)
        natural = max(natural, extra)
        if union:
            bit = 0
        if width is not None:
            if packed:
                raise CompileError(
                    place,
                    "bit-fields in a packed record are outside the subset",
                    "unsigned integers with shifts and masks",
                )
            unit = ctype.size * 8
            if width == 0:
                bit = align_up(bit, unit)
                continue
            if bit // unit != (bit + width - 1) // unit:
                bit = align_up(bit, unit)
            offset = bit // unit * ctype.size
            if name is not None:
                record.fields.append(Field(name, ctype, offset, width, bit - offset * 8))
                align = max(align, natural)
            bit += width
        else:
            if ctype.size is None and not (isinstance(ctype, ArrayType) and ctype.of.size is not None):
                raise CompileError(place, f"member '{name}' has incomplete type '{ctype}'")
            bit = align_up(align_up(bit, 8), natural * 8)
            record.fields.append(Field(name, ctype, bit // 8))
            bit += (ctype.size or 0) * 8
            align = max(align, natural)
            record.capabilities |= ctype.holds_capabilities()
        size_bits = max(size_bits, bit)
    record.align = max(align, min_align)
    record.size = align_up(align_up(size_bits, 8) // 8, record.align)


def same(a: CType, b: CType) -> bool:
    """Compatible types, top-level qualifiers ignored."""
    if isinstance(a, IntType | IntCapType):
        return isinstance(b, IntType | IntCapType) and a.name == b.name
    if isinstance(a, PointerType):
        return isinstance(b, PointerType) and same(a.to, b.to)
    if isinstance(a, ArrayType):
        return isinstance(b, ArrayType) and same(a.of, b.of) and (a.count == b.count or None in (a.count, b.count))
    if isinstance(a, RecordType):
        return isinstance(b, RecordType) and a.record is b.record
    if isinstance(a, FuncType):
        if not isinstance(b, FuncType) or a.callback != b.callback or not same(a.ret, b.ret):
            return False
        if not (a.prototype and b.prototype):
            return True
        return (
            a.variadic == b.variadic
            and len(a.params) == len(b.params)
            and all(same(x, y) for x, y in zip(a.params, b.params, strict=True))
        )
    return isinstance(a, VoidType) and isinstance(b, VoidType)


def as_callback(ctype: CType) -> CType | None:
    """The type with the function in it (or behind its pointers) turned into a callback; None if there is none."""
    if isinstance(ctype, FuncType):
        return FuncType(ctype.ret, ctype.params, ctype.variadic, ctype.prototype, callback=True)
    if isinstance(ctype, PointerType):
        to = as_callback(ctype.to)
        return to and PointerType(to).qualified(ctype.const, ctype.volatile)
    if isinstance(ctype, ArrayType):
        of = as_callback(ctype.of)
        return of and ArrayType(of, ctype.count)
    return None


def identical(a: CType, b: CType) -> bool:
    """Compatible with qualifiers compared at every level (C11 6.7.3)."""
    if not same(a, b) or (a.const, a.volatile) != (b.const, b.volatile):
        return False
    if isinstance(a, PointerType):
        return identical(a.to, b.to)
    if isinstance(a, ArrayType):
        return identical(a.of, b.of)
    return True


def promote(ctype: CType) -> CType:
    """Integer promotion (C11 6.3.1.1)."""
    if isinstance(ctype, IntType) and ctype.rank < INT.rank:
        return INT
    return ctype.unqualified()


def common(a: CType, b: CType) -> CType:
    """Usual arithmetic conversions (C11 6.3.1.8); a capability integer wins over every plain one."""
    a, b = promote(a), promote(b)
    if same(a, b):
        return a
    if a.signed == b.signed:
        return a if a.rank > b.rank else b
    unsigned, signed = (b, a) if a.signed else (a, b)
    if unsigned.rank >= signed.rank:
        return unsigned
    if signed.bits > unsigned.bits:
        return signed
    return UNSIGNED_OF[signed.name]
