"""Commit records as they travel from the simulator: bytes. As tuples and by field: `rtos_model.machine.commit`."""

import struct

from rtl.isa.commit import WORDS

RECORD = struct.Struct(f"<{len(WORDS)}Q")
"""Unpacks to the tuple that the golden machine makes."""
