"""The switcher's labels passed in planted orders, and what is made of them: calls, refusals, unwinding, handlers."""

from types import SimpleNamespace

import pytest

from cosim.observe.invocations import A0, FRAME_OFFSET, RA, SP, T1, Invocations
from cosim.observe.places import Places, Unit
from rtl.isa.trap import Cause
from rtos_model.machine.capability import ROOT_MEMORY, ROOT_SEALING
from rtos_model.machine.trap import Trap
from rtos_model.machine.value import number
from rtos_model.services.image import Compartment, Export, Image, Thread

MAIN, OTHER, LIBRARY, SWITCHER = 0x1000, 0x2000, 0x3000, 0x4000
ENTRY = 0x5014
TRUSTED = 0x6000
LABELS = {
    name: SWITCHER + 4 * place
    for place, name in enumerate(
        "observe_enter observe_call observe_refuse observe_refuse_callee observe_unwind observe_return observe_rich"
        " observe_stackless observe_handled observe_scoped_main observe_exit switcher_start".split()
    )
} | {"switcher_start": SWITCHER, "switcher_end": SWITCHER + 0x100}


class Planted:
    """A machine of which an observer sees registers and one number in memory."""

    def __init__(self):
        self.registers = [0] * 17
        self.looks = {}
        self.frames_at = 192
        self.memory = SimpleNamespace(load=lambda address, size: {TRUSTED + FRAME_OFFSET: self.frames_at}[address])
        self.trapped = None

    def probe(self, pc, look):
        self.looks[pc] = look

    def pass_by(self, *labels, **registers):
        """The labelled instructions in order, with numbers or capabilities in registers."""
        for name, value in registers.items():
            place = {"t1": T1, "ra": RA, "sp": SP, "a0": A0}[name]
            self.registers[place] = value if isinstance(value, int) else number(value)
        for label in labels:
            self.looks[LABELS.get(label, label)]()


def sealed_entry(address=ENTRY):
    return ROOT_MEMORY.with_address(address).with_bounds(8).seal(ROOT_SEALING.with_address(9))


@pytest.fixture
def seen():
    """(machine, lines of the log so far, problems)."""
    image = Image(
        compartments=(
            Compartment(name="main", exports=(Export(name="T", arguments=0),)),
            Compartment(name="other", exports=(Export(name="f", arguments=1),)),
        ),
        threads=(Thread(name="T", compartment="main", entry="T"),),
    )
    units = (
        Unit("main", MAIN, MAIN + 0x100),
        Unit("other", OTHER, OTHER + 0x100),
        Unit("library", LIBRARY, LIBRARY + 0x100, True),
    )
    functions = {OTHER: ("other", "f"), LIBRARY: ("library", "l"), LIBRARY + 16: ("library", "nothing")}
    places = Places(units, functions, {ENTRY: ("other", "f")}, (), (0, 0), LABELS)
    machine, log, problems = Planted(), [], []
    invocations = Invocations(
        machine, image, places, lambda event: log.append(event.line()), problems.append, voids=frozenset({"nothing"})
    )
    invocations.current, invocations.trusted = invocations.threads[1], TRUSTED
    return machine, log, problems


def test_call_and_return(seen):
    machine, log, problems = seen
    machine.pass_by("observe_enter", t1=sealed_entry())
    machine.frames_at += 24
    machine.pass_by("observe_call", ra=OTHER, a0=7)
    machine.pass_by("observe_return", a0=5)
    assert log == ["CALL 1 main other f [7]", "RET 1 f 5 0"] and not problems


def test_refusals_before_and_after_a_frame_was_taken(seen):
    machine, log, _ = seen
    machine.pass_by("observe_enter", t1=sealed_entry())
    machine.pass_by("observe_refuse", a0=-141 & 0xFFFF_FFFF)
    machine.pass_by("observe_enter")
    machine.frames_at += 24
    machine.pass_by("observe_refuse_callee", a0=-140 & 0xFFFF_FFFF)
    assert log == ["CALLFAIL 1 f -141"]
    machine.pass_by("observe_return")
    assert log == ["CALLFAIL 1 f -141", "CALLFAIL 1 f -140"]


def test_a_target_that_does_not_unseal(seen):
    machine, log, _ = seen
    for target in (0, ROOT_MEMORY.with_address(ENTRY), sealed_entry(ENTRY + 4)):
        machine.pass_by("observe_enter", t1=target)
        machine.frames_at += 24
        machine.pass_by("observe_unwind", "observe_return")
        machine.frames_at -= 24
    assert log == ["CALLFAIL 1 ? -1"] * 3


def test_an_invocation_that_is_unwound_and_then_the_thread(seen):
    machine, log, _ = seen
    machine.pass_by("observe_enter", t1=sealed_entry())
    machine.frames_at += 24
    machine.pass_by("observe_call", ra=OTHER, a0=0)
    machine.trapped(OTHER + 8, Trap(Cause.CHERI, 1 << 5 | 2))
    machine.pass_by("observe_unwind", "observe_return")
    machine.trapped(MAIN, Trap(Cause.ILLEGAL, 0))
    machine.pass_by("observe_unwind", "observe_exit")
    assert log[1:4] == ["TRAP 1 other 28 2", "UNWIND 1 other", "CALLFAIL 1 f -1"]
    assert log[4:] == ["TRAP 1 main 2 0", "UNWIND 1 main", "EXIT 1"]


def test_a_bad_stack_at_the_call_unwinds_the_caller(seen):
    machine, log, _ = seen
    machine.pass_by("observe_enter", t1=sealed_entry())
    machine.pass_by("observe_unwind", "observe_exit")
    assert log == ["UNWIND 1 main", "EXIT 1"]


def test_handlers_and_faults_of_the_switcher(seen):
    machine, log, _ = seen
    machine.trapped(SWITCHER + 8, Trap(Cause.CHERI, 2))
    machine.trapped(MAIN, Trap(Cause.ECALL))
    assert not log
    machine.pass_by("observe_rich")
    machine.pass_by("observe_handled", a0=0)
    machine.pass_by("observe_stackless")
    machine.pass_by("observe_handled", a0=1)
    machine.pass_by("observe_stackless", "observe_scoped_main")
    assert log == ["HANDLER 1 main rich resume", "HANDLER 1 main stackless unwind", "HANDLER 1 main stackless resume"]


def test_library_calls_by_a_compartment_only(seen):
    machine, log, _ = seen
    machine.pass_by(LIBRARY, ra=MAIN + 8, sp=0x900)
    machine.pass_by(LIBRARY + 16, ra=LIBRARY + 4, sp=0x8F0)  # by the library itself
    assert LIBRARY + 4 not in machine.looks
    machine.pass_by(MAIN + 8, sp=0x8F0, a0=9)  # another stack: somebody else's return
    assert not log
    machine.pass_by(MAIN + 8, sp=0x900, a0=9)
    machine.pass_by(LIBRARY + 16, ra=MAIN + 12, sp=0x900)
    machine.pass_by(MAIN + 12, a0=77)
    assert log == ["LIB 1 l 9", "LIB 1 nothing 0"]


def test_a_library_call_that_never_returned_is_forgotten(seen):
    machine, log, _ = seen
    machine.pass_by(LIBRARY, ra=MAIN + 8, sp=0x8F0)  # left by a jump to an outer scope
    machine.pass_by(LIBRARY, ra=MAIN + 12, sp=0x900)
    machine.pass_by(MAIN + 12, a0=1)
    machine.pass_by(MAIN + 8, sp=0x8F0)
    assert log == ["LIB 1 l 1"]


def test_what_makes_no_sense_is_reported(seen):
    machine, _, problems = seen
    machine.pass_by("observe_refuse")
    machine.pass_by("observe_exit")
    machine.pass_by("observe_return")
    assert problems == [
        "the switcher refuses a call that thread 1 has not made",
        "thread 1 goes on after its end",
    ]


def test_traps_without_end(seen, monkeypatch):
    monkeypatch.setattr("cosim.observe.invocations.TRAP_LOOP", 5)
    machine, _, problems = seen
    for _ in range(8):
        machine.trapped(SWITCHER + 0x20, Trap(Cause.CHERI, 2))
    assert problems and problems[0].endswith("traps for ever: mcause 28, mtval 0x2")
