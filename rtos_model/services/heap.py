"""Where heap objects lie and what they cost: placement, charge, quarantine (HP-6...HP-14, HP-22, HP-40, HP-46).

Bookkeeping only: no quotas, no waiting; those are the allocator's. Objects are real ranges of model memory, so tag
clearing and use after free are consequences of the memory's revocation bits, not assertions. The bits of every chunk's
header are always set, those of a body while it is in quarantine.
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


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of the heap in use: header, then body; `size` is what it costs."""

    start: int
    size: int

    @property
    def body(self) -> int:
        return self.start + HEADER

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(slots=True)
class Claim:
    """A quota's claims on one object: how many, and the chunk of the record that counts them."""

    count: int
    record: Chunk


@dataclass(eq=False, slots=True)
class HeapObject:
    """A live (or deferred) object; `owner` and the keys of `claims` are the names of quotas."""

    name: str
    chunk: Chunk
    length: int
    owner: str | None
    sealed: bool = False
    claims: dict[str, Claim] = field(default_factory=dict)

    @property
    def start(self) -> int:
        return self.chunk.body

    @property
    def end(self) -> int:
        return self.chunk.end

    @property
    def charge(self) -> int:
        return self.chunk.size

    @property
    def wanted(self) -> bool:
        return self.owner is not None or bool(self.claims)

@dataclass(slots=True)
class Heap:
    """One address-ordered set of free chunks, the live objects, the quarantine."""

    memory: Memory
    start: int
    end: int
    free: list[tuple[int, int]] = field(init=False)  # (start, size), address-ordered, never adjacent
    objects: dict[int, HeapObject] = field(default_factory=dict)  # by body start
    deferred: list[HeapObject] = field(default_factory=list)  # freed, kept alive by hazard slots, oldest first
    quarantine: list[tuple[Chunk, int]] = field(default_factory=list)  # with the epoch, oldest first
    created: int = 0

    def __post_init__(self) -> None:
        self.end -= END_MARKER
        self.free = [(self.start, self.end - self.start)]

    def boot(self) -> None:
        """The memory becomes heap: from now on headers are painted."""
        self._paint(self.start)
        self._paint(self.end)

    @property
    def total(self) -> int:
        return self.end - self.start

    @property
    def free_bytes(self) -> int:
        return sum(size for _, size in self.free)

    @property
    def quarantined_bytes(self) -> int:
        return sum(chunk.size for chunk, _ in self.quarantine)

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

    def carve(self, place: tuple[int, int, int]) -> Chunk:
        """Take what `fit` found out of the free set."""
        free, start, charge = place
        index = next(i for i, (at, _) in enumerate(self.free) if at == free)
        size = self.free[index][1]
        parts = [(free, start - free), (start + charge, free + size - start - charge)]
        self.free[index : index + 1] = [part for part in parts if part[1]]
        for at in (start, start + charge):
            self._paint(at)
        return Chunk(start, charge)

    def make(self, request: int, chunk: Chunk, owner: str, *, sealed: bool = False) -> HeapObject:
        """The object of a carved chunk (HP-9)."""
        length = chunk.size - HEADER
        if memory_exact(chunk.body, length) is None:
            length = usable_size(request)
        self.created += 1
        made = HeapObject(f"heap#{self.created}", chunk, length, owner, sealed)
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
        """HP-22: the object's memory goes to quarantine."""
        del self.objects[gone.start]
        self.retire(gone.chunk, epoch)

    def retire(self, chunk: Chunk, epoch: int) -> None:
        """HP-22: paint, zero, quarantine under `epoch` rounded up to even."""
        self.memory.revoked.update(range(chunk.body // GRANULE, chunk.end // GRANULE))
        self.memory.zero(chunk.body, chunk.end)
        self.quarantine.append((chunk, epoch + epoch % 2))

    def release(self, epoch: int, limit: int | None = None) -> int:
        """HP-40: move up to `limit` finished quarantine chunks to the free set; the number moved."""
        done = [entry for entry in self.quarantine if epoch - entry[1] >= 2][:limit]
        for entry in done:
            chunk = entry[0]
            self.quarantine.remove(entry)
            self.memory.revoked -= set(range(chunk.body // GRANULE, chunk.end // GRANULE))
            self._merge(chunk)
        return len(done)

    def _merge(self, chunk: Chunk) -> None:
        """HP-12, HP-44: into the address-ordered set; headers inside a maximal chunk vanish."""
        merged: list[tuple[int, int]] = []
        for at, length in sorted([*self.free, (chunk.start, chunk.size)]):
            if merged and merged[-1][0] + merged[-1][1] == at:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
                self.memory.revoked.discard(at // GRANULE)
            else:
                merged.append((at, length))
        self.free = merged

    def _paint(self, header: int) -> None:
        self.memory.revoked.add(header // GRANULE)


def memory_exact(start: int, length: int) -> Cap | None:
    """The capability to exactly this range, None if its bounds are not representable."""
    cap = memory_capability(start, length, GLOBAL_PERMISSIONS)
    return cap if cap.tag else None
