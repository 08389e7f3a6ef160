"""Seeded breaks of the services' model: each must make a test fail. `python -m tests.services.campaign` runs them.

A break replaces one piece of a file's source text, which must occur exactly once. It names the rules that it breaks.
"""

from tests.services.breaks_heap import BREAKS as HEAP_BREAKS
from tests.services.breaks_rules import BREAKS as RULE_BREAKS
from tests.services.breaks_sharing import BREAKS as SHARING_BREAKS
from tests.services.breaks_sync import BREAKS as SYNC_BREAKS

BREAKS = (
    # rule, file, text, replacement
    ("TH-3", "image.py", "sorted({thread.priority for thread in self.threads})", "list(range(PRIORITY_LEVELS))"),
    ("TH-5", "kernel.py", "state.interrupts = export.posture is not Posture.DISABLED", "state.interrupts = True"),
    ("TH-6", "kernel.py", "sorted(self.image.initialisers, key=lambda i: i.order)", "self.image.initialisers"),
    (
        "TH-8",
        "scheduler.py",
        "thread.state = State.READY\n        self.rings[thread.effective].append(thread)\n        self.emit",
        "thread.state = State.READY\n        self.rings[thread.effective].insert(0, thread)\n        self.emit",
    ),
    ("TH-9", "scheduler.py", "other.effective >= thread.effective for", "other.effective > thread.effective for"),
    ("TH-9", "scheduler.py", "other.deadline <= deadline for", "other.deadline > deadline for"),
    ("TH-10 TH-12", "scheduler.py", "ring[:] = ring[after:] + ring[:after]", "pass"),
    ("TH-11", "scheduler.py", "reschedule, look = woke, woke or nothing_ready", "reschedule = look = True"),
    ("TH-11", "scheduler.py", "reschedule, look = woke, woke or nothing_ready", "reschedule = look = False"),
    ("TH-11", "scheduler.py", "or nothing_ready\n            case", "\n            case"),
    (
        "TH-13",
        "scheduler.py",
        'self.sleepers[0].deadline <= now:\n            self.make_ready(self.sleepers[0], "timer")',
        'self.sleepers[0].deadline <= now:\n            self.make_ready(self.sleepers[0], "timer")\n            break',
    ),
    ("TH-13", "scheduler.py", "and self.sleepers[0].yielding:", ":"),
    ("TH-14 TH-16", "scheduler.py", "self.timer = min(self.timer, self.clock.now + self.cycles_per_tick)", "pass"),
    (
        "TH-14",
        "scheduler.py",
        "self.timer = self.sleepers[0].deadline if self.sleepers else NEVER",
        "self.timer = NEVER",
    ),
    (
        "TH-18",
        "futex.py",
        "    if timeout.may_block(ctx, t):\n        deadline, text = timeout.deadline(ctx, t)\n        early",
        "    if True:\n        deadline, text = timeout.deadline(ctx, t)\n        early",
    ),
    ("TH-19", "futex.py", "early = not as_int(flags) & NO_EARLY_WAKE", "early = True"),
    (
        "TO-3",
        "scheduler.py",
        "(now - self.epoch) // self.cycles_per_tick",
        "-(-(now - self.epoch) // self.cycles_per_tick)",
    ),
    ("TO-4", "timeout.py", "return ctx.load(t, 4) > 0", "return True"),
    ("TO-5", "timeout.py", "min(elapsed + ticks, 0xFFFF_FFFF)", "elapsed + ticks"),
    ("TO-5", "timeout.py", "if remaining != UNLIMITED:", "if True:"),
    ("TO-6 TO-12", "timeout.py", "not ctx.kernel.in_heap(t) and", ""),
    (
        "TO-8",
        "futex.py",
        "    before = scheduler.ticks\n    deadline, text",
        "    before = scheduler.clock.now // scheduler.cycles_per_tick\n    deadline, text",
    ),
    (
        "TO-11",
        "futex.py",
        "    timeout.elapse(ctx, t, scheduler.ticks - before)\n    if not timeout.may_block(ctx, t):",
        "    timeout.elapse(ctx, t, scheduler.ticks - before)\n    if me.deadline <= ctx.kernel.clock.now:",
    ),
    ("FX-1", "futex.py", "check_pointer(pointer, Perm(0), 4,", "check_pointer(pointer, Perm.LD, 4,"),
    ("FX-2", "futex.py", "if key in t.multi_sources][: count - len(chosen)]", "if key in t.multi_sources][:count]"),
    ("FX-2", "futex.py", "if t.futex_key == key][:count]", "if t.futex_key == key]"),
    ("FX-5", "futex.py", "if word != as_int(expected):", "if word < as_int(expected):"),
    (
        "FX-9",
        "futex.py",
        "me.inherits, me.boost_target = pointer.address, inherits, owner if inherits else 0",
        "me.inherits, me.boost_target = pointer.address, inherits, 0",
    ),
    ("FX-9", "futex.py", "    if target:\n        recompute(scheduler, target)", "    pass"),
    ("FX-9", "futex.py", "return max(owner.base, max(waiters, default=0))", "return owner.base"),
    (
        "FX-10",
        "futex.py",
        "        release_boost(scheduler, ctx.tcb, pointer.address)",
        "        scheduler.set_effective(ctx.tcb, ctx.tcb.base)",
    ),
    ("FX-10", "futex.py", "        release_boost(scheduler, ctx.tcb, pointer.address)", "        pass"),
    (
        "FX-10a",
        "scheduler.py",
        "                self._enqueue(queue, thread)\n\n    def finish",
        "                queue.append(thread)\n\n    def finish",
    ),
    ("FX-11", "futex.py", "if caller.effective < scheduler.highest_ready():", "if False:"),
    ("FX-11", "futex.py", "    scheduler.ensure_slice(caller)\n", ""),
    ("FX-11", "futex.py", ">= scheduler.cycles_per_tick:", ">= 0:"),
    ("IR-3", "kernel.py", "        if source.edge:\n", "        if True:\n"),
    ("IR-3", "kernel.py", "        if source.edge:\n", "        if False:\n"),
    ("IR-4", "interrupts.py", "return word.with_permissions(Perm.GL | Perm.LD)", "return word"),
    ("IR-4 SG-16", "interrupts.py", "if right is None or not right[1] or", "if right is None or"),
    ("IR-4", "interrupts.py", " or right[0] not in ctx.kernel.interrupts.sources", ""),
    ("IR-5 IR-6 SG-16", "interrupts.py", "if right is None or not right[2]:", "if right is None:"),
    ("MW-1", "multiwaiter.py", "if not any(fired) and timeout.may_block(ctx, t):", "if timeout.may_block(ctx, t):"),
    ("MW-2", "futex.py", "thread.multi_fired = thread.multi_fired | {key}", "pass"),
    ("MW-4", "multiwaiter.py", "return 0 if any(fired) else", "return 0 if all(fired) else"),
    ("MW-6", "multiwaiter.py", "            ctx.store(body, 0, BUSY)\n", "            pass\n"),
    ("MW-6", "multiwaiter.py", "        return -Errno.EBUSY", "        pass"),
    ("MW-7", "multiwaiter.py", "            thread.multi_id = 0\n", ""),
    ("MQ-2", "queue.py", "difference if difference >= 0 else difference + 2 * ctx.load(q, COUNT)", "difference"),
    ("MQ-5", "queue.py", "        if value & STOPPED:\n            return False", "        pass"),
    ("MQ-6", "queue.py", "clear=LOCKED | WAITERS)\n    if old", "clear=WAITERS)\n    if old"),
    ("MQ-8", "queue.py", 'state["wake"] |= items(ctx, q) == (0 if sending else count)', 'state["wake"] = True'),
    ("MQ-9", "queue.py", 'state["code"], state["done"] = -Errno.EPERM, 0', 'state["code"] = -Errno.EINVAL'),
    (
        "MQ-10",
        "queue.py",
        'return state["done"] if state["done"] else state["code"]',
        'return state["code"] or state["done"]',
    ),
    ("MQ-12", "queue.py", "not any(address % GRANULE for address in at)", "False"),
    ("MQ-15", "queue.py", "set_word(ctx, q, offset, put=STOPPED)", "pass"),
    ("CP-10 SG-11", "switcher.py", "kernel.memory.zero(thread.high_water, sp)", "pass"),
    ("CP-12 SG-10", "switcher.py", "kernel.memory.zero(min(thread.high_water, limit), limit)", "pass"),
    ("CP-3", "switcher.py", "arguments[: target.arguments]", "arguments"),
    ("CP-31", "switcher.py", "frame.faults % 2 == 0 or ", ""),
    ("CP-31", "switcher.py", " or frame.faults > FAULT_LIMIT", ""),
    (
        "CP-32",
        "switcher.py",
        "    before = thread.interrupts\n    thread.interrupts = True\n",
        "    before = thread.interrupts\n",
    ),
    ("CP-34", "switcher.py", "        frame.faults = 0\n", ""),
    (
        "SG-3 SG-6 SG-26 RB-7",
        "memory.py",
        "keeps = value.tag and bool(value.permissions & Perm.GL or cap.permissions & Perm.SL)",
        "keeps = value.tag",
    ),
    *HEAP_BREAKS,
    *SYNC_BREAKS,
    *SHARING_BREAKS,
    *RULE_BREAKS,
)
SURVIVORS: dict[tuple[str, str, str], str] = {
    ("quota.py", "handle, static_only=True)", "handle)"): (
        "the allocator alone has MallocKey and seals no dynamic object with it, so none is mistaken for a quota"
    ),
    ("heap.py", "return (rounded + 7) & ~7 & 0xFFFF_FFFF", "return (rounded + 7) & ~7"): (
        "2**32 bytes are refused like 0 bytes: both are no size (rows 1 and 6 of the outcomes of an attempt)"
    ),
    ("heap.py", "return max(SMALLEST, usable + HEADER)", "return usable + HEADER"): (
        "the usable size is at least 8, so the sum is never below the smallest chunk; written as the rule says it"
    ),
    ("timer_service.py", "    _disarm(ctx, timer)\n    code = yield from", "    code = yield from"): (
        "a freed timer loses its tag when the list is loaded, so it is never chosen, disarmed or not"
    ),
}
"""File, text and replacement of each break that no test can notice, and why."""
