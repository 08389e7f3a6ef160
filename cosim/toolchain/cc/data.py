"""Objects with static storage: constant initialisers to bytes and capability slots, and their assembly text."""

from cosim.toolchain.cc import tree
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.emit import in_code_region
from cosim.toolchain.cc.frame import bounded_layout
from cosim.toolchain.cc.tree import Const, Expr, Global, InitItem
from cosim.toolchain.cc.types import CType, FuncType

BYTES_PER_LINE = 16


class Contents:
    """An object's bytes, and which 8-byte slots start-up code fills with a capability to label + addend."""

    def __init__(self, symbol: Global):
        size = symbol.type.size
        self.data = bytearray(size)
        self.slots: dict[int, tuple[str, int]] = {}
        for item in symbol.init or ():
            self._store(item)

    def _store(self, item: InitItem) -> None:
        ctype, value = item.type, item.value
        if ctype.is_record:
            self._copy(item.offset, ctype, value)
        elif item.field is not None:
            self._store_bits(item)
        elif isinstance(value, Const):
            self._forget_slots(item.offset, ctype.size)
            width = 4 if ctype.is_cap else ctype.size
            raw = (value.value & (1 << 8 * width) - 1).to_bytes(width, "little")
            self.data[item.offset : item.offset + ctype.size] = raw + bytes(ctype.size - width)
        else:
            label, addend = address_constant(value)
            if not ctype.is_cap:
                raise CompileError(
                    value.place, f"an address does not fit '{ctype}' in a static initialiser", "a pointer or uintptr_t"
                )
            self.data[item.offset : item.offset + 8] = bytes(8)
            self.slots[item.offset] = (label, addend)

    def _copy(self, offset: int, ctype: CType, value: Expr) -> None:
        """A record given by a compound literal."""
        if not isinstance(value, tree.GlobalRef) or value.symbol.init is None:
            raise CompileError(value.place, "a static initialiser must be constant", "braces with the members")
        inner = Contents(value.symbol)
        self._forget_slots(offset, ctype.size)
        self.data[offset : offset + ctype.size] = inner.data
        self.slots.update({offset + at: slot for at, slot in inner.slots.items()})

    def _forget_slots(self, offset: int, size: int) -> None:
        for at in [at for at in self.slots if offset <= at < offset + size]:
            del self.slots[at]

    def _store_bits(self, item: InitItem) -> None:
        if not isinstance(item.value, Const):
            raise CompileError(item.value.place, "a static bit-field needs a constant")
        span = slice(item.offset, item.offset + item.type.size)
        mask = (1 << item.field.width) - 1
        unit = int.from_bytes(self.data[span], "little") & ~(mask << item.field.shift)
        unit |= (item.value.value & mask) << item.field.shift
        self.data[span] = unit.to_bytes(item.type.size, "little")


def address_constant(expr: Expr) -> tuple[str, int]:
    """Label and byte offset of an address constant (C11 6.6). Raises CompileError if it is none."""
    if isinstance(expr, tree.Cast) and expr.type.is_cap and expr.value.type.is_cap:
        return address_constant(expr.value)
    if isinstance(expr, tree.AddressOf):
        return _place(expr.lvalue)
    if isinstance(expr, tree.PointerAdd) and isinstance(expr.index, Const):
        label, offset = address_constant(expr.pointer)
        distance = expr.index.value * expr.scale
        return label, offset - distance if expr.subtract else offset + distance
    raise CompileError(expr.place, "a static initialiser must be constant", "an assignment in a function")


def functions_in(symbol: Global) -> list[Global]:
    """Functions whose addresses the object's initialiser holds."""
    found, work = [], [item.value for item in symbol.init or ()]
    while work:
        expr = work.pop()
        if isinstance(expr, tree.GlobalRef):
            if isinstance(expr.type, FuncType):
                found.append(expr.symbol)
            elif expr.symbol.init is not None and expr.symbol.label.startswith(".L"):
                work += [item.value for item in expr.symbol.init]
        elif isinstance(expr, tree.AddressOf):
            work.append(expr.lvalue)
        elif isinstance(expr, tree.Cast):
            work.append(expr.value)
        elif isinstance(expr, tree.PointerAdd):
            work.append(expr.pointer)
        elif isinstance(expr, tree.Member):
            work.append(expr.base)
        elif isinstance(expr, tree.Deref):
            work.append(expr.pointer)
    return found


def _place(lvalue: Expr) -> tuple[str, int]:
    if isinstance(lvalue, tree.GlobalRef):
        return lvalue.symbol.label, 0
    if isinstance(lvalue, tree.Member):
        label, offset = _place(lvalue.base)
        return label, offset + lvalue.offset
    if isinstance(lvalue, tree.Deref):
        return address_constant(lvalue.pointer)
    raise CompileError(lvalue.place, "a static initialiser must be constant", "the address of a static object")


def emit_object(symbol: Global) -> list[str]:
    """Assembly text of one object, aligned and padded so that its bounds can be exact."""
    contents = Contents(symbol)
    ctype = symbol.type
    size = len(contents.data)
    length, align = bounded_layout(max(size, 1))
    align = max(align, ctype.align, symbol.attributes.aligned)
    filled = any(contents.data) or bool(contents.slots)
    section, flags = _section(symbol, filled)
    lines = [f'\t.section\t{section},"{flags}",@{"progbits" if filled or in_code_region(symbol) else "nobits"}']
    if not symbol.static:
        lines.append(f"\t{'.weak' if symbol.attributes.weak else '.globl'}\t{symbol.label}")
    lines += [f"\t.p2align\t{align.bit_length() - 1}", f"\t.type\t{symbol.label}, @object", f"{symbol.label}:"]
    at, zeros = 0, 0
    while at < size:
        if at in contents.slots or contents.data[at]:
            if zeros:
                lines.append(f"\t.zero\t{zeros}")
                zeros = 0
        if at in contents.slots:
            label, addend = contents.slots[at]
            lines.append(f"\t.chericap\t{label}{f'{addend:+d}' if addend else ''}")
            at += 8
        elif contents.data[at]:
            end = at + 1
            while (
                end < size
                and end - at < BYTES_PER_LINE
                and end not in contents.slots
                and any(contents.data[end : end + 4])
            ):
                end += 1
            lines.append("\t.byte\t" + ", ".join(str(byte) for byte in contents.data[at:end]))
            at = end
        else:
            zeros += 1
            at += 1
    zeros += length - size
    if zeros:
        lines.append(f"\t.zero\t{zeros}")
    lines.append(f"\t.size\t{symbol.label}, {length}")
    return lines


def _section(symbol: Global, filled: bool) -> tuple[str, str]:
    name = symbol.label.removeprefix(".L")
    if symbol.attributes.section:
        return symbol.attributes.section, "a" if in_code_region(symbol) else "aw"
    if in_code_region(symbol):
        return f".rodata.{name}", "a"
    return (f".data.{name}" if filled else f".bss.{name}"), "aw"
