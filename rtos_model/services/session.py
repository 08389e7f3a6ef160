"""One thread at the prompt: call services one after the other and look at results and events, without a scenario.

    session = Session(quota=1024)
    queue = MessageQueue(session, element_size=8, count=2)
    queue.send(b"message1")        # 0
    queue.receive()                # (0, b"message1")
    session.lines()                # what an observer saw

Time limits are zero by default; with nobody else to wake the thread, an unlimited wait is reported as a deadlock.
"""

from rtos_model.machine.capability import Cap
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.image import Compartment, Export, Image, SealedImport, Thread, quota
from rtos_model.services.kernel import Kernel, Program
from rtos_model.services.pointers import Value, as_int
from rtos_model.services.registry import link
from rtos_model.services.switcher import Ctx
from rtos_model.services.timeout import NO_WAIT

QUOTA = "quota"


class Session:
    """A booted system with one thread in compartment `main`, whose next call is made by `call`.

    An `image` of one's own runs the session as `main.entry`; `program` has the bodies of its other functions.
    """

    def __init__(
        self, *, quota_bytes: int = 4096, stack: int = 4096, image: Image | None = None, program: Program | None = None
    ):
        program = {"main.entry": self._entry, **(program or {})}
        self._request: tuple[str, tuple[Value, ...]] | None = None
        self._result: object = None
        if image is None:
            main = Compartment(
                name="main",
                exports=(Export(name="entry"),),
                imports=(SealedImport(sealed=QUOTA),),
                handlers=("scoped",),
            )
            image = link(
                compartments=[main],
                threads=[Thread(name="T", compartment="main", entry="entry", stack=stack)],
                sealed_objects=(quota(QUOTA, quota_bytes),),
                program=program,
            )
        self.kernel = Kernel(image, program)
        self.ctx: Ctx
        self.kernel.boot()
        self.kernel.play(until=lambda: hasattr(self, "ctx"))

    def _entry(self, ctx: Ctx):
        self.ctx = ctx
        while True:
            yield
            if self._request is not None:
                name, arguments = self._request
                self._result = yield from ctx.call(name, *arguments)
                self._request = None

    def call(self, name: str, *arguments: Value):
        """Call a service by name and play until it returns; its result. Raises Deadlock when it never can."""
        self._request = (name, arguments)
        self.kernel.play(until=lambda: self._request is None)
        if self._request is not None:
            raise ServiceModelError(f"{name}: the session's thread has ended; make a new Session")
        return self._result

    @property
    def quota(self) -> Cap:
        """The handle of the session's heap quota."""
        return self.ctx.imported(QUOTA)

    def buffer(self, content: bytes | int) -> Cap:
        """A stack object with these bytes, or of this many zero bytes."""
        data = content if isinstance(content, bytes) else bytes(content)
        pointer = self.ctx.local(max(len(data), 1))
        for offset, byte in enumerate(data):
            self.ctx.store(pointer, byte, offset, 1)
        return pointer

    def read(self, pointer: Cap, size: int) -> bytes:
        return bytes(self.ctx.load(pointer, offset, 1) for offset in range(size))

    def lines(self) -> list[str]:
        return self.kernel.lines()


class MessageQueue:
    """A library queue in a session; every method gives the service's return code. Raises if creation fails."""

    def __init__(self, session: Session, *, element_size: int, count: int):
        self.session = session
        self.element_size = element_size
        slot = session.buffer(8)
        code = session.call("queue_create", NO_WAIT, session.quota, slot, element_size, count)
        if code:
            raise ServiceModelError(f"queue of {count} elements of {element_size} bytes: queue_create gives {code}")
        self.pointer = session.ctx.load_cap(slot)

    def _limit(self, ticks: int) -> Value:
        return self.session.ctx.timeout(ticks) if ticks else NO_WAIT

    def send(self, message: bytes, *, ticks: int = 0) -> int:
        """`message` of whole elements: one is `queue_send`, several `queue_send_multiple` (gives the number sent)."""
        return self._transfer("queue_send", self.session.buffer(message), self._elements(message), ticks)

    def receive(self, number: int = 1, *, ticks: int = 0) -> tuple[int, bytes]:
        """The code (or number received, for several) and the bytes of what arrived."""
        target = self.session.buffer(number * self.element_size)
        code = self._transfer("queue_receive", target, number, ticks)
        got = number if number == 1 and code == 0 else max(code, 0)
        return code, self.session.read(target, got * self.element_size)

    def items(self) -> int:
        out = self.session.buffer(4)
        self.session.call("queue_items_remaining", self.pointer, out)
        return self.session.ctx.load(out)

    def stop(self) -> int:
        return as_int(self.session.call("queue_stop", self.pointer))

    def reset(self) -> int:
        return self.session.call("queue_reset", NO_WAIT, self.pointer)

    def destroy(self) -> int:
        return self.session.call("queue_destroy", self.session.quota, self.pointer)

    def _elements(self, message: bytes) -> int:
        if self.element_size == 0 or len(message) % self.element_size:
            raise ServiceModelError(f"{len(message)} bytes are not whole {self.element_size}-byte elements")
        return len(message) // self.element_size

    def _transfer(self, name: str, buffer: Cap, number: int, ticks: int) -> int:
        sp = self.session.ctx.sp
        try:
            if number == 1:
                return self.session.call(name, self._limit(ticks), self.pointer, buffer)
            return self.session.call(f"{name}_multiple", self._limit(ticks), self.pointer, buffer, number)
        finally:
            self.session.ctx.sp = sp
