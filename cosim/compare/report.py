"""What a person reads when core and golden machine differ: the field, the way there, the registers, the command."""

from collections.abc import Sequence
from dataclasses import dataclass

from cosim.compare.symbols import Symbols
from rtl.isa.disassembler import disassemble
from rtl.isa.registers import CAPABILITY_NAMES
from rtos_model.machine.capability import Cap
from rtos_model.machine.commit import Record, unpack

RUN = "cheriot run "
"""The command that can write waves of what it repeats."""
HISTORY = 20
"""Instructions shown before the one that differs."""

MEANINGS = {
    "trap": "whether the instruction trapped",
    "interrupt": "whether an interrupt was taken",
    "compressed": "whether the instruction has 16 bits",
    "csr_write": "whether a CSR was written",
    "scr_write": "whether a special capability register was written",
    "pcc_write": "whether PCC was installed anew",
    "mie": "interrupt enable after the instruction",
    "mpie": "previous interrupt enable after the instruction",
    "mip": "interrupt lines as the instruction saw them",
    "pc": "address of the instruction",
    "insn": "the instruction word",
    "next_pc": "where execution goes on",
    "mshwm": "stack high-water mark after the instruction",
    "rd": "number of the destination register",
    "rd_address": "address half of the destination register",
    "rd_meta": "metadata half (bounds, permissions, type) of the destination register",
    "rd_tag": "tag of the destination register",
    "rs1": "number of the first source register",
    "rs1_address": "address half of the first source register",
    "rs1_meta": "metadata half of the first source register",
    "rs1_tag": "tag of the first source register",
    "rs2": "number of the second source register",
    "rs2_address": "address half of the second source register",
    "rs2_meta": "metadata half of the second source register",
    "rs2_tag": "tag of the second source register",
    "mem_address": "address of the memory access",
    "mem_rmask": "which bytes were read",
    "mem_wmask": "which bytes were written",
    "mem_rdata": "the bytes read from memory",
    "mem_wdata": "the bytes written to memory",
    "mem_rtag": "the tag read from memory",
    "mem_wtag": "the tag written to memory",
    "csr": "number of the CSR",
    "csr_wdata": "the CSR's value after the write",
    "scr": "number of the special capability register",
    "scr_address": "address half of the special capability register",
    "scr_meta": "metadata half of the special capability register",
    "scr_tag": "tag of the special capability register",
    "cause": "mcause of the trap or interrupt (+32 for interrupts)",
    "mtval": "mtval of the trap",
    "mepcc_tag": "tag of MEPCC, which the trap wrote",
    "mepcc_meta": "metadata of MEPCC, which the trap wrote",
    "pcc_tag": "tag of the new PCC",
    "pcc_meta": "metadata of the new PCC",
    "pcc_base": "base of the new PCC's decoded bounds",
    "pcc_top": "top of the new PCC's decoded bounds",
    "clock": "the clock cycle; the model takes it from the core",
}
"""Every field of a record, for readers who do not know them."""
CAPABILITIES = {"rd": "rd_address", "rs1": "rs1_address", "rs2": "rs2_address", "scr": "scr_address", "pcc": "next_pc"}
"""Prefix of the three fields of a capability, and the field with its address."""


@dataclass(frozen=True)
class Difference:
    """The first disagreement. `order` counts records from 0; `history` are the records before it, oldest first.

    `core` and `model` are the two records; None if one has none, then `note` says what is wrong. `registers` are
    the model's, after the record.
    """

    order: int
    core: Record | None
    model: Record | None
    history: Sequence[Record] = ()
    registers: Sequence[Cap] = ()
    note: str = ""

    def fields(self) -> list[tuple[str, int, int]]:
        """Name, the core's value and the model's value of each field that differs."""
        if self.core is None or self.model is None:
            return []
        core, model = unpack(self.core), unpack(self.model)
        return [(name, core[name], model[name]) for name in core if core[name] != model[name]]


def report(difference: Difference, symbols: Symbols, repeat: str) -> str:
    """The text for a person. `repeat` is the command that shows the same difference again."""
    lines = [f"MISMATCH at record {difference.order}, counted from 0: core and golden machine differ", ""]
    known = difference.core or difference.model
    if known is not None:
        lines += ["  instruction  " + _line(known, symbols)]
    if difference.note:
        lines += [f"  {difference.note}"]
    lines += [*_table(difference), ""]
    if difference.history:
        lines += [f"the last {len(difference.history)} before it, as both executed them:"]
        lines += ["  " + _line(record, symbols) for record in difference.history] + [""]
    if difference.registers:
        lines += ["registers of the golden machine after it (tag, address, bounds, permissions, type):"]
        for number, value in enumerate(difference.registers):
            if number:
                lines.append(f"  c{number:<3}{CAPABILITY_NAMES[number]:<5} {value}")
        lines.append("")
    lines.append(f"repeat with:  {repeat}")
    if repeat.startswith(RUN):
        lines.append(f"with waves:   {repeat} --waves mismatch.vcd")
    return "\n".join(lines)


def stopped(recent: Sequence[Record], symbols: Symbols) -> str:
    """Where a run was when its time was up, or when nothing went on: `recent` are its last instructions."""
    lines = [f"the last {len(recent)} instructions:" if len(recent) > 1 else "the last instruction:"]
    lines += ["  " + _line(record, symbols) for record in recent]
    pc = unpack(recent[-1])["next_pc"]
    place = symbols.name(pc)
    return "\n".join([*lines, f"it would go on at {pc:#010x}" + (f" <{place}>" if place else "")])


def _table(difference: Difference) -> list[str]:
    rows = difference.fields()
    if not rows:
        return []
    lines = ["", f"  {'field':<12} {'core':>18} {'model':>18}"]
    lines += [f"  {name:<12} {core:>#18x} {model:>#18x}   {MEANINGS[name]}" for name, core, model in rows]
    core, model = unpack(difference.core), unpack(difference.model)
    changed = {name for name, _, _ in rows}
    for prefix, address in CAPABILITIES.items():
        parts = (f"{prefix}_tag", f"{prefix}_meta", address)
        if changed.intersection(parts):
            lines.append("")
            for who, fields in (("core", core), ("model", model)):
                lines.append(f"  {prefix:<5}{who:<7}{Cap.from_words(*(fields[part] for part in parts))}")
    return lines


def _line(record: Record, symbols: Symbols) -> str:
    """One record in short: where, what, and the register that came out of it."""
    fields = unpack(record)
    if fields["interrupt"]:
        text = "(interrupt)"
    else:
        text = disassemble(fields["insn"], fields["pc"], symbols.name)
    if fields["trap"]:
        text = f"{text:<32} -> trap, mcause {fields['cause']}, mtval {fields['mtval']:#x}"
    elif fields["rd"]:
        value = Cap.from_words(fields["rd_tag"], fields["rd_meta"], fields["rd_address"])
        number = not fields["rd_tag"] and not fields["rd_meta"]
        shown = f"{value.address:#x}" if number else str(value)
        text = f"{text:<32} -> {CAPABILITY_NAMES[fields['rd']]} = {shown}"
    place = symbols.name(fields["pc"])
    return f"{fields['clock']:>9} {fields['pc']:08x} {f'<{place}>' if place else '':<20} {text}"
