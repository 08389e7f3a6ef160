"""What stops an instruction: an exception that carries what the trap will write.

Source: CHERIoT ISA, "Exceptions"; the packing of the trap value is in `rtl.isa.trap`.
"""

from rtl.isa.trap import CAP_INDEX, CAP_SPECIAL, CapFault, Cause

PCC = 0
"""The number of PCC among the special registers of a trap value."""


class Trap(Exception):
    """A synchronous trap; nothing of the instruction has happened, except for `written`.

    `clears_mepcc`: a fetch outside the bounds of PCC, after which MEPCC has no tag. `written` are the byte mask
    and the bytes of the part of a split store that reached memory before the other part failed.
    """

    def __init__(
        self, cause: Cause, mtval: int = 0, *, clears_mepcc: bool = False, written: tuple[int, int] = (0, 0)
    ):
        super().__init__(cause, mtval)
        self.cause = cause
        self.mtval = mtval
        self.clears_mepcc = clears_mepcc
        self.written = written


def illegal() -> Trap:
    return Trap(Cause.ILLEGAL)


def capability_fault(fault: CapFault, register: int) -> Trap:
    """A fault of a general register."""
    return Trap(Cause.CHERI, register << CAP_INDEX | fault)


def special_fault(fault: CapFault, number: int = PCC, *, clears_mepcc: bool = False) -> Trap:
    """A fault of PCC or of a special capability register."""
    return Trap(Cause.CHERI, 1 << CAP_SPECIAL | number << CAP_INDEX | fault, clears_mepcc=clears_mepcc)
