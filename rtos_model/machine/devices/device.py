"""What every device is to the memory: registers of 32 bits, at offsets that are multiples of 4."""

from rtos_model.machine.value import ADDRESS, METADATA_AT


class Device:
    """An access reaches the registers of which it selects a byte. Registers that do not exist read 0.

    `mask` has a one in each bit of the bytes written; the other bits of `value` are zero.
    """

    def read(self, offset: int) -> int:
        return 0

    def write(self, offset: int, value: int, mask: int) -> None:
        """Devices ignore what they do not know."""

    def write_capability(self, offset: int, value: int) -> None:
        """A capability store, at a multiple of 8: two words, the tag is dropped."""
        self.write(offset, value & ADDRESS, ADDRESS)
        self.write(offset + 4, value >> METADATA_AT & ADDRESS, ADDRESS)


def merged(old: int, value: int, mask: int) -> int:
    """A register after a write of some of its bytes."""
    return old & ~mask | value


def half_written(old: int, high: bool, value: int, mask: int) -> int:
    """A 64-bit register after a write to one of its words."""
    return merged(old, value << 32, mask << 32) if high else merged(old, value, mask)


def half(value: int, high: bool) -> int:
    return value >> 32 & ADDRESS if high else value & ADDRESS
