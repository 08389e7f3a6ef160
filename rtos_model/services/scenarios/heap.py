"""Heap objects from allocation to release: sizes, wrong frees, death of every copy (SC-120...SC-125, SC-136...)."""

import random

from rtos_model.services.image import SealedImport, SealedObject, Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import (
    Advance,
    Ask,
    Expect,
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
    Repeat,
    Step,
    Var,
    do,
)

QUOTA, OTHER = Imported("quota"), Imported("other")
DEFAULT = Imported("main.malloc")
ANY_WAIT, NO_WAITS = 7, 0
SYSTEM = {
    "sealed": [quota("quota", 4096), quota("other", 4096)],
    "imports": [SealedImport(sealed="quota"), SealedImport(sealed="other")],
}


def allocate(into: str, size, *, owner=QUOTA, flags=NO_WAITS, limit=0) -> tuple[Step, ...]:
    return (do("heap_allocate", limit, owner, size, flags, into=into), Expect(Ask("tag", into), 1))


def refused(code: int, size, *, owner=QUOTA, flags=NO_WAITS, limit=0) -> tuple[Step, ...]:
    return (do("heap_allocate", limit, owner, size, flags, into="none"), Expect("none", code))


def release(pointer, code=0, *, owner=QUOTA) -> tuple[Step, ...]:
    return (do("heap_free", owner, pointer, into="freed"), Expect("freed", code))


def left(expected, *, owner=QUOTA) -> tuple[Step, ...]:
    return (do("heap_quota_remaining", owner, into="left"), Expect("left", expected))


def flush() -> tuple[Step, ...]:
    return (do("heap_quarantine_empty", into="flushed"), Expect("flushed", 0))


def is_alive(pointer, alive=1) -> tuple[Step, ...]:
    return (Expect(Ask("tag", pointer), alive),)


SIZES = (
    # request, body, chunk: HP-10
    (1, 8, 16),
    (8, 8, 16),
    (9, 16, 24),
    (16, 16, 24),
    (100, 104, 112),
    (511, 512, 520),
    (513, 520, 528),
    (1_023, 1_024, 1_032),
    (4_072, 4_072, 4_080),
    (4_088, 4_088, 4_096),
    (4_089, 4_096, 4_104),
    (8_193, 8_224, 8_232),
    (160_000, 160_256, 160_264),
)


def _measured(request: int, body: int, chunk: int) -> tuple[Step, ...]:
    """One object on a heap with nothing else in it."""
    return (
        do("heap_quota_remaining", Imported("big"), into="before"),
        *allocate("p", request, owner=Imported("big")),
        Expect(Ask("length", "p"), body),
        Expect(Ask("offset", "p"), 0),
        Expect(Ask("permissions", "p"), 0x6F),
        do("heap_quota_remaining", Imported("big"), into="after"),
        Expect(Op("-", "before", "after"), chunk),
        *release("p", owner=Imported("big")),
        *flush(),
    )


def _fuzz(seed: int, rounds: int, slots: int = 6) -> tuple[Step, ...]:
    """Random allocations and frees on two quotas, then free-all: steps chosen beforehand, so the run is repeatable.

    Now and then the quarantine is flushed. The heap should be so large that nothing else starts the revoker: how far
    a sweep has come is not the same everywhere.
    """
    rng = random.Random(seed)
    steps: list[Step] = [Let(f"p{n}", 0) for n in range(slots)]
    owner: dict[int, Imported] = {}
    for turn in range(rounds):
        n = rng.randrange(slots)
        if turn % 20 == 19:
            steps += flush()
        if n in owner:
            wrong = OTHER if owner[n] == QUOTA else QUOTA
            steps += [*release(f"p{n}", -2, owner=wrong), *release(f"p{n}", owner=owner.pop(n))]
            steps += is_alive(f"p{n}", 0)
        elif rng.random() < 0.1:
            chosen = rng.choice((QUOTA, OTHER))
            steps += [do("heap_free_all", chosen, into="freed"), *left(4096, owner=chosen)]
            for gone in [k for k, v in owner.items() if v == chosen]:
                steps += is_alive(f"p{gone}", 0)
                del owner[gone]
        else:
            owner[n] = rng.choice((QUOTA, OTHER))
            steps += allocate(f"p{n}", rng.choice((1, 8, 24, 100, 511, 600)), owner=owner[n], flags=ANY_WAIT, limit=-1)
            steps += [Expect(Get(f"p{n}"), 0), Put(f"p{n}", n + 1)]
        steps += [Expect(Get(f"p{k}"), k + 1) for k in owner]
    return (*steps, *(do("heap_free_all", one) for one in (QUOTA, OTHER)), *left(4096), *left(4096, owner=OTHER))


SCENARIOS = (
    simple(
        "SC-120",
        "free kills pointers",
        "HP-9 HP-22 HP-43 TH-1",
        {
            "H": (
                *allocate("p", 16),
                *allocate("holder", 8),
                Local("stack", 8),
                PutCap("stack", "p"),
                PutCap(Var("global"), "p"),
                PutCap("holder", "p"),
                *is_alive(GetCap("holder")),
                *release("p"),
                *is_alive("p", 0),
                *(one for place in ("stack", Var("global"), "holder") for one in is_alive(GetCap(place), 0)),
            )
        },
        words=[Word(name="global", size=8)],
        expect="FREE quota heap#1 freed",
        **SYSTEM,
    ),
    simple(
        "SC-121",
        "which pointers free an object",
        "HP-19 HP-23 HP-24 HP-46",
        {
            "H": (
                *allocate("p", 64),
                Let("end", Narrow("p", 64, 0)),
                *is_alive("end"),
                PutCap(Var("global"), "end"),
                *is_alive(GetCap(Var("global")), 0),
                *release(GetCap(Var("global")), -22),
                *release(Narrow("p", 0, 32), -2),
                *release(Narrow("p", 32, 32), -2),
                do("heap_can_free", QUOTA, Narrow("p", 24), into="can"),
                Expect("can", 0),
                *release(Narrow("p", 24)),
                *release("p", -22),
            )
        },
        words=[Word(name="global", size=8)],
        expect="""
        FREE quota ? refused
        FREE quota heap#1 refused
        FREE quota heap#1 refused
        FREE quota heap#1 freed
        FREE quota ? refused
        """,
        **SYSTEM,
    ),
    simple(
        "SC-122",
        "free through a local copy",
        "HP-19",
        {"H": (*allocate("p", 16), *release(Narrow("p", keep="RWcmg")), *left(4096))},
        **SYSTEM,
    ),
    simple(
        "SC-123",
        "a descheduled thread's register",
        "HP-40 HP-43 HP-45",
        {
            "H": (
                *allocate("p", 40),
                PutCap(Var("global"), "p"),
                *sleep(2),
                *release("p"),
                *flush(),
                *allocate("again", 40),
                PutCap(Var("second"), "again"),
                *sleep(2),
            ),
            "L": (
                *sleep(1),
                Let("p", GetCap(Var("global"))),
                *is_alive("p"),
                Advance(20_000),
                *sleep(1),
                *is_alive(GetCap(Var("second"))),
                Expect(Op("-", "p", GetCap(Var("second"))), 0),
                *is_alive("p", 0),
            ),
        },
        words=[Word(name="global", size=8), Word(name="second", size=8)],
        expect="""
        FREE quota heap#1 freed
        EPOCH 1
        EPOCH 2
        """,
        **SYSTEM,
    ),
    simple(
        "SC-124",
        "a static sealed object is swept",
        "HP-43 TK-6",
        {
            "H": (
                do("token_obj_unseal_static", Imported("Box"), Imported("box"), into="inside"),
                *is_alive("inside"),
                *allocate("p", 16),
                PutCap("inside", "p"),
                *is_alive(GetCap("inside")),
                *release("p"),
                *flush(),
                *allocate("again", 16),
                Expect(Op("-", GetCap("inside"), "again"), 0),
                *is_alive(GetCap("inside"), 0),
            )
        },
        keys=("Box",),
        sealed=[*SYSTEM["sealed"], SealedObject(name="box", owner="main", key="Box", contents=bytes(16))],
        imports=[*SYSTEM["imports"], SealedImport(sealed="box")],
    ),
    simple(
        "SC-125",
        "the wrong quota",
        "HP-1 HP-20 SG-19",
        {
            "H": (
                *allocate("p", 16),
                *left(4096 - 24),
                *release("p", -2, owner=OTHER),
                *left(4096, owner=OTHER),
                *left(4096 - 24),
                *release("p"),
                *left(4096),
            )
        },
        expect="""
        FREE other heap#1 refused
        FREE quota heap#1 freed
        """,
        **SYSTEM,
    ),
    simple(
        "SC-136",
        "impossible sizes",
        "HP-4 HP-6 HP-15 HP-18",
        {
            "H": (
                *refused(-22, 1 << 30, flags=ANY_WAIT),
                *refused(-22, 0, flags=ANY_WAIT),
                *refused(-22, 0xFFFF_FFFF, flags=ANY_WAIT),
                do("heap_allocate_array", 0, QUOTA, 0x8000_0004, 2, 7, into="array"),
                Expect("array", -22),
                do("heap_allocate_array", 0, QUOTA, 4, 25, 7, into="array"),
                Expect(Ask("length", "array"), 104),
                *left(4096 - 112),
                # the standard names, on the compartment's default quota of 4,096 bytes
                do("malloc", 0, into="p"),
                Expect("p", 0),
                do("malloc", 4096, into="p"),
                Expect("p", 0),
                do("calloc", 0x8000_0004, 2, into="p"),
                Expect("p", 0),
                do("calloc", 4, 25, into="p"),
                Expect(Ask("length", "p"), 104),
                *left(4096 - 112, owner=DEFAULT),
                do("free", "p", into="r"),
                Expect("r", 0),
                *left(4096, owner=DEFAULT),
                *left(4096 - 112),
            )
        },
        never="BLOCK",
        **SYSTEM,
    ),
    simple(
        "SC-140",
        "memory comes back zero",
        "HP-9 HP-44",
        {
            "H": (
                *allocate("p", 64),
                Let("at", Op("+", "p", 0)),
                Repeat(16, (Put("p", 0xDEAD_BEEF), Let("p", Narrow("p", 4)))),
                *release("p"),
                *flush(),
                *allocate("p", 64),
                Expect("at", Op("+", "p", 0)),
                Let("p", Narrow("p", 60)),
                Repeat(16, (Expect(Get("p"), 0), If(Ask("offset", "p"), (Let("p", Narrow("p", -4)),)))),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-141",
        "the rounding table",
        "HP-6 HP-7 HP-8 HP-9 HP-10 HP-12 HP-13 HP-14",
        {
            "H": (
                *(step for row in SIZES for step in _measured(*row)),
                # a hole 8 bytes too large is charged whole; one 16 bytes too large is split
                *allocate("hole", 32, owner=Imported("big")),
                *allocate("wall", 8, owner=Imported("big")),
                *(
                    step
                    for request, length in ((24, 32), (16, 16))
                    for step in (
                        Let("at", Op("+", "hole", 0)),
                        *release("hole", owner=Imported("big")),
                        *flush(),
                        *allocate("hole", request, owner=Imported("big")),
                        Expect(Op("+", "hole", 0), "at"),
                        Expect(Ask("length", "hole"), length),
                        *left(200_000 - 16 - 8 - length, owner=Imported("big")),
                    )
                ),
            )
        },
        sealed=[quota("big", 200_000)],
        stacks={"H": 4096},
        heap_size=196_608,
    ),
    simple(
        "SC-142",
        "permissions of a quota",
        "HP-2 HP-3 HP-24 HP-25 HP-26 HP-29 TK-20",
        {
            "H": (
                *allocate("p", 8),
                do("allocator_permissions", QUOTA, into="bits"),
                Expect("bits", 7),
                do("allocator_permissions_and", QUOTA, 6, into="spender"),
                do("heap_allocate", 0, "spender", 8, 7, into="r"),
                Expect("r", -2),
                do("heap_allocate_array", 0, "spender", 8, 8, 7, into="r"),
                Expect("r", -2),
                do("heap_claim", "spender", "p", into="r"),
                Expect("r", -2),
                do("token_key_new", into="key"),
                do("token_sealed_alloc", 0, "spender", "key", 8, into="r"),
                Expect("r", 0),
                do("allocator_permissions_and", QUOTA, 5, into="keeper"),
                do("heap_free_all", "keeper", into="r"),
                Expect("r", -2),
                do("allocator_permissions_and", QUOTA, 0, into="bare"),
                do("allocator_permissions", "bare", into="bits"),
                Expect("bits", 0),
                *left(4096 - 16, owner="bare"),
                do("heap_can_free", "bare", "p", into="r"),
                Expect("r", 0),
                *release("p", owner="bare"),
                *left(4096, owner="bare"),
                *left(-2, owner=0),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-143",
        "two quotas at random",
        "HP-5 HP-17 HP-20 HP-22 HP-25 HP-43 HP-44",
        {"H": _fuzz(seed=1, rounds=120)},
        stacks={"H": 4096},
        heap_size=131_072,
        **SYSTEM,
    ),
    simple(
        "SC-145",
        "which pointers are heap pointers",
        "HP-28",
        {
            "H": (
                *allocate("p", 8),
                Local("stack", 8),
                *(
                    step
                    for pointer, answer in (("p", 1), ("stack", 0), (Var("word"), 0), (0, 0))
                    for step in (do("heap_address_is_valid", pointer, into="r"), Expect("r", answer))
                ),
                *release("p"),
                do("heap_address_is_valid", "p", into="r"),
                Expect("r", 1),
            )
        },
        words=["word"],
        **SYSTEM,
    ),
    simple(
        "SC-139",
        "a request as large as the quota",
        "HP-8 HP-15",
        {
            "H": (
                *refused(-13, 1024, owner=Imported("kilo"), flags=5),
                *refused(-110, 1024, owner=Imported("kilo"), flags=2),
                Limit("t", 30),
                *refused(-110, 1024, owner=Imported("kilo"), flags=2, limit="t"),
                Expect(Get("t", 4), 0),
                *left(1024, owner=Imported("kilo")),
                *allocate("p", 1016, owner=Imported("kilo")),
                *left(0, owner=Imported("kilo")),
            )
        },
        sealed=[quota("kilo", 1024)],
        expect="BLOCK H allocator.free_bytes ticks:30",
    ),
)
