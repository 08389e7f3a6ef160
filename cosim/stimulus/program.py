"""A random program: its items, its image, its listing, and how it runs on the golden machine."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cosim.stimulus.descriptors import Descriptor
from cosim.stimulus.frame import Frame
from cosim.stimulus.item import Item, wide
from rtl.isa.disassembler import disassemble
from rtl.isa.table import Unit
from rtos_model.machine.commit import unpack
from rtos_model.machine.instruction import decode
from rtos_model.machine.machine import Machine

EXIT_REGISTER = 5
"""The last jump goes through it; any would do but the link register."""
END_SIZE = 12
"""Bytes of the jump to the end, behind the items."""
MAX_STEPS = 200_000


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Words that the start-up code reads, in this order."""

    interval: int
    first_interrupt: int
    enabled: int
    mstatus: int
    mark: int
    limit: int

    def words(self) -> tuple[int, ...]:
        return self.interval, self.first_interrupt, self.enabled, self.mstatus, self.mark, self.limit


@dataclass(frozen=True, kw_only=True)
class RandomProgram:
    """Made from a seed for a system. `data` is what the data area holds at first."""

    seed: int
    frame: Frame
    parameters: Parameters
    descriptors: tuple[Descriptor, ...]
    data: bytes
    items: tuple[Item, ...]

    def with_items(self, items: tuple[Item, ...]) -> "RandomProgram":
        return replace(self, items=items)

    @property
    def entry(self) -> int:
        return self.frame.base

    def placed(self) -> Iterator[tuple[int, int, int, str]]:
        """(address, word, bytes, kind of item) of every instruction of the body."""
        address = self.frame.body
        for item in (*self.items, Item("end", ())):
            words = item.words(self.frame, address) if item.parts else self._end(address)
            for word, length in words:
                yield address, word, length, item.kind
                address += length

    def check_room(self) -> None:
        """Raise ValueError if the items do not fit into the body."""
        room = self.frame.body_end - self.frame.body - END_SIZE
        if sum(item.size for item in self.items) > room:
            raise ValueError(f"{len(self.items)} items do not fit into the body's {room} bytes; take fewer")

    def _end(self, address: int) -> Iterator[tuple[int, int]]:
        exit_at = self.frame.base + self.frame["FRAME"] + self.frame["EXIT"]
        yield from ((word, 4) for word in self.frame.load_from(EXIT_REGISTER, exit_at, address))
        yield wide("cjalr", 0, 0, EXIT_REGISTER).word, 4

    def body(self) -> bytes:
        self.check_room()
        return b"".join(word.to_bytes(length, "little") for _, word, length, _ in self.placed())

    def _tables(self) -> bytes:
        words = [*self.parameters.words(), len(self.descriptors)]
        words += [word for descriptor in self.descriptors for word in descriptor.words()]
        return b"".join(word.to_bytes(4, "little") for word in words)

    def image(self) -> bytes:
        """Everything, from the entry on."""
        parts = {0: self.frame.code, self.frame["PARAMETERS"]: self._tables()}
        parts |= {self.frame["BODY"]: self.body(), self.frame["DATA"]: self.data}
        image = bytearray(self.frame["DATA"] + len(self.data))
        for offset, content in parts.items():
            image[offset : offset + len(content)] = content
        return bytes(image)

    def listing(self) -> str:
        """Assembly source of the same image; instructions are words with their text beside them."""
        lines = [f"# Random program {self.seed} for profile {self.frame.config.name}: {len(self.items)} items."]
        lines += ['.include "random.inc"', "  .org PARAMETERS"]
        lines += [f"  .word {value:#010x}  # {name}" for name, value in self._named_parameters()]
        lines += [f"  .word {len(self.descriptors)}  # capabilities"]
        for descriptor in self.descriptors:
            lines.append("  .word " + ", ".join(f"{word:#x}" for word in descriptor.words()))
        lines.append("  .org BODY")
        before = None
        for address, word, length, kind in self.placed():
            if kind != before:
                lines.append(f"# {kind}")
            before = kind
            text = disassemble(word, address)
            lines.append(f"  .word {word:#010x}  # {text}" if length == 4 else f"  .half {word:#06x}      # {text}")
        lines.append("  .org DATA")
        for at in range(0, len(self.data), 16):
            row = self.data[at : at + 16]
            lines.append("  .byte " + ", ".join(f"{byte:#04x}" for byte in row))
        return "\n".join(lines) + "\n"

    def _named_parameters(self) -> Iterator[tuple[str, int]]:
        names = ("clocks between timer interrupts", "the first one", "mie", "mstatus", "mshwm", "mshwmb")
        return zip(names, self.parameters.words(), strict=True)

    def machine(self) -> Machine:
        return Machine(self.frame.config, [(self.entry, self.image())], entry=self.entry)


@dataclass
class Measure:
    """What a program did on the golden machine."""

    exit_code: int | None
    steps: int
    rows: Counter[str]
    causes: Counter[int]
    interrupts: int
    accesses: int
    tagged_accesses: int

    def add(self, other: "Measure") -> None:
        """Count what another program did, too."""
        self.steps += other.steps
        self.rows += other.rows
        self.causes += other.causes
        self.interrupts += other.interrupts
        self.accesses += other.accesses
        self.tagged_accesses += other.tagged_accesses

    @property
    def tagged_share(self) -> float:
        return self.tagged_accesses / max(self.accesses, 1)


def measure(program: RandomProgram, max_steps: int = MAX_STEPS) -> Measure:
    """Run to the end, counting. Accesses are loads and stores of the body, those that trap included."""
    machine = program.machine()
    frame = program.frame
    found = Measure(None, 0, Counter(), Counter(), 0, 0, 0)
    while machine.platform.exit_code is None and found.steps < max_steps and not machine.lockup:
        registers = machine.registers[:]
        fields = unpack(machine.step())
        found.steps += 1
        if fields["interrupt"]:
            found.interrupts += 1
            continue
        if fields["trap"]:
            found.causes[fields["cause"]] += 1
        if not frame.body <= fields["pc"] < frame.body_end:
            continue
        i = decode(fields["insn"], 2 if fields["compressed"] else 4, frame.config.core.extensions)
        if i.row is None:
            continue
        found.rows[i.row.name] += 1
        if i.row.unit in (Unit.LOAD, Unit.STORE):
            found.accesses += 1
            found.tagged_accesses += registers[i.rs1] >> 64
    found.exit_code = machine.platform.exit_code
    return found
