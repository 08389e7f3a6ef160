"""Register allocation: linear scan over intervals with splitting (Wimmer and Mössenböck, 2005; on SSA form, 2010).

A value that does not stay in a register is written to its stack slot once, where it is defined.
"""

from __future__ import annotations

from bisect import bisect_left
from heapq import heapify, heappop, heappush

from cosim.toolchain.cc.intervals import INFINITY, Interval, Liveness
from cosim.toolchain.cc.machine import (
    ARGUMENTS,
    CALL_TARGET,
    CALLEE_SAVED,
    CALLER_SAVED,
    RA,
    REGISTER_NAMES,
    STACK_AREA,
    Code,
    alias,
)


class Allocation:
    """Gives every interval a register or leaves it in memory."""

    def __init__(self, code: Code, liveness: Liveness):
        self.code, self.live = code, liveness
        self.order = (*CALLER_SAVED, *((RA,) if code.makes_calls else ()), *CALLEE_SAVED)
        self.caller_saved = frozenset(self.order) - frozenset(CALLEE_SAVED)
        self.asm_clobbers = [(position, self._clobbered(ins)) for position, ins in liveness.asms]
        self.used_callee_saved = {reg for _, regs in self.asm_clobbers for reg in regs if reg in CALLEE_SAVED}
        self.call_positions = frozenset(liveness.calls)
        self.active: list[Interval] = []
        self.inactive: list[Interval] = []
        self._hint()
        self.queue = [(item.start, item.vreg, item) for item in liveness.intervals.values()]
        heapify(self.queue)
        self._serial = max((item.vreg for item in liveness.intervals.values()), default=0)
        while self.queue:
            self._place(heappop(self.queue)[2])

    @staticmethod
    def _clobbered(ins) -> frozenset[int]:
        names = [name.lower().removeprefix("c") for name in ins.imm.clobbers]
        return frozenset(REGISTER_NAMES.index(name) for name in names if name in REGISTER_NAMES)

    # hints: registers and intervals a value would like to share a register with

    def _hint(self) -> None:
        intervals, function = self.live.intervals, self.code.function

        def link(vreg: int, hint) -> None:
            if vreg in intervals:
                intervals[vreg].hints.append(hint)

        for at, param in enumerate(function.params):
            link(param.id, ARGUMENTS[at])
        if function.stack_area is not None:
            link(function.stack_area.id, STACK_AREA)
        for block, instructions in zip(function.blocks, self.code.blocks, strict=True):
            for phi in block.phis:
                for arg in phi.args:
                    source = alias(arg).id
                    if source in intervals and phi.id in intervals:
                        link(phi.id, intervals[source])
                        link(source, intervals[phi.id])
            for ins in instructions:
                for reg, value in ins.moves:
                    if reg != CALL_TARGET:
                        link(value.id, reg)
                if ins.op == "call":
                    for at, vreg in enumerate(ins.defs):
                        link(vreg, ARGUMENTS[at])
                elif ins.op == "cincaddrimm" or ins.op == "addi":
                    if ins.uses[0] in intervals and ins.defs[0] in intervals:
                        link(ins.defs[0], intervals[ins.uses[0]])

    def _hinted(self, current: Interval) -> list[int]:
        out = []
        for hint in current.hints:
            if isinstance(hint, int):
                out.append(hint)
            else:
                out += [part.reg for part in hint.children if part.reg is not None]
        return out

    # the scan

    def _place(self, current: Interval) -> None:
        start = current.start
        still = []
        for item in self.active:
            if item.end > start:
                (still if item.covers(start) else self.inactive).append(item)
        waiting = []
        for item in self.inactive:
            if item.end > start:
                (still if item.covers(start) else waiting).append(item)
        self.active, self.inactive = still, waiting
        if not self._try_free(current):
            self._take_blocked(current)
        if current.reg is not None:
            self.active.append(current)
            if current.reg in CALLEE_SAVED:
                self.used_callee_saved.add(current.reg)

    def _fixed(self, current: Interval, reg: int) -> int:
        """First position where the machine itself needs `reg` while `current` is live."""
        found = INFINITY
        if reg in self.caller_saved:
            calls = self.live.calls
            at = bisect_left(calls, current.start)
            end = current.end
            while at < len(calls) and calls[at] < end:
                if current.covers(calls[at]):
                    found = calls[at]
                    break
                at += 1
        for position, clobbered in self.asm_clobbers:
            if reg in clobbered and position < found:
                for there in (position, position + 1):
                    if current.covers(there):
                        found = min(found, max(position, current.start))
        return found

    def _try_free(self, current: Interval) -> bool:
        start, end = current.start, current.end
        free = dict.fromkeys(self.order, INFINITY)
        for item in self.active:
            free[item.reg] = 0
        for item in self.inactive:
            if free[item.reg]:
                free[item.reg] = min(free[item.reg], item.intersection(current))
        best, best_until = None, start
        call_limit = None
        for reg in self.order:
            until = free[reg]
            if until <= start:
                continue
            if reg in self.caller_saved and not self.asm_clobbers:
                if call_limit is None:
                    call_limit = self._fixed(current, reg)
                until = min(until, call_limit)
            else:
                until = min(until, self._fixed(current, reg))
            free[reg] = until
            if until > best_until:
                best, best_until = reg, until
                if until == INFINITY:
                    break
        hinted = self._hinted(current)
        for reg in hinted:
            if free.get(reg, 0) == INFINITY and self._limit(current, reg, call_limit) >= end:
                best, best_until = reg, INFINITY
                break
        if best is None:
            return False
        if best_until < end:
            position = best_until & ~1
            if position <= start or current.next_use(start) >= position:
                return False
            if not self._splits(current, position):
                return False
        current.reg = best
        return True

    def _limit(self, current: Interval, reg: int, call_limit: int | None) -> int:
        if reg in self.caller_saved and not self.asm_clobbers and call_limit is not None:
            return call_limit
        return self._fixed(current, reg)

    def _splits(self, current: Interval, position: int) -> bool:
        """Cut `current` before `position`; false if it is not live beyond."""
        if position >= current.end or position <= current.start:
            return False
        self._queue(current.split(position))
        return True

    def _queue(self, interval: Interval) -> None:
        self._serial += 1
        heappush(self.queue, (interval.start, self._serial, interval))

    def _take_blocked(self, current: Interval) -> None:
        start = current.start
        use = dict.fromkeys(self.order, INFINITY)
        block = {reg: self._fixed(current, reg) for reg in self.order}
        for item in self.active:
            use[item.reg] = -1 if item.start >= start else min(use[item.reg], item.next_wish(start))
        for item in self.inactive:
            if item.intersection(current) < INFINITY:
                use[item.reg] = min(use[item.reg], item.next_wish(start))
        first_use = current.next_use(start)
        best = max(self.order, key=lambda reg: (min(use[reg], block[reg]), -self.order.index(reg)))
        if first_use > start and min(use[best], block[best]) <= first_use:
            self._spill(current, start, first_use)
            return
        if min(use[best], block[best]) <= start:
            raise AssertionError(f"no register for v{current.vreg} at {start}")
        current.reg = best
        if block[best] < current.end:
            self._splits(current, block[best] & ~1)
        for item in [item for item in (*self.active, *self.inactive) if item.reg == best]:
            self._evict(item, current)

    def _spill(self, current: Interval, start: int, first_use: int) -> None:
        """Leave `current` in memory until shortly before its next use in a register."""
        current.reg = None
        if start in self.call_positions and current.next_wish(start) < first_use:
            # The next round of a loop wants it: fetch it here, where the call is, not on the way that all rounds take.
            if start + 2 < current.end and current.covers(start + 2):
                self._queue(current.split(start + 2))
                return
        if first_use < INFINITY:
            position = self._reload_position(start, first_use)
            if start < position < current.end:
                self._queue(current.split(position))

    def _evict(self, item: Interval, current: Interval) -> None:
        start = current.start
        if item in self.active:
            position = start
        else:
            position = item.intersection(current)
            if position == INFINITY:
                return
        rest = item.split(position) if item.start < position < item.end else None
        if rest is None:
            raise AssertionError(f"v{item.vreg} cannot give way at {position}")
        if item in self.active:
            self.active.remove(item)
        else:
            self.inactive.remove(item)
            if item.end > start:
                self.inactive.append(item)
        if rest.next_use(rest.start) == rest.start:
            self._queue(rest)
        else:
            self._spill(rest, rest.start, rest.next_use(rest.start))

    def _reload_position(self, low: int, high: int) -> int:
        """Where in (low, high] a value is best fetched again: outside of loops, as late as possible."""
        live = self.live
        last, first = live.block_at(high), live.block_at(low)
        best, depth = high, live.blocks[last].depth
        for at in range(last, first, -1):
            boundary = live.start[at]
            if boundary <= low:
                break
            if live.blocks[at].depth < depth:
                best, depth = boundary, live.blocks[at].depth
        return best & ~1
