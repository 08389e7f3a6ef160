"""Locks: SC-60...SC-71 and SC-77."""

from rtos_model.services.image import Word
from rtos_model.services.lock_classes import FLAG_LOCK
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.futexes import H_ID, M_ID, spin
from rtos_model.services.scenarios.threads import TICK, sleep
from rtos_model.services.steps import Advance, Expect, Get, If, Let, Limit, Op, Put, Repeat, Step, Var, While, do

LOCK, TICKET, MUTEX = Var("lock"), Var("ticket"), Var("mutex")
ACQUIRED = Var("acquired")
FLAG, INHERITING = "flaglock_trylock", "flaglock_priority_inheriting_trylock"
FOREVER = 0xFFFF_FFFF
WORDS = ["lock", "acquired", Word(name="ticket", size=8), Word(name="mutex", size=8)]


def try_lock(ticks, code=0, *, name=FLAG, word=LOCK) -> tuple[Step, ...]:
    return (Limit("limit", ticks), do(name, "limit", word, into="got"), Expect("got", code))


def unlock(word=LOCK) -> tuple[Step, ...]:
    return (do("flaglock_unlock", word),)


def ticket_lock() -> tuple[Step, ...]:
    return (do("ticketlock_lock", TICKET),)


def ticket_unlock() -> tuple[Step, ...]:
    return (do("ticketlock_unlock", TICKET),)


def note(value) -> tuple[Step, ...]:
    """Append a hexadecimal digit to the protocol in the global `acquired`."""
    return (Put(ACQUIRED, Op("|", Op("<<", Get(ACQUIRED), 4), value)),)


def protocol(value) -> tuple[Step, ...]:
    return (Expect(Get(ACQUIRED), value),)


def holder(lock, unlock_, wait_lock) -> dict[str, tuple[Step, ...]]:
    return {
        "H": (*lock, *note(1), *sleep(2), *note(2), *unlock_),
        "L": (*wait_lock, *note(3), *protocol(0x123), *unlock_),
    }


def _mutual_exclusion():
    """Three locks one after the other, the same two threads."""
    kinds = (
        (try_lock(0), unlock(), try_lock(50)),
        (try_lock(0, name=INHERITING), unlock(), try_lock(50, name=INHERITING)),
        (ticket_lock(), ticket_unlock(), ticket_lock()),
    )
    h: tuple[Step, ...] = ()
    other: tuple[Step, ...] = ()
    for lock, release, wait_lock in kinds:
        threads = holder(lock, release, wait_lock)
        h += (Put(ACQUIRED, 0), *threads["H"], *sleep(2))
        other += (*threads["L"], *sleep(2))
    return {"H": h, "L": other}


SCENARIOS = (
    simple(
        "SC-60",
        "mutual exclusion with three locks",
        "LK-1 LK-2 LK-12 LK-13",
        _mutual_exclusion(),
        words=WORDS,
        kinds="BOOST",
        expect="""
        BLOCK H sleep ticks:2
        BLOCK L main.lock ticks:50
        ...
        BLOCK H sleep ticks:2
        BLOCK L main.lock ticks:50
        ...
        BLOCK H sleep ticks:2
        BLOCK L main.ticket none
        ...
        """,
    ),
    simple(
        "SC-61",
        "a try that times out",
        "LK-1 LK-5 LK-7",
        {
            "H": (
                *try_lock(0),
                *try_lock(0, -110),
                *try_lock(1, -110),
                Expect(Op("<", Get("limit"), 1), 0),
                *unlock(),
                *try_lock(0, name=INHERITING),
                *try_lock(0, -110, name=INHERITING),
                Expect(Get(LOCK), 1 << 16 | H_ID),
                *try_lock(5, -22, name=INHERITING),
                Expect(Get("limit"), 0),
                Expect(Get(LOCK), 1 << 17 | H_ID),
                *unlock(),
                Expect(Get(LOCK), 0),
            )
        },
        words=WORDS,
        expect="""
        CALL H main scheduler futex_timed_wait *
        BLOCK H main.lock ticks:1
        RET H futex_timed_wait -110 0
        CALL H main scheduler futex_wake *
        RET H futex_wake 0 0
        CALL H main scheduler futex_timed_wait *
        RET H futex_timed_wait -22 0
        CALL H main scheduler futex_wake *
        RET H futex_wake 0 0
        """,
    ),
    simple(
        "SC-62",
        "who owns it",
        "LK-1",
        {
            "H": (
                do("flaglock_priority_inheriting_get_owner_thread_id", LOCK, into="owner"),
                Expect("owner", 0),
                *try_lock(0, name=INHERITING),
                do("flaglock_priority_inheriting_get_owner_thread_id", LOCK, into="owner"),
                Expect("owner", H_ID),
                *sleep(1),
                *unlock(),
                *try_lock(0),
                do("flaglock_priority_inheriting_get_owner_thread_id", LOCK, into="owner"),
                Expect("owner", 0),
            ),
            "L": (do("flaglock_priority_inheriting_get_owner_thread_id", LOCK, into="owner"), Expect("owner", H_ID)),
        },
        words=WORDS,
    ),
    simple(
        "SC-63",
        "a waiter gave up before the release",
        "LK-1 LK-2 LK-30",
        {
            "H": (
                *try_lock(0),
                *sleep(3),
                Expect(Get(LOCK), 1 << 17),
                *unlock(),
                *try_lock(0),
                Put(LOCK, 0),
                *try_lock(0),
                *unlock(),
            ),
            "L": try_lock(1, -110),
        },
        words=WORDS,
        expect="""
        RET L futex_timed_wait -110 0
        RET H thread_sleep 0 0
        RET H futex_wake 0 0
        """,
    ),
    simple(
        "SC-64",
        "destruction wakes who waits",
        "LK-4",
        {
            "H": (*sleep(1), *try_lock(25, -3)),
            "L": (*try_lock(0), *sleep(2), do("flaglock_upgrade_for_destruction", LOCK)),
        },
        words=WORDS,
        expect="""
        BLOCK H sleep ticks:1
        BLOCK L sleep ticks:2
        READY H timer
        BLOCK H main.lock ticks:25
        READY L timer
        READY H futex
        """,
    ),
    simple(
        "SC-65",
        "destruction is for ever",
        "LK-4 LK-6 LK-11",
        {
            "H": (
                *try_lock(0),
                do("flaglock_upgrade_for_destruction", LOCK),
                *unlock(),
                *try_lock(5, -3),
                Expect(Get(LOCK), 1 << 18),
                do("flaglock_upgrade_for_destruction", MUTEX),
                *try_lock(0, -3, word=MUTEX),
                *try_lock(5, -110, name="recursivemutex_trylock", word=MUTEX),
                Limit("limit", 5),
                do("lock_guard_try", "limit", FLAG_LOCK, LOCK, into="owns"),
                Expect("owns", 0),
                Expect(Get("limit", 4), 5),
                do("lock_guard_lock", FLAG_LOCK, LOCK),
            )
        },
        words=WORDS,
        expect="TRAP H main 2 0",
        never="BLOCK CALL",
    ),
    simple(
        "SC-66",
        "tickets are served in order of arrival",
        "LK-12 LK-13",
        {
            "H": (*sleep(2), *ticket_lock(), *note(3), *ticket_unlock()),
            "M": (*ticket_lock(), *note(1), *sleep(3), *ticket_unlock()),
            "L": (*sleep(1), *ticket_lock(), *note(2), *ticket_unlock(), *sleep(1), *protocol(0x123)),
        },
        words=WORDS,
        expect="""
        BLOCK H sleep ticks:2
        BLOCK M sleep ticks:3
        BLOCK L sleep ticks:1
        BLOCK L main.ticket none
        BLOCK H main.ticket none
        BLOCK H main.ticket none
        BLOCK L sleep ticks:1
        """,
    ),
    simple(
        "SC-67",
        "tickets wrap around",
        "LK-12 LK-13",
        {
            "H": (
                Put(TICKET, FOREVER - 2),
                Put(TICKET, FOREVER - 2, 4),
                *ticket_lock(),
                *sleep(1),
                *ticket_unlock(),
                *sleep(1),
                *ticket_lock(),
                *ticket_unlock(),
                Expect(Get(TICKET), 1),
                Expect(Get(TICKET, 4), 1),
            ),
            "M": (*ticket_lock(), *ticket_unlock()),
            "L": (*ticket_lock(), *ticket_unlock()),
        },
        words=WORDS,
        expect="""
        BLOCK H sleep ticks:1
        BLOCK M main.ticket none
        BLOCK L main.ticket none
        RET H thread_sleep 0 0
        RET H futex_wake 2 0
        BLOCK H sleep ticks:1
        RET M futex_timed_wait 0 0
        RET M futex_wake 0 0
        RET L futex_timed_wait 0 0
        RET H thread_sleep 0 0
        """,
    ),
    simple(
        "SC-68",
        "an urgent thread starves the others of a flag lock, not of a ticket lock",
        "LK-2 LK-3 LK-12",
        {
            "H": (
                *try_lock(0),
                *sleep(1),
                Repeat(3, (*note(1), *unlock(), *try_lock(0))),
                *unlock(),
                *protocol(0x111),
                *sleep(3),
                Put(ACQUIRED, 0),
                *ticket_lock(),
                *sleep(1),
                Repeat(2, (*note(1), *ticket_unlock(), *ticket_lock())),
                *ticket_unlock(),
                *protocol(0x1231),
            ),
            "M": (
                *try_lock(FOREVER),
                *note(2),
                *unlock(),
                *sleep(3),
                *ticket_lock(),
                *note(2),
                *ticket_unlock(),
            ),
            "L": (
                *try_lock(FOREVER),
                *note(3),
                *unlock(),
                *sleep(3),
                *ticket_lock(),
                *note(3),
                *ticket_unlock(),
            ),
        },
        words=WORDS,
    ),
    simple(
        "SC-69",
        "priority inversion and its cure",
        "LK-1 LK-8 LK-30 FX-9 FX-10",
        {
            "B": (
                *sleep(60),
                *unlock(),
                Expect(Get(LOCK), 0),
            ),
            "H": (
                *sleep(1),
                *try_lock(3, -110),
                *sleep(20),
                *try_lock(3, name=INHERITING),
                *note(1),
                *protocol(1),
                *unlock(),
                *sleep(30),
                *try_lock(20, name=INHERITING),
            ),
            "M": (*sleep(1), *spin(5), *sleep(20), *spin(5)),
            "L": (
                *try_lock(0),
                *spin(2),
                *unlock(),
                *sleep(10),
                *try_lock(0, name=INHERITING),
                While(Op("==", Op("&", Get(LOCK), 1 << 17), 0), (Advance(TICK // 4),)),
                *spin(1),
                *unlock(),
                *sleep(10),
                *try_lock(5, name=INHERITING),
                *sleep(50),
            ),
        },
        words=WORDS,
        priorities={"B": 4},
        kinds="READY",
        expect="""
        ...
        BOOST L 0 2
        READY H futex
        BOOST L 2 0
        ...
        BOOST L 0 2
        READY B timer
        READY H futex
        BOOST L 2 0
        READY L timer
        """,
    ),
    simple(
        "SC-70",
        "recursive mutex",
        "LK-9 LK-10 LK-22",
        {
            "H": (
                *try_lock(0, name="recursivemutex_trylock", word=MUTEX),
                *try_lock(5, name="recursivemutex_trylock", word=MUTEX),
                Expect(Get(MUTEX, 4, 2), 2),
                *sleep(1),
                Expect(Get(MUTEX), 1 << 17 | H_ID),
                *try_lock(0, name="recursivemutex_trylock", word=MUTEX),
                do("recursivemutex_unlock", MUTEX),
                do("recursivemutex_unlock", MUTEX, into="r"),
                Expect("r", 0),
                *sleep(1),
                do("recursivemutex_unlock", MUTEX, into="r"),
                Expect("r", 0),
                *sleep(1),
                Expect(Op("&", Get(MUTEX), 0xFFFF), M_ID),
                do("recursivemutex_unlock", MUTEX, into="r"),
                Expect("r", 0),
                Expect(Get(MUTEX), 0),
                do("recursivemutex_unlock", MUTEX, into="r"),
                Expect("r", 0),
                Expect(Get(MUTEX, 4, 2), 0xFFFF),
                do("lock_guard_lock", FLAG_LOCK, LOCK),
                Limit("limit", 5),
                do("lock_guard_yield", "limit", 4, FLAG_LOCK, LOCK, into="owns"),
                Expect("owns", 1),
                Expect(Get("limit", 4), 3),
                do("lock_guard_yield", "limit", 10, FLAG_LOCK, LOCK, into="owns"),
                Expect("owns", 0),
                Expect(Get("limit"), 9),
            ),
            "M": (
                *try_lock(0, -110, name="recursivemutex_trylock", word=MUTEX),
                *try_lock(1, -110, name="recursivemutex_trylock", word=MUTEX),
                *try_lock(5, name="recursivemutex_trylock", word=MUTEX),
            ),
            "L": (
                *sleep(5),
                do("lock_guard_try", 0, FLAG_LOCK, LOCK, into="owns"),
                Expect("owns", 1),
                do("lock_guard_unlock", FLAG_LOCK, LOCK),
                *sleep(7),
                do("lock_guard_try", 0, FLAG_LOCK, LOCK, into="owns"),
                Expect("owns", 1),
            ),
        },
        words=WORDS,
    ),
    simple(
        "SC-71",
        "too deep",
        "LK-9",
        {
            "H": (
                *try_lock(0, name="recursivemutex_trylock", word=MUTEX),
                Put(MUTEX, 65_534, 4, 2),
                *try_lock(0, name="recursivemutex_trylock", word=MUTEX),
                *try_lock(5, -139, name="recursivemutex_trylock", word=MUTEX),
                Expect(Get(MUTEX, 4, 2), 65_535),
            )
        },
        words=WORDS,
        never="BLOCK CALL",
    ),
    simple(
        "SC-77",
        "nobody is called while nobody contends",
        "LK-1 LK-2 LK-7 LK-9 LK-12 LK-13 LK-14 LK-15 LK-16 LK-17 LK-31",
        {
            "H": (
                Put(Var("semaphore"), 1, 4),
                do("semaphore_put", Var("semaphore")),
                Repeat(
                    1000,
                    (
                        do(FLAG, 0, LOCK, into="r"),
                        *unlock(),
                        do(INHERITING, 0, LOCK, into="s"),
                        *unlock(),
                        do("recursivemutex_trylock", 0, MUTEX, into="u"),
                        do("recursivemutex_unlock", MUTEX),
                        *ticket_lock(),
                        *ticket_unlock(),
                        do("semaphore_get", 0, Var("semaphore"), into="v"),
                        do("semaphore_put", Var("semaphore"), into="w"),
                        If(Op("|", Op("|", "r", "s"), Op("|", "u", Op("|", "v", "w"))), (Let("wrong", 1),)),
                    ),
                ),
                Expect(Get(TICKET), 1000),
            ),
        },
        words=[*WORDS, Word(name="semaphore", size=8)],
        never="CALL BLOCK",
    ),
)
