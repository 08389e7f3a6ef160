"""Options, the seeded random source and the fixture that runs Amaranth's simulator."""

import random
from pathlib import Path

import pytest
from amaranth.sim import Simulator


def pytest_addoption(parser):
    parser.addoption("--waves", action="store_true", help="dump every simulation under sim_build/runs")
    parser.addoption("--seed", type=int, default=0, help="seed of every random choice")


def pytest_report_header(config):
    return f"random seed: {config.getoption('--seed')} (repeat with --seed)"


@pytest.fixture
def seed(request):
    return request.config.getoption("--seed")


@pytest.fixture
def rng(request, seed):
    """Random numbers that depend on the seed and the test's name only."""
    return random.Random(f"{seed}/{request.node.nodeid}")


@pytest.fixture
def simulate(request):
    """Run benches on a component in Amaranth's simulator, with a deadline in simulated seconds (1 us a cycle).

    Benches in `background` do not keep the simulation alive.
    """

    def run(dut, *benches, background=(), clocked=True, deadline=0.1):
        async def watchdog(ctx):
            await ctx.delay(deadline)
            raise TimeoutError(f"still running after {deadline} simulated seconds")

        simulator = Simulator(dut)
        if clocked:
            simulator.add_clock(1e-6)
        for bench in benches:
            simulator.add_testbench(bench)
        for bench in background:
            simulator.add_testbench(bench, background=True)
        simulator.add_testbench(watchdog, background=True)
        if not request.config.getoption("--waves"):
            return simulator.run()
        folder = Path("sim_build/runs")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / request.node.name
        with simulator.write_vcd(f"{path}.vcd", f"{path}.gtkw", traces=[dut]):
            simulator.run()

    return run
