"""Faulting buffers and the queue compartment: SC-93, SC-96...SC-103, SC-105, SC-106."""

from rtos_model.services.image import Compartment, Export, SealedImport, Word, quota
from rtos_model.services.interpreter import letters
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios import queues
from rtos_model.services.scenarios.queues import THE_QUEUE, create, items
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import (
    Ask,
    Expect,
    Expression,
    Get,
    GetCap,
    Imported,
    Let,
    Limit,
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
)

QUOTA, OTHER = Imported("quota"), Imported("other")
PLACE = Var("queue")
HANDLE = GetCap(PLACE)
SEND, RECEIVE, DESTROY = 1, 2, 4
SYSTEM = queues.SYSTEM
TWO_QUOTAS = SYSTEM | {
    "sealed": [quota("quota", 1024), quota("other", 1024)],
    "imports": [SealedImport(sealed="quota"), SealedImport(sealed="other")],
}


def create_sealed(size, count, out: Expression = PLACE) -> tuple[Step, ...]:
    return (do("queue_create_sealed", 0, QUOTA, out, size, count, into="made"), Expect("made", 0))


def send(handle, code, *, ticks=0, source="message") -> tuple[Step, ...]:
    return (
        Limit("limit", ticks),
        do("queue_send_sealed", "limit", handle, source, into="sent"),
        Expect("sent", code),
    )


def receive(handle, code, *, ticks=0, target="message") -> tuple[Step, ...]:
    return (
        Limit("limit", ticks),
        do("queue_receive_sealed", "limit", handle, target, into="received"),
        Expect("received", code),
    )


def reduced(name, handle, mask) -> tuple[Step, ...]:
    return (do("queue_permissions_and", handle, mask, into=name),)


def destroy(handle, code, owner=QUOTA) -> tuple[Step, ...]:
    return (do("queue_destroy_sealed", 0, owner, handle, into="gone"), Expect("gone", code))


def left(bytes_, owner=QUOTA) -> tuple[Step, ...]:
    return (do("heap_quota_remaining", owner, into="left"), Expect("left", bytes_))


def counted(handle, number) -> tuple[Step, ...]:
    return (
        Local("out", 4),
        do("queue_items_remaining_sealed", handle, "out", into="r"),
        Expect("r", 0),
        Expect(Get("out"), number),
    )


SCENARIOS = (
    simple(
        "SC-93",
        "buffers that are too short or forbid the access",
        "MQ-8 MQ-9 MQ-12 MQ-13 MQ-30 SG-1 SG-2 CP-4",
        {
            "H": (
                *create(8, 4),
                Local("long", 16),
                Local("short", 4),
                Limit("limit", 0),
                do("queue_send", "limit", THE_QUEUE, "short", into="r"),
                Expect("r", -2),
                *items(0),
                do("queue_send", "limit", THE_QUEUE, Narrow("long", keep="W"), into="r"),
                Expect("r", -2),
                do("queue_send", "limit", THE_QUEUE, Narrow("long", keep="R"), into="r"),
                Expect("r", 0),
                do("queue_receive", "limit", THE_QUEUE, "short", into="r"),
                Expect("r", -2),
                do("queue_receive", "limit", THE_QUEUE, Narrow("long", keep="R"), into="r"),
                Expect("r", -2),
                *items(1),
                do("queue_receive", "limit", THE_QUEUE, Narrow("long", keep="W"), into="r"),
                Expect("r", 0),
                *items(0),
                do("queue_receive", "limit", THE_QUEUE, "long", into="r"),
                Expect("r", -110),
                do("queue_send_multiple", "limit", THE_QUEUE, "long", 3, into="r"),
                Expect("r", -2),
                do("queue_send_multiple", "limit", THE_QUEUE, "long", 0, into="r"),
                Expect("r", 0),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-96",
        "what each end may do",
        "MQ-18 MQ-21 MQ-22 TK-20 SG-12",
        {
            "H": (
                *create_sealed(8, 2),
                Local("message", 8),
                *reduced("sender", HANDLE, SEND),
                *reduced("receiver", HANDLE, RECEIVE),
                do("queue_permissions", HANDLE, into="bits"),
                Expect("bits", 7),
                do("queue_permissions", "sender", into="bits"),
                Expect("bits", SEND),
                *send("receiver", -2),
                *receive("sender", -2),
                *send("sender", 0),
                *receive("receiver", 0),
                *send(0, -2),
                *receive(0, -2),
                *send(QUOTA, -22),
                *receive(QUOTA, -22),
                *send(Untagged("sender"), -22),
                *destroy("sender", -2),
                *reduced("wider", "sender", 7),
                *receive("wider", -2),
                *counted("sender", 0),
                *counted("receiver", 0),
                *reduced("destroyer", HANDLE, DESTROY),
                do("queue_items_remaining_sealed", "destroyer", "message", into="r"),
                Expect("r", -2),
                do("queue_items_remaining_sealed", QUOTA, "message", into="r"),
                Expect("r", -22),
                do("queue_items_remaining_sealed", HANDLE, 0, into="r"),
                Expect("r", -1),
                Local("handle", 8),
                do("queue_send_handle_create_sealed", 0, 0, HANDLE, "handle", into="r"),
                Expect("r", 0),
                do("queue_permissions", GetCap("handle"), into="bits"),
                Expect("bits", SEND),
                *send(GetCap("handle"), 0),
                *receive(GetCap("handle"), -2),
                do("queue_receive_handle_create_sealed", 0, 0, HANDLE, "handle", into="r"),
                Expect("r", 0),
                *receive(GetCap("handle"), 0),
                *send(GetCap("handle"), -2),
                Limit("limit", 0),
                do("queue_send_multiple_sealed", "limit", "sender", "message", 1, into="n"),
                Expect("n", 1),
                do("queue_send_multiple_sealed", "limit", "receiver", "message", 1, into="n"),
                Expect("n", -2),
                do("queue_receive_multiple_sealed", "limit", "receiver", "message", 1, into="n"),
                Expect("n", 1),
                do("queue_receive_multiple_sealed", "limit", "sender", "message", 1, into="n"),
                Expect("n", -2),
            )
        },
        **SYSTEM,
        stacks={"H": 2048},
    ),
    simple(
        "SC-97",
        "who may destroy",
        "MQ-19 MQ-20 MQ-22",
        {
            "H": (
                *left(1024),
                *create_sealed(8, 2),
                *left(1024 - 48),
                *reduced("sender", HANDLE, SEND),
                *destroy("sender", -2),
                *destroy(0, -2),
                *destroy(HANDLE, -2, OTHER),
                *destroy(HANDLE, -2, 0),
                *destroy(OTHER, -22),
                Local("message", 8),
                *send(HANDLE, 0),
                *destroy(HANDLE, 0),
                *left(1024),
                *send("sender", -22),
                do("queue_create_sealed", 0, QUOTA, Var("queue"), 1, 0x2000_0000, into="r"),
                Expect("r", -22),
                do("queue_create_sealed", 0, QUOTA, Var("queue"), 8, 1000, into="r"),
                Expect("r", -13),
                do("queue_create_sealed", 0, QUOTA, 0, 8, 2, into="r"),
                Expect("r", -1),
                *left(1024 - 48),
            )
        },
        **TWO_QUOTAS,
    ),
    simple(
        # B makes the queues. The stop wakes both: H runs during it and leaves with -110, whatever it held (MQ-16); L
        # runs when the queue is gone, and faults only if it held the endpoint and so has to release it.
        "SC-98",
        "destroyed while two wait",
        "MQ-4 MQ-15 MQ-16 MQ-17 MQ-5",
        {
            "B": (
                *create_sealed(8, 1),
                Local("message", 8),
                *send(HANDLE, 0),
                *sleep(5),
                *create_sealed(8, 1),
                *send(HANDLE, 0),
                *sleep(5),
                do("queue_create", 0, QUOTA, Var("queue"), 8, 1, into="r"),
                do("heap_free", QUOTA, HANDLE, into="r"),
                Expect("r", 0),
            ),
            "H": (
                *sleep(2),
                Local("message", 8),
                *send(HANDLE, -110, ticks=50),
                *sleep(3),
                *send(HANDLE, -110, ticks=50),
            ),
            "M": (*sleep(3), *destroy(HANDLE, 0), *sleep(5), *destroy(HANDLE, 0)),
            "L": (
                *sleep(1),
                Local("message", 8),
                *send(HANDLE, -1, ticks=50),
                *sleep(4),
                *send(HANDLE, -110, ticks=50),
            ),
        },
        priorities={"B": 4},
        expect="""
        BLOCK B sleep ticks:5
        BLOCK H sleep ticks:2
        BLOCK M sleep ticks:3
        BLOCK L sleep ticks:1
        BLOCK L heap#1+20 ticks:50
        BLOCK H heap#1+16 ticks:50
        BLOCK H sleep ticks:3
        FREE quota heap#1 freed
        BLOCK M sleep ticks:5
        TRAP L message_queue 28 2
        HANDLER L message_queue stackless unwind
        UNWIND L message_queue
        BLOCK L sleep ticks:4
        BLOCK B sleep ticks:5
        BLOCK H heap#2+20 ticks:50
        BLOCK L heap#2+16 ticks:50
        EXIT H
        FREE quota heap#2 freed
        EXIT M
        EXIT L
        ...
        """,
        **SYSTEM,
    ),
    simple(
        "SC-99",
        "a time limit on the heap",
        "MQ-18 TO-6",
        {
            "H": (
                *create_sealed(8, 2),
                do("heap_allocate", 0, QUOTA, 8, 0, into="limit"),
                Put("limit", 5, 4),
                Local("message", 8),
                do("queue_send_sealed", "limit", HANDLE, "message", into="r"),
                Expect("r", -22),
                do("queue_send_sealed", "limit", 0, "message", into="r"),
                Expect("r", -22),
                do("queue_receive_sealed", "limit", HANDLE, "message", into="r"),
                Expect("r", -22),
                *counted(HANDLE, 0),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-100",
        "a queue that only counts",
        "MQ-11 MQ-14 LK-17 MQ-8",
        {
            "H": (
                *create(0, 4),
                Local("nothing", 8),
                Let("source", Narrow("nothing", length=0)),
                *(
                    step
                    for code in (0, 0, 0, 0, -110)
                    for step in (
                        Limit("limit", 0),
                        do("queue_send", "limit", THE_QUEUE, "source", into="r"),
                        Expect("r", code),
                    )
                ),
                *items(4),
                do("queue_receive", "limit", THE_QUEUE, "source", into="r"),
                Expect("r", 0),
                *items(3),
                *create(4, 0),
                do("queue_send", "limit", THE_QUEUE, "nothing", into="r"),
                Expect("r", -110),
                do("queue_receive", "limit", THE_QUEUE, "nothing", into="r"),
                Expect("r", -110),
            )
        },
        expect="""
        CALL H main allocator heap_allocate *
        CALL H main scheduler futex_wake *
        CALL H main scheduler futex_timed_wait *
        CALL H main scheduler futex_wake *
        CALL H main allocator heap_allocate *
        CALL H main scheduler futex_timed_wait *
        CALL H main scheduler futex_timed_wait *
        """,
        stacks={"H": 2048},
        **SYSTEM,
    ),
    simple(
        "SC-101",
        "a sealed handle as a message",
        "MQ-12 MQ-13 MQ-21 TK-14 SG-25 CP-38",
        {
            "H": (
                *create_sealed(8, 2),
                do("token_key_new", into="key"),
                PutCap(Var("key"), "key"),
                Local("unsealed", 8),
                do("token_sealed_unsealed_alloc", 0, QUOTA, "key", 4, "unsealed", into="secret"),
                Put(GetCap("unsealed"), 77),
                Local("message", 8),
                PutCap("message", "secret"),
                *send(HANDLE, 0),
                *send(HANDLE, 0, source=Narrow("message", keep="R")),
            ),
            "L": (
                Local("message", 8),
                *receive(HANDLE, 0),
                Let("secret", GetCap("message")),
                Expect(Ask("tag", "secret"), 1),
                Expect(Ask("otype", "secret"), 11),
                do("token_obj_unseal", GetCap(Var("key")), "secret", into="inside"),
                Expect(Get("inside"), 77),
                *receive(HANDLE, 0),
                Expect(Ask("tag", GetCap("message")), 0),
                PutCap("message", "secret"),
                *send(HANDLE, 0),
                *receive(HANDLE, -2, target=Narrow("message", keep="RW")),
                *counted(HANDLE, 1),
            ),
        },
        **(SYSTEM | {"words": [Word(name="queue", size=8), Word(name="key", size=8)]}),
    ),
    simple(
        "SC-102",
        "a stack pointer as a message",
        "MQ-12 SG-3",
        {
            "H": (
                *create_sealed(8, 2),
                Local("message", 8),
                Local("secret", 8),
                PutCap("message", "secret"),
                Expect(Ask("tag", GetCap("message")), 1),
                *send(HANDLE, 0),
                *receive(HANDLE, 0),
                Expect(Ask("tag", GetCap("message")), 0),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-103",
        "a hostile queue cannot reach another queue",
        "MQ-19 MQ-21 SG-12",
        {
            "H": (
                *create_sealed(8, 2),
                Local("message", 8),
                Put("message", 77),
                *send(HANDLE, 0),
                do("hostile.serve", HANDLE, GetCap(Var("second")), into="r"),
                Expect("r", -1),
                *create_sealed(8, 2, Var("second")),
                do("hostile.serve", HANDLE, GetCap(Var("second")), into="r"),
                Expect("r", -1),
                *counted(HANDLE, 1),
                Put("message", 0),
                *receive(HANDLE, 0),
                Expect(Get("message"), 77),
            )
        },
        compartments=[Compartment(name="hostile", exports=(Export(name="serve", arguments=2),))],
        program={"hostile.serve": (Put("a0", 0, 8), Return(0))},
        expect="""
        TRAP H hostile 28 3
        UNWIND H hostile
        TRAP H hostile 28 3
        UNWIND H hostile
        """,
        **(SYSTEM | {"words": [Word(name="queue", size=8), Word(name="second", size=8)]}),
    ),
    simple(
        "SC-105",
        "what a multiwaiter's source shows of a sealed queue",
        "MQ-31 MQ-32 MQ-33",
        {
            "H": (
                *create_sealed(8, 1),
                Local("source", 16),
                do("multiwaiter_queue_receive_init_sealed", "source", HANDLE, into="r"),
                Expect("r", 0),
                Let("event", GetCap("source")),
                Expect(Ask("length", "event"), 4),
                Expect(Ask("offset", "event"), 0),
                Expect(Ask("permissions", "event"), letters("GR")),
                Expect(Get("source", 8), 0),
                do("multiwaiter_queue_send_init_sealed", "source", HANDLE, into="r"),
                Expect("r", 0),
                Expect(Ask("permissions", GetCap("source")), letters("GR")),
                Expect(Get("source", 8), 0xFFFF_FFFF),
                *reduced("sender", HANDLE, SEND),
                *reduced("receiver", HANDLE, RECEIVE),
                do("multiwaiter_queue_receive_init_sealed", "source", "sender", into="r"),
                Expect("r", -2),
                do("multiwaiter_queue_send_init_sealed", "source", "receiver", into="r"),
                Expect("r", -2),
                do("multiwaiter_queue_send_init_sealed", "source", QUOTA, into="r"),
                Expect("r", -22),
                Local("message", 8),
                *send("sender", 0),
                do("multiwaiter_queue_receive_init_sealed", "source", "receiver", into="r"),
                Expect(Get("source", 8), 0xFFFF_FFFF),
                do("multiwaiter_queue_send_init_sealed", "source", "sender", into="r"),
                Expect(Get("source", 8), 0),
            )
        },
        **SYSTEM,
        stacks={"H": 2048},
    ),
    simple(
        "SC-106",
        "three senders race for the endpoint",
        "MQ-3 MQ-4 MQ-5 MQ-6 MQ-7",
        {
            "W": (
                *create(8, 1),
                *queues.send(1),
                *sleep(4),
                *queues.receive(1),
                *sleep(1),
                *queues.receive(2),
                *sleep(1),
                *queues.receive(4),
                *sleep(1),
                *queues.receive(3),
                Expect(Op("&", Get(THE_QUEUE, 8), 0xE000_0000), 0),
            ),
            "A": (*sleep(1), *queues.send(2, ticks=50)),
            "B": (*sleep(2), *queues.send(3, ticks=50)),
            "C": (*sleep(3), *queues.send(4, ticks=50)),
        },
        priorities={"W": 9, "A": 1, "B": 1, "C": 2},
        expect="""
        BLOCK W sleep ticks:4
        BLOCK C sleep ticks:3
        BLOCK A sleep ticks:1
        BLOCK B sleep ticks:2
        BLOCK A heap#1+12 ticks:50
        BLOCK B heap#1+8 ticks:50
        BLOCK C heap#1+8 ticks:50
        ...
        """,
        **SYSTEM,
    ),
)
