"""Step programs as firmware: the same steps on the golden services and, as generated C, on the golden machine.

What every `Expect` got must be the same on both sides, so the meaning of each record is compared, not its text.
"""

import dataclasses

import pytest

from cosim.errors import UserError
from cosim.image import linked_program
from cosim.run import Verdict, Watch, run_model
from cosim.toolchain.steps.program import firmware, generate
from rtl.config import SAFE
from rtos_model.machine.value import capability
from rtos_model.services import steps
from rtos_model.services.image import Compartment, Export, Posture, SharedImport, SharedObject, Word
from rtos_model.services.kernel import Kernel
from rtos_model.services.pointers import digest
from rtos_model.services.scenario import Scenario, catalogue, simple
from rtos_model.services.steps import (
    Advance,
    Ask,
    At,
    Callback,
    Disabled,
    During,
    Expect,
    Function,
    Get,
    GetCap,
    If,
    Imported,
    Leave,
    Let,
    Limit,
    Local,
    Narrow,
    Now,
    Op,
    Panic,
    Put,
    PutCap,
    Raise,
    Repeat,
    Return,
    ReturnPath,
    Say,
    Untagged,
    Var,
    While,
    Yield,
    do,
    invoke,
)

NUMBERS = (0, 1, 7, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, -5)
QUESTIONS = ("tag", "length", "offset", "permissions", "sealed", "bits")
OPERATORS = ("+", "-", "*", "&", "|", "^", "==", "!=", "<", "<=")


def see(value, equals=0):
    """Reported, whatever it is."""
    return Expect(value, equals)


ARITHMETIC = (
    *(see(Op(op, a, b)) for op in OPERATORS for a in NUMBERS for b in NUMBERS),
    *(see(Op(op, a, b)) for op in ("<<", ">>") for a in NUMBERS for b in (0, 1, 31)),
)
MEMORY = (
    Local("buffer", 24),
    Put("buffer", 0x1234_5678),
    Put("buffer", 0xAB, 4, 1),
    Put("buffer", 0xCDEF, 6, 2),
    *(see(Get("buffer", at, size)) for at, size in ((0, 4), (0, 1), (1, 1), (4, 1), (6, 2), (4, 4))),
    PutCap("buffer", Var("array"), 8),
    see(GetCap("buffer", 8)),
    see("buffer"),
    see(Var("word")),
    see(Narrow(Var("array"), 8)),
    see(Narrow(Var("array"), 8, 16)),
    see(Narrow(Var("array"), 4, 4, "R")),
    see(Narrow(Var("array"), Op("+", 4, 4), None, "GRWc")),
    see(Ask("tag", Untagged(Var("array")))),
    *(see(Ask(what, Narrow(Var("array"), 8, 16))) for what in QUESTIONS),
    see(Ask("otype", Callback("H"))),
    see(Ask("otype", Var("word"))),
    see(Imported("board:R")),
    see(Imported("board:RWcm")),
    see(Get(Var("started"))),
)  # fmt: skip
CONTROL = (
    Let("n", 0),
    Repeat(5, (Let("n", Op("+", "n", "i")),), "i"),
    see("n"),
    While(Op("<", "n", 20), (Let("n", Op("*", "n", 3)),)),
    see("n"),
    If(Op("==", "n", 30), (see(1),), (see(2),)),
    If(Op("==", "n", 31), (see(1),), (see(2),)),
    Disabled((Let("n", 77), see("n"))),
    see("n"),
    During((Let("n", 5), Put(0, 1), see(99)), (see("n"), Let("n", 6))),
    see("n"),
    During((Panic(),), (Let("n", 8),)),
    see("n"),
    Say("values", ("n", 3)),
    Yield(),
)
CALLS = (
    do("callee.sum", 1, 2, 3, 4, 5, 6, 7, into="r"),
    see("r"),
    do("callee.pair", Var("array"), into="p"),
    see("p"),
    see("p.high"),
    do("callee.early", 3, into="r"),
    see("r"),
    do("callee.early", 4, into="r"),
    see("r"),
    do("callee.faults", into="r"),
    see("r"),
    do("callee.leaves", into="r"),
    see("r"),
    do("callee.resumes", into="r"),
    see("r"),
    invoke(Callback("back"), 5, 6, into="r"),
    see("r"),
    do("run_once", Var("once"), Function("started_once")),
    see(Get(Var("started"))),
    do("thread_id_get", into="id"),
    see("id"),
    do("thread_count", into="threads"),
    see("threads"),
    Limit("limit", 3),
    do("futex_timed_wait", "limit", Var("word"), 1, 0, into="r"),
    see("r"),
    see(Get("limit", 4)),
    do("thread_systemtick_get", into="tick"),
    see("tick"),
    see("tick.high"),
)
TIME = (
    Let("before", Now()),
    Advance(20_000),
    see(Op("<=", 20_000, Op("-", Now(), "before"))),
    do("thread_sleep", At(15_000), 0, into="r"),
    see("r"),
    see(Op("<=", 35_000, Op("-", Now(), "before"))),
    Raise(12),
)
CALLEE = Compartment(
    name="callee",
    exports=(
        Export(name="sum", arguments=7),
        Export(name="pair", arguments=1),
        Export(name="early", arguments=1, posture=Posture.DISABLED),
        Export(name="faults", arguments=0),
        Export(name="leaves", arguments=0),
        Export(name="resumes", arguments=0),
    ),
    handlers=("rich",),
    globals=(Word(name="mode"),),
)


def scenario(id: str, body, **more) -> Scenario:
    total: object = 0
    for n in range(7):
        total = Op("+", total, Op("*", f"a{n}", 10**n))
    program = {
        "callee.sum": (Return(total),),
        "callee.pair": (Return(Narrow("a0", 0, 8)),),
        "callee.early": (If(Op("==", "a0", 3), (Return(33),)), Disabled((Return(44),)), Return(55)),
        "callee.faults": (Put(Var("mode"), 1), Put(0, 1), Return(1)),
        "callee.leaves": (Leave(ReturnPath()), Return(9)),
        "callee.resumes": (Put(Var("mode"), 0), Put(0, 1), Return(11)),
        "callee.error_handler": (Return(Get(Var("mode"))),),
        "main.back": (Return(Op("-", "a1", "a0")),),
        "main.started_once": (Put(Var("started"), 1),),
    }
    return simple(
        id,
        "every record",
        "",
        {"H": body},
        words=(
            "word",
            "once",
            Word(name="started", init=b"\5"),
            Word(name="array", size=64),
        ),
        imports=(SharedImport(shared="board", permissions="R"), SharedImport(shared="board", permissions="RWcm")),
        shared_objects=(SharedObject(name="board", size=16),),
        handlers=("scoped",),
        compartments=[CALLEE],
        program=program,
        **more,
    )


BODIES = {"arithmetic": ARITHMETIC, "memory": MEMORY, "control": CONTROL, "calls": CALLS, "time": TIME}


def observed(one: Scenario) -> tuple[list, list]:
    """What each check got on the golden machine, and what was said."""
    system, generated = firmware(one)
    got, said = [], []

    def attach(machine):
        for unit in generated.sources:

            def report(unit=unit):
                registers = machine.registers
                point = generated.checks[unit][registers[12] & 0xFFFF_FFFF]
                got.append((point.place, digest(capability(registers[10]))))

            def say(unit=unit):
                text, count = generated.texts[unit][machine.registers[10] & 0xFFFF_FFFF]
                values = [str(digest(capability(value))) for value in machine.registers[11 : 11 + count]]
                said.append(" ".join([text, *values]))

            machine.probe(system.linked[unit].find("observe_expect").address, report)
            machine.probe(system.linked[unit].find("observe_say").address, say)

    program = linked_program(one.id, system.image)
    result = run_model(SAFE, program, max_cycles=2_000_000, scripted=True, watch=Watch(machine=attach))
    assert result.verdict is Verdict.EXIT and result.program_code == 0, result
    return got, said


@pytest.mark.parametrize("name", BODIES)
def test_both_sides_see_the_same(name):
    one = scenario(name, BODIES[name])
    kernel = Kernel(one.image, one.program)
    kernel.run()
    got, said = observed(one)
    assert got == [(check.place, check.got) for check in kernel.checks]
    assert said == [line.partition(": ")[2] for line in kernel.output]
    assert len(got) >= 3


def test_every_record_occurs_above():
    bodies = (*BODIES.values(), *scenario("x", MEMORY).program.values())
    used = {type(record).__name__ for body in bodies for record in steps.walk(body)}
    assert used == set(steps.RECORDS)


def test_the_catalogue_has_c():
    """Every scenario that is data can be turned into C."""
    for one in catalogue().values():
        if one.in_steps:
            generate(one.image, one.program)


@pytest.mark.parametrize(
    "body, message",
    [
        ((Let("x", Var("nothing")),), "main.H: 'main' has no global 'nothing'"),
        ((Let("x", Imported("nothing")),), "main.H: 'main' does not import 'nothing'"),
        ((Let("x", Callback("nothing")),), "main.H: 'main' has no export 'nothing'"),
        ((Say("much", (1, 2, 3, 4, 5)),), "main.H: Say('much') has 5 values; at most 4"),
    ],
)
def test_what_has_no_c_is_said(body, message):
    one = scenario("wrong", MEMORY)
    wrong = dataclasses.replace(one, program=one.program | {"main.H": body})
    with pytest.raises(UserError) as raised:
        generate(wrong.image, wrong.program)
    assert message in str(raised.value)
