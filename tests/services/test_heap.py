"""Sizes, charges, placement and death of heap objects (HP-6...HP-14, HP-22, HP-40)."""

import pytest

from rtos_model.services.errors import Errno, Trap
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
