"""What a thread of a random program may do: each operation is a few steps, made of small numbers.

All threads share the same locks, words, queues, event group and heap slots of compartment `main`. Every time limit is
finite, so that nobody but the service threads may still wait at the end.
"""

from rtos_model.services.image import SealedImport, Word, interrupt_right, quota
from rtos_model.services.scenarios.interrupts import EDGE_NUMBER, SOURCES, source
from rtos_model.services.scenarios.threads import TICK, sleep
from rtos_model.services.steps import (
    Advance,
    Ask,
    Callback,
    During,
    Expect,
    Function,
    Get,
    GetCap,
    If,
    Imported,
    Let,
    Limit,
    Local,
    Narrow,
    Op,
    Put,
    PutCap,
    Raise,
    Step,
    Var,
    Yield,
    do,
)

QUOTAS = {"quota": 3000, "other": 1200}
SLOTS = ("slot0", "slot1", "slot2")
SIZES = (8, 40, 100, 600, 1500)
LOCKS = {
    "flag": ("flaglock_trylock", "flaglock_unlock"),
    "inheriting": ("flaglock_priority_inheriting_trylock", "flaglock_unlock"),
    "mutex": ("recursivemutex_trylock", "recursivemutex_unlock"),
    "ticket": ("lock_ticket", "unlock_ticket"),
}
ELEMENTS = 2
WORDS = [
    *("word", "inside", "answered", "sent", "received"),
    *(Word(name=name, size=8) for name in ("mutex", "ticket", "semaphore", "queue", "sealed", "group", "key", "seal")),
    *(Word(name=name, size=8) for name in ("timer", *SLOTS)),
    *("flag", "inheriting", "condition"),
]
SYSTEM = {
    "words": WORDS,
    "interrupts": SOURCES,
    "sealed": [interrupt_right("edge", EDGE_NUMBER), *(quota(name, size) for name, size in QUOTAS.items())],
    "imports": [SealedImport(sealed=name) for name in ("edge", *QUOTAS)],
    "handlers": ("scoped",),
    "heap_size": 4096,
}
QUOTA = Imported("quota")


def prologue() -> tuple[Step, ...]:
    """The first thread makes what all share."""
    create = {
        "queue": do("queue_create", 0, QUOTA, "out", 4, ELEMENTS, into="made"),
        "sealed": do("queue_create_sealed", 0, QUOTA, "out", 4, ELEMENTS, into="made"),
        "group": do("eventgroup_create", 0, QUOTA, "out", into="made"),
        "timer": do("timer_create", 0, QUOTA, "out", Callback("expired"), 0, into="made"),
    }
    steps: tuple[Step, ...] = (Local("out", 8), Put(Var("semaphore"), 2, 4), do("token_key_new", into="key"))
    steps += (PutCap(Var("key"), "key"), do("token_sealed_alloc", 0, QUOTA, "key", 16, into="seal"))
    steps += (PutCap(Var("seal"), "seal"),)
    for name, call in create.items():
        steps += (call, Expect("made", 0), PutCap(Var(name), GetCap("out")))
    return steps


def timed(ticks: int, *call: Step) -> tuple[Step, ...]:
    return (Limit("limit", ticks), *call)


def pause(n: int) -> tuple[Step, ...]:
    return ((Yield(),), (Advance(TICK // 4),), (Advance(TICK),), sleep(1), sleep(2))[n % 5]


def section(kind: int, ticks: int, inside: int) -> tuple[Step, ...]:
    """A critical section: nobody else is inside the same lock. What the lock kept out is not a fault."""
    name = tuple(LOCKS)[kind % len(LOCKS)]
    take, give = LOCKS[name]
    place = 1 << 8 * (kind % len(LOCKS))  # a byte of `inside` for each lock
    enter = (
        Expect(Op("&", Get(Var("inside")), 0xFF * place), 0),
        Put(Var("inside"), Op("+", Get(Var("inside")), place)),
        *pause(inside),
        Put(Var("inside"), Op("-", Get(Var("inside")), place)),
    )
    if name == "ticket":
        return (do("ticketlock_lock", Var(name)), *enter, do("ticketlock_unlock", Var(name)))
    return (
        *timed(ticks, do(take, "limit", Var(name), into="taken")),
        If(Op("==", "taken", 0), (*enter, do(give, Var(name)))),
    )


def semaphore(put: int, ticks: int) -> tuple[Step, ...]:
    if put % 2:
        return (do("semaphore_put", Var("semaphore")),)
    return timed(ticks, do("semaphore_get", "limit", Var("semaphore")))


def word(wake: int, ticks: int) -> tuple[Step, ...]:
    """A waker changes the word first and wakes second."""
    if wake % 2:
        return (Put(Var("word"), Op("+", Get(Var("word")), 1)), do("futex_wake", Var("word"), 99))
    return (Let("seen", Get(Var("word"))), *timed(ticks, do("futex_timed_wait", "limit", Var("word"), "seen", 0)))


def condition(notify: int, ticks: int) -> tuple[Step, ...]:
    if notify % 2:
        return (do("condition_variable_notify", Var("condition"), 99),)
    lock = (Function("flaglock_trylock"), Function("flaglock_unlock"))
    wait = do("condition_variable_wait", "limit", Var("condition"), Var("flag"), *lock, into="signalled")
    return (
        *timed(ticks, do("flaglock_trylock", "limit", Var("flag"), into="taken")),
        If(
            Op("==", "taken", 0),
            (*timed(ticks, wait), If(Op("==", "signalled", 0), (do("flaglock_unlock", Var("flag")),))),
        ),
    )


def queue(what: int, ticks: int) -> tuple[Step, ...]:
    """Send to or receive from one of the two queues; the totals must agree at the end."""
    sealed, sending = what % 2, what // 2 % 2
    call = ("queue_send" if sending else "queue_receive") + ("_sealed" if sealed else "")
    total = Var("sent" if sending else "received")
    return (
        Local("message", 4),
        *timed(ticks, do(call, "limit", GetCap(Var("sealed" if sealed else "queue")), "message", into="moved")),
        If(Op("==", "moved", 0), (Put(total, Op("+", Get(total), 1)),)),
    )


def group(what: int, ticks: int) -> tuple[Step, ...]:
    the_group, bits = GetCap(Var("group")), 1 + what % 3
    calls = (
        do("eventgroup_set", "limit", the_group, "out", bits),
        do("eventgroup_wait", "limit", the_group, "out", bits, what // 12 % 2, 1),
        do("eventgroup_clear", "limit", the_group, "out", bits),
    )
    return (Local("out", 4), *timed(ticks, calls[what // 3 % 3]))


def several(ticks: int) -> tuple[Step, ...]:
    """Wait for the word, the interrupt and the queue at once."""
    return (
        Local("slot", 8),
        do("multiwaiter_create", 0, Imported("other"), "slot", 3, into="made"),
        If(
            Op("==", "made", 0),
            (
                Let("mw", GetCap("slot")),
                Local("events", 48),
                *source(0, Var("word"), Get(Var("word"))),
                do("interrupt_futex_get", Imported("edge"), into="irq"),
                *source(1, "irq", Get("irq")),
                do("multiwaiter_queue_receive_init", Narrow("events", move=32), GetCap(Var("queue"))),
                *timed(ticks, do("multiwaiter_wait", "limit", "mw", "events", 3)),
                do("multiwaiter_delete", Imported("other"), "mw", into="gone"),
                Expect("gone", 0),
            ),
        ),
    )


def allocate(which: int, ticks: int) -> tuple[Step, ...]:
    slot, owner = SLOTS[which % 3], tuple(QUOTAS)[which // 3 % 2]
    size = SIZES[which // 6 % len(SIZES)]
    return (*timed(ticks, do("heap_allocate", "limit", Imported(owner), size, 7, into="p")), PutCap(Var(slot), "p"))


def release(which: int, ticks: int) -> tuple[Step, ...]:
    """Free, claim, claim for a while, or flush; with either quota, right or wrong."""
    pointer, owner = GetCap(Var(SLOTS[which % 3])), Imported(tuple(QUOTAS)[which // 3 % 2])
    return (
        (do("heap_free", owner, pointer),),
        (do("heap_claim", owner, pointer),),
        timed(ticks, do("heap_claim_ephemeral", "limit", pointer), do("heap_available")),
        timed(ticks, do("heap_quarantine_flush", "limit")),
    )[which // 6 % 4]


def use(which: int) -> tuple[Step, ...]:
    """A pointer that has its tag works; one that has lost it traps."""
    works, traps = (Put("p", which), Expect(Get("p"), which)), (During((Put("p", 1), Expect(0, 1)), ()),)
    return (Let("p", GetCap(Var(SLOTS[which % 3]))), If(Ask("tag", "p"), works, traps))


def handle(what: int) -> tuple[Step, ...]:
    """Sealed handles: made, attacked, destroyed."""
    seal, key = GetCap(Var("seal")), GetCap(Var("key"))
    inside = (Expect(Ask("tag", "inside"), Op("&", Ask("tag", "handle"), Ask("sealed", "handle"))),)
    return (
        (
            do("token_sealed_alloc", 0, QUOTA, key, 16, into="made"),
            If(Ask("tag", "made"), (PutCap(Var("seal"), "made"),)),
        ),
        (Let("handle", seal), do("token_obj_unseal", key, "handle", into="inside"), *inside),
        (  # a byte at a time: the permission bits in the address must not be what stops it
            During((Let("x", Get(seal, 0, 1)), Expect(0, 1)), ()),
            During((Put(seal, 1, 0, 1), Expect(0, 1)), ()),
        ),
        (do("token_obj_unseal", key, Narrow(seal, move=8), into="inside"), Expect(Ask("tag", "inside"), 0)),
        (do("token_key_new", into="key"), do("token_obj_unseal", "key", seal, into="x"), Expect(Ask("tag", "x"), 0)),
        (do("token_obj_destroy", QUOTA, key, seal),),
    )[what % 6]


def service(what: int) -> tuple[Step, ...]:
    """Work for the pool, a timer, an interrupt."""
    return (
        (do("thread_pool_async", Callback("expired"), 0),),
        (do("timer_start", 0, GetCap(Var("timer")), 1 + what // 4 % 3, 0),),
        (do("timer_stop", 0, GetCap(Var("timer"))),),
        (Raise(EDGE_NUMBER), Advance(1)),
    )[what % 4]


OPERATIONS = {
    one.__name__: one
    for one in (
        pause, section, semaphore, word, condition, queue, group, several, allocate, release, use, handle, service
    )
}  # fmt: skip
EXPIRED = (Put(Var("answered"), Op("+", Get(Var("answered")), 1)),)
