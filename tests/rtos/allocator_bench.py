"""The allocator's firmware alone on the golden machine: the test is its caller, its switcher and its scheduler.

The units are the shipped ones, compiled for the compartment; their import slots are filled in by hand. A call of an
entry runs on a stack of exactly the entry's minimum, so that needing more ends in a trap. Calls of the scheduler stop
the machine; the test answers them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosim.toolchain.assembler import assemble, assemble_file
from cosim.toolchain.cc.compiler import Compiled, compile_file
from cosim.toolchain.cc.driver import FIRMWARE, INCLUDE, RUNTIME
from cosim.toolchain.image import Image
from cosim.toolchain.linker import link
from rtl.config import SAFE, Region
from rtl.isa.csr import CSR_BY_NAME, SCRS
from rtos_model.machine.capability import NULL, ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING, Cap, Perm
from rtos_model.machine.devices.device import Device
from rtos_model.machine.machine import Machine
from rtos_model.machine.value import capability, number
from rtos_model.services import registry

RTOS = FIRMWARE / "rtos"
ALLOCATOR = RTOS / "allocator"
HEAP, STATICS, STACK = 0x2006_0000, 0x2007_0000, 0x2007_8000
STACK_SIZE = 0x1000
EVENTS, REVOKER, BITMAP = 0x2F00_0000, 0x1400_0000, 0x200F_E000
GLOBAL, STACKED = Perm(0x6F), Perm(0x7E)
SENTRY_INHERIT, SENTRY_DISABLE, SENTRY_RETURN = 1, 2, 4
MALLOC_KEY = 16
DEFINES = {
    "CPU_TIMER_HZ": "100000",
    "TICK_RATE_HZ": "10",
    "CONFIG_THREADS_NUM": "2",
    "REVOCABLE_MEMORY_START": hex(SAFE.heap.base),
}
RAX, ARGUMENTS, TARGET, CSP, CGP = 1, (10, 11, 12, 13, 14, 15, 5), 6, 2, 3
CHUNK = 400
LIMIT = 400_000
LIBRARY_STACK = 512

SWITCHER = """
	.section .text.bench,"ax",@progbits
	.globl _start, bench_switcher, bench_returned, bench_trapped, bench_thread_id, bench_hazard_slots
	.p2align 2
_start:
bench_trapped: cj bench_trapped
bench_switcher: cj bench_switcher
bench_returned: cj bench_returned
bench_thread_id:
	li a0, 1
	cret
bench_hazard_slots:
1:	auipcc ca0, %cheriot_compartment_hi(bench_slots)
	clc ca0, %cheriot_compartment_lo_i(1b)(ca0)
	cret
	.section .rodata.slots,"a",@progbits
	.p2align 3
"""


@dataclass
class Trapped(Exception):
    cause: int
    value: int
    pc: str

    def __str__(self) -> str:
        return f"trap {self.cause}, mtval {self.value:#x} at {self.pc}"


class Events(Device):
    """The event window; a record is the words of its slots, of which the addresses of capabilities are kept."""

    def __init__(self):
        self.slots = [0] * 7
        self.records: list[tuple[int, list[int]]] = []

    def write(self, offset: int, value: int, mask: int) -> None:
        if offset == 0x38:
            self.records.append((value, self.slots))
            self.slots = [0] * 7
        elif offset < 0x38 and offset % 8 == 0:
            self.slots[offset // 8] = value


@dataclass
class Built:
    """The linked units, and the minimum stacks that their sources state."""

    image: Image
    stacks: dict[str, int]


@cache
def _compiled(path: Path, owner: str, kind: str, folder: Path) -> Compiled:
    return compile_file(path, [folder, RTOS / "include", INCLUDE], DEFINES | {f"REVOKER_{kind}": "1"}, owner)


@cache
def build(kind: str, heap_size: int, folder: Path = ALLOCATOR) -> Built:
    """The allocator's units, from its folder or a copy of it, with a slot for every import."""
    sources = [(path, "allocator") for path in sorted(folder.glob("*.c"))]
    sources.append((folder.parent / "compartment_helpers" / "claim.c", "compartment_helpers"))
    sources.append((RUNTIME / "integer.c", "allocator"))
    units = [(_compiled(path, owner, kind, folder), path) for path, owner in sources]
    objects = [assemble(unit.assembly, str(path)) for unit, path in units]
    objects.append(assemble_file(RTOS / "token" / "token.S"))
    wanted = {name for obj in objects for name, symbol in obj.symbols.items() if symbol.value is None}
    slots = "".join(f"{name}: .zero 8\n\t.globl {name}\n" for name in sorted(wanted) if name.startswith("__import."))
    # So much to sweep never comes to an end: the test says when.
    symbols = {"__heap_start": HEAP, "__heap_end": HEAP + heap_size, "__revocation_start": 0}
    absolute = "".join(f"\t.globl {n}\n\t.set {n}, {value:#x}\n\t.size {n}, 0\n" for n, value in symbols.items())
    objects.append(assemble(SWITCHER + "bench_slots: .zero 8\n" + slots + absolute, "bench.S"))
    stacks = {one.name: one.attributes.minimum_stack or 0 for unit, _ in units for one in unit.functions if one.defined}
    return Built(link(objects, SAFE.ram, base=SAFE.ram.base), stacks)


def memory(start: int, length: int, permissions: Perm) -> Cap:
    return ROOT_MEMORY.with_address(start).with_bounds(length, exact=True).with_permissions(permissions)


def sealing(start: int, length: int) -> Cap:
    key = ROOT_SEALING.with_address(start).with_bounds(length, exact=True)
    return key.with_permissions(Perm.GL | Perm.SE | Perm.US)


Answer = Callable[[str, list[Cap]], Cap | int]


class Bench:
    """`answer(entry, arguments)` is the scheduler: it returns the result of a call. Quotas by name, in bytes."""

    def __init__(self, quotas: dict[str, int], *, heap_size: int = 4096, kind: str = "INTERRUPT", folder=ALLOCATOR):
        self.built = build(kind, heap_size, folder)
        self.image = image = self.built.image
        self.symbols = {symbol.name: symbol.address for symbol in image.symbols}
        self.machine = Machine(SAFE, [(s.address, s.data) for s in image.segments()], entry=image.entry)
        self.events = Events()
        self.machine.memory.devices.append((Region(base=EVENTS, size=0x40), self.events))
        self.revoker = self.machine.platform.revoker
        self.heap_size = heap_size
        self.answer: Answer = lambda entry, arguments: 0
        self.used = STATICS
        self.quotas: dict[str, Cap] = {}
        self.bodies: dict[str, int] = {}
        self.hazards = self.take(32)
        self.epoch_word = self.take(4)
        self.time = self.take(8)
        for name, size in quotas.items():
            self.quotas[name] = self._quota(name, size)
        self._fill_slots()
        self.machine.scrs[SCRS["mtcc"]] = number(self._code("bench_trapped"))

    # ---------------------------------------------------------------------- memory

    def take(self, size: int) -> Cap:
        """Fresh global memory."""
        start, self.used = self.used, self.used + (size + 15 & -16)
        return memory(start, size, GLOBAL)

    def read(self, address: int, size: int = 4) -> int:
        return self.machine.memory.load(address, size)

    def write(self, address: int, value: int) -> None:
        self.machine.memory.store(address, 4, value)

    def read_cap(self, address: int) -> Cap:
        """As it would be loaded."""
        return self.filtered(capability(self.machine.memory.load_capability(address)))

    def write_cap(self, address: int, value: Cap) -> None:
        self.machine.memory.store_capability(address, number(value))

    def filtered(self, value: Cap) -> Cap:
        return capability(self.machine.load_filter.filtered(number(value)))

    def painted_granules(self) -> set[int]:
        """Granules of the heap, counted from its start, whose bit is set."""
        lines = self.machine.load_filter.bitmap.lines
        first = (HEAP - SAFE.heap.base) // 8
        words = range(first // 64, (first + self.heap_size // 8) // 64)
        return {64 * word + bit - first for word in words if lines[word] for bit in range(64) if lines[word] >> bit & 1}

    def _quota(self, name: str, size: int) -> Cap:
        whole = self.take(32)
        self.write(whole.address, MALLOC_KEY)
        self.write(whole.address + 8, size)
        self.bodies[name] = whole.address + 8
        return whole.with_address(whole.address + 15).seal(ROOT_SEALING.with_address(12))

    def finish_sweep(self) -> bool:
        """The revoker completes the running sweep, if one runs."""
        if not self.revoker.running:
            return False
        ram = self.machine.memory.blocks["ram"]
        for address in range(SAFE.ram.base, STACK + STACK_SIZE, 8):
            self.machine.load_filter.sweep(ram, address)
        self.revoker.finish()
        return True

    # ---------------------------------------------------------------------- imports

    def _code(self, name: str, sentry: int = 0) -> Cap:
        text = [section for section in self.image.sections if "w" not in section.flags]
        start, end = text[0].address, text[-1].end
        code = ROOT_EXECUTABLE.with_address(start).with_bounds(end - start)
        code = code.with_permissions(~Perm.SR & 0xFFF).with_address(self.symbols[name])
        return code.seal(ROOT_SEALING.with_address(sentry)) if sentry else code

    def _fill_slots(self) -> None:
        self.entries: dict[int, str] = {}
        fixed = {
            "mem.heap": memory(HEAP, self.heap_size, GLOBAL),
            "mem.shadow": memory(BITMAP, 0x1000, Perm.GL | Perm.LD | Perm.SD),
            "mem.revoker": memory(REVOKER, 0x20, Perm.GL | Perm.LD | Perm.SD),
            "mem.mtime.R": self.time.with_permissions(Perm.GL | Perm.LD),
            "mem.events.Wc": memory(EVENTS, 0x40, Perm.GL | Perm.SD | Perm.MC),
            "mem.allocator_epoch.RW": self.epoch_word.with_permissions(Perm.GL | Perm.LD | Perm.SD),
            "mem.allocator_epoch.R": self.epoch_word.with_permissions(Perm.GL | Perm.LD),
            "mem.allocator_hazard_pointers.Rc": self.hazards.with_permissions(Perm.GL | Perm.LD | Perm.MC),
            "key.MallocKey": sealing(MALLOC_KEY, 1).with_permissions(0xFFF),
            "loader.sealing_key_objects": sealing(11, 1),
            "loader.sealing_key_both": sealing(11, 2),
            "loader.sealing_key_dynamic_types": sealing(0x0100_0000, 0xFF00_0000),
            "sealed.allocator.revoker": NULL,
            "sealed.allocator.malloc": NULL,
            "switcher": self._code("bench_switcher", SENTRY_DISABLE),
            "sentry.thread_id_get": self._code("bench_thread_id", SENTRY_INHERIT),
            "sentry.switcher_thread_hazard_slots": self._code("bench_hazard_slots", SENTRY_INHERIT),
        }
        for symbol, address in self.symbols.items():
            if not symbol.startswith("__import."):
                continue
            name = symbol.removeprefix("__import.")
            if name in fixed:
                value = fixed[name]
            elif name.startswith("entry."):
                value = NULL.with_address(address)
                self.entries[address] = name.split(".")[-1]
            else:
                value = self._code(name.removeprefix("sentry."), SENTRY_DISABLE)
            self.write_cap(address, value)
        thread_slots = self.hazards.with_bounds(16).with_permissions(Perm.SD | Perm.MC)
        self.write_cap(self.symbols["bench_slots"], thread_slots)

    # ---------------------------------------------------------------------- calls

    def call(self, name: str, *arguments: Cap | int) -> Cap:
        """Call an entry, or a library function; its result. Raises Trapped."""
        entry = registry.ENTRIES[name]
        size = LIBRARY_STACK if entry.is_library else entry.export.min_stack or self.built.stacks[name]
        registers = self.machine.registers
        registers[:] = [0] * len(registers)
        top = STACK + STACK_SIZE // 2
        start, end = self.symbols["__globals_start"], self.symbols["__globals_end"]
        stack = memory(top - size, size, STACKED).with_address(top)
        registers[CSP] = number(stack)
        registers[CGP] = number(memory(start, end - start, GLOBAL).with_address(self.symbols["__globals_pointer"]))
        registers[RAX] = number(self._code("bench_returned", SENTRY_RETURN))
        for register, value in zip(ARGUMENTS, arguments, strict=False):
            registers[register] = number(value) if isinstance(value, Cap) else value & 0xFFFF_FFFF_FFFF_FFFF
        self._jump(self._code(name))
        done = 0
        while done < LIMIT:
            done += self.machine.run(CHUNK)
            if self.machine.pc == self.symbols["bench_returned"]:
                return capability(registers[10])
            if self.machine.pc == self.symbols["bench_switcher"]:
                self._switch(stack)
            elif self.machine.pc == self.symbols["bench_trapped"]:
                raise self._trapped()
        raise AssertionError(f"{name} does not return: pc {self.place(self.machine.pc)}")

    def _trapped(self) -> Trapped:
        cause, value = (self.machine.csrs.read(CSR_BY_NAME[name].number, 0) for name in ("mcause", "mtval"))
        return Trapped(cause, value, self.place(capability(self.machine.scrs[SCRS["mepcc"]]).address))

    def _jump(self, code: Cap) -> None:
        self.machine.install(number(code))
        self.machine.pc = code.address

    def _switch(self, stack: Cap) -> None:
        """A cross-compartment call: what the switcher and the callee make of the registers."""
        registers = self.machine.registers
        entry = self.entries[registers[TARGET] & 0xFFFF_FFFF]
        given = [self.filtered(capability(registers[n])) for n in ARGUMENTS]
        kept = {n: registers[n] for n in (RAX, CSP, CGP, 8, 9)}
        result = self.answer(entry, given)
        registers[:] = [0] * len(registers)
        for n, value in kept.items():
            registers[n] = number(self.filtered(capability(value)))
        registers[10] = number(result) if isinstance(result, Cap) else result & 0xFFFF_FFFF
        back = capability(kept[RAX])
        self.machine.set_interrupt_enable(int(back.otype in (3, 5)))
        self._jump(back.unseal(ROOT_SEALING.with_address(back.otype)))

    def place(self, at: int) -> str:
        names = [(a, n) for n, a in self.symbols.items() if a <= at and not n.startswith((".", "__"))]
        address, name = max(names)
        return f"{name}+{at - address}"
