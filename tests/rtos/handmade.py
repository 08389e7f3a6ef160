"""Systems for the switcher made by hand: what the loader would leave in memory, on the golden machine, no loader run.

Code of compartments is assembly text; import slot k is at `imports + 8 * k`, and slot 0 is the switcher. The machine
starts where the switcher resumes the first thread.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cosim.toolchain.assembler import assemble, assemble_file
from cosim.toolchain.image import Image
from cosim.toolchain.linker import link
from cosim.toolchain.objectfile import Object
from cosim.toolchain.program import INCLUDE, platform_constants
from cosim.toolchain.system import header
from rtl.config import SAFE, Region
from rtl.isa.csr import CSR_BY_NAME, INTERRUPT_BITS, SCRS
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING, Cap, Perm
from rtos_model.machine.interrupts import TIMER
from rtos_model.machine.machine import Machine
from rtos_model.machine.value import capability, number

SWITCHER = Path(__file__).parents[2] / "cosim/firmware/rtos/switcher"
STACK, GLOBALS = Perm(0x7E), Perm(0x6F)
CODE = ROOT_EXECUTABLE.permissions & ~Perm.SR
SWITCHER_CODE = ROOT_EXECUTABLE.permissions & ~Perm.GL
SENTRY_DISABLE, SENTRY_INHERIT, RETURN_DISABLE = 2, 1, 4
OTYPE_EXPORT, OTYPE_THREAD = 9, 10
ENABLED, DISABLED = 8, 16
FRAMES, FRAME, HAZARDS = 168, 24, 16
UNIT_BYTES, DATA_BYTES, STACK_BYTES = 0x400, 0x80, 0x400
WINDOW = 0x800
"""Code is aligned so that the bounds of a unit's PCC, moved to the switcher, look like the switcher's."""

PRELUDE = """
.macro import register, slot
9: auipcc \\register, 0
  clc  \\register, (imports + 8 * (\\slot) - 9b)(\\register)
.endm
.macro cross_call slot
  import ct1, \\slot
  import ct2, 0
  cjalr ct2
.endm
.macro library_call slot
  import ct2, \\slot
  cjalr ct2
.endm
.section .text.start, "ax"
imports: .zero 64
.text
"""

SCHEDULER = """
# Keeps the idle handle out of it: resumes the thread that entered; ends the run with code 0 when a thread exits.
exception_entry:
  li    t0, 24
  beq   a1, t0, 1f
  cret
1:
  import ct0, 1
  sw    zero, 0(ct0)
2: cj   2b
"""


@dataclass
class Unit:
    """A compartment: exports are (name, flags and arguments, minimum stack); imports are "unit.export" for slots 1.."""

    code: str
    exports: tuple[tuple[str, int, int], ...] = ()
    imports: tuple[str, ...] = ()
    handler: str | None = None
    stackless: str | None = None
    image: Image = None
    base: int = 0
    data: Cap = None
    table: Cap = None


@dataclass
class Thread:
    entry: str
    frames: int = 4
    stack: int = STACK_BYTES
    enabled: bool = True
    trusted: Cap = None
    stack_cap: Cap = None
    hazards: int = 0


@lru_cache
def assembled_switcher(folder: Path) -> Object:
    return assemble_file(folder / "switcher.S", (), header.constants())


class HandMade:
    """`units` by name; "scheduler" is added unless given. The first thread is resumed at the start.

    `folder` has the switcher's sources.
    """

    def __init__(self, units: dict[str, Unit], threads: list[Thread], folder: Path = SWITCHER):
        self.units = {"scheduler": Unit(SCHEDULER, imports=("exit",)), **units}
        self.threads = threads
        self.machine = Machine(SAFE)
        self.next = SAFE.ram.base
        self.switcher = self._place(assembled_switcher(folder), 0x800)
        self.switcher_pcc = self._code(self.switcher[1], 0x800, SWITCHER_CODE)
        for unit in self.units.values():
            self._unit(unit)
        for unit in self.units.values():
            self._imports(unit)
        for number_, thread in enumerate(threads, 1):
            self._thread(thread, number_)
        self._start()

    # Layout

    def take(self, size: int, align: int = 16) -> int:
        start = -(-self.next // align) * align
        self.next = start + size
        return start

    def _place(self, obj, size: int) -> tuple[Image, int]:
        base = self.take(size, WINDOW)
        image = link([obj], Region(base=base, size=size), base=base, entry=next(iter(obj.symbols)))
        for segment in image.segments():
            self.machine.memory.place(segment.address, segment.data)
        return image, base

    @staticmethod
    def _code(base: int, size: int, permissions: Perm) -> Cap:
        return ROOT_EXECUTABLE.with_address(base).with_bounds(size, exact=True).with_permissions(permissions)

    @staticmethod
    def memory_cap(base: int, size: int, permissions: Perm) -> Cap:
        return ROOT_MEMORY.with_address(base).with_bounds(size, exact=True).with_permissions(permissions)

    def put(self, address: int, value: Cap | int) -> None:
        """A capability or a 64-bit number at a multiple of 8."""
        block = self.machine.memory.block_at(address)
        block.lines[(address - block.base) // 8] = value if isinstance(value, int) else number(value)

    def get(self, address: int) -> Cap:
        block = self.machine.memory.block_at(address)
        return capability(block.lines[(address - block.base) // 8])

    def bytes_at(self, address: int, size: int) -> bytes:
        return b"".join(self.machine.memory.load(at, 1).to_bytes(1, "little") for at in range(address, address + size))

    # Parts

    def _unit(self, unit: Unit) -> None:
        obj = assemble(PRELUDE + unit.code, "<unit>", (INCLUDE,), platform_constants(SAFE))
        unit.image, unit.base = self._place(obj, UNIT_BYTES)
        unit.pcc = self._code(unit.base, UNIT_BYTES, CODE)
        unit.data = self.memory_cap(self.take(DATA_BYTES), DATA_BYTES, GLOBALS)
        size = 20 + 4 * len(unit.exports)
        start = self.take(size)
        unit.table = self.memory_cap(start, size, GLOBALS)
        offset = {name: unit.image.symbol(name) - unit.base for name, _, _ in unit.exports}
        handlers = [unit.image.symbol(name) - unit.base if name else 0xFFFF for name in (unit.handler, unit.stackless)]
        content = bytes(16) + b"".join(h.to_bytes(2, "little") for h in handlers)
        for name, flags, stack in unit.exports:
            content += offset[name].to_bytes(2, "little") + bytes([stack // 8, flags])
        self.machine.memory.place(start, content)
        self.put(start, unit.pcc)
        self.put(start + 8, unit.data)

    def export(self, name: str) -> Cap:
        """The unsealed capability to an export entry, as `unit.export`."""
        unit, _, entry = name.partition(".")
        table = self.units[unit].table
        index = [export[0] for export in self.units[unit].exports].index(entry)
        return table.with_address(table.address + 20 + 4 * index)

    def _imports(self, unit: Unit) -> None:
        entry = self.switcher_pcc.with_address(self.switcher[0].symbol("switcher_call"))
        self.put(unit.base, entry.seal(ROOT_SEALING.with_address(SENTRY_DISABLE)))
        for slot, name in enumerate(unit.imports, 1):
            self.put(unit.base + 8 * slot, self._import(name))

    def _import(self, name: str) -> Cap:
        if name == "exit":
            return self.memory_cap(SAFE.map()["simctl"].base, 64, Perm.GL | Perm.SD | Perm.LD)
        kind, _, rest = name.partition(":")
        if kind == "lib":
            helper = self.switcher_pcc.with_address(self.switcher[0].symbol(rest))
            return helper.seal(ROOT_SEALING.with_address(SENTRY_DISABLE))
        return self.export(name).seal(ROOT_SEALING.with_address(OTYPE_EXPORT))

    def _thread(self, thread: Thread, number_: int) -> None:
        size = FRAMES + FRAME * (1 + thread.frames)
        start = self.take(size)
        thread.trusted = self.memory_cap(start, size, ROOT_MEMORY.permissions)
        stack = self.take(thread.stack, 128)
        thread.stack_cap = self.memory_cap(stack, thread.stack, STACK)
        thread.stack_cap = thread.stack_cap.with_address(stack + thread.stack - 16)
        thread.hazards = self.take(HAZARDS)
        unit = self.units[thread.entry.partition(".")[0]]
        symbol = unit.image.symbol(thread.entry.partition(".")[2])
        back = self.switcher_pcc.with_address(self.switcher[0].symbol("switcher_return"))
        slots = {
            0: unit.pcc.with_address(symbol),
            8: back.seal(ROOT_SEALING.with_address(RETURN_DISABLE)),
            16: thread.stack_cap,
            24: unit.data,
            128: self.memory_cap(thread.hazards, HAZARDS, Perm.SD | Perm.MC),
            136: 0x1800 | (0x80 if thread.enabled else 0),
            144: thread.stack_cap.address | stack << 32,
            152: (FRAMES + FRAME) | number_ << 16,
            FRAMES: thread.stack_cap,
            FRAMES + 8: self.export(thread.entry),
        }
        for offset, value in slots.items():
            self.put(start + offset, value)

    def _start(self) -> None:
        machine, switcher = self.machine, self.switcher[0]
        scheduler = self.units["scheduler"]
        stack = self.memory_cap(self.take(STACK_BYTES, 128), STACK_BYTES, STACK)
        keys = switcher.symbol("switcher_keys")
        sealing = Perm.GL | Perm.SE | Perm.US
        self.put(keys, ROOT_SEALING.with_address(OTYPE_THREAD).with_bounds(1).with_permissions(sealing))
        self.put(keys + 8, ROOT_SEALING.with_address(OTYPE_EXPORT).with_bounds(1).with_permissions(Perm.GL | Perm.US))
        entry = scheduler.pcc.with_address(scheduler.image.symbol("exception_entry"))
        self.put(switcher.symbol("switcher_scheduler_pcc"), entry)
        self.put(switcher.symbol("switcher_scheduler_cgp"), scheduler.data)
        self.put(switcher.symbol("switcher_scheduler_csp"), stack.with_address(stack.address + STACK_BYTES - 16))
        self.scheduler_stack = stack
        entry = self.switcher_pcc.with_address(switcher.symbol("switcher_exception"))
        machine.scrs[SCRS["mtcc"]] = number(entry)
        trusted = self.threads[0].trusted
        machine.scrs[SCRS["mtdc"]] = number(trusted)
        machine.scrs[SCRS["mscratchc"]] = 0
        machine.registers[2] = number(trusted)
        machine.registers[5] = number(self.get(trusted.address))
        machine.install(number(self.switcher_pcc))
        machine.pc = switcher.symbol("resume")

    # Running

    def address(self, label: str) -> int:
        """Of a label of the switcher, or of a unit as `unit.label`."""
        unit, dot, name = label.partition(".")
        return self.units[unit].image.symbol(name) if dot else self.switcher[0].symbol(label)

    def until(self, *labels: str, limit: int = 20_000) -> str:
        """Run to the next time that one of the labels is about to be executed; returns which."""
        wanted = {self.address(label): label for label in labels}
        for _ in range(limit):
            self.machine.run(1)
            if self.machine.pc in wanted:
                return wanted[self.machine.pc]
            assert not self.machine.lockup, "the machine locked up"
        raise AssertionError(f"none of {labels} was reached; at {self.machine.pc:#x}")

    def run(self, limit: int = 200_000) -> int:
        """Run to the end; the exit code."""
        self.machine.run(limit)
        assert self.machine.platform.exit_code is not None, f"no exit; at {self.machine.pc:#x}"
        return self.machine.platform.exit_code

    def register(self, name: str) -> Cap:
        return capability(self.machine.registers[REGISTERS.index(name)])

    def set(self, **registers: Cap | int) -> None:
        for name, value in registers.items():
            self.machine.registers[REGISTERS.index(name)] = value if isinstance(value, int) else number(value)

    def numbers(self, *names: str) -> tuple[int, ...]:
        """Registers as signed integers."""
        values = [self.machine.registers[REGISTERS.index(name)] & 0xFFFF_FFFF for name in names]
        return tuple(value - (value >> 31 << 32) for value in values)

    def fill(self, *names: str) -> None:
        """Put a capability of its own into each register."""
        for index, name in enumerate(names):
            cap = self.memory_cap(SAFE.ram.base + 0x8000 + 16 * index, 16, GLOBALS)
            self.machine.registers[REGISTERS.index(name)] = number(cap)

    def dirty(self, thread: Thread, below: int, size: int) -> None:
        """What the thread's own stores below an address would leave: contents, and a lower high-water mark."""
        for address in range(below - size, below, 8):
            self.put(address, 0xDEAD_BEEF_0BAD_CAFE)
        self.machine.csrs.mark = min(self.machine.csrs.mark, below - size)

    def lines(self, start: int, end: int) -> list[int]:
        """Memory with its tags."""
        block = self.machine.memory.block_at(start)
        return block.lines[(start - block.base) // 8 : (end - block.base) // 8]

    def interrupt(self) -> None:
        """One of the timer's, before the next instruction; up to where the scheduler is entered."""
        mie = CSR_BY_NAME["mie"].number
        self.machine.csrs.write(mie, 1 << INTERRUPT_BITS["timer"])
        self.machine.drive(TIMER)
        self.machine.run(1)
        self.machine.csrs.write(mie, 0)
        self.machine.drive(0)
        self.until("observe_schedule")

    def jump(self, register: str) -> None:
        """What `cjalr` does with a register's capability, a return sentry also."""
        cap = self.register(register)
        self.machine.csrs.mie = {4: 0, 5: 1}.get(cap.otype, self.machine.csrs.mie)
        self.machine.install(number(cap.unseal(ROOT_SEALING.with_address(cap.otype))))
        self.machine.pc = cap.address

    @staticmethod
    def sealed(cap: Cap, otype: int) -> Cap:
        return cap.seal(ROOT_SEALING.with_address(otype))

    @property
    def enabled(self) -> bool:
        """Interrupts."""
        return bool(self.machine.csrs.mie)


REGISTERS = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5".split()
ARGUMENTS = "a0 a1 a2 a3 a4 a5 t0".split()
