"""Service calls as the firmware reported them, against the golden services called with the same arguments."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cosim.errors import UserError
from rtl.isa.trap import CAP_INDEX, CapFault, Cause
from rtos_model.machine.capability import NULL, Cap, Perm
from rtos_model.services.pointers import as_int
from rtos_model.services.session import Session
from rtos_model.services.timeout import NO_WAIT
from rtos_model.services.wire import DATA_BYTES, Service, Word

ACCESS_BYTES = 4
_ONE = {Service.QUEUE_SEND: "queue_send", Service.QUEUE_RECEIVE: "queue_receive"}
_MANY = {Service.QUEUE_SEND_MULTIPLE: "queue_send_multiple", Service.QUEUE_RECEIVE_MULTIPLE: "queue_receive_multiple"}
_SENDS = (Service.QUEUE_SEND, Service.QUEUE_SEND_MULTIPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One record of rtos_model.services.wire; numbers are unsigned words except `result`."""

    service: Service
    thread: int
    result: int
    value: int
    queue: int
    number: int
    buffer: int
    permissions: int
    data: bytes

    def __str__(self) -> str:
        """What it was, its arguments and what came of it."""
        name = self.service.name.lower()
        return (
            f"{name}(queue {self.queue}, {self.number}, {self.buffer}) = {self.result},"
            f" value {self.value}, data {self.data.hex() or 'none'}"
        )


def call_of(stores: Iterable[tuple[int, int]]) -> Call:
    """The record made of the stores (offset, word) to one event window. Raises UserError if it is none."""
    words = dict.fromkeys(range(0, Word.LENGTH + 4, 4), 0) | dict(stores)
    if words[Word.SERVICE] not in set(Service):
        raise UserError(f"the firmware reported an unknown service, number {words[Word.SERVICE]}")
    data = b"".join(words[at].to_bytes(4, "little") for at in range(Word.DATA, Word.LENGTH, 4))
    return Call(
        service=Service(words[Word.SERVICE]),
        thread=words[Word.THREAD],
        result=(words[Word.RESULT] ^ 1 << 31) - (1 << 31),
        value=words[Word.VALUE],
        queue=words[Word.QUEUE],
        number=words[Word.NUMBER],
        buffer=words[Word.BUFFER],
        permissions=words[Word.PERMISSIONS],
        data=data[: words[Word.LENGTH]],
    )


class Replay:
    """Repeats calls on the golden services, one thread, no waiting; `expect` says what each should have given."""

    def __init__(self):
        self.session = Session()
        self.slots: dict[int, Cap] = {}
        self.sizes: dict[int, int] = {}

    def expect(self, call: Call) -> Call:
        """The record that the firmware should have sent for this call."""
        if call.service in (Service.TRAPPED_LOAD, Service.TRAPPED_STORE):
            return replace(call, result=Cause.CHERI, value=call.queue << CAP_INDEX | access_fault(call))
        if call.service is Service.QUEUE_ALLOCATION_SIZE:
            return replace(call, result=self._run("queue_allocation_size", call.number, call.buffer))
        if call.service is Service.QUEUE_CREATE:
            return self._create(call)
        pointer = self.session.ctx.load_cap(self._slot(call.queue))
        if call.service is Service.RELOAD:
            return replace(call, result=int(pointer.tag))
        if call.service in _ONE or call.service in _MANY:
            return self._transfer(call, pointer)
        if call.service is Service.QUEUE_ITEMS_REMAINING:
            out = self.session.buffer(4)
            return replace(
                call,
                result=self._run("queue_items_remaining", pointer, out),
                value=as_int(self.session.ctx.load(out)),
            )
        if call.service is Service.QUEUE_STOP:
            return replace(call, result=self._run("queue_stop", pointer))
        if call.service is Service.QUEUE_RESET:
            return replace(call, result=self._run("queue_reset", NO_WAIT, pointer))
        return replace(call, result=self._run("queue_destroy", self.session.quota, pointer))

    def _run(self, name: str, *arguments) -> int:
        code = as_int(self.session.call(name, *arguments))
        return (code & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31)

    def _slot(self, queue: int) -> Cap:
        if queue not in self.slots:
            self.slots[queue] = self.session.buffer(8)
        return self.slots[queue]

    def _create(self, call: Call) -> Call:
        slot = self._slot(call.queue)
        result = self._run("queue_create", NO_WAIT, self.session.quota, slot, call.number, call.buffer)
        if result == 0:
            self.sizes[call.queue] = call.number
        return replace(call, result=result)

    def _transfer(self, call: Call, pointer: Cap) -> Call:
        size, sending = self.sizes.get(call.queue, 0), call.service in _SENDS
        if sending and min(call.number * size, call.buffer) > DATA_BYTES:
            raise UserError(f"{call}: a record holds {DATA_BYTES} bytes of a message; compare shorter ones")
        before = self.session.ctx.sp
        buffer = self._buffer(call, call.data if sending else b"")
        result = self._run((_ONE | _MANY)[call.service], NO_WAIT, pointer, buffer, *self._count(call))
        moved = result if call.service in _MANY else int(result == 0)
        data = call.data
        if sending:
            readable = call.buffer and call.permissions & Perm.LD
            data = data[: min(size * call.number, call.buffer, DATA_BYTES)] if readable else b""
        else:
            data = self.session.read(buffer, min(moved * size, DATA_BYTES)) if moved > 0 else b""
        self.session.ctx.sp = before
        return replace(call, result=result, data=data)

    @staticmethod
    def _count(call: Call) -> tuple[int, ...]:
        return (call.number,) if call.service in _MANY else ()

    def _buffer(self, call: Call, content: bytes) -> Cap:
        """A buffer as the firmware's was: bytes up to its end, and permissions."""
        if not call.permissions:
            return NULL
        memory = self.session.buffer(content.ljust(max(call.buffer, 1), b"\0"))
        return memory.with_bounds(call.buffer).with_permissions(call.permissions)


def access_fault(call: Call) -> CapFault:
    """The fault of a word access at an offset of a buffer, by the order of the checks; NONE if it is allowed."""
    needed = Perm.LD if call.service is Service.TRAPPED_LOAD else Perm.SD
    if not call.permissions:
        return CapFault.TAG
    if not call.permissions & needed:
        return CapFault.PERMIT_LOAD if needed is Perm.LD else CapFault.PERMIT_STORE
    return CapFault.BOUNDS if call.number + ACCESS_BYTES > call.buffer else CapFault.NONE


def first_difference(calls: Iterable[Call]) -> str | None:
    """Repeat the calls; one line about the first whose result differs, or None."""
    model = Replay()
    for index, call in enumerate(calls):
        expected = model.expect(call)
        if expected != call:
            return f"service call {index}: the model gives {expected}; the firmware gave {call}"
    return None
