"""Records of event windows as service events: slots as words and as capabilities, names, and records that are none."""

import pytest

from cosim.observe.places import Names, Places, Region
from cosim.observe.windows import WindowError, event_of
from rtos_model.machine.capability import NULL, ROOT_MEMORY, ROOT_SEALING
from rtos_model.machine.devices.simctl import Event as Closed
from rtos_model.machine.value import number
from rtos_model.services.events import Alloc, Block, Boost, Claim, Free, Ready, SealKey

HEAP = 0x2005_0000
WORD = 0x2004_4000
QUOTA = 0x2004_5000


def to(address, length=8):
    return ROOT_MEMORY.with_address(address).with_bounds(length, exact=True)


def closed(code, *slots):
    """A record whose slots are words, capabilities, or missing (None)."""
    stores = [
        (8 * place, number(slot) if slot is not None and not isinstance(slot, int) else slot)
        for place, slot in enumerate(slots)
        if slot is not None
    ]
    return Closed(compartment=1, clock=7, stores=(*stores, (0x38, code)))


@pytest.fixture
def names():
    regions = (
        Region("main.word", WORD, WORD + 4),
        Region("purse", QUOTA, QUOTA + 24),
        Region("H.stack", 64, 96, False),
    )
    return Names(Places((), {}, {}, regions, (HEAP, HEAP + 0x1000)))


@pytest.mark.parametrize(
    "record, event",
    [
        (closed(1, 2, to(WORD), 0, 1, 30), Block(2, "main.word", "ticks:30")),
        (closed(1, 2, to(WORD).without_tag(), 0, 2), Block(2, "main.word", "absolute")),
        (closed(1, 2, 0, 2, 0), Block(2, "sleep", "none")),
        (closed(1, 2, to(72), 0, 0), Block(2, "H.stack", "none")),
        (closed(1, 2, to(HEAP + 64), 0, 0), Block(2, "heap", "none")),
        (closed(1, 2, to(0x100), 0, 0), Block(2, "unknown", "none")),
        (closed(2, 3), Ready(3, "timer")),
        (closed(2, 3, 4), Ready(3, "early")),
        (closed(3, 3, 1, 2), Boost(3, 1, 2)),
        (closed(4, to(QUOTA, 24), 100, 0, NULL.with_address(-13 & 0xFFFF_FFFF)), Alloc("purse", 100, 0, -13)),
        (closed(5, None, None, 4), Free("?", "?", "refused")),
        (closed(5, to(QUOTA, 24), to(HEAP + 64), 4), Free("purse", "heap", "refused")),
        (closed(7, 3), SealKey(3)),
    ],
    ids=lambda value: "" if isinstance(value, Closed) else str(value),
)
def test_a_record_and_what_it_says(names, record, event):
    assert event_of(record, names) == event


def test_heap_objects_are_named_in_the_order_in_which_they_are_made(names):
    quota = to(QUOTA + 7, 24).seal(ROOT_SEALING.with_address(12))
    assert event_of(closed(4, quota, 16, 24, to(HEAP + 8, 16)), names) == Alloc("purse", 16, 24, "heap#1")
    assert event_of(closed(4, quota, 16, 24, to(HEAP + 32, 16)), names) == Alloc("purse", 16, 24, "heap#2")
    assert event_of(closed(1, 1, to(HEAP + 36, 4), 0, 0), names) == Block(1, "heap#2+4", "none")
    assert event_of(closed(1, 1, to(HEAP + 40, 8), 1, 0), names) == Block(1, "heap#2", "none"), "multiwaiters have none"
    assert event_of(closed(6, quota, to(HEAP + 8, 16), 2), names) == Claim("purse", "heap#1", 2)
    assert event_of(closed(5, quota, to(HEAP + 8, 16), 2), names) == Free("purse", "heap#1", "owner-dropped")
    assert event_of(closed(5, quota, to(HEAP + 8, 16), 0), names) == Free("purse", "heap#1", "freed")
    assert names.of(HEAP + 8) == "heap"
    assert event_of(closed(4, quota, 40, 48, to(HEAP + 8, 40)), names) == Alloc("purse", 40, 48, "heap#3")
    assert names.of(HEAP + 32) == "heap#3+24", "a name of what was there before is gone"


@pytest.mark.parametrize("record", [closed(0), closed(8), closed(1, 1, 0, 0, 9), closed(2, 1, 7), closed(5, 0, 0, 5)])
def test_records_that_are_none(names, record):
    with pytest.raises(WindowError, match=f"event window 1, record with code {record.stores[-1][1]}"):
        event_of(record, names)


def test_two_words_of_one_slot_and_the_upper_word_of_the_last_line(names):
    stores = ((0, 3), (8, 0), (12, 0), (8, 1), (0x38, 2))
    assert event_of(Closed(compartment=1, clock=0, stores=stores), names) == Ready(3, "futex")
