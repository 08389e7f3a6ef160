"""The program behind `cheriot bench --rtos` runs, and every mark it sets is found."""

from cosim.image import linked_program
from cosim.rtos_costs import COSTS, EMPTY, Marks, costs_system, table
from cosim.run import Verdict, Watch, run_model
from rtl.config import SAFE


def test_marks_of_all_operations():
    system = costs_system()
    marks = Marks(system.linked["main"].find("mark").address)
    program = linked_program("costs", system.image)
    result = run_model(SAFE, program, max_cycles=2_000_000, watch=Watch(log=marks))
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0)
    assert [len(cycles) for cycles in marks.cycles.values()] == [4] * len(COSTS)
    found = {cost: min(marks.cycles[number]) for number, cost in enumerate(COSTS)}
    assert all(cycles > found[EMPTY] for cost, cycles in found.items() if cost is not EMPTY)
    assert all(cost.name in table(found) for cost in COSTS)
