"""D7: a program written for FreeRTOS, with FreeRTOS's names: queue, event group, mutex, timer and a pool of workers.

The calls are inline wrappers in the program's own compartment, on its own quota. Two things are different, and told:
tasks are declared in the image, and what an interrupt handler did a thread does.
"""

from cosim.stage import Scene, claim
from rtos_model.services.image import Word
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.workers import POOL, TIMERS
from rtos_model.services.steps import (
    Callback,
    Expect,
    Get,
    GetCap,
    Imported,
    Local,
    Op,
    Put,
    PutCap,
    Repeat,
    Var,
    do,
    say,
)

QUEUE, GROUP, MUTEX, COUNT = GetCap(Var("queue")), GetCap(Var("group")), GetCap(Var("mutex")), Var("count")
DONE, ITEMS = 1, 3
COUNT_ONE = (
    do("xSemaphoreTake", MUTEX, 10, into="r"),
    Expect("r", 1),
    Put(COUNT, Op("+", Get(COUNT), 1)),
    do("xSemaphoreGive", MUTEX, into="r"),
    Expect("r", 1),
)

PORTED = simple(
    "D7-1",
    "producer, consumer, timer, worker",
    "MQ-8 MQ-10 EG-1 EG-4 LK-1 TM-1 TM-5 TP-2",
    {
        "consumer": (
            Local("item", 4),
            do("xQueueCreate", 2, 4, into="made"),
            PutCap(Var("queue"), "made"),
            do("xEventGroupCreate", into="made"),
            PutCap(Var("group"), "made"),
            do("xSemaphoreCreateMutex", into="made"),
            PutCap(Var("mutex"), "made"),
            say("ready; waiting for items"),
            Repeat(
                ITEMS,
                (
                    do("xQueueReceive", QUEUE, "item", 100, into="r"),
                    Expect("r", 1),
                    say("received", Get("item")),
                ),
            ),
            do("xEventGroupSetBits", GROUP, DONE, into="bits"),
        ),
        "producer": (
            Local("item", 4),
            Repeat(
                ITEMS,
                (
                    Put("item", "n"),
                    do("xQueueSendToBack", QUEUE, "item", 100, into="r"),
                    Expect("r", 1),
                    do("vTaskDelay", 1),
                ),
                "n",
            ),
            do("xEventGroupWaitBits", GROUP, DONE, 1, 1, 100, into="bits"),
            Expect("bits", DONE),
            say("all items were consumed; a software timer now, which hands work to a worker"),
            do("timer_create", 0, Imported("main.malloc"), Var("timer"), Callback("expired"), 0, into="r"),
            Expect("r", 0),
            do("timer_start", 0, GetCap(Var("timer")), 2, 0, into="r"),
            Expect("r", 0),
            do("vTaskDelay", 4),
            do("xSemaphoreTake", MUTEX, 10, into="r"),
            Expect("r", 1),
            Expect(Get(COUNT), 2),
            say("timer and worker have each counted once"),
            do("xSemaphoreGive", MUTEX),
            do("xTaskCreate", into="r"),
            say("xTaskCreate: threads are declared, not created; result", "r"),
            do("vQueueDelete", QUEUE),
            do("vEventGroupDelete", GROUP),
            do("vSemaphoreDelete", MUTEX),
            do("timer_destroy", 0, Imported("main.malloc"), GetCap(Var("timer")), into="r"),
            do("heap_quota_remaining", Imported("main.malloc"), into="left"),
            Expect("left", 4096),
        ),
        "worker": POOL,
        "timers": TIMERS,
    },
    priorities={"timers": 3, "consumer": 2, "producer": 1, "worker": 1},
    stacks={"consumer": 4096, "producer": 4096},
    words=["count", *(Word(name=name, size=8) for name in ("queue", "group", "mutex", "timer"))],
    program={
        "main.expired": (*COUNT_ONE, do("thread_pool_async", Callback("work"), 0)),
        "main.work": COUNT_ONE,
    },
    blocked="worker timers",
)
SCENES = (
    Scene(
        scenario=PORTED,
        cast="consumer, producer: the program's tasks. worker: the thread pool. timers: the timer service.",
        show=("CALL", "RET", "CALLFAIL", "TRAP", "BLOCK", "READY", "ALLOC", "FREE"),
        claims=(
            claim("the queue is charged to the program", "HP-5 MQ-20", "ALLOC main.malloc 24 32 *"),
            claim("the worker runs the program's callback in the program's compartment", "TP-2",
                  "CALL worker thread_pool main work *"),
            claim("so does the timer service", "TM-3", "CALL timers timer_service main expired *"),
            claim("all of it is given back", "HP-11", "RET producer heap_quota_remaining 4096 0"),
            claim("nothing trapped", "SG-21", "TRAP * * * *", times=0),
        ),
    ),
)  # fmt: skip
