"""What passing a pointer allows, and what attacks on it get (SC-178...SC-186, SC-188, SC-190)."""

from rtos_model.services.image import (
    Compartment,
    DeviceImport,
    Export,
    KeyImport,
    SealedImport,
    SealedObject,
    SharedImport,
    SharedObject,
    Word,
)
from rtos_model.services.interpreter import letters
from rtos_model.services.revoker import EPOCH, ID
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.heap import QUOTA, SYSTEM, allocate, flush, is_alive, left, release
from rtos_model.services.steps import (
    Ask,
    Callback,
    During,
    Expect,
    Expression,
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
    Return,
    Step,
    Untagged,
    Var,
    do,
    invoke,
)

KEPT = Var("kept")
TRAPS = {"bounds": 1, "tag": 2, "seal": 3, "load": 0x12, "store": 0x13, "store capability": 0x15}


def other(name: str, *functions: str, **more) -> Compartment:
    """A compartment with one place to keep a pointer in and scoped handling, to survive its attacks."""
    words = (Word(name="kept", size=8), *more.pop("words", ()))
    exports = tuple(Export(name=one) for one in functions)
    return Compartment(name=name, exports=exports, globals=words, handlers=("scoped",), **more)


def refused(*steps: Step) -> Step:
    """The last of the steps must fault; the log tells how."""
    return During((*steps, Expect(0, 1)), ())


def capture(pointer: Expression, survives: int) -> tuple[Step, ...]:
    """Keep a pointer in a global: does the copy work?"""
    return (PutCap(KEPT, pointer), *is_alive(GetCap(KEPT), survives))


def traps(who: str, *causes: str) -> str:
    return "\n".join(f"TRAP H {who} 28 {TRAPS[cause]}" for cause in causes)


def chain() -> tuple[Step, ...]:
    """Three heap objects; the first word is a number, the second granule points to the next one."""
    return (
        *allocate("first", 16),
        *allocate("second", 16),
        *allocate("third", 16),
        PutCap("first", "second", 8),
        PutCap("second", "third", 8),
        *(Put(name, number) for number, name in enumerate(("first", "second", "third"), 1)),
    )


NUMBERS = tuple(Expect(Get(name), number) for number, name in enumerate(("first", "second", "third"), 1))

HOSTILE = {
    # send: the source with R only
    "hostile.send": (
        Expect(Get("a0"), 77),
        refused(Put("a0", 0)),
        refused(PutCap("a0", "a0")),
        refused(Let("x", Get("a0", 16))),
    ),
    # receive: the destination with W only
    "hostile.receive": (refused(Let("x", Get("a0"))), Put("a0", 99)),
    # keep: nothing without G survives in a global; on the stack it does, until the call is over
    "hostile.keep": (
        Local("here", 8),
        PutCap("here", "a0"),
        *is_alive(GetCap("here")),
        Expect(Get(GetCap("here")), 77),
        *capture("a0", 0),
        refused(Let("x", Get(GetCap(KEPT)))),
    ),
    # later: what an earlier call kept
    "hostile.later": (*is_alive(GetCap(KEPT), 0), refused(Let("x", Get(GetCap(KEPT))))),
    # data: without c no pointer goes in or comes out
    "hostile.data": (
        *is_alive(GetCap("a0", 8), 0),
        Put("a0", 5),
        refused(PutCap("a0", KEPT, 8)),
    ),
}

READER = {
    "reader.shallow": (  # no W, but m
        refused(Put("a0", 0)),
        Let("next", GetCap("a0", 8)),
        Put("next", 2),
        Put(GetCap("next", 8), 3),
    ),
    "reader.deep": (  # neither W nor m
        refused(Put("a0", 0)),
        Let("next", GetCap("a0", 8)),
        Expect(Op("&", Ask("permissions", "next"), letters("Wm")), 0),
        refused(Put("next", 0)),
        Let("last", GetCap("next", 8)),
        Expect(Get("last"), 3),
        Expect(Op("&", Ask("permissions", "last"), letters("Wm")), 0),
        refused(Put("last", 0)),
    ),
}

KEEPER = {
    "keeper.shallow": (  # no G, but g
        *capture("a0", 0),
        *capture(GetCap("a0", 8), 1),
    ),
    "keeper.deep": (  # neither G nor g
        *capture("a0", 0),
        Let("next", GetCap("a0", 8)),
        *capture("next", 0),
        Let("last", GetCap("next", 8)),
        Expect(Get("last"), 3),
        Expect(Op("&", Ask("permissions", "last"), letters("Gg")), 0),
        *capture("last", 0),
    ),
}

CALLEE = {
    "callee.trusting": (invoke("a1", into="r"), Return(Get("a0"))),
    "callee.careful": (
        do("heap_claim", Imported("mine"), "a0", into="charged"),
        Expect(Op("<", 0, "charged"), 1),
        invoke("a1", into="r"),
        Let("value", Get("a0")),
        do("heap_free", Imported("mine"), "a0", into="r"),
        Expect("r", 0),
        *is_alive("a0", 0),
        Return("value"),
    ),
    "callee.part": (  # eight bytes out of the middle
        Expect(Ask("length", "a0"), 8),
        Put("a0", 1),
        refused(Put("a0", 1, 8)),
        refused(Let("x", Get("a0", -4))),
        Expect(Ask("length", Narrow("a0", length=4)), 4),
        *is_alive(Narrow("a0", length=16), 0),
        do("heap_free", "a1", "a0", into="r"),
        Expect(Op("==", "r", 0), 0),
    ),
}

SHARED = SharedObject(name="box", size=16)
SECRET = 4711

# permission bits of the static capability: what the key's holder lets others do
ENCRYPT, DECRYPT = 1, 2


def _caesar(permission: int, result: Expression) -> tuple[Step, ...]:
    return (
        do("token_obj_unseal_static", Imported("CaesarKey"), "a0", into="body"),
        If(Op("==", Ask("tag", "body"), 0), (Return(-22),)),
        If(Op("==", Op("&", Get("body", 4), permission), 0), (Return(-2),)),
        Return(result),
    )


def cipher(name: str, shift: int, may: int) -> SealedObject:
    contents = shift.to_bytes(4, "little") + may.to_bytes(4, "little")
    return SealedObject(name=name, owner="caesar", key="CaesarKey", contents=contents)


CAESAR = Compartment(
    name="caesar",
    exports=(Export(name="encrypt", arguments=2), Export(name="decrypt", arguments=2)),
    keys=("CaesarKey",),
    imports=(KeyImport(key="CaesarKey"),),
)

SCENARIOS = (
    simple(
        "SC-178",
        "a hostile queue",
        "SG-1 SG-2 SG-3 SG-8 SG-9 SG-26",
        {
            "H": (
                Local("buffer", 16),
                Put("buffer", 77),
                Expect(Op("&", Ask("permissions", "buffer"), letters("G")), 0),
                do("hostile.send", Narrow("buffer", keep="R")),
                Expect(Get("buffer"), 77),
                do("hostile.keep", Narrow("buffer", keep="Rc")),
                do("hostile.later"),
                do("hostile.receive", Narrow("buffer", keep="W")),
                Expect(Get("buffer"), 99),
                PutCap("buffer", Var("word"), 8),
                do("hostile.data", Narrow("buffer", keep="RW")),
                Expect(Get("buffer"), 5),
                *is_alive(GetCap("buffer", 8)),
                PutCap(Var("word"), "buffer"),  # the address of a local, in a global
                *is_alive(GetCap(Var("word")), 0),
            )
        },
        words=[Word(name="word", size=8)],
        compartments=[other("hostile", "send", "receive", "keep", "later", "data")],
        program=HOSTILE,
        expect=traps("hostile", "store", "store", "bounds", "tag", "tag", "load", "store capability"),
    ),
    simple(
        "SC-179",
        "shallow and deep immutability",
        "SG-4 SG-5",
        {
            "H": (
                *chain(),
                do("reader.shallow", Narrow("first", keep="GRcmg"), into="r"),
                Expect("r", 0),
                *NUMBERS,
                do("reader.deep", Narrow("first", keep="GRcg"), into="r"),
                Expect("r", 0),
                *NUMBERS,
            )
        },
        compartments=[other("reader", "shallow", "deep")],
        program=READER,
        expect=traps("reader", *["store"] * 4),
        **SYSTEM,
    ),
    simple(
        "SC-180",
        "shallow and deep no-capture",
        "SG-6 SG-7",
        {
            "H": (
                *chain(),
                do("keeper.shallow", Narrow("first", keep="gWmRc"), into="r"),
                Expect("r", 0),
                do("keeper.deep", Narrow("first", keep="WmRc"), into="r"),
                Expect("r", 0),
            )
        },
        compartments=[other("keeper", "shallow", "deep")],
        program=KEEPER,
        never="TRAP",
        **SYSTEM,
    ),
    simple(
        "SC-181",
        "five memory errors",
        "SG-9 SG-18 SG-20 SG-26",
        {
            "H": (
                Local("buffer", 16),
                *allocate("object", 32),
                refused(Put("buffer", 1, 16)),
                refused(Put("object", 1, 32)),
                refused(Let("x", Get("object", 256))),  # as far as a pointer to it can go
                Expect(Op("&", Ask("permissions", "object"), letters("l")), 0),
                Expect(Op("&", Ask("permissions", "buffer"), letters("G")), 0),
                PutCap(KEPT, "object"),
                *is_alive(GetCap(KEPT)),
                *release("object"),
                refused(Let("x", Get("object"))),
                refused(Let("x", Get(GetCap(KEPT)))),
                *flush(),
                *is_alive(GetCap(KEPT), 0),
                PutCap(KEPT, "buffer"),
                *is_alive(GetCap(KEPT), 0),
                *is_alive("buffer"),
            )
        },
        words=[Word(name="kept", size=8)],
        handlers=("scoped",),
        expect=traps("main", "bounds", "bounds", "bounds", "tag", "tag"),
        **SYSTEM,
    ),
    simple(
        "SC-182",
        "the owner frees during a call",
        "SG-17 SG-18 SG-19 SG-21 SG-24",
        {
            "H": (
                *allocate("object", 32),
                PutCap(KEPT, "object"),
                Put("object", 5),
                do("callee.part", Narrow("object", 8, 8), QUOTA, into="r"),
                Expect("r", 0),
                do("callee.careful", "object", Callback("free_it"), into="r"),
                Expect("r", 5),
                *is_alive("object", 0),
                *left(4096),
                *allocate("object", 32),
                PutCap(KEPT, "object"),
                do("callee.trusting", "object", Callback("free_it"), into="r"),
                Expect("r", -1),
            )
        },
        words=[Word(name="kept", size=8)],
        compartments=[
            Compartment(
                name="callee",
                exports=tuple(Export(name=one.partition(".")[2]) for one in CALLEE),
                handlers=("scoped",),
            )
        ],
        program=CALLEE | {"main.free_it": (*release(GetCap(KEPT)), *left(4096))},
        sealed=[
            *SYSTEM["sealed"],
            SealedObject(
                name="mine", owner="allocator", key="MallocKey", contents=(4096).to_bytes(4, "little") + bytes(20)
            ),
        ],
        imports=SYSTEM["imports"],
        expect=traps("callee", "bounds", "bounds", "tag") + "\nCALLFAIL H trusting -1",
    ),
    simple(
        "SC-183",
        "one shared object, several rights",
        "CP-2 CP-6 SG-1",
        {
            "H": (
                *(
                    step
                    for rights in ("RW", "R", "Rc")
                    for step in (
                        Expect(Ask("permissions", Imported(f"box:{rights}")), letters("G" + rights)),
                        Expect(Ask("length", Imported(f"box:{rights}")), 16),
                        Expect(Op("-", Imported(f"box:{rights}"), Imported("box:RW")), 0),
                    )
                ),
                Put(Imported("box:RW"), 6),
                Expect(Get(Imported("box:R")), 6),
                refused(Put(Imported("box:R"), 7)),
                refused(Put(Imported("box:Rc"), 7)),
                do("second.look"),
            )
        },
        shared_objects=[SHARED],
        imports=[SharedImport(shared="box", permissions=rights) for rights in ("RW", "R", "Rc")],
        handlers=("scoped",),
        compartments=[other("second", "look", imports=(SharedImport(shared="box", permissions="R"),))],
        program={
            "second.look": (
                Expect(Get(Imported("box")), 6),
                Expect(Ask("permissions", Imported("box")), letters("GR")),
                refused(Put(Imported("box"), 8)),
            )
        },
        expect=traps("main", "store", "store") + "\n" + traps("second", "store"),
    ),
    simple(
        "SC-184",
        "one register of a device",
        "CP-2 SG-9",
        {
            "H": (
                Expect(Ask("length", Imported("revoker")), 4),
                Expect(Get(Imported("revoker")), ID),
                refused(Let("x", Get(Imported("revoker"), EPOCH - 8))),
                refused(Let("x", Get(Imported("revoker"), -4))),
                refused(Put(Imported("revoker"), 1)),
            )
        },
        imports=[DeviceImport(device="revoker", permissions="R", offset=8, length=4)],
        handlers=("scoped",),
        expect=traps("main", "bounds", "bounds", "store"),
    ),
    simple(
        "SC-185",
        "checking pointers",
        "CP-7",
        {
            "H": (
                Local("buffer", 16),
                *allocate("object", 16),
                *(
                    step
                    for pointer, wanted, space, stack, fits in (
                        ("object", "R", 16, 1, 1),
                        ("object", "R", 17, 1, 0),
                        (Narrow("object", 8), "R", 9, 1, 0),
                        (Narrow("object", keep="R"), "RW", 4, 1, 0),
                        (Untagged("object"), "R", 4, 1, 0),
                        (QUOTA, "R", 4, 1, 0),
                        ("buffer", "R", 4, 1, 0),  # in the caller's stack
                        ("buffer", "R", 4, 0, 1),
                        ("buffer", "GR", 4, 0, 0),
                        ("object", "GR", 4, 1, 1),
                    )
                    for step in (
                        do("check_pointer", pointer, letters(wanted), space, stack, 0, into="fits"),
                        Expect("fits", fits),
                    )
                ),
                Put("object", 0x55, size=1),
                do("check_pointer", "object", letters("R"), 1, 1, 1, into="fits"),
                Expect("fits", 1),
                Expect(Ask("permissions", "fits.high"), letters("R")),
                Expect(Ask("length", "fits.high"), 1),
                Expect(Get("fits.high", size=1), 0x55),
            )
        },
        never="TRAP",
        **SYSTEM,
    ),
    simple(
        "SC-186",
        "a compromised scheduler",
        "SG-14 CP-38 CP-41",
        {
            "H": (
                do("flaglock_trylock", 0, Var("lock"), into="r"),
                Expect("r", 0),
                Local("t", 8),
                Put("t", 1, 4),
                # the library passes the word of a lock as this, and the switcher a thread's state sealed
                do("stub.futex_timed_wait", "t", Narrow(Var("lock"), keep="R"), Get(Var("lock"))),
                do("stub.next_thread", Callback("H")),
                do("flaglock_trylock", "t", Var("lock"), into="r"),
                Expect("r", -110),
                do("flaglock_unlock", Var("lock")),
                Expect(Get(Var("lock")), 0),
            )
        },
        words=["lock"],
        compartments=[other("stub", "futex_timed_wait", "next_thread")],
        program={
            "stub.futex_timed_wait": (Expect(Get("a1"), "a2"), refused(Put("a1", 0)), *capture("a1", 0)),
            "stub.next_thread": (Expect(Ask("sealed", "a0"), 1), refused(Let("x", Get("a0"))), refused(Put("a0", 0))),
        },
        expect=f"""
        CALL H main stub futex_timed_wait [cap(0:gWmlRc:8+0),cap(0:R:4+0),65536,0,0,0]
        {traps("stub", "store")}
        CALL H main stub next_thread *
        {traps("stub", "seal", "seal")}
        CALL H main scheduler futex_timed_wait [cap(0:gWmlRc:8+0),cap(0:R:4+0),131072,0]
        CALL H main scheduler futex_wake [cap(0::4+0),-1]
        """,
    ),
    simple(
        "SC-188",
        "a safe with a secret",
        "CP-1 CP-15 CP-40 SG-10",
        {
            "H": (
                do("safe.guess", 1, into="r"),
                Expect("r", -2),
                do("safe.guess", SECRET, into="r"),
                Expect("r", 0),
                # nothing the caller holds leads to the secret
                refused(Let("x", Get("r"))),
                refused(Let("x", Get(Narrow(Var("mine"), 8)))),
                refused(Let("x", Get(Var("mine"), -4))),
                refused(Let("x", Get(Callback("H")))),
                do("safe.spy", Var("mine")),
                refused(Let("x", Get(Get(Var("mine"))))),
            )
        },
        words=["mine"],
        handlers=("scoped",),
        compartments=[
            Compartment(
                name="safe",
                exports=(Export(name="guess", arguments=1), Export(name="spy", arguments=1)),
                globals=(Word(name="secret", init=SECRET.to_bytes(4, "little")),),
            )
        ],
        program={
            "safe.guess": (If(Op("==", "a0", Get(Var("secret"))), (Return(0),)), Return(-2)),
            "safe.spy": (Put("a0", Op("+", Var("secret"), 0)),),  # the address of the secret is no way to it
        },
        expect=traps("main", "tag", "bounds", "bounds", "seal", "tag"),
    ),
    simple(
        "SC-190",
        "the Caesar cipher with rights",
        "TK-6 TK-21 AU-3",
        {
            "H": (
                do("caesar.encrypt", Imported("sender"), 10, into="r"),
                Expect("r", 13),
                do("caesar.decrypt", Imported("sender"), 13, into="r"),
                Expect("r", -2),
                do("caesar.decrypt", Imported("receiver"), 13, into="r"),
                Expect("r", 10),
                do("caesar.encrypt", Imported("receiver"), 10, into="r"),
                Expect("r", -2),
                do("caesar.encrypt", Untagged(Imported("sender")), 10, into="r"),
                Expect("r", -22),
            )
        },
        sealed=[cipher("sender", 3, ENCRYPT), cipher("receiver", 3, DECRYPT)],
        imports=[SealedImport(sealed="sender"), SealedImport(sealed="receiver")],
        compartments=[CAESAR],
        program={
            "caesar.encrypt": _caesar(ENCRYPT, Op("+", "a1", Get("body"))),
            "caesar.decrypt": _caesar(DECRYPT, Op("-", "a1", Get("body"))),
        },
    ),
)
