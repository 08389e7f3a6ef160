"""Message queues, library form, between threads: the first rows of SC-90...SC-106."""

from rtos_model.services.image import SealedImport, Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import Expect, Get, GetCap, Imported, Limit, Local, Put, Repeat, Var, do

QUOTA, THE_QUEUE = Imported("quota"), GetCap(Var("queue"))
SYSTEM = {
    "words": ["word", Word(name="queue", size=8)],
    "sealed": [quota("quota", 1024)],
    "imports": [SealedImport(sealed="quota")],
    "handlers": ("scoped",),
}


def create(size, count, code=0):
    return (do("queue_create", 0, QUOTA, Var("queue"), size, count, into="made"), Expect("made", code))


def send(message, ticks=0, code=0):
    """One message of 8 bytes that starts with this word."""
    return (
        Local("message", 8),
        Put("message", message),
        Put("message", 0, 4),
        Limit("limit", ticks),
        do("queue_send", "limit", THE_QUEUE, "message", into="sent"),
        Expect("sent", code),
    )


def receive(message, ticks=0, code=0):
    """One message, which must start with this word."""
    return (
        Local("target", 8),
        Put("target", 0),
        Limit("limit", ticks),
        do("queue_receive", "limit", THE_QUEUE, "target", into="received"),
        Expect("received", code),
        Expect(Get("target"), message),
    )


def items(number):
    return (Local("out", 4), do("queue_items_remaining", THE_QUEUE, "out"), Expect(Get("out"), number))


SCENARIOS = (
    simple(
        "SC-90",
        "fill and drain",
        "MQ-1 MQ-2 MQ-3 MQ-8 MQ-9 MQ-10",
        {
            "H": (
                *create(8, 2),
                *send(1),
                *items(1),
                *send(2),
                *items(2),
                *send(3, ticks=5, code=-110),
                *items(2),
                *receive(1),
                *items(1),
                *receive(2),
                *items(0),
                *receive(0, ticks=5, code=-110),
                *items(0),
            )
        },
        expect="""
        BLOCK H heap#1+12 ticks:5
        BLOCK H heap#1+8 ticks:5
        """,
        **SYSTEM,
    ),
    simple(
        "SC-91",
        "messages wrap around",
        "MQ-2 MQ-3",
        {
            "H": (
                *create(1, 9),
                Local("source", 4),
                Local("target", 4),
                Limit("none", 0),
                Repeat(
                    10,
                    tuple(
                        step
                        for word in (0x04030201, 0x08070605)
                        for step in (
                            Put("source", word),
                            do("queue_send_multiple", "none", THE_QUEUE, "source", 4, into="n"),
                            Expect("n", 4),
                        )
                    )
                    + tuple(
                        step
                        for word in (0x04030201, 0x08070605)
                        for step in (
                            do("queue_receive_multiple", "none", THE_QUEUE, "target", 4, into="n"),
                            Expect("n", 4),
                            Expect(Get("target"), word),
                        )
                    ),
                ),
            )
        },
        never="BLOCK",
        **SYSTEM,
    ),
    simple(
        "SC-92",
        "sizes beyond the limits",
        "MQ-1",
        {
            "H": (
                *create(1, 0x2000_0000, -22),
                *create(0x1_0000, 0x1_0000, -22),
                *create(0x1_0000, 0x8000, -22),
            )
        },
        never="ALLOC",
        **SYSTEM,
    ),
    simple(
        "SC-94",
        "some of the messages are sent",
        "MQ-8 MQ-9",
        {
            "H": (
                *create(1, 4),
                Local("source", 8),
                Limit("limit", 3),
                do("queue_send_multiple", "limit", THE_QUEUE, "source", 2, into="n"),
                Expect("n", 2),
                do("queue_send_multiple", "limit", THE_QUEUE, "source", 5, into="n"),
                Expect("n", 2),
                *items(4),
            )
        },
        expect="BLOCK H heap#1+12 ticks:3",
        **SYSTEM,
    ),
    simple(
        "SC-95",
        "an urgent receiver queues behind",
        "MQ-4 MQ-5 MQ-7",
        {
            "H": (*create(8, 2), *sleep(1), *receive(0, ticks=5, code=-110)),
            "L": receive(7, ticks=50),
            "W": (*sleep(2), *send(7)),
        },
        priorities={"W": 0},
        expect="""
        BLOCK H sleep ticks:1
        BLOCK L heap#1+8 ticks:50
        BLOCK W sleep ticks:2
        READY H timer
        BLOCK H heap#1+12 ticks:5
        READY W timer
        READY L futex
        READY H futex
        BLOCK H heap#1+8 ticks:4
        READY H timer
        """,
        **SYSTEM,
    ),
    simple(
        "SC-104",
        "reset",
        "MQ-6 MQ-15",
        {
            "H": (
                *create(8, 2),
                *send(1),
                *send(2),
                do("queue_reset", 0, THE_QUEUE, into="r"),
                Expect("r", 0),
                *items(0),
                *send(1),
                *send(2),
                *send(3, ticks=5, code=-110),
            ),
            "L": (do("queue_reset", 0, THE_QUEUE, into="r"), Expect("r", -110), *items(2)),
        },
        **SYSTEM,
    ),
)
