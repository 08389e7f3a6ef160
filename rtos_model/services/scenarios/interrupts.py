"""Interrupt futexes and multiwaiters: SC-41...SC-58."""

from rtos_model.services.image import DeviceImport, Interrupt, SealedImport, Word, interrupt_right, quota
from rtos_model.services.interpreter import letters
from rtos_model.services.revoker import ENABLE, EPOCH, GO
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.futexes import WORD, wait, wake
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import (
    Ask,
    During,
    Expect,
    Get,
    GetCap,
    Imported,
    Let,
    Limit,
    Local,
    Narrow,
    Op,
    Put,
    PutCap,
    Raise,
    Repeat,
    Var,
    do,
)

LEVEL_NUMBER, EDGE_NUMBER, REVOKER_NUMBER = 8, 12, 1
SOURCES = [
    Interrupt(name="level", number=LEVEL_NUMBER),
    Interrupt(name="edge", number=EDGE_NUMBER, edge=True),
    Interrupt(name="revoker", number=REVOKER_NUMBER, edge=True),
]
RIGHTS = [
    interrupt_right("level", LEVEL_NUMBER),
    interrupt_right("edge", EDGE_NUMBER),
    interrupt_right("watch", LEVEL_NUMBER, may_complete=False),
    interrupt_right("acknowledge", LEVEL_NUMBER, may_wait=False),
    interrupt_right("unknown", 31),
    interrupt_right("revoker", REVOKER_NUMBER),
    quota("quota", 2048),
]
SYSTEM = {"interrupts": SOURCES, "sealed": RIGHTS}
QUOTA = Imported("quota")


def word_of(right):
    return (do("interrupt_futex_get", Imported(right), into="irq"),)


def complete(right, code):
    return (do("interrupt_complete", Imported(right), into="completed"), Expect("completed", code))


def multiwaiter(sources, code=0):
    """A fresh multiwaiter `mw` for so many sources, and the array `events` for its calls."""
    return (
        Local("slot", 8),
        do("multiwaiter_create", 0, QUOTA, "slot", sources, into="made"),
        Expect("made", code),
        *((Let("mw", GetCap("slot")),) if code == 0 else ()),
        Local("events", 16 * sources),
    )


def source(index, pointer, value):
    return (PutCap("events", pointer, 16 * index), Put("events", value, 16 * index + 8))


def wait_any(ticks, sources, code, fired=()):
    """One call; afterwards the values say which sources fired."""
    return (
        Limit("limit", ticks),
        do("multiwaiter_wait", "limit", "mw", "events", sources, into="waited"),
        Expect("waited", code),
        *(Expect(Get("events", 16 * index + 8), one) for index, one in enumerate(fired)),
    )


def queue(count=2):
    """A queue of words that both threads find in the global `queue`."""
    return (do("queue_create", 0, QUOTA, Var("queue"), 4, count, into="made"), Expect("made", 0))


SHARED_QUEUE = ["word", Word(name="queue", size=8)]
THE_QUEUE = GetCap(Var("queue"))
REVOKER = Imported("revoker:RW")

SCENARIOS = (
    simple(
        "SC-41",
        "what an interrupt word is",
        "IR-2 IR-4 SG-15",
        {
            "H": (
                *word_of("edge"),
                Expect(Ask("tag", "irq"), 1),
                Expect(Ask("length", "irq"), 4),
                Expect(Ask("offset", "irq"), 0),
                Expect(Ask("permissions", "irq"), letters("GR")),
                Expect(Get("irq"), 0),
                During((Put("irq", 1), Expect(0, 1)), ()),
                During((Let("x", Get("irq", 4)), Expect(0, 1)), ()),
                Expect(Get("irq"), 0),
            )
        },
        handlers=("scoped",),
        expect="""
        TRAP H main 28 19
        TRAP H main 28 1
        """,
        **SYSTEM,
    ),
    simple(
        "SC-42",
        "wrong rights",
        "IR-4 IR-5 SG-16",
        {
            "H": (
                *(
                    step
                    for right in ("acknowledge", "quota", "unknown")
                    for step in (*word_of(right), Expect("irq", 0), Expect(Ask("tag", "irq"), 0))
                ),
                do("interrupt_futex_get", 0, into="irq"),
                Expect("irq", 0),
                *complete("watch", -2),
                *complete("quota", -2),
                do("interrupt_complete", 0, into="r"),
                Expect("r", -2),
                *complete("level", 0),
                *complete("acknowledge", 0),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-43",
        "a level source",
        "IR-3 IR-5",
        {
            "H": (
                *word_of("level"),
                Raise(LEVEL_NUMBER),
                Raise(LEVEL_NUMBER),
                Expect(Get("irq"), 1),
                *complete("level", 0),
                Expect(Get("irq"), 2),
            )
        },
        expect="""
        IRQ 8 1 []
        IRQ 8 2 []
        """,
        **SYSTEM,
    ),
    simple(
        "SC-44",
        "an edge source",
        "IR-3",
        {"H": (*word_of("edge"), Raise(EDGE_NUMBER), Raise(EDGE_NUMBER), Expect(Get("irq"), 2))},
        expect="""
        IRQ 12 1 []
        IRQ 12 2 []
        """,
        **SYSTEM,
    ),
    simple(
        "SC-45",
        "an interrupt before anyone asked",
        "IR-7",
        {"H": (Raise(EDGE_NUMBER), *word_of("edge"), *wait(5, pointer="irq"), Expect(Get("limit"), 0))},
        never="BLOCK",
        **SYSTEM,
    ),
    simple(
        "SC-46",
        "two watchers, one acknowledger",
        "IR-1 IR-3 IR-6",
        {
            "A": (*word_of("watch"), *wait(50, pointer="irq"), *complete("watch", -2)),
            "B": (*word_of("level"), *wait(50, pointer="irq"), *complete("level", 0)),
            "D": (Raise(LEVEL_NUMBER),),
        },
        priorities={"A": 2, "B": 2},
        expect="""
        BLOCK A scheduler.irq:level ticks:50
        BLOCK B scheduler.irq:level ticks:50
        READY A futex
        READY B futex
        IRQ 8 1 [A,B]
        """,
        **SYSTEM,
    ),
    simple(
        "SC-47",
        "polling",
        "IR-7",
        {
            "H": (
                *word_of("edge"),
                Let("seen", Get("irq")),
                Repeat(5, (Raise(EDGE_NUMBER),)),
                Expect(Op("-", Get("irq"), "seen"), 5),
            )
        },
        never="BLOCK",
        **SYSTEM,
    ),
    simple(
        "SC-48",
        "the revoker's interrupt",
        "IR-7 HP-40",
        {
            "H": (
                *word_of("revoker"),
                Repeat(
                    10,
                    (
                        Let("seen", Get("irq")),
                        Let("epoch", Get(REVOKER, EPOCH)),
                        Put(REVOKER, 1, ENABLE),
                        Put(REVOKER, 1, GO),
                        *wait(50, pointer="irq", value="seen"),
                        Expect(Get(REVOKER, EPOCH), Op("+", "epoch", 2)),
                    ),
                ),
                Expect(Get("irq"), 10),
            )
        },
        imports=[DeviceImport(device="revoker", permissions="RW"), SealedImport(sealed="revoker")],
        never="TICK",
        **SYSTEM,
    ),
    simple(
        "SC-50",
        "a bad source",
        "MW-1",
        {"H": (*multiwaiter(4), *source(0, 0, 0), *wait_any(5, 1, -22))},
        never="BLOCK",
        **SYSTEM,
    ),
    simple(
        "SC-51",
        "ready already",
        "MW-1 MW-4 MW-5 MW-6",
        {
            "H": (
                Put(WORD, 1),
                *multiwaiter(4),
                *source(0, WORD, 0),
                *wait_any(5, 1, 0, [1]),
                *source(0, WORD, 0),
                *wait_any(0, 1, 0, [1]),
                *source(0, WORD, 1),
                *wait_any(0, 1, -110, [0]),
                *wait_any(0, 0, -110),
            )
        },
        words=["word"],
        never="BLOCK",
        **SYSTEM,
    ),
    simple(
        "SC-52",
        "the second of two fires",
        "MW-2 MW-3 MW-4 MW-6",
        {
            "H": (
                *multiwaiter(2),
                *source(0, WORD, 0),
                *source(1, Var("other"), 0),
                *wait_any(50, 2, 0, [0, 1]),
                *source(0, WORD, 0),
                *source(1, Var("other"), 1),
                *wait_any(3, 2, -110, [0, 0]),
                Expect(Get("limit"), 3),
                *wait_any(2, 0, -110),
            ),
            "L": (Put(Var("other"), 1), *wake(1, 1, pointer=Var("other"))),
        },
        words=["word", "other"],
        expect="""
        BLOCK H heap#1 ticks:50
        READY H multi
        BLOCK H heap#1 ticks:3
        READY H timer
        BLOCK H heap#1 ticks:2
        READY H timer
        """,
        **SYSTEM,
    ),
    simple(
        "SC-53",
        "a queue and a futex",
        "MW-2 MQ-31 MQ-33",
        {
            "H": (
                *queue(),
                *multiwaiter(2),
                do("multiwaiter_queue_receive_init", "events", THE_QUEUE),
                *source(1, WORD, 0),
                *wait_any(50, 2, 0, [0, 1]),
            ),
            "L": (Put(WORD, 1), *wake(1, 1)),
        },
        words=SHARED_QUEUE,
        expect="""
        BLOCK H heap#2 ticks:50
        READY H multi
        """,
        **SYSTEM,
    ),
    simple(
        "SC-54",
        "a full queue gets room",
        "MW-2 MQ-31 MQ-10",
        {
            "H": (
                *queue(1),
                Local("message", 4),
                Put("message", 7),
                do("queue_send", 0, THE_QUEUE, "message", into="r"),
                Expect("r", 0),
                *multiwaiter(1),
                do("multiwaiter_queue_send_init", "events", THE_QUEUE),
                *wait_any(50, 1, 0, [1]),
                do("queue_send", 0, THE_QUEUE, "message", into="r"),
                Expect("r", 0),
            ),
            "L": (
                Local("got", 4),
                do("queue_receive", 0, THE_QUEUE, "got", into="r"),
                Expect("r", 0),
                Expect(Get("got"), 7),
            ),
        },
        words=SHARED_QUEUE,
        expect="""
        BLOCK H heap#2 ticks:50
        READY H multi
        """,
        **SYSTEM,
    ),
    simple(
        "SC-55",
        "limits of a multiwaiter",
        "MW-1 MW-5 MW-6",
        {
            "H": (
                *multiwaiter(9, -22),
                *multiwaiter(1),
                PutCap(Var("shared"), "mw"),
                *wait_any(5, 2, -22),
                *source(0, WORD, 0),
                *wait_any(5, 1, -110, [0]),
            ),
            "L": (
                Local("events", 16),
                Let("mw", GetCap(Var("shared"))),
                *source(0, WORD, 0),
                *wait_any(5, 1, -16),
                *sleep(9),
                *wait_any(0, 1, -110),
                Let("mw", Narrow(WORD)),
                *wait_any(5, 1, -22),
            ),
        },
        words=["word", Word(name="shared", size=8)],
        expect="""
        BLOCK H heap#1 ticks:5
        BLOCK L sleep ticks:9
        """,
        **SYSTEM,
    ),
    simple(
        "SC-56",
        "deleted while waiting",
        "MW-7 TH-15",
        {
            "H": (
                do("heap_quota_remaining", QUOTA, into="before"),
                *multiwaiter(1),
                do("heap_quota_remaining", QUOTA, into="left"),
                Expect(Op("-", "before", "left"), 40),
                PutCap(Var("shared"), "mw"),
                *source(0, WORD, 0),
                *wait_any(50, 1, -22),
                do("heap_quota_remaining", QUOTA, into="after"),
                Expect("after", "before"),
            ),
            "L": (
                do("multiwaiter_delete", QUOTA, GetCap(Var("shared")), into="r"),
                Expect("r", 0),
                do("multiwaiter_delete", QUOTA, GetCap(Var("shared")), into="r"),
                Expect("r", -22),
            ),
        },
        words=["word", Word(name="shared", size=8)],
        expect="""
        READY H delete
        FREE quota heap#1 freed
        """,
        **SYSTEM,
    ),
    simple(
        "SC-57",
        "hardware and software events in one wait",
        "IR-8 MW-2 MW-6",
        {
            "H": (
                *queue(),
                *word_of("edge"),
                *multiwaiter(2),
                *source(0, "irq", 0),
                *(
                    step
                    for fired in ([1, 0], [0, 1])
                    for step in (
                        do("multiwaiter_queue_receive_init", Narrow("events", move=16), THE_QUEUE),
                        *wait_any(50, 2, 0, fired),
                        *source(0, "irq", Get("irq")),
                    )
                ),
            ),
            "L": (
                Raise(EDGE_NUMBER),
                Local("message", 4),
                do("queue_send", 0, THE_QUEUE, "message", into="r"),
                Expect("r", 0),
            ),
        },
        words=SHARED_QUEUE,
        expect="""
        READY H multi
        IRQ 12 1 [H]
        READY H multi
        """,
        **SYSTEM,
    ),
    simple(
        "SC-58",
        "futex waiters come before multiwaiters",
        "FX-2 MW-8",
        {
            "H": (*multiwaiter(1), *source(0, WORD, 0), *wait_any(4, 1, -110, [0])),
            "L": wait(50),
            "W": wake(1, 1),
        },
        priorities={"W": 0},
        words=["word"],
        expect="""
        BLOCK H heap#1 ticks:4
        BLOCK L main.word ticks:50
        READY L futex
        READY H timer
        """,
        **SYSTEM,
    ),
)
