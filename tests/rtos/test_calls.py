"""Calls and returns between compartments, step by step (CP-10 ... CP-13, 14.2), on the golden machine.

A check takes the class that makes a system, so that test_switcher_faults.py can run it with a broken switcher.
"""

import pytest

from rtos_model.machine.capability import Perm
from rtos_model.machine.value import TAG, number
from tests.rtos.handmade import ARGUMENTS, DISABLED, ENABLED, REGISTERS, STACK, HandMade, Thread
from tests.rtos.scenes import callee, caller, chain, pair

CLEARED = "tp t0 t1 t2 a2 a3 a4 a5".split()
"""What no caller gets back."""
OTHERS = [name for name in REGISTERS[1:] if name not in ("ra", "sp", "gp", *ARGUMENTS)]
EVERYTHING = [name for name in REGISTERS[1:] if name not in ("ra", "sp", "t1", "t2")]


def check_arguments(make=HandMade):
    """SC-160: as many arguments as declared arrive, the registers of the others are zero."""
    for count in range(8):
        scene = pair(make, callee(count))
        scene.fill(*EVERYTHING)
        given = {name: scene.register(name) for name in ARGUMENTS}
        scene.until("b.f")
        for index, name in enumerate(ARGUMENTS):
            expected = number(given[name]) if index < count else 0
            assert scene.machine.registers[REGISTERS.index(name)] == expected, (count, name)


def check_callee_registers(make=HandMade):
    """Step 11: nothing of the caller or the switcher but stack, globals and return."""
    scene = pair(make)
    scene.fill(*EVERYTHING)
    scene.until("b.f")
    assert not any(scene.machine.registers[REGISTERS.index(name)] for name in OTHERS)
    unit = scene.units["b"]
    assert scene.register("gp") == unit.data
    back = scene.register("ra")
    assert back.otype in (4, 5) and not back.permissions & Perm.GL
    assert back.address == scene.address("switcher_return")


def check_caller_registers(make=HandMade):
    """CP-10, SG-11: the caller's own registers come back, results pass, everything else is zero."""
    scene = pair(make)
    scene.fill("s0", "s1", "gp")
    kept = {name: scene.register(name) for name in ("s0", "s1", "gp", "sp")}
    scene.until("b.f")
    scene.fill(*[name for name in REGISTERS[1:] if name not in ("ra", "sp")])
    results = scene.register("a0"), scene.register("a1")
    scene.until("a.after")
    assert {name: scene.register(name) for name in kept} == kept
    assert (scene.register("a0"), scene.register("a1")) == results
    assert not any(scene.machine.registers[REGISTERS.index(name)] for name in CLEARED)


def check_callee_stack(make=HandMade):
    """Steps 6, 7, 10, SG-10: the callee's stack ends below the spilled registers, and is all zeros, however deep the
    caller has been (E-HWM-3, E-HWM-4: also when there is nothing to clear)."""
    for depth in (0, 16, 32, 48, 64, 80, 96, 112, 400):
        scene = pair(make)
        thread = scene.threads[0]
        sp = scene.register("sp").address
        base = thread.stack_cap.bounds()[0]
        scene.dirty(thread, sp, depth)
        scene.until("b.f")
        top = sp - 32
        stack = scene.register("sp")
        assert (stack.bounds(), stack.address, stack.permissions) == ((base, top), top - 16, STACK), depth
        assert not any(scene.lines(base, top)), depth
        assert scene.machine.csrs.mark == top - 16


def check_return_clears(make=HandMade):
    """CP-10, CP-12: what the callee left on the stack is gone, the caller's own is there (E-HWM-3)."""
    for depth in (0, 16, 32, 48, 64, 80, 208):
        scene = pair(make)
        sp = scene.register("sp").address
        base = scene.threads[0].stack_cap.bounds()[0]
        scene.until("b.f")
        scene.dirty(scene.threads[0], sp - 48, depth)
        scene.put(sp - 40, 1)
        scene.put(sp - 48, TAG | 2)
        scene.put(sp, 0x1234)
        scene.until("a.after")
        assert not any(scene.lines(base, sp)), depth
        assert scene.lines(sp, sp + 8) == [0x1234]
        assert scene.machine.csrs.mark == sp
        assert scene.register("sp").address == sp


def check_large_stack(make=HandMade):
    """Step 6: where bounds cannot end at the stack pointer they end below it, on 16 bytes."""
    for stack, used in ((0x2000, 0x110), (0x4000, 0x30), (0x4000, 0x1230), (0x3FE0, 16)):
        scene = pair(make, stack=stack)
        sp = scene.register("sp")
        scene.set(sp=sp.with_address(sp.address - used))
        scene.until("b.f")
        base, top = scene.register("sp").bounds()
        assert base == sp.bounds()[0]
        assert sp.address - used - 32 - 512 < top <= sp.address - used - 32 and top % 16 == 0
        assert not any(scene.lines(base, top))


def refused(scene, code, *, hazards_cleared, place="a.after"):
    """The caller goes on with a code, its registers as they were, nothing else in the others."""
    scene.fill("s0", "s1", "gp", *(name for name in CLEARED if name not in ("t1", "t2")), "a0", "a1")
    kept = {name: scene.register(name) for name in ("s0", "s1", "gp", "sp")}
    hazards = scene.threads[0].hazards
    scene.put(hazards, TAG | 8)
    scene.put(hazards + 8, TAG | 8)
    offset = scene.bytes_at(scene.threads[0].trusted.address + 152, 2)
    enabled = scene.enabled
    scene.until(place)
    assert scene.numbers("a0", "a1") == (code, 0)
    assert not scene.register("a0").tag
    assert {name: scene.register(name) for name in kept} == kept
    assert not any(scene.machine.registers[REGISTERS.index(name)] for name in CLEARED)
    assert any(scene.lines(hazards, hazards + 16)) != hazards_cleared
    assert scene.bytes_at(scene.threads[0].trusted.address + 152, 2) == offset
    assert scene.enabled == enabled


def check_spill_refused(make=HandMade):
    """Step 2, SC-165, E-SW-3: no room to spill is -140 for the caller, which keeps everything."""
    for left in (0, 16):
        scene = pair(make)
        base = scene.threads[0].stack_cap.bounds()[0]
        scene.set(sp=scene.register("sp").with_address(base + left))
        refused(scene, -140, hazards_cleared=False)


def check_small_stack(make=HandMade):
    """Step 9, SC-164, E-SW-2: the declared minimum and 16 bytes more, or -140; also with less than those 16."""
    for left, code in ((144, None), (160, None), (128, -140), (136, -140), (16, -140), (0, -140)):
        if left % 16:
            continue
        scene = pair(make, callee(stack=128))
        base = scene.threads[0].stack_cap.bounds()[0]
        scene.set(sp=scene.register("sp").with_address(base + 32 + left))
        if code is None:
            scene.until("b.f")
            assert scene.register("sp").address - base >= 128
        else:
            refused(scene, code, hazards_cleared=True)
    for left in (0, 16, 32):  # nothing declared
        scene = pair(make, callee())
        base = scene.threads[0].stack_cap.bounds()[0]
        scene.set(sp=scene.register("sp").with_address(base + 32 + left))
        if left < 16:
            refused(scene, -140, hazards_cleared=True)
        else:
            scene.until("b.f")
            assert scene.register("sp").address == base + left - 16


def check_trusted_stack_full(make=HandMade):
    """Step 4, SC-163, E-SW-4: -141 at the depth that the thread was given; then calls return as usual."""
    for frames in (0, 1, 3):
        scene = make({"a": caller("a.main")}, [Thread("a.main", frames=frames)])
        for _ in range(frames + 1):
            scene.until("a.go")
        refused(scene, -141, hazards_cleared=True)
        scene.until("observe_exit")
        assert scene.run() == 0


def check_bad_stack(make=HandMade):
    """Step 1, SC-166: a caller whose stack is none is unwound, so its caller gets -1, and nothing was spilled."""
    for change in (
        *(lambda cap, p=p: cap.with_permissions(~p & 0xFFF) for p in STACK),
        lambda cap: cap.without_tag(),
        lambda cap: cap.with_address(cap.address - 8),
        lambda cap: cap.with_address(cap.bounds()[0] + 8).with_bounds(0x100).with_address(cap.bounds()[0] + 0x80),
        lambda cap: "globals",
    ):
        scene = chain(make)
        sp = scene.register("sp")
        changed = change(sp)
        if changed == "globals":
            changed = scene.units["m"].data.with_address(scene.units["m"].data.address + 0x60)
        scene.set(sp=changed)
        start = max(changed.bounds()[0], changed.address - 64)
        before = scene.lines(start & -8, changed.address & -8) if changed.tag else None
        scene.fill("s0", "s1")
        assert scene.until("observe_unwind", "b.f", "m.after") == "observe_unwind"
        if changed.tag:
            assert scene.lines(start & -8, changed.address & -8) == before
        scene.until("a.after")
        assert scene.numbers("a0", "a1") == (-1, 0)


def check_bad_target(make=HandMade):
    """Step 8, SC-161: what does not unseal to an export entry makes the call fail: -1, and the caller goes on."""
    for target in (
        lambda scene: 0,
        lambda scene: scene.export("b.f"),
        lambda scene: scene.register("t1").without_tag(),
        lambda scene: scene.sealed(scene.units["a"].data, 11),
        lambda scene: scene.sealed(scene.units["a"].data, 10),
        lambda scene: scene.register("t2"),
    ):
        scene = pair(make)
        scene.set(t1=target(scene))
        refused(scene, -1, hazards_cleared=True)


def check_hazards(make=HandMade):
    """Step 3 and CP-10: calls and returns both clear the thread's hazard slots."""
    scene = pair(make)
    slots = scene.threads[0].hazards
    scene.put(slots, TAG | 1)
    scene.put(slots + 8, TAG | 2)
    scene.until("b.f")
    assert scene.lines(slots, slots + 16) == [0, 0]
    scene.put(slots, TAG | 1)
    scene.put(slots + 8, TAG | 2)
    scene.until("a.after")
    assert scene.lines(slots, slots + 16) == [0, 0]


def check_posture(make=HandMade):
    """Step 12, CP-14, SG-23, E-SW-5: the callee runs as its entry says, the caller goes on as it was."""
    for own in (ENABLED, DISABLED):
        for wanted in (ENABLED, DISABLED):
            scene = pair(make, callee(flags=wanted), flags=own)
            assert scene.enabled == (own == ENABLED)
            scene.until("b.f")
            assert scene.enabled == (wanted == ENABLED)
            scene.until("a.after")
            assert scene.enabled == (own == ENABLED)


def check_call_is_atomic(make=HandMade):
    """The switcher works with interrupts disabled until the callee may be interrupted."""
    scene = pair(make, callee(flags=ENABLED))
    scene.until("observe_enter")
    while scene.machine.pc != scene.address("observe_call"):
        assert not scene.enabled
        scene.machine.run(1)


def check_fault_counter_is_new(make=HandMade):
    """Step 5: an invocation starts with no faults, whatever the frame was used for before."""
    scene = pair(make)
    trusted = scene.threads[0].trusted.address
    scene.put(trusted + 192 + 16, 0x0001_FFFF)
    scene.until("b.f")
    assert scene.bytes_at(trusted + 192 + 16, 4) == bytes(4)


def check_return_sentry(make=HandMade):
    """CP-13: whoever uses a return capability to the switcher ends the present invocation of its own thread."""
    scene = chain(make)
    scene.until("b.f")
    kept = scene.register("ra")
    scene.until("m.after")
    scene.set(ra=kept, a0=5)  # m uses what b had
    scene.jump("ra")
    scene.until("a.after")
    assert scene.numbers("a0") == (5,)


def check_switcher_is_local(make=HandMade):
    """E-SW-6: nothing that points into the switcher can be stored but on a stack."""
    scene = pair(make)
    assert not scene.register("t2").permissions & Perm.GL
    scene.until("b.f")
    assert not scene.register("ra").permissions & Perm.GL


def check_callee_cannot_keep_the_stack(make=HandMade):
    """A stack in use for another stack's memory: the callee of a caller with a piece of a deeper stack gets none that
    was not cleared."""
    scene = chain(make)
    sp = scene.register("sp")
    base = sp.bounds()[0]
    piece = sp.with_address(sp.address - 256).with_bounds(128).with_address(sp.address - 128)
    scene.dirty(scene.threads[0], sp.address - 300 & -16, 16)  # below the piece: it cannot be cleared through it
    scene.set(sp=piece)
    assert base < piece.bounds()[0]
    assert scene.until("a.after", "b.f") == "a.after"
    assert scene.numbers("a0", "a1") == (-1, 0)


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_call(check):
    check()
