"""Capability operations on two operands. Source: CHERIoT ISA, "Capability instructions".

The second operand is a register value or an immediate; where it means a number only its low 32 bits count.
"""

from rtos_model.machine.capability import alignment_mask, representable_length
from rtos_model.machine.value import ADDRESS, METADATA_AT, TAG_AT, capability, cleared, moved, number, permissions, span

CAP = {
    "incaddr": lambda a, b: moved(a, a + b),
    "setaddr": lambda a, b: moved(a, b),
    "setbounds": lambda a, b: number(capability(a).with_bounds(b & ADDRESS)),
    "setboundsexact": lambda a, b: number(capability(a).with_bounds(b & ADDRESS, exact=True)),
    "setboundsrounddown": lambda a, b: number(capability(a).with_bounds_rounded_down(b & ADDRESS)),
    "seal": lambda a, b: number(capability(a).seal(capability(b))),
    "unseal": lambda a, b: number(capability(a).unseal(capability(b))),
    "andperm": lambda a, b: number(capability(a).with_permissions(b)),
    "sethigh": lambda a, b: (b & ADDRESS) << METADATA_AT | a & ADDRESS,
    "testsubset": lambda a, b: int(capability(b).subset_of(capability(a))),
    "setequalexact": lambda a, b: int(a == b),
    "getperm": lambda a, _: int(permissions(a)),
    "gettype": lambda a, _: capability(a).otype,
    "getbase": lambda a, _: span(a).base,
    "getlen": lambda a, _: capability(a).length,
    "gettag": lambda a, _: a >> TAG_AT,
    "crrl": lambda a, _: representable_length(a & ADDRESS),
    "cram": lambda a, _: alignment_mask(a & ADDRESS),
    "move": lambda a, _: a,
    "cleartag": lambda a, _: cleared(a),
    "getaddr": lambda a, _: a & ADDRESS,
    "gethigh": lambda a, _: a >> METADATA_AT & ADDRESS,
    "gettop": lambda a, _: min(span(a).top, ADDRESS),
}
