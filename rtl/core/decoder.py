"""Halfword to word, and word to control bundle, both generated from the instruction tables."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.core.control import Control, Size
from rtl.core.operations import operation_names
from rtl.isa.rvc import RVC, RVC_FIELDS, Kind
from rtl.isa.table import FIELDS, INSNS, REGISTERS, UPPER_SHIFT, Insn, Unit

NOP = 0x0000_0013
"""addi x0, x0, 0: what a hint becomes."""
SIZES = {"b": Size.BYTE, "h": Size.HALF, "w": Size.WORD, "c": Size.CAP}
CGP = 3
IMMEDIATES = ("imm_i", "uimm_i", "imm_s", "imm_b", "imm_u", "simm_u", "imm_j", "shamt", "zimm")


def gather(word, field):
    """The value of an operand (rtl.isa.table.Field) as a hardware expression, extended to 32 bits."""
    bits = [Const(0, 1)] * field.width
    for lsb, width, at in field.pieces:
        bits[at : at + width] = [word[lsb + i] for i in range(width)]
    value = Cat(*bits)
    return (value.as_signed() if field.signed else value) + field.offset


def scatter(field, value):
    """Pairs (place in the word, bits) for an operand's value."""
    return [(slice(lsb, lsb + width), value[at : at + width]) for lsb, width, at in field.pieces]


class Expander(wiring.Component):
    """Combinational. The 32-bit word that a halfword stands for; hints become `NOP`."""

    half: In(16)
    word: Out(32)
    legal: Out(1)

    def elaborate(self, platform):
        m = Module()
        with m.Switch(self.half):
            for row in RVC:  # the first match wins
                with m.Case(row.pattern):
                    m.d.comb += self.legal.eq(row.kind is not Kind.ILLEGAL)
                    m.d.comb += self.word.eq(NOP)
                    if row.kind is Kind.EXPAND:
                        m.d.comb += self.word.eq(row.insn.match)
                        for operand, source in row.operands.items():
                            value = Signal(32)
                            given = gather(self.half, RVC_FIELDS[source]) if isinstance(source, str) else source
                            m.d.comb += value.eq(given)
                            for place, bits in scatter(FIELDS[operand], value):
                                m.d.comb += self.word[place].eq(bits)
        return m


class Decoder(wiring.Component):
    """Combinational. A word that no row matches, or that names a register above 15, leaves `legal` low."""

    word: In(32)
    control: Out(Control)

    def __init__(self, extensions: tuple[str, ...]):
        self.rows = tuple(row for row in INSNS if not row.extensions.isdisjoint(extensions))
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        kind = Signal(range(len(IMMEDIATES)))
        used = {port: Signal(name=f"uses_{port}") for port in ("rd", "rs1", "rs2")}
        known = Signal()
        with m.Switch(self.word):
            for row in self.rows:  # the first match wins
                with m.Case(row.pattern):
                    m.d.comb += known.eq(1)
                    m.d.comb += [self.control[name].eq(value) for name, value in control_values(row).items()]
                    m.d.comb += [used[port].eq(row.reads(port)) for port in used]
                    for index, name in enumerate(IMMEDIATES):
                        if name in row.operands:
                            m.d.comb += kind.eq(index)
        numbers = {port: gather(self.word, FIELDS[port])[:5] for port in used}
        exists = [~used[port] | (numbers[port] < REGISTERS) for port in used]
        m.d.comb += self.control.legal.eq(known & exists[0] & exists[1] & exists[2])
        for port in used:
            m.d.comb += self.control[port].eq(numbers[port] & used[port].replicate(4))
        with m.Switch(kind):
            for index, name in enumerate(IMMEDIATES):
                with m.Case(index):
                    value = gather(self.word, FIELDS[name])
                    m.d.comb += self.control.imm.eq(value << UPPER_SHIFT.get(name, 0))
        source = gather(self.word, FIELDS["rs1"])
        with m.If(self.control.unit == Unit.CSR):
            replaces = self.control.op == operation_names(Unit.CSR).index("csrrw")
            m.d.comb += self.control.csr_writes.eq(replaces | (source != 0))
        with m.If(self.control.from_cgp):
            m.d.comb += self.control.rs1.eq(CGP)
        return m


def control_values(row: Insn) -> dict[str, object]:
    """Fields of Control that depend on the row alone."""
    immediates = [name for name in row.operands if name in IMMEDIATES]
    size = SIZES[row.op[1]] if row.unit in (Unit.LOAD, Unit.STORE) and row.op not in ("clc", "csc") else Size.CAP
    return {
        "unit": row.unit,
        "op": operation_names(row.unit).index(row.op),
        "use_imm": bool(immediates) and row.unit in (Unit.ALU, Unit.CAP, Unit.CSR, Unit.BITS),
        "from_pcc": row.name == "auipcc",
        "from_cgp": row.name == "auicgp",
        "size": size,
        "signed": row.unit is Unit.LOAD and not row.op.endswith("u"),
        "csr_immediate": "zimm" in row.operands,
    }


