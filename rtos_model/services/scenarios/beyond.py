"""Scenarios beyond the catalogue, for rules that it does not exercise (SX-1...SX-5)."""

from rtos_model.services.image import Compartment, Export, SealedImport, Word, quota
from rtos_model.services.interpreter import letters
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.futexes import wait, wake
from rtos_model.services.scenarios.interrupts import EDGE_NUMBER, SYSTEM, multiwaiter, source, wait_any, word_of
from rtos_model.services.scenarios.threads import EQUAL, TICK, sleep
from rtos_model.services.steps import (
    Advance,
    Ask,
    Expect,
    Expression,
    Function,
    Get,
    GetCap,
    Imported,
    Leave,
    Limit,
    Local,
    Op,
    Put,
    PutCap,
    Raise,
    Return,
    ReturnPath,
    Step,
    Var,
    do,
)

QUOTA, PI = Imported("quota"), 1
LOCKING = (Function("flaglock_trylock"), Function("flaglock_unlock"))
L_ID = 1


def first_stack(size: int) -> tuple[Step, ...]:
    """What a thread's stack is at its entry; Op sees an address."""
    return (
        do("switcher_recover_stack", into="stack"),
        Expect(Ask("length", "stack"), size),
        Expect(Ask("offset", "stack"), size - 16),
        Expect(Op("&", "stack", 15), 0),
        Expect(Ask("permissions", "stack"), letters("RWcmlg")),
        Expect(Ask("sealed", "stack"), 0),
    )


def timed_out(function: str, *arguments: Expression) -> tuple[Step, ...]:
    """The first argument, a limit of no ticks, keeps the call from blocking."""
    return (do(function, "limit", *arguments, into="r"), Expect("r", -110))


CREATED = (
    Local("out", 8),
    *(
        step
        for name, function, arguments in (
            ("queue", "queue_create", (8, 1)),
            ("sealed", "queue_create_sealed", (8, 1)),
            ("multi", "multiwaiter_create", (1,)),
            ("group", "eventgroup_create", ()),
        )
        for step in (
            do(function, 0, QUOTA, "out", *arguments, into="made"),
            Expect("made", 0),
            PutCap(Var(name), GetCap("out")),
        )
    ),
)
THINGS = {name: GetCap(Var(name)) for name in ("queue", "sealed", "multi", "group")}
MESSAGE = (Local("message", 8), Local("bits", 4))
EVENTS = (Local("events", 16), PutCap("events", Var("word")), Put("events", 0, 8))
FULL = (do("queue_send", 0, THINGS["queue"], "message"), do("queue_send_sealed", 0, THINGS["sealed"], "message"))
BLOCKING = (
    *timed_out("futex_timed_wait", Var("word"), 0, 0),
    *timed_out("flaglock_trylock", Var("held")),
    *timed_out("flaglock_priority_inheriting_trylock", Var("held")),
    *timed_out("recursivemutex_trylock", Var("mutex")),
    *timed_out("semaphore_get", Var("semaphore")),
    *timed_out("barrier_timed_wait", Var("barrier")),
    *timed_out("condition_variable_wait", Var("condition"), Var("free"), *LOCKING),
    *timed_out("eventgroup_wait", THINGS["group"], "bits", 1, 0, 0),
    *timed_out("queue_receive", THINGS["queue"], "message"),
    *timed_out("queue_receive_sealed", THINGS["sealed"], "message"),
    *FULL,
    *timed_out("queue_send", THINGS["queue"], "message"),
    *timed_out("queue_send_sealed", THINGS["sealed"], "message"),
    *timed_out("multiwaiter_wait", THINGS["multi"], "events", 1),
    *timed_out("heap_allocate", QUOTA, 5000, 7),
)

SCENARIOS = (
    simple(
        "SX-1",
        "the stack a thread starts with",
        "TH-4 TH-1 CP-40",
        {"H": first_stack(1024), "L": first_stack(2048)},
        stacks={"H": 1024, "L": 2048},
    ),
    simple(
        "SX-2",
        "the first argument limits whatever may block",
        "TO-10 TO-4 LK-7",
        {"H": (Limit("limit", 0), *CREATED, *MESSAGE, *EVENTS, *BLOCKING)},
        words=[
            "word",
            "condition",
            "free",
            Word(name="held", init=(1 << 16).to_bytes(4, "little")),
            Word(name="barrier", init=(2).to_bytes(4, "little")),
            Word(name="mutex", size=8, init=(1 << 16).to_bytes(4, "little")),
            Word(name="semaphore", size=8, init=(0).to_bytes(4, "little") + (1).to_bytes(4, "little")),
            *(Word(name=name, size=8) for name in THINGS),
        ],
        sealed=[quota("quota", 4096)],
        imports=[SealedImport(sealed="quota")],
        stacks={"H": 4096},
        never="BLOCK",
    ),
    simple(
        "SX-3",
        "an interrupt wakes all, and is no release",
        "FX-12 FX-9 FX-10a IR-3",
        {
            "L": (Raise(EDGE_NUMBER), Advance(TICK), Advance(TICK), Raise(EDGE_NUMBER)),
            "H": (*sleep(2), *word_of("edge"), *wait(50, "irq", value=L_ID, flags=PI)),
            "M": (*sleep(1), *word_of("edge"), *wait(50, "irq", value=L_ID, flags=PI)),
        },
        # both waiters are woken by one interrupt; the boost of L, who runs, ends only as H leaves the futex
        expect="""
        SWITCH idle H
        SWITCH H M
        SWITCH M L
        IRQ 12 1 []
        READY M timer
        SWITCH L M
        BOOST L 0 1
        SWITCH M L
        READY H timer
        SWITCH L H
        BOOST L 1 2
        SWITCH H L
        READY H futex
        READY M futex
        IRQ 12 2 [H,M]
        SWITCH L H
        BOOST L 2 0
        EXIT H
        SWITCH H M
        EXIT M
        SWITCH M L
        EXIT L
        SWITCH L idle
        """,
        **SYSTEM,
    ),
    simple(
        "SX-4",
        "a leaked return path",
        "CP-13 SG-22",
        {
            "H": (
                do("first.run", into="r"),
                Expect("r", 5),
            )
        },
        compartments=[
            Compartment(name="first", exports=(Export(name="run", arguments=0),)),
            Compartment(name="second", exports=(Export(name="run", arguments=1),)),
        ],
        program={
            # lends its return path to the next compartment and gets its turn nevertheless
            "first.run": (Local("path", 8), PutCap("path", ReturnPath()), do("second.run", "path"), Return(5)),
            "second.run": (Leave(GetCap("a0")), Expect(0, 1)),
        },
        expect="""
        CALL H main first run []
        CALL H first second run [cap(0:gWmlRc:8+0)]
        RET H run 0 0
        RET H run 5 0
        """,
        never="TRAP UNWIND",
    ),
    simple(
        "SX-5",
        "who is woken has left the queue",
        "MW-3 MW-2 MW-4 FX-3",
        {
            "A": (
                *multiwaiter(2),
                *source(0, Var("word"), 0),
                *source(1, Var("other"), 0),
                *wait_any(50, 2, 0, [0, 1]),  # A did not hear of the first word, although it has changed
                Expect(Get(Var("word")), 1),
            ),
            # as urgent as A, so that it goes on when A is ready
            "B": (
                Put(Var("other"), 1),
                *wake(1, 1, pointer=Var("other")),
                Put(Var("word"), 1),
                *wake(1, 0),
            ),
        },
        priorities=EQUAL,
        words=["word", "other"],
        expect="""
        READY A multi
        """,
        **SYSTEM,
    ),
)
