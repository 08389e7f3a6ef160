"""Allocation that has to wait: for memory, for quota, for the revoker, for the lock (SC-134...SC-138, SC-144)."""

from rtos_model.services.image import SealedImport, Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.heap import allocate, is_alive, left, refused, release
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import Advance, Expect, Get, GetCap, Imported, Limit, Narrow, Op, PutCap, Step, Var, do

TICK = 10_000
WHOLE = 4080  # the largest object of a heap of 4,096 bytes
PLACE = Var("place")
SLOW_SWEEP = {"H": 65_280}
"""So much memory that a sweep takes longer than a few calls; a hardware revoker does not wait for the core to idle."""
SYSTEM = {
    "sealed": [quota("quota", 100_000)],
    "imports": [SealedImport(sealed="quota")],
    "heap_size": 4096,
    "words": [Word(name="place", size=8)],
}


def share(pointer) -> tuple[Step, ...]:
    return (PutCap(PLACE, pointer),)


SCENARIOS = (
    simple(
        "SC-134",
        "a full heap",
        "HP-1 HP-15 HP-16 HP-27 TO-9",
        {
            "H": (
                *allocate("p", WHOLE),
                do("heap_available", into="n"),
                Expect("n", 0),
                *refused(-13, 16),
                *refused(-110, 16, flags=7),
                *refused(-110, 16, flags=4),
                *refused(-13, 16, flags=3),
                Limit("t", 30),
                *refused(-110, 16, flags=4, limit="t"),
                Expect(Get("t"), 30),
                Expect(Get("t", 4), 0),
                *left(100_000 - WHOLE - 8),
            )
        },
        expect="""
        ALLOC quota 4080 4088 heap#1
        ALLOC quota 16 0 -13
        ALLOC quota 16 0 -110
        ALLOC quota 16 0 -110
        ALLOC quota 16 0 -13
        BLOCK H allocator.free_bytes ticks:30
        ALLOC quota 16 0 -110
        """,
        **SYSTEM,
    ),
    simple(
        "SC-135",
        "an empty quota",
        "HP-3 HP-15 HP-16",
        {
            "H": (
                *refused(-13, 16, owner=Imported("empty"), flags=1),
                *refused(-110, 16, owner=Imported("empty"), flags=2),
                Limit("t", 30),
                *refused(-110, 16, owner=Imported("empty"), flags=2, limit="t"),
                Expect(Get("t", 4), 0),
                *left(0, owner=Imported("empty")),
            )
        },
        sealed=[quota("empty", 0)],
        expect="""
        ALLOC empty 16 0 -13
        ALLOC empty 16 0 -110
        BLOCK H allocator.free_bytes ticks:30
        ALLOC empty 16 0 -110
        """,
    ),
    simple(
        "SC-137",
        "waiting until somebody frees",
        "HP-16 HP-40 HP-41 HP-42 TO-9",
        {
            "H": (
                *allocate("p", WHOLE),
                *share("p"),
                Limit("t", 256),
                *allocate("q", WHOLE, flags=7, limit="t"),
                Expect(Get("t"), 5),
                Expect(Get("t", 4), 251),
                *is_alive("p", 0),
            ),
            "L": (*sleep(5), *release(GetCap(PLACE))),
        },
        expect="""
        ALLOC quota 4080 4088 heap#1
        BLOCK H allocator.free_bytes ticks:256
        BLOCK L sleep ticks:5
        READY L timer
        EPOCH 1
        FREE quota heap#1 freed
        READY H futex
        BLOCK H allocator.lock ticks:251
        READY H futex
        BLOCK H scheduler.irq:revoker ticks:251
        EPOCH 2
        READY H futex
        ALLOC quota 4080 4088 heap#2
        """,
        stacks=SLOW_SWEEP,
        **SYSTEM,
    ),
    simple(
        "SC-138",
        "memory in quarantine",
        "HP-15 HP-17 HP-27 HP-40 HP-41 HP-42 HP-45",
        {
            "H": (
                *allocate("p", WHOLE),
                *release("p"),
                do("heap_available", into="n"),
                Expect("n", 0),
                *refused(-12, WHOLE, flags=6),
                *refused(-110, WHOLE, flags=7),
                Limit("t", 5),
                *allocate("q", WHOLE, flags=7, limit="t"),
                Expect(Get("t"), 0),
                Expect(Op("-", "q", "p"), 0),
                # the same by flushing
                do("heap_quarantine_flush", Narrow("q", length=4), into="r"),
                Expect("r", -22),
                do("heap_quarantine_flush", 0, into="r"),
                Expect("r", 0),
                *release("q"),
                do("heap_quarantine_flush", 0, into="r"),
                Expect("r", -110),
                do("heap_available", into="n"),
                Expect("n", 0),
                do("heap_quarantine_flush", "t", into="r"),
                Expect("r", 0),
                do("heap_available", into="n"),
                Expect("n", WHOLE + 8),
                do("heap_render", into="r"),
                Expect("r", 0),
            )
        },
        expect="""
        ALLOC quota 4080 4088 heap#1
        EPOCH 1
        FREE quota heap#1 freed
        ALLOC quota 4080 0 -12
        ALLOC quota 4080 0 -110
        BLOCK H scheduler.irq:revoker ticks:5
        EPOCH 2
        IRQ 1 1 [H]
        ALLOC quota 4080 4088 heap#2
        EPOCH 3
        FREE quota heap#2 freed
        BLOCK H scheduler.irq:revoker ticks:5
        EPOCH 4
        IRQ 1 2 [H]
        EPOCH 5
        BLOCK H scheduler.irq:revoker ticks:5
        EPOCH 6
        IRQ 1 3 [H]
        """,
        stacks=SLOW_SWEEP,
        **SYSTEM,
    ),
    simple(
        "SC-144",
        "the allocator's lock inherits priority",
        "HP-16 FX-9 LK-1 LK-2 TO-11",
        {
            # L frees while H and M sleep for memory. H needs the lock that L holds; M is ready, its time is up.
            "H": (
                *allocate("p", WHOLE),
                *share("p"),
                Limit("t", 256),
                *allocate("q", WHOLE, flags=7, limit="t"),
            ),
            "M": (
                Advance(TICK * 9 // 10),
                Limit("t", 1),
                *refused(-110, WHOLE, flags=7, limit="t"),
            ),
            "L": (Advance(TICK // 2), *sleep(0), *release(GetCap(PLACE))),
        },
        expect="""
        SWITCH idle H
        ALLOC quota 4080 4088 heap#1
        SWITCH H M
        SWITCH M L
        FREE quota heap#1 freed
        SWITCH L H
        BOOST L 0 2
        SWITCH H L
        BOOST L 2 0
        SWITCH L H
        SWITCH H M
        ALLOC quota 4080 0 -110
        EXIT M
        SWITCH M L
        EXIT L
        SWITCH L idle
        SWITCH idle H
        ALLOC quota 4080 4088 heap#2
        EXIT H
        SWITCH H idle
        """,
        stacks=SLOW_SWEEP,
        **SYSTEM,
    ),
)
