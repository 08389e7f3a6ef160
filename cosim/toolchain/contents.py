"""The bytes of every section once addresses are known: fixups, branches, padding, capability records."""

from cosim.toolchain.data_directives import data_bytes
from cosim.toolchain.expression import Unresolved
from cosim.toolchain.objectfile import Align, Bytes, CapabilitySlot, Choice, Fixup, Object, Section, Skip, Spot
from cosim.toolchain.operands import checked
from cosim.toolchain.relocation import HIGH_PART, LOW_PARTS, SIZE, signed32, split_address, split_distance
from cosim.toolchain.source import AsmError
from cosim.toolchain.symbols import CAP_RELOCS, Symbols
from rtl.isa.disassembler import NOP_HALF
from rtl.isa.table import BY_NAME, FIELDS, encode, find

RECORD_BYTES = 20
"""Five words: location, base, offset, length, flags."""
FUNCTION_FLAG = 1 << 31
NOP = encode(BY_NAME["addi"], 0, 0, 0)


def record_section(sections: dict[Section, Object]) -> Section:
    """An empty section with room for a record per capability slot."""
    slots = sum(len(f.slots) for section in sections for f in section.fragments if isinstance(f, Bytes))
    return Section(CAP_RELOCS, "a", False, [Bytes(bytearray(slots * RECORD_BYTES))], 4)


def fill_sections(symbols: Symbols, records: Section) -> dict[Section, bytearray]:
    """Contents of every section of a settled layout; `records` is the section for capability records."""
    data, found = section_contents(symbols)
    data[records][:] = b"".join(found)
    return data


def section_contents(symbols: Symbols) -> tuple[dict[Section, bytearray], list[bytes]]:
    """Contents of every section of a settled layout, and the records of its capability slots."""
    writer = _Writer(symbols)
    data = {section: writer.section(section) for section in symbols.layout.section_addresses if not section.nobits}
    return data, writer.records


class _Writer:
    def __init__(self, symbols: Symbols):
        self.symbols, self.layout = symbols, symbols.layout
        self.records: list[bytes] = []
        self.high_parts = {
            self.layout.addresses[fragment] + fixup.offset: self._distance(section, fragment, fixup)
            for section in self.layout.section_addresses
            for fragment in section.fragments
            if isinstance(fragment, Bytes)
            for fixup in fragment.fixups
            if fixup.modifier == HIGH_PART
        }
        """Address of an instruction that holds a high part to the whole distance."""

    def _value(self, section: Section, fixup: Fixup) -> int:
        try:
            return self.symbols.value(section, fixup.expr, fixup.place)
        except Unresolved as missing:
            raise AsmError(fixup.place, f"cannot be computed: {missing} does not lie in memory") from None

    def _distance(self, section: Section, fragment: Bytes, fixup: Fixup) -> int:
        """From pc or the globals pointer, whichever the instruction adds to."""
        word = int.from_bytes(fragment.data[fixup.offset : fixup.offset + 4], "little")
        by_pc = find(word).name == "auipcc"
        origin = self.layout.addresses[fragment] + fixup.offset if by_pc else self.layout.globals_pointer
        return signed32(self._value(section, fixup) - origin)

    def section(self, section: Section) -> bytearray:
        data = bytearray()
        for fragment in section.fragments:
            size = self.layout.sizes[fragment]
            if isinstance(fragment, Bytes):
                data += self._bytes(section, fragment)
            elif isinstance(fragment, Choice):
                data += self.layout.encode(section, fragment, self.symbols.value)
            elif isinstance(fragment, Align):
                data += nops(size) if fragment.fill is None else bytes([fragment.fill & 0xFF]) * size
            elif isinstance(fragment, Skip) and size:
                unit = data_bytes(fragment.value & (1 << fragment.unit * 8) - 1, fragment.unit, fragment.place)
                data += unit * (size // fragment.unit)
        return data

    def _bytes(self, section: Section, fragment: Bytes) -> bytearray:
        data = bytearray(fragment.data)
        for fixup in fragment.fixups:
            at = slice(fixup.offset, fixup.offset + fixup.size)
            if fixup.field is None:
                data[at] = data_bytes(self._value(section, fixup), fixup.size, fixup.place)
                continue
            value = checked(fixup.field, self._field_value(section, fragment, fixup), fixup.place)
            word = int.from_bytes(data[at], "little") | FIELDS[fixup.field].insert(value)
            data[at] = word.to_bytes(fixup.size, "little")
        self.records += [self._record(section, fragment, slot) for slot in fragment.slots]
        return data

    def _field_value(self, section: Section, fragment: Bytes, fixup: Fixup) -> int:
        if fixup.modifier == HIGH_PART:
            return split_distance(self.high_parts[self.layout.addresses[fragment] + fixup.offset])[0]
        if fixup.modifier == SIZE:
            return self._size_of(section, fixup)
        value = self._value(section, fixup)
        if fixup.modifier in LOW_PARTS:
            distance = self.high_parts.get(value)
            if distance is None:
                region = self.layout.globals
                if not region.address <= value < region.end:
                    raise AsmError(
                        fixup.place,
                        f"{fixup.modifier} names neither an instruction with {HIGH_PART} nor something in the globals",
                    )
                distance = signed32(value - self.layout.globals_pointer)
            return split_distance(distance)[1]
        if fixup.modifier in ("%hi", "%lo"):
            return split_address(value)[fixup.modifier == "%lo"]
        return value

    def _size_of(self, section: Section, fixup: Fixup) -> int:
        name = getattr(fixup.expr, "name", None)
        if name is None:
            raise AsmError(fixup.place, f"{SIZE} takes a symbol")
        found = self.symbols.definition(self.symbols.homes[section], name, fixup.place)
        if found is None or found[1].size is None:
            raise AsmError(fixup.place, f'the size of "{name}" is not known; give it with .size')
        return self.symbols.size(*found)

    def _record(self, section: Section, fragment: Bytes, slot: CapabilitySlot) -> bytes:
        obj = self.symbols.homes[section]
        found = self.symbols.definition(obj, slot.symbol, slot.place)
        base = self.symbols.address(obj, slot.symbol, slot.place)
        size = self.symbols.size(*found) if found else 0
        spot = found[1].value if found else None
        is_function = isinstance(spot, Spot) and spot.section.is_code
        location = self.layout.addresses[fragment] + slot.offset
        words = (location, base, slot.addend & 0xFFFF_FFFF, size, FUNCTION_FLAG if is_function else 0)
        return b"".join(word.to_bytes(4, "little") for word in words)


def nops(size: int) -> bytes:
    """No-ops; an odd byte first is zero, for it can only follow data."""
    odd, half = bytes(size % 2), NOP_HALF.to_bytes(2, "little") * (size % 4 // 2)
    return odd + half + NOP.to_bytes(4, "little") * (size // 4)
