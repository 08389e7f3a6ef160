"""An interrupt at every boundary between two instructions: the program comes to the same end, to the last bit."""

from pathlib import Path

import pytest

from cosim.bench.job import Ended, Input, Job, Records
from cosim.compare.record import RECORD
from cosim.image import linked_program
from cosim.run import Verdict, memory_loads, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.soc_state import dumps
from cosim.toolchain.program import build_program
from rtl.config import SAFE, complete
from rtos_model.machine.commit import unpack

pytestmark = pytest.mark.sim
SOURCE = Path(__file__).with_name("interrupted.S")
CONFIG = complete(SAFE)
MAX_CYCLES = 10_000
SOFTWARE = 1


@pytest.fixture(scope="module")
def program():
    return linked_program("interrupted", build_program([SOURCE], CONFIG))


@pytest.fixture
def simulator(tmp_path):
    with Simulator(build_soc(CONFIG, faults=True), tmp_path) as running:
        yield running


def run(simulator, program, clock=None):
    """Records, and all memories and registers at the end. The interrupt line rises in a clock cycle and stays high."""
    records = []
    job = Job(
        max_cycles=MAX_CYCLES,
        loads=memory_loads(CONFIG, program),
        idle=simulator.build.design.at_rest(),
        inputs=() if clock is None else (Input(clock, "interrupts", SOFTWARE),),
        dumps=dumps(CONFIG),
    )
    for message in simulator.run(job):
        if isinstance(message, Records):
            records += map(unpack, RECORD.iter_unpack(message.data))
        if isinstance(message, Ended):
            assert not message.timeout
            return records, message.dumps


def test_the_program_itself_agrees_with_the_golden_machine(simulator, program):
    result = run_rtl(simulator, CONFIG, program, max_cycles=MAX_CYCLES)
    assert (result.verdict, result.program_code, result.state_compared) == (Verdict.EXIT, 0, True), result.difference


def test_final_state_does_not_depend_on_an_interrupt(simulator, program):
    begin, end = program.symbols["begin"], program.symbols["end"]
    plain, expected = run(simulator, program)
    inside = [record for record in plain if begin <= record["pc"] <= end]
    assert sum(record["trap"] for record in inside) == 5
    first, last = inside[0]["clock"], inside[-1]["clock"]
    boundaries = {record["pc"] for record in inside}
    met = set()
    for clock in range(first - 3, last):
        records, state = run(simulator, program, clock)
        taken = [record["pc"] for record in records if record["interrupt"]]
        met.update(taken)
        assert len(taken) <= 1
        assert state == expected, f"interrupt at clock {clock}, before {taken[0]:#x}: not the same end"
    print(f"{last - first + 3} runs, interrupts at {len(met & boundaries)} of {len(boundaries)} boundaries")
    assert boundaries <= met, [hex(pc) for pc in boundaries - met]
