"""Compartment calls and returns, stack clearing, error handlers, unwinding (CP-10...CP-37).

A thread is a Python generator; `yield` in it means "an interrupt may be taken here, another thread may run". An
invocation of a compartment has a `Frame` (its trusted-stack frame) and a `Ctx` (what its code can do). Library
functions share the frame of their caller. A fault raises `Trap`; an invocation that is discarded raises `Unwinding`.
"""

import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from rtos_model.machine.capability import NULL, Cap, Perm, alignment_mask, representable_length
from rtos_model.services.errors import Errno, Fault, ServiceModelError, Trap, cheri_fault
from rtos_model.services.events import Call, CallFail, Handler, Lib, Ret, Trapped, Unwind
from rtos_model.services.image import Posture
from rtos_model.services.pointers import STACK_PERMISSIONS, Value, digest, stack_digest
from rtos_model.services.scheduler import Reason, Tcb

SPILL = 32
SLOTS = 16
REGISTER_FRAME = 128
FRAME_PERMISSIONS = Perm.LD | Perm.SD | Perm.MC  # of a stack that can hold a register frame
FAULT_LIMIT = 1024
ARGUMENT_REGISTERS, STACK_ARGUMENT = 6, 8  # bytes of each argument beyond them

Steps = Generator[None, None, object]


@dataclass(eq=False, slots=True)
class Frame:
    """One invocation of a compartment on a thread."""

    compartment: str
    entry: str
    stack: Cap  # what the invocation was entered with
    faults: int = 0
    scopes: list[object] = field(default_factory=list)  # CP-34, innermost last


@dataclass(eq=False, slots=True)
class ThreadState:
    """The switcher's view of one thread: its stacks, hazard slots and interrupt state."""

    tcb: Tcb
    stack: Cap
    capacity: int  # trusted-stack frames beyond the first
    hazards: Cap = NULL  # its two hazard slots
    interrupts: bool = True
    high_water: int = 0
    frames: list[Frame] = field(default_factory=list)
    body: Steps | None = None


class Unwinding(Exception):
    """`frame` is being discarded."""

    def __init__(self, frame: Frame):
        super().__init__(f"unwinding {frame.compartment}")
        self.frame = frame


class ScopedJump(Exception):
    """Control continues in the handler block of `scope` (CP-34)."""

    def __init__(self, scope: object):
        super().__init__("to a scoped handler")
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Target:
    """A callable function: who owns it, how it is entered, what it does."""

    owner: str
    name: str
    is_library: bool
    posture: Posture
    min_stack: int
    arguments: int
    run: Callable
    is_inline: bool = False


class Ctx:
    """What code running in a compartment can do. Service and scenario code receives one as its first argument.

    Methods that may switch threads are generators (`yield from ctx.call(...)`); the others are plain.
    """

    def __init__(self, kernel, thread: ThreadState, frame: Frame, stack: Cap, sp: int, unit: str | None = None):
        self.kernel = kernel
        self.unit = unit or frame.compartment  # whose import table counts: the compartment's or the library's
        self.thread = thread
        self.frame = frame
        self.stack = stack  # capability register csp, without its address
        self.sp = sp

    @property
    def tcb(self) -> Tcb:
        return self.thread.tcb

    @property
    def compartment(self) -> str:
        return self.frame.compartment

    # ---------------------------------------------------------------------- memory

    def load(self, pointer: Value, offset: int = 0, size: int = 4) -> int:
        return self.kernel.memory.load(_capability(pointer), offset, size)

    def store(self, pointer: Value, value: int, offset: int = 0, size: int = 4) -> None:
        self.kernel.memory.store(_capability(pointer), value, offset, size)

    def load_cap(self, pointer: Value, offset: int = 0) -> Cap:
        return self.kernel.memory.load_cap(_capability(pointer), offset)

    def store_cap(self, pointer: Value, value: Cap, offset: int = 0) -> None:
        self.kernel.memory.store_cap(_capability(pointer), value, offset)

    def local(self, size: int, align: int = 8) -> Cap:
        """A stack object of `size` bytes; it lives until the function returns. With no room it traps: no address below
        the base is representable, so a stack pointer that goes there loses its tag.

        A large object is padded and aligned as a compiler does, so that its bounds hold nothing else.
        """
        align = max(align, (~alignment_mask(size) & 0xFFFF_FFFF) + 1)
        size = representable_length(size)
        sp = (self.sp - size) & -align
        base, _ = self.stack.bounds()
        if sp < base:
            raise cheri_fault(Fault.TAG)
        self.sp = sp
        self.thread.high_water = min(self.thread.high_water, sp)
        return self.stack.with_address(sp).with_bounds(size)

    def timeout(self, ticks: int) -> Cap:
        """A relative time limit {0, ticks} on the stack."""
        pointer = self.local(8)
        self.store(pointer, 0, 0)
        self.store(pointer, ticks, 4)
        return pointer

    def word(self, name: str) -> Cap:
        """Pointer to a global of this compartment."""
        return self.kernel.loaded.global_of(self.compartment, name)

    def imported(self, name: str) -> Cap:
        """The capability in this compartment's import table under that name."""
        return self.kernel.loaded.import_of(self.compartment, name)

    def callback(self, function: str) -> Cap:
        """CP-5: a sealed export entry of one of this compartment's functions."""
        return self.kernel.loaded.export_of(self.compartment, function)

    # ---------------------------------------------------------------------- time, interrupts, scheduling

    def yield_(self) -> Steps:
        """The environment call: enter the scheduler."""
        self.kernel.scheduler.enter(Reason.YIELD)
        yield

    def advance(self, cycles: int) -> Steps:
        """The scripted clock's driver command: `cycles` of computation."""
        self.kernel.pass_time(cycles)
        yield

    def raise_interrupt(self, number: int) -> Steps:
        self.kernel.interrupts.raise_(number)
        yield

    def interrupts_disabled(self, body: Steps) -> Steps:
        """CP-14: run `body` with interrupts disabled, restore on the way out."""
        return (yield from self._with_posture(Posture.DISABLED, body))

    def _with_posture(self, posture: Posture, body: Steps) -> Steps:
        before = self.thread.interrupts
        if posture is not Posture.INHERIT:
            self.thread.interrupts = posture is Posture.ENABLED
            if self.thread.interrupts and not before:
                yield
        try:
            result = yield from body
        finally:
            self.thread.interrupts = before
        if before and posture is Posture.DISABLED:
            yield
        return result

    # ---------------------------------------------------------------------- calls

    def call(self, name: str, *arguments: Value) -> Steps:
        """Call an imported function by name: `function` of the RTOS, or `compartment.function`."""
        target = self.kernel.target(self.unit, name)
        if target.is_inline:
            sp, result = self.sp, (yield from run(target.run, self, arguments))
            self.sp = sp
            return result
        if target.is_library:
            return (yield from self.call_library(target, arguments))
        return (yield from call(self, target, arguments))

    def invoke(self, callback: Value, *arguments: Value) -> Steps:
        """Call through a callback pointer (CP-5). A bad pointer fails inside the switcher: -1."""
        target = self.kernel.callback_target(callback)
        return (yield from call(self, target, arguments))

    def call_library(self, target: Target, arguments: tuple[Value, ...]) -> Steps:
        sp = self.sp
        inner = Ctx(self.kernel, self.thread, self.frame, self.stack, sp, target.owner)
        given = self.kernel.filtered(arguments)
        result = yield from self._with_posture(target.posture, run(target.run, inner, given))
        if self.unit == self.compartment and self.compartment not in self.kernel.quiet:
            shown = stack_digest if target.name in self.kernel.stacks else digest
            self.kernel.emit(Lib(self.tcb.id, target.name, shown(_first(result))))
        return result

    # ---------------------------------------------------------------------- faults

    def guarded(self, operation: Callable[[], object]) -> Steps:
        """Do `operation`; if it faults, let the error handler decide. None when the handler resumed behind it."""
        try:
            return operation()
        except Trap as trap:
            yield from fault(self, trap)
            return None

    def during(self, body: Callable[[], Steps], handler: Callable[[], Steps]) -> Steps:
        """CP-34: run `body`; a fault in it (if the compartment links the scoped handler) continues in `handler`."""
        scope = object()
        self.frame.scopes.append(scope)
        sp = self.sp
        interrupts = self.thread.interrupts
        try:
            result = yield from body()
        except Trap as trap:
            try:
                yield from fault(self, trap, resumable=False)
            except ScopedJump as jump:
                if jump.scope is not scope:
                    raise
        except ScopedJump as jump:
            if jump.scope is not scope:
                raise
        else:
            self.frame.scopes.remove(scope)
            return result
        self.sp, self.thread.interrupts = sp, interrupts
        return (yield from handler())

    def cleanup_unwind(self) -> Steps:
        """CP-34: continue in the innermost handler block; with none, fault."""
        if not self.frame.scopes:
            raise cheri_fault(Fault.TAG)  # the load of the innermost scope through a null pointer
        raise ScopedJump(self.frame.scopes.pop())
        yield


def _capability(pointer: Value) -> Cap:
    return pointer if isinstance(pointer, Cap) else NULL.with_address(int(pointer) & 0xFFFF_FFFF)


def _first(result: object) -> Value:
    return result[0] if isinstance(result, tuple) else 0 if result is None else result  # type: ignore[return-value]


def run(function: Callable, ctx: Ctx, arguments: tuple[Value, ...]) -> Steps:
    """Run an implementation, generator or plain function, as a generator."""
    result = function(ctx, *arguments)
    if inspect.isgenerator(result):
        result = yield from result
    return result


def call(ctx: Ctx, target: Target | None, arguments: tuple[Value, ...]) -> Steps:
    """A cross-compartment call, steps 1-12 of the switcher; `target` None is a pointer that does not unseal."""
    kernel, thread = ctx.kernel, ctx.thread
    name = target.name if target else "?"

    def refuse(code: Errno) -> int:
        kernel.emit(CallFail(thread.tcb.id, name, -code))
        return -code

    base, _ = ctx.stack.bounds()
    if not ctx.stack.tag or ctx.stack.permissions != STACK_PERMISSIONS or base % 16 or ctx.sp % 8:
        raise Unwinding(ctx.frame)
    sp = ctx.sp & ~15  # a compiler keeps it aligned
    if sp - SPILL < base:
        return refuse(Errno.ENOTENOUGHSTACK)
    thread.high_water = min(thread.high_water, sp - SPILL)
    kernel.clear_hazards(thread)
    if len(thread.frames) > thread.capacity:
        return refuse(Errno.ENOTENOUGHTRUSTEDSTACK)
    limit = sp - SPILL
    kernel.memory.zero(min(thread.high_water, limit), limit)
    if target is None:
        return refuse(Errno.ECOMPARTMENTFAIL)
    # rounded down where the bounds cannot be exact (from 8 KiB): what is above belongs to the caller
    stack = ctx.stack.with_address(base).with_bounds_rounded_down(limit - base)
    top = stack.bounds()[1]
    if top - base < target.min_stack + SLOTS:
        return refuse(Errno.ENOTENOUGHSTACK)
    stack = stack.with_address(top - SLOTS)
    thread.high_water = top - SLOTS
    frame = Frame(target.owner, target.name, stack)
    given = kernel.filtered(arguments[: target.arguments])
    passed = tuple(map(digest, _passed(ctx, target, given)))
    kernel.emit(Call(thread.tcb.id, ctx.compartment, target.owner, target.name, passed))
    before, outcome = thread.interrupts, None
    thread.frames.append(frame)
    try:
        result = yield from enter(kernel, thread, frame, target, given)
    except Unwinding as unwinding:
        if unwinding.frame is not frame:
            raise
        result = None
        outcome = -Errno.ECOMPARTMENTFAIL
    finally:
        thread.frames.pop()
    kernel.clear_hazards(thread)
    kernel.memory.zero(thread.high_water, sp)
    thread.high_water = sp
    enabling = before and not thread.interrupts
    thread.interrupts = before
    if outcome is not None:
        kernel.emit(Unwind(thread.tcb.id, target.owner))
        kernel.emit(CallFail(thread.tcb.id, target.name, outcome))
        result = outcome
    else:
        a0, a1 = _pair(result)
        kernel.emit(Ret(thread.tcb.id, target.name, digest(a0), digest(a1)))
    if enabling:
        yield
    return result


def _passed(ctx: Ctx, target: Target, given: tuple[Value, ...]) -> tuple[Value, ...]:
    """What stands in the argument registers that the entry declares; a C caller fills all of them. The last one is for
    all arguments beyond the sixth: they lie on the caller's stack, and it points to them.
    """
    missing = target.arguments - len(given)
    defaults = getattr(target.run, "__defaults__", None) or ()
    passed = (*given, *((0,) * missing + defaults)[len(defaults) :]) if missing else given
    beyond = STACK_ARGUMENT * (len(passed) - ARGUMENT_REGISTERS)
    if beyond <= 0:
        return passed
    return (*passed[:ARGUMENT_REGISTERS], ctx.stack.with_address(ctx.stack.bounds()[0]).with_bounds(beyond))


def _pair(result: object) -> tuple[Value, Value]:
    if isinstance(result, tuple):
        return result
    return (0 if result is None else result), 0  # type: ignore[return-value]


def enter(kernel, thread: ThreadState, frame: Frame, target: Target, arguments: tuple[Value, ...]) -> Steps:
    """Run `target` in `frame`, with its posture; a fault that its handler does not mend unwinds the frame."""
    was_enabled = thread.interrupts
    thread.interrupts = target.posture is not Posture.DISABLED
    if thread.interrupts and not was_enabled:
        yield
    ctx = Ctx(kernel, thread, frame, frame.stack, frame.stack.address)
    try:
        return (yield from run(target.run, ctx, arguments))
    except Trap as trap:
        yield from fault(ctx, trap, resumable=False)
    except ScopedJump:
        raise ServiceModelError(f"{target.owner}.{target.name}: left a scope that is already closed") from None
    raise AssertionError("a fault that cannot resume has returned")


def fault(ctx: Ctx, trap: Trap, *, resumable: bool = True) -> Steps:
    """CP-30...CP-34: look for a handler; return if it asks to resume, else raise Unwinding or ScopedJump."""
    kernel, thread, frame = ctx.kernel, ctx.thread, ctx.frame
    kernel.emit(Trapped(thread.tcb.id, frame.compartment, int(trap.mcause), int(trap.cause)))
    form, handler = _handler(ctx)
    if form is None:
        raise Unwinding(frame)
    frame.faults += 1
    if frame.faults % 2 == 0 or frame.faults > FAULT_LIMIT:
        raise Unwinding(frame)
    if form == "scoped":
        if not frame.scopes:
            kernel.emit(Handler(thread.tcb.id, frame.compartment, "stackless", "unwind"))
            raise Unwinding(frame)
        frame.faults = 0
        kernel.emit(Handler(thread.tcb.id, frame.compartment, "stackless", "resume"))
        raise ScopedJump(frame.scopes.pop())
    before = thread.interrupts
    thread.interrupts = True
    if not before:
        yield
    sp = ctx.sp - REGISTER_FRAME if form == "rich" else frame.stack.address
    inner = Ctx(kernel, thread, frame, ctx.stack if form == "rich" else frame.stack, sp)
    try:
        result = yield from run(handler, inner, (int(trap.mcause), int(trap.cause)))  # type: ignore[arg-type]
    except Trap as second:
        yield from fault(inner, second, resumable=False)
        raise AssertionError("a fault in a handler has resumed") from None
    outcome = "resume" if result == 0 else "unwind"
    kernel.emit(Handler(thread.tcb.id, frame.compartment, form, outcome))
    if outcome == "unwind":
        raise Unwinding(frame)
    frame.faults += 1
    thread.interrupts = before
    if not resumable:
        raise ServiceModelError(
            f"{frame.compartment}: its handler resumes a fault in code that cannot resume; wrap the access in guarded()"
        )


def _handler(ctx: Ctx) -> tuple[str | None, Callable | None]:
    forms = ctx.kernel.handler_forms(ctx.compartment)
    if "scoped" in forms:
        return "scoped", None
    base, top = ctx.stack.bounds()
    holds_registers = ctx.stack.tag and not FRAME_PERMISSIONS & ~ctx.stack.permissions
    if "rich" in forms and holds_registers and base <= ctx.sp - REGISTER_FRAME <= top:
        return "rich", ctx.kernel.body(ctx.compartment, "error_handler")
    if "stackless" in forms:
        return "stackless", ctx.kernel.body(ctx.compartment, "error_handler_stackless")
    return None, None


def thread_body(kernel, thread: ThreadState, target: Target) -> Steps:
    """The whole life of a thread: its outermost invocation (CP-37, TH-5)."""
    frame = Frame(target.owner, target.name, thread.stack.with_address(thread.high_water))
    thread.frames.append(frame)
    try:
        yield from enter(kernel, thread, frame, target, ())
    except Unwinding:
        kernel.emit(Unwind(thread.tcb.id, target.owner))
    thread.frames.clear()
    kernel.clear_hazards(thread)
