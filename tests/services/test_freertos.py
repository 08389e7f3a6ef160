"""The FreeRTOS layer: return values of every wrapper, single-threaded (section 16)."""

import pytest

from rtos_model.services import freertos
from rtos_model.services.errors import Cause, Trap
from rtos_model.services.image import Compartment, Export, SealedImport, Thread, Word
from rtos_model.services.pointers import is_tagged
from rtos_model.services.registry import link
from rtos_model.services.session import Session


@pytest.fixture
def session():
    main = Compartment(
        name="main",
        exports=(Export(name="entry"),),
        imports=(SealedImport(sealed="main.malloc"),),
        globals=(Word(name=freertos.CRITICAL, size=8), Word(name=freertos.SUSPEND, size=8)),
        handlers=("scoped",),
    )
    image = link(
        compartments=[main],
        threads=[Thread(name="T", compartment="main", entry="entry", stack=4096)],
        program={"main.entry": lambda ctx: None},
    )
    return Session(image=image)


def word(session, pointer, offset=0):
    return session.ctx.load(pointer, offset)


def test_threads_cannot_be_created(session):
    assert session.call("xTaskCreate", 0, 0, 0, 0, 0, 0) == freertos.INVALID_TASK == -1
    assert session.call("xTaskCreateStatic", 0, 0, 0, 0, 0, 0, 0) == -1
    assert session.call("xTaskGetCurrentTaskHandle") == 1


def test_a_delay_lasts_its_ticks(session):
    session.call("vTaskDelay", 3)
    assert session.call("xTaskGetTickCount") == 3


def test_time_out_state(session):
    state, ticks = session.buffer(8), session.buffer(4)
    session.call("vTaskDelay", 2)
    session.call("vTaskSetTimeOutState", state)
    assert (word(session, state), word(session, state, 4)) == (2, 0)
    session.ctx.store(ticks, 5)
    session.call("vTaskDelay", 2)
    assert session.call("xTaskCheckForTimeOut", state, ticks) == freertos.pdFALSE
    assert (word(session, state), word(session, ticks)) == (4, 3)
    session.call("vTaskDelay", 3)
    assert session.call("xTaskCheckForTimeOut", state, ticks) == freertos.pdTRUE
    assert (word(session, state), word(session, ticks)) == (4, 0)


@pytest.mark.parametrize(
    "enter, leave, result, name",
    [
        ("taskENTER_CRITICAL", "taskEXIT_CRITICAL", None, freertos.CRITICAL),
        ("vTaskSuspendAll", "xTaskResumeAll", 1, freertos.SUSPEND),
        ("vTaskSuspendAll", "vTaskResumeAll", None, freertos.SUSPEND),
    ],
)
def test_critical_sections_nest(session, enter, leave, result, name):
    lock = session.ctx.word(name)
    session.call(enter)
    session.call(enter)
    assert session.call(leave) == result
    assert (word(session, lock), word(session, lock, 4)) == (1 << 16 | 1, 1)
    session.call(leave)
    assert word(session, lock) == 0


def test_queues(session):
    queue = session.call("xQueueCreate", 2, 4)
    woken = session.buffer(b"\xff\xff\xff\xff")
    assert session.call("xQueueSendToBack", queue, session.buffer(b"abcd"), 0) == freertos.pdPASS
    assert session.call("xQueueSendToBackFromISR", queue, session.buffer(b"efgh"), woken) == freertos.pdPASS
    assert word(session, woken) == freertos.pdFALSE
    assert session.call("xQueueSendToBackFromISR", queue, session.buffer(b"ijkl"), 0) == freertos.errQUEUE_FULL
    assert session.call("uxQueueMessagesWaiting", queue) == 2
    target = session.buffer(4)
    assert session.call("xQueueReceive", queue, target, 0) == freertos.pdPASS
    assert session.read(target, 4) == b"abcd"
    assert session.call("xQueueReceive", queue, session.buffer(2), 0) == freertos.pdFAIL
    assert session.call("xQueueReceive", queue, target, 0) == freertos.pdPASS
    assert session.call("xQueueReceive", queue, target, 1) == freertos.errQUEUE_EMPTY
    session.call("vQueueDelete", queue)
    assert not is_tagged(session.call("xQueueCreate", 1 << 30, 4))


def test_streams(session):
    stream = session.call("xStreamBufferCreate", 8, 3)
    target, woken = session.buffer(8), session.buffer(b"\xff\xff\xff\xff")
    assert session.call("xStreamBufferIsEmpty", stream) == 1
    assert session.call("xStreamBufferSend", stream, session.buffer(b"abcdef"), 6, 0) == 6
    assert session.call("xStreamBufferBytesAvailable", stream) == 6
    assert session.call("xStreamBufferSpacesAvailable", stream) == 2
    assert session.call("xStreamBufferIsEmpty", stream) == session.call("xStreamBufferIsFull", stream) == 0
    assert session.call("xStreamBufferSendFromISR", stream, session.buffer(b"ghij"), 4, woken) == 2
    assert (session.call("xStreamBufferIsFull", stream), word(session, woken)) == (1, 0)
    assert session.call("xStreamBufferReceiveFromISR", stream, target, 3, 0) == 3
    assert session.read(target, 3) == b"abc"
    assert session.call("xStreamBufferReceive", stream, session.buffer(2), 4, 0) == 0
    assert session.call("xStreamBufferReceive", stream, target, 8, 1) == 5
    assert session.read(target, 5) == b"defgh"
    assert session.call("xStreamBufferReceive", stream, target, 1, 0) == 0
    session.call("xStreamBufferSend", stream, session.buffer(b"ab"), 2, 0)
    assert session.call("xStreamBufferReset", stream) == freertos.pdTRUE
    assert session.call("xStreamBufferResetFromISR", stream) == freertos.pdTRUE
    assert session.call("xStreamBufferBytesAvailable", stream) == 0
    assert session.call("xStreamBufferSetTriggerLevel", stream, 4) == freertos.pdFALSE
    session.call("vStreamBufferDelete", stream)


def test_event_groups(session):
    group = session.call("xEventGroupCreate")
    assert session.call("xEventGroupSetBits", group, 0b110) == 0b110
    assert session.call("xEventGroupWaitBits", group, 0b011, 0, 1, 0) == 0b110
    assert session.call("xEventGroupWaitBits", group, 0b010, 1, 0, 0) == 0b110
    assert session.call("xEventGroupWaitBits", group, 0b100, 0, 1, 0) == 0b100
    assert session.call("xEventGroupClearBits", group, 0b100) == 0
    session.call("vEventGroupDelete", group)


def test_mutexes(session):
    mutex = session.call("xSemaphoreCreateMutex")
    assert (session.call("uxSemaphoreGetCount", mutex), session.call("xSemaphoreGetMutexHolder", mutex)) == (1, 0)
    assert session.call("xSemaphoreTake", mutex, 0) == freertos.pdTRUE
    assert (session.call("uxSemaphoreGetCount", mutex), session.call("xSemaphoreGetMutexHolder", mutex)) == (0, 1)
    assert session.call("xSemaphoreTakeFromISR", mutex, 0) == freertos.pdFALSE
    assert session.call("xSemaphoreTakeRecursive", mutex, 0) == session.call("xSemaphoreGiveRecursive", mutex) == 0
    assert session.call("xSemaphoreGive", mutex) == session.call("xSemaphoreGive", mutex) == freertos.pdTRUE
    session.call("vSemaphoreDelete", mutex)


@pytest.mark.parametrize("static", [False, True])
def test_binary_semaphores_start_taken(session, static):
    buffer = session.buffer(freertos.SEMAPHORE_SIZE)
    arguments = ("xSemaphoreCreateBinaryStatic", buffer) if static else ("xSemaphoreCreateBinary",)
    semaphore, woken = session.call(*arguments), session.buffer(b"\xff\xff\xff\xff")
    assert session.call("xSemaphoreTake", semaphore, 1) == freertos.pdFALSE
    assert session.call("uxSemaphoreGetCount", semaphore) == 0
    assert session.call("xSemaphoreGive", semaphore) == freertos.pdTRUE
    assert session.call("xSemaphoreGiveFromISR", semaphore, woken) == freertos.pdFALSE
    assert word(session, woken) == 0
    assert session.call("uxSemaphoreGetCount", semaphore) == 1
    assert session.call("xSemaphoreTake", semaphore, 0) == freertos.pdTRUE
    assert session.call("xSemaphoreGetMutexHolder", semaphore) == 0


@pytest.mark.parametrize("static", [False, True])
def test_counting_semaphores(session, static):
    buffer = session.buffer(freertos.SEMAPHORE_SIZE)
    arguments = ("xSemaphoreCreateCountingStatic", 3, 2, buffer) if static else ("xSemaphoreCreateCounting", 3, 2)
    semaphore, slot = session.call(*arguments), session.buffer(8)
    assert session.call("uxSemaphoreGetCount", semaphore) == 2
    assert [session.call("xSemaphoreGive", semaphore) for _ in range(2)] == [1, 0]
    assert [session.call("xSemaphoreTake", semaphore, 0) for _ in range(4)] == [1, 1, 1, 0]
    assert session.call("xSemaphoreGetStaticBuffer", semaphore, slot) == freertos.pdTRUE
    assert session.ctx.load_cap(slot).address == semaphore.address


@pytest.mark.parametrize("static", [False, True])
def test_recursive_mutexes(session, static):
    buffer = session.buffer(freertos.SEMAPHORE_SIZE)
    name = "xSemaphoreCreateRecursiveMutex"
    mutex = session.call(name + "Static", buffer) if static else session.call(name)
    assert [session.call("xSemaphoreTakeRecursive", mutex, 0) for _ in range(2)] == [1, 1]
    assert session.call("xSemaphoreTake", mutex, 0) == session.call("xSemaphoreGive", mutex) == freertos.pdFALSE
    assert session.call("xSemaphoreGiveRecursive", mutex) == 1
    assert session.call("xSemaphoreGetMutexHolder", mutex) == 1
    assert session.call("xSemaphoreGiveRecursive", mutex) == 1
    assert session.call("uxSemaphoreGetCount", mutex) == 1


def test_static_mutex(session):
    mutex = session.call("xSemaphoreCreateMutexStatic", session.buffer(freertos.SEMAPHORE_SIZE))
    assert session.call("xSemaphoreTake", mutex, 0) == 1


def test_constants():
    assert freertos.ERRNO["pdFREERTOS_ERRNO_NONE"] == 0
    assert freertos.ERRNO["pdFREERTOS_ERRNO_ENOMEM"] == 13
    assert freertos.ERRNO["pdFREERTOS_ERRNO_ENMFILE"] == 2001
    assert freertos.pdMS_TO_TICKS(250) == 2
    assert freertos.portMAX_DELAY == 0xFFFF_FFFF


def test_assertions_trap_in_debug_builds():
    freertos.configASSERT(1)
    freertos.configASSERT(0, debug=False)
    with pytest.raises(Trap) as caught:
        freertos.configASSERT(0)
    assert caught.value.mcause == Cause.ILLEGAL_INSTRUCTION
