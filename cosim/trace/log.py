"""The commit log: a text file with one line per record, the same for the RTL and the golden machine.

Version 1. Lines that start with `#` are comments; the first one names the version. Every other line reads

    ORDER PC WORD TEXT | EFFECT EFFECT ...

ORDER counts the records from 0 (decimal). PC is 8 hexadecimal digits. WORD is the instruction in 8 or, if
compressed, 4 digits, and `-` where none was executed (interrupts, fetch faults). TEXT is the disassembly. Effects,
in this order, each present only if it happened; numbers are hexadecimal without prefix, a capability is
`TAG:METADATA:ADDRESS` (1, 8 and 8 digits):

    c10=1:7e3e0000:20040000     register c10 received this value
    R4@20041000=0000002a        so many bytes were read at this address; after eight bytes `:TAG` follows
    W8@20041008=...:1           the same for a write; a misaligned store that failed shows the bytes it wrote,
                                as `W` and a mask of bytes: `Wm0f@...`
    csr.mshwm=20041000          this CSR was written and now reads so
    scr.mtcc=1:...              this special capability register was written
    pcc=1:5e3e0000:20040000     PCC was installed by a jump through a register, mret or a trap
    trap=CHERI mtval=00000041 mepcc=1:5e3e0000
                                the instruction trapped: cause by name or number, mtval, and MEPCC's tag and metadata
    interrupt=timer mepcc=...    an interrupt was taken before the instruction at PC
    mie=1                       interrupt enable after the record, shown where it differs from the record before
    mshwm=20041000              stack high-water mark, likewise

There is no clock: two logs of one program are equal exactly when the two machines did the same.
"""

from collections.abc import Callable, Iterable
from typing import TextIO

from rtl.isa.csr import CSR_BY_NUMBER, INTERRUPT_BITS, SCR_BY_NUMBER
from rtl.isa.disassembler import disassemble
from rtl.isa.trap import Cause
from rtos_model.machine.commit import Record, unpack

VERSION = 1
INTERRUPT_BIT = 1 << 5
"""Of the record's cause: the interrupt bit of mcause."""
_INTERRUPT_NAMES = {bit: name for name, bit in INTERRUPT_BITS.items()}
_CAUSE_NAMES = {int(cause): cause.name for cause in Cause}


def capability(tag: int, metadata: int, address: int) -> str:
    return f"{tag}:{metadata:08x}:{address:08x}"


def cause_name(cause: int) -> str:
    """A trap or interrupt cause as a word; the number if it has none."""
    names = _INTERRUPT_NAMES if cause & INTERRUPT_BIT else _CAUSE_NAMES
    return names.get(cause & ~INTERRUPT_BIT, str(cause))


def executed(fields: dict[str, int]) -> bool:
    """Whether the record has an instruction: not if it is an interrupt or a fetch that faulted."""
    return not fields["interrupt"] and not (fields["trap"] and fields["insn"] == 0 and not fields["compressed"])


def instruction_text(fields: dict[str, int], names: Callable[[int], str | None] | None = None) -> str:
    """What was executed: the disassembly, or why nothing was. `names` finds names of branch targets."""
    if executed(fields):
        return disassemble(fields["insn"], fields["pc"], names)
    return "(interrupt)" if fields["interrupt"] else "(nothing fetched)"


def word_text(fields: dict[str, int]) -> str:
    return f"{fields['insn']:0{4 if fields['compressed'] else 8}x}" if executed(fields) else "-"


def effects(fields: dict[str, int], before: dict[str, int] | None = None) -> list[str]:
    """What the record changed, as in the log; `before` is the previous record's fields."""
    found = []
    if fields["rd"]:
        found.append(f"c{fields['rd']}={capability(fields['rd_tag'], fields['rd_meta'], fields['rd_address'])}")
    found += memory_effects(fields)
    if fields["csr_write"]:
        csr = CSR_BY_NUMBER.get(fields["csr"])
        found.append(f"csr.{csr.name if csr else format(fields['csr'], 'x')}={fields['csr_wdata']:08x}")
    if fields["scr_write"]:
        name = SCR_BY_NUMBER.get(fields["scr"], str(fields["scr"]))
        found.append(f"scr.{name}={capability(fields['scr_tag'], fields['scr_meta'], fields['scr_address'])}")
    if fields["pcc_write"]:
        found.append(f"pcc={capability(fields['pcc_tag'], fields['pcc_meta'], fields['next_pc'])}")
    if fields["trap"] or fields["interrupt"]:
        word = "interrupt" if fields["interrupt"] else "trap"
        found.append(f"{word}={cause_name(fields['cause'])}")
        if not fields["interrupt"]:
            found.append(f"mtval={fields['mtval']:08x}")
        found.append(f"mepcc={fields['mepcc_tag']}:{fields['mepcc_meta']:08x}")
    for name, digits in (("mie", 1), ("mshwm", 8)):
        if fields[name] != (before[name] if before else 0):
            found.append(f"{name}={fields[name]:0{digits}x}")
    return found


def memory_effects(fields: dict[str, int]) -> list[str]:
    """The bytes read and written."""
    found = []
    for letter, mask, data, tag in (
        ("R", "mem_rmask", "mem_rdata", "mem_rtag"),
        ("W", "mem_wmask", "mem_wdata", "mem_wtag"),
    ):
        if size := fields[mask].bit_length():
            solid = fields[mask] == (1 << size) - 1
            what = f"{letter}{size}" if solid else f"{letter}m{fields[mask]:02x}"
            text = f"{what}@{fields['mem_address']:08x}={fields[data]:0{2 * size}x}"
            found.append(f"{text}:{fields[tag]}" if size == 8 else text)
    return found


class CommitLog:
    """Writes a log. `about` are facts for the head of the file, one per line."""

    def __init__(self, file: TextIO, about: Iterable[str] = ()):
        self._file = file
        self._order = 0
        self._before: dict[str, int] | None = None
        for line in (f"cheriot commit log, version {VERSION}", *about):
            file.write(f"# {line}\n")

    def add(self, record: Record) -> None:
        fields = unpack(record)
        happened = " ".join(effects(fields, self._before))
        head = f"{self._order:8} {fields['pc']:08x} {word_text(fields):>8} {instruction_text(fields):<32}"
        self._file.write(f"{head} | {happened}".rstrip() + "\n")
        self._order += 1
        self._before = fields
