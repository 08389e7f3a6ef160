"""Watches one run of the model and collects what must never happen, whatever the program."""

from dataclasses import dataclass, field

from rtos_model.services.events import Alloc, Block, Epoch, Event, Free, Ready, Switch
from rtos_model.services.kernel import Kernel
from rtos_model.services.queue import LOCKED
from rtos_model.services.scheduler import State

LONGEST = 1
"""Ticks for which a program computes at most between two places where an interrupt may be taken."""


@dataclass(frozen=True)
class Wait:
    """What a thread blocked on: the words' values then, and for how long."""

    words: tuple[tuple[int, int], ...]  # address and value
    ticks: int | None
    start: int
    counter: int  # K, perhaps stale


@dataclass
class Watcher:
    """Attach to a kernel before it runs; `problems` says what was broken, and where in the log."""

    kernel: Kernel
    quotas: dict[str, int]
    problems: list[str] = field(default_factory=list)
    waits: dict[int, Wait] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)  # heap object to its range
    dead: list[tuple[int, int, int]] = field(default_factory=list)  # a freed range, the even epoch it waits from
    epoch: int = 0  # before the sweep that a release may start in the same breath
    excused: bool = False  # a deletion has readied a waiter; it runs at the next scheduler entry (MW-7)

    def __post_init__(self) -> None:
        kernel = self.kernel
        emit, idle, resume = kernel.emit, kernel._idle, kernel._resume

        def heard(event: Event) -> None:
            emit(event)
            self.hear(event)

        def idling() -> bool:
            self.nobody_is_lost()
            self.books_balance()
            return idle()

        def resumed(state) -> None:
            ready = kernel.scheduler.highest_ready()
            if state.interrupts and not self.excused and state.tcb.effective < ready:
                self.say(f"{state.tcb.name} runs with priority {state.tcb.effective} while {ready} is ready (TH-15)")
            resume(state)

        kernel.emit = kernel.scheduler.emit = heard  # type: ignore[method-assign]
        kernel._idle, kernel._resume = idling, resumed  # type: ignore[method-assign]

    def say(self, problem: str) -> None:
        self.problems.append(f"event {len(self.kernel.log)}: {problem}")

    def name(self, thread: int) -> str:
        return self.kernel.image.thread_names[thread]

    # ---------------------------------------------------------------------- events

    def hear(self, event: Event) -> None:
        match event:
            case Block(thread, _, deadline):
                self.blocked(thread, deadline)
            case Ready(thread, reason):
                self.readied(thread, reason)
            case Switch(_, incoming):
                self.switched(incoming)
            case Alloc(_, _, charge, result) if charge:
                self.allocated(str(result))
            case Free(_, name, "freed") if name in self.places:
                self.dead.append((*self.places.pop(name), self.epoch + self.epoch % 2))
        if not isinstance(event, Epoch):
            self.epoch = self.kernel.revoker.epoch

    def blocked(self, thread: int, deadline: str) -> None:
        tcb = self.kernel.scheduler.threads[thread]
        addresses = tcb.multi_sources if tcb.futex_key is None else (tcb.futex_key,)
        ticks = int(deadline.partition(":")[2]) if deadline.startswith("ticks") else None
        self.waits[thread] = Wait(
            tuple((at, self.word(at)) for at in addresses), ticks, self.kernel.clock.now, self.kernel.scheduler.ticks
        )

    def readied(self, thread: int, reason: str) -> None:
        self.excused |= reason == "delete"
        wait, cycles = self.waits[thread], self.kernel.image.cycles_per_tick
        if wait.ticks is not None:
            late = self.kernel.clock.now - (wait.start + wait.ticks * cycles)
            if late > LONGEST * cycles + 1:
                self.say(f"{self.name(thread)} is readied {late} cycles after its deadline (TH-13)")

    def switched(self, incoming: int) -> None:
        self.excused = False
        scheduler, cycles = self.kernel.scheduler, self.kernel.image.cycles_per_tick
        ready = scheduler.highest_ready()
        chosen = scheduler.threads[incoming].effective if incoming else -1
        if chosen != ready:
            self.say(f"{self.name(incoming)} is chosen with priority {chosen} while {ready} is ready (TH-10)")
        wait = self.waits.pop(incoming, None)
        if wait is not None and wait.ticks is not None:
            stale = (wait.start - scheduler.epoch) // cycles - wait.counter
            latency = max(0, self.kernel.clock.now - (wait.start + wait.ticks * cycles))
            most = wait.ticks + stale + latency // cycles + 1
            if scheduler.ticks - wait.counter > most:
                spent = scheduler.ticks - wait.counter
                self.say(f"{self.name(incoming)} is charged {spent} ticks, at most {most} are due (TO-8)")

    def allocated(self, name: str) -> None:
        found = next(one for one in self.kernel.heap.objects.values() if one.name == name)
        start, end, epoch = found.chunk.start, found.chunk.end, self.kernel.revoker.epoch
        for low, high, since in self.dead:
            if low < end and start < high and epoch - since < 2:
                self.say(f"{name} lies where memory freed at epoch {since} was, at epoch {epoch} (HP-40)")
        self.dead = [one for one in self.dead if not (one[0] < end and start < one[1])]
        self.places[name] = (start, end)

    # ---------------------------------------------------------------------- when nobody can run

    def word(self, address: int) -> int:
        return int.from_bytes(self.kernel.memory.peek(address, 4), "little")

    def nobody_is_lost(self) -> None:
        """A thread waits for a change of a word: if nobody can run, the word has not changed (FX-5)."""
        for tcb in self.kernel.scheduler.threads.values():
            wait = self.waits.get(tcb.id)
            if tcb.state is not State.SUSPENDED or wait is None or tcb.waits_for.startswith("allocator"):
                continue  # the allocator's sleepers wait for memory, which they are told of by other means (HP-16)
            for address, value in wait.words:
                now = self.word(address)
                if now != value and not now & LOCKED and self.alive(address):
                    self.say(f"{tcb.name} waits for {tcb.waits_for} to differ from {value}, but it is {now} (FX-5)")

    def alive(self, address: int) -> bool:
        heap = self.kernel.heap
        return not heap.start <= address < heap.end or heap.find(address) is not None

    def books_balance(self) -> None:
        """What a quota has left and what is charged to it are together what it started with (12.8)."""
        kernel = self.kernel
        if kernel.memory.load(kernel.loaded.global_of("allocator", "lock")):
            return
        objects = list(kernel.heap.objects.values())
        for name, limit in self.quotas.items():
            spent = sum(one.charge for one in objects if one.owner == name)
            spent += sum(one.charge + one.claims[name].record.size for one in objects if name in one.claims)
            left = self.word(kernel.loaded.sealed[name].address & ~7)
            if left + spent != limit:
                self.say(f"quota {name}: {left} left and {spent} charged are not {limit} (HP-20)")

    def end(self, may_wait: tuple[str, ...]) -> None:
        """After the run."""
        self.books_balance()
        for name, what in self.kernel.blocked().items():
            if name not in may_wait:
                self.say(f"{name} waits for {what} at the end, although its limit is finite")
        self.problems += [str(check) for check in self.kernel.checks if not check.holds]
        sent, received, inside = (self.word(self.at(name)) for name in ("sent", "received", "inside"))
        items = self.items("queue") + self.items("sealed")
        if sent - received != items:
            self.say(f"{sent} messages sent, {received} received, {items} in the queues (MQ-2)")
        if inside:
            self.say("somebody is still inside a critical section")

    def at(self, name: str) -> int:
        return self.kernel.loaded.global_of("main", name).address

    def items(self, name: str) -> int:
        """How many elements the queue has whose pointer or handle is in this global."""
        queue = self.kernel.memory.peek_cap(self.at(name)).address & ~7
        count, producer, consumer = (self.word(queue + offset) for offset in (4, 8, 12))
        return ((producer - consumer) & 0x1FFF_FFFF) % (2 * count) if count else 0
