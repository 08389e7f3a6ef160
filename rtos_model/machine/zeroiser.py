"""The stack zeroiser: which memory is still to become zero. Source: CHERIoT ISA, "Stack zeroiser".

Its register ZTOPC is among the machine's special capability registers. When its steps happen is told from outside.
"""

from rtl.isa.capfmt import GRANULE
from rtl.isa.csr import SCRS, ZTOPC
from rtos_model.machine.capability import Perm
from rtos_model.machine.memory import Memory
from rtos_model.machine.trap import Trap
from rtos_model.machine.value import ADDRESS, SEALED, TAG, cleared, permissions, span

NUMBER = SCRS[ZTOPC]


class Zeroiser:
    """`left` are the granules still to be zeroed, the next one first; empty if nothing goes on."""

    def __init__(self, memory: Memory, scrs: dict[int, int]):
        self._memory = memory
        self._scrs = scrs
        self.left = range(0)

    def write(self, value: int) -> None:
        """ZTOPC is written: what went on ends, and perhaps something begins."""
        _, _, base, top = span(value)
        address = value & ADDRESS
        allowed = value >= TAG and not value & SEALED and permissions(value) & Perm.SD
        self.left = range(0)
        if allowed and base <= address <= top and base % GRANULE == address % GRANULE == 0:
            self.left = range(address - GRANULE, base - GRANULE, -GRANULE)
            if not self.left:
                value = cleared(value)
        self._scrs[NUMBER] = value

    def step(self) -> None:
        """Zero the next granule. One that refuses is the last."""
        address, value = self.left[0], self._scrs[NUMBER]
        self.left = self.left[1:]
        try:
            self._memory.store_capability(address, 0)
            value = value & ~ADDRESS | address
        except Trap:
            self.left = range(0)
        self._scrs[NUMBER] = value if self.left else cleared(value)

    def covers(self, address: int, size: int) -> bool:
        """Whether an access reaches a granule that is still to be zeroed."""
        return bool(self.left) and address < self.left[0] + GRANULE and address + size > self.left[-1]
