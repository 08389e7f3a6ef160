"""Programs that mark a region of themselves, and how many cycles the core takes for it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cosim.compare.report import report
from cosim.compare.symbols import Symbols
from cosim.errors import UserError
from cosim.image import Program, linked_program
from cosim.run import RunResult, Verdict
from cosim.toolchain.program import FIRMWARE, build_program
from cosim.yardstick import KERNELS, LARGEST_RATIO, MEAN_RATIO, PEERS, REFERENCE
from rtl.config import SocConfig
from rtos_model.machine.devices.simctl import Register

COUNTER_READS = 2
"""Instructions that the counters see and the measured region does not have: the reads of the counters themselves."""
FAILED = 1


@dataclass(frozen=True)
class Measured:
    """The region between the start and stop markers of one program: from store to store, the last one included."""

    name: str
    instructions: int
    cycles: int
    checksum: int

    @property
    def cpi(self) -> float:
        return self.cycles / self.instructions

    @property
    def ratio(self) -> float | None:
        """Cycles to the reference's, if it was measured."""
        return self.cpi / KERNELS[self.name].peers[REFERENCE] if self.name in KERNELS else None

    def complaint(self) -> str:
        """What is wrong with a known kernel's result; nothing if it is right."""
        known = KERNELS.get(self.name)
        if known is None or (self.instructions, self.checksum) == (known.instructions, known.checksum):
            return ""
        return (
            f"{self.name}: {self.instructions} instructions and checksum {self.checksum:08x},"
            f" must be {known.instructions} and {known.checksum:08x}"
        )


def kernels(config: SocConfig) -> list[Program]:
    """The eight kernels, assembled for a system."""
    sources = {name: FIRMWARE / "kernels" / f"{name}.S" for name in KERNELS}
    return [linked_program(name, build_program([path], config)) for name, path in sources.items()]


def measured(program: Program, result: RunResult) -> Measured:
    """What the markers of a run say; raises UserError if the program failed or stores none."""
    if result.difference:
        print(report(result.difference, Symbols(program.symbols), f"cheriot run {program.name} --profile bench"))
    if result.verdict is not Verdict.EXIT or result.program_code:
        what = f"{program.name}: {result.verdict.value}, exit code {result.program_code}"
        raise UserError(what, code=result.code or FAILED)
    found = {marker.register: marker for marker in result.markers}
    wanted = (Register.START, Register.STOP, Register.INSTRUCTIONS)
    missing = [register.name for register in wanted if register not in found]
    if missing:
        raise UserError(f"{program.name}: stores no {missing[0]} marker to simulation control (see the README)")
    start, stop, count = (found[register] for register in wanted)
    name = Path(program.name).stem
    return Measured(name, count.value - COUNTER_READS, stop.clock - start.clock, stop.value)


def table(rows: Iterable[Measured]) -> str:
    """Cycles per instruction beside the peers', and the ratio of cycles to the reference's."""
    others = "".join(f"{name:>10}" for name in (*PEERS, "ratio"))
    lines = [
        f"cycles per instruction; ratio: cycles to those of {REFERENCE}",
        *(f"  {short:<9} {long}" for short, long in PEERS.items()),
        "",
        f"{'kernel':<10}{'instructions':>13}{'cycles':>9}{'CPI':>8}{others}",
    ]
    ratios = []
    for row in rows:
        line = f"{row.name:<10}{row.instructions:>13,}{row.cycles:>9,}{row.cpi:>8.3f}"
        if row.ratio is not None:
            line += "".join(f"{figure:>10.3f}" for figure in (*KERNELS[row.name].peers.values(), row.ratio))
            ratios.append(row.ratio)
        lines.append(line)
    if ratios:
        mean = f"geometric mean of the ratios {geometric_mean(ratios):.3f} (aim: at most {MEAN_RATIO})"
        lines += ["", f"{mean}, largest {max(ratios):.3f} (aim: at most {LARGEST_RATIO:.1f})"]
    return "\n".join(lines)


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
