"""Boot: what the loader leaves in registers and memory, and a whole system on the golden machine and on the core."""

import pytest

from cosim.run import Verdict, golden_machine, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from rtl.config import SAFE
from rtos_model.machine.capability import Perm
from rtos_model.machine.value import TAG, capability
from tests.rtos.hello import hello_system, program

CONSOLE = b"console started\n" + b"hello from thread 1\nhello from thread 2\n" * 3
WHOLE = 1 << 24
"""Bytes that nothing but a root spans on this system: its RAM and its largest device are smaller."""


@pytest.fixture(scope="module")
def system():
    return hello_system()


@pytest.fixture
def booted(system):
    """The golden machine when the first thread has just been resumed."""
    machine = golden_machine(SAFE, program(system))
    entry = system.function("main", "run")
    while machine.pc != entry:
        machine.run(1)
    return machine


def held(machine):
    """Every tagged capability: where it is, and what it is."""
    for index, value in enumerate(machine.registers):
        if value >= TAG:
            yield f"register {index}", capability(value)
    for index, value in machine.scrs.items():
        if value >= TAG:
            yield f"special register {index}", capability(value)
    for name, block in machine.memory.blocks.items():
        for at, value in enumerate(block.lines):
            if value >= TAG:
                yield f"{name} {block.base + 8 * at:#x}", capability(value)


def inside(place, extent):
    kind, _, address = place.partition(" ")
    return kind == "ram" and extent[0] <= int(address, 0) < sum(extent)


def test_no_root_is_left(booted):
    """CP-40: no register and no memory holds a root, nor anything that spans nearly as much."""
    found = list(held(booted))
    assert len(found) > 40
    for place, cap in found:
        base, top = cap.bounds()
        if cap.permissions & (Perm.SE | Perm.US):
            assert top - base <= 2 or (base, top) == (0x0100_0000, 1 << 32), (place, cap)
        else:
            assert top - base < WHOLE, (place, cap)


def test_who_holds_what(booted, system):
    """System registers are for the switcher alone; store-local with global only in trusted stacks' handles; stacks are
    local; keys are where they belong (CP-40, CP-41)."""
    places = system.places
    switcher, scheduler = places.code["switcher"], places.data["scheduler"]
    threads = list(places.trusted_stacks.values())
    for place, cap in held(booted):
        base, top = cap.bounds()
        permissions = cap.permissions
        if permissions & Perm.SR:
            assert switcher[0] <= base and top <= sum(switcher), (place, cap)
            assert not permissions & Perm.GL, (place, cap)
        if permissions & Perm.SL and permissions & Perm.GL:
            is_handle = cap.otype == 10 and (inside(place, scheduler) or inside(place, places.boot_stack))
            assert is_handle or place == "special register 29", (place, cap)
            assert (base, top - base) in [*threads, places.boot_trusted_stack], (place, cap)
        if permissions & (Perm.SE | Perm.US):
            assert inside(place, switcher) or any(
                inside(place, places.code[name]) for name in ("allocator", "token")
            ), (place, cap)


def test_boot_memory_is_erased(booted, system):
    """The loader, the header and the tables it used are gone; the heap is all zeros, untagged."""
    ram = booted.memory.blocks["ram"]
    start, size = system.places.heap
    end = max(start + size, system.places.end)
    assert start <= system.places.code["loader"][0] and sum(system.places.code["loader"]) <= end
    assert not any(ram.lines[(start - ram.base) // 8 : (end - ram.base) // 8])


def test_import_tables_hold_exactly_what_is_listed(booted, system):
    """Each import slot is one capability, derived as its kind says, and no slot is left as data."""
    ram = booted.memory.blocks["ram"]
    for name, slots in system.slots.items():
        if name == "switcher":
            continue
        start = system.places.code[name][0] + 8 * len(KEYS.get(name, ()))
        for index in range(1 + len(slots)):
            cap = capability(ram.lines[(start + 8 * index - ram.base) // 8])
            assert cap.tag, (name, index)
            if index == 0:
                assert (cap.otype, cap.permissions & (Perm.SR | Perm.GL)) == (2, Perm.SR), name
                assert cap.address == system.linked["switcher"].find("switcher_call").address


KEYS = {"token": range(3), "allocator": range(2)}


def test_hello_on_the_golden_machine(system):
    result = run_model(SAFE, program(system), max_cycles=100_000)
    assert (result.verdict, result.program_code, result.console) == (Verdict.EXIT, 0, CONSOLE)


@pytest.mark.sim
def test_hello_on_the_core(system, tmp_path):
    with Simulator(build_soc(SAFE), tmp_path) as simulator:
        result = run_rtl(simulator, SAFE, program(system), max_cycles=100_000)
    assert (result.verdict, result.program_code, result.console) == (Verdict.EXIT, 0, CONSOLE), result.difference
    assert result.checked == result.instructions and result.state_compared
