"""The front of the model: one `Kernel` is one booted system; `run` plays it, `log` is what an observer saw.

A system is an `Image` (what exists) and a program (what its functions do): a mapping from `compartment.function` to
either a tuple of scenario steps (rtos_model.services.steps) or a Python function `body(ctx, *arguments)`, a generator
if it may block or call. `ctx` is a `switcher.Ctx`. Example:

    def entry(ctx):
        code = yield from ctx.call("futex_timed_wait", ctx.timeout(3), ctx.word("word"), 0)
        assert code == -Errno.ETIMEDOUT

    image = link(compartments=[Compartment(name="main", exports=(Export(name="entry"),), globals=(Word(name="word"),))],
                 threads=[Thread(name="T", compartment="main", entry="entry")], program=(p := {"main.entry": entry}))
    kernel = Kernel(image, p)
    kernel.run()
    print(*kernel.log, sep="\\n")
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from rtos_model.machine.capability import Cap
from rtos_model.services import interpreter, multiwaiter, program_check, registry
from rtos_model.services.errors import Deadlock, ServiceModelError
from rtos_model.services.events import Epoch, Event, Irq
from rtos_model.services.futex import UNLIMITED_COUNT, wake
from rtos_model.services.heap import Heap
from rtos_model.services.image import REVOKER_INTERRUPT, Export, Image, Posture, RevokerKind, Thread
from rtos_model.services.interrupts import InterruptController, counter_name
from rtos_model.services.loader import (
    EXPORT_ENTRY,
    EXPORT_HEADER,
    OTYPE_EXPORT,
    hardware_unseal,
    load,
    memory_capability,
)
from rtos_model.services.memory import GRANULE, Memory
from rtos_model.services.pointers import STACK_PERMISSIONS, Value, as_cap
from rtos_model.services.registers import sweep_running, sweep_suspended
from rtos_model.services.revoker import Revoker
from rtos_model.services.scheduler import NEVER, Clock, Reason, Scheduler, State, Tcb
from rtos_model.services.steps import Step
from rtos_model.services.switcher import SLOTS, Ctx, Frame, Target, ThreadState, call, thread_body

Body = Callable | tuple[Step, ...]
Program = Mapping[str, Body]

RESUMPTIONS = 1_000_000
"""A run that resumes threads more often than this is taken for an endless loop."""


class Kernel:
    """A booted system. Raises ServiceModelError at once when the program does not fit the image."""

    def __init__(self, image: Image, program: Program):
        self.image = image
        self.program = program
        self.quiet = registry.OWN_COMPARTMENTS
        self.stacks = registry.STACKS
        self.log: list[Event] = []
        self.checks: list[interpreter.Check] = []
        self.output: list[str] = []
        self.output_at: list[int] = []  # how long the log was when each line was said
        self.steps_done = 0
        self.clock = Clock()
        self.loaded = load(image)
        self.memory: Memory = self.loaded.memory
        self.memory.on_store = self._stored
        self.heap = Heap(self.memory, self.loaded.heap_start, self.loaded.heap_end)
        self.loaded.name_heap = self.heap.name_of
        self.interrupts = InterruptController({one.number: one for one in image.interrupts})
        self.revoker = Revoker(
            changed=lambda epoch: self.emit(Epoch(epoch)),
            sweep=self._sweep,
            interrupt=lambda: self.interrupts.raise_(REVOKER_INTERRUPT),
            synchronous=image.revoker is RevokerKind.SOFTWARE,
            words=self.memory.size // GRANULE,
        )
        for device in image.devices:
            if device.name == "revoker":
                self.memory.devices.append((device.start, device.length, self.revoker))
        self.registers: list[dict[str, Value]] = []  # variables of running step programs
        priorities = image.effective_priorities()
        tcbs = {
            number: Tcb(number, thread.name, priority)
            for number, (thread, priority) in enumerate(zip(image.threads, priorities, strict=True), 1)
        }
        self.scheduler = Scheduler(tcbs, self.clock, image.cycles_per_tick, self.emit, max(priorities, default=0) + 1)
        self.threads = {number: self._thread(tcb, image.threads[number - 1]) for number, tcb in tcbs.items()}
        self._running: ThreadState | None = None
        self._check_program()

    # ---------------------------------------------------------------------- observation

    def emit(self, event: Event) -> None:
        self.log.append(event)

    def say(self, line: str) -> None:
        """A line of output, for people."""
        self.output.append(line)
        self.output_at.append(len(self.log))

    def lines(self) -> list[str]:
        """The log with threads by name."""
        return [event.line(self.image.thread_names) for event in self.log]

    def name_of(self, address: int) -> str:
        return self.loaded.name_of(address)

    def object_of(self, address: int) -> str:
        """The whole object an address lies in."""
        return self.name_of(address).partition("+")[0]

    def in_heap(self, cap: Cap) -> bool:
        """Does the base lie in the heap range?"""
        return self.loaded.heap_start <= cap.bounds()[0] < self.loaded.heap_end

    # ---------------------------------------------------------------------- running

    def boot(self) -> None:
        """TH-6: initialisers, scheduler, threads ready, first switch."""
        for one in sorted(self.image.initialisers, key=lambda i: i.order):
            self._initialise(one.compartment, one.entry)
        self.heap.boot()
        self.scheduler.boot([state.tcb for state in self.threads.values()])
        self.scheduler.enter(Reason.YIELD)

    def run(self, *, may_block: bool = False) -> None:
        """Boot and play until every thread has ended. Raises Deadlock when none can go on, unless `may_block`."""
        self.boot()
        self.play(may_block=may_block)

    def play(self, *, may_block: bool = False, until: Callable[[], bool] = lambda: False) -> None:
        """Go on from here until every thread has ended, or `until()`."""
        for _ in range(RESUMPTIONS):
            if until():
                return
            if self._interrupts_enabled() and self._take_interrupt():
                continue
            if self.scheduler.current is not None:
                self._resume(self.threads[self.scheduler.current.id])
            elif all(state.tcb.state is State.EXITED for state in self.threads.values()):
                return
            elif not self._idle():
                if may_block:
                    return
                raise Deadlock(self.blocked_text())
        raise ServiceModelError(f"no end after {RESUMPTIONS} resumptions; does a loop wait without blocking?")

    def blocked(self) -> dict[str, str]:
        """Suspended threads by name, and what each waits for."""
        tcbs = self.scheduler.threads.values()
        return {tcb.name: tcb.waits_for for tcb in tcbs if tcb.state is State.SUSPENDED}

    def blocked_text(self) -> str:
        waits = "; ".join(f"{name} waits for {what} without limit" for name, what in self.blocked().items())
        return f"deadlock: no thread can run and no deadline is set: {waits}"

    def _resume(self, state: ThreadState) -> None:
        self._running = state
        assert state.body is not None
        try:
            next(state.body)
        except StopIteration:
            self.scheduler.finish(state.tcb)
            self.scheduler.enter(Reason.EXIT)

    def _interrupts_enabled(self) -> bool:
        current = self.scheduler.current
        return current is None or self.threads[current.id].interrupts

    def _take_interrupt(self) -> bool:
        """Deliver one pending interrupt, external before timer (TH-11, IR-3)."""
        if self.interrupts.deliverable():
            self.scheduler.enter(Reason.EXTERNAL, woke=self._external())
            return True
        if self.clock.now >= self.scheduler.timer:
            self.scheduler.enter(Reason.TIMER)
            return True
        return False

    def _external(self) -> bool:
        """IR-3: claim, count, wake all. True if a thread was woken.

        The record of the interrupt comes behind those of the threads it readied, since it names them.
        """
        number = self.interrupts.claim()
        source = self.interrupts.sources.get(number) if number is not None else None
        if source is None:
            return False
        word = self.loaded.global_of("scheduler", counter_name(source))
        counter = (self.memory.load(word) + 1) & 0xFFFF_FFFF
        self.memory.store(word, counter)
        if source.edge:
            self.interrupts.complete(source.number)
        woken, _ = wake(self.scheduler, word.address, UNLIMITED_COUNT)
        self.emit(Irq(source.number, counter, tuple(tcb.id for tcb in woken)))
        return bool(woken)

    def _idle(self) -> bool:
        """Nothing runs: a sweep ends, else time jumps past the next deadline; False if there is neither."""
        if self.revoker.finish():
            return True
        if self.scheduler.timer == NEVER:
            return False
        self.clock.now = self.scheduler.timer + 1
        return True

    def pass_time(self, cycles: int) -> None:
        """The driver's "advance": a running sweep ends first."""
        self.revoker.finish()
        self.clock.now += cycles

    # ---------------------------------------------------------------------- names to functions

    def target(self, unit: str, name: str) -> Target:
        """The function a unit's import table has under that name. Raises when it is not imported."""
        entry = registry.ENTRIES.get(name)
        if entry is None:
            owner, _, function = name.partition(".")
            self._require_import(unit, owner, function, name)
            return self._program_target(owner, function)
        if entry.inline_uses is None:
            self._require_import(unit, entry.owner, entry.name, name)
        export = entry.export
        return Target(
            entry.owner,
            entry.name,
            entry.is_library,
            export.posture,
            export.min_stack,
            export.arguments,
            entry.run,
            entry.inline_uses is not None,
        )

    def callback_target(self, callback: Value) -> Target | None:
        """The export entry a sealed pointer names, None if it does not unseal."""
        cap = self.memory.filtered(as_cap(callback))
        if not cap.tag or cap.otype != OTYPE_EXPORT:
            return None
        opened = hardware_unseal(cap, OTYPE_EXPORT)
        index = (opened.address - opened.bounds()[0] - EXPORT_HEADER) // EXPORT_ENTRY
        for (owner, function), entry in self.loaded.exports.items():
            if hardware_unseal(entry, OTYPE_EXPORT).address == opened.address and index >= 0:
                return self._program_target(owner, function)
        return None

    def body(self, owner: str, function: str) -> Callable:
        """What a function of the program does, as `run(ctx, *arguments)`."""
        body = self.program.get(f"{owner}.{function}")
        if body is None:
            raise ServiceModelError(f"{owner}.{function} has no body in the program; add one")
        if callable(body):
            return body
        return lambda ctx, *arguments: interpreter.run(ctx, body, arguments)

    def handler_forms(self, compartment: str) -> tuple[str, ...]:
        return self.image.compartment(compartment).handlers

    def multiwaiter_key(self) -> Cap:
        return self.loaded.keys[multiwaiter.KEY]

    def _program_target(self, owner: str, function: str) -> Target:
        export = self._export(owner, function)
        service = registry.ENTRIES.get(function)  # a thread may start in a service: pool workers, the timer thread
        run = service.run if service is not None and service.owner == owner else self.body(owner, function)
        return Target(owner, function, False, export.posture, export.min_stack, export.arguments, run)

    def _export(self, owner: str, function: str) -> Export:
        return next(e for e in self.image.compartment(owner).exports if e.name == function)

    def _require_import(self, unit: str, owner: str, function: str, name: str) -> None:
        if not any(
            grant.holder == unit
            and (getattr(grant.wanted, "provider", None), getattr(grant.wanted, "function", None)) == (owner, function)
            for grant in self.loaded.grants
        ):
            raise ServiceModelError(f"{unit!r} calls {name!r} without importing it; add the import to the image")

    def _check_program(self) -> None:
        program_check.check(self.program)
        for thread in self.image.threads:
            self._program_target(thread.compartment, thread.entry)
        for name in self.program:
            owner, _, function = name.partition(".")
            known = {e.name for e in self.image.compartment(owner).exports}
            if function not in known | {"error_handler", "error_handler_stackless"}:
                raise ServiceModelError(f"program has {name!r}, but compartment {owner!r} does not export it")

    # ---------------------------------------------------------------------- parts

    def _thread(self, tcb: Tcb, declared: Thread) -> ThreadState:
        stack = self.loaded.stacks[declared.name]
        start = stack.with_address(stack.bounds()[1] - SLOTS)
        state = ThreadState(tcb, start, declared.frames, self.loaded.hazard_slots(tcb.id), high_water=start.address)
        export = self._export(declared.compartment, declared.entry)
        state.interrupts = export.posture is not Posture.DISABLED
        state.body = thread_body(self, state, self._program_target(declared.compartment, declared.entry))
        return state

    def clear_hazards(self, state: ThreadState) -> None:
        """HP-33: at every call and return."""
        if state.hazards.tag:
            self.memory.zero(*state.hazards.bounds())

    def _initialise(self, compartment: str, entry: str) -> None:
        """One initialiser: a call with interrupts disabled on a one-deep trusted stack (TH-6)."""
        start, size = self.loaded.heap_start, 1024  # the loader's stack: memory that becomes heap, zeroed
        stack = memory_capability(start, size, STACK_PERMISSIONS)
        state = ThreadState(Tcb(0, "loader", 0), stack, 1, interrupts=False, high_water=start + size)
        frame = Frame("loader", "boot", stack)
        state.frames.append(frame)
        target = self._program_target(compartment, entry)
        disabled = replace(target, posture=Posture.DISABLED)
        for _ in call(Ctx(self, state, frame, stack, start + size), disabled, ()):
            pass
        self.memory.zero(start, start + size)

    def _sweep(self) -> None:
        """HP-43: globals, stacks, heap, and the variables that stand for registers, those of step programs too."""
        self.memory.sweep(self.memory.start, self.memory.start + self.memory.size)
        for state in self.threads.values():
            sweep_suspended(state.body, self.memory.filtered)
        sweep_running(self.memory.filtered)

    def filtered(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """Registers as they are now: untagged where the object has died."""
        return tuple(self.memory.filtered(one) if isinstance(one, Cap) else one for one in values)

    def filter_registers(self) -> None:
        for variables in self.registers:
            for name, value in variables.items():
                if isinstance(value, Cap):
                    variables[name] = self.memory.filtered(value)

    def _stored(self, address: int) -> None:
        """The stack high-water mark follows the lowest store to the running thread's stack."""
        state = self._running
        if state is not None and state.high_water > address:
            base, top = state.stack.bounds()
            if base <= address < top:
                state.high_water = address & ~15
