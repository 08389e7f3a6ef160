"""What lies where in a linked system: code, functions, objects with names. Addresses end here; logs have none."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

HEAP = "heap"
UNKNOWN = "unknown"
"""What objects are called that have no name of their own, as the golden services call them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The code of a compartment or library: [start, end)."""

    name: str
    start: int
    end: int
    is_library: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """A named range of memory; an address inside is `name+8`, or just `name` without `offsets`."""

    name: str
    start: int
    end: int
    offsets: bool = True


@dataclass
class Places:
    """A linked system as an observer must know it.

    `functions` has the address of each exported function's first instruction, `entries` that of its export entry, both
    as (unit, function). `labels` are the switcher's `observe_*` labels and the scheduler's counters.
    `checks` and `texts` have the functions to which a scenario's unit gives its checks and its texts, and the unit.
    """

    units: tuple[Unit, ...]
    functions: Mapping[int, tuple[str, str]]
    entries: Mapping[int, tuple[str, str]]
    regions: tuple[Region, ...]
    heap: tuple[int, int]
    labels: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[int, str] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ordered = sorted(self.regions, key=lambda region: region.start)
        self._starts = [region.start for region in self._ordered]

    def unit_at(self, pc: int) -> Unit | None:
        return next((unit for unit in self.units if unit.start <= pc < unit.end), None)

    def labelled(self, prefix: str) -> Iterable[int]:
        """The addresses of a label that may occur several times, with suffixes."""
        return [at for name, at in self.labels.items() if name == prefix or name.startswith(f"{prefix}_")]

    def in_heap(self, address: int) -> bool:
        return self.heap[0] <= address < self.heap[1]

    def region_name(self, address: int) -> str:
        """The name of an address outside the heap."""
        index = bisect_right(self._starts, address) - 1
        if index < 0 or address >= self._ordered[index].end:
            return UNKNOWN
        region = self._ordered[index]
        return _with_offset(region.name, address - region.start if region.offsets else 0)


@dataclass
class Names:
    """Names of addresses as a run goes on: heap objects are numbered in the order in which they are made."""

    places: Places
    made: int = 0
    _objects: dict[int, Region] = field(default_factory=dict)

    def create(self, start: int, end: int) -> str:
        """A new heap object; whatever was there is gone."""
        self.made += 1
        for at in [at for at, one in self._objects.items() if one.start < end and start < one.end]:
            del self._objects[at]
        self._objects[start] = Region(f"{HEAP}#{self.made}", start, end)
        return f"{HEAP}#{self.made}"

    def destroy(self, address: int) -> None:
        found = self._find(address)
        if found:
            del self._objects[found.start]

    def of(self, address: int) -> str:
        """`main.word`, `heap#2+8`, `heap` where no object is, `unknown`."""
        if not self.places.in_heap(address):
            return self.places.region_name(address)
        found = self._find(address)
        return _with_offset(found.name, address - found.start) if found else HEAP

    def object_of(self, address: int) -> str:
        """The whole object."""
        return self.of(address).partition("+")[0]

    def _find(self, address: int) -> Region | None:
        return next((one for one in self._objects.values() if one.start <= address < one.end), None)


def _with_offset(name: str, offset: int) -> str:
    return f"{name}+{offset}" if offset else name
