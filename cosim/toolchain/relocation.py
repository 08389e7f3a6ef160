"""Relocation operators: which operand each fits, and the value it gives once addresses are known.

Source: CHERIoT ABI, "Relocations". `auipcc` and `auicgp` shift by 11, and a distance is split toward zero, so
that both parts have the same sign and the pointer in between stays inside the object (and representable).
"""

from rtl.isa.table import UPPER_SHIFT

COMPARTMENT_SHIFT = UPPER_SHIFT["simm_u"]
MODIFIERS: dict[str, tuple[str, ...]] = {
    "%hi": ("imm_u",),
    "%lo": ("imm_i", "imm_s"),
    "%cheriot_compartment_hi": ("simm_u",),
    "%cheriot_compartment_lo_i": ("imm_i",),
    "%cheriot_compartment_lo_s": ("imm_s",),
    "%cheriot_compartment_size": ("uimm_i", "imm_i"),
}
"""Operator to the operands (rtl.isa.table.FIELDS) that it may stand for."""
HIGH_PART = "%cheriot_compartment_hi"
LOW_PARTS = ("%cheriot_compartment_lo_i", "%cheriot_compartment_lo_s")
SIZE = "%cheriot_compartment_size"


def split_distance(distance: int) -> tuple[int, int]:
    """The upper immediate and the 12-bit rest of a distance in bytes; both have its sign."""
    size = abs(distance)
    high, low = size >> COMPARTMENT_SHIFT, size & (1 << COMPARTMENT_SHIFT) - 1
    return (high, low) if distance >= 0 else (-high, -low)


def split_address(address: int) -> tuple[int, int]:
    """The operands of `lui` and of a following `addi` that together make a 32-bit integer."""
    low = (address & 0xFFF ^ 0x800) - 0x800
    return (address - low >> UPPER_SHIFT["imm_u"]) & 0xFFFFF, low


def signed32(value: int) -> int:
    """The same 32 bits read as a signed number."""
    return (value & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
