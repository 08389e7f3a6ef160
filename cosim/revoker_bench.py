"""What a sweep of the background revoker costs: its own time, and the core's."""

from dataclasses import dataclass

from cosim.errors import UserError
from cosim.image import Program, linked_program
from cosim.run import Verdict, run_rtl
from cosim.simulator import Simulator
from cosim.toolchain.program import FIRMWARE, build_program
from rtl.config import SocConfig
from rtl.isa.capfmt import GRANULE
from rtos_model.machine.devices.simctl import Register

FOLDER = FIRMWARE / "sweeps"
MAX_CYCLES = 1_000_000
SATURATED_GRANULES = 256
FAILED = 1


@dataclass(frozen=True)
class Cost:
    """A figure and what it must not exceed."""

    what: str
    figure: float
    bound: float
    unit: str

    @property
    def kept(self) -> bool:
        return self.figure <= self.bound

    def __str__(self) -> str:
        verdict = "" if self.kept else "   TOO MUCH"
        return f"{self.what:<52}{self.figure:>8.2f} {self.unit:<17} (at most {self.bound:g}){verdict}"


def costs(simulator: Simulator, config: SocConfig) -> list[Cost]:
    """The three figures, each from runs that the golden machine follows. UserError if a program fails."""
    granules = config.ram.size // GRANULE
    idle = cycles(simulator, config, "idle")
    alone, swept = (cycles(simulator, config, "kernel", SWEEP=sweep) for sweep in (0, 1))
    saturated = cycles(simulator, config, "saturated", GRANULES=SATURATED_GRANULES)
    each = "cycles a granule"
    return [
        Cost(f"sweep of {config.ram.size // 1024} KiB while the core sleeps", idle / granules, 1.25, each),
        Cost("sweep on a data port that is never free, all stale", saturated / SATURATED_GRANULES, 32, each),
        Cost("loads and stores during a sweep", 100 * (swept / alone - 1), 10, "% more cycles"),
    ]


def cycles(simulator: Simulator, config: SocConfig, name: str, **constants: int) -> int:
    """Clock cycles between the markers of one program."""
    image = build_program([FOLDER / f"{name}.S"], config, include_paths=(FOLDER,), constants=constants)
    program: Program = linked_program(name, image)
    result = run_rtl(simulator, config, program, max_cycles=MAX_CYCLES)
    if result.verdict is not Verdict.EXIT or result.program_code:
        what = f"{FOLDER / name}.S: {result.verdict.value}, exit code {result.program_code}"
        raise UserError(f"{what}; {result.difference}" if result.difference else what, code=result.code or FAILED)
    clocks = {marker.register: marker.clock for marker in result.markers}
    return clocks[Register.STOP] - clocks[Register.START]


def table(found: list[Cost]) -> str:
    return "\n".join(["", "background revoker", *(f"  {cost}" for cost in found)])
