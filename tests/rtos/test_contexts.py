"""Threads as the switcher keeps them: interrupts, yields, ends, what the scheduler sees (E-SW-4...6), helpers."""

import pytest

from rtl.isa.csr import CSR_BY_NAME, SCRS
from rtos_model.machine.capability import Perm
from rtos_model.machine.value import TAG, capability, number
from tests.rtos.handmade import ENABLED, HAZARDS, REGISTERS, STACK, HandMade, Thread
from tests.rtos.scenes import Unit, callee, caller, chain, pair

ECALL, THREAD_EXIT = 11, 24
OTHERS = [name for name in REGISTERS[1:] if name not in ("ra", "sp", "gp", "a0", "a1", "a2", "a3")]
ROUND_ROBIN = """
# One thread after another: the handle of each is at 0, 8 of the globals, the number of the running one at 16.
exception_entry:
  lw    t0, 16(cgp)
  xori  t0, t0, 8
  sw    t0, 16(cgp)
  cincaddr ct0, cgp, t0
  clc   ca0, 0(ct0)
served:
  cret
"""
LOOP = """
main:
  nop
yield:
  ecall
again:
  cj    again
"""


def two(make=HandMade):
    """Two threads that only yield, and a scheduler that takes turns; in the first thread."""
    units = {"scheduler": Unit(ROUND_ROBIN), "a": Unit(LOOP, exports=(("main", ENABLED, 0),))}
    scene = make(units, [Thread("a.main"), Thread("a.main")])
    data = scene.units["scheduler"].data.address
    for index, thread in enumerate(scene.threads):
        scene.put(data + 8 * index, scene.sealed(thread.trusted, 10))
    scene.until("a.yield")
    return scene


def state(scene):
    return list(scene.machine.registers[1:16]), scene.machine.csrs.mark, scene.machine.csrs.limit, scene.enabled


def check_scheduler_sees(make=HandMade):
    """Nothing but the sealed trusted stack and the cause; its own stack and globals; no thread in MTDC."""
    scene = two(make)
    scene.fill(*[name for name in REGISTERS[1:] if name != "sp"])
    scene.until("scheduler.exception_entry")
    handle = scene.register("a0")
    thread = scene.threads[0]
    assert (handle.otype, handle.bounds()) == (10, thread.trusted.bounds())
    assert scene.numbers("a1", "a2", "a3") == (ECALL, scene.address("a.yield"), 0)
    assert not any(scene.machine.registers[REGISTERS.index(name)] for name in OTHERS)
    stack = scene.register("sp")
    assert (stack.bounds(), stack.permissions) == (scene.scheduler_stack.bounds(), STACK)
    assert scene.register("gp") == scene.units["scheduler"].data
    assert scene.machine.scrs[SCRS["mtdc"]] == 0 and not scene.enabled


def check_context(make=HandMade):
    """A thread goes on with every register, its stack mark and its interrupt posture; a yield behind its ecall."""
    scene = two(make)
    scene.fill(*REGISTERS[1:])
    scene.machine.csrs.mark -= 0x60
    first = state(scene)
    scene.until("a.main")
    trusted = scene.threads[1]
    assert scene.register("sp") == trusted.stack_cap
    assert scene.machine.csrs.limit == trusted.stack_cap.bounds()[0]
    scene.until("a.yield")
    scene.machine.csrs.mark -= 0x20
    scene.machine.csrs.mie = 0
    second = state(scene)
    scene.until("a.again")
    assert state(scene) == first
    assert scene.machine.scrs[SCRS["mtdc"]] == number(scene.threads[0].trusted)
    scene.machine.pc = scene.address("a.yield")
    scene.until("a.again")
    assert state(scene) == second


def check_interrupt(make=HandMade):
    """An interrupt leaves everything as it was, and goes on at the instruction that it came before."""
    scene = two(make)
    scene.fill(*REGISTERS[1:])
    before = state(scene)
    scene.interrupt()
    assert scene.numbers("a1")[0] & 0xFFFF_FFFF == 0x8000_0007
    scene.until("a.yield")  # the other thread
    scene.until("a.yield")
    assert state(scene) == before


def check_interrupt_in_switcher(make=HandMade):
    """Where the switcher can be interrupted, on the way out of a call and on the way back, it goes on as if not."""
    count = 0
    while True:
        scene = pair(make, callee(2))
        scene.set(a0=7, a1=8)
        kept = {name: scene.register(name) for name in ("s0", "s1", "sp", "gp")}
        scene.until("observe_call")
        for _ in range(count):
            scene.machine.run(1)
        done = scene.machine.pc == scene.address("a.after")
        if scene.enabled and not done:
            scene.interrupt()
        if not done:
            scene.until("a.after")
        assert {name: scene.register(name) for name in kept} == kept
        assert scene.numbers("a0", "a1", "t0", "a2") == (7, 8, 0, 0)
        sp = kept["sp"]
        assert not any(scene.lines(sp.bounds()[0], sp.address))
        if done:
            break
        count += 1
    assert count > 30


def check_thread_exit(make=HandMade):
    """TH-7, E-SW-4, E-SW-6: the scheduler learns that the thread ended and nothing else, not even the last mtval; a
    thread that it resumes nevertheless has ended once more."""
    units = {"scheduler": Unit("exception_entry:\n  cret\n"), "a": caller(), "b": callee()}
    for how in ("return", "return enabling interrupts", "unwind"):
        scene = make(units, [Thread("a.main")])
        scene.until("a.after")
        scene.machine.csrs.write(CSR_BY_NAME["mtval"].number, 0x1234_5678)
        if how == "unwind":
            scene.machine.pc = scene.address("a.main")
            scene.set(sp=0)
        elif how != "return":
            back = scene.switcher_pcc.with_address(scene.address("switcher_return"))
            scene.put(scene.register("sp").address, scene.sealed(back, 5))
        slots = scene.threads[0].hazards
        scene.put(slots, TAG | 1)
        for again in range(3):
            places = ["scheduler.exception_entry", "a.main", "a.after"] + ["observe_unwind"] * (again > 0)
            assert scene.until(*places) == "scheduler.exception_entry"
            assert scene.numbers("a1", "a2", "a3") == (THREAD_EXIT, 0, THREAD_EXIT)
            assert scene.machine.scrs[SCRS["mtdc"]] == 0 and not scene.enabled
            assert not any(scene.machine.registers[REGISTERS.index(name)] for name in OTHERS)
        assert scene.lines(slots, slots + HAZARDS) == [0, 0]


def check_wedge(make=HandMade):
    """CP-36, E-SW-6: a fault of the scheduler, or no trusted stack as its answer, stops the machine in a trap loop."""
    for answer in (
        lambda scene: 0,
        lambda scene: scene.threads[0].trusted,
        lambda scene: scene.register("a0").without_tag(),
        lambda scene: scene.sealed(scene.units["a"].data, 11),
        "fault",
        "call",
    ):
        scene = two(make)
        scene.until("scheduler.served")
        if answer == "fault":
            scene.machine.pc = scene.address("scheduler.exception_entry")
            scene.set(gp=0)
        elif answer == "call":
            entry = scene.switcher_pcc.with_address(scene.address("switcher_call"))
            scene.machine.install(number(entry))
            scene.machine.pc = entry.address
        else:
            scene.set(a0=answer(scene))
        scene.machine.run(300)
        assert scene.machine.lockup
        assert not capability(scene.machine.scrs[SCRS["mtcc"]]).tag


def helper(make, name, depth=1, **registers):
    """Call a helper from b.f, `depth` calls deep; the scene behind it."""
    code = "f:\n  csc cra, -8(csp)\n  library_call 1\nback:\n  clc cra, -8(csp)\n  cret\n"
    unit = Unit(code, exports=(("f", ENABLED, 0),), imports=(f"lib:{name}",))
    scene = pair(make, unit, frames=9) if depth == 1 else chain(make, unit, frames=9)
    scene.until("b.f")
    scene.set(**registers)
    scene.entered = scene.register("sp")
    scene.until("b.back")
    assert not any(scene.register(name).tag for name in ("a1", "a2", "a3", "a4", "a5"))
    return scene


def check_has_space(make=HandMade):
    """SC-162, DV-19: strictly more than n frames are free."""
    for count, expected in ((0, 1), (1, 1), (7, 1), (8, 0), (9, 0), (0x0AAA_AAAB, 0), (0xFFFF_FFFF, 0)):
        assert helper(make, "trusted_stack_has_space", a0=count).numbers("a0") == (expected,), count
    assert helper(make, "trusted_stack_has_space", 2, a0=6).numbers("a0") == (1,)
    assert helper(make, "trusted_stack_has_space", 2, a0=7).numbers("a0") == (0,)


def check_recover_stack(make=HandMade):
    """The whole stack that the invocation was entered with; for the first one as it was at entry."""
    scene = helper(make, "switcher_recover_stack")
    stack = scene.register("a0")
    assert (stack.bounds(), stack.permissions) == (scene.entered.bounds(), STACK)
    assert stack.address == stack.bounds()[0]
    code = "main:\n  cincaddr csp, csp, -64\n  library_call 1\nback:\n  nop\n"
    unit = Unit(code, exports=(("main", ENABLED, 0),), imports=("lib:switcher_recover_stack",))
    scene = make({"a": unit}, [Thread("a.main")])
    scene.until("a.back")
    assert scene.register("a0") == scene.threads[0].stack_cap


def check_other_helpers(make=HandMade):
    """Hazard slots are write-only; the stack mark; the thread's number; the fault counter and its reset."""
    scene = helper(make, "switcher_thread_hazard_slots")
    slots = scene.register("a0")
    assert (slots.address, slots.length) == (scene.threads[0].hazards, HAZARDS)
    assert slots.permissions == Perm.SD | Perm.MC
    scene = helper(make, "stack_lowest_used_address")
    assert scene.numbers("a0") == (scene.entered.address - 16,)
    assert helper(make, "thread_id_get").numbers("a0") == (1,)
    scene = pair(make, helper(make, "switcher_handler_invocation_count_reset").units["b"])
    scene.until("b.f")
    counter = scene.threads[0].trusted.address + 192 + 16
    scene.machine.memory.store(counter, 2, 0x123)
    scene.until("b.back")
    assert scene.numbers("a0") == (0x123,) and scene.bytes_at(counter, 2) == bytes(2)


def check_thread_of_scheduler(make=HandMade):
    """3.3: where there is no thread the number is 0."""
    units = {
        "scheduler": Unit(
            "exception_entry:\n  csc cra, -8(csp)\n  library_call 1\nback:\n  nop\n", imports=("lib:thread_id_get",)
        )
    }
    units["a"] = Unit(LOOP, exports=(("main", ENABLED, 0),))
    scene = make(units, [Thread("a.main")])
    scene.until("scheduler.back")
    assert scene.numbers("a0") == (0,)


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_context(check):
    check()
