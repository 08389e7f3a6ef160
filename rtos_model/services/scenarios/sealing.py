"""Sealed objects, keys and software capabilities (SC-150...SC-159)."""

from rtos_model.services import net_gate
from rtos_model.services.image import Compartment, Export, KeyImport, SealedImport, SealedObject, Word, quota
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.heap import OTHER, QUOTA, SYSTEM, is_alive, left, release
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
    Return,
    Step,
    Untagged,
    Var,
    do,
)

BIG = Imported("big")
KEY = (do("token_key_new", into="key"),)


def seal(size, *, out="out", owner=QUOTA, key="key") -> tuple[Step, ...]:
    return (do("token_sealed_unsealed_alloc", 0, owner, key, size, out, into="handle"),)


def unseal(handle, into: str, *, key="key", kind="") -> tuple[Step, ...]:
    return (do(f"token_obj_unseal{kind}", key, handle, into=into),)


def destroy(handle, code, *, owner=QUOTA, key="key") -> tuple[Step, ...]:
    return (
        do("token_obj_can_destroy", owner, key, handle, into="r"),
        Expect("r", code),
        do("token_obj_destroy", owner, key, handle, into="r"),
        Expect("r", code),
    )


def _sized(size: int, chunk: int, padding: int) -> tuple[Step, ...]:
    """One object: payload at the top, header below, `padding` bytes before that, charge `chunk`."""
    return (
        *seal(size, owner=BIG),
        Expect(Ask("otype", "handle"), 11),
        Expect(Ask("bits", "handle"), 7),
        Expect(Ask("length", "handle"), chunk - 8),
        Expect(Ask("offset", "handle"), padding + 8 + 7),
        Let("payload", GetCap("out")),
        Expect(Op("<=", size, Ask("length", "payload")), 1),
        Expect(Ask("offset", "payload"), 0),
        Expect(Op("-", "handle", "payload"), 7),
        Expect(Ask("length", "payload"), chunk - 8 - 8 - padding),
        *unseal("handle", "same"),
        Expect("same", "payload"),
        Expect(Op("-", "same", "payload"), 0),
        *unseal("handle", "same", kind="_dynamic"),
        Expect("same", "payload"),
        *left(400_000 - chunk, owner=BIG),
        do("token_permissions_and", "handle", 5, into="reduced"),
        *unseal("reduced", "same"),
        Expect("same", "payload"),
        *destroy("reduced", 0, owner=BIG),
        *is_alive("handle", 0),
        *left(400_000, owner=BIG),
    )


TOKEN_SIZES = (
    # payload asked for, chunk, bytes before the header
    (8, 24, 0),
    (128, 144, 0),
    (511, 528, 0),
    (0xFE9, 4_096, 0),
    (1_022, 1_040, 0),
    (2_044, 2_064, 0),
    (4_088, 4_104, 0),
    (4_089, 4_120, 8),
    (8_193, 8_264, 24),
)


def _counter(handle, permission: int, *steps: Step) -> tuple[Step, ...]:
    """Steps on the counter `body`, if the handle has the permission bit and is a counter."""
    return (
        do("token_permissions_get", handle, into="bits"),
        If(Op("==", Op("&", "bits", permission), 0), (Return(-2),)),
        do("token_obj_unseal_static", Imported("CounterKey"), handle, into="body"),
        If(Op("==", Ask("tag", "body"), 0), (Return(-22),)),
        *steps,
    )


INCREMENT, READ = 1, 2
COUNTER = Compartment(
    name="counter",
    exports=(Export(name="increment", arguments=1), Export(name="read", arguments=1)),
    keys=("CounterKey",),
    imports=(KeyImport(key="CounterKey"),),
)
COUNTER_PROGRAM = {
    "counter.increment": _counter(
        "a0",
        INCREMENT,
        Put("body", Op("+", Get("body"), 1)),
        If(Op("==", Op("&", "bits", READ), 0), (Return(0),)),
        Return(Get("body")),
    ),
    "counter.read": _counter("a0", READ, Return(Get("body"))),
}


SCENARIOS = (
    simple(
        "SC-150",
        "sizes of sealed objects",
        "TK-2 TK-4 TK-5 HP-7 HP-13",
        {"H": (*KEY, Local("out", 8), *(step for row in TOKEN_SIZES for step in _sized(*row)))},
        sealed=[quota("big", 400_000)],
        heap_size=196_608,
        expect="SEALKEY 1",
    ),
    simple(
        "SC-151",
        "sizes that cannot be",
        "TK-5",
        {
            "H": (
                *KEY,
                Local("out", 8),
                *(
                    step
                    for size in (0, 0xFFFF_FFFF, 0xFF80_0000, 4096)
                    for step in (PutCap("out", QUOTA), *seal(size), Expect("handle", 0), Expect(GetCap("out"), 0))
                ),
                *left(4096),
            )
        },
        expect="SEALKEY 1",
        **SYSTEM,
    ),
    simple(
        "SC-152",
        "what protects a sealed object",
        "TK-2 TK-10 TK-12 TK-13 SG-13",
        {
            "H": (
                *KEY,
                Local("out", 8),
                *seal(16),
                *release("handle", -22),
                *release(GetCap("out"), -2),
                *destroy("handle", -2, owner=OTHER),
                *destroy("handle", -2, owner=0),
                do("token_key_new", into="wrong"),
                *destroy("handle", -22, key="wrong"),
                *unseal("handle", "none", key="wrong"),
                Expect("none", 0),
                *destroy(GetCap("out"), -22),
                *destroy("handle", -22, key=Narrow("key", keep="GS")),
                *destroy("handle", -22, key=Untagged("key")),
                *left(4096 - 32),
                PutCap(Var("kept"), "handle"),
                *destroy("handle", 0),
                *is_alive(GetCap(Var("kept")), 0),
                *destroy(GetCap(Var("kept")), -22),
                *left(4096),
            )
        },
        words=[Word(name="kept", size=8)],
        **SYSTEM,
    ),
    simple(
        "SC-153",
        "a bad place for the payload pointer",
        "TK-5 TK-10",
        {
            "H": (
                *KEY,
                Local("out", 16),
                *(
                    step
                    for bad in (0, Narrow("out", 4, 8), Narrow("out", length=4), Narrow("out", keep="Rcmlg"), QUOTA)
                    for step in (
                        Put("out", 99),
                        Put("out", 99, 8),
                        *seal(16, out=bad),
                        *is_alive("handle"),
                        Expect(Get("out"), 99),
                        Expect(Get("out", 8), 99),
                        *destroy("handle", 0),
                        *left(4096),
                    )
                ),
                *seal(16, out=Narrow("out", 8)),
                *is_alive(GetCap("out", 8)),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-154",
        "dynamic and static keys",
        "TK-1 TK-3 TK-6",
        {
            "H": (
                *KEY,
                Local("out", 8),
                *seal(16),
                *destroy("handle", -22, key=Imported("Own")),
                *destroy(Imported("own"), -22, key=Imported("Own")),
                *unseal("handle", "none", kind="_static"),
                Expect("none", 0),
                *unseal(Imported("own"), "none", key=Imported("Own"), kind="_dynamic"),
                Expect("none", 0),
                *unseal(Imported("own"), "body", key=Imported("Own")),
                Expect(Get("body"), 0x64636261),
                Expect(Ask("length", "body"), 8),
                Expect(Ask("permissions", "body"), 0x6F),
                # weaker keys: seal only, unseal only
                do("token_sealed_alloc", 0, QUOTA, Narrow("key", keep="GS"), 16, into="another"),
                *is_alive("another"),
                *unseal("another", "none", key=Narrow("key", keep="GS")),
                Expect("none", 0),
                *unseal("another", "inside", key=Narrow("key", keep="GU")),
                *is_alive("inside"),
                do("token_sealed_alloc", 0, QUOTA, Narrow("key", keep="GU"), 16, into="none"),
                Expect("none", 0),
                *seal(16, key=Narrow("key", keep="GS")),
                Expect("handle", 0),
                # a static key seals dynamic objects
                *seal(16, key=Imported("Own")),
                Expect(Ask("otype", "handle"), 11),
                *destroy("handle", 0, key=Imported("Own")),
            )
        },
        keys=("Own",),
        sealed=[*SYSTEM["sealed"], SealedObject(name="own", owner="main", key="Own", contents=b"abcdefgh")],
        imports=[*SYSTEM["imports"], SealedImport(sealed="own")],
    ),
    simple(
        "SC-155",
        "what keys look like",
        "TK-1 TK-2 TK-3",
        {
            "H": (
                Let("static", Imported("One")),
                Expect(Ask("length", "static"), 1),
                Expect(Ask("offset", "static"), 0),
                Expect(Ask("permissions", "static"), 0xE01),
                Expect(Op("<=", 16, "static"), 1),
                Expect(Op("<", "static", 65_535), 1),
                Expect(Op("-", Imported("Two"), "static"), 1),
                *KEY,
                Expect(Ask("length", "key"), 1),
                Expect(Ask("offset", "key"), 0),
                Expect(Ask("permissions", "key"), 0x601),
                Expect(Op("+", "key", 0), 0xFFFF_FFFE),
                do("token_key_new", into="next"),
                Expect(Op("-", "key", "next"), 1),
            )
        },
        keys=("One", "Two"),
        expect="""
        SEALKEY 1
        SEALKEY 2
        """,
    ),
    simple(
        "SC-156",
        "permission bits of a handle",
        "TK-14 TK-20",
        {
            "H": (
                *KEY,
                Local("out", 8),
                *seal(16),
                *(
                    step
                    for mask, bits in ((0xFF, 7), (5, 5), (7, 5), (2, 0), (7, 0))
                    for step in (
                        do("token_permissions_and", "handle", mask, into="handle"),
                        do("token_permissions_get", "handle", into="bits"),
                        Expect("bits", bits),
                    )
                ),
                *unseal("handle", "inside"),
                Expect("inside", GetCap("out")),
                do("token_permissions_get", 0x123F, into="bits"),
                Expect("bits", 7),
                do("token_permissions_and", GetCap("out"), 7, into="none"),
                *is_alive("none", 0),
                do("token_permissions_and", QUOTA, 1, into="static"),
                do("token_permissions_get", "static", into="bits"),
                Expect("bits", 1),
                *is_alive(Narrow("handle", 1), 0),
                *is_alive(Narrow("handle", length=8), 0),
            )
        },
        **SYSTEM,
    ),
    simple(
        "SC-157",
        "a local copy of a handle",
        "TK-14 SG-6",
        {
            "H": (
                *KEY,
                Local("out", 8),
                *seal(16),
                PutCap("out", "handle"),
                Let("loaded", GetCap(Narrow("out", keep="RWcml"))),
                Let("dropped", Narrow("handle", keep="gWmlRcaXUS0")),
                Expect("loaded", "dropped"),
                *(
                    step
                    for copy in ("loaded", "dropped")
                    for step in (
                        *is_alive(copy),
                        Expect(Ask("sealed", copy), 1),
                        Expect(Op("&", Ask("permissions", copy), 1), 0),
                        PutCap(Var("global"), copy),
                        *is_alive(GetCap(Var("global")), 0),
                        *unseal(copy, "inside"),
                        *is_alive("inside"),
                        Expect(Ask("permissions", "inside"), 0x6E),
                    )
                ),
                PutCap(Var("global"), "handle"),
                *is_alive(GetCap(Var("global"))),
                *destroy("dropped", 0),
                *is_alive("loaded", 0),
            )
        },
        words=[Word(name="global", size=8)],
        **SYSTEM,
    ),
    simple(
        "SC-158",
        "a counter with rights",
        "TK-6 TK-20 TK-21 SG-13",
        {
            "H": (
                do("counter.increment", Imported("counter"), into="r"),
                Expect("r", 1),
                do("token_permissions_and", Imported("counter"), INCREMENT, into="blind"),
                do("token_permissions_and", Imported("counter"), READ, into="reader"),
                do("counter.increment", "blind", into="r"),
                Expect("r", 0),
                do("counter.increment", "reader", into="r"),
                Expect("r", -2),
                do("counter.read", "reader", into="r"),
                Expect("r", 2),
                do("counter.read", "blind", into="r"),
                Expect("r", -2),
                do("counter.read", QUOTA, into="r"),
                Expect("r", -22),
            )
        },
        sealed=[*SYSTEM["sealed"], SealedObject(name="counter", owner="counter", key="CounterKey", contents=bytes(4))],
        imports=[*SYSTEM["imports"], SealedImport(sealed="counter")],
        compartments=[COUNTER],
        program=COUNTER_PROGRAM,
    ),
    simple(
        "SC-159",
        "the network gate",
        "TK-20 TK-21 TK-30 HP-5 SG-19",
        {
            "H": (
                do("net_gate.net_lookup", 0, QUOTA, QUOTA, into="r"),
                Expect("r", -22),
                do("token_permissions_and", Imported("example"), 6, into="shown"),
                do("net_gate.net_lookup", 0, QUOTA, "shown", into="r"),
                Expect("r", -2),
                do("net_gate.net_lookup", 0, Imported("poor"), Imported("example"), into="r"),
                Expect("r", -13),
                *left(40, owner=Imported("poor")),
                *left(4096),
                do("net_gate.net_lookup", 0, QUOTA, Imported("example"), into="connection"),
                Expect(Ask("otype", "connection"), 11),
                *left(4096 - 56),
                do("net_gate.net_connect", 0, "connection", into="r"),
                Expect("r", 443),
                do("token_permissions_and", "connection", 6, into="reduced"),
                do("net_gate.net_connect", 0, "reduced", into="r"),
                Expect("r", -2),
                do("net_gate.net_connect", 0, Imported("example"), into="r"),
                Expect("r", -22),
                # neither the caller's own key nor its quota opens the connection
                *KEY,
                *unseal("connection", "none"),
                Expect("none", 0),
                *release("connection", -22),
                *destroy("connection", -22),
            )
        },
        sealed=[*SYSTEM["sealed"], quota("poor", 40), net_gate.host("example", "example.org", 443)],
        imports=[*SYSTEM["imports"], SealedImport(sealed="example"), SealedImport(sealed="poor")],
        compartments=[net_gate.COMPARTMENT],
        program=net_gate.PROGRAM,
        expect="""
        ALLOC poor 48 0 -110
        ALLOC quota 48 56 heap#1
        SEALKEY 1
        FREE quota ? refused
        """,
    ),
)
