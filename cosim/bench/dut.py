"""The design under test as Python sees it: its clock, its rings of records and events, its memories, its waves.

Everything goes through the C++ harness in this same process (`harness.cpp`), not through the simulator's VPI;
only the wrapper's input ports are set by cocotb.
"""

import ctypes
import struct
from collections.abc import Callable

from cocotb.triggers import Timer

from cosim.trace.text import TEXTS
from rtl.isa.commit import WORDS

PERIOD_NS = 10
RING = 1 << 13
"""Records and events that fit the rings: drain them more often than every so many cycles."""
RECORD_BYTES = 8 * len(WORDS)
EVENT = struct.Struct("<3Q")
"""Clock, kind and value of an event."""
EVENT_BYTES = EVENT.size
RESET_CYCLES = 4


class Shared(ctypes.Structure):
    """The harness's memory; fields as in `harness.cpp`."""

    _fields_ = (
        ("records", ctypes.c_uint64),
        ("events", ctypes.c_uint64),
        ("running", ctypes.c_uint64),
        ("edges", ctypes.c_uint64),
        ("stop_in", ctypes.c_uint64),
        ("linger", ctypes.c_uint64),
        ("record", ctypes.c_uint8 * RECORD_BYTES * RING),
        ("event", ctypes.c_uint8 * EVENT_BYTES * RING),
    )


TextHook = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class Dut:
    """Cycles are counted from the end of reset, as the core counts them."""

    def __init__(self, handle):
        self.handle = handle
        library = ctypes.CDLL(None)
        library.tb_shared.restype = ctypes.c_void_p
        library.tb_trace.argtypes = [ctypes.c_char_p]
        self._library = library
        self._shared = Shared.from_address(library.tb_shared())
        self._record_ring = memoryview(self._shared.record).cast("B")
        self._event_ring = memoryview(self._shared.event).cast("B")
        self._records = self._events = self._first_edge = 0
        self._hook = None

    @property
    def cycles(self) -> int:
        return self._shared.edges - self._first_edge

    @property
    def running(self) -> bool:
        """False once an ending event has stopped the clock."""
        return bool(self._shared.running)

    async def enter_reset(self, inputs: dict[str, int], linger: int) -> None:
        """Put the design into reset. After an ending event the clock will run `linger` more cycles."""
        for name, value in {"rst": 1, **inputs}.items():
            self.handle[name].value = value
        shared = self._shared
        shared.running, shared.stop_in, shared.linger = 1, 0, linger
        await self.advance(RESET_CYCLES)

    def leave_reset(self) -> None:
        """Let the design start in the next cycle."""
        self.handle.rst.value = 0
        shared = self._shared
        self._records, self._events, self._first_edge = shared.records, shared.events, shared.edges

    async def advance(self, cycles: int) -> None:
        await Timer(cycles * PERIOD_NS, unit="ns")

    def resume(self, cycles: int) -> None:
        """Start the stopped clock again, for so many cycles."""
        self._shared.stop_in, self._shared.running = cycles, 1

    def drive(self, name: str, value: int) -> None:
        self.handle[name].value = value

    def records(self) -> bytes:
        """The records since the last call."""
        first, self._records = self._records, self._shared.records
        return taken(self._record_ring, RECORD_BYTES, first, self._records)

    def events(self) -> bytes:
        """The events since the last call."""
        first, self._events = self._events, self._shared.events
        return taken(self._event_ring, EVENT_BYTES, first, self._events)

    def write_array(self, array: int, first: int, words: int, data: bytes) -> None:
        buffer = ctypes.create_string_buffer(data, len(data))
        self._library.tb_memory(array, first, len(data) // (8 * words), words, buffer, 1)

    def read_array(self, array: int, depth: int, words: int) -> bytes:
        buffer = ctypes.create_string_buffer(8 * words * depth)
        self._library.tb_memory(array, 0, depth, words, buffer, 0)
        return buffer.raw

    def start_waves(self, path: str, text: Callable[[bytes], bytes]) -> None:
        """Dump everything from now on. `text` turns a record into the lines of text shown with it."""
        size = sum(TEXTS.values())

        def hook(record: int, characters: int) -> None:
            ctypes.memmove(characters, text(ctypes.string_at(record, RECORD_BYTES)), size)

        self._hook = TextHook(hook)  # must stay alive
        self._library.tb_set_text_hook(self._hook)
        self._library.tb_trace(path.encode())

    def stop_waves(self) -> None:
        self._library.tb_trace(None)


def taken(ring: memoryview, size: int, first: int, last: int) -> bytes:
    """Elements number `first` to `last` - 1 of those ever put into a ring. Raises OverflowError if some are lost."""
    if last - first > RING:
        raise OverflowError(f"{last - first} elements since the last look; the ring holds {RING}")
    start, end = first % RING * size, last % RING * size
    if first == last:
        return b""
    return bytes(ring[start:end]) if start < end else bytes(ring[start:]) + bytes(ring[:end])
