"""FreeRTOS under its own names (section 16): wrappers that are compiled into the caller and use its default quota.

Everything is an inline function, so an observer sees only the services that a wrapper uses. "FromISR" variants are
plain calls that do not wait, since no code runs in interrupt context. Names of FreeRTOS that are macros or constants
are Python constants here. A semaphore handle is {kind, lock}: kinds are `MUTEX`, `SEMAPHORE`, `RECURSIVE`.
"""

from rtos_model.machine.capability import NULL, Cap
from rtos_model.services.allocator import default_quota
from rtos_model.services.entries import inline
from rtos_model.services.errors import Cause, Errno, Trap
from rtos_model.services.futex import NO_EARLY_WAKE
from rtos_model.services.pointers import Value, as_cap, as_int
from rtos_model.services.timeout import UNLIMITED, WAIT_FOREVER

pdFALSE, pdTRUE, pdFAIL, pdPASS = 0, 1, 0, 1
portMAX_DELAY = UNLIMITED
errQUEUE_EMPTY = errQUEUE_FULL = 0
pdFREERTOS_LITTLE_ENDIAN, pdFREERTOS_BIG_ENDIAN = 0, 1
INVALID_TASK = -1
ERRNO = {f"pdFREERTOS_ERRNO_{one.name}": int(one) for one in Errno if one is not Errno.FIRST_USER} | {
    "pdFREERTOS_ERRNO_NONE": 0,
    "pdFREERTOS_ERRNO_ENMFILE": 2001,
}
CRITICAL, SUSPEND = "__CriticalSectionFlagLock", "__SuspendFlagLock"
"""Globals of 8 bytes that a component with critical sections defines."""

MUTEX, SEMAPHORE, RECURSIVE = 1, 2, 3
LOCK, SEMAPHORE_SIZE = 4, 12
COUNT_BITS = 0x7FFF_FFFF


def pdMS_TO_TICKS(milliseconds: int, tick_hz: int = 10) -> int:
    """TO-1: truncating division by the milliseconds of a tick."""
    return milliseconds // (1000 // tick_hz)


def configASSERT(condition: object, *, debug: bool = True) -> None:
    """An illegal instruction in debug builds, nothing otherwise."""
    if debug and not condition:
        raise Trap(Cause.ILLEGAL_INSTRUCTION)


def _quota(ctx) -> Cap:
    return ctx.imported(default_quota(ctx.compartment))


def _limit(ctx, ticks: Value) -> Cap:
    return ctx.timeout(as_int(ticks))


def _passed(code: int) -> int:
    return pdPASS if code == 0 else pdFAIL


def _no_switch(ctx, woken: Value) -> None:
    """The flag of FromISR calls: no switch is ever asked for; a null pointer is allowed."""
    if as_cap(woken).tag:
        ctx.store(woken, pdFALSE)


# ------------------------------------------------------------------------------------------- tasks and time


@inline()
def xTaskCreate(ctx, *arguments: Value) -> int:
    """Deliberately unsupported: threads are declared (TH-1). An invalid handle."""
    return INVALID_TASK


@inline()
def xTaskCreateStatic(ctx, *arguments: Value) -> int:
    """Deliberately unsupported, as `xTaskCreate`."""
    return INVALID_TASK


@inline("thread_sleep")
def vTaskDelay(ctx, ticks: int):
    yield from ctx.call("thread_sleep", _limit(ctx, ticks), NO_EARLY_WAKE)


@inline("thread_systemtick_get")
def xTaskGetTickCount(ctx):
    low, _ = yield from ctx.call("thread_systemtick_get")
    return low


@inline("thread_id_get")
def xTaskGetCurrentTaskHandle(ctx):
    return (yield from ctx.call("thread_id_get"))


@inline("thread_systemtick_get")
def vTaskSetTimeOutState(ctx, state: Value):
    """The 64-bit tick counter into *state."""
    low, high = yield from ctx.call("thread_systemtick_get")
    ctx.store(state, low)
    ctx.store(state, high, 4)


@inline("thread_systemtick_get")
def xTaskCheckForTimeOut(ctx, state: Value, ticks: Value):
    """Has *ticks passed since *state? If not, both move on."""
    low, high = yield from ctx.call("thread_systemtick_get")
    elapsed, left = low - ctx.load(state) & 0xFFFF_FFFF, ctx.load(ticks)
    if elapsed < left:
        ctx.store(ticks, left - elapsed)
        ctx.store(state, low)
        ctx.store(state, high, 4)
        return pdFALSE
    ctx.store(ticks, 0)
    return pdTRUE


def _enter(ctx, name: str):
    yield from ctx.call("recursivemutex_trylock", WAIT_FOREVER, ctx.word(name))


def _exit(ctx, name: str):
    yield from ctx.call("recursivemutex_unlock", ctx.word(name))


@inline("recursivemutex_trylock")
def taskENTER_CRITICAL(ctx):
    """Mutual exclusion within the component, no masking of interrupts."""
    yield from _enter(ctx, CRITICAL)


@inline("recursivemutex_unlock")
def taskEXIT_CRITICAL(ctx):
    yield from _exit(ctx, CRITICAL)


@inline("recursivemutex_trylock")
def vTaskSuspendAll(ctx):
    yield from _enter(ctx, SUSPEND)


@inline("recursivemutex_unlock")
def xTaskResumeAll(ctx):
    yield from _exit(ctx, SUSPEND)
    return pdTRUE


@inline("recursivemutex_unlock")
def vTaskResumeAll(ctx):
    yield from _exit(ctx, SUSPEND)


# ------------------------------------------------------------------------------------------- queues


@inline("queue_create")
def xQueueCreate(ctx, length: int, size: int):
    """A handle or null."""
    slot = ctx.local(8)
    code = yield from ctx.call("queue_create", WAIT_FOREVER, _quota(ctx), slot, size, length)
    return ctx.load_cap(slot) if code == 0 else NULL


@inline("queue_destroy")
def vQueueDelete(ctx, queue: Value):
    yield from ctx.call("queue_destroy", _quota(ctx), queue)


@inline("queue_receive")
def xQueueReceive(ctx, queue: Value, target: Value, ticks: int):
    return _passed((yield from ctx.call("queue_receive", _limit(ctx, ticks), queue, target)))


@inline("queue_send")
def xQueueSendToBack(ctx, queue: Value, source: Value, ticks: int):
    return _passed((yield from ctx.call("queue_send", _limit(ctx, ticks), queue, source)))


@inline("queue_send")
def xQueueSendToBackFromISR(ctx, queue: Value, source: Value, woken: Value):
    _no_switch(ctx, woken)
    return (yield from xQueueSendToBack(ctx, queue, source, 0))


@inline("queue_items_remaining")
def uxQueueMessagesWaiting(ctx, queue: Value):
    out = ctx.local(4)
    yield from ctx.call("queue_items_remaining", queue, out)
    return ctx.load(out)


# ------------------------------------------------------------------------------------------- stream buffers


@inline("queue_create")
def xStreamBufferCreate(ctx, size: int, trigger: int):
    """A queue of bytes; the trigger level is ignored."""
    return (yield from xQueueCreate(ctx, size, 1))


@inline("queue_destroy")
def vStreamBufferDelete(ctx, stream: Value):
    yield from vQueueDelete(ctx, stream)


def _bytes(ctx, name: str, stream: Value, buffer: Value, size: int, ticks: int):
    return max(0, (yield from ctx.call(name, _limit(ctx, ticks), stream, buffer, size)))


@inline("queue_send_multiple")
def xStreamBufferSend(ctx, stream: Value, source: Value, size: int, ticks: int):
    """Bytes moved, 0 on any error."""
    return (yield from _bytes(ctx, "queue_send_multiple", stream, source, size, ticks))


@inline("queue_receive_multiple")
def xStreamBufferReceive(ctx, stream: Value, target: Value, size: int, ticks: int):
    """Waits for all the bytes or the limit, unlike FreeRTOS."""
    return (yield from _bytes(ctx, "queue_receive_multiple", stream, target, size, ticks))


@inline("queue_send_multiple")
def xStreamBufferSendFromISR(ctx, stream: Value, source: Value, size: int, woken: Value):
    _no_switch(ctx, woken)
    return (yield from xStreamBufferSend(ctx, stream, source, size, 0))


@inline("queue_receive_multiple")
def xStreamBufferReceiveFromISR(ctx, stream: Value, target: Value, size: int, woken: Value):
    """DV-21: it receives."""
    _no_switch(ctx, woken)
    return (yield from xStreamBufferReceive(ctx, stream, target, size, 0))


@inline("queue_items_remaining")
def xStreamBufferBytesAvailable(ctx, stream: Value):
    return (yield from uxQueueMessagesWaiting(ctx, stream))


@inline("queue_items_remaining")
def xStreamBufferSpacesAvailable(ctx, stream: Value):
    """A stream's length is the element count in its header."""
    return ctx.load(stream, 4) - (yield from uxQueueMessagesWaiting(ctx, stream))


@inline("queue_items_remaining")
def xStreamBufferIsEmpty(ctx, stream: Value):
    return int((yield from uxQueueMessagesWaiting(ctx, stream)) == 0)


@inline("queue_items_remaining")
def xStreamBufferIsFull(ctx, stream: Value):
    return int((yield from xStreamBufferSpacesAvailable(ctx, stream)) == 0)


@inline("queue_reset")
def xStreamBufferReset(ctx, stream: Value):
    return _passed((yield from ctx.call("queue_reset", _limit(ctx, 0), stream)))


@inline("queue_reset")
def xStreamBufferResetFromISR(ctx, stream: Value):
    return (yield from xStreamBufferReset(ctx, stream))


@inline()
def xStreamBufferSetTriggerLevel(ctx, stream: Value, trigger: int) -> int:
    """Unsupported."""
    return pdFALSE


# ------------------------------------------------------------------------------------------- event groups


@inline("eventgroup_create")
def xEventGroupCreate(ctx):
    """A handle or null."""
    slot = ctx.local(8)
    code = yield from ctx.call("eventgroup_create", WAIT_FOREVER, _quota(ctx), slot)
    return ctx.load_cap(slot) if code == 0 else NULL


@inline("eventgroup_destroy")
def vEventGroupDelete(ctx, group: Value):
    yield from ctx.call("eventgroup_destroy", _quota(ctx), group)


@inline("eventgroup_wait")
def xEventGroupWaitBits(ctx, group: Value, bits: int, clear: int, wait_for_all: int, ticks: int):
    """The bits seen; note the order of the two flags."""
    out = ctx.local(4)
    yield from ctx.call("eventgroup_wait", _limit(ctx, ticks), group, out, bits, wait_for_all, clear)
    return ctx.load(out)


@inline("eventgroup_clear")
def xEventGroupClearBits(ctx, group: Value, bits: int):
    """The bits after clearing."""
    out = ctx.local(4)
    yield from ctx.call("eventgroup_clear", WAIT_FOREVER, group, out, bits)
    return ctx.load(out)


@inline("eventgroup_set")
def xEventGroupSetBits(ctx, group: Value, bits: int):
    """The bits afterwards."""
    out = ctx.local(4)
    yield from ctx.call("eventgroup_set", WAIT_FOREVER, group, out, bits)
    return ctx.load(out)


# ------------------------------------------------------------------------------------------- semaphores


def _init(ctx, handle: Value, kind: int, count: int = 0, maximum: int = 0) -> Cap:
    for offset, value in ((0, kind), (LOCK, count), (LOCK + 4, maximum)):
        ctx.store(handle, value, offset)
    return as_cap(handle)


def _create(ctx, kind: int, count: int = 0, maximum: int = 0):
    made = as_cap((yield from ctx.call("malloc", SEMAPHORE_SIZE)))
    return _init(ctx, made, kind, count, maximum) if made.tag else NULL


def _lock_of(handle: Value) -> Cap:
    cap = as_cap(handle)
    return cap.with_address(cap.address + LOCK).with_bounds(8)


@inline("malloc")
def xSemaphoreCreateMutex(ctx):
    """A lock with priority inheritance."""
    return (yield from _create(ctx, MUTEX))


@inline()
def xSemaphoreCreateMutexStatic(ctx, buffer: Value) -> Cap:
    return _init(ctx, buffer, MUTEX)


@inline("malloc")
def xSemaphoreCreateBinary(ctx):
    """A semaphore of at most 1, taken at first."""
    return (yield from _create(ctx, SEMAPHORE, 0, 1))


@inline()
def xSemaphoreCreateBinaryStatic(ctx, buffer: Value) -> Cap:
    return _init(ctx, buffer, SEMAPHORE, 0, 1)


@inline("malloc")
def xSemaphoreCreateCounting(ctx, maximum: int, initial: int):
    return (yield from _create(ctx, SEMAPHORE, as_int(initial), as_int(maximum)))


@inline()
def xSemaphoreCreateCountingStatic(ctx, maximum: int, initial: int, buffer: Value) -> Cap:
    return _init(ctx, buffer, SEMAPHORE, as_int(initial), as_int(maximum))


@inline("malloc")
def xSemaphoreCreateRecursiveMutex(ctx):
    return (yield from _create(ctx, RECURSIVE))


@inline()
def xSemaphoreCreateRecursiveMutexStatic(ctx, buffer: Value) -> Cap:
    return _init(ctx, buffer, RECURSIVE)


TAKES = {MUTEX: "flaglock_priority_inheriting_trylock", SEMAPHORE: "semaphore_get"}


@inline(*TAKES.values())
def xSemaphoreTake(ctx, handle: Value, ticks: int):
    """True on success; false for a recursive mutex."""
    name = TAKES.get(ctx.load(handle))
    if name is None:
        return pdFALSE
    return _passed((yield from ctx.call(name, _limit(ctx, ticks), _lock_of(handle))))


@inline("semaphore_put", "flaglock_unlock")
def xSemaphoreGive(ctx, handle: Value):
    """False for a semaphore at its maximum and for a recursive mutex."""
    kind = ctx.load(handle)
    if kind == SEMAPHORE:
        return _passed((yield from ctx.call("semaphore_put", _lock_of(handle))))
    if kind != MUTEX:
        return pdFALSE
    yield from ctx.call("flaglock_unlock", _lock_of(handle))
    return pdTRUE


@inline("recursivemutex_trylock")
def xSemaphoreTakeRecursive(ctx, handle: Value, ticks: int):
    """False for other kinds."""
    if ctx.load(handle) != RECURSIVE:
        return pdFALSE
    return _passed((yield from ctx.call("recursivemutex_trylock", _limit(ctx, ticks), _lock_of(handle))))


@inline("recursivemutex_unlock")
def xSemaphoreGiveRecursive(ctx, handle: Value):
    """False for other kinds."""
    if ctx.load(handle) != RECURSIVE:
        return pdFALSE
    return _passed((yield from ctx.call("recursivemutex_unlock", _lock_of(handle))))


@inline(*TAKES.values())
def xSemaphoreTakeFromISR(ctx, handle: Value, woken: Value):
    _no_switch(ctx, woken)
    return (yield from xSemaphoreTake(ctx, handle, 0))


@inline("semaphore_put", "flaglock_unlock")
def xSemaphoreGiveFromISR(ctx, handle: Value, woken: Value):
    _no_switch(ctx, woken)
    return (yield from xSemaphoreGive(ctx, handle))


@inline("free")
def vSemaphoreDelete(ctx, handle: Value):
    """Nobody is woken."""
    yield from ctx.call("free", handle)


@inline()
def xSemaphoreGetMutexHolder(ctx, handle: Value) -> int:
    """The owner's thread number; 0 for a free lock or a semaphore."""
    return 0 if ctx.load(handle) == SEMAPHORE else ctx.load(handle, LOCK) & 0xFFFF


@inline()
def uxSemaphoreGetCount(ctx, handle: Value) -> int:
    """DV-22: a semaphore's value; for a mutex 1 if it is free, else 0."""
    word = ctx.load(handle, LOCK)
    return word & COUNT_BITS if ctx.load(handle) == SEMAPHORE else int(word == 0)


@inline()
def xSemaphoreGetStaticBuffer(ctx, handle: Value, out: Value) -> int:
    ctx.store_cap(out, as_cap(handle))
    return pdTRUE


AMBIENT = frozenset(
    name
    for name in list(globals())
    if name.startswith(("xQueueCreate", "vQueueDelete", "xStreamBufferCreate", "vStreamBufferDelete"))
    or name.startswith(("xEventGroupCreate", "vEventGroupDelete", "xSemaphoreCreate", "vSemaphoreDelete"))
)
