"""Futexes and priority inheritance: SC-20...SC-40."""

from rtos_model.services.image import Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.threads import EQUAL, TICK, sleep
from rtos_model.services.steps import (
    Advance,
    Expect,
    Get,
    GetCap,
    Imported,
    Let,
    Limit,
    Narrow,
    Put,
    PutCap,
    Repeat,
    Var,
    do,
)

WORD, OTHER = Var("word"), Var("other")
PI = 1
H_ID, M_ID, L_ID = 1, 2, 3


def wait(ticks, pointer=WORD, value=0, flags=0, code=0):
    """Wait at most so many ticks while the word has the value, and expect this code."""
    return (
        Limit("limit", ticks),
        do("futex_timed_wait", "limit", pointer, value, flags, into="waited"),
        Expect("waited", code),
    )


def wake(count, woken, pointer=WORD):
    return (do("futex_wake", pointer, count, into="woken"), Expect("woken", woken))


def spin(ticks):
    """Compute so many ticks, in quarters."""
    return (Repeat(4 * ticks, (Advance(TICK // 4),)),)


def pi_scene(h_flags, h_ticks, h_code, l_work):
    """L owns the word when H and M come at tick 1: H waits, M spins for three ticks, L does its work."""
    return {
        "H": (*sleep(1), *wait(h_ticks, value=L_ID, flags=h_flags, code=h_code)),
        "M": (*sleep(1), *spin(3)),
        "L": (Put(WORD, L_ID), Advance(TICK), *l_work),
    }


RELEASE = (Put(WORD, 0), *wake(1, 1))

SCENARIOS = (
    simple("SC-20", "wake nobody", "FX-3", {"H": wake(1, 0)}, words=["word"], never="READY"),
    simple(
        "SC-21",
        "mismatch",
        "FX-5 TH-15",
        {"H": (Put(WORD, 7), *wait(5), *wait(0), *wait(5, flags=PI))},
        words=["word"],
        never="BLOCK",
    ),
    simple(
        "SC-22",
        "wait and wake",
        "FX-2 FX-3 FX-5 FX-11",
        {"H": (do("futex_wait", WORD, 0, into="r"), Expect("r", 0)), "L": (Put(WORD, 1), *wake(1, 1))},
        words=["word"],
        expect="""
        SWITCH idle H
        BLOCK H main.word none
        SWITCH H L
        READY H futex
        SWITCH L H
        RET H futex_timed_wait 0 0
        SWITCH H L
        RET L futex_wake 1 0
        SWITCH L idle
        """,
    ),
    simple(
        "SC-23",
        "time-out",
        "TO-4 TO-7 TO-8 TO-11 TH-13",
        {"H": (*wait(3, code=-110), Expect(Get("limit"), 3), Expect(Get("limit", 4), 0))},
        words=["word"],
        expect="""
        BLOCK H main.word ticks:3
        READY H timer
        """,
    ),
    simple(
        "SC-24",
        "no time at all",
        "TO-4",
        {
            "H": (
                *wait(0, code=-110),
                do("futex_timed_wait", 0, WORD, 0, 0, into="r"),
                Expect("r", -110),
                Put(WORD, 2),
                Limit("none", 0),
                do("futex_timed_wait", "none", WORD, 2, PI, into="r"),
                Expect("r", -110),
            ),
            "L": (),
        },
        words=["word"],
        expect="""
        SWITCH idle H
        EXIT H
        SWITCH H L
        EXIT L
        SWITCH L idle
        """,
        never="BLOCK BOOST",
    ),
    simple(
        "SC-25",
        "null pointers and permissions",
        "FX-1 FX-4 FX-8",
        {
            "H": (
                *wait(1, pointer=0, code=-22),
                *wake(1, -22, pointer=0),
                *wait(1, pointer=Narrow(WORD, keep="W"), code=-22),
                *wake(1, 0, pointer=Narrow(WORD, keep="R")),
                *wake(1, 0, pointer=Narrow(WORD, keep="")),
                *wait(1, pointer=Narrow(WORD, length=3), code=-22),
                *wake(1, -22, pointer=Narrow(WORD, length=3)),
                *wait(1, pointer=Narrow(WORD, move=4), code=-22),
                *wait(1, pointer=Narrow(Var("pair"), move=2), code=-22),
            )
        },
        words=["word", Word(name="pair", size=8)],
        never="BLOCK",
    ),
    simple(
        "SC-26",
        "wake order",
        "FX-2 TH-9",
        {
            "H": (*sleep(2), *wait(50)),
            "M": (*sleep(1), *wait(50)),
            "M2": (*sleep(3), *wait(50)),
            "L": wait(50),
            "W": (*sleep(4), Repeat(4, wake(1, 1))),
        },
        priorities={"M2": 2, "W": 0},
        words=["word"],
        expect="""
        READY M timer
        READY H timer
        READY M2 timer
        READY W timer
        READY H futex
        READY M futex
        READY M2 futex
        READY L futex
        """,
    ),
    simple(
        "SC-27",
        "a count limits the wake",
        "FX-2 FX-3",
        {"H": wait(0xFFFF_FFFF), "M": wait(0xFFFF_FFFF), "L": wait(0xFFFF_FFFF), "W": (*wake(0, 0), *wake(2, 2))},
        priorities={"W": 0},
        words=["word"],
        expect="""
        READY H futex
        READY M futex
        """,
        blocked="L",
    ),
    simple(
        "SC-28",
        "a wake of an equal",
        "FX-11 TH-14",
        {"A": wait(50), "B": (*wake(1, 1), Advance(TICK - 1), Advance(1))},
        priorities=EQUAL,
        words=["word"],
        expect="""
        SWITCH idle A
        SWITCH A B
        READY A futex
        RET B futex_wake 1 0
        TICK 1
        SWITCH B A
        RET A futex_timed_wait * 0
        SWITCH A B
        SWITCH B idle
        """,
    ),
    simple(
        "SC-29",
        "a wake of someone less urgent",
        "FX-11 TH-15",
        {"H": (*sleep(1), *wake(1, 1)), "L": wait(50)},
        words=["word"],
        expect="""
        SWITCH idle H
        SWITCH H L
        SWITCH L idle
        READY H timer
        SWITCH idle H
        READY L futex
        EXIT H
        SWITCH H L
        EXIT L
        SWITCH L idle
        """,
    ),
    simple(
        "SC-30",
        "priority inheritance helps",
        "FX-9 FX-10 FX-10a FX-11 TH-3",
        pi_scene(PI, 4, 0, (Advance(TICK), *RELEASE)),
        words=["word"],
        expect="""
        SWITCH idle H
        SWITCH H M
        SWITCH M L
        SWITCH L H
        BOOST L 0 2
        SWITCH H L
        BOOST L 2 0
        SWITCH L H
        SWITCH H M
        SWITCH M L
        SWITCH L idle
        """,
    ),
    simple(
        "SC-31",
        "without priority inheritance",
        "FX-9 TO-11",
        {**pi_scene(0, 1, -110, ()), "H": (*sleep(1), *wait(1, value=L_ID, code=-110), Expect(Get(WORD), L_ID))},
        words=["word"],
        never="BOOST",
    ),
    simple(
        "SC-32",
        "nobody to inherit from",
        "FX-9 FX-10",
        {
            "H": tuple(
                step
                for owner in (1234, 0, H_ID)
                for step in (Put(WORD, owner), *wait(2, value=owner, flags=PI, code=-22))
            )
        },
        words=["word"],
        never="BLOCK BOOST",
    ),
    simple(
        "SC-33",
        "a boost ends with the time limit",
        "FX-9",
        pi_scene(PI, 2, -110, spin(4)),
        words=["word"],
        expect="""
        READY H timer
        READY M timer
        BOOST L 0 2
        READY H timer
        BOOST L 2 0
        """,
    ),
    simple(
        "SC-34",
        "two inheriting waiters",
        "FX-9",
        {
            "H": (*sleep(2), *wait(4, value=L_ID, flags=PI, code=-110)),
            "M": (*sleep(1), *wait(2, value=L_ID, flags=PI, code=-110)),
            "L": (Put(WORD, L_ID), *spin(8)),
        },
        words=["word"],
        expect="""
        READY M timer
        BOOST L 0 1
        READY H timer
        BOOST L 1 2
        READY M timer
        READY H timer
        BOOST L 2 0
        """,
    ),
    simple(
        "SC-35",
        "nested inheriting locks",
        "FX-10",
        {
            "H": (*sleep(2), *wait(50, value=L_ID, flags=PI)),
            "M": (*sleep(1), *wait(50, pointer=OTHER, value=L_ID, flags=PI)),
            "L": (Put(WORD, L_ID), Put(OTHER, L_ID), *spin(2), Put(OTHER, 0), *wake(1, 1, pointer=OTHER), *RELEASE),
        },
        words=["word", "other"],
        expect="""
        READY M timer
        BOOST L 0 1
        READY H timer
        BOOST L 1 2
        READY M futex
        READY H futex
        BOOST L 2 0
        """,
    ),
    simple(
        "SC-36",
        "release of an inherited priority",
        "FX-10 FX-11",
        {
            "H": (*sleep(1), *wait(9, value=L_ID, flags=PI)),
            "M": (),
            "L": (Put(WORD, L_ID), Advance(TICK), *RELEASE),
        },
        words=["word"],
        expect="""
        SWITCH idle H
        SWITCH H M
        SWITCH M L
        READY H timer
        SWITCH L H
        BOOST L 0 2
        SWITCH H L
        READY H futex
        BOOST L 2 0
        SWITCH L H
        SWITCH H L
        SWITCH L idle
        """,
    ),
    simple(
        "SC-37",
        "inheritance is not transitive",
        "FX-9 FX-10a",
        {
            "H": (*sleep(2), *wait(50, pointer=OTHER, value=M_ID, flags=PI)),
            "M": (
                Put(OTHER, M_ID),
                *sleep(1),
                *wait(50, value=L_ID, flags=PI),
                Put(OTHER, 0),
                *wake(1, 1, pointer=OTHER),
            ),
            "L": (Put(WORD, L_ID), *spin(3), *RELEASE),
        },
        words=["word", "other"],
        expect="""
        READY M timer
        BOOST L 0 1
        READY H timer
        BOOST M 1 2
        READY M futex
        BOOST L 1 0
        READY H futex
        BOOST M 2 1
        """,
    ),
    simple(
        "SC-38",
        "freed while waiting",
        "FX-8 TO-12",
        {
            "A": (
                do("heap_allocate", 0, Imported("quota"), 16, 7, into="p"),
                PutCap(Var("shared"), "p"),
                *wait(50, pointer="p", code=-22),
            ),
            # The catalogue has L free it and then wake by its address: but a dead pointer wakes nobody (FX-1, -22), and
            # whom a less urgent thread wakes runs at once (FX-11). So the waker is the waiter's equal, still runs when
            # the woken one is ready, and frees the memory then.
            "B": (
                Let("p", GetCap(Var("shared"))),
                *wake(1, 1, pointer="p"),
                do("heap_free", Imported("quota"), "p", into="r"),
                Expect("r", 0),
                *wake(1, -22, pointer="p"),
            ),
        },
        priorities=EQUAL,
        words=[Word(name="shared", size=8)],
        sealed=[quota("quota", 1024)],
        expect="""
        READY A futex
        FREE quota heap#1 freed
        """,
    ),
    simple(
        "SC-39",
        "the word left and came back",
        "FX-6 FX-7",
        {
            "H": (Let("seen", Get(WORD)), *sleep(1), do("futex_wait", WORD, "seen", into="r"), Expect("r", 0)),
            "L": (Put(WORD, 1), Put(WORD, 0), *sleep(2), *wake(1, 1)),
        },
        words=["word"],
        expect="""
        BLOCK H sleep ticks:1
        BLOCK L sleep ticks:2
        BLOCK H main.word none
        """,
    ),
    simple(
        "SC-40",
        "woken, but too late",
        "TO-11 FX-3",
        {"H": (*sleep(1), *wake(1, 1), *spin(3)), "L": wait(2, code=-110)},
        words=["word"],
        expect="""
        READY H timer
        READY L futex
        """,
    ),
)
