"""Faults: what error handlers see and may do, unwinding, scoped handling (SC-167...SC-174, SC-189)."""

from rtos_model.services.errors import Trap
from rtos_model.services.image import Compartment, Export, Interrupt, Posture, Word
from rtos_model.services.scenario import Scenario, simple
from rtos_model.services.scenarios.compartments import damage, note
from rtos_model.services.scenarios.threads import TICK, sleep
from rtos_model.services.steps import (
    Advance,
    Ask,
    During,
    Expect,
    Get,
    If,
    Let,
    Local,
    Now,
    Op,
    Panic,
    Put,
    Raise,
    Repeat,
    Return,
    Step,
    Var,
    do,
)

FAULT = Put(0, 1)  # a store through null
RESUME, UNWIND = (Return(0),), (Return(1),)
LOCK = Var("lock")
FLAG_LOCK = 1
EDGE = Interrupt(name="edge", number=12, edge=True)


def victim(id: str, title: str, rules: str, body, *, handlers=(), handler=None, result=-1, **more) -> Scenario:
    """H calls `victim.run`, which runs `body` with the given error handler, and expects `result`."""
    names = {"rich": "victim.error_handler", "stackless": "victim.error_handler_stackless"}
    program = {"victim.run": body} | {names[form]: handler for form in handlers if form in names}
    posture = more.pop("posture", Posture.ENABLED)
    words = (Word(name="lock"), Word(name="n"), Word(name="object", size=64))
    return simple(
        id,
        title,
        rules,
        {"H": (do("victim.run", into="r"), Expect("r", result), Expect("r.high", 0), Expect(Ask("tag", "r"), 0))},
        compartments=[
            Compartment(name="victim", exports=(Export(name="run", posture=posture),), globals=words, handlers=handlers)
        ],
        program=program,
        **more,
    )


# ------------------------------------------------------------------------------------------- bad stacks

DAMAGES = ("untagged", "W", "R", "c", "m", "l", "g")
STILL_HANDLED = ("m", "l", "g")


def _faults_with_bad_stack(how: str):
    def run(ctx):
        damage(ctx, how)
        yield from ctx.guarded(_refused)

    return run


def _refused() -> None:
    raise Trap(2)


def _tries_all(ctx):
    for how in DAMAGES:
        note(ctx, how, (yield from ctx.call(f"careless.{how}")), -1)


# ------------------------------------------------------------------------------------------- handlers


def _goes_on_without_stack(ctx):
    """Resumed with the stack pointer its handler left in the register frame: the next store faults for good."""
    yield from ctx.guarded(_refused)
    damage(ctx, "untagged")
    yield from ctx.guarded(lambda: ctx.store(ctx.stack.with_address(ctx.sp - 16), 1))
    note(ctx, "after a store through a bad stack pointer", 1, 0)


def _many(times: int, *, reset: bool = False) -> tuple[Step, ...]:
    again = (do("switcher_handler_invocation_count_reset", into="old"), Expect("old", 2)) if reset else ()
    return (Repeat(times, (FAULT, *again)), Return(times))


LIMITS = Compartment(
    name="limits", exports=tuple(Export(name=f"run{n}") for n in (512, 513, 600)), handlers=("rich",)
)


# ------------------------------------------------------------------------------------------- scoped handling

SCOPED = (
    # a trap; the handler block runs, what it does not mention stays
    Let("x", 1),
    During((FAULT, Expect(0, 1)), (Let("x", Op("+", "x", 1)),)),
    Expect("x", 2),
    # no fault: no handler block
    During((Let("x", 3),), (Expect(0, 1),)),
    Expect("x", 3),
    # the stack overflows
    During((Local("huge", 8192), Put("huge", 1)), (Let("x", 4),)),
    Expect("x", 4),
    # nested: innermost first, then the next
    During(
        (During((FAULT,), (Let("x", 5), FAULT, Expect(0, 1))), Expect(0, 1)),
        (Expect("x", 5), Let("x", 6)),
    ),
    Expect("x", 6),
    # direct unwinding
    During((do("cleanup_unwind"), Expect(0, 1)), (Let("x", 7),)),
    Expect("x", 7),
    # a guard outside the scope is released as usual; one inside is skipped
    do("lock_guard_lock", FLAG_LOCK, LOCK),
    During((FAULT,), (Let("x", 8),)),
    Expect("x", 8),
    Expect(Op("!=", Get(LOCK), 0), 1),
    do("lock_guard_unlock", FLAG_LOCK, LOCK),
    Expect(Get(LOCK), 0),
    During((do("lock_guard_lock", FLAG_LOCK, LOCK), FAULT), ()),
    Expect(Op("!=", Get(LOCK), 0), 1),
    # more faults than a handler without scopes would get
    Repeat(600, (During((FAULT,), ()),)),
    # nothing is left to continue in
    do("cleanup_unwind"),
    Expect(0, 1),
)

# ------------------------------------------------------------------------------------------- a storm

STORM_FAULTS, PERIODS = 10_000, 10
STORM = (do("victim.run", into="r"),)
PERIODIC = (
    Repeat(
        PERIODS,
        (
            Let("start", Now()),
            *sleep(1),
            Expect(Op("<=", Op("-", Now(), "start"), TICK + TICK // 10), 1),
        ),
    ),
)

SCENARIOS = (
    simple(
        "SC-167",
        "faults with a bad stack capability",
        "CP-30 CP-33 CP-36 SG-21",
        {"H": _tries_all},
        compartments=[
            Compartment(
                name="careless",
                exports=tuple(Export(name=how) for how in DAMAGES),
                globals=(Word(name="object", size=64),),
                handlers=("rich",),
            )
        ],
        program={f"careless.{how}": _faults_with_bad_stack(how) for how in DAMAGES}
        | {"careless.error_handler": UNWIND},
        expect="HANDLER H careless rich unwind\n" * len(STILL_HANDLED),
    ),
    victim(
        "SC-168",
        "a callee without handler faults",
        "CP-35 CP-37 SG-21 SG-22",
        (do("flaglock_trylock", 0, LOCK), Let("x", Op("-", 0, 1)), FAULT, Expect(0, 1)),
        expect="""
        TRAP H victim 28 2
        UNWIND H victim
        CALLFAIL H run -1
        """,
        never="HANDLER",
    ),
    victim(
        "SC-169",
        "a handler resumes behind the fault",
        "CP-30 CP-32 CP-33",
        (FAULT, Panic(), Local("most", 860), FAULT, Return(5)),  # at last too little stack for a register frame
        handlers=("rich", "stackless"),
        handler=(
            Local("room", 400),  # a stackless handler has the whole stack
            If(Op("==", "a0", 28), (Expect("a1", 2),), (Expect("a0", 2), Expect("a1", 0))),
            Return(0),
        ),
        result=5,
        expect="""
        TRAP H victim 28 2
        HANDLER H victim rich resume
        TRAP H victim 2 0
        HANDLER H victim rich resume
        TRAP H victim 28 2
        HANDLER H victim stackless resume
        """,
        stacks={"H": 1024},
    ),
    victim(
        "SC-170",
        "a fault in the handler",
        "CP-31",
        (FAULT, Expect(0, 1)),
        handlers=("rich",),
        handler=(Panic(), Return(0)),
        expect="""
        TRAP H victim 28 2
        TRAP H victim 2 0
        UNWIND H victim
        """,
        never="HANDLER",
    ),
    victim(
        "SC-171",
        "a handler spoils the stack pointer",
        "CP-30 CP-32",
        _goes_on_without_stack,
        handlers=("rich",),
        handler=RESUME,
        expect="""
        TRAP H victim 2 0
        HANDLER H victim rich resume
        TRAP H victim 28 2
        UNWIND H victim
        """,
    ),
    simple(
        "SC-172",
        "512 handled faults",
        "CP-31",
        {
            "H": tuple(
                step
                for n, code in ((512, 512), (513, -1), (512, 512), (600, 600))
                for step in (do(f"limits.run{n}", into="r"), Expect("r", code))
            )
        },
        compartments=[LIMITS],
        program={
            "limits.run512": _many(512),
            "limits.run513": _many(513),
            "limits.run600": _many(600, reset=True),
            "limits.error_handler": RESUME,
        },
        expect="UNWIND H limits",
    ),
    victim(
        "SC-173",
        "a handler runs with interrupts enabled",
        "CP-14 CP-32 SG-23",
        (Raise(12), Advance(1), FAULT, Raise(12), Advance(1), Return(5)),
        handlers=("rich",),
        handler=RESUME,
        posture=Posture.DISABLED,
        interrupts=[EDGE],
        result=5,
        expect="""
        TRAP H victim 28 2
        IRQ 12 1 []
        HANDLER H victim rich resume
        RET H run 5 0
        IRQ 12 2 []
        EXIT H
        """,
    ),
    victim(
        "SC-174",
        "scoped handling",
        "CP-34 LK-22",
        SCOPED,
        handlers=("scoped",),
        stacks={"H": 1024},
        expect="UNWIND H victim",
    ),
    simple(
        "SC-189",
        "a storm of faults",
        "CP-35 SG-21 SG-22",
        {
            "H": PERIODIC,
            "L": (
                Repeat(PERIODS * 10, (Repeat(STORM_FAULTS // PERIODS // 10, STORM), Advance(TICK // 10))),
                Expect("r", -1),
            ),
        },
        compartments=[Compartment(name="victim", exports=(Export(name="run"),))],
        program={"victim.run": (FAULT,)},
        expect="READY H timer\n" * PERIODS,
    ),
)
