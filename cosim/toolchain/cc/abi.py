"""The calling convention: which C value travels in which registers.

CHERIoT ABI: ca0-ca5 hold arguments, ca0 and ca1 results. A 64-bit integer takes two registers, low half first.
Arguments beyond the sixth, and all variadic ones, lie in 8-byte slots that ct0 points to with exact bounds.
Records of up to 8 bytes travel in registers (one capability, or one or two words); larger ones by a pointer
to the caller's copy, and as results through a pointer passed in front of the arguments.
"""

from cosim.toolchain.cc.types import CType, IntType

ARGUMENT_REGISTERS = 6


def parts(ctype: CType) -> tuple[bool, ...] | None:
    """For each register of a value whether it is a capability; None for a record passed by pointer."""
    if ctype.is_void:
        return ()
    if ctype.is_record:
        if ctype.size > 8:
            return None
        if ctype.holds_capabilities():
            return (True,)
        return (False,) * ((ctype.size + 3) // 4)
    if ctype.is_cap:
        return (True,)
    if isinstance(ctype, IntType) and ctype.size == 8:
        return (False, False)
    return (False,)
