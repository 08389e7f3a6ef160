"""Ring buffers, the thread pool, the FreeRTOS layer, software timers: SC-107...SC-117."""

from rtos_model.services.image import SealedImport, Word, quota
from rtos_model.services.lock_classes import FLAG_LOCK, NO_LOCK, TICKET_LOCK
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.threads import TICK, sleep
from rtos_model.services.steps import (
    Advance,
    Ask,
    Callback,
    Expect,
    Get,
    GetCap,
    Imported,
    Let,
    Local,
    Narrow,
    Now,
    Op,
    Panic,
    Put,
    PutCap,
    Repeat,
    Step,
    Untagged,
    Var,
    do,
)

RING, QUOTA, PROTOCOL = Var("ring"), Imported("quota"), Var("protocol")
POOL, TIMERS = "thread_pool.thread_pool_run", "timer_service.timer_service_run"
RINGS = [Word(name="ring", size=24 + 4 * 16), Word(name="cells", size=24 + 8 * 2)]
POOL_SYSTEM = {
    "words": ["protocol", Word(name="place", size=8), Word(name="key", size=8)],
    "sealed": [quota("quota", 2048)],
    "imports": [SealedImport(sealed="quota")],
}
TIMER_SYSTEM = {
    "words": ["protocol", *(Word(name=name, size=8) for name in ("t1", "t2", "t3"))],
    "sealed": [quota("quota", 4096), quota("other", 4096)],
    "imports": [SealedImport(sealed="quota"), SealedImport(sealed="other")],
}


def push(value, kind=NO_LOCK, slots=16) -> tuple[Step, ...]:
    return (Put("item", value), do("ring_buffer_push", RING, "item", 4, slots, kind))


def pop(value, kind=NO_LOCK, slots=16) -> tuple[Step, ...]:
    return (do("ring_buffer_pop", RING, "item", 4, slots, kind), Expect(Get("item"), value))


def note(value) -> tuple[Step, ...]:
    """Append a hexadecimal digit to the global `protocol`."""
    return (Put(PROTOCOL, Op("|", Op("<<", Get(PROTOCOL), 4), value)),)


def protocol(value) -> tuple[Step, ...]:
    return (Expect(Get(PROTOCOL), value),)


def submit(function, data=0, code=0) -> tuple[Step, ...]:
    return (do("thread_pool_async", Callback(function), data, into="r"), Expect("r", code))


def timer(name, function, data=0) -> tuple[Step, ...]:
    """A disarmed timer, its handle in the global `name`."""
    return (do("timer_create", 0, QUOTA, Var(name), Callback(function), data, into="r"), Expect("r", 0))


def start(name, delay, period=0, code=0) -> tuple[Step, ...]:
    return (do("timer_start", 0, GetCap(Var(name)), delay, period, into="r"), Expect("r", code))


def stop(name, code=0) -> tuple[Step, ...]:
    return (do("timer_stop", 0, GetCap(Var(name)), into="r"), Expect("r", code))


SCENARIOS = (
    simple(
        "SC-107",
        "a ring buffer in balance",
        "RB-1 RB-2 RB-6 LK-23",
        {
            "H": (
                Local("item", 4),
                Put(RING, 0xFFFF_FFF0),
                Put(RING, 0xFFFF_FFF0, 4),
                *push(1),
                *(
                    step
                    for value in range(1, 40)
                    for step in (*push(value + 1, TICKET_LOCK), *pop(value, FLAG_LOCK))
                ),
                *pop(40),
                *(step for value in range(16) for step in push(value)),
                *(step for value in range(16) for step in pop(value)),
            )
        },
        words=RINGS,
        expect="""
        CALL H main scheduler futex_wake [cap(0::4+0),-1]
        CALL H main scheduler futex_wake [cap(0::4+0),-1]
        CALL H main scheduler futex_wake [cap(0::4+0),-1]
        """,
        never="BLOCK",
    ),
    simple(
        "SC-108",
        "a full ring buffer blocks",
        "RB-3 RB-4 RB-5 RB-7 LK-23 RB-1",
        {
            "H": (
                Local("item", 4),
                *push(1, slots=2),
                *push(2, slots=2),
                *push(3, slots=2),
                *sleep(1),
                *push(4, slots=2),
                *push(5, slots=2),
                Local("cell", 8),
                *(
                    step
                    for what, tag in (("cell", 0), (RING, 1))
                    for step in (
                        PutCap("cell", what),
                        do("ring_buffer_push", Var("cells"), "cell", 8, 2, NO_LOCK),
                        do("ring_buffer_pop", Var("cells"), "cell", 8, 2, NO_LOCK),
                        Expect(Ask("tag", GetCap("cell")), tag),
                    )
                ),
            ),
            "L": (
                Local("item", 4),
                *pop(1, slots=2),
                *pop(2, slots=2),
                *pop(3, slots=2),
                *pop(4, slots=2),
                *pop(5, slots=2),
            ),
        },
        words=RINGS,
        expect="""
        BLOCK H main.ring+4 none
        READY H futex
        BLOCK H sleep ticks:1
        BLOCK L main.ring none
        READY H timer
        READY L futex
        """,
        never="LIB",
    ),
    simple(
        "SC-109",
        "two tasks on a pool's thread, one with a captured pointer",
        "TP-1 TP-2 TP-5 TP-6 TP-7",
        {
            "M": (
                do("malloc", 4, into="number"),
                Put("number", 5),
                PutCap(Var("place"), "number"),
                Local("captured", 8),
                PutCap("captured", "number"),
                *submit("stateless", 3),
                *(
                    step
                    for _ in range(2)
                    for step in (
                        do("thread_pool_async_object", Var("key"), Callback("stateful"), "captured", 8, into="r"),
                        Expect("r", 0),
                    )
                ),
                *protocol(0),
                *sleep(1),
                Expect(Get("number"), 7),
                *protocol(0x122),
            ),
            "W": POOL,
        },
        program={
            "main.stateless": (
                Expect("a0", 3),
                do("thread_id_get", into="me"),
                Expect("me", 2),
                *note(1),
            ),
            "main.stateful": (
                do("thread_id_get", into="me"),
                Expect("me", 2),
                do("thread_pool_object", Var("key"), "a0", into="inside"),
                Let("number", GetCap("inside")),
                Put("number", Op("+", Get("number"), 1)),
                do("thread_pool_object_done", Var("key"), "a0", into="r"),
                Expect("r", 0),
                *note(2),
            ),
        },
        expect="""
        SEALKEY 1
        FREE main.malloc heap#2 freed
        FREE main.malloc heap#3 freed
        """,
        blocked="W",
        **POOL_SYSTEM,
    ),
    simple(
        "SC-110",
        "what the pool does not accept",
        "TP-1",
        {
            "H": (
                Local("place", 8),
                *(
                    step
                    for function, data in (
                        (Var("protocol"), 0),
                        (Untagged(Callback("task")), 0),
                        (QUOTA, 0),
                        (Narrow(Callback("task"), keep="gWmlRcaXUS0"), 0),
                        (Callback("task"), Var("protocol")),
                        (Callback("task"), Narrow(QUOTA, keep="gWmlRcaXUS0")),
                    )
                    for step in (do("thread_pool_async", function, data, into="r"), Expect("r", -22))
                ),
                *submit("task", QUOTA),
                *submit("task", Untagged(Var("protocol"))),
                *(step for _ in range(14) for step in submit("task")),
                *submit("task"),
                *note(1),
                *protocol(1),
            ),
            "W": POOL,
        },
        program={"main.task": ()},
        expect="""
        BLOCK H thread_pool.requests+4 none
        BLOCK W thread_pool.requests none
        """,
        blocked="W",
        **POOL_SYSTEM,
    ),
    simple(
        "SC-111",
        "a task traps",
        "TP-3",
        {"H": (*submit("bad"), *submit("good"), *sleep(1), *protocol(1)), "W": POOL},
        program={"main.bad": (Panic(),), "main.good": note(1)},
        expect="""
        TRAP W main 2 0
        UNWIND W main
        CALLFAIL W bad -1
        """,
        blocked="W",
        **POOL_SYSTEM,
    ),
    simple(
        "SC-112",
        "a task finds nothing of the one before it",
        "TP-4 CP-12",
        {"H": (*submit("first"), *submit("second"), *sleep(1), *protocol(0x12)), "W": POOL},
        program={
            "main.first": (
                Local("secrets", 64),
                *(Put("secrets", 0x5EC0 + offset, offset) for offset in range(0, 64, 4)),
                *note(1),
            ),
            "main.second": (
                Local("found", 64),
                *(Expect(Get("found", offset), 0) for offset in range(0, 64, 4)),
                *note(2),
            ),
        },
        blocked="W",
        **POOL_SYSTEM,
    ),
    simple(
        "SC-113",
        "FreeRTOS's names leave no memory behind",
        "HP-11 MQ-20",
        {
            "H": (
                do("xEventGroupCreate", into="group"),
                do("vEventGroupDelete", "group"),
                do("heap_quota_remaining", Imported("main.malloc"), into="before"),
                Local("item", 4),
                do("xQueueCreate", 10, 4, into="queue"),
                *(
                    step
                    for n in range(10)
                    for step in (
                        Put("item", n),
                        do("xQueueSendToBack", "queue", "item", 0, into="r"),
                        Expect("r", 1),
                    )
                ),
                do("xQueueSendToBack", "queue", "item", 2, into="r"),
                Expect("r", 0),
                do("uxQueueMessagesWaiting", "queue", into="r"),
                Expect("r", 10),
                *(
                    step
                    for n in range(10)
                    for step in (
                        do("xQueueReceive", "queue", "item", 0, into="r"),
                        Expect("r", 1),
                        Expect(Get("item"), n),
                    )
                ),
                do("vQueueDelete", "queue"),
                Repeat(
                    10,
                    (
                        do("xQueueCreate", 4, 4, into="queue"),
                        Expect(Ask("tag", "queue"), 1),
                        do("vQueueDelete", "queue"),
                        do("xSemaphoreCreateMutex", into="mutex"),
                        do("xSemaphoreTake", "mutex", 0, into="r"),
                        Expect("r", 1),
                        do("xSemaphoreGive", "mutex", into="r"),
                        Expect("r", 1),
                        do("vSemaphoreDelete", "mutex"),
                        do("xEventGroupCreate", into="group"),
                        do("xEventGroupSetBits", "group", 6, into="r"),
                        Expect("r", 6),
                        do("xEventGroupWaitBits", "group", 2, 1, 0, 0, into="r"),
                        Expect("r", 6),
                        do("xEventGroupClearBits", "group", 0, into="r"),
                        Expect("r", 4),
                        do("vEventGroupDelete", "group"),
                    ),
                ),
                do("heap_quota_remaining", Imported("main.malloc"), into="after"),
                Expect("after", "before"),
            )
        },
        stacks={"H": 8192},
    ),
    simple(
        "SC-114",
        "three timers",
        "TM-1 TM-3 TM-5",
        {
            "H": (
                *timer("t1", "expired", 1),
                *timer("t2", "expired", 2),
                *timer("t3", "expired", 3),
                *start("t1", 5),
                *start("t2", 3),
                *start("t3", 3),
                *sleep(2),
                *protocol(0),
                *sleep(2),
                *protocol(0x23),
                *sleep(2),
                *protocol(0x231),
                *start("t1", 2, 2),
                *sleep(7),
                *protocol(0x231111),
                *stop("t1"),
                *stop("t1"),
                *start("t2", 2),
                *start("t2", 4),
                *sleep(3),
                *protocol(0x231111),
                *sleep(3),
                *protocol(0x2311112),
            ),
            "S": TIMERS,
        },
        priorities={"S": 2},
        program={"main.expired": note("a0")},
        blocked="S",
        **TIMER_SYSTEM,
    ),
    simple(
        "SC-115",
        "a slow callback makes the next one late",
        "TM-2 TM-3 TM-4",
        {
            "H": (
                *timer("t1", "slow"),
                *timer("t2", "quick"),
                *timer("t3", "broken"),
                *start("t1", 1),
                *start("t2", 2),
                *start("t3", 30, 2),
                *sleep(20),
                *protocol(1),
                *sleep(17),
                *stop("t3"),
            ),
            "S": TIMERS,
        },
        priorities={"S": 2},
        program={
            "main.slow": (Repeat(10, (Advance(TICK),)),),
            "main.quick": (
                Expect(Now(), 11 * TICK + 1),
                *note(1),
            ),
            "main.broken": (Panic(),),
        },
        expect="""
        UNWIND S main
        UNWIND S main
        UNWIND S main
        UNWIND S main
        """,
        blocked="S",
        **TIMER_SYSTEM,
    ),
    simple(
        "SC-116",
        "timers are bounded",
        "TM-1",
        {
            "H": (
                Local("scratch", 8),
                Repeat(
                    16,
                    (
                        do("timer_create", 0, QUOTA, "scratch", Callback("expired"), 0, into="r"),
                        Expect("r", 0),
                    ),
                ),
                do("timer_create", 0, QUOTA, "scratch", Callback("expired"), 0, into="r"),
                Expect("r", -13),
                do("timer_create", 0, Imported("other"), "scratch", Var("protocol"), 0, into="r"),
                Expect("r", -22),
                Repeat(
                    16,
                    (
                        do("timer_create", 0, Imported("other"), "scratch", Callback("expired"), 0, into="r"),
                        Expect("r", 0),
                    ),
                ),
                do("heap_quota_remaining", Imported("other"), into="left"),
                Expect("left", 4096 - 16 * 64),
                do("timer_create", 0, Imported("other"), Var("t1"), Callback("expired"), 0, into="r"),
                Expect("r", -13),
                do("timer_destroy", 0, Imported("other"), GetCap("scratch"), into="r"),
                Expect("r", 0),
                do("timer_create", 0, Imported("other"), Var("t1"), Callback("expired"), 7, into="r"),
                Expect("r", 0),
                *start("t1", 1),
                *sleep(2),
                *protocol(7),
            ),
            "S": TIMERS,
        },
        priorities={"S": 2},
        stacks={"H": 2048},
        program={"main.expired": note("a0")},
        blocked="S",
        **(TIMER_SYSTEM | {"sealed": [quota("quota", 16 * 64), quota("other", 4096)]}),
    ),
    simple(
        "SC-117",
        "who may do what with a timer",
        "TM-6 TK-20",
        {
            "H": (
                *timer("t1", "expired", 1),
                do("token_permissions_and", GetCap(Var("t1")), 4, into="destroyer"),
                do("token_permissions_and", GetCap(Var("t1")), 1, into="starter"),
                do("timer_start", 0, "destroyer", 1, 0, into="r"),
                Expect("r", -2),
                do("timer_stop", 0, "destroyer", into="r"),
                Expect("r", -2),
                do("timer_destroy", 0, QUOTA, "starter", into="r"),
                Expect("r", -2),
                do("timer_start", 0, QUOTA, 1, 0, into="r"),
                Expect("r", -22),
                do("timer_stop", 0, QUOTA, into="r"),
                Expect("r", -22),
                do("timer_destroy", 0, QUOTA, QUOTA, into="r"),
                Expect("r", -22),
                *start("t1", 0xFFFF_FFFF, 0, -22),
                *start("t1", 1, 0xFFFF_FFFF, -22),
                do("timer_destroy", 0, Imported("other"), GetCap(Var("t1")), into="r"),
                Expect("r", -2),
                *start("t1", 1),
                *sleep(2),
                *protocol(1),
                *start("t1", 1),
                *sleep(0),
                do("timer_destroy", 0, QUOTA, "destroyer", into="r"),
                Expect("r", 0),
                *sleep(3),
                *protocol(1),
                *timer("t2", "expired", 2),
                *start("t2", 1),
                do("timer_destroy", 0, QUOTA, GetCap(Var("t2")), into="r"),
                Expect("r", 0),
                *sleep(3),
                *protocol(1),
                do("heap_quota_remaining", QUOTA, into="left"),
                Expect("left", 4096),
                *timer("t3", "expired", 3),
                Repeat(16, (*start("t3", 1),)),
                *start("t3", 1, 0, -110),
                *stop("t3", -110),
            ),
            "S": TIMERS,
        },
        priorities={"S": 2},
        stacks={"H": 2048},
        program={"main.expired": note("a0")},
        blocked="S",
        **TIMER_SYSTEM,
    ),
)
