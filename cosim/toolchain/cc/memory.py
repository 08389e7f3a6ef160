"""Lowering of memory: loads, stores, bit-fields, copies and clearing of objects."""

from dataclasses import dataclass

from cosim.toolchain.cc.ir import Value
from cosim.toolchain.cc.types import BOOL, CType, Field, IntType

Scalar = Value | tuple[Value, Value]

INLINE_COPY = 40
"""Largest record, in bytes, that is copied without a call."""


@dataclass(slots=True)
class Address:
    """A place in memory: a capability and a byte offset from it."""

    base: Value
    offset: int = 0

    def plus(self, offset: int) -> "Address":
        return Address(self.base, self.offset + offset)


def load_op(ctype: CType) -> str:
    if ctype.is_cap:
        return "clc"
    return {1: "lb", 2: "lh", 4: "lw"}[ctype.size] + ("u" if ctype.size < 4 and not ctype.signed else "")


def store_op(ctype: CType) -> str:
    return "csc" if ctype.is_cap else {1: "sb", 2: "sh", 4: "sw"}[ctype.size]


class Memory:
    """The part of lowering that touches memory."""

    def pointer(self, place: Address) -> Value:
        return self.b.offset(place.base, place.offset)

    def _access(self, op: str, place: Address, args: tuple, volatile: bool, cap: bool = False) -> Value:
        base, offset = place.base, place.offset
        if not -2048 <= offset <= 2040:
            base, offset = self.b.offset(base, offset), 0
        value = self.b.emit(op, (base, *args), offset, cap)
        value.volatile = volatile
        return value

    def load(self, ctype: CType, place: Address) -> Scalar:
        volatile = ctype.volatile
        if isinstance(ctype, IntType) and ctype.size == 8:
            low = self._access("lw", place, (), volatile)
            return low, self._access("lw", place.plus(4), (), volatile)
        return self._access(load_op(ctype), place, (), volatile, ctype.is_cap)

    def store(self, ctype: CType, place: Address, value: Scalar) -> None:
        volatile = ctype.volatile
        if isinstance(ctype, IntType) and ctype.size == 8:
            self._access("sw", place, (value[0],), volatile)
            self._access("sw", place.plus(4), (value[1],), volatile)
            return
        op = store_op(ctype)
        if op in ("sb", "sh"):
            value = self._without_extension(value, op)
        self._access(op, place, (value,), volatile)

    @staticmethod
    def _without_extension(value: Value, op: str) -> Value:
        """A narrow store ignores the upper bits, so extending them first is lost work."""
        narrow = ("zext8", "sext8", "zext16", "sext16") if op == "sb" else ("zext16", "sext16")
        while value.op in narrow:
            value = value.args[0]
        return value

    # bit-fields: the unit is the declared type's size, at the field's offset

    def load_bits(self, ctype: CType, field: Field, place: Address) -> Scalar:
        unit = self._unit(ctype, place)
        signed = ctype.signed
        if isinstance(unit, tuple):
            left = self.shift("<<", False, unit, 64 - field.width - field.shift)
            return self.shift(">>", signed, left, 64 - field.width)
        left = self.b.emit("sll", (unit, self.b.const(32 - field.width - field.shift)))
        return self.b.emit("sra" if signed else "srl", (left, self.b.const(32 - field.width)))

    def store_bits(self, ctype: CType, field: Field, place: Address, value: Scalar) -> Scalar:
        """Returns the value as the field holds it."""
        b = self.b
        unit = self._unit(ctype, place)
        mask = (1 << field.width) - 1
        if isinstance(unit, tuple):
            hole = ~(mask << field.shift)
            kept = [b.emit("and", (part, b.const(hole >> at))) for part, at in zip(unit, (0, 32), strict=True)]
            clean = [b.emit("and", (part, b.const(mask >> at))) for part, at in zip(value, (0, 32), strict=True)]
            moved = self.shift("<<", False, (clean[0], clean[1]), field.shift)
            merged = tuple(b.emit("or", pair) for pair in zip(kept, moved, strict=True))
            self.store(self._unit_type(ctype), place, merged)
            left = self.shift("<<", False, value, 64 - field.width)
            return self.shift(">>", ctype.signed, left, 64 - field.width)
        kept = b.emit("and", (unit, b.const(~(mask << field.shift))))
        moved = b.emit("sll", (b.emit("and", (value, b.const(mask))), b.const(field.shift)))
        self.store(self._unit_type(ctype), place, b.emit("or", (kept, moved)))
        if ctype.signed:
            left = b.emit("sll", (value, b.const(32 - field.width)))
            return b.emit("sra", (left, b.const(32 - field.width)))
        return b.emit("and", (value, b.const(mask)))

    @staticmethod
    def _unit_type(ctype: IntType) -> IntType:
        unit = IntType(ctype.name, ctype.size, False, 3) if ctype.rank == BOOL.rank else ctype
        return unit.qualified(volatile=ctype.volatile)

    def _unit(self, ctype: CType, place: Address) -> Scalar:
        return self.load(self._unit_type(ctype), place)

    # whole objects

    def copy(self, ctype: CType, target: Address, source: Address) -> None:
        """Copy an object; capabilities keep their tags."""
        size, align = ctype.size, ctype.align
        if size > INLINE_COPY:
            self.call_runtime("memcpy", (self.pointer(target), self.pointer(source), self.b.const(size)), (True,))
            return
        steps = (("clc", "csc", 8), ("lw", "sw", 4), ("lhu", "sh", 2), ("lbu", "sb", 1))
        at = 0
        while at < size:
            load, store, step = next(s for s in steps if s[2] <= align and s[2] <= size - at)
            part = self._access(load, source.plus(at), (), ctype.volatile, load == "clc")
            self._access(store, target.plus(at), (part,), ctype.volatile)
            at += step

    def clear(self, size: int, align: int, target: Address) -> None:
        """Zero an object of known alignment."""
        if size > 2 * INLINE_COPY:
            self.call_runtime("memset", (self.pointer(target), self.b.const(0), self.b.const(size)), (True,))
            return
        at = 0
        while at < size:
            op, step = next(
                s for s in (("csc", 8), ("sw", 4), ("sh", 2), ("sb", 1)) if s[1] <= align and s[1] <= size - at
            )
            zero = self.b.null() if op == "csc" else self.b.const(0)
            self._access(op, target.plus(at), (zero,), False)
            at += step
