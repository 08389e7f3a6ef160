"""Drives the revoker where it lives: behind the data port of an `Uncore`, with the test in the core's place."""

from dataclasses import dataclass, field

from rtl.bus.port import LINE
from rtl.config import KIB, CoreConfig, HeapConfig, Region, SocConfig
from rtl.revoker.regs import END, EPOCH, FAILED, GO, START
from rtl.revoker.sweep import RECORD_LAG
from rtl.soc.uncore import Uncore
from rtos_model.machine.capability import Cap, Perm

BASE, BITMAP, REVOKER = 0x2004_0000, 0x200F_E000, 0x1400_0000
TAG = 1 << 64
WORDS = TAG - 1
LIMIT = 32
"""Cycles that a granule may take, whatever the core does."""


def tiny(lines: int, **changes) -> SocConfig:
    """A system with so many lines of RAM, the smallest heap and a revoker."""
    ram = Region(base=BASE, size=lines * LINE)
    heap = HeapConfig(base=BASE, size=16 * KIB, bitmap=BITMAP)
    core = CoreConfig(boot_address=BASE)
    return SocConfig(name="tiny", core=core, ram=ram, heap=heap, entry=BASE, revoker=REVOKER, **changes)


@dataclass
class Access:
    """One request as the core makes it; `mask` and `value` (with tag in bit 64) matter to stores only."""

    address: int
    write: bool = False
    mask: int = 0xFF
    value: int = 0


@dataclass
class Log:
    """What happened in which cycle: (cycle, what), in order."""

    accesses: list = field(default_factory=list)
    """What is the access and its answer: value and tag, or None for an error."""
    steps: list = field(default_factory=list)
    """What is the granule number and whether its tag was cleared; the cycle is that of the decision."""
    finishes: list = field(default_factory=list)
    held: list = field(default_factory=list)


class Bench:
    """`port` yields what the core does: in each cycle an Access, made until it is accepted, or None for nothing."""

    def __init__(self, dut: Uncore):
        self.dut = dut
        self.log = Log()
        self.cycle = 0

    async def run(self, ctx, port, *, after: int = 10):
        """Run `port` to its end, and so many cycles more."""
        dut, log = self.dut, self.log
        data, sweep = dut.data, dut.sweep
        answer_to = access = None
        left, over = after, False
        ctx.set(data.valid, 0)
        while not ctx.get(dut.bitmap.ready) or not all(ctx.get(memory.ready) for memory in dut.memories.values()):
            await ctx.tick()
        while left:
            if access is None and not over:
                try:
                    access = next(port)
                except StopIteration:
                    over = True
            left -= over
            ctx.set(data.valid, access is not None)
            if access is not None:
                ctx.set(data.request.line, access.address // LINE)
                ctx.set(data.request.write, access.write)
                ctx.set(data.request.mask, access.mask)
                ctx.set(data.request.data, access.value & WORDS)
                ctx.set(data.request.tag, access.value >> 64)
            accepted = access is not None and ctx.get(data.ready)
            if access is not None and not accepted:
                log.held.append(self.cycle)
            assert ctx.get(data.answered) == (answer_to is not None)
            if answer_to is not None:
                failed = ctx.get(data.response.error)
                value = ctx.get(data.response.data) | ctx.get(data.response.tag) << 64
                log.accesses.append((self.cycle - 1, answer_to, None if failed else value))
            if ctx.get(sweep.step):
                step = ctx.get(sweep.granule), ctx.get(sweep.cleared)
                log.steps.append((self.cycle - RECORD_LAG, step))
            if ctx.get(sweep.finished):
                log.finishes.append((self.cycle, None))
            answer_to = access if accepted else None
            if accepted or access is None:
                access = None
            await ctx.tick()
            self.cycle += 1


def store(address, value, mask=0xFF):
    return Access(address, True, mask, value)


def word_store(address, value):
    """A 32-bit store, as to a device."""
    at = address % LINE
    return Access(address, True, 0xF << at, value << 8 * at)


def sweep(start, end):
    """The stores that start a sweep."""
    yield word_store(REVOKER + START, start)
    yield word_store(REVOKER + END, end)
    yield word_store(REVOKER + GO, 1)


def paint(granule_address, value=1):
    """A store of one byte of the bitmap: that of the address, all other bits of it clear."""
    bit = (granule_address - BASE) // LINE
    at = BITMAP + bit // 8
    return Access(at, True, 1 << at % LINE, (value << bit % 8) << 8 * (at % LINE))


def epoch_read():
    return Access(REVOKER + EPOCH, False, 0xF0)


def failed_read():
    return Access(REVOKER + FAILED, False, 0x0F)


class Reference:
    """Memory, bitmap and revoker by the rules alone: one granule at a time, each in one instant."""

    def __init__(self, dut: Uncore):
        self.config = dut.config
        self.lines: dict[int, int] = {}
        self.bitmap = bytearray(self.config.heap.bitmap_bytes)
        self.start = self.end = self.epoch = 0
        self.todo = range(0)
        self.failed = False
        self.since = 0
        """The cycle in which the last granule was decided, or the sweep started."""

    def painted(self, address):
        index = address - self.config.heap.base >> 3
        return 0 <= index < len(self.bitmap) * 8 and bool(self.bitmap[index // 8] >> index % 8 & 1)

    def stale(self, value):
        if not value & TAG:
            return False
        cap = Cap.from_words(True, value >> 32 & 0xFFFF_FFFF, value & 0xFFFF_FFFF)
        return not cap.permissions & (Perm.SE | Perm.US | Perm.U0) and self.painted(cap.bounds()[0])

    def in_ram(self, address):
        return any(address in region for region in (self.config.ram, self.config.data_ram) if region)

    def access(self, access, answer):
        """One access of the core, and what it must be answered; None for an error."""
        line = access.address // LINE * LINE
        bits = sum(0xFF << 8 * i for i in range(LINE) if access.mask >> i & 1)
        if self.in_ram(line):
            old = self.lines.get(line, 0)
            if access.write:
                self.lines[line] = old & WORDS & ~bits | access.value & bits | access.value & TAG
            else:
                assert answer == old, f"line {line:#x} is {answer:#x}, should be {old:#x}"
        elif BITMAP <= line < BITMAP + len(self.bitmap):
            at = line - BITMAP
            old = int.from_bytes(self.bitmap[at : at + LINE], "little")
            if access.write:
                new = old & ~bits | access.value & bits
                self.bitmap[at : at + LINE] = new.to_bytes(LINE, "little")
            else:
                assert answer == old
        elif line == REVOKER + START and access.write:
            start_mask, end_mask = bits & 0xFFFF_FFFF, bits >> 32
            self.start = self.start & ~start_mask | access.value & start_mask
            self.end = self.end & ~end_mask | access.value >> 32 & end_mask
        elif line == REVOKER + GO and access.write and access.mask & 0xF and not self.epoch & 1:
            self.epoch += 1 if self.start < self.end else 2
            self.failed = False
            self.todo = range(self.start & -LINE, self.end, LINE) if self.start < self.end else range(0)
            self.since = self.cycle
        elif line == REVOKER + GO and not access.write and access.mask & 0xF0:
            assert answer >> 32 == self.epoch % (1 << 32), f"epoch {answer >> 32}, should be {self.epoch}"
        elif line == REVOKER + FAILED and not access.write:
            assert answer == self.failed, f"failed is {answer}, should be {self.failed}"
        elif not REVOKER <= line < REVOKER + 0x1000:
            assert answer is None

    def step(self, granule, cleared):
        address = granule * LINE
        assert self.epoch & 1, f"step at {address:#x} while no sweep is running"
        assert self.todo and address == self.todo[0], f"step at {address:#x}, next is {self.todo}"
        assert self.cycle - self.since <= LIMIT, f"{address:#x} took {self.cycle - self.since} cycles"
        self.todo, self.since = self.todo[1:], self.cycle
        value = self.lines.get(address, 0)
        assert bool(cleared) == self.stale(value), f"{address:#x} holds {value:#x}: cleared is {cleared}"
        self.failed |= not self.in_ram(address)
        if cleared:
            self.lines[address] = value & WORDS

    def finish(self):
        assert not self.todo
        if self.epoch & 1:
            self.epoch += 1

    def replay(self, log):
        """All that is in a log, in the order of the cycles."""
        rank = {"access": 0, "step": 1, "finish": 2}
        events = [(cycle, rank["access"], (access, answer)) for cycle, access, answer in log.accesses]
        events += [(cycle, rank["step"], step) for cycle, step in log.steps]
        events += [(cycle, rank["finish"], ()) for cycle, _ in log.finishes]
        handlers = {0: self.access, 1: self.step, 2: self.finish}
        for cycle, kind, what in sorted(events, key=lambda event: event[:2]):
            self.cycle = cycle
            try:
                handlers[kind](*what)
            except AssertionError as error:
                raise AssertionError(f"cycle {cycle}: {error}") from None


def follow(simulate, port, *, uncore=Uncore, lines=64, after=10, **changes):
    """Let a port play against an `Uncore`; returns the log and the reference, which has agreed with it."""
    dut = uncore(tiny(lines, **changes))
    bench = Bench(dut)

    async def play(ctx):
        await bench.run(ctx, port, after=after)

    simulate(dut, play)
    reference = Reference(dut)
    reference.replay(bench.log)
    assert not reference.epoch & 1, "the sweep has not ended"
    return bench.log, reference
