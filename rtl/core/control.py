"""What the decoder says of an instruction, and what crosses the boundary into the execute stage.

Sizes and enumerations come from the instruction table, so a new row brings its operation with it.
"""

from amaranth.hdl import unsigned
from amaranth.lib import data, enum

from rtl.cap.layout import Cap, Expanded
from rtl.core.operations import operation_names
from rtl.isa.commit import CLOCK_BITS
from rtl.isa.table import Unit

OP_BITS = max(len(operation_names(unit)) - 1 for unit in Unit).bit_length()


def is_op(control, unit: Unit, *names: str):
    """Whether the control bundle asks `unit` for one of the named operations."""
    known = operation_names(unit)
    hit = control.op == known.index(names[0])
    for name in names[1:]:
        hit = hit | (control.op == known.index(name))
    return (control.unit == unit) & hit


class Size(enum.Enum, shape=2):
    """Bytes moved by a load or store, as a power of two."""

    BYTE = 0
    HALF = 1
    WORD = 2
    CAP = 3


class Fault(enum.Enum, shape=3):
    """Why an instruction cannot execute, known in the decode stage, in order of precedence."""

    NONE = 0
    PCC_TAG = 1
    PCC_BOUNDS = 2
    FETCH_FIRST = 3  # bus error on the first halfword
    FETCH_SECOND = 4
    ILLEGAL = 5


class Control(data.Struct):
    """One decoded instruction. Register numbers are zero where the instruction has no such operand."""

    legal: 1
    unit: Unit
    op: unsigned(OP_BITS)
    rd: 4
    rs1: 4
    rs2: 4
    imm: 32
    use_imm: 1  # the second operand is `imm`
    from_pcc: 1  # the first operand is PCC at the instruction's address (auipcc)
    from_cgp: 1  # `rs1` is c3 although the instruction does not name it (auicgp)
    size: Size
    signed: 1  # a load extends the sign
    csr_writes: 1
    csr_immediate: 1


class ToExecute(data.Struct):
    """The decode stage's result. `a` and `b` hold operands after forwarding.

    `a_filtered`: the load filter's verdict on this operand is due in the coming cycle. `b_late`: the scalar to be
    stored is what the load in the memory stage reads. `predicted`: fetching has
    gone on at `target`.
    """

    pc: 32
    insn: 32
    compressed: 1
    fault: Fault
    control: Control
    a: Expanded
    b: Expanded
    a_filtered: 1
    b_filtered: 1
    b_late: 1
    predicted: 1
    target: 32
    backward: 1
    counter: 2


class Trace(data.Struct):
    """What the commit port tells of an instruction and nothing else needs; pruned where there is no port."""

    clock: CLOCK_BITS
    insn: 32
    compressed: 1
    interrupt: 1
    next_pc: 32
    rs1: 4
    rs2: 4
    a: Cap
    b: Cap
    mip: 3
    csr: 12
    csr_write: 1
    csr_wdata: 32
    scr: 5
    scr_write: 1
    scr_value: Cap
    pcc_write: 1
    wmask: 8
    wdata: 64
    wtag: 1
    first_bytes: 4  # of a split access, how many lie in the first line


class ToMemory(data.Struct):
    """The execute stage's result: a finished value, or an access whose response is due.

    `trapped`: the trap has been taken; only the commit port wants to know.
    """

    pc: 32
    trapped: 1
    rd: 4
    value: Expanded
    load: 1
    store: 1
    size: Size
    signed: 1
    split: 1
    address: 32
    permissions: data.StructLayout({"MC": 1, "LG": 1, "LM": 1})
    counts: 1


class ToWriteback(data.Struct):
    """A result on its way to the registers; `filtered` if the load filter's verdict comes in this cycle."""

    pc: 32
    trapped: 1
    bus_fault: 1
    rd: 4
    value: Expanded
    filtered: 1
    load: 1
    store: 1
    size: Size
    address: 32
    rdata: 64
    rtag: 1
    mie: 1
    mpie: 1
    mshwm: 32
