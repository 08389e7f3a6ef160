"""Boot: what the loader leaves in registers and memory, and a whole system on the golden machine and on the core."""

import shutil

import pytest

from cosim.run import Verdict, golden_machine, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.program import FIRMWARE
from cosim.toolchain.system.header import LOADER_KEYS
from cosim.toolchain.system.sources import firmware_sources
from cosim.toolchain.system.units import Source
from rtl.config import SAFE
from rtl.isa.csr import SCRS
from rtos_model.machine.capability import Cap, Perm
from rtos_model.machine.value import TAG, capability
from tests.rtos.handmade import GLOBALS, STACK
from tests.rtos.hello import hello_system, program

CONSOLE = b"console started\n" + b"hello from thread 1\nhello from thread 2\n" * 3
WHOLE = 1 << 24
"""Bytes that nothing but a root spans on this system: its RAM and its largest device are smaller."""
MTDC = "special register 29"


@pytest.fixture(scope="module")
def system():
    return hello_system()


@pytest.fixture(scope="module")
def booted(system):
    return boot(system)


def boot(system):
    """The golden machine when the first thread has just been resumed."""
    machine = golden_machine(SAFE, program(system))
    entry = system.function("main", "run")
    for _ in range(100_000):
        machine.run(1)
        if machine.pc == entry:
            return machine
    raise AssertionError(f"no thread is run: {bytes(machine.platform.console)!r}")


def held(machine) -> list[tuple[str, Cap]]:
    """Every tagged capability: where it is, and what it is."""
    found = [(f"register {index}", value) for index, value in enumerate(machine.registers)]
    found += [(f"special register {index}", value) for index, value in machine.scrs.items()]
    for name, block in machine.memory.blocks.items():
        found += [(f"{name} {block.base + 8 * at:#x}", value) for at, value in enumerate(block.lines)]
    return [(place, capability(value)) for place, value in found if value >= TAG]


def inside(place: str, extent: tuple[int, int]) -> bool:
    kind, _, address = place.partition(" ")
    return kind == "ram" and extent[0] <= int(address, 0) < sum(extent)


def within(cap: Cap, extent: tuple[int, int]) -> bool:
    base, top = cap.bounds()
    return extent[0] <= base and top <= sum(extent)


def check_no_root(machine, system):
    """CP-40: no register and no memory holds a root, nor anything that spans nearly as much."""
    found = held(machine)
    assert len(found) > 40
    for place, cap in found:
        base, top = cap.bounds()
        if cap.permissions & (Perm.SE | Perm.US):
            assert top - base <= 2 or (base, top) == (0x0100_0000, 1 << 32), (place, cap)
        else:
            assert top - base < WHOLE, (place, cap)
    assert machine.scrs[SCRS["mscratchc"]] == 0


def check_system_registers(machine, system):
    """Only the switcher may access them, and nothing of it is global (E-SW-6)."""
    switcher = system.places.code["switcher"]
    for place, cap in held(machine):
        if cap.permissions & Perm.SR:
            assert within(cap, switcher), (place, cap)
            assert not cap.permissions & Perm.GL, (place, cap)
        elif cap.permissions & Perm.EX:
            assert not within(cap, switcher), (place, cap)


def check_store_local(machine, system):
    """CP-40, SG-20: stacks are local, and only the switcher has what is both global and for local capabilities."""
    places = system.places
    trusted = [*places.trusted_stacks.values(), places.boot_trusted_stack]
    for place, cap in held(machine):
        base, top = cap.bounds()
        if cap.permissions & Perm.SL and cap.permissions & Perm.GL:
            keeper = inside(place, places.data["scheduler"]) or inside(place, places.boot_stack)
            assert place == MTDC or (cap.otype == 10 and keeper), (place, cap)
            assert (base, top - base) in trusted, (place, cap)
        elif cap.permissions & Perm.SL:
            assert any(within(cap, extent) for extent in (*places.stacks.values(), places.boot_stack)), (place, cap)


def check_keys(machine, system):
    """CP-41: keys are the switcher's, the token library's and the allocator's, each with the types that are theirs."""
    places = system.places
    wanted = {"switcher": {(10, 11, Perm.SE | Perm.US), (9, 10, Perm.US)}}
    wanted["token"] = {(11, 13, Perm.SE | Perm.US), (12, 13, Perm.US), (11, 12, Perm.US)}
    wanted["allocator"] = {(11, 12, Perm.SE | Perm.US), (0x0100_0000, 1 << 32, Perm.SE | Perm.US)}
    found = {name: set() for name in wanted}
    for place, cap in held(machine):
        if cap.permissions & (Perm.SE | Perm.US):
            owner = next((name for name in wanted if inside(place, places.code[name])), None)
            assert owner is not None, (place, cap)
            found[owner].add((*cap.bounds(), cap.permissions & ~Perm.GL))
    assert found == wanted


def check_erased(machine, system):
    """The loader, the header and the tables it used are gone; the heap is all zeros, untagged."""
    ram = machine.memory.blocks["ram"]
    start, size = system.places.heap
    end = max(start + size, system.places.end)
    assert start <= system.places.code["loader"][0] and sum(system.places.code["loader"]) <= end
    assert not any(ram.lines[(start - ram.base) // 8 : (end - ram.base) // 8])
    stack, size = system.places.boot_stack
    first, last = (stack - ram.base) // 8, (stack + size - 16 - 16 * len(system.places.stacks) - ram.base) // 8
    assert not any(line >= TAG and capability(line).otype == 0 for line in ram.lines[first:last])


def check_imports(machine, system):
    """Each import slot is one capability with the rights that are listed, and no slot is left as data."""
    ram = machine.memory.blocks["ram"]
    call = system.linked["switcher"].find("switcher_call").address
    for name, slots in system.slots.items():
        if name == "switcher":
            continue
        start = system.places.code[name][0] + 8 * len(LOADER_KEYS.get(name, ()))
        caps = [capability(ram.lines[(start + 8 * index - ram.base) // 8]) for index in range(1 + len(slots))]
        assert all(cap.tag for cap in caps), name
        assert (caps[0].otype, caps[0].address) == (2, call), name
        for cap, slot in zip(caps[1:], slots, strict=True):
            kind = type(slot.wanted).__name__
            if kind == "DeviceImport":
                letters = {"R": Perm.LD, "W": Perm.SD, "c": Perm.MC, "m": Perm.LM, "g": Perm.LG}
                rights = Perm.GL
                for letter in slot.wanted.permissions:
                    rights |= letters[letter]
                assert (cap.permissions, cap.otype) == (rights, 0), (name, slot)
            elif kind == "FunctionImport" and not slot.by_sentry:
                assert (cap.permissions, cap.otype) == (GLOBALS & ~Perm.SD, 9), (name, slot)
                assert cap.bounds()[0] == system.places.exports[slot.wanted.provider][0]
            elif kind == "FunctionImport":
                assert cap.otype in (1, 2, 3) and within(cap, system.places.code[slot.wanted.provider]), (name, slot)


def check_globals(machine, system):
    """The loader points each CGP to where the linker counted from: what is beside it is what the code means."""
    ram = machine.memory.blocks["ram"]
    for name, (start, _) in system.places.exports.items():
        cgp = capability(ram.lines[(start + 8 - ram.base) // 8])
        if system.linked[name].data[1] and name in system.places.data:
            assert cgp.bounds() == (system.places.data[name][0], sum(system.places.data[name])), name
            assert cgp.address == system.linked[name].globals_pointer, name


def check_threads(machine, system):
    """TH-4, TH-5 and the layout of a trusted stack: what the second thread, which has not run yet, starts with."""
    ram = machine.memory.blocks["ram"]
    start, size = system.places.trusted_stacks["second"]
    stack, length = system.places.stacks["second"]

    def at(offset):
        return capability(ram.lines[(start + offset - ram.base) // 8])

    def word(offset):
        return machine.memory.load(start + offset, 4)

    code = system.places.code["main"]
    assert within(at(0), code) and at(0).address == system.function("main", "run") and at(0).permissions & Perm.EX
    assert (at(8).otype, at(8).address) == (4, system.linked["switcher"].find("switcher_return").address)
    assert at(16) == at(168) and at(16).permissions == STACK
    assert (at(16).bounds(), at(16).address) == ((stack, stack + length), stack + length - 16)
    assert (at(128).permissions, at(128).length) == (Perm.SD | Perm.MC, 16)
    assert at(128).address == system.places.shared["allocator_hazard_pointers"][0] + 16
    assert [word(offset) for offset in (136, 144, 148)] == [0x1880, stack + length - 16, stack]
    assert word(152) == 192 | 2 << 16
    assert at(176).bounds()[0] == system.places.exports["main"][0]
    assert size == 168 + 24 * (1 + 2)


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_after_boot(check, booted, system):
    check(booted, system)


def test_hello_on_the_golden_machine(system):
    result = run_model(SAFE, program(system), max_cycles=100_000)
    assert (result.verdict, result.program_code, result.console) == (Verdict.EXIT, 0, CONSOLE)


@pytest.mark.sim
def test_hello_on_the_core(system, tmp_path):
    with Simulator(build_soc(SAFE), tmp_path) as simulator:
        result = run_rtl(simulator, SAFE, program(system), max_cycles=100_000)
    assert (result.verdict, result.program_code, result.console) == (Verdict.EXIT, 0, CONSOLE), result.difference
    assert result.checked == result.instructions and result.state_compared


# Mistakes of a loader, made on purpose: file, what stands there, what instead, the check that must notice.

FAULTS = {
    "switcher is global": ("loader.h", "PERM_SWITCHER 0x1EA", "PERM_SWITCHER 0x1EB", check_system_registers),
    "code may access system registers": ("loader.h", "PERM_CODE 0x16B", "PERM_CODE 0x1EB", check_system_registers),
    "stacks are global": ("loader.h", "PERM_STACK 0x07E", "PERM_STACK 0x07F", check_store_local),
    "globals hold local capabilities": ("loader.h", "PERM_GLOBALS 0x06F", "PERM_GLOBALS 0x07F", check_store_local),
    "hazard slots can be read": ("loader.h", "PERM_HAZARDS 0x044", "PERM_HAZARDS 0x064", check_threads),
    "export tables can be written": ("loader.h", "PERM_EXPORTS 0x06B", "PERM_EXPORTS 0x06F", check_imports),
    "unsealing keys seal": ("loader.h", "PERM_KEY_UNSEAL 0x201", "PERM_KEY_UNSEAL 0x601", check_keys),
    "allocator seals static tokens": (
        "keys.c",
        "PRIVILEGED_ALLOCATOR, 0, key_for(loader, OTYPE_TOKEN_DYNAMIC, 1",
        "PRIVILEGED_ALLOCATOR, 0, key_for(loader, OTYPE_TOKEN_DYNAMIC, 2",
        check_keys,
    ),
    "sealing root stays": ("start.S", "cspecialrw ca4, mscratchc, ct0", "cspecialr ca4, mscratchc", check_no_root),
    "boot code is unbounded": ("start.S", "carve cs1, ca3, _start, __start_end", "cmove cs1, ca3", check_no_root),
    "boot stack stays": ("start.S", "zero_stack ca1, sp, t0", "nop", check_no_root),
    "idle loop keeps its rights": ("start.S", "restrict ca0, PERM_LOADER", "nop", check_system_registers),
    "loader stays": ("start.S", "mv    a1, a2", "nop", check_erased),
    "heap not erased": ("start.S", "csc   cnull, 16(ca0)", "nop", check_erased),
    "more than is asked for": (
        "imports.c",
        "found = CHERI_PERM_GLOBAL",
        "found = CHERI_PERM_GLOBAL | CHERI_PERM_LOAD",
        check_imports,
    ),
    "device rights": ("imports.c", "if (bits & IMPORT_STORE)", "if (bits & IMPORT_LOAD)", check_imports),
    "one stack's mark for another": (
        "threads.c",
        "context->mshwmb = stack->start",
        "context->mshwmb = 0",
        check_threads,
    ),
    "same slots for all": ("threads.c", "HAZARD_BYTES * index", "0 * index", check_threads),
    "first frame without a stack": ("threads.c", "context->first.csp = csp;", "", check_threads),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_noticed(fault, tmp_path):
    file, old, new, check = FAULTS[fault]
    folder = tmp_path / "loader"
    for name in ("loader", "switcher"):
        shutil.copytree(FIRMWARE / "rtos" / name, tmp_path / name)
    text = (folder / file).read_text()
    assert text.count(old) == 1, "the edit must fit the source"
    (folder / file).write_text(text.replace(old, new))
    sources = [
        Source(folder / source.path.name) if file in ("loader.h", source.path.name) else source
        for source in firmware_sources("loader")
    ]
    broken = hello_system(loader=sources)
    with pytest.raises(AssertionError):
        check(boot(broken), broken)
