"""A program written for FreeRTOS, compiled with the headers of that name: what it prints on the golden machine."""

from cosim.run import Verdict
from cosim.toolchain.cc.driver import RTOS_INCLUDE
from tests.rtos.programs import lines_of, printed, system_of

PROGRAM = """
#include <FreeRTOS.h>
#include <event_groups.h>
#include <queue.h>
#include <semphr.h>
#include <stream_buffer.h>
#include <task.h>
#include <timers.h>
#define READY 1
struct RecursiveMutexState __CriticalSectionFlagLock, __SuspendFlagLock;
static QueueHandle_t numbers;
static EventGroupHandle_t events;
static SemaphoreHandle_t mutex, permits, nested;
static StreamBufferHandle_t stream;
static int sum;
__cheri_callback void blink(CHERI_SEALED(void *) id) { say("blink", (int)id); }
__cheri_callback void work(CHERI_SEALED(void *) data) { say("pooled", (int)data); xSemaphoreGive(permits); }
void entry consumer(void)
{
	numbers = xQueueCreate(2, sizeof(int));
	events = xEventGroupCreate();
	mutex = xSemaphoreCreateMutex(); permits = xSemaphoreCreateCounting(3, 0);
	nested = xSemaphoreCreateRecursiveMutex();
	stream = xStreamBufferCreate(8, 1);
	configASSERT(numbers && events && mutex && permits && nested && stream);
	for (int i = 0; i < 4; i++) {
		int number;
		BaseType_t got = xQueueReceive(numbers, &number, portMAX_DELAY);
		taskENTER_CRITICAL(); sum += number; taskEXIT_CRITICAL();
		say("got", got);
	}
	say("empty", xQueueReceive(numbers, &sum, pdMS_TO_TICKS(200)));
	say("sum", sum);
	say("bits", xEventGroupSetBits(events, READY));
	say("waiting", uxQueueMessagesWaiting(numbers));
	char text[4];
	say("bytes", xStreamBufferReceive(stream, text, 3, 50)); say("last", text[2]);
	say("take", xSemaphoreTakeRecursive(nested, 0)); say("take", xSemaphoreTakeRecursive(nested, 0));
	say("wrong", xSemaphoreTake(nested, 0));
	say("give", xSemaphoreGiveRecursive(nested)); say("holder", xSemaphoreGetMutexHolder(nested));
	xSemaphoreGiveRecursive(nested);
	thread_pool_async(work, (void *)7);
	say("permit", xSemaphoreTake(permits, 10)); say("permit", xSemaphoreTake(permits, 1));
	TimerHandle_t timer = xTimerCreate("blink", 2, pdTRUE, (void *)9, blink);
	say("start", xTimerStart(timer, 0));
	vTaskDelay(5);
	say("stop", xTimerStop(timer, 0));
	vTaskDelay(5);
	say("delete", xTimerDelete(timer, 0));
	say("task", xTaskCreate(consumer, "more", 100, NULL, 1, NULL));
	vSemaphoreDelete(mutex); vSemaphoreDelete(permits); vSemaphoreDelete(nested);
	vQueueDelete(numbers); vEventGroupDelete(events); vStreamBufferDelete(stream);
	say("quota", heap_quota_remaining(MALLOC_CAPABILITY));
}
void entry producer(void)
{
	BaseType_t woken = pdTRUE;
	for (int i = 1; i < 4; i++) xQueueSendToBack(numbers, &i, portMAX_DELAY);
	int last = 4;
	say("sent", xQueueSendToBackFromISR(numbers, &last, &woken)); say("woken", woken);
	say("seen", xEventGroupWaitBits(events, READY, pdTRUE, pdTRUE, portMAX_DELAY));
	xSemaphoreTake(mutex, portMAX_DELAY); say("count", uxSemaphoreGetCount(mutex)); xSemaphoreGive(mutex);
	say("count", uxSemaphoreGetCount(mutex));
	say("bytes", xStreamBufferSend(stream, "abc", 3, 0));
}
"""
PRINTED = """
1: got 1
1: got 1
1: got 1
1: got 1
2: sent 1
2: woken 0
1: empty 0
1: sum 10
1: bits 0
1: waiting 0
2: seen 1
2: count 0
2: count 1
1: bytes 3
1: last 99
1: take 1
1: take 1
1: wrong 0
1: give 1
1: holder 1
3: pooled 7
1: permit 1
2: bytes 3
1: permit 0
1: start 1
4: blink 9
4: blink 9
1: stop 1
1: delete 1
1: task -1
1: quota 4096
"""


def test_program():
    """The services' threads go on waiting at the end."""
    system = system_of(
        PROGRAM,
        {"consumer": 3, "producer": 1},
        (("thread_pool", "thread_pool_run"), ("timer_service", "timer_service_run")),
        include=[RTOS_INCLUDE / "FreeRTOS-Compat"],
    )
    lines, result = printed(system)
    assert lines == lines_of(PRINTED)
    assert result.verdict is Verdict.ASLEEP
