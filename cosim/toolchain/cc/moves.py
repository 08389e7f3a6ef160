"""After allocation: parallel moves, spill code, and instructions over real registers."""

from __future__ import annotations

from itertools import pairwise

from cosim.toolchain.cc.allocate import Allocation
from cosim.toolchain.cc.intervals import Interval, Liveness
from cosim.toolchain.cc.ir import Slot, Value
from cosim.toolchain.cc.machine import ARGUMENTS, REMATERIAL, SCRATCH, STACK_AREA, ZERO, Code, Ins, alias

Place = int | Slot | Value
"""A register, a stack slot, or a value that is made anew."""


def sequential(moves: list[tuple[Place, Place, bool, bool]], spare: callable) -> list[Ins]:
    """Order parallel (target, source, target is capability, source is capability) moves; `spare` gives a slot."""
    pending = [move for move in moves if move[0] is not move[1] and move[0] != move[1]]
    out: list[Ins] = []
    while pending:
        ready = next((m for m in pending if not any(o is not m and _same(o[1], m[0]) for o in pending)), None)
        if ready is not None:
            pending.remove(ready)
            _one(ready, out)
            continue
        _, source, _, cap = pending[0]
        registers_only = all(isinstance(t, int) and isinstance(s, int) and s != SCRATCH for t, s, _, _ in pending)
        refuge = SCRATCH if registers_only else spare()  # other moves may need the scratch register themselves
        _one((refuge, source, cap, cap), out)
        pending = [(t, refuge if _same(s, source) else s, tc, sc) for t, s, tc, sc in pending]
    return out


def _same(a: Place, b: Place) -> bool:
    return a is b or (isinstance(a, int) and isinstance(b, int) and a == b)


def _one(move: tuple[Place, Place, bool, bool], out: list[Ins]) -> None:
    target, source, target_cap, source_cap = move
    if isinstance(target, int):
        _fetch(target, source, source_cap, out)
    elif isinstance(source, int):
        out.append(Ins("csc.frame" if target_cap else "sw.frame", (), (source,), (target, 0)))
    elif isinstance(source, Value) and source.op == "const" and source.imm == 0:
        out.append(Ins("csc.frame" if target_cap else "sw.frame", (), (ZERO,), (target, 0)))
    else:
        _fetch(SCRATCH, source, source_cap, out)
        out.append(Ins("csc.frame" if target_cap else "sw.frame", (), (SCRATCH,), (target, 0)))


def _fetch(target: int, source: Place, cap: bool, out: list[Ins]) -> None:
    if isinstance(source, int):
        out.append(Ins("cmove" if cap else "mv", (target,), (source,)))
    elif isinstance(source, Slot):
        out.append(Ins("clc.frame" if cap else "lw.frame", (target,), (), (source, 0)))
    else:
        out.append(Ins(source.op, (target,), (), source.imm))


class Rewriter:
    """Turns virtual into real registers and puts the moves between."""

    def __init__(self, code: Code, live: Liveness, allocation: Allocation):
        self.code, self.live, self.allocation = code, live, allocation
        self.slots: dict[int, Slot] = {}
        self.spare_slot: Slot | None = None
        self.split_apart: list[tuple[int, Interval]] = []

    def run(self) -> None:
        self._assign_slots()
        boundary = self._boundary_moves()
        self.split_apart = [item for item in self.live.intervals.items() if len(item[1].children) > 1]
        result: list[list[Ins]] = []
        for at, instructions in enumerate(self.code.blocks):
            out = self._arrival(at)
            position = self.live.start[at]
            for ins in instructions:
                position += 2
                moves = boundary.get(position, [])
                if ins.moves:
                    moves = moves + [self._incoming(reg, value, position) for reg, value in ins.moves]
                out += sequential(moves, self._spare)
                if position + 2 == self.live.end[at]:
                    out += self._edge_out(at)
                self._rewrite(ins, position, out)
            result.append(out)
        self.code.blocks = result

    def _spare(self) -> Slot:
        if self.spare_slot is None:
            self.spare_slot = Slot("<spare>", 8, 8)
            self.code.slots().append(self.spare_slot)
        return self.spare_slot

    def _assign_slots(self) -> None:
        """A slot for each value that lives in memory for some time, shared by values that never meet."""
        free: dict[bool, list[tuple[int, Slot]]] = {False: [], True: []}
        spilled = []
        for vreg, interval in self.live.intervals.items():
            if self.code.values[vreg].op in REMATERIAL:
                continue
            if any(part.reg is None for part in interval.children):
                start = min(part.start for part in interval.children)
                spilled.append((start, vreg, max(part.end for part in interval.children)))
        for start, vreg, end in sorted(spilled):
            cap = self.code.values[vreg].cap
            pool = free[cap]
            reusable = next((at for at, (until, _) in enumerate(pool) if until < start - 1), None)
            if reusable is not None:
                slot = pool.pop(reusable)[1]
            else:
                slot = Slot("<spill>", 8 if cap else 4, 8 if cap else 4)
                self.code.slots().append(slot)
            pool.append((end, slot))
            self.slots[vreg] = slot

    # where a value is

    def _part(self, vreg: int, position: int) -> Interval:
        children = self.live.intervals[vreg].children
        found = children[0]
        for part in children:
            if part.start > position:
                break
            found = part
        return found

    def _location(self, vreg: int, position: int) -> Place:
        part = self._part(vreg, position)
        if part.reg is not None:
            return part.reg
        value = self.code.values[vreg]
        return value if value.op in REMATERIAL else self.slots[vreg]

    def _source(self, value: Value, position: int) -> Place:
        """Where to take a value from; one that can be made again need not be anywhere."""
        if value.op in REMATERIAL:
            interval = self.live.intervals.get(value.id)
            if interval is not None:
                part = self._part(value.id, position)
                if part.reg is not None and part.covers(position):
                    return part.reg
            return value
        return self._location(value.id, position)

    def _incoming(self, reg: int, value: Value, position: int) -> tuple[Place, Place, bool, bool]:
        return reg, self._source(value, position - 1), value.cap, value.cap

    # moves inside blocks, at block starts and on edges

    def _boundary_moves(self) -> dict[int, list]:
        moves: dict[int, list] = {}
        starts = set(self.live.start)
        for vreg, interval in self.live.intervals.items():
            children = interval.children
            for before, after in pairwise(children):
                position = after.start
                if after.reg is None or before.end != position or position in starts:
                    continue
                source = self._location(vreg, position - 1)
                cap = self.code.values[vreg].cap
                moves.setdefault(position, []).append((after.reg, source, cap, cap))
        return moves

    def _arrival(self, at: int) -> list[Ins]:
        """Parameters on entry, what a single predecessor left elsewhere, and phis that also live in memory."""
        block = self.live.blocks[at]
        out: list[Ins] = []
        if at == 0:
            out += self._parameters()
        if len(block.preds) == 1 and len(block.preds[0].successors()) > 1:
            out += sequential(self._edge(block.preds[0].index, at), self._spare)
        for phi in block.phis:
            if phi.id in self.slots:
                place = self._location(phi.id, self.live.start[at])
                if isinstance(place, int):
                    out.append(Ins("csc.frame" if phi.cap else "sw.frame", (), (place,), (self.slots[phi.id], 0)))
        return out

    def _parameters(self) -> list[Ins]:
        function = self.code.function
        incoming = list(zip(ARGUMENTS, function.params, strict=False))
        if function.stack_area is not None:
            incoming.append((STACK_AREA, function.stack_area))
        moves, stores = [], []
        for reg, param in incoming:
            if param.id not in self.live.intervals:
                continue
            place = self._location(param.id, 1)
            moves.append((place, reg, param.cap, param.cap))
            if isinstance(place, int) and param.id in self.slots:
                stores.append((self.slots[param.id], place, param.cap, param.cap))
        return sequential(moves, self._spare) + sequential(stores, self._spare)

    def _edge_out(self, at: int) -> list[Ins]:
        block = self.live.blocks[at]
        successors = block.successors()
        if len(successors) != 1:
            return []
        return sequential(self._edge(at, successors[0].index), self._spare)

    def _edge(self, source: int, target: int) -> list[tuple[Place, Place, bool, bool]]:
        live = self.live
        leave, arrive = live.end[source] - 1, live.start[target]
        moves = []
        block = live.blocks[target]
        which = block.preds.index(live.blocks[source])
        phis = set()
        for phi in block.phis:
            phis.add(phi.id)
            if phi.id not in live.intervals:
                continue
            value = alias(phi.args[which])
            moves.append((self._location(phi.id, arrive), self._source(value, leave), phi.cap, value.cap))
        for vreg, _ in self.split_apart:
            if not live.live_in[target] >> vreg & 1 or vreg in phis:
                continue
            before, after = self._location(vreg, leave), self._location(vreg, arrive)
            if isinstance(after, int) and before != after:
                cap = self.code.values[vreg].cap
                moves.append((after, before, cap, cap))
        return moves

    # instructions

    def _rewrite(self, ins: Ins, position: int, out: list[Ins]) -> None:
        uses = tuple([reg if reg == ZERO else self._location(reg, position) for reg in ins.uses])
        stores: list[Ins] = []
        defs: list[Place | None] = []
        for vreg in ins.defs:
            place = self._location(vreg, position + 1) if vreg in self.live.intervals else None
            defs.append(place)
            slot = self.slots.get(vreg)
            if slot is not None and isinstance(place, int):
                cap = self.code.values[vreg].cap
                stores.append(Ins("csc.frame" if cap else "sw.frame", (), (place,), (slot, 0)))
        if ins.op == "call":
            out.append(Ins("call", (), (), ins.imm, line=ins.line))
            moves = []
            for at, (vreg, place) in enumerate(zip(ins.defs, defs, strict=True)):
                if place is not None:
                    cap = self.code.values[vreg].cap
                    moves.append((place, ARGUMENTS[at], cap, cap))
            out += sequential(moves, self._spare)
        elif ins.op == "jump" or ins.op == "ret" or ins.op == "stop":
            out.append(Ins(ins.op))
        else:
            out.append(Ins(ins.op, tuple(defs), uses, ins.imm, line=ins.line))
        out += stores


def assign_registers(code: Code) -> set[int]:
    """Replace virtual by real registers; returns the callee-saved ones in use."""
    live = Liveness(code)
    allocation = Allocation(code, live)
    Rewriter(code, live, allocation).run()
    return allocation.used_callee_saved
