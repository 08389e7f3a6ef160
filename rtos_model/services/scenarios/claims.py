"""Claims, long-term and ephemeral, and free-all (SC-126...SC-133)."""

from rtos_model.services.image import Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.heap import OTHER, QUOTA, SYSTEM, allocate, is_alive, left, release
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import (
    Advance,
    Expect,
    Get,
    GetCap,
    Imported,
    Let,
    Local,
    Narrow,
    Put,
    PutCap,
    Step,
    Var,
    do,
)

TICK = 10_000
FIRST, SECOND = Var("first"), Var("second")
PLACES = [Word(name="first", size=8), Word(name="second", size=8)]


def claim(pointer, code, *, owner=QUOTA) -> tuple[Step, ...]:
    return (do("heap_claim", owner, pointer, into="claimed"), Expect("claimed", code))


def hold(first, second=0, code=0) -> tuple[Step, ...]:
    return (do("heap_claim_ephemeral", 0, first, second, into="held"), Expect("held", code))


SCENARIOS = (
    simple(
        "SC-126",
        "what claims cost",
        "HP-5 HP-11 HP-20 HP-21 HP-29 HP-30 HP-31 SG-17 SG-19",
        {
            "H": (
                *allocate("p", 128),
                Put("p", 77),
                *claim("p", 128, owner=OTHER),
                *left(4096 - 136 - 16, owner=OTHER),
                *claim(Narrow("p", 8, 8), 128, owner=OTHER),
                *left(4096 - 136 - 16, owner=OTHER),
                *left(4096 - 136),
                *release("p"),
                *left(4096),
                *release("p", -2),
                Expect(Get("p"), 77),
                *release("p", owner=OTHER),
                *left(4096 - 136 - 16, owner=OTHER),
                Expect(Get("p"), 77),
                *release(Narrow("p", 8, 8), owner=OTHER),
                *is_alive("p", 0),
                *left(4096, owner=OTHER),
            )
        },
        expect="""
        CLAIM other heap#1 1
        CLAIM other heap#1 2
        FREE quota heap#1 owner-dropped
        FREE quota heap#1 refused
        FREE other heap#1 claim-dropped
        FREE other heap#1 freed
        """,
        **SYSTEM,
    ),
    simple(
        "SC-127",
        "a claim on one's own object",
        "HP-30 HP-31",
        {
            "H": (
                *allocate("p", 128),
                *claim("p", 128),
                *left(4096 - 136 - 16),
                *release("p"),
                *is_alive("p"),
                *left(4096 - 136 - 16),
                *release("p"),
                *is_alive("p", 0),
                *left(4096),
            )
        },
        expect="""
        CLAIM quota heap#1 2
        FREE quota heap#1 claim-dropped
        FREE quota heap#1 freed
        """,
        **SYSTEM,
    ),
    simple(
        "SC-128",
        "claims that fail",
        "HP-29",
        {
            "H": (
                *allocate("p", 1024),
                *claim("p", -2, owner=0),
                *claim(0, -22),
                Local("stack", 16),
                *claim("stack", -22),
                *claim("p", -13, owner=Imported("small")),
                *left(1024, owner=Imported("small")),
                *claim("p", -13, owner=Imported("tight")),
                *left(1040, owner=Imported("tight")),
                *claim("p", 1024, owner=Imported("enough")),
                *left(0, owner=Imported("enough")),
            )
        },
        sealed=[*SYSTEM["sealed"], quota("small", 1024), quota("tight", 1040), quota("enough", 1048)],
        expect="CLAIM enough heap#1 1",
    ),
    simple(
        "SC-129",
        "everything of a quota at once",
        "HP-25 TK-10",
        {
            "H": (
                do("token_key_new", into="key"),
                do("token_sealed_alloc", 0, QUOTA, "key", 16, into="sealed"),
                *is_alive("sealed"),
                *left(4096 - 32),
                *allocate("p16", 16),
                *allocate("p32", 32),
                *allocate("p64", 64),
                *allocate("p128", 128),
                *allocate("p256", 256),
                *allocate("foreign", 16, owner=OTHER),
                *claim("p256", 256),
                *claim("p256", 256),
                do("heap_free_all", QUOTA, into="freed"),
                Expect("freed", 16 + 32 + 64 + 128 + 256 + 5 * 8),
                *left(4096 - 32),
                *is_alive("p16", 0),
                *is_alive("p256", 0),
                *is_alive("foreign"),
                *is_alive("sealed"),
                do("token_obj_destroy", QUOTA, "key", "sealed", into="r"),
                Expect("r", 0),
                *left(4096),
                do("heap_free_all", QUOTA, into="freed"),
                Expect("freed", 0),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-130",
        "ephemeral claims",
        "HP-22 HP-23 HP-32 HP-33",
        {
            "H": (
                *allocate("p", 16),
                *allocate("q", 32),
                Put("p", 1),
                Put("q", 2),
                PutCap(FIRST, "p"),
                PutCap(SECOND, "q"),
                *sleep(2),
                *release("p"),
                *release("q"),
                *left(4096),
                *release("p", -2),
                *left(4096),
                *is_alive("p"),
                *is_alive("q"),
                *sleep(2),
                *is_alive("p"),
                *allocate("new", 8),
                *is_alive("p", 0),
                *is_alive("q", 0),
                *release("p", -22),
                *left(4096 - 16),
            ),
            "L": (
                *sleep(1),
                Let("p", GetCap(FIRST)),
                Let("q", GetCap(SECOND)),
                *hold("p", "q"),
                Advance(2 * TICK),
                Expect(Get("p"), 1),
                Expect(Get("q"), 2),
                Put("p", 3),
                do("thread_count"),
                Expect(Get("p"), 3),
                Advance(2 * TICK),
                *is_alive(GetCap(FIRST), 0),
            ),
        },
        words=PLACES,
        expect="""
        FREE quota heap#1 deferred-hazard
        FREE quota heap#2 deferred-hazard
        FREE quota heap#1 refused
        FREE quota ? refused
        """,
        **SYSTEM,
    ),
    simple(
        "SC-131",
        "a deferred object is claimed",
        "HP-22 HP-34",
        {
            "H": (
                *allocate("p", 16),
                Put("p", 1),
                PutCap(FIRST, "p"),
                *sleep(2),
                *release("p"),
                *claim("p", 16, owner=OTHER),
                *sleep(2),
                *allocate("new", 8),
                Expect(Get("p"), 1),
                *release("p", -2),
                *release("p", owner=OTHER),
                *is_alive("p", 0),
                *left(4096, owner=OTHER),
            ),
            "L": (
                *sleep(1),
                *hold(GetCap(FIRST)),
                Advance(2 * TICK),
                do("thread_count"),
            ),
        },
        words=PLACES,
        expect="""
        FREE quota heap#1 deferred-hazard
        CLAIM other heap#1 1
        FREE quota heap#1 refused
        FREE other heap#1 freed
        """,
        **SYSTEM,
    ),
    simple(
        "SC-132",
        "sealed handles cannot be held",
        "HP-32 HP-33 TK-11",
        {
            "H": (
                do("token_key_new", into="key"),
                Local("out", 8),
                do("token_sealed_unsealed_alloc", 0, QUOTA, "key", 16, "out", into="sealed"),
                PutCap(FIRST, "sealed"),
                *hold("sealed", code=-22),
                *hold(0, "sealed", code=-22),
                *claim("sealed", -22),
                *claim(GetCap("out"), 24, owner=OTHER),
                *release(GetCap("out"), owner=OTHER),
                *sleep(2),
                do("token_obj_destroy", QUOTA, "key", "sealed", into="r"),
                Expect("r", 0),
                *is_alive("sealed", 0),
                *left(4096),
            ),
            "L": (*sleep(1), *hold(GetCap(FIRST), code=-22), Advance(2 * TICK)),
        },
        words=PLACES,
        expect="""
        CLAIM other heap#1 1
        FREE other heap#1 claim-dropped
        FREE quota heap#1 freed
        """,
        **SYSTEM,
    ),
    simple(
        "SC-133",
        "any call ends an ephemeral claim",
        "HP-32 HP-33",
        {
            "H": (
                *(
                    step
                    for round in range(4)
                    for step in (*allocate("p", 16), PutCap(FIRST, "p"), *sleep(2), *release("p"), *sleep(1))
                ),
            ),
            "L": (
                *sleep(1),
                # no call: the claim holds
                Let("p", GetCap(FIRST)),
                *hold("p"),
                Advance(2 * TICK),
                *is_alive("p"),
                Advance(2 * TICK),
                # a call that blocks
                Let("p", GetCap(FIRST)),
                *hold("p"),
                *sleep(1),
                Advance(TICK),
                *is_alive("p", 0),
                Advance(TICK),
                # a return from a call made before is no different; the next claim replaces the last
                Let("p", GetCap(FIRST)),
                *hold("p"),
                *hold(0),
                Advance(2 * TICK),
                *is_alive("p", 0),
                Advance(TICK),
                # pointers that are not to the heap count as null
                Let("p", GetCap(FIRST)),
                Local("stack", 8),
                *hold("stack", "p"),
                Advance(2 * TICK),
                *is_alive("p"),
            ),
        },
        words=PLACES,
        expect="""
        FREE quota heap#1 deferred-hazard
        FREE quota heap#2 freed
        FREE quota heap#3 freed
        FREE quota heap#4 deferred-hazard
        """,
        **SYSTEM,
    ),
)
