"""Cycles of the switcher on the core: calls, returns, traps. Bounds are what it takes now, and a little more."""

import pytest

from cosim.run import Verdict, Watch, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.system.build import build
from rtl.config import SAFE
from rtos_model.machine.commit import unpack
from rtos_model.services.image import Export, Thread
from tests.rtos.hello import STAND_INS, compartment, image, program, text

CALLEE = """
#include <compartment.h>
int __cheri_compartment("callee") nothing(void) { return 0; }
int __cheri_compartment("callee") six(int a, int b, int c, int d, int e, int f) { return a; }
int __cheri_compartment("callee") deep(void)
{
	volatile char used[256];
	used[0] = 1;
	return 0;
}
"""
CALLER = """
#include <compartment.h>
int __cheri_compartment("callee") nothing(void);
int __cheri_compartment("callee") six(int a, int b, int c, int d, int e, int f);
int __cheri_compartment("callee") deep(void);
void __cheri_compartment("caller") run(void)
{
	for (int i = 0; i < 3; i++)
		nothing();
	for (int i = 0; i < 3; i++)
		six(1, 2, 3, 4, 5, 6);
	for (int i = 0; i < 3; i++)
		deep();
	for (int i = 0; i < 3; i++)
		__asm__ volatile("ecall");
}
"""
EXPORTS = tuple(Export(name=name, arguments=count) for name, count in (("nothing", 0), ("six", 6), ("deep", 0)))
IMAGE = image(
    [compartment("callee", *EXPORTS), compartment("caller", Export(name="run", arguments=0))],
    [Thread(name="thread", compartment="caller", entry="run", priority=1, stack=1024, frames=2)],
)


class Stopwatch:
    """Cycles between the records of two addresses, for each pair of names."""

    def __init__(self, places: dict[int, str], spans: dict[str, tuple[str, str]]):
        self.places, self.spans = places, spans
        self.last: dict[str, int] = {}
        self.found: dict[str, list[int]] = {name: [] for name in spans}

    def add(self, record) -> None:
        fields = unpack(record)
        name = self.places.get(fields["pc"])
        if name is None:
            return
        for span, (start, end) in self.spans.items():
            if name == end and start in self.last:
                self.found[span].append(fields["clock"] - self.last.pop(start))
        self.last[name] = fields["clock"]


@pytest.mark.sim
def test_cycles(tmp_path, capsys):
    sources = {**STAND_INS, "callee": text("callee.c", CALLEE), "caller": text("caller.c", CALLER)}
    system = build(IMAGE, sources)
    labels = {name: system.linked["switcher"].find(name).address for name in LABELS}
    places = {address: name for name, address in labels.items()}
    entries = system.functions("callee")
    places |= {address: f"callee {name}" for name, address in entries.items()}
    spans = {f"call {name}": ("observe_enter", f"callee {name}") for name in entries}
    spans |= {"return": ("switcher_return", "observe_return"), "trap": ("switcher_exception", "observe_schedule")}
    spans |= {"resume": ("scheduler_answers", "observe_resume")}
    watch = Stopwatch(places, spans)
    with Simulator(build_soc(SAFE), tmp_path) as simulator:
        result = run_rtl(simulator, SAFE, program(system), watch=Watch(log=watch), max_cycles=100_000)
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0), result.difference
    best = {name: min(cycles) for name, cycles in watch.found.items()}
    with capsys.disabled():
        print("\ncycles:", ", ".join(f"{name} {cycles}" for name, cycles in best.items()))
    for name, most in BOUNDS.items():
        assert best[name] <= most, (name, best[name])


LABELS = ("observe_enter", "switcher_return", "observe_return", "switcher_exception", "observe_schedule")
LABELS += ("scheduler_answers", "observe_resume")
BOUNDS = {"call nothing": 74, "call six": 68, "call deep": 74, "return": 38, "trap": 48, "resume": 31}
