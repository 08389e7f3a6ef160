"""Which granules have a revocation bit, and which bit: exactly those of the heap, for every size of heap, proved.

Nothing is assumed of the address that is looked up. (`tests/mem/test_revbits.py` shows that the bitmap asks `locate`.)
"""

import pytest
from amaranth.hdl import Const, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from rtl.bus.block import LINE_BITS, locate
from rtl.config import KIB, HeapConfig, Region
from tests.formal.test_capability_proofs import Theorem

pytestmark = pytest.mark.formal
GRANULE = 8
SIZES = range(16 * KIB, 512 * KIB + 1, 512)
BASES = (0x2004_0000, 0x8000_0000, 0, 0x1_0040, (1 << 32) - 512 * KIB)
PARTS = 8


class Range(Theorem):
    """Heaps of the given sizes, each at one of BASES: inside if and only if first <= granule < first + number."""

    granule: In(LINE_BITS)

    def __init__(self, sizes, base):
        self.heaps = [HeapConfig(base=base, size=size, bitmap=0x200F_E000) for size in sizes]
        wiring.Component.__init__(self)

    def state(self, m):
        claims = []
        for heap in self.heaps:
            first, count = heap.base // GRANULE, heap.granules
            inside, index = locate(self.granule, Region(base=heap.base, size=heap.size))
            wide = Signal(LINE_BITS + 1)
            m.d.comb += wide.eq(self.granule)
            belongs = (wide >= first) & (wide < first + count)
            claims += [inside == belongs, ~belongs | ((index + first == wide) & (index < count))]
        return [Const(1)], claims


@pytest.mark.parametrize("part", range(PARTS))
def test_every_heap_has_bits_for_itself_and_nothing_else(prove, part):
    base = BASES[part % len(BASES)]
    prove(Range(SIZES[part::PARTS], base))


class OneTooMany(Range):
    """The mistake of the range check that others have made: a word too many."""

    def state(self, m):
        (heap,) = self.heaps
        first = heap.base // GRANULE
        inside, _ = locate(self.granule, Region(base=heap.base, size=heap.size + 32 * GRANULE))
        return [Const(1)], [inside == ((self.granule >= first) & (self.granule < first + heap.granules))]


def test_a_word_too_many_is_refuted(refute):
    assert refute(OneTooMany([256 * KIB], 0x2004_0000))
