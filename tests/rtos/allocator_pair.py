"""The allocator in C beside the golden model: calls of both, and what must then be the same."""

from dataclasses import dataclass

from rtos_model.machine.capability import NULL, Cap, Perm
from rtos_model.services import events as model_events
from rtos_model.services.errors import Errno
from rtos_model.services.image import Compartment, Export, RevokerKind, SealedImport, Thread, quota
from rtos_model.services.pointers import Value, as_cap, bits64, digest
from rtos_model.services.registry import ENTRIES, link
from rtos_model.services.scheduler import NEVER
from rtos_model.services.session import Session
from tests.rtos.allocator_bench import ALLOCATOR, HEAP, STACK, STACK_SIZE, STACKED, Bench, memory

QUOTAS = {"one": 3000, "two": 1500}
ACTIONS = ("freed", "deferred-hazard", "owner-dropped", "claim-dropped", "refused")
UNLIMITED = 0xFFFF_FFFF
CYCLES_PER_TICK = 10_000


def model(quotas: dict[str, int], heap_size: int, kind: RevokerKind) -> Session:
    program = {"main.entry": lambda ctx: None, "main.nothing": ()}
    main = Compartment(
        name="main",
        exports=(Export(name="entry"), Export(name="nothing")),
        imports=tuple(SealedImport(sealed=name) for name in quotas),
    )
    image = link(
        compartments=[main],
        threads=[
            Thread(name="T", compartment="main", entry="entry", priority=2, stack=8192),
            Thread(name="Z", compartment="main", entry="nothing", priority=1),
        ],
        program=program,
        sealed_objects=tuple(quota(name, size) for name, size in quotas.items()),
        heap_size=heap_size,
        revoker=kind,
    )
    return Session(image=image, program={"main.nothing": ()})


@dataclass(frozen=True)
class Both:
    """A value as the model and as the firmware has it."""

    model: Value
    real: Cap | int


class Scheduler:
    """What the firmware's single thread sees of the scheduler: waiting lets a sweep end, then time run out."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.word = bench.take(4)
        self.now = 0
        bench.answer = self

    def __call__(self, entry: str, arguments: list[Cap]) -> Cap | int:
        t, address, expected = arguments[0], arguments[1], arguments[2].address
        match entry:
            case "futex_wake":
                return 0
            case "interrupt_futex_get":
                return self.word.with_permissions(Perm.GL | Perm.LD)
            case "futex_timed_wait":
                assert address.tag and address.permissions == Perm.LD
                return self._wait(t, address.address, expected)
            case "thread_sleep":  # ends early, since nobody else is ready
                self.bench.finish_sweep()
                return 0
        raise AssertionError(entry)

    def _wait(self, t: Cap, address: int, expected: int) -> int:
        if self.bench.read(address) != expected:
            return 0
        if not self._may_block(t):
            return -Errno.ETIMEDOUT
        if self.bench.finish_sweep() and self.bench.revoker.enable:
            self.bench.write(self.word.address, self.bench.read(self.word.address) + 1)
            if address == self.word.address:
                return 0
        self._elapse(t)
        return -Errno.ETIMEDOUT

    def _may_block(self, t: Cap) -> bool:
        if t.tag:
            return self.bench.read(t.address + 4) > 0
        return bits64(t) > self.now

    def _elapse(self, t: Cap) -> None:
        """The whole limit passes."""
        if not t.tag:
            assert bits64(t) != NEVER, "the thread waits for ever"
            self._set_time(bits64(t) + 1)
            return
        left = self.bench.read(t.address + 4)
        assert left != UNLIMITED, "the thread waits for ever"
        self._set_time(self.now + left * CYCLES_PER_TICK + 1)
        self.bench.write(t.address, min(self.bench.read(t.address) + left, UNLIMITED))
        self.bench.write(t.address + 4, 0)

    def _set_time(self, now: int) -> None:
        self.now = now
        self.bench.write(self.bench.time.address, now & UNLIMITED)
        self.bench.write(self.bench.time.address + 4, now >> 32)


class Pair:
    """The two systems side by side. `call` raises AssertionError where they differ."""

    def __init__(
        self, *, heap_size: int = 4096, kind: RevokerKind = RevokerKind.INTERRUPT, quotas=QUOTAS, folder=ALLOCATOR
    ):
        self.session = model(quotas, heap_size, kind)
        self.bench = Bench(quotas, heap_size=heap_size, kind=kind.name, folder=folder)
        Scheduler(self.bench)
        self.heap = self.session.kernel.heap
        self.seen = len(self.session.kernel.log)
        self.objects: dict[str, int] = {}

    # ---------------------------------------------------------------------- arguments

    def handle(self, name: str, bits: int = 7) -> Both:
        handle = Both(self.session.ctx.imported(name), self.bench.quotas[name])
        return self.call("token_permissions_and", handle, Both(bits, bits))

    def limit(self, ticks: int) -> Both:
        real = memory(STACK, STACK_SIZE, STACKED).with_address(STACK + STACK_SIZE - 64).with_bounds(8)
        self.bench.write(real.address, 0)
        self.bench.write(real.address + 4, ticks)
        return Both(self.session.ctx.timeout(ticks), real)

    def number(self, value: int) -> Both:
        return Both(value, value)

    def stack(self) -> Both:
        """The caller's whole stack, in which the callee's lies."""
        return Both(self.session.ctx.stack, memory(STACK, STACK_SIZE, STACKED).with_address(STACK + STACK_SIZE - 128))

    def out(self) -> Both:
        real = memory(STACK, STACK_SIZE, STACKED).with_address(STACK + STACK_SIZE - 32).with_bounds(8)
        return Both(self.session.buffer(8), real)

    def loaded(self, out: Both) -> Both:
        return self.checked(Both(self.session.ctx.load_cap(out.model), self.bench.read_cap(out.real.address)))

    def filtered(self, one: Both) -> Both:
        return Both(self.session.kernel.memory.filtered(as_cap(one.model)), self.bench.filtered(as_cap(one.real)))

    def protect(self, slot: int, one: Both) -> None:
        """Put a pointer into one of the other thread's hazard slots."""
        slots = self.session.kernel.loaded.hazard_slots(2)
        self.session.kernel.memory.poke_cap(slots.address + 8 * slot, as_cap(one.model))
        self.bench.write_cap(self.bench.hazards.address + 16 + 8 * slot, as_cap(one.real))

    def fill(self, one: Both) -> None:
        """Write to every word of an object."""
        base, top = one.model.bounds()
        for at in range(0, top - base, 4):
            self.session.ctx.store(one.model, 0xA5A5_A5A5, at)
            self.bench.write(one.real.address + at, 0xA5A5_A5A5)

    # ---------------------------------------------------------------------- comparing

    def offset(self, address: int) -> int | None:
        """Of an address in the model's heap."""
        return address - self.heap.start if self.heap.start <= address < self.heap.end + 8 else None

    def checked(self, one: Both) -> Both:
        """Both the same: digest, and place in the heap."""
        assert digest(one.model) == digest(one.real)
        if isinstance(one.model, Cap) and one.model.tag:
            place = self.offset(one.model.bounds()[0])
            if place is not None:
                assert one.real.bounds()[0] - HEAP == place
        return one

    def call(self, name: str, *arguments: Both) -> Both:
        sp = self.session.ctx.sp
        expected = as_cap(self.session.call(name, *(one.model for one in arguments)))
        self.session.ctx.sp = sp
        if not ENTRIES[name].is_library:
            for at in range(0, 16, 8):
                self.bench.write_cap(self.bench.hazards.address + at, NULL)
        result = Both(expected, self.bench.call(name, *(one.real for one in arguments)))
        self.checked(result)
        self._compare_events()
        self.compare()
        return result

    def _compare_events(self) -> None:
        log, self.seen = self.session.kernel.log[self.seen :], len(self.session.kernel.log)
        records, self.bench.events.records = self.bench.events.records, []
        watched = (model_events.Alloc, model_events.Free, model_events.Claim, model_events.SealKey)
        assert [self._event(one) for one in log if isinstance(one, watched)] == [self._record(one) for one in records]

    def _event(self, event) -> tuple:
        match event:
            case model_events.Alloc(quota=name, size=size, charge=charge, result=result):
                if isinstance(result, str):
                    made = next((one for one in self.heap.objects.values() if one.name == result), None)
                    self.objects[result] = made.start - self.heap.start
                    result = self.objects[result]
                return "ALLOC", name, size & UNLIMITED, charge, result
            case model_events.Free(quota=name, object=found, action=action):
                return "FREE", name, self.objects.get(found), action
            case model_events.Claim(quota=name, object=found, count=count):
                return "CLAIM", name, self.objects[found], count
            case model_events.SealKey(ordinal=ordinal):
                return "SEALKEY", ordinal

    def _record(self, record: tuple[int, list[int]]) -> tuple:
        code, slots = record
        if code == 7:
            return "SEALKEY", slots[0]
        name = next((n for n, body in self.bench.bodies.items() if slots[0] == body), "?")
        place = slots[1] - HEAP if slots[1] else None
        if code == 4:
            result = slots[3]
            inside = HEAP <= result < HEAP + self.bench.heap_size
            return "ALLOC", name, slots[1], slots[2], result - HEAP if inside else result - (1 << 32)
        if code == 5:
            return "FREE", name, self._object(place), ACTIONS[slots[2]]
        return "CLAIM", name, self._object(place), slots[2]

    def _object(self, place: int | None) -> int | None:
        if place is None:
            return None
        return max((at for at in self.objects.values() if at <= place), default=None)

    def compare(self) -> None:
        """The whole state: what is free, what waits, what is painted and zero, who owes what."""
        bench, heap = self.bench, self.heap
        if not bench.read(bench.symbols["heap"]):
            return
        chunks = self.chunks()
        free = [(at, size) for at, size, kind in chunks if kind == 1]
        assert free == [(start - heap.start, size) for start, size in heap.free]
        waiting = sorted((at, size) for at, size, kind in chunks if kind == 5)
        assert waiting == sorted((chunk.start - heap.start, chunk.size) for chunk, _ in heap.quarantine)
        objects = sorted((at, size) for at, size, kind in chunks if kind in (2, 3))
        assert objects == sorted((one.chunk.start - heap.start, one.charge) for one in heap.objects.values())
        first = heap.start // 8
        expected = {
            granule - first for granule in heap.memory.revoked if first < granule < first + bench.heap_size // 8
        }
        assert bench.painted_granules() == expected
        ram = bench.machine.memory.blocks["ram"]
        for at, size in free:
            first = HEAP + at - ram.base >> 3
            assert not any(ram.lines[first + 1 : first + size // 8])
        for name, body in bench.bodies.items():
            handle = self.session.ctx.imported(name)
            assert bench.read(body) == self.session.kernel.memory.load(handle_body(self.session, handle))
        assert bench.read(bench.symbols["lock"]) == 0
        assert bench.revoker.epoch == self.session.kernel.revoker.epoch
        epoch = self.session.kernel.loaded.shared["allocator_epoch"]
        assert bench.read(bench.epoch_word.address) & 1 << 16 == self.session.kernel.memory.load(epoch) & 1 << 16

    def chunks(self) -> list[tuple[int, int, int]]:
        """(offset, bytes, kind) of every chunk of the firmware's heap."""
        found, at = [], 0
        while at < self.bench.heap_size - 8:
            header = self.bench.read(HEAP + at)
            size = (header & 0xFFFF) * 8
            assert size
            found.append((at, size, header >> 16 & 0xFF))
            at += size
        assert at == self.bench.heap_size - 8
        return found


def handle_body(session: Session, handle: Cap) -> Cap:
    key = session.kernel.loaded.keys["allocator", "MallocKey"]
    return ENTRIES["token_obj_unseal"].run(session.ctx, key, handle)
