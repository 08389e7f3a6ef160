"""CALL, CALLFAIL, RET, LIB, TRAP, HANDLER, UNWIND and EXIT: what threads do between compartments.

Every thread has a list of its invocations here, which follows the switcher's labels; nothing is read that the
compartments could have written, but the registers at those labels.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cosim.observe.places import Places
from rtl.isa.registers import CAPABILITY_NAMES
from rtl.isa.trap import Cause
from rtos_model.machine.capability import Cap
from rtos_model.machine.machine import Machine
from rtos_model.machine.trap import Trap
from rtos_model.machine.value import ADDRESS, capability
from rtos_model.services.events import (
    Call,
    CallFail,
    Event,
    Exit,
    Handler,
    Lib,
    Ret,
    TokenValue,
    Trapped,
    Unwind,
    scalar,
)
from rtos_model.services.image import Image
from rtos_model.services.loader import OTYPE_EXPORT
from rtos_model.services.pointers import digest, stack_digest

RA, SP, T1 = (CAPABILITY_NAMES.index(name) for name in ("cra", "csp", "ct1"))
ARGUMENTS = tuple(CAPABILITY_NAMES.index(name) for name in ("ca0", "ca1", "ca2", "ca3", "ca4", "ca5", "ct0"))
A0, A1 = ARGUMENTS[:2]
FRAME_OFFSET = 152
"""Of the trusted stack: u16, where the next frame goes."""
UNKNOWN = "?"
BOOT = ("loader", "boot")
TRAP_LOOP = 20_000
"""Traps in a row at one address after which nobody will get out any more; error handlers give up far earlier."""
FAILED = -1
"""What the caller of an unwound invocation gets."""


@dataclass
class Library:
    """A library function under way: where it will return to, and with which stack pointer."""

    name: str
    returns_to: int
    stack: int


@dataclass
class Frame:
    """An invocation of a compartment's entry."""

    compartment: str
    entry: str
    unwinding: bool = False
    handler: str = ""
    libraries: list[Library] = field(default_factory=list)


@dataclass
class Calling:
    """A call that the switcher has not accepted yet."""

    entry: str
    frames_at: int
    code: int = FAILED


@dataclass
class Thread:
    number: int
    frames: list[Frame]
    calling: Calling | None = None


class Invocations:
    """`emit` takes the events, `complain` what makes no sense. `current` is the running thread, whose trusted stack
    starts at `trusted`.

    `voids` are the library functions without a result, `stacks` those whose result is a stack, `quiet` the units whose
    own calls of libraries are no events.
    """

    def __init__(
        self,
        machine: Machine,
        image: Image,
        places: Places,
        emit: Callable[[Event], None],
        complain: Callable[[str], None],
        *,
        voids: frozenset[str] = frozenset(),
        stacks: frozenset[str] = frozenset(),
        quiet: frozenset[str] = frozenset(),
    ):
        self.machine = machine
        self.places = places
        self.emit = emit
        self.complain = complain
        self._last_trap: tuple[int, int] = (0, 0)
        self.voids = voids
        self.stacks = stacks
        self.quiet = quiet
        self.trusted = 0
        self.threads = {0: Thread(0, [Frame(*BOOT)])} | {
            number: Thread(number, [Frame(one.compartment, one.entry)]) for number, one in enumerate(image.threads, 1)
        }
        self.current = self.threads[0]
        self._counts = {(c.name, e.name): e.arguments for c in image.compartments for e in c.exports}
        self._scoped_handlers = {one.name for one in image.compartments if "scoped" in one.handlers}
        self._returns: set[int] = set()
        self._switcher = (places.labels.get("switcher_start", 0), places.labels.get("switcher_end", 0))
        machine.trapped = self._trapped
        for label, look in {
            "observe_enter": self._enter,
            "observe_call": self._call,
            "observe_refuse": self._refuse,
            "observe_unwind": self._unwind,
            "observe_return": self._return,
            "observe_rich": lambda: self._handle("rich"),
            "observe_stackless": lambda: self._handle("stackless"),
            "observe_handled": self._handled,
            "observe_scoped": self._scoped,
            "observe_exit": self._exit,
        }.items():
            for at in places.labelled(label):
                machine.probe(at, look)
        libraries = {unit.name for unit in places.units if unit.is_library}
        for at, (unit, name) in places.functions.items():
            if unit in libraries:
                machine.probe(at, self._library_look(name))

    # What the machine holds

    def register(self, number: int) -> Cap:
        return capability(self.machine.registers[number])

    def _frames_at(self) -> int:
        return self.machine.memory.load(self.trusted + FRAME_OFFSET, 2) if self.trusted else 0

    @property
    def frame(self) -> Frame:
        if not self.current.frames:
            self.complain(f"thread {self.current.number} goes on after its end")
            self.current.frames.append(Frame(UNKNOWN, UNKNOWN))
        return self.current.frames[-1]

    # Calls

    def _enter(self) -> None:
        target = self.register(T1)
        sealed = target.tag and target.otype == OTYPE_EXPORT
        _, name = self.places.entries.get(target.address, (UNKNOWN, UNKNOWN)) if sealed else (UNKNOWN, UNKNOWN)
        self.current.calling = Calling(name, self._frames_at())

    def _call(self) -> None:
        """The callee's first instruction is known by its address, and what it gets by its registers."""
        thread = self.current
        unit, name = self.places.functions.get(self.register(RA).address, (UNKNOWN, UNKNOWN))
        thread.calling = None
        count = self._counts.get((unit, name))
        if count is not None:
            arguments = tuple(digest(self.register(number)) for number in ARGUMENTS[:count])
            self.emit(Call(thread.number, self.frame.compartment, unit, name, arguments))
        thread.frames.append(Frame(unit, name))

    def _refuse(self) -> None:
        """A refusal by which no frame is left; one after a frame was taken ends as a return does."""
        calling = self.current.calling
        if calling is None:
            self.complain(f"the switcher refuses a call that thread {self.current.number} has not made")
            return
        calling.code = scalar(self.register(A0).address)
        if self._frames_at() == calling.frames_at:
            self._failed(calling)

    def _failed(self, calling: Calling) -> None:
        self.current.calling = None
        self.emit(CallFail(self.current.number, calling.entry, calling.code))

    def _unwind(self) -> None:
        """Either the call under way is given up, or the running invocation."""
        calling = self.current.calling
        if calling is None or self._frames_at() == calling.frames_at:
            self.current.calling = None
            self.frame.unwinding = True

    def _return(self) -> None:
        thread = self.current
        if thread.calling is not None:
            self._failed(thread.calling)
            return
        frame = self.frame
        thread.frames.pop()
        if (frame.compartment, frame.entry) not in self._counts:
            return
        if frame.unwinding:
            self.emit(Unwind(thread.number, frame.compartment))
            self.emit(CallFail(thread.number, frame.entry, FAILED))
        else:
            a0, a1 = (digest(self.register(number)) for number in (A0, A1))
            self.emit(Ret(thread.number, frame.entry, a0, a1))

    def _exit(self) -> None:
        thread = self.current
        if self.frame.unwinding:
            self.emit(Unwind(thread.number, self.frame.compartment))
        self.emit(Exit(thread.number))
        thread.frames.clear()

    # Libraries

    def _library_look(self, name: str) -> Callable[[], None]:
        def look() -> None:
            link, stack = self.register(RA).address, self.register(SP).address
            caller = self.places.unit_at(link)
            if caller is None or caller.is_library or caller.name in self.quiet or not self.current.frames:
                return
            if self.frame.handler and self.frame.compartment in self._scoped_handlers:
                return  # the handler that comes with the RTOS
            under_way = self.frame.libraries
            while under_way and under_way[-1].stack <= stack:
                under_way.pop()  # left without a return
            under_way.append(Library(name, link, stack))
            if link not in self._returns:
                self._returns.add(link)
                self.machine.probe(link, lambda: self._returned(link))

        return look

    def _returned(self, link: int) -> None:
        stack = self.register(SP).address
        if not self.current.frames:
            return
        under_way = self.frame.libraries
        for place in range(len(under_way) - 1, -1, -1):
            if (under_way[place].returns_to, under_way[place].stack) == (link, stack):
                done = under_way[place]
                del under_way[place:]
                self.emit(Lib(self.current.number, done.name, self._result(done.name)))
                return

    def _result(self, name: str) -> TokenValue:
        if name in self.voids:
            return 0
        shown = stack_digest if name in self.stacks else digest
        return shown(self.register(A0))

    # Faults

    def _trapped(self, pc: int, trap: Trap) -> None:
        pc_before, times = self._last_trap
        self._last_trap = (pc, times + 1 if pc == pc_before else 0)
        if times > TRAP_LOOP:
            self.complain(f"{self._place(pc)} traps for ever: mcause {int(trap.cause)}, mtval {trap.mtval:#x}")
        if trap.cause == Cause.ECALL or self._switcher[0] <= pc < self._switcher[1] or not self.current.frames:
            return
        detail = trap.mtval & 0x1F if trap.cause == Cause.CHERI else 0
        self.emit(Trapped(self.current.number, self.frame.compartment, int(trap.cause), detail))

    def _place(self, pc: int) -> str:
        unit = self.places.unit_at(pc)
        return f"{unit.name} at +{pc - unit.start:#x}" if unit else f"code at {pc:#010x}"

    def _handle(self, form: str) -> None:
        self.frame.handler = form

    def _handled(self) -> None:
        self._outcome("resume" if self.register(A0).address & ADDRESS == 0 else "unwind")

    def _scoped(self) -> None:
        self._outcome("resume")

    def _outcome(self, outcome: str) -> None:
        frame = self.frame
        self.emit(Handler(self.current.number, frame.compartment, frame.handler or UNKNOWN, outcome))
        frame.handler = ""
