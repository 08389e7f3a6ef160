"""The revocation bitmap as the load filter and the sweep read it. Source: CHERIoT ISA, "Revocation"."""

from rtl.config import HeapConfig
from rtos_model.machine.memory import Block
from rtos_model.machine.semantics.memory import may_be_revoked
from rtos_model.machine.value import cleared, span


class LoadFilter:
    """Clears the tag of a loaded capability whose memory has been freed: one bit per granule, found by its base."""

    def __init__(self, heap: HeapConfig, bitmap: Block):
        self.heap = heap
        self.bitmap = bitmap

    def revoked(self, address: int) -> bool:
        """Whether the bit of an address is set; addresses outside the heap have none."""
        offset = address - self.heap.base
        return 0 <= offset < self.heap.size and bool(self.bitmap.lines[offset >> 9] >> (offset >> 3 & 63) & 1)

    def filtered(self, value: int) -> int:
        """What `clc` delivers of a capability that has passed attenuation."""
        return cleared(value) if may_be_revoked(value) and self.revoked(span(value).base) else value

    def sweep(self, block: Block, address: int) -> bool:
        """What the revoker does to one granule: a stale capability loses its tag, in place. Whether there was one."""
        line = address - block.base >> 3
        old = block.lines[line]
        block.lines[line] = self.filtered(old)
        return block.lines[line] != old
