"""Threads, time, scheduling: SC-1...SC-18."""

from rtos_model.services.image import Interrupt, Posture, interrupt_right, quota
from rtos_model.services.scenario import Class, simple
from rtos_model.services.steps import (
    Advance,
    Ask,
    At,
    Disabled,
    Expect,
    Get,
    Imported,
    Let,
    Limit,
    Local,
    Now,
    Op,
    Put,
    Raise,
    Repeat,
    Var,
    do,
)

EQUAL = {"A": 1, "B": 1}
EDGE = Interrupt(name="edge", number=12, edge=True)
TICK = 10_000
FULL = 0xFFFF_FFFF


def sleep(ticks, flags=1, name="t"):
    """Sleep so many ticks; flags 1 = no early wake. The time limit is `name`."""
    return (Limit(name, ticks), do("thread_sleep", name, flags, into="slept"), Expect("slept", 0))


def _leaked_return(ctx):
    """The entry runs with interrupts disabled, but control leaves it through an interrupts-enabled return."""
    ctx.thread.interrupts = True
    yield


SCENARIOS = (
    simple(
        "SC-1",
        "boot order",
        "TH-1 TH-2 TH-3 TH-6 TH-9",
        {"T1": (), "T2": sleep(1), "T3": ()},
        priorities={"T1": 3, "T2": 7, "T3": 7},
        expect="""
        SWITCH idle T2
        BLOCK T2 sleep ticks:1
        SWITCH T2 T3
        EXIT T3
        SWITCH T3 T1
        EXIT T1
        SWITCH T1 idle
        SWITCH idle T2
        EXIT T2
        SWITCH T2 idle
        """,
    ),
    simple(
        "SC-2",
        "run to exit",
        "TH-7 TH-15 TH-16",
        {name: (Repeat(2, (do("thread_id_get", into="id"), Expect("id", n))),) for n, name in ((1, "H"), (2, "L"))},
        expect="""
        LIB H thread_id_get 1
        LIB H thread_id_get 1
        EXIT H
        LIB L thread_id_get 2
        LIB L thread_id_get 2
        EXIT L
        """,
    ),
    simple(
        "SC-3",
        "thread identifiers and count",
        "TH-2 TH-7",
        {
            name: (
                do("thread_id_get", into="id"),
                Expect("id", number),
                do("thread_count", into="n"),
                Expect("n", 3),
            )
            for number, name in enumerate("HML", 1)
        },
        expect="""
        EXIT H
        EXIT M
        EXIT L
        """,
    ),
    simple(
        "SC-4",
        "sleep of nothing is a yield",
        "TH-10 TH-11 TH-18 TO-4 TO-8",
        {"A": (*sleep(0), Expect(Get("t", 0), 0)), "B": ()},
        priorities=EQUAL,
        expect="""
        SWITCH idle A
        SWITCH A B
        SWITCH B A
        SWITCH A idle
        """,
        never="BLOCK",
    ),
    simple(
        "SC-5",
        "absolute sleep",
        "TH-17 TO-6 TO-7",
        {
            "H": (
                Let("end", Op("+", Now(), 2000)),
                do("thread_sleep", At(2000), 1, into="r"),
                Expect("r", 0),
                Expect(Op("<=", "end", Now()), 1),
            )
        },
        expect="""
        BLOCK H sleep absolute
        READY H timer
        """,
    ),
    simple(
        "SC-6",
        "early wake",
        "TH-13 TH-19 TH-20",
        {"H": (*sleep(50, 0), Expect(Get("t", 0), 0))},
        expect="""
        BLOCK H sleep ticks:50
        READY H early
        """,
        never="TICK",
    ),
    simple(
        "SC-7",
        "no early wake",
        "TH-13 TH-14 TH-19 TO-1 TO-3 TO-8",
        {"H": (*sleep(50, 1), Expect(Get("t", 0), 50), Expect(Get("t", 4), 0))},
        expect="""
        BLOCK H sleep ticks:50
        TICK 50
        READY H timer
        """,
    ),
    simple(
        "SC-8",
        "an earlier sleeper prevents an early wake",
        "TH-13 TH-20",
        {"H": sleep(5, 0), "L": (*sleep(1), *sleep(3), *sleep(10))},
        expect="""
        BLOCK H sleep ticks:5
        BLOCK L sleep ticks:1
        TICK 1
        READY L timer
        BLOCK L sleep ticks:3
        TICK 4
        READY L timer
        BLOCK L sleep ticks:10
        READY H early
        TICK 14
        READY L timer
        """,
    ),
    simple(
        "SC-9",
        "two periodic sleepers",
        "TH-12 TH-13 TH-19 TO-2 TO-7",
        {"A": (Repeat(15, sleep(14)),), "B": (Repeat(14, sleep(15)),)},
        priorities=EQUAL,
        expect="""
        TICK 14
        READY A timer
        TICK 15
        READY B timer
        TICK 28
        READY A timer
        TICK 30
        READY B timer
        ...
        TICK 195
        READY B timer
        TICK 196
        READY A timer
        TICK 210
        READY B timer
        READY A timer
        """,
    ),
    simple(
        "SC-10",
        "round robin",
        "TH-14 TH-16 TO-1",
        {name: (Repeat(6, (Advance(TICK // 2),)),) for name in "AB"},
        priorities=EQUAL,
        comparability=Class.SET,
        expect="""
        SWITCH idle A
        SWITCH A B
        SWITCH B A
        SWITCH A B
        SWITCH B A
        SWITCH A B
        SWITCH B A
        SWITCH A B
        SWITCH B idle
        """,
    ),
    simple(
        "SC-11",
        "a pre-empted thread loses its place",
        "TH-8 TH-10 TH-12",
        {"H": (do("thread_sleep", At(TICK // 2), 1), *sleep(5)), "A": (Advance(TICK * 6 // 10),), "B": ()},
        priorities=EQUAL,
        expect="""
        SWITCH idle H
        SWITCH H A
        SWITCH A H
        SWITCH H B
        SWITCH B A
        SWITCH A idle
        SWITCH idle H
        SWITCH H idle
        """,
    ),
    simple(
        "SC-12",
        "an interrupt that wakes someone less urgent rotates the ring",
        "TH-8 TH-11 TH-12 TH-15 IR-1 IR-3",
        {
            "A": (*sleep(1), Raise(12)),
            "B": sleep(1),
            "L": (
                do("interrupt_futex_get", Imported("right"), into="word"),
                do("futex_wait", "word", 0, into="r"),
                Expect("r", 0),
            ),
        },
        priorities={"A": 2, "B": 2},
        interrupts=[EDGE],
        sealed=[interrupt_right("right", 12)],
        expect="""
        SWITCH idle A
        SWITCH A B
        SWITCH B L
        SWITCH L idle
        SWITCH idle A
        IRQ 12 1 [L]
        SWITCH A B
        SWITCH B A
        SWITCH A L
        SWITCH L idle
        """,
    ),
    simple(
        "SC-13",
        "an interrupt that wakes nobody",
        "TH-11 IR-2 IR-3",
        {
            "A": (
                do("interrupt_futex_get", Imported("right"), into="word"),
                Raise(12),
                Expect(Get("word"), 1),
            ),
            "B": (),
        },
        priorities=EQUAL,
        interrupts=[EDGE],
        sealed=[interrupt_right("right", 12)],
        expect="""
        SWITCH idle A
        IRQ 12 1 []
        EXIT A
        SWITCH A B
        EXIT B
        SWITCH B idle
        """,
    ),
    simple(
        "SC-14",
        "a time limit on the heap is refused",
        "TH-17 TO-6 TO-12",
        {
            "H": (
                do("heap_allocate", 0, Imported("quota"), 8, 7, into="p"),
                Expect(Ask("tag", "p"), 1),
                Put("p", 5, 4),
                do("thread_sleep", "p", 0, into="r"),
                Expect("r", -22),
            )
        },
        sealed=[quota("quota", 1024)],
        never="BLOCK",
    ),
    simple(
        "SC-15",
        "arithmetic of time limits",
        "TO-5 TO-9 TH-18",
        {
            "H": (
                Local("full", 8),
                Put("full", FULL),
                Put("full", 0, 4),
                Advance(42 * TICK),
                do("thread_sleep", "full", 1),
                Expect(Get("full"), FULL),
                Expect(Get("full", 4), 0),
                Limit("unlimited", FULL),
                do("futex_timed_wait", "unlimited", Var("word"), 0, 0, into="r"),
                Expect("r", 0),
                Expect(Get("unlimited"), 42),
                Expect(Get("unlimited", 4), FULL),
            ),
            "L": (*sleep(42), Put(Var("word"), 1), do("futex_wake", Var("word"), 1, into="n"), Expect("n", 1)),
        },
        words=["word"],
        expect="""
        TICK 42
        BLOCK H main.word none
        BLOCK L sleep ticks:42
        TICK 84
        """,
    ),
    simple(
        "SC-16",
        "the tick counter is stale",
        "TO-3 TO-8",
        {
            "L": (
                Advance(3 * TICK),
                do("thread_systemtick_get", into="before"),
                Expect("before", 0),
                *sleep(1),
                do("thread_systemtick_get", into="after"),
                Expect("after", 4),
                Expect(Get("t"), 4),
            )
        },
        expect="""
        BLOCK L sleep ticks:1
        TICK 3
        TICK 4
        """,
    ),
    simple(
        "SC-17",
        "a hog with interrupts disabled",
        "TH-15 CP-14",
        {
            "H": (*sleep(1), Expect(Get("t"), 5)),
            "L": (Disabled((Repeat(5, (Advance(TICK),)),)),),
        },
        expect="""
        SWITCH idle H
        SWITCH H L
        TICK 5
        READY H timer
        SWITCH L H
        SWITCH H L
        SWITCH L idle
        """,
    ),
    simple(
        "SC-18",
        "return with the wrong interrupt posture",
        "TH-5 TH-7",
        {"H": _leaked_return},
        posture=Posture.DISABLED,
        expect="""
        SWITCH idle H
        EXIT H
        SWITCH H idle
        """,
    ),
)
