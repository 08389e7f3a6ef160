"""D6: a service without state: encrypted sessions, and an attacker who runs code inside the service.

Each session is a sealed object on its client's quota; the service has no globals to mix them up in. So whoever takes
the service over while it works for him holds what he brought: his own session.
"""

from cosim.stage import Scene, claim
from rtos_model.services.errors import Errno
from rtos_model.services.image import Compartment, Export, KeyImport, SealedImport, Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.steps import (
    Ask,
    Expect,
    Get,
    GetCap,
    If,
    Imported,
    Let,
    Local,
    Narrow,
    Op,
    Put,
    PutCap,
    Repeat,
    Return,
    Step,
    Var,
    do,
    say,
)

KEY, SIZE = Imported("SessionKey"), 8
SECRET, SENT = 0, 4  # in a session: its secret, how many words it has sent
OPEN = (
    do("token_obj_unseal", KEY, "a0", into="inside"),
    If(Op("==", Ask("tag", "inside"), 0), (Return(-Errno.EINVAL),)),
)
SERVICE = Compartment(
    name="session",
    exports=(
        Export(name="begin", arguments=3),
        Export(name="send", arguments=2),
        Export(name="taken_over", arguments=2),
    ),
    keys=("SessionKey",),
    imports=(KeyImport(key="SessionKey"),),
)
SERVICE_PROGRAM: dict[str, tuple[Step, ...]] = {
    # (t, quota, secret): a sealed session on the caller's quota
    "session.begin": (
        Local("out", 8),
        do("token_sealed_unsealed_alloc", "a0", "a1", KEY, SIZE, "out", into="made"),
        If(Op("==", Ask("tag", "made"), 0), (Return(-Errno.ENOMEM),)),
        Put(GetCap("out"), "a2", SECRET),
        Put(GetCap("out"), 0, SENT),
        Return("made"),
    ),
    # (session, buffer): encrypts one word in place; how many words this session has sent
    "session.send": (
        *OPEN,
        Put("a1", Op("^", Get("a1"), Get("inside", SECRET))),
        Put("inside", Op("+", Get("inside", SENT), 1), SENT),
        Return(Get("inside", SENT)),
    ),
    # (session, other): what an attacker runs here, with its own session open and another's handle, if it has one
    "session.taken_over": (
        *OPEN,
        say("attack: from inside the service I have my own session, secret", Get("inside", SECRET)),
        say("attack: read on behind it, where another session may lie"),
        Let("next", Get(Narrow("inside", move=SIZE))),
        Return("next"),
    ),
}


def client(name: str, *functions: str) -> Compartment:
    exports = tuple(Export(name=one, arguments=1) for one in functions)
    words = (Word(name="session", size=8),)
    return Compartment(name=name, exports=exports, globals=words, imports=(SealedImport(sealed=name),))


def start(name: str, secret: int) -> tuple[Step, ...]:
    return (
        do("session.begin", 0, Imported(name), secret, into="made"),
        PutCap(Var("session"), "made"),
        Expect(Ask("otype", "made"), 11),
    )


MINE = GetCap(Var("session"))
BANK_SECRET, MALLORY_SECRET, WORD = 0x5EC12E7, 0x666, 0x1234
ATTACK = (
    say("attack: look into the handle"),
    do("mallory.peek", MINE, into="r"),
    Expect("r", -1),
    do("session.taken_over", MINE, 0, into="r"),
    Expect("r", -1),
    say("attack: pass my quota's handle off as a session"),
    Local("word", 4),
    do("session.send", Imported("mallory"), "word", into="r"),
    Expect("r", -22),
    say("attack: make up a session from numbers"),
    do("session.send", 0x2004_0000, "word", into="r"),
    Expect("r", -22),
    say("attack: open sessions until the service runs out of memory"),
    Repeat(2, (do("session.begin", 0, Imported("mallory"), 1),)),
    do("session.begin", 0, Imported("mallory"), 1, into="r"),
    Expect("r", -13),
)
USE = (
    Local("word", 4),
    Put("word", WORD),
    do("session.send", MINE, "word", into="sent"),
    Expect(Get("word"), WORD ^ BANK_SECRET),
)

TWO_CLIENTS = simple(
    "D6-1",
    "two clients, one of them hostile",
    "SG-12 SG-13 SG-19 SG-21 TK-21 MQ-19",
    {
        "H": (
            do("bank.start"),
            do("bank.use"),
            do("mallory.start"),
            do("mallory.attack"),
            do("bank.use"),
        ),
    },
    compartments=[SERVICE, client("bank", "start", "use"), client("mallory", "start", "attack", "peek")],
    sealed=[quota("bank", 64), quota("mallory", 80)],
    program={
        **SERVICE_PROGRAM,
        "bank.start": start("bank", BANK_SECRET),
        "bank.use": (*USE, say("my word went out encrypted; words sent", "sent")),
        "mallory.start": start("mallory", MALLORY_SECRET),
        "mallory.attack": ATTACK,
        "mallory.peek": (Return(Get("a0")),),
    },
)
SCENES = (
    Scene(
        scenario=TWO_CLIENTS,
        cast="bank and mallory each have a session. mallory found a way to run code inside the service.",
        claims=(
            claim("a session is opaque to its own client", "SG-13", "TRAP H mallory 28 3"),
            claim("code in the service cannot leave the session it was given", "SG-12", "TRAP H session 28 1"),
            claim("nothing else passes for a session", "SG-13 TK-21", "RET H send -22 0", times=2),
            claim("memory for sessions is the client's own", "SG-19", "ALLOC mallory * 0 *"),
            claim("the bank goes on as if nothing had happened", "SG-12 SG-21", "RET H send 2 0"),
        ),
    ),
)
