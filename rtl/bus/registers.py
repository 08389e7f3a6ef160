"""32-bit device registers behind the 64-bit port."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring

from rtl.bus.port import LINE

WORD = 4


class Registers:
    """Word-wise view of a device's port (an `In(BlockSignature(...))` of the device).

    An access to any byte of a word is an access to its register; a store changes the bytes that it names. An
    8-byte access (of a capability) reaches both words in one cycle; its tag is dropped. Registers that are not
    mentioned read zero and ignore writes.
    """

    def __init__(self, m: Module, port: wiring.PureInterface):
        self.m, self.port = m, port
        self.answer = Signal(8 * LINE)
        m.d.sync += port.read_data.eq(self.answer)

    def _bytes(self, offset: int) -> Value:
        """The mask bits of the register at this byte offset."""
        return self.port.mask.word_select(offset // WORD % 2, WORD)

    def accessed(self, offset: int) -> Value:
        """High in the cycle of a read or write of any byte of the register."""
        return self.port.enable & (self.port.line == offset // LINE) & self._bytes(offset).any()

    def read(self, offset: int) -> Value:
        """High in the cycle of a read: for what reading does beside answering."""
        return self.accessed(offset) & ~self.port.write

    def stored(self, offset: int) -> Value:
        """High in the cycle of a write of any byte: for registers that take the `merged` value."""
        return self.accessed(offset) & self.port.write

    def written(self, offset: int) -> Value:
        """High in the cycle of a write of the lowest byte: for registers that act on the `value`."""
        return self.port.enable & self.port.write & (self.port.line == offset // LINE) & self._bytes(offset)[0]

    def value(self, offset: int) -> Value:
        """The 32 bits that a write to this offset carries; bytes outside the mask mean nothing."""
        return self.port.write_data.word_select(offset // WORD % 2, 8 * WORD)

    def merged(self, offset: int, old: Value) -> Value:
        """`old` (32 bits) with the bytes that this cycle's write, if it is one to this offset, names."""
        mask, new = self._bytes(offset), self.value(offset)
        return Cat(Mux(mask[byte], new.word_select(byte, 8), old.word_select(byte, 8)) for byte in range(WORD))

    def show(self, offset: int, value: Value) -> None:
        """What a read returns: `value` as it is in the cycle in which the read is accepted."""
        with self.m.If(self.port.line == offset // LINE):
            self.m.d.comb += self.answer.word_select(offset // WORD % 2, 8 * WORD).eq(value)
