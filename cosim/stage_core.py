"""Plays the scenes of a demo on the core, every instruction checked, each event compared with the golden services."""

from contextlib import AbstractContextManager
from pathlib import Path

from cosim.check import Check
from cosim.errors import UserError
from cosim.progress import Progress, say
from cosim.simulator import OnDemand, Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.steps.program import firmware
from rtl.config import SAFE
from rtos_model.services.scenario import Outcome, Scenario


class Core(AbstractContextManager):
    """`play` is a `cosim.stage.Player`; one simulator does all scenes. `repeat` is the command that shows a failure."""

    def __init__(self, folder: Path, repeat: str):
        self.cycles = self.instructions = self.events = 0
        self._repeat = repeat
        self._simulator = OnDemand(lambda: Simulator(build_soc(SAFE, progress=say), folder))
        self._progress = Progress()
        self._check = Check(firmware=firmware, simulator=self._simulator, progress=self._progress.update)

    def __exit__(self, *exception: object) -> None:
        self._progress.clear()
        self._simulator.__exit__(*exception)

    def play(self, scenario: Scenario) -> Outcome:
        found = self._check.check(scenario, self._repeat)
        self._progress.clear()
        if found.observed is None:
            raise UserError("; ".join(found.text))
        self.cycles += found.cycles
        self.instructions += found.instructions
        self.events += found.events
        return found.observed

    def summary(self) -> str:
        return (
            f"on the core: {self.cycles:,} cycles, {self.instructions:,} instructions, each as the golden machine's;"
            f" {self.events:,} service events, each as the golden services'"
        )
