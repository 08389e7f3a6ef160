"""D1: a sealed message queue between compartments that do not trust each other, and a hostile queue.

The producer gets a handle that can only send, the consumer one that can only receive; neither sees the queue. Then
the queue service itself is replaced by one that attacks whatever it is given.
"""

from cosim.stage import Scene, claim
from rtos_model.services.image import Compartment, Export, SealedImport, Word, quota
from rtos_model.services.scenario import catalogue, simple
from rtos_model.services.scenarios.sealed_queues import (
    DESTROY,
    RECEIVE,
    SEND,
    create_sealed,
    destroy,
    left,
    receive,
    reduced,
    send,
)
from rtos_model.services.steps import During, Expect, Get, GetCap, Let, Local, Narrow, Put, PutCap, Var, do, say

OWN = GetCap(Var("own"))


def party(name: str) -> Compartment:
    """A compartment that is given a handle and keeps it."""
    exports = (Export(name="take", arguments=1), Export(name="use", arguments=0))
    return Compartment(name=name, exports=exports, globals=(Word(name="own", size=8),), handlers=("scoped",))


ENDS = simple(
    "D1-1",
    "each end has its own handle",
    "MQ-18 MQ-21 MQ-22 TK-14 TK-20 SG-13",
    {
        "T": (
            *create_sealed(8, 2),
            *reduced("sender", GetCap(Var("queue")), SEND),
            *reduced("receiver", GetCap(Var("queue")), RECEIVE),
            do("producer.take", "sender"),
            do("consumer.take", "receiver"),
            do("producer.use"),
            do("consumer.use"),
            *destroy(GetCap(Var("queue")), 0),
            *left(1024),
            say("the queue is destroyed, its memory is mine again; bytes left in my quota", "left"),
        )
    },
    words=[Word(name="queue", size=8)],
    sealed=[quota("quota", 1024)],
    imports=[SealedImport(sealed="quota")],
    compartments=[party("producer"), party("consumer")],
    program={
        "producer.take": (PutCap(Var("own"), "a0"),),
        "consumer.take": (PutCap(Var("own"), "a0"),),
        "producer.use": (
            Local("message", 8),
            Put("message", 77),
            *send(OWN, 0),
            say("attack: receive with the handle for sending"),
            *receive(OWN, -2),
            say("attack: destroy the queue with it"),
            *reduced("wider", OWN, SEND | RECEIVE | DESTROY),
            do("queue_permissions", "wider", into="bits"),
            Expect("bits", SEND),
            say("attack: change the handle to get the other rights"),
            *send(Narrow(OWN, move=RECEIVE), -22),
        ),
        "consumer.use": (
            Local("message", 8),
            *receive(OWN, 0),
            Expect(Get("message"), 77),
            say("I received", Get("message")),
            say("attack: send with the handle for receiving"),
            *send(OWN, -2),
            say("attack: read the queue's memory through the handle"),
            During((Let("peek", Get(OWN)), Expect(0, 1)), ()),
        ),
    },
)

SCENES = (
    Scene(
        scenario=ENDS,
        cast="main owns a queue, pays for it, and hands one end each to producer and consumer.",
        claims=(
            claim("who may send can send", "MQ-22", "RET T queue_send_sealed 0 0"),
            claim("the handle for sending does not receive", "MQ-18", "RET T queue_receive_sealed -2 0"),
            claim("nor the other way round; rights do not come back", "MQ-22 TK-20", "RET T queue_send_sealed -2 0"),
            claim("a changed handle is no handle", "SG-13 TK-14", "RET T queue_send_sealed -22 0"),
            claim("the queue is opaque", "MQ-21 SG-13", "TRAP T consumer 28 3"),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-178"],
        cast="H sends to and receives from a hostile queue: it writes, reads, keeps what it should not.",
        claims=(
            claim("what is sent cannot be changed", "SG-1", "TRAP H hostile 28 19"),
            claim("a buffer to receive into cannot be read", "SG-2", "TRAP H hostile 28 18"),
            claim("nothing beside the buffer can be reached", "SG-9", "TRAP H hostile 28 1"),
            claim("a pointer that was kept is dead after the call", "SG-3", "TRAP H hostile 28 2"),
            claim("a buffer for data only takes no pointers", "SG-8", "TRAP H hostile 28 21"),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-103"],
        cast="An attacker runs code inside a queue service that works on the attacker's own queue.",
        claims=(claim("the other queue is out of reach", "SG-12 MQ-19", "TRAP * * 28 *"),),
    ),
)
