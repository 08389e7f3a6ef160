"""Where heap objects lie and what they cost: placement, charge, quarantine (HP-6...HP-14, HP-22, HP-40).

Bookkeeping only: no quotas, no waiting; those are the allocator's. Objects are real ranges of model memory, so tag
clearing and use after free are consequences of the memory's revocation bits, not assertions.
"""

from dataclasses import dataclass, field

from rtos_model.machine.capability import Cap, alignment_mask, representable_length
from rtos_model.services.loader import memory_capability
from rtos_model.services.memory import GRANULE, Memory
from rtos_model.services.pointers import GLOBAL_PERMISSIONS

HEADER = 8
SMALLEST = 16
END_MARKER = 8


def usable_size(request: int) -> int:
    """HP-6: u, 0 when the request is 0 or wraps."""
    rounded = representable_length(request) & 0xFFFF_FFFF
    return (rounded + 7) & ~7 & 0xFFFF_FFFF


def chunk_size(usable: int) -> int:
    """HP-7: n."""
    return max(SMALLEST, usable + HEADER)


def body_alignment(request: int) -> int:
    return max(GRANULE, (~alignment_mask(request) & 0xFFFF_FFFF) + 1)


@dataclass(eq=False, slots=True)
class HeapObject:
    """A live (or deferred) object; `owner` and the keys of `claims` are quota identities."""

    name: str
    chunk: int
    charge: int
    length: int
    owner: str | None
    sealed: bool = False
    claims: dict[str, int] = field(default_factory=dict)

    @property
    def start(self) -> int:
        return self.chunk + HEADER

    @property
    def end(self) -> int:
        return self.chunk + self.charge


@dataclass(slots=True)
class Heap:
    """One address-ordered set of free chunks, the live objects, the quarantine."""

    memory: Memory
    start: int
    end: int
    free: list[tuple[int, int]] = field(init=False)  # (start, size), address-ordered, never adjacent
    objects: dict[int, HeapObject] = field(default_factory=dict)  # by body start
    quarantine: list[tuple[int, int, int]] = field(default_factory=list)  # (start, size, epoch), oldest first
    created: int = 0

    def __post_init__(self) -> None:
        self.end -= END_MARKER
        self.free = [(self.start, self.end - self.start)]

    @property
    def total(self) -> int:
        return self.end - self.start

    @property
    def free_bytes(self) -> int:
        return sum(size for _, size in self.free)

    @property
    def quarantined_bytes(self) -> int:
        return sum(size for _, size, _ in self.quarantine)

    def fit(self, request: int) -> tuple[int, int, int] | None:
        """HP-12, HP-13: (free chunk, chunk start, charge) of the object a request would become, None if none fits."""
        need = chunk_size(usable_size(request))
        align = body_alignment(request)
        search = need if align <= GRANULE else ((need + align + SMALLEST + 7) & ~7) + 8
        fitting = [(size, start) for start, size in self.free if size >= search]
        if not fitting:
            return None
        size, free = min(fitting)
        start = free
        if align > GRANULE:
            start = ((free + HEADER + align - 1) & -align) - HEADER
            if 0 < start - free < SMALLEST:
                start += align
        rest = size - (start - free) - need
        return free, start, need + (rest if rest < SMALLEST else 0)

    def carve(self, request: int, place: tuple[int, int, int], owner: str, *, sealed: bool = False) -> HeapObject:
        """Turn a fit into an object (HP-9)."""
        free, start, charge = place
        index = next(i for i, (at, _) in enumerate(self.free) if at == free)
        size = self.free[index][1]
        parts = [(free, start - free), (start + charge, free + size - start - charge)]
        self.free[index : index + 1] = [part for part in parts if part[1]]
        length = charge - HEADER
        if memory_exact(start + HEADER, length) is None:
            length = usable_size(request)
        self.created += 1
        made = HeapObject(f"heap#{self.created}", start, charge, length, owner, sealed)
        self.objects[made.start] = made
        return made

    def pointer(self, made: HeapObject) -> Cap:
        return memory_capability(made.start, made.length, GLOBAL_PERMISSIONS)

    def find(self, address: int) -> HeapObject | None:
        """The live object whose body contains an address."""
        return next((o for o in self.objects.values() if o.start <= address < o.end), None)

    def name_of(self, address: int) -> str | None:
        found = self.find(address)
        if found is None:
            return None
        offset = address - found.start
        return f"{found.name}+{offset}" if offset else found.name

    def destroy(self, gone: HeapObject, epoch: int) -> None:
        """HP-22: paint, zero, quarantine under `epoch` rounded up to even."""
        del self.objects[gone.start]
        self.memory.revoked.update(range(gone.start // GRANULE, gone.end // GRANULE))
        self.memory.zero(gone.start, gone.end)
        self.quarantine.append((gone.chunk, gone.charge, epoch + epoch % 2))

    def release(self, epoch: int, limit: int | None = None) -> int:
        """HP-40: move up to `limit` finished quarantine chunks to the free set; the number moved."""
        done = [entry for entry in self.quarantine if epoch - entry[2] >= 2][:limit]
        for start, size, mark in done:
            self.quarantine.remove((start, size, mark))
            self.memory.revoked -= set(range(start // GRANULE, (start + size) // GRANULE))
            self._merge(start, size)
        return len(done)

    def _merge(self, start: int, size: int) -> None:
        merged: list[tuple[int, int]] = []
        for at, length in sorted([*self.free, (start, size)]):
            if merged and merged[-1][0] + merged[-1][1] == at:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
            else:
                merged.append((at, length))
        self.free = merged


def memory_exact(start: int, length: int) -> Cap | None:
    """The capability to exactly this range, None if its bounds are not representable."""
    cap = memory_capability(start, length, GLOBAL_PERMISSIONS)
    return cap if cap.tag else None
