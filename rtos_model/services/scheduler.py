"""Threads and who runs: rings, sleep list, wait queues, tick counter, timer (TH-1...TH-20, TO-1...TO-3).

Pure bookkeeping. Nothing here runs a thread: `enter` decides which one is `current`, and the kernel's loop resumes it.
Time is in timer cycles, deadlines are absolute cycle counts, `NEVER` for none.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from rtos_model.services.events import Block, Boost, Event, Exit, Ready, Switch, Tick

NEVER = (1 << 64) - 1


class State(enum.Enum):
    READY = "ready"
    SUSPENDED = "suspended"
    EXITED = "exited"


class Reason(enum.Enum):
    """Why the scheduler was entered (TH-11)."""

    YIELD = "yield"
    TIMER = "timer"
    EXTERNAL = "external"
    EXIT = "exit"


@dataclass(eq=False, slots=True)
class Tcb:
    """The scheduler's view of one thread. Priorities are the compacted ones of TH-3."""

    id: int
    name: str
    base: int
    effective: int = 0
    state: State = State.SUSPENDED
    yielding: bool = False
    deadline: int = NEVER
    slice_start: int = 0
    cycles: int = 0
    futex_key: int | None = None
    inherits: bool = False
    boost_target: int = 0  # thread whose priority this waiter raises; 0 = nobody
    multi_sources: tuple[int, ...] = ()
    multi_fired: frozenset[int] = frozenset()
    multi_id: int = 0  # payload address of the multiwaiter waited on
    waits_for: str = ""  # for a human: what the last BLOCK named


@dataclass(slots=True)
class Clock:
    """The one monotonic counter; it moves only when told to (scripted clock)."""

    now: int = 0


@dataclass(slots=True)
class Scheduler:
    """All scheduling state. `emit` receives every event in order."""

    threads: dict[int, Tcb]
    clock: Clock
    cycles_per_tick: int
    emit: Callable[[Event], None]
    levels: int
    rings: list[list[Tcb]] = field(init=False)
    sleepers: list[Tcb] = field(default_factory=list)
    futex_queue: list[Tcb] = field(default_factory=list)
    multi_queue: list[Tcb] = field(default_factory=list)
    current: Tcb | None = None
    epoch: int = 0  # cycle count at scheduler initialisation (TO-2)
    ticks: int = 0  # K as of the last expire (TO-3)
    timer: int = NEVER  # programmed compare value
    idle_cycles: int = 0
    _since: int = 0

    def __post_init__(self) -> None:
        self.rings = [[] for _ in range(self.levels)]
        self.epoch = self._since = self.clock.now

    # ------------------------------------------------------------------------------------ queries

    def highest_ready(self) -> int:
        """Highest priority with a ready thread, -1 if none."""
        return max((level for level, ring in enumerate(self.rings) if ring), default=-1)

    def has_ready_peers(self, thread: Tcb) -> bool:
        return any(peer is not thread for peer in self.rings[thread.effective])

    def cycles_of(self, thread: Tcb | None) -> int:
        """Accounted cycles of a thread (None = idle), including the slice that is running."""
        running = self.clock.now - self._since if thread is self.current else 0
        return (self.idle_cycles if thread is None else thread.cycles) + running

    # ------------------------------------------------------------------------------------ transitions

    def make_ready(self, thread: Tcb, reason: str) -> None:
        """TH-8; never pre-empts by itself."""
        for queue in (self.sleepers, self.futex_queue, self.multi_queue):
            if thread in queue:
                queue.remove(thread)
        thread.yielding = False
        thread.state = State.READY
        self.rings[thread.effective].append(thread)
        self.emit(Ready(thread.id, reason))

    def boot(self, order: list[Tcb]) -> None:
        """TH-6: all threads become ready in declaration order; the idle context then yields once."""
        for thread in order:
            thread.effective = thread.base
            thread.state = State.READY
            self.rings[thread.effective].append(thread)

    def suspend(
        self,
        thread: Tcb,
        deadline: int,
        *,
        object_name: str,
        deadline_text: str,
        queue: list[Tcb] | None = None,
        yielding: bool = False,
    ) -> None:
        """TH-9: leave the ring, join the sleep list and, if given, a wait queue."""
        self.rings[thread.effective].remove(thread)
        thread.state = State.SUSPENDED
        thread.deadline = deadline
        thread.yielding = yielding
        thread.waits_for = object_name
        if queue is not None:
            self._enqueue(queue, thread)
        place = sum(other.deadline <= deadline for other in self.sleepers)
        self.sleepers.insert(place, thread)
        self.emit(Block(thread.id, object_name, deadline_text))

    @staticmethod
    def _enqueue(queue: list[Tcb], thread: Tcb) -> None:
        queue.insert(sum(other.effective >= thread.effective for other in queue), thread)

    def set_effective(self, thread: Tcb, priority: int) -> None:
        """FX-10a: to the tail of the new ring, or behind the new equals of its wait queue."""
        if priority == thread.effective:
            return
        self.emit(Boost(thread.id, thread.effective, priority))
        if thread.state is State.READY:
            self.rings[thread.effective].remove(thread)
            self.rings[priority].append(thread)
        thread.effective = priority
        for queue in (self.futex_queue, self.multi_queue):
            if thread in queue:
                queue.remove(thread)
                self._enqueue(queue, thread)

    def finish(self, thread: Tcb) -> None:
        """TH-7: the thread is over; nothing it holds is released."""
        self.rings[thread.effective].remove(thread)
        thread.state = State.EXITED
        self.emit(Exit(thread.id))

    # ------------------------------------------------------------------------------------ scheduler entries

    def expire(self) -> None:
        """TH-13."""
        now = self.clock.now
        ticks = (now - self.epoch) // self.cycles_per_tick
        if ticks != self.ticks:
            self.ticks = ticks
            self.emit(Tick(ticks))
        while self.sleepers and self.sleepers[0].deadline <= now:
            self.make_ready(self.sleepers[0], "timer")
        if self.highest_ready() < 0 and self.sleepers and self.sleepers[0].yielding:
            self.make_ready(self.sleepers[0], "early")

    def choose_next(self) -> None:
        """TH-10."""
        outgoing = self.current
        if outgoing is not None and outgoing.state is State.READY:
            ring = self.rings[outgoing.effective]
            after = ring.index(outgoing) + 1
            ring[:] = ring[after:] + ring[:after]
        level = self.highest_ready()
        incoming = self.rings[level][0] if level >= 0 else None
        if incoming is outgoing:
            return
        self._account(outgoing)
        self.emit(Switch(outgoing.id if outgoing else 0, incoming.id if incoming else 0))
        self.current = incoming
        if incoming is not None:
            incoming.slice_start = self.clock.now

    def _account(self, outgoing: Tcb | None) -> None:
        spent = self.clock.now - self._since
        self._since = self.clock.now
        if outgoing is None:
            self.idle_cycles += spent
        else:
            outgoing.cycles += spent

    def enter(self, reason: Reason, *, woke: bool = False) -> None:
        """One scheduler entry (TH-11). `woke`: the external interrupt readied a thread."""
        outgoing = self.current
        nothing_ready = self.highest_ready() < 0
        match reason:
            case Reason.YIELD:
                reschedule = True
                look = (outgoing is not None and outgoing.state is State.READY) or nothing_ready
            case Reason.TIMER | Reason.EXIT:
                reschedule = look = True
            case Reason.EXTERNAL:
                reschedule, look = woke, woke or nothing_ready
        if look:
            self.expire()
        if reschedule or (outgoing is None and self.highest_ready() >= 0):
            self.choose_next()
        self.program_timer()

    def program_timer(self) -> None:
        """TH-14, at every scheduler exit."""
        self.timer = self.sleepers[0].deadline if self.sleepers else NEVER
        if self.current is not None and self.has_ready_peers(self.current):
            self.timer = min(self.timer, self.clock.now + self.cycles_per_tick)

    def ensure_slice(self, thread: Tcb) -> None:
        """FX-11: a slice timer no later than one tick after the thread's slice start."""
        self.timer = min(self.timer, thread.slice_start + self.cycles_per_tick)
