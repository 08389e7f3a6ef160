"""The stack zeroiser between a core and a bus that do what they like, against its description; and what it must not do.

Each cycle: what it asks the bus, whose answer it passes on, who has to wait, and what ZTOPC is afterwards.
"""

import random
from dataclasses import dataclass

import pytest

from rtl.core.zeroiser import Zeroiser
from rtos_model.machine.capability import ROOT_MEMORY, ROOT_SEALING, Perm
from rtos_model.machine.value import capability, number
from tests.capabilities import expanded
from tests.mutate import mutant

BASE = 0x2004_0000
LINES = 12
"""Lines of memory that are zeroed or accessed."""
CYCLES = 2500
CORE, ZEROISER = "core", "zeroiser"


def pieces():
    """Capabilities: what starts at every line, and what does not."""
    whole = ROOT_MEMORY.with_address(BASE).with_bounds(8 * LINES, exact=True)
    for line in range(LINES + 1):
        yield whole.with_address(BASE + 8 * line)
    part = ROOT_MEMORY.with_address(BASE + 16).with_bounds(32, exact=True)
    yield from (part.with_address(BASE + 48), part.with_address(BASE + 56), part.with_address(BASE + 8))
    yield whole.with_address(BASE + 36)
    yield ROOT_MEMORY.with_address(BASE + 4).with_bounds(44, exact=True).with_address(BASE + 48)
    yield whole.with_address(BASE + 64).with_permissions(0xFFF & ~Perm.SD)
    yield whole.with_address(BASE + 64).seal(ROOT_SEALING.with_address(12))
    yield whole.with_address(BASE + 64).without_tag()
    yield capability(0)


PIECES = tuple(pieces())


@dataclass
class Description:
    """What is left to do, in lines: from `pointer` down to `base`."""

    running: bool = False
    pointer: int = 0
    base: int = 0
    value: int = 0

    def covers(self, line, splits):
        return self.running and any(self.base <= reached < self.pointer for reached in range(line, line + 1 + splits))

    def stored(self, cap):
        """What a write leaves, and whether it starts."""
        base, top = cap.bounds()
        fits = cap.tag and not cap.sealed and cap.permissions & Perm.SD and base % 8 == cap.address % 8 == 0
        fits = fits and base <= cap.address <= top
        empty = fits and base == cap.address
        return number(cap.without_tag() if empty else cap), bool(fits and not empty)

    def write(self, cap):
        self.value, self.running = self.stored(cap)
        self.pointer, self.base = cap.address // 8, cap.bounds()[0] // 8

    def move(self, lines, ends):
        self.pointer += lines
        self.value = self.value & ~0xFFFF_FFFF | 8 * self.pointer
        if ends:
            self.running, self.value = False, self.value & ~(1 << 64)


def check(simulate, rng, zeroiser=Zeroiser):
    dut = zeroiser()
    model = Description()
    counts = dict.fromkeys(("lines", "ended", "refused", "waited"), 0)

    async def bench(ctx):
        core, bus = dut.core, dut.bus
        under_way, second, using, wanted = None, False, None, None
        for _ in range(CYCLES):
            answered = under_way is not None and rng.random() < 0.6
            failed = answered and rng.random() < 0.1
            ready = rng.random() < 0.7
            if using is None and not second and rng.random() < 0.08:
                using = rng.choice(PIECES)
            stops = using is not None
            if wanted is None and not stops and (second or rng.random() < 0.4):
                wanted = (BASE // 8 + rng.randrange(-1, LINES + 1), rng.random() < 0.3 and not second)
            line, splits = wanted or (BASE // 8 + rng.randrange(LINES), 0)
            mine = rng.getrandbits(64)
            for signal, value in (
                (bus.answered, answered),
                (bus.response.error, failed),
                (bus.ready, ready),
                (dut.stop, stops),
                (dut.keep, second),
                (dut.splits, splits),
                (core.request.line, line),
                (core.request.data, mine),
                (core.request.write, 0),
                (core.request.mask, 0x0F),
            ):
                ctx.set(signal, value)
            covered = model.covers(line, splits)
            assert ctx.get(dut.covers) == covered, f"line {line:#x}, splits {splits}, {model}"
            valid = wanted is not None and (not covered or second) and under_way is not CORE
            counts["waited"] += wanted is not None and covered
            ctx.set(core.valid, valid)
            busy = under_way is ZEROISER
            assert ctx.get(dut.busy) == busy
            writes = stops and not busy
            ctx.set(dut.write, writes)
            if stops:
                ctx.set(dut.wdata.as_value(), expanded(using))
                assert ctx.get(dut.stored.as_value()) & (1 << 65) - 1 == model.stored(using)[0], str(using)

            # The port
            free = under_way is None or answered
            refused = busy and failed
            zeroes = model.running and not (stops or second or valid or refused) and free
            asked = ctx.get(bus.valid)
            assert asked == ((valid and free) or zeroes), model
            accepted = asked and ready
            assert ctx.get(dut.record.step) == (accepted and not valid)
            assert ctx.get(core.answered) == (answered and under_way is CORE)
            if valid:
                assert ctx.get(core.ready) == accepted
            if asked:
                request = [ctx.get(bus.request[name]) for name in ("line", "write", "mask", "data", "tag")]
                assert request == ([line, 0, 0x0F, mine, 0] if valid else [model.pointer - 1, 1, 0xFF, 0, 0])
            await ctx.tick()

            if refused:
                model.move(1, ends=True)
                counts["refused"] += 1
            if accepted and not valid:
                model.move(-1, ends=model.pointer - 1 == model.base)
                counts["lines"] += 1
                counts["ended"] += not model.running
            if writes:
                model.write(using)
                using = None
            if accepted and valid:
                second = splits
                wanted = None
            if accepted or answered:
                under_way = (CORE if valid else ZEROISER) if accepted else None
            assert ctx.get(dut.ztopc.as_value()) & (1 << 65) - 1 == model.value, model

    simulate(dut, bench)
    return counts


def test_whatever_core_and_bus_do(simulate, rng):
    counts = check(simulate, rng)
    print(counts)
    assert min(counts.values()) >= 5


MUTANTS = {
    "the last line is left out": ("refused | (following == base)", "refused | (following - 1 == base)"),
    "one line below the base": ("refused | (following == base)", "refused | (pointer == base)"),
    "starts at the address": ("following.eq(pointer - 1)", "following.eq(pointer)"),
    "the line at the base need not wait": ("+ self.splits >= base", "+ self.splits > base"),
    "the second line need not wait": ("(core.request.line + self.splits >= base)", "(core.request.line >= base)"),
    "all of memory below the address waits": (" & (core.request.line + self.splits >= base)", ""),
    "the line at the address waits": ("core.request.line < pointer", "core.request.line <= pointer"),
    "two requests at a time": ("running & ~self.stop & ~self.keep & free", "running & ~self.stop & ~self.keep"),
    "does not stop to be looked at": ("running & ~self.stop &", "running &"),
    "comes between two halves": ("& ~self.keep & free", "& free"),
    "goes on after a refusal": ("free & ~refused", "free"),
    "a refused line counts": ("Mux(refused, 1, -1)", "Mux(refused, 0, -1)"),
    "a refusal is not noticed": ("step | refused):", "step):"),
    "the core's error ends it": ("refused.eq(self.busy & bus", "refused.eq(bus"),
    "its answer goes to the core": ("core.answered.eq(bus.answered & ~ours)", "core.answered.eq(bus.answered)"),
    "the core goes on over an answer": ("bus.valid.eq(~self.busy | bus.answered)", "bus.valid.eq(1)"),
    "writes half a line": ("bus.request.mask.eq(~0)", "bus.request.mask.eq(15)"),
    "takes sealed ones": ("                & ~wanted.sealed()\n", ""),
    "takes any permission": ('                & grants(wanted.meta.perms, "SD")\n', ""),
    "takes any base": ("                & ~wdata.base[:OFFSET_BITS].any()\n", ""),
    "takes any address": ("                & ~wanted.address[:OFFSET_BITS].any()\n", ""),
    "goes beyond the top": ("                & (wanted.address <= wdata.top)\n", ""),
    "an empty piece starts": ("wanted.address > wdata.base", "wanted.address >= wdata.base"),
    "the end does not show": ("running.eq(0), ztopc.cap.tag.eq(0)", "running.eq(0)"),
    "a write does not stop it": ("running.eq(begins)]", "running.eq(running | begins)]"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_killed(simulate, name):
    wrong = mutant("rtl.core.zeroiser.Zeroiser", ("rtl.core.zeroiser", *MUTANTS[name]))
    with pytest.raises(AssertionError) as failure:
        check(simulate, random.Random(1), wrong)
    print(str(failure.value).splitlines()[0])
