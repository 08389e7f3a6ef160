"""Calls between compartments, their stacks and what the switcher refuses (SC-160...SC-166, SC-175...SC-177)."""

from dataclasses import replace

from rtos_model.machine.capability import Perm
from rtos_model.services.image import Compartment, Export, Initialiser, Word
from rtos_model.services.interpreter import Check
from rtos_model.services.pointers import STACK_PERMISSIONS, digest
from rtos_model.services.scenario import Scenario, simple
from rtos_model.services.steps import (
    Ask,
    Callback,
    Expect,
    Function,
    Get,
    GetCap,
    If,
    Invoke,
    Let,
    Local,
    Narrow,
    Op,
    Put,
    PutCap,
    Return,
    Step,
    Untagged,
    Var,
    do,
    invoke,
)
from rtos_model.services.switcher import SLOTS, SPILL

SCANNED = range(0, 512, 4)
"""The lower half of a stack of 1,024 bytes: below every live frame."""


def with_frames(scenario: Scenario, frames: int) -> Scenario:
    """The scenario with so many trusted-stack frames for each thread."""
    threads = tuple(replace(thread, frames=frames) for thread in scenario.image.threads)
    return replace(scenario, image=replace(scenario.image, threads=threads))


def note(ctx, text: str, got, wanted) -> None:
    """The `Expect` of a body in Python."""
    place = f"{ctx.compartment}.{ctx.frame.entry}"
    ctx.kernel.checks.append(Check(ctx.tcb.name, place, text, digest(got), digest(wanted)))


# ------------------------------------------------------------------------------------------- arguments

COUNTS = range(8)
SUMS = Compartment(name="sums", exports=tuple(Export(name=f"sum{n}", arguments=n) for n in COUNTS))


def _registers(count: int) -> list[str]:
    """What arrives of 1, 2, 3 ...: the seventh register points to what lies on the stack."""
    return [*map(str, range(1, min(count, 6) + 1)), *["cap(0:gWmlRc:8+0)"] * (count > 6)]


def _sum(count: int) -> tuple[Step, ...]:
    """Each argument with its own weight."""
    total: object = 0
    for n in range(count):
        total = Op("+", total, Op("*", f"a{n}", 10**n))
    return (Return(total),)


# ------------------------------------------------------------------------------------------- stacks

CALLEE = Compartment(name="callee", exports=(Export(name="run", min_stack=128),))


def _small_stack(ctx):
    for usable, code in ((144, 0), (160, 0), (128, -140), (136, -140)):
        sp, ctx.sp = ctx.sp, ctx.stack.bounds()[0] + usable + SPILL
        note(ctx, f"call with {usable} bytes", (yield from ctx.call("callee.run")), code)
        ctx.sp = sp


def _spill_fails(ctx):
    sp, ctx.sp = ctx.sp, ctx.stack.bounds()[0] + 16
    note(ctx, "call with 16 bytes", (yield from ctx.call("callee.run")), -140)
    ctx.sp = sp
    note(ctx, "call with all of the stack", (yield from ctx.call("callee.run")), 0)


BAD_STACKS = ("untagged", "global", *(letter for letter in "WmlRcg"))


def damage(ctx, how: str) -> None:
    """Replace the stack capability of the running code."""
    if how == "untagged":
        ctx.stack = ctx.stack.without_tag()
    elif how == "global":
        ctx.stack = ctx.word("object")
        ctx.sp = ctx.stack.bounds()[1]
    else:
        bit = {"W": Perm.SD, "m": Perm.LM, "l": Perm.SL, "R": Perm.LD, "c": Perm.MC, "g": Perm.LG}[how]
        ctx.stack = ctx.stack.with_permissions(int(STACK_PERMISSIONS & ~bit))


def _calls_with_bad_stack(how: str):
    def run(ctx):
        damage(ctx, how)
        yield from ctx.call("callee.run")
        note(ctx, "after a call with a bad stack", 1, 0)

    return run


def _tries_bad_stacks(ctx):
    for how in BAD_STACKS:
        note(ctx, how, (yield from ctx.call(f"careless.{how}")), -1)


# ------------------------------------------------------------------------------------------- residue

SCAN = (
    do("switcher_recover_stack", into="stack"),
    Expect(Op("<=", Ask("length", "stack"), 1024 - SLOTS - SPILL), 1),  # what is above is the caller's
    *(Expect(Get("stack", at), 0) for at in SCANNED),
)
DIRTY = (Local("big", 700), *(Put("big", 0xBEEF, at) for at in range(0, 700, 4)))
SCANNER = Compartment(name="scanner", exports=(Export(name="scan", arguments=0), Export(name="dirty", arguments=0)))


FULL = Expect(Op("&", Ask("tag", GetCap("slots")), Ask("tag", GetCap("slots", 8))), 1)
SLOTS_OF = (
    # both are zero at first; they are left behind full, once one level deeper, too
    do("switcher_recover_stack", into="stack"),
    Let("slots", Narrow("stack", move=Op("-", Ask("length", "stack"), SLOTS))),
    *(
        step
        for at in (0, 8)
        for step in (Expect(GetCap("slots", at), 0), PutCap("slots", "slots", at))  # they hold local pointers
    ),
    FULL,
    If(Op("==", "a0", 1), (Invoke(Callback("run"), (0, "a1")), FULL)),
    Put("a1", Op("-", Ask("length", "stack"), SLOTS)),
)
"""Writes the distance of its slots from the base of the stack through its second argument."""


def after_slots(deeper: int) -> tuple[Step, ...]:
    return (
        Local("distance", 4),
        do("callee.run", deeper, "distance"),
        do("switcher_recover_stack", into="stack"),
        Let("back", Op("-", Get("distance"), Ask("offset", "stack"))),
        *(Expect(GetCap(Narrow("stack", move="back"), at), 0) for at in (0, 8)),
    )


SCENARIOS = (
    simple(
        "SC-160",
        "numbers of arguments",
        "CP-3 CP-11 CP-12 SG-10",
        {
            "H": tuple(
                step
                for n in COUNTS
                for step in (
                    do(f"sums.sum{n}", *range(1, 8), into="r"),
                    Expect("r", sum((i + 1) * 10**i for i in range(n))),
                    Expect("r.high", 0),
                )
            )
        },
        compartments=[SUMS],
        program={f"sums.sum{n}": _sum(n) for n in COUNTS},
        expect="\n".join(f"CALL H main sums sum{n} [{','.join(_registers(n))}]" for n in COUNTS),
    ),
    simple(
        "SC-161",
        "callback pointers that are none",
        "CP-5",
        {
            "H": (
                *(
                    step
                    for bad in (0, 0x1234, Var("n"), Untagged(Callback("again")))
                    for step in (invoke(bad, into="r"), Expect("r", -1))
                ),
                invoke(Callback("again"), 5, into="r"),
                Expect("r", 6),
            )
        },
        words=["n"],
        program={"main.again": (Return(Op("+", "a0", 1)),)},
        expect="CALLFAIL H ? -1\n" * 4,
    ),
    with_frames(
        simple(
            "SC-162",
            "room on the trusted stack",
            "CP-5",
            {"H": (invoke(Callback("ask"), into="r"), Expect("r", 0))},
            program={
                "main.ask": tuple(
                    step
                    for n, fits in ((0, 1), (1, 1), (7, 1), (8, 0), (9, 0))
                    for step in (do("trusted_stack_has_space", n, into="fits"), Expect("fits", fits))
                )
            },
        ),
        9,
    ),
    with_frames(
        simple(
            "SC-163",
            "the trusted stack runs out",
            "CP-5 SG-21",
            {"H": (Invoke(Callback("deeper"), (1,), "depth"), Expect("depth", 9))},
            stacks={"H": 2048},
            program={
                "main.deeper": (
                    Invoke(Callback("deeper"), (Op("+", "a0", 1),), "r"),
                    If(Op("==", "r", 0xFFFF_FF73), (Return("a0"),)),
                    Return("r"),
                )
            },
            expect="CALLFAIL H deeper -141",
        ),
        9,
    ),
    simple(
        "SC-164",
        "the callee's least stack",
        "CP-3",
        {"H": _small_stack},
        compartments=[CALLEE],
        program={"callee.run": (Return(0),)},
        expect="CALLFAIL H run -140\n" * 2,
    ),
    simple(
        "SC-165",
        "no room for the spilled registers",
        "CP-3 CP-36",
        {"H": _spill_fails},
        compartments=[CALLEE],
        program={"callee.run": (Return(0),)},
        expect="CALLFAIL H run -140",
    ),
    simple(
        "SC-166",
        "calls with a bad stack capability",
        "CP-35 CP-36 SG-21",
        {"H": _tries_bad_stacks},
        compartments=[
            CALLEE,
            Compartment(
                name="careless",
                exports=tuple(Export(name=how) for how in BAD_STACKS),
                globals=(Word(name="object", size=256),),
            ),
        ],
        program={"callee.run": (Return(0),)} | {f"careless.{how}": _calls_with_bad_stack(how) for how in BAD_STACKS},
        expect="UNWIND H careless\n" * len(BAD_STACKS),
        never="TRAP",
    ),
    simple(
        "SC-175",
        "nothing is left on the stack",
        "CP-4 CP-10 CP-11 CP-12 SG-10 SG-11",
        {"H": (invoke(Callback("caller"), into="r"), Expect("r", 7))},
        words=["once"],
        compartments=[SCANNER],
        program={
            "main.dirty": DIRTY,
            "main.caller": (
                do("run_once", Var("once"), Function("dirty"), into="r"),  # an ordinary call leaves its frame behind
                Expect("r", 0),
                do("scanner.scan"),
                do("scanner.dirty"),
                *SCAN,
                do("scanner.scan"),
                Return(7),
            ),
            "scanner.scan": SCAN,
            "scanner.dirty": DIRTY,
        },
        stacks={"H": 1024},
        never="TRAP",
    ),
    simple(
        "SC-176",
        "the slots of an invocation",
        "CP-24 CP-10",
        {"H": (*after_slots(1), *after_slots(0))},
        compartments=[CALLEE],
        program={"callee.run": SLOTS_OF},
    ),
    simple(
        "SC-177",
        "initialisers",
        "CP-15 CP-40 TH-6",
        {"H": (Expect(Get(Var("n")), 8), Expect(Ask("tag", GetCap(Var("kept"))), 0))},
        words=["n", Word(name="kept", size=8)],
        program={
            "main.later": (Expect(Get(Var("n")), 7), Put(Var("n"), 8)),
            "main.sooner": (Expect(Get(Var("n")), 0), Put(Var("n"), 7)),
        },
        initialisers=[
            Initialiser(compartment="main", entry="later", order=20),
            Initialiser(compartment="main", entry="sooner", order=10),
        ],
        expect="""
        CALL idle loader main sooner []
        RET idle sooner 0 0
        CALL idle loader main later []
        RET idle later 0 0
        """,
        kinds="CALL RET",
    ),
)
