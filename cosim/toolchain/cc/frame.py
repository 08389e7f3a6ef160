"""The stack frame: where each object lies above csp.

From csp upward: outgoing arguments, saved registers, spill slots, objects. What is reached most often lies lowest,
because short offsets have short instructions. csp stays 16-byte aligned.
"""

from dataclasses import dataclass

from cosim.toolchain.cc.ir import Slot
from cosim.toolchain.cc.machine import RA, Code
from cosim.toolchain.cc.types import align_up
from rtos_model.machine.capability import alignment_mask, representable_length

STACK_ALIGN = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """`size` bytes; `saved` are (register, offset)."""

    size: int
    saved: tuple[tuple[int, int], ...]


def bounded_layout(size: int) -> tuple[int, int]:
    """Length and alignment that an object needs so that its bounds can be exact (CHERIoT ISA, CRRL and CRAM)."""
    return representable_length(size), -alignment_mask(size) & 0xFFFFFFFF or 1


def lay_out(code: Code, callee_saved: set[int]) -> Frame:
    """Give every slot its offset."""
    at = align_up(code.outgoing, 8)
    saved = []
    for reg in ([RA] if code.makes_calls else []) + sorted(callee_saved):
        saved.append((reg, at))
        at += 8
    for slot in sorted(code.slots(), key=_order):
        length, align = bounded_layout(slot.size) if not _is_spill(slot) else (slot.size, slot.align)
        align = max(align, slot.align)
        if align > STACK_ALIGN:  # the frame cannot promise it: leave room to align the address at run time
            at = align_up(at, STACK_ALIGN)
            slot.offset, slot.align = at, align
            at += length + align
            continue
        at = align_up(at, align)
        slot.offset = at
        at += length
    return Frame(align_up(at, STACK_ALIGN), tuple(saved))


def _is_spill(slot: Slot) -> bool:
    return slot.name in ("<spill>", "<spare>")


def _order(slot: Slot) -> tuple:
    return (not _is_spill(slot), -slot.align if _is_spill(slot) else slot.size)
