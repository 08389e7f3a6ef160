"""Where everything lies: sections in memory, and the shortest form of every branch that reaches its target.

All forms start short and only ever grow, so repeating until nothing changes ends.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cosim.errors import UserError
from cosim.toolchain.compress import compress
from cosim.toolchain.expression import Expr, Unresolved, is_literal
from cosim.toolchain.objectfile import (
    DISTANCE,
    HIGH,
    LOW,
    Align,
    Bytes,
    Choice,
    Fragment,
    Part,
    Section,
    Skip,
    Spot,
    Target,
)
from cosim.toolchain.relocation import signed32, split_distance
from cosim.toolchain.source import AsmError, Place
from rtl.isa.table import FIELDS, encode
from rtos_model.machine.capability import alignment_mask, representable_length

MAX_PASSES = 1000
FIRST = ".text.start"
"""The section that goes before all other code."""
_MERGED = (".text", ".rodata", ".init_array", ".data", ".bss")


def output_name(name: str) -> str:
    """The section of the image that an object's section becomes part of: `.text.f` goes to `.text`."""
    return next((start for start in _MERGED if name == start or name.startswith(start + ".")), name)


def _rank(section: Section) -> int:
    """Code, constants, globals with contents, globals without."""
    if section.is_code:
        return 0
    if "w" not in section.flags:
        return 1
    return 3 if section.nobits else 2


@dataclass(eq=False)
class Output:
    """A section of the image and the sections of objects in it."""

    name: str
    rank: int
    inputs: list[Section] = field(default_factory=list)
    address: int = 0
    end: int = 0

    @property
    def alignment(self) -> int:
        return max(section.alignment for section in self.inputs)


@dataclass
class Region:
    """Sections that one capability covers: its bounds are representable."""

    name: str
    outputs: list[Output]
    address: int = 0
    end: int = 0


Lookup = Callable[[Section, Expr, Place], int]
"""The value of an expression that stands in a section; raises Unresolved while addresses are unknown."""


class Layout:
    """Addresses of sections and fragments from `base` on. `value` is asked again in every pass.

    Globals follow the code, or start at `globals_base`.
    """

    def __init__(self, sections: list[Section], base: int, globals_base: int | None = None):
        outputs: dict[tuple[int, str], Output] = {}
        for section in sorted(sections, key=lambda s: (_rank(s), s.name != FIRST)):
            if "a" in section.flags:
                key = _rank(section), output_name(section.name)
                outputs.setdefault(key, Output(key[1], key[0])).inputs.append(section)
        self.base, self.globals_base = base, globals_base
        self.outputs = list(outputs.values())
        self.text = Region("text", [output for output in self.outputs if output.rank < 2])
        self.globals = Region("globals", [output for output in self.outputs if output.rank >= 2])
        self.addresses: dict[Fragment, int] = {}
        self.section_addresses: dict[Section, int] = {}
        self.sizes: dict[Fragment, int] = {}
        self.forms: dict[Choice, int] = {}
        self.fixed = False
        """Whether addresses are final; until then expressions may still fail."""

    @property
    def globals_pointer(self) -> int:
        """The middle of the globals, so that most of them are within reach of one instruction; of them as they are
        padded to whole capabilities, for this is where a loader, which knows their padded size, points.
        """
        size = representable_length(-(-(self.globals.end - self.globals.address) // 8) * 8)
        return self.globals.address + (size // 2 & -8)

    def address(self, spot: Spot) -> int:
        """The address of a place; Unresolved before the first pass and in sections that are not loaded."""
        if spot.fragment not in self.addresses:
            raise Unresolved("an address")
        return self.addresses[spot.fragment] + spot.offset

    def settle(self, value: Lookup) -> None:
        """Lay out until every size and address is stable and every branch reaches."""
        for _ in range(MAX_PASSES):
            before = dict(self.addresses)
            self._place_all(value)
            if self.addresses == before and not self._grow(value):
                self.fixed = True
                self._place_all(value)
                return
        raise UserError("the layout does not settle: sizes depend on each other; look at .org, .space and .if")

    def _place_all(self, value: Lookup) -> None:
        address = self.base
        for region in (self.text, self.globals):
            # an empty region lies at the next capability, so that its symbols mean something
            size = region.end - region.address
            alignment = max(8, -alignment_mask(size) & 0xFFFF_FFFF or 8)
            if region is self.globals and self.globals_base is not None:
                start = self.globals_base
            else:
                start = address if region is self.text else -(-address // alignment) * alignment
            region.address = address = start
            for output in region.outputs:
                address = self._place_output(output, address, value)
            length = representable_length(address - start)
            region.end = address = start + max(length, address - start)

    def _place_output(self, output: Output, address: int, value: Lookup) -> int:
        address = -(-address // output.alignment) * output.alignment
        output.address = address
        for section in output.inputs:
            address = -(-address // section.alignment) * section.alignment
            self.section_addresses[section] = address
            for fragment in section.fragments:
                self.addresses[fragment] = address
                self.sizes[fragment] = size = self._size(section, fragment, address, value)
                address += size
        output.end = address
        return address

    def _size(self, section: Section, fragment: Fragment, address: int, value: Lookup) -> int:
        if isinstance(fragment, Bytes):
            return len(fragment.data)
        if isinstance(fragment, Choice):
            return sum(part.size for part in fragment.forms[self.forms.get(fragment, 0)])
        if isinstance(fragment, Align):
            pad = -address % fragment.boundary
            return 0 if fragment.limit is not None and pad > fragment.limit else pad
        return self._skip_size(section, fragment, address, value)

    def _skip_size(self, section: Section, skip: Skip, address: int, value: Lookup) -> int:
        try:
            if skip.count is not None:
                size = value(section, skip.count, skip.place) * skip.unit
            else:
                start = self.section_addresses[section] if is_literal(skip.target) else 0
                size = start + value(section, skip.target, skip.place) - address
        except Unresolved:
            size = 0
        if size < 0 and self.fixed:
            raise AsmError(skip.place, f"cannot go back by {-size} bytes")
        return max(size, 0)

    def _grow(self, value: Lookup) -> bool:
        """Give every branch that does not reach its next form; whether one grew."""
        grew = False
        for output in self.outputs:
            for section in output.inputs:
                for fragment in section.fragments:
                    if isinstance(fragment, Choice) and self.encode(section, fragment, value) is None:
                        self._next_form(section, fragment, value)
                        grew = True
        return grew

    def _next_form(self, section: Section, choice: Choice, value: Lookup) -> None:
        index = self.forms.get(choice, 0) + 1
        if index == len(choice.forms):
            distance = self.distance(section, choice, value)
            if choice.forms[-1][0].size == 2:
                raise AsmError(choice.place, f"the compressed form does not reach a target {distance} bytes away")
            raise AsmError(choice.place, f"the target is {distance} bytes away, which no form of this reaches")
        self.forms[choice] = index

    def distance(self, section: Section, choice: Choice, value: Lookup) -> int:
        """Bytes from the choice, or from the globals pointer, to its target."""
        origin = self.globals_pointer if choice.from_globals_pointer else self.addresses[choice]
        return signed32(value(section, choice.target, choice.place) - origin)

    def encode(self, section: Section, choice: Choice, value: Lookup) -> bytes | None:
        """The bytes of the present form, or None if it does not reach."""
        distance = self.distance(section, choice, value)
        data = b""
        for part in choice.forms[self.forms.get(choice, 0)]:
            piece = _encode_part(part, distance if choice.from_globals_pointer else distance - len(data))
            if piece is None:
                return None
            data += piece
        return data


def _encode_part(part: Part, distance: int) -> bytes | None:
    high, low = split_distance(distance)
    meaning = {DISTANCE: distance, HIGH: high, LOW: low}
    values = [meaning[value] if isinstance(value, Target) else value for value in part.values]
    if any(value not in FIELDS[name].range for name, value in zip(part.row.operands, values, strict=True)):
        return None
    word = encode(part.row, *values)
    if part.size == 4:
        return word.to_bytes(4, "little")
    half = compress(word)
    return None if half is None else half.to_bytes(2, "little")
