"""The program counter capability as installed: its bounds are frozen, and code is decoded under it.

Source: CHERIoT ISA, "PC and PCC".
"""

from rtl.isa.trap import CapFault
from rtos_model.machine.commit import pack
from rtos_model.machine.execute import Execution
from rtos_model.machine.instruction import Instruction, decode
from rtos_model.machine.memory import Memory
from rtos_model.machine.record import Recorder
from rtos_model.machine.trap import special_fault
from rtos_model.machine.value import ADDRESS, METADATA_AT, TAG, TAG_AT, cleared, permissions, span


class Pcc:
    """`upper` is a value without address; `record` are the fields that installing it adds to a commit record.

    `decoded`, `plain` and `traced` are filled by the machine: what has been decoded, and made of it, by pc.
    """

    def __init__(self, upper: int, base: int, top: int):
        self.upper = upper
        self.base = base
        self.top = top
        self.permissions = permissions(upper)
        tag, meta = upper >> TAG_AT, upper >> METADATA_AT & ADDRESS
        bounds = {"pcc_base": base, "pcc_top": top} if tag else {}
        self.record = pack(pcc_write=1, pcc_tag=tag, pcc_meta=meta, **bounds)
        self.decoded: dict[int, Instruction] = {}
        self.plain: dict[int, Execution] = {}
        self.traced: dict[int, Recorder] = {}

    def at(self, address: int) -> int:
        """PCC with another address: a capability value, untagged where the address would change the bounds."""
        value = self.upper | address & ADDRESS
        found = span(value)
        return value if (found.base, found.top) == (self.base, self.top) else cleared(value)

    def _check_half(self, address: int) -> None:
        if not self.base <= address <= self.top - 2:
            raise special_fault(CapFault.BOUNDS, clears_mepcc=True)

    def fetch(self, memory: Memory, pc: int, extensions: tuple[str, ...]) -> Instruction:
        """The instruction at pc, to a core with these extensions; raises the trap of a fetch that is not allowed."""
        if self.upper < TAG:
            raise special_fault(CapFault.TAG)
        self._check_half(pc)
        word, length = memory.fetch(pc), 2
        if word & 3 == 3:
            second = pc + 2 & ADDRESS
            self._check_half(second)
            word, length = word | memory.fetch(second) << 16, 4
        return decode(word, length, extensions)

    def forget(self, line: int) -> None:
        """The code in an 8-byte line has changed."""
        for pc in range(8 * line - 2, 8 * line + 8, 2):
            for cache in (self.decoded, self.plain, self.traced):
                cache.pop(pc & ADDRESS, None)
