"""What a memory or a device shows to the address decoder, and the arithmetic of finding it."""

from amaranth.hdl import Const, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from rtl.bus.port import LINE
from rtl.config import Region

LINE_BITS = 29
"""Width of a line number: a byte address without the bits inside a line."""


class BlockSignature(wiring.Signature):
    """Reads and writes of whole lines, seen from the decoder. A block is always ready.

    In a cycle where `enable` is high, line number `line` (counted from the start of the block) is written or,
    if `write` is low, read; `read_data` and `read_tag` answer in the next cycle. `mask` has a bit per byte, also
    for reads. What a block answers to a write, or when it was not enabled, means nothing.
    """

    def __init__(self, lines: int):
        super().__init__(
            {
                "enable": Out(1),
                "line": Out(range(lines)),
                "write": Out(1),
                "mask": Out(LINE),
                "write_data": Out(8 * LINE),
                "write_tag": Out(1),
                "read_data": In(8 * LINE),
                "read_tag": In(1),
            }
        )


class ReadSignature(wiring.Signature):
    """Reads only: the part of `BlockSignature` that instruction fetch needs."""

    def __init__(self, lines: int):
        super().__init__({"enable": Out(1), "line": Out(range(lines)), "read_data": In(8 * LINE)})


def locate(line: Value, region: Region) -> tuple[Value, Value]:
    """Whether line number `line` (29 bits) lies in `region`, and how many lines behind its start.

    Exact at both ends for any region of whole lines. Aligned regions cost no subtraction.
    """
    start, lines = region.base // LINE, region.size // LINE
    bits = ceil_log2(lines)
    if start % (1 << bits):
        offset = (line - start)[:LINE_BITS]
        return offset < lines, offset[:bits]
    inside = line[bits:] == start >> bits if bits < LINE_BITS else Const(1)
    if lines < 1 << bits:
        inside &= line[:bits] < lines
    return inside, line[:bits]
