"""Random systems for the services: threads that call them in any order and share words, locks, a queue and a heap.

Hypothesis draws and shrinks. Every limit is finite and every lock is given back, so a thread that ends late is a
finding. Freed memory outlives the sweep only in name: pointers to it are used, too.
"""

from collections.abc import Mapping

from hypothesis import strategies as st

from rtos_model.services.image import (
    Compartment,
    Export,
    Interrupt,
    SealedImport,
    Word,
    interrupt_right,
    quota,
)
from rtos_model.services.scenario import Class, Scenario, simple
from rtos_model.services.steps import (
    Function,
    Get,
    GetCap,
    If,
    Imported,
    Limit,
    Local,
    Op,
    Put,
    PutCap,
    Raise,
    Repeat,
    Return,
    Step,
    Untagged,
    Var,
    Yield,
    do,
    from_data,
    to_data,
)

Body = tuple[Step, ...]
Data = Mapping[str, Mapping]
"""Thread names to their `priority` and `body` (steps as data)."""

STACK, HEAP = 4096, 131_072
"""A large heap makes sweeps long: none ends between two calls of a thread that does not wait."""
WORDS, SLOTS = ("word0", "word1"), ("slot0", "slot1", "slot2")
QUOTA, OTHER = Imported("quota"), Imported("other")
SEALED = Var("sealed_queue")
RIGHT, EDGE = Imported("right"), Interrupt(name="edge", number=12, edge=True)
SEMAPHORE = (2).to_bytes(4, "little") + (3).to_bytes(4, "little")
HELPER = Compartment(
    name="helper",
    exports=(Export(name="store", arguments=2), Export(name="fault", arguments=0)),
    globals=(Word(name="kept", size=8),),
)
HELPER_PROGRAM = {
    "helper.store": (PutCap(Var("kept"), "a0"), Put("a0", "a1"), Return(Get("a0"))),
    "helper.fault": (Put(0, 1), Return(1)),
}
GLOBALS = (
    *WORDS,
    "flag",
    "inherit",
    Word(name="ticket", size=8),
    Word(name="mutex", size=8),
    Word(name="semaphore", size=8, init=SEMAPHORE),
    Word(name="queue", size=8),
    Word(name="group", size=8),
    Word(name="key", size=8),
    Word(name="waiter", size=8),
    Word(name="sealed_queue", size=8),
    "condition",
    *(Word(name=name, size=8) for name in SLOTS),
)
PREPARE: Body = (
    do("queue_create", 0, QUOTA, Var("queue"), 8, 2),
    do("eventgroup_create", 0, QUOTA, Var("group")),
    do("multiwaiter_create", 0, QUOTA, Var("waiter"), 2),
    do("queue_create_sealed", 0, QUOTA, Var("sealed_queue"), 8, 2),
    do("token_key_new", into="made"),
    PutCap(Var("key"), "made"),
)
"""What the first thread to run does before anything else."""

ticks = st.integers(0, 3)
words = st.sampled_from(WORDS)
slots = st.sampled_from(SLOTS).map(Var)
bits = st.sampled_from((1, 2, 3, 4, 6, 0))
quotas = st.sampled_from((QUOTA, QUOTA, QUOTA, OTHER))
sizes = st.one_of(st.integers(1, 64), st.sampled_from((0, 8, 511, 512, 600, 1024, 5000)))


def limited(count: int, name: str, *arguments, into: str = "r") -> Body:
    """A call whose first argument is a limit of so many ticks."""
    return (Limit("limit", count), do(name, "limit", *arguments, into=into))


def with_out(name: str, *arguments, limit: int | None = None) -> Body:
    """A call with a place for a number as its last argument but those in front."""
    call = limited(limit, name, *arguments) if limit is not None else (do(name, *arguments, into="r"),)
    return (Local("out", 8), Put("out", 0), *call)


SIMPLE: st.SearchStrategy[Body] = st.one_of(
    st.builds(lambda n, flags: limited(n, "thread_sleep", flags), ticks, st.integers(0, 1)),
    st.just((Yield(),)),
    st.builds(lambda w, v: (Put(Var(w), v),), words, st.integers(0, 2)),
    st.builds(lambda n, w, v: limited(n, "futex_timed_wait", Var(w), v, 0), ticks, words, st.integers(0, 2)),
    st.builds(lambda w, n: (do("futex_wake", Var(w), n, into="r"),), words, st.integers(0, 3)),
    st.builds(lambda n: limited(n, "semaphore_get", Var("semaphore")), ticks),
    st.just((do("semaphore_put", Var("semaphore"), into="r"),)),
    st.builds(
        lambda n, v: (
            Local("sent", 8),
            Put("sent", v),
            Put("sent", 0, 4),
            *limited(n, "queue_send", GetCap(Var("queue")), "sent"),
        ),
        ticks,
        st.integers(0, 255),
    ),
    st.builds(
        lambda n: (Local("got", 8), *limited(n, "queue_receive", GetCap(Var("queue")), "got")),
        ticks,
    ),
    st.just(with_out("queue_items_remaining", GetCap(Var("queue")), "out")),
    st.builds(lambda b: with_out("eventgroup_set", GetCap(Var("group")), "out", b, limit=1), bits),
    st.builds(lambda b: with_out("eventgroup_clear", GetCap(Var("group")), "out", b, limit=1), bits),
    st.builds(
        lambda n, b, every, clear: with_out("eventgroup_wait", GetCap(Var("group")), "out", b, every, clear, limit=n),
        ticks,
        bits,
        st.integers(0, 1),
        st.integers(0, 1),
    ),
    st.just(with_out("eventgroup_get", GetCap(Var("group")), "out")),
    st.builds(
        lambda n, v: (Local("sent", 8), Put("sent", v), *limited(n, "queue_send_sealed", GetCap(SEALED), "sent")),
        ticks,
        st.integers(0, 255),
    ),
    st.builds(lambda n: (Local("got", 8), *limited(n, "queue_receive_sealed", GetCap(SEALED), "got")), ticks),
    st.builds(
        lambda n, a, b: (
            Local("events", 32),
            PutCap("events", Var(WORDS[0])),
            Put("events", a, 8),
            PutCap("events", Var(WORDS[1]), 16),
            Put("events", b, 24),
            *limited(n, "multiwaiter_wait", GetCap(Var("waiter")), "events", 2),
        ),
        ticks,
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    st.builds(lambda n: (do("condition_variable_notify", Var("condition"), n, into="r"),), st.integers(0, 2)),
    st.just((do("thread_id_get", into="r"),)),
    st.just((do("thread_count", into="r"),)),
    st.just((Raise(EDGE.number),)),
    st.builds(
        lambda n: (
            do("interrupt_futex_get", RIGHT, into="irq"),
            If(Op("!=", "irq", 0), limited(n, "futex_timed_wait", "irq", Get("irq"), 0)),
            do("interrupt_complete", RIGHT, into="r"),
        ),
        ticks,
    ),
    st.builds(
        lambda s, q, size: (*limited(0, "heap_allocate", q, size, 0, into="made"), PutCap(s, "made")),
        slots,
        quotas,
        sizes,
    ),
    st.builds(lambda s, q: (do("heap_free", q, GetCap(s), into="r"),), slots, quotas),
    st.builds(lambda s, q: (do("heap_can_free", q, GetCap(s), into="r"),), slots, quotas),
    st.builds(lambda s, q: (do("heap_claim", q, GetCap(s), into="r"),), slots, quotas),
    st.builds(lambda q: (do("heap_quota_remaining", q, into="r"),), quotas),
    st.just((do("heap_free_all", OTHER, into="r"),)),
    st.builds(
        lambda s, mask: (do("token_permissions_and", GetCap(s), mask, into="made"), PutCap(s, "made")),
        slots,
        st.integers(0, 7),
    ),
    st.builds(lambda s, t: (PutCap(s, Untagged(GetCap(t))),), slots, slots),
    st.builds(
        lambda s, q, size: (
            Local("open", 8),
            *limited(0, "token_sealed_unsealed_alloc", q, GetCap(Var("key")), size, "open", into="made"),
            PutCap(s, "made"),
        ),
        slots,
        quotas,
        sizes,
    ),
    st.builds(lambda s: (do("token_obj_unseal", GetCap(Var("key")), GetCap(s), into="r"),), slots),
    st.builds(lambda s, q: (do("token_obj_destroy", q, GetCap(Var("key")), GetCap(s), into="r"),), slots, quotas),
    st.builds(lambda s, n: (do("helper.store", GetCap(s), n, into="r"),), slots, st.integers(0, 255)),
    st.just((do("helper.fault", into="r"),)),
)


def locked(inner: Body, name: str, lock: str, unlock: str, count: int) -> Body:
    """Try for so many ticks; what is inside runs if that worked, and the lock is given back."""
    taken = limited(count, name, Var(lock), into="taken")
    return (*taken, If(Op("==", "taken", 0), (*inner, do(unlock, Var(lock)))))


def waiting(count: int) -> Body:
    """For the condition variable, holding its lock."""
    lock, unlock = Function("flaglock_trylock"), Function("flaglock_unlock")
    return limited(count, "condition_variable_wait", Var("condition"), Var("flag"), lock, unlock)


def joined(parts: list[Body]) -> Body:
    return tuple(step for part in parts for step in part)


INNER = st.lists(SIMPLE, max_size=2).map(joined)
OPERATION: st.SearchStrategy[Body] = st.one_of(
    SIMPLE,
    SIMPLE,
    st.builds(lambda i, n: locked(i, "flaglock_trylock", "flag", "flaglock_unlock", n), INNER, ticks),
    st.builds(
        lambda i, n: locked(i, "flaglock_priority_inheriting_trylock", "inherit", "flaglock_unlock", n), INNER, ticks
    ),
    st.builds(lambda n: locked(waiting(n), "flaglock_trylock", "flag", "flaglock_unlock", 1), ticks),
    st.builds(lambda i, n: locked(i, "recursivemutex_trylock", "mutex", "recursivemutex_unlock", n), INNER, ticks),
    st.builds(lambda i: (do("ticketlock_lock", Var("ticket")), *i, do("ticketlock_unlock", Var("ticket"))), INNER),
    st.builds(lambda i, n: (Repeat(n, i),), INNER, st.integers(2, 3)),
)


@st.composite
def systems(draw) -> Data:
    """One to three threads with one to eight operations each."""
    found = {}
    for index in range(draw(st.integers(1, 3))):
        body = joined(draw(st.lists(OPERATION, min_size=1, max_size=8)))
        found[f"T{index + 1}"] = {"priority": draw(st.integers(1, 3)), "body": to_data(body)}
    return found


def scenario_of(data: Data, name: str) -> Scenario:
    """The scenario; the most urgent thread (the first of several) prepares what is shared."""
    first = max(data, key=lambda thread: data[thread]["priority"])
    bodies = {thread: from_data(one["body"]) for thread, one in data.items()}
    bodies[first] = (*PREPARE, *bodies[first])
    return simple(
        name,
        "random calls",
        "",
        bodies,
        priorities={thread: one["priority"] for thread, one in data.items()},
        stacks=dict.fromkeys(data, STACK),
        words=GLOBALS,
        sealed=(quota("quota", 4096), quota("other", 1024), interrupt_right("right", EDGE.number)),
        imports=tuple(SealedImport(sealed=one) for one in ("quota", "other", "right")),
        interrupts=(EDGE,),
        compartments=(HELPER,),
        program=HELPER_PROGRAM,
        heap_size=HEAP,
        comparability=Class.EXACT,
    )
