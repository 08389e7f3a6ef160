"""Memory as the services use it: bytes, one tag per 8-byte granule, revocation bits, devices.

Accesses go through capabilities and check in the order of the CHERIoT ISA: tag, seal, permission, bounds, alignment.
A refused access raises `Trap` and leaves memory untouched. The capabilities do the arithmetic; this file only asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from rtos_model.machine.capability import Cap, Perm
from rtos_model.services.errors import Cause, Fault, Trap, cheri_fault

GRANULE = 8


class DeviceModel(Protocol):
    """A device sees word accesses at offsets from its start."""

    def read(self, offset: int) -> int: ...
    def write(self, offset: int, value: int) -> None: ...


@dataclass(slots=True)
class Memory:
    """RAM of `size` bytes at `start`, zero at first. `on_store(address)` hears of every store to RAM."""

    start: int
    size: int
    data: bytearray = field(init=False)
    tags: set[int] = field(default_factory=set)  # granule numbers
    revoked: set[int] = field(default_factory=set)  # granule numbers
    devices: list[tuple[int, int, DeviceModel]] = field(default_factory=list)
    on_store: Callable[[int], None] = lambda address: None

    def __post_init__(self) -> None:
        self.data = bytearray(self.size)

    # ---------------------------------------------------------------------- through a capability

    def check(self, cap: Cap, address: int, size: int, permissions: Perm, missing: Fault) -> None:
        if not self.filtered(cap).tag:  # a register that outlived its object is dead by the time it is used (HP-43)
            raise cheri_fault(Fault.TAG)
        if cap.sealed:
            raise cheri_fault(Fault.SEAL)
        if permissions & ~cap.permissions:
            raise cheri_fault(missing)
        base, top = cap.bounds()
        if not base <= address or address + size > top:
            raise cheri_fault(Fault.BOUNDS)
        if address % size:
            raise Trap(Cause.LOAD_MISALIGNED if missing is Fault.LOAD else Cause.STORE_MISALIGNED)

    def load(self, cap: Cap, offset: int = 0, size: int = 4) -> int:
        """Load `size` (1, 2, 4) bytes, zero-extended."""
        address = (cap.address + offset) & 0xFFFF_FFFF
        self.check(cap, address, size, Perm.LD, Fault.LOAD)
        device = self._device(address)
        if device is not None:
            return device[2].read(address - device[0]) & ((1 << 8 * size) - 1)
        return int.from_bytes(self.peek(address, size, Cause.LOAD_ACCESS), "little")

    def store(self, cap: Cap, value: int, offset: int = 0, size: int = 4) -> None:
        """Store the low `size` (1, 2, 4) bytes of `value`; the granule's tag goes."""
        address = (cap.address + offset) & 0xFFFF_FFFF
        self.check(cap, address, size, Perm.SD, Fault.STORE)
        device = self._device(address)
        if device is not None:
            device[2].write(address - device[0], value & ((1 << 8 * size) - 1))
            return
        self.poke(address, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))

    def load_cap(self, cap: Cap, offset: int = 0) -> Cap:
        """Load a capability: attenuated by what `cap` lacks, then through the load filter."""
        address = (cap.address + offset) & 0xFFFF_FFFF
        self.check(cap, address, GRANULE, Perm.LD, Fault.LOAD)
        loaded = self.peek_cap(address)
        if not cap.permissions & Perm.MC:
            return loaded.without_tag()
        if loaded.tag:
            drop = Perm(0)
            if not cap.permissions & Perm.LG:
                drop |= Perm.GL if loaded.sealed else Perm.GL | Perm.LG
            if not cap.permissions & Perm.LM and not loaded.sealed:
                drop |= Perm.SD | Perm.LM
            if drop & loaded.permissions:
                loaded = loaded.with_permissions(~drop & 0xFFF)
        return self.filtered(loaded)

    def store_cap(self, cap: Cap, value: Cap, offset: int = 0) -> None:
        """Store a capability; a local one loses its tag unless `cap` has store-local (no trap)."""
        address = (cap.address + offset) & 0xFFFF_FFFF
        if not cap.tag or cap.sealed or not cap.permissions & Perm.SD or not value.tag:
            self.check(cap, address, GRANULE, Perm.SD, Fault.STORE)
        else:
            self.check(cap, address, GRANULE, Perm.SD | Perm.MC, Fault.STORE_CAPABILITY)
        keeps = value.tag and bool(value.permissions & Perm.GL or cap.permissions & Perm.SL)
        self.poke_cap(address, value if keeps else value.without_tag())

    # ---------------------------------------------------------------------- temporal safety

    def filtered(self, cap: Cap) -> Cap:
        """The load filter: untagged if the granule at the capability's base is revoked."""
        if cap.tag and cap.bounds()[0] // GRANULE in self.revoked and not self._sealing(cap):
            return cap.without_tag()
        return cap

    @staticmethod
    def _sealing(cap: Cap) -> bool:
        return not cap.sealed and bool(cap.permissions & (Perm.SE | Perm.US))

    def sweep(self, start: int, end: int) -> None:
        """The revoker: clear the tag of every stored capability whose base is revoked."""
        for granule in sorted(self.tags):
            if start <= granule * GRANULE < end:
                cap = self.peek_cap(granule * GRANULE)
                if not self.filtered(cap).tag:
                    self.tags.discard(granule)

    # ---------------------------------------------------------------------- raw

    def peek(self, address: int, size: int, cause: Cause = Cause.LOAD_ACCESS) -> bytes:
        at = address - self.start
        if not 0 <= at <= self.size - size:
            raise Trap(cause)
        return bytes(self.data[at : at + size])

    def poke(self, address: int, content: bytes) -> None:
        at = address - self.start
        if not 0 <= at <= self.size - len(content):
            raise Trap(Cause.STORE_ACCESS)
        self.data[at : at + len(content)] = content
        for granule in range(address // GRANULE, (address + len(content) - 1) // GRANULE + 1):
            self.tags.discard(granule)
        self.on_store(address)

    def peek_cap(self, address: int) -> Cap:
        """The capability in memory, as stored: no attenuation, no filter."""
        words = self.peek(address, GRANULE)
        tag = address // GRANULE in self.tags
        return Cap.from_words(tag, int.from_bytes(words[4:], "little"), int.from_bytes(words[:4], "little"))

    def poke_cap(self, address: int, value: Cap) -> None:
        self.poke(address, value.address.to_bytes(4, "little") + value.metadata.to_bytes(4, "little"))
        if value.tag:
            self.tags.add(address // GRANULE)

    def zero(self, start: int, end: int) -> None:
        """Zero [start, end), tags included."""
        if end > start:
            at = start - self.start
            self.data[at : at + end - start] = bytes(end - start)
            self.tags -= set(range(start // GRANULE, (end + GRANULE - 1) // GRANULE))

    def _device(self, address: int) -> tuple[int, int, DeviceModel] | None:
        return next((d for d in self.devices if d[0] <= address < d[0] + d[1]), None)
