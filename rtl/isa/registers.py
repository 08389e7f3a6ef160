"""Names of the sixteen registers, as integers and as capabilities. Facts only.

Source: CHERIoT ABI, "Register usage".
"""

INTEGER_NAMES = (
    *("zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2"),
    *("s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5"),
)
"""The address half of each register, by number."""
CAPABILITY_NAMES = ("cnull", *(f"c{name}" for name in INTEGER_NAMES[1:]))
"""The whole of each register, by number."""
OTHER_NAMES = {"czero": 0, "fp": 8, "cfp": 8}
"""Further spellings that assembly text may use."""
