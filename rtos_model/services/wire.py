"""How firmware tells an observer of a service call: one record in its event window of simulation control.

Facts only. A record is a number of 32-bit words, stored at their offsets in any order; the store to LENGTH closes it.
Offsets that are not stored count as zero. Arguments are in the record, so that a golden model can be driven with
the same call.
"""

import enum

WINDOW = 0x40
"""Bytes of a compartment's window; the window of compartment k starts at WINDOW * k in simulation control."""


class Service(enum.IntEnum):
    """What happened."""

    QUEUE_ALLOCATION_SIZE = 1
    QUEUE_CREATE = 2
    QUEUE_SEND = 3
    QUEUE_SEND_MULTIPLE = 4
    QUEUE_RECEIVE = 5
    QUEUE_RECEIVE_MULTIPLE = 6
    QUEUE_ITEMS_REMAINING = 7
    QUEUE_STOP = 8
    QUEUE_RESET = 9
    QUEUE_DESTROY = 10
    TRAPPED_LOAD = 32
    """A load of four bytes trapped: RESULT is mcause, VALUE mtval; the access stands in the arguments."""
    TRAPPED_STORE = 33
    """The same of a store."""
    RELOAD = 34
    """The capability to a queue was loaded from where creation had put it: RESULT is its tag."""


class Word(enum.IntEnum):
    """Offsets of the words of a record."""

    SERVICE = 0x00
    THREAD = 0x04
    RESULT = 0x08
    """The service's return code, signed."""
    VALUE = 0x0C
    """What the service gave through a pointer: items remaining."""
    QUEUE = 0x10
    """The number that the program gave the queue; for a trap that of the register that was to authorise the access."""
    NUMBER = 0x14
    """Elements to transfer; for creation the size of an element; for a trap the offset of the access."""
    BUFFER = 0x18
    """Bytes from the buffer's address to the end of its bounds, 0 if untagged; for creation the number of elements."""
    PERMISSIONS = 0x1C
    """Permission vector of the buffer, 0 if untagged."""
    DATA = 0x20
    """The first bytes of the message: as the sender's buffer holds them, or as they arrived."""
    LENGTH = 0x38
    """Number of valid bytes of DATA."""


DATA_BYTES = Word.LENGTH - Word.DATA
