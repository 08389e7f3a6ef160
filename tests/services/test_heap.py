"""Sizes, charges, placement and death of heap objects (HP-6...HP-14, HP-22, HP-40)."""

import pytest

from rtos_model.services.errors import Errno, Trap
from rtos_model.services.heap import Chunk
from rtos_model.services.image import HEAP_LIMIT
from rtos_model.services.session import Session
from rtos_model.services.timeout import NO_WAIT

REFERENCE = {1: 8, 8: 8, 9: 16, 16: 16, 100: 104, 511: 512, 513: 520, 1023: 1024, 4072: 4072, 4088: 4088, 4089: 4096,
             8193: 8224}  # fmt: skip


def allocate(session, size, flags=0):
    return session.call("heap_allocate", NO_WAIT, session.quota, size, flags)


def left(session):
    return session.call("heap_quota_remaining", session.quota)


def flush(session):
    session.kernel.revoker.kick()
    session.kernel.revoker.finish()


@pytest.mark.parametrize("request_, usable", REFERENCE.items())
def test_reference_sizes_on_a_fresh_heap(request_, usable):
    session = Session(quota_bytes=HEAP_LIMIT)
    before = left(session)
    pointer = allocate(session, request_)
    assert pointer.tag
    assert (pointer.length, pointer.address) == (usable, pointer.bounds()[0])
    assert before - left(session) == max(usable + 8, 16)


@pytest.mark.parametrize("size, align", [(8193, 32), (4089, 16), (16, 8)])
def test_objects_are_aligned_for_exact_bounds(size, align):
    session = Session(quota_bytes=HEAP_LIMIT)
    allocate(session, 8)
    assert allocate(session, size).address % align == 0


def test_a_remainder_too_small_to_stand_alone_is_charged():
    session = Session()
    first = allocate(session, 24)
    assert allocate(session, 8).tag
    assert session.call("heap_free", session.quota, first) == 0
    flush(session)
    before = left(session)
    again = allocate(session, 16)
    assert again.address == first.address
    assert (again.length, before - left(session)) == (24, 32)


def test_quota_counts_the_charge():
    session = Session(quota_bytes=1024)
    assert allocate(session, 1024).address == -Errno.ENOMEM % 2**32
    assert allocate(session, 1016).tag
    assert left(session) == 0


@pytest.mark.parametrize("size", [0, 1 << 30, 0xFFFF_FFFF])
def test_impossible_sizes(size):
    refused = allocate(Session(), size)
    assert (refused.tag, refused.address) == (False, -Errno.EINVAL % 2**32)


def test_freed_memory_is_dead_zero_and_not_reused_before_a_sweep():
    session = Session()
    pointer = allocate(session, 16)
    session.ctx.store(pointer, 0x1234)
    slot = session.buffer(8)
    session.ctx.store_cap(slot, pointer)
    assert session.call("heap_free", session.quota, pointer) == 0
    assert not session.ctx.load_cap(slot).tag
    with pytest.raises(Trap):
        session.ctx.load(pointer)
    assert allocate(session, 16).address != pointer.address
    flush(session)
    again = allocate(session, 16)
    assert again.address == pointer.address
    assert session.ctx.load(again) == 0
    assert not session.kernel.memory.peek_cap(slot.address).tag


def test_wrong_frees_change_nothing():
    session = Session()
    pointer = allocate(session, 64)
    before = left(session)
    half = pointer.with_bounds(32)
    wrong = {0: -Errno.EINVAL, half: -Errno.EPERM, session.quota: -Errno.EINVAL, session.buffer(8): -Errno.EINVAL}
    for bad, code in wrong.items():
        assert session.call("heap_can_free", session.quota, bad) == code
        assert session.call("heap_free", session.quota, bad) == code
    assert session.call("heap_free", 0, pointer) == -Errno.EPERM
    assert left(session) == before
    assert session.call("heap_free", session.quota, pointer) == 0
    assert session.call("heap_free", session.quota, pointer) == -Errno.EINVAL


def holes(*shape):
    """A heap whose free chunks are these (offset, size), as (heap, offset 0)."""
    heap = Session().kernel.heap
    heap.free = [(heap.start + offset, size) for offset, size in shape]
    return heap, heap.start


def test_the_smallest_hole_that_fits_is_taken_and_the_lowest_of_equals():
    """HP-13."""
    heap, zero = holes((0, 64), (96, 32), (256, 32), (512, 24), (600, 128))
    assert heap.fit(24) == (zero + 96, zero + 96, 32)
    assert heap.fit(16) == (zero + 512, zero + 512, 24)
    assert heap.fit(60) == (zero + 600, zero + 600, 72)
    assert heap.fit(48) == (zero, zero, 64)
    assert heap.fit(128) is None


def test_a_prefix_is_nothing_or_a_whole_chunk():
    """HP-13: bodies of 4,089 bytes are 16-aligned; a prefix of 8 bytes would be too small to stand alone."""
    heap, zero = holes((0, 8000))
    assert zero % 4096 == 0
    for offset, start in ((0, 24), (8, 8), (16, 40), (24, 24), (32, 56)):
        heap, zero = holes((offset, 8000))
        assert heap.fit(4089) == (zero + offset, zero + start, 4104)


def test_alignment_needs_a_hole_with_room_for_it():
    """HP-13: the search size is the chunk, the alignment, 16 and 8 more, even where the chunk alone would fit."""
    search = ((4104 + 16 + 16 + 7) & ~7) + 8
    heap, zero = holes((8, search - 8))
    assert heap.fit(4089) is None
    heap, zero = holes((8, search))
    assert heap.fit(4089) == (zero + 8, zero + 8, 4104)


def test_what_is_freed_during_a_sweep_waits_for_the_next_one():
    """HP-22, HP-40: the running sweep may already have passed a copy, and the next one must be complete."""
    session = Session()
    kernel, freed = session.kernel, allocate(session, 100)
    kernel.revoker.kick()
    assert kernel.revoker.epoch == 1
    session.call("heap_free", session.quota, freed)
    for epoch, released in ((2, 0), (3, 0), (4, 1)):
        kernel.revoker.finish() if kernel.revoker.running else kernel.revoker.kick()
        assert (kernel.revoker.epoch, kernel.heap.release(kernel.revoker.epoch)) == (epoch, released)


def test_an_object_that_got_more_than_exact_bounds_can_cover_has_the_usable_length():
    """HP-9: of 4,112 bytes the bounds would not be exact (16 at a time), so the object has 4,096 of them."""
    heap = Session().kernel.heap
    start = next(at for at, _ in heap.free) + 8
    start += -start % 16
    for size, length in ((4096, 4096), (4096 + 8, 4096)):
        made = heap.make(4089, Chunk(start - 8, size + 8), "quota")
        assert made.length == length
        del heap.objects[made.start]


def test_a_flush_without_limit_releases_what_a_sweep_has_cleared():
    """HP-45: with nothing left in quarantine there is nothing to wait for."""
    session = Session()
    session.call("heap_free", session.quota, allocate(session, 100))
    flush(session)
    assert session.kernel.heap.quarantine
    assert session.call("heap_quarantine_flush", NO_WAIT) == 0
    assert not session.kernel.heap.quarantine
