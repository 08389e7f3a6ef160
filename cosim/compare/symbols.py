"""Names for addresses."""

from bisect import bisect_right
from collections.abc import Mapping


class Symbols:
    """Looks up the nearest symbol at or below an address, no further than `reach` bytes away."""

    def __init__(self, addresses: Mapping[str, int], reach: int = 1 << 16):
        ordered = sorted((address, name) for name, address in addresses.items())
        self._starts = [address for address, _ in ordered]
        self._names = [name for _, name in ordered]
        self._reach = reach

    def name(self, address: int) -> str | None:
        """`main+0x12`, `main`, or None if no symbol is near."""
        index = bisect_right(self._starts, address) - 1
        if index < 0 or address - self._starts[index] >= self._reach:
            return None
        offset = address - self._starts[index]
        return self._names[index] + (f"+{offset:#x}" if offset else "")
