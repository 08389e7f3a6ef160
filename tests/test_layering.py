"""Imports go down the table only: facts, then two independent readings of them, then the comparison."""

import ast
from pathlib import Path

import pytest

ALLOWED = {
    "rtl.isa": "",
    "rtl.config": "rtl.isa",
    "rtl.cap": "rtl.isa rtl.config amaranth",
    "rtl.bus": "rtl.isa rtl.config amaranth",
    "rtl.mem": "rtl.isa rtl.config rtl.cap rtl.bus amaranth",
    "rtl.core": "rtl.isa rtl.config rtl.cap rtl.bus amaranth",
    "rtl.revoker": "rtl.isa rtl.config rtl.cap rtl.bus amaranth",
    "rtl.soc": "rtl amaranth",
    "rtl.verilog": "amaranth",
    "rtos_model.machine": "rtl.isa rtl.config",
    "rtos_model.services": "rtl.isa rtl.config rtos_model.machine",
    "cosim.compare": "rtl.isa rtl.config rtos_model cosim.errors",
    "cosim.trace": "rtl.isa rtl.config rtos_model cosim.compare cosim.errors vcd",
    "cosim.toolchain": "rtl.isa rtl.config rtos_model cosim.errors",
    "cosim.stimulus": "rtl.isa rtl.config rtos_model cosim.toolchain cosim.errors",
    "cosim.bench": "rtl.isa rtl.config rtos_model cosim.compare cosim.trace cosim.stimulus cosim.errors cocotb",
    "cosim": "rtl rtos_model cosim amaranth cocotb_tools vcd",
}
WATCHED = {"rtl", "rtos_model", "cosim", "amaranth", "cocotb", "cocotb_tools", "vcd"}
ROOT = Path(__file__).parents[1]
FILES = sorted(path for top in ("rtl", "rtos_model", "cosim") for path in (ROOT / top).rglob("*.py"))


def within(module: str, layer: str) -> bool:
    return module == layer or module.startswith(layer + ".")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    home = max((layer for layer in ALLOWED if within(module, layer)), key=len, default=module)
    allowed = [home, *ALLOWED.get(home, "").split()]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import at line {node.lineno}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.split(".")[0] in WATCHED:
                assert any(within(name, layer) for layer in allowed), f"line {node.lineno}: {name}"
