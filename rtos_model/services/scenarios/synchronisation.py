"""Semaphores, barriers, condition variables, run-once and event groups: SC-72...SC-76, SC-78...SC-82."""

from rtos_model.services.image import SealedImport, Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.locks import FLAG, INHERITING
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import (
    Expect,
    Function,
    Get,
    GetCap,
    Imported,
    Limit,
    Local,
    Op,
    Put,
    Return,
    Step,
    Var,
    do,
)

SEMAPHORE, BARRIER, CONDITION, LOCK, ONCE = (Var(n) for n in ("semaphore", "barrier", "condition", "lock", "once"))
QUOTA, GROUP = Imported("quota"), GetCap(Var("group"))
SYSTEM = {
    "words": [Word(name="group", size=8), Word(name="limit", size=8), "count"],
    "sealed": [quota("quota", 1024)],
    "imports": [SealedImport(sealed="quota")],
}


def get(ticks, code=0) -> tuple[Step, ...]:
    return (Limit("limit", ticks), do("semaphore_get", "limit", SEMAPHORE, into="r"), Expect("r", code))


def put(code=0) -> tuple[Step, ...]:
    return (do("semaphore_put", SEMAPHORE, into="r"), Expect("r", code))


def arrive(ticks, code) -> tuple[Step, ...]:
    return (Limit("limit", ticks), do("barrier_timed_wait", "limit", BARRIER, into="r"), Expect("r", code))


def take(name) -> tuple[Step, ...]:
    if name == "ticket":
        return (do("ticketlock_lock", LOCK),)
    return (Limit("limit", 0), do(name, "limit", LOCK, into="r"), Expect("r", 0))


def await_signal(name, ticks, code) -> tuple[Step, ...]:
    """With the lock held: wait for the condition."""
    lock, unlock = ("lock_ticket", "unlock_ticket") if name == "ticket" else (name, "flaglock_unlock")
    return (
        Limit("limit", ticks),
        do("condition_variable_wait", "limit", CONDITION, LOCK, Function(lock), Function(unlock), into="r"),
        Expect("r", code),
    )


def give(name) -> tuple[Step, ...]:
    return (do("ticketlock_unlock" if name == "ticket" else "flaglock_unlock", LOCK),)


def is_held(name, held) -> tuple[Step, ...]:
    """Is the lock's word that of a held lock? A ticket lock is held when its two words differ."""
    if name == "ticket":
        return (Expect(Op("-", Get(LOCK, 4), Get(LOCK)), held),)
    return (Expect(Op("!=", Get(LOCK), 0), held),)


def _signalled(name) -> tuple[Step, ...]:
    return (
        Put(LOCK, 0),
        Put(LOCK, 0, 4),
        *take(name),
        *await_signal(name, 0, -110),
        *is_held(name, 0),
        *take(name),
        *await_signal(name, 50, 0),
        *is_held(name, 1),
        *give(name),
    )


def _signal(woken) -> tuple[Step, ...]:
    return (do("condition_variable_notify", CONDITION, 1, into="woken"), Expect("woken", woken))


def group() -> tuple[Step, ...]:
    return (
        do("eventgroup_create", 0, QUOTA, Var("group"), into="r"),
        Expect("r", 0),
        Local("out", 4),
    )


def wait_bits(wanted, ticks, code, bits=None, *, every=0, clear=0) -> tuple[Step, ...]:
    """Wait for all or any of the bits; afterwards `out` holds the bits seen."""
    return (
        Local("out", 4),
        Limit("limit", ticks),
        do("eventgroup_wait", "limit", GROUP, "out", wanted, every, clear, into="r"),
        Expect("r", code),
        *(() if bits is None else (Expect(Get("out"), bits),)),
    )


def bits_after(name, given, bits, code=0) -> tuple[Step, ...]:
    """eventgroup_set or eventgroup_clear, and the bits it gives."""
    return (
        Local("out", 4),
        do(name, 0, GROUP, "out", given, into="r"),
        Expect("r", code),
        Expect(Get("out"), bits),
    )


def set_bits(given, bits) -> tuple[Step, ...]:
    return bits_after("eventgroup_set", given, bits)


def now(bits) -> tuple[Step, ...]:
    return (Local("out", 4), do("eventgroup_get", GROUP, "out", into="r"), Expect("r", 0), Expect(Get("out"), bits))


SCENARIOS = (
    simple(
        "SC-72",
        "semaphore",
        "LK-14 LK-15 LK-16 LK-17",
        {
            "H": (
                Put(SEMAPHORE, 2, 4),
                *put(),
                *put(),
                *put(-22),
                *get(0),
                *get(0),
                *get(0, -110),
                Expect(Get(SEMAPHORE), 1 << 31),
                *put(),
                Expect(Get(SEMAPHORE), 1),
            )
        },
        words=[Word(name="semaphore", size=8)],
        expect="""
        CALL H main scheduler futex_timed_wait *
        CALL H main scheduler futex_wake *
        """,
        never="BLOCK",
    ),
    simple(
        "SC-73",
        "all who wait for a semaphore are woken",
        "LK-15 LK-16 LK-14",
        {"H": get(50), "M": get(50, -110), "L": (Put(SEMAPHORE, 5, 4), *put(), *sleep(60))},
        words=[Word(name="semaphore", size=8)],
        expect="""
        BLOCK H main.semaphore ticks:50
        BLOCK M main.semaphore ticks:50
        READY H futex
        READY M futex
        BLOCK M main.semaphore ticks:50
        BLOCK L sleep ticks:60
        READY M timer
        READY L timer
        """,
    ),
    simple(
        "SC-74",
        "barrier",
        "LK-18",
        {
            "H": (Put(BARRIER, 3), *arrive(1, -110)),
            "M": (*sleep(2), *arrive(50, 1)),
            "L": (*sleep(3), *arrive(0, 0), Expect(Get(BARRIER), 0)),
        },
        words=["barrier"],
        expect="""
        BLOCK H main.barrier ticks:1
        BLOCK M sleep ticks:2
        BLOCK L sleep ticks:3
        BLOCK M main.barrier ticks:50
        """,
    ),
    simple(
        "SC-75",
        "condition variable with three locks",
        "LK-19 LK-20",
        {
            "H": (*_signalled(FLAG), *_signalled(INHERITING), *_signalled("ticket")),
            "L": (*_signal(1), *_signal(1), *_signal(1), *_signal(0)),
        },
        program={
            "main.lock_ticket": (do("ticketlock_lock", "a1"), Return(0)),
            "main.unlock_ticket": (do("ticketlock_unlock", "a0"), Return(0)),
        },
        words=["condition", Word(name="lock", size=8)],
        expect="""
        BLOCK H main.condition ticks:50
        BLOCK H main.condition ticks:50
        BLOCK H main.condition ticks:50
        """,
    ),
    simple(
        "SC-76",
        "run once",
        "LK-21",
        {
            "H": (
                do("run_once", ONCE, Function("initialise"), into="r"),
                Expect("r", 0),
                do("run_once", ONCE, Function("initialise"), into="r"),
                Expect("r", 0),
                *sleep(2),
                Expect(Get(Var("runs")), 1),
            ),
            "L": (
                do("run_once", ONCE, Function("initialise"), into="r"),
                Expect("r", 0),
                Expect(Get(Var("runs")), 1),
                do("run_once", ONCE, Function("initialise"), into="r"),
                Expect("r", 0),
            ),
        },
        program={"main.initialise": (*sleep(1), Put(Var("runs"), Op("+", Get(Var("runs")), 1)))},
        words=["once", "runs"],
        expect="""
        BLOCK H sleep ticks:1
        BLOCK L main.once none
        BLOCK H sleep ticks:2
        """,
    ),
    simple(
        "SC-78",
        "event group: all of several bits, cleared",
        "EG-1 EG-3 EG-4 EG-5",
        {
            "H": (*group(), *set_bits(1, 1), *now(1), *wait_bits(3, 50, 0, 3, every=1, clear=1), *now(3)),
            "L": (*set_bits(2, 0), *now(0)),
        },
        expect="""
        BLOCK H heap#1+12 ticks:50
        READY H futex
        """,
        **SYSTEM,
    ),
    simple(
        "SC-79",
        "event group: set and clear",
        "EG-4",
        {
            "H": (
                *group(),
                *set_bits(0b1100, 0b1100),
                *bits_after("eventgroup_clear", 0b100, 0b1000),
                *wait_bits(0b11000, 0, 0, 0b1000),
                *wait_bits(0b11000, 0, 0, 0b1000, clear=1),
                *now(0),
                do("eventgroup_destroy", QUOTA, GROUP, into="r"),
                Expect("r", 0),
                do("heap_quota_remaining", QUOTA, into="left"),
                Expect("left", 1024),
            )
        },
        never="BLOCK",
        **SYSTEM,
    ),
    simple(
        "SC-80",
        "event group: one bit satisfies two who clear it",
        "EG-1 EG-4 EG-9",
        {
            "H": (*group(), *wait_bits(1, 50, 0, 1, clear=1)),
            "M": wait_bits(1, 50, 0, 1, clear=1),
            "L": (*set_bits(1, 0), *now(0)),
        },
        expect="""
        BLOCK H heap#1+12 ticks:50
        BLOCK M heap#1+20 ticks:50
        READY H futex
        READY M futex
        """,
        **SYSTEM,
    ),
    simple(
        "SC-81",
        "event group: limits",
        "EG-1 EG-2 EG-6 EG-8",
        {
            "H": (
                *group(),
                *set_bits(0b100, 0b100),
                Put("out", 77),
                do("eventgroup_wait", 0, GROUP, "out", 0x0100_0000, 0, 0, into="r"),
                Expect("r", -34),
                Expect(Get("out"), 77),
                *wait_bits(0, 0, 0, 0b100, every=1),
                *wait_bits(0, 2, -110, 0b100),
                *wait_bits(3, 4, -110, 0b110, every=1),
            ),
            "L": (
                *sleep(3),
                *set_bits(1, 0b101),
                *bits_after("eventgroup_clear", 1, 0b100),
                *set_bits(2, 0b110),
            ),
        },
        expect="""
        BLOCK H heap#1+12 ticks:2
        BLOCK L sleep ticks:3
        BLOCK H heap#1+12 ticks:4
        """,
        **SYSTEM,
    ),
    simple(
        "SC-82",
        "event group: destroyed while two wait",
        "EG-7 EG-5",
        {
            "H": (*group(), *wait_bits(5, 50, 0, 5, every=1)),
            "M": (
                *sleep(1),
                do("eventgroup_destroy", QUOTA, GROUP, into="r"),
                Expect("r", 0),
            ),
            "L": (*wait_bits(2, 50, 0), Expect(1, 0)),
        },
        expect="""
        BLOCK H heap#1+12 ticks:50
        BLOCK M sleep ticks:1
        BLOCK L heap#1+28 ticks:50
        READY M timer
        READY H futex
        EXIT H
        READY L futex
        EXIT M
        TRAP L main 28 2
        UNWIND L main
        EXIT L
        """,
        **SYSTEM,
    ),
)
