"""Faults: handlers, their limits, unwinding (CP-30 ... CP-37), on the golden machine. Checks as in test_calls.py."""

import pytest

from rtos_model.machine.capability import Perm
from rtos_model.machine.value import TAG, number
from tests.rtos.handmade import DISABLED, ENABLED, REGISTERS, STACK, HandMade, Thread
from tests.rtos.scenes import FAULTING, Unit, caller, chain, faulting, pair

FRAME = 128
CHERI, TAG_FAULT = 28, 2
OTHERS = [name for name in REGISTERS[1:] if name not in ("ra", "sp", "gp", "a0", "a1", "a2")]


def at_fault(make=HandMade, place="b.rich", flags=ENABLED, **handlers):
    """Up to the faulting instruction, with a value of its own in every register; then on to a handler."""
    scene = pair(make, faulting(flags=flags, **handlers))
    scene.until("b.bad")
    scene.fill(*[name for name in REGISTERS[1:] if name != "sp"])
    saved = [scene.machine.registers[index] for index in range(16)]
    assert scene.until(place, "a.after") == place
    return scene, saved


def check_unwind(make=HandMade):
    """CP-35, SC-168: without a handler the caller gets -1 and 0, untagged; its own handler does not run (DV-20)."""
    units = {"a": caller(), "b": faulting()}
    units["a"].handler = "main"
    scene = make(units, [Thread("a.main")])
    scene.until("b.bad")
    scene.fill(*[name for name in REGISTERS[1:] if name != "sp"])
    assert scene.until("observe_unwind", "a.main") == "observe_unwind"
    assert scene.until("a.after", "a.main") == "a.after"
    assert (scene.machine.registers[10], scene.machine.registers[11]) == (0xFFFF_FFFF, 0)
    assert scene.run() == 0


def check_rich_handler(make=HandMade):
    """CP-32: below the stack in use, a copy of the registers, the PC untagged; own code and globals; interrupts on."""
    scene, saved = at_fault(make, handler="rich")
    frame = scene.register("a0")
    stack = scene.register("sp")
    sp = saved[2] & 0xFFFF_FFFF
    assert (stack, frame.address) == (frame, sp - FRAME)
    assert scene.numbers("a1", "a2") == (CHERI, TAG_FAULT)
    lines = scene.lines(frame.address, sp)
    assert lines[1:] == saved[1:]
    assert lines[0] < TAG and lines[0] & 0xFFFF_FFFF == scene.address("b.bad")
    assert scene.register("gp") == scene.units["b"].data
    assert not any(scene.machine.registers[REGISTERS.index(name)] for name in OTHERS)
    assert scene.machine.pcc is not None and scene.enabled
    assert scene.register("ra").otype == 5 and not scene.register("ra").permissions & Perm.GL


def check_resume(make=HandMade):
    """CP-32, SC-169: 0 installs the frame as it then is, with the PC in the compartment's own code."""
    scene, saved = at_fault(make, handler="rich")
    frame = scene.register("a0").address
    scene.put(frame, scene.address("b.beyond"))
    values = [number(scene.memory_cap(0x2004_8000 + 16 * index, 16, STACK)) for index in range(16)]
    values[2] = saved[2]
    for index in range(1, 16):
        scene.put(frame + 8 * index, values[index])
    scene.until("b.rich_done")
    scene.set(a0=0)
    scene.until("b.beyond")
    assert scene.machine.registers[1:16] == values[1:16]
    assert scene.machine.csrs.mark <= frame  # the frame will be cleared, too
    expected = scene.units["b"].pcc.bounds()
    assert (scene.machine.pcc.base, scene.machine.pcc.top) == expected


def check_resume_out_of_range(make=HandMade):
    """CP-32: a PC outside of the compartment's code faults at the next fetch, and the handler sees it."""
    for place in ("switcher_call", "a.main", None):
        scene, _ = at_fault(make, handler="rich")
        target = 0x9000_0000 if place is None else scene.address(place)
        scene.put(scene.register("a0").address, target)
        scene.until("b.rich_done")
        scene.set(a0=0)
        assert scene.until("b.rich", "a.after") == "b.rich"
        assert scene.numbers("a1")[0] == CHERI and scene.numbers("a2")[0] in (0x401, 0x402)


def check_handler_unwinds(make=HandMade):
    """CP-32: any other answer discards the invocation."""
    for answer in (1, 2, -1):
        scene, _ = at_fault(make, handler="rich")
        scene.until("b.rich_done")
        scene.set(a0=answer & 0xFFFF_FFFF)
        assert scene.until("a.after", "b.bad") == "a.after"
        assert scene.numbers("a0", "a1") == (-1, 0)


def check_posture_of_handlers(make=HandMade):
    """SC-173, E-SW-5: handlers run with interrupts enabled; resumed code has the posture it had, though the handler
    was interrupted meanwhile; and so has the caller after an unwinding."""
    for flags in (ENABLED, DISABLED):
        for name in ("rich", "stackless"):
            scene, _ = at_fault(make, f"b.{name}", flags, **{"handler" if name == "rich" else "stackless": name})
            assert scene.enabled
            if name == "stackless":
                continue
            scene.interrupt()
            scene.until("b.rich")
            scene.until("b.rich_done")
            scene.set(a0=0)
            scene.put(scene.register("sp").address, scene.address("b.beyond"))
            scene.until("b.beyond")
            assert scene.enabled == (flags == ENABLED), flags
    for flags in (ENABLED, DISABLED):
        scene = pair(make, faulting(), flags=flags)
        scene.until("a.after")
        assert scene.enabled == (flags == ENABLED)


def check_stackless_handler(make=HandMade):
    """CP-33: the stack that the invocation was entered with, all of it; cause and mtval."""
    scene = pair(make, faulting(stackless="stackless"))
    scene.until("b.f")
    entered = scene.register("sp")
    scene.until("b.bad")
    scene.fill(*REGISTERS[1:])
    scene.until("b.stackless", "a.after")
    assert scene.register("sp") == entered
    assert scene.numbers("a0", "a1", "a2") == (CHERI, TAG_FAULT, 0)
    assert not any(scene.machine.registers[REGISTERS.index(name)] for name in OTHERS)
    assert scene.register("gp") == scene.units["b"].data and scene.enabled


def check_stack_overflow(make=HandMade):
    """CP-30, SC-167: with no room for a register frame, or no stack at all, the stackless handler runs; without one
    the invocation is discarded. A rich handler needs R, W, c and the tag."""

    def too_low(sp):
        return sp.with_address(sp.bounds()[0] + FRAME - 16)

    def below(sp):
        return sp.with_address(sp.bounds()[0] - 16)

    def above(sp):
        return sp.with_address(sp.bounds()[1] + FRAME + 16)

    without = [lambda sp, p=p: sp.with_permissions(~p & 0xFFF) for p in (Perm.LD, Perm.SD, Perm.MC)]
    for change in (too_low, below, above, lambda sp: sp.without_tag(), *without):
        for handlers, place in (
            ({"handler": "rich", "stackless": "stackless"}, "b.stackless"),
            ({"handler": "rich"}, "a.after"),
        ):
            scene = pair(make, faulting(**handlers))
            scene.until("b.f")
            entered = scene.register("sp")
            scene.until("b.bad")
            scene.set(sp=change(entered))
            assert scene.until("b.rich", "b.stackless", "a.after") == place, change
            if place == "b.stackless":
                assert scene.register("sp") == entered
            else:
                assert scene.numbers("a0", "a1") == (-1, 0)
    for keep in (Perm.LG, Perm.LM, Perm.SL):  # not needed for a handler
        scene = pair(make, faulting(handler="rich"))
        scene.until("b.bad")
        scene.set(sp=scene.register("sp").with_permissions(~keep & 0xFFF))
        assert scene.until("b.rich", "a.after") == "b.rich"


def check_exact_room(make=HandMade):
    """CP-30: 128 bytes of stack are enough for a register frame."""
    scene = pair(make, faulting(handler="rich"))
    scene.until("b.bad")
    sp = scene.register("sp")
    scene.set(sp=sp.with_address(sp.bounds()[0] + FRAME))
    assert scene.until("b.rich", "a.after") == "b.rich"
    assert scene.register("sp").address == sp.bounds()[0]


def check_outermost(make=HandMade):
    """E-SW-1, CP-37: the first frame has handlers like any; its stackless handler gets the thread's own stack; a fault
    there without one ends the thread."""
    for handlers, place in (
        ({"handler": "rich"}, "a.rich"),
        ({"stackless": "stackless"}, "a.stackless"),
        ({}, "observe_exit"),
    ):
        unit = faulting(FAULTING.replace("f:", "main:"), **handlers)
        unit.exports = (("main", ENABLED, 0),)
        scene = make({"a": unit}, [Thread("a.main")])
        places = [place, "observe_exit", *(name for name in ("a.rich", "a.stackless") if name != place)]
        assert scene.until(*places) == place
        if place == "a.stackless":
            assert scene.register("sp") == scene.threads[0].stack_cap
        elif place == "observe_exit":
            assert scene.run() == 0


def check_double_fault(make=HandMade):
    """CP-31, SC-170: a fault inside a handler discards the invocation."""
    for name, place in (("handler", "b.rich"), ("stackless", "b.stackless")):
        scene, _ = at_fault(make, place, **{name: place.removeprefix("b.")})
        scene.machine.pc = scene.address("b.bad")
        assert scene.until("a.after", place) == "a.after"
        assert scene.numbers("a0", "a1") == (-1, 0)


def check_fault_limit(make=HandMade):
    """CP-31, SC-172: 512 faults are handled, the 513th unwinds; fewer count after a reset."""
    for reset, handled in ((False, 512), (True, 600)):
        scene, _ = at_fault(make, handler="rich")
        counter = scene.threads[0].trusted.address + 192 + 16
        for count in range(1, handled + 1):
            assert scene.bytes_at(counter, 2) != bytes(2)
            scene.until("b.rich_done")
            scene.set(a0=0)  # the same instruction faults again
            if reset and count % 500 == 0:
                scene.until("b.bad")
                scene.put(counter, 0)
            place = scene.until("b.rich", "a.after")
            assert (place == "b.rich") == (count < handled or reset), count
        if not reset:
            assert scene.numbers("a0", "a1") == (-1, 0)


def check_handler_moves_stack(make=HandMade):
    """SC-171: whatever the stack pointer is when a handler returns, it is no fault of the switcher's."""
    for change in (
        lambda sp: 0,
        lambda sp: sp.without_tag(),
        lambda sp: sp.with_address(sp.bounds()[1] - 64),
        lambda sp: sp.with_address(sp.address + 4),
        lambda sp: sp.with_permissions(~Perm.LD & 0xFFF),
    ):
        scene, _ = at_fault(make, handler="rich")
        scene.until("b.rich_done")
        scene.set(a0=0, sp=change(scene.register("sp")))
        assert scene.until("a.after", "b.bad", "b.rich") == "a.after"
        assert scene.numbers("a0", "a1") == (-1, 0)


def check_bad_handler(make=HandMade):
    """A handler offset outside of the code is a fault in a handler."""
    scene = pair(make, faulting(handler="rich"))
    table = scene.units["b"].table.address
    scene.machine.memory.store(table + 16, 2, 0x7FFE)
    assert scene.until("a.after", "b.rich") == "a.after"
    assert scene.numbers("a0", "a1") == (-1, 0)


def check_fault_in_switcher(make=HandMade):
    """CP-36: it discards the invocation on top and no handler runs: here a caller whose stack ends in the spill."""
    g = Unit(chain().units["m"].code + "rich: nop\n", exports=(("g", ENABLED, 0),), imports=("b.f",), handler="rich")
    scene = chain(make, middle=g)
    sp = scene.register("sp")
    scene.set(sp=sp.with_address(sp.bounds()[1] + 16))  # the first store is inside, the others are not
    assert scene.until("m.rich", "m.after", "a.after") == "a.after"
    assert scene.numbers("a0", "a1") == (-1, 0)


def check_frame_is_cleared(make=HandMade):
    """The register frame, and what a handler used, is not left on the stack for the caller."""
    scene, _ = at_fault(make, handler="rich")
    base, top = scene.register("sp").bounds()
    scene.until("b.rich_done")
    scene.set(a0=1)
    scene.until("a.after")
    assert not any(scene.lines(base, top))


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_fault(check):
    check()
