"""Every entry of the scheduler gets along with the stack that it declares: running out of it would be a fault in the
middle of a change (CP-38). The deepest chain of calls is read off the compiler's output; there is no recursion."""

import re

import pytest

from cosim.toolchain.cc import interface
from cosim.toolchain.cc.compiler import compile_file
from cosim.toolchain.cc.driver import INCLUDE, RTOS_INCLUDE, RUNTIME
from cosim.toolchain.system.sources import firmware_sources
from rtos_model.services import registry

DEFINES = {
    "CPU_TIMER_HZ": "100000U",
    "TICK_RATE_HZ": "10U",
    "CONFIG_THREADS_NUM": "3",
    "CHERIOT_INTERRUPT_CONFIGURATION": "{1, 2, 1},",
}
SPILL = 32
"""Bytes that the switcher stores below the stack pointer of a caller."""
BOOT_STACK = 1024
ENTRIES = [one for one in registry.ENTRIES.values() if one.owner == "scheduler" and one.export.min_stack]


@pytest.fixture(scope="module")
def depths():
    """Bytes that each function of the scheduler may use, its callees included."""
    frames, calls, spills = {}, {}, set()
    paths = [source.path for source in firmware_sources("scheduler")] + [RUNTIME / "integer.c"]
    for path in paths:
        unit = compile_file(path, [RTOS_INCLUDE, INCLUDE], DEFINES, "scheduler")
        frames |= {one.name: one.stack for one in unit.functions if one.defined and one.stack is not None}
        at = None
        for line in unit.assembly.splitlines():
            label = re.match(r"(\w+):", line)
            at = label[1] if label and label[1] in frames else at
            called = re.search(r"\bccall\s+(\w+)", line)
            if called and at:
                calls.setdefault(at, set()).add(called[1])
            if interface.SWITCHER in line:
                spills.add(at)

    def depth(name):
        below = [depth(one) for one in calls.get(name, ())]
        return frames[name] + max([*below, SPILL if name in spills else 0])

    return depth


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_declared_stack_suffices(depths, entry):
    assert 0 < depths(entry.name) <= entry.export.min_stack


def test_interrupts_fit_the_schedulers_own_stack(depths):
    assert 0 < depths("exception_entry") <= BOOT_STACK // 2
