"""Live intervals of virtual registers over the numbered instructions of a function.

Instruction number n reads at 2n and writes at 2n+1; every block starts with an empty place of its own, where its
phis (and, on entry, the parameters) are written.
"""

from __future__ import annotations

from bisect import bisect_right

from cosim.toolchain.cc.machine import REMATERIAL, ZERO, Code, alias

INFINITY = 1 << 60


class Interval:
    """Where one virtual register (or a part of its life after a split) is live.

    `ranges` are [start, end) in ascending order, `uses` the positions that need a register, `loops` the ends of
    loops that use it again in their next round. `reg` None means
    that this part lives in memory (or is made again when needed).
    """

    __slots__ = ("children", "hints", "loops", "parent", "ranges", "reg", "uses", "vreg")

    def __init__(self, vreg: int, parent: Interval | None = None):
        self.vreg = vreg
        self.ranges: list[tuple[int, int]] = []
        self.uses: list[int] = []
        self.loops: list[int] = []
        self.reg: int | None = None
        self.parent = parent or self
        self.children: list[Interval] = [self] if parent is None else []
        self.hints: list = []

    @property
    def start(self) -> int:
        return self.ranges[0][0]

    @property
    def end(self) -> int:
        return self.ranges[-1][1]

    def covers(self, position: int) -> bool:
        for start, end in self.ranges:
            if position < start:
                return False
            if position < end:
                return True
        return False

    def intersection(self, other: Interval) -> int:
        """First position where both are live, INFINITY if there is none."""
        mine, theirs = self.ranges, other.ranges
        i = j = 0
        while i < len(mine) and j < len(theirs):
            a, b = mine[i], theirs[j]
            if a[1] <= b[0]:
                i += 1
            elif b[1] <= a[0]:
                j += 1
            else:
                return max(a[0], b[0])
        return INFINITY

    def next_use(self, position: int) -> int:
        for use in self.uses:
            if use >= position:
                return use
        return INFINITY

    def next_wish(self, position: int) -> int:
        """Like next_use, but the end of a loop counts for what the next round uses."""
        for end in self.loops:
            if end >= position:
                return min(end, self.next_use(position))
        return self.next_use(position)

    def split(self, position: int) -> Interval:
        """Cut off everything from `position` on (strictly inside the interval) as a new part."""
        child = Interval(self.vreg, self.parent)
        keep: list[tuple[int, int]] = []
        for start, end in self.ranges:
            if end <= position:
                keep.append((start, end))
            elif start >= position:
                child.ranges.append((start, end))
            else:
                keep.append((start, position))
                child.ranges.append((position, end))
        self.ranges = keep
        cut = next((at for at, use in enumerate(self.uses) if use >= position), len(self.uses))
        child.uses = self.uses[cut:]
        self.uses = self.uses[:cut]
        child.loops = self.loops
        child.hints = self.hints
        siblings = self.parent.children
        siblings.insert(siblings.index(self) + 1, child)
        return child


class Liveness:
    """Numbers the code, solves liveness with bit sets and builds the intervals."""

    def __init__(self, code: Code):
        self.code = code
        self.blocks = code.function.blocks
        self.start: list[int] = []
        self.end: list[int] = []
        position = 0
        for instructions in code.blocks:
            self.start.append(position)
            position += 2 + 2 * len(instructions)
            self.end.append(position)
        self.live_in: list[int] = []
        self.live_out: list[int] = []
        self._solve()
        self.intervals: dict[int, Interval] = {}
        self.calls: list[int] = []
        self.asms: list[tuple[int, object]] = []
        self._build()

    def block_at(self, position: int) -> int:
        return bisect_right(self.start, position) - 1

    def _solve(self) -> None:
        count = len(self.blocks)
        gen, kill, phi_out = [0] * count, [0] * count, [0] * count
        for at, instructions in enumerate(self.code.blocks):
            used = defined = 0
            for phi in self.blocks[at].phis:
                defined |= 1 << phi.id
            for ins in instructions:
                for vreg in ins.uses:
                    if vreg != ZERO and not defined >> vreg & 1:
                        used |= 1 << vreg
                for _, value in ins.moves:
                    if value.op not in REMATERIAL and not defined >> value.id & 1:
                        used |= 1 << value.id
                for vreg in ins.defs:
                    defined |= 1 << vreg
            gen[at], kill[at] = used, defined
        for block in self.blocks:
            for at, pred in enumerate(block.preds):
                for phi in block.phis:
                    value = alias(phi.args[at])
                    if value.op not in REMATERIAL:
                        phi_out[pred.index] |= 1 << value.id
        live_in, live_out = gen[:], phi_out[:]
        changed = True
        while changed:
            changed = False
            for at in range(count - 1, -1, -1):
                out = phi_out[at]
                for successor in self.blocks[at].successors():
                    index = successor.index
                    out |= live_in[index]
                into = gen[at] | (out & ~kill[at])
                if out != live_out[at] or into != live_in[at]:
                    live_out[at], live_in[at] = out, into
                    changed = True
        self.live_in, self.live_out = live_in, live_out

    def _build(self) -> None:
        reverse: dict[int, list[tuple[int, int]]] = {}
        uses: dict[int, list[int]] = {}

        def add_range(vreg: int, start: int, end: int) -> None:
            ranges = reverse.get(vreg)
            if ranges is None:
                reverse[vreg] = [(start, end)]
            elif ranges[-1][0] <= end:
                last = ranges[-1]
                ranges[-1] = (min(start, last[0]), max(end, last[1]))
            else:
                ranges.append((start, end))

        def define(vreg: int, position: int) -> None:
            ranges = reverse.get(vreg)
            if ranges is None:
                reverse[vreg] = [(position, position + 1)]
            elif ranges[-1][0] > position:
                ranges.append((position, position + 1))
            else:
                ranges[-1] = (position, ranges[-1][1])

        for at in range(len(self.blocks) - 1, -1, -1):
            first, last = self.start[at], self.end[at]
            for vreg in bits(self.live_out[at]):
                add_range(vreg, first, last)
            position = last
            for ins in reversed(self.code.blocks[at]):
                position -= 2
                fixed = ins.op == "call"
                for vreg in ins.defs:
                    define(vreg, position + 1)
                    if not fixed:
                        uses.setdefault(vreg, []).append(position + 1)
                if fixed:
                    self.calls.append(position)
                elif ins.op == "asm":
                    self.asms.append((position, ins))
                reach = position + 2 if ins.op == "asm" else position + 1
                for vreg in ins.uses:
                    if vreg != ZERO:
                        add_range(vreg, first, reach)
                        uses.setdefault(vreg, []).append(position)
                for _, value in ins.moves:
                    if value.op not in REMATERIAL:
                        add_range(value.id, first, position)
            for phi in self.blocks[at].phis:
                define(phi.id, first)
        self.calls.reverse()
        self.asms.reverse()
        area = self.code.function.stack_area
        for param in [*self.code.function.params, *([area] if area is not None else [])]:
            if param.id in reverse:
                define(param.id, 1)
        for vreg in sorted(reverse):
            interval = Interval(vreg)
            interval.ranges = reverse[vreg][::-1]
            interval.uses = sorted(set(uses.get(vreg, ())))
            self.intervals[vreg] = interval
        self._mark_loops()

    def _mark_loops(self) -> None:
        """For each backward jump: what is live around it and used inside will be wanted at its end."""
        for at, block in enumerate(self.blocks):
            for header in block.successors():
                if header.index > at:
                    continue
                low, high = self.start[header.index], self.end[at] - 1
                for vreg in bits(self.live_out[at] & self.live_in[header.index]):
                    interval = self.intervals[vreg]
                    use = interval.next_use(low)
                    if use < high:
                        interval.loops.append(high)
        for interval in self.intervals.values():
            interval.loops.sort()


def bits(mask: int):
    """Indices of the set bits, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
