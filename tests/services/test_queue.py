"""The library message queue: codes, order, wrap-around, limits, faults (MQ-1...MQ-17)."""

import pytest

from rtos_model.services.errors import Deadlock, Errno, ServiceModelError
from rtos_model.services.session import MessageQueue, Session
from rtos_model.services.timeout import NO_WAIT, WAIT_FOREVER


@pytest.fixture
def session():
    return Session()


def test_fill_and_drain_in_order(session):
    queue = MessageQueue(session, element_size=8, count=2)
    assert [queue.send(b"message1"), queue.items(), queue.send(b"message2"), queue.items()] == [0, 1, 0, 2]
    assert queue.send(b"message3", ticks=5) == -Errno.ETIMEDOUT
    assert queue.receive() == (0, b"message1")
    assert queue.receive() == (0, b"message2")
    assert queue.receive(ticks=5) == (-Errno.ETIMEDOUT, b"")
    assert queue.items() == 0


def test_messages_wrap_around_in_order(session):
    queue = MessageQueue(session, element_size=1, count=9)
    for turn in range(10):
        first, second = bytes(range(4 * turn, 4 * turn + 4)), bytes(range(100 + turn, 104 + turn))
        assert (queue.send(first), queue.send(second)) == (4, 4)
        assert queue.receive(4) == (4, first)
        assert queue.receive(4) == (4, second)


def test_as_many_as_fit_are_sent(session):
    queue = MessageQueue(session, element_size=1, count=4)
    assert queue.send(b"ab") == 2
    assert queue.send(b"cdefg", ticks=3) == 2
    assert queue.receive(4) == (4, b"abcd")


@pytest.mark.parametrize("size, count", [(1, 0x2000_0000), (0x1_0000, 0x1_0000), (0x1_0000, 0x8000), (1, 0x1000_0000)])
def test_sizes_beyond_the_limits_are_refused(session, size, count):
    slot = session.buffer(8)
    code = session.call("queue_create", NO_WAIT, session.quota, slot, size, count)
    assert code == -Errno.EINVAL


def test_memory_is_charged_and_returned(session):
    before = session.call("heap_quota_remaining", session.quota)
    queue = MessageQueue(session, element_size=8, count=2)
    assert session.call("heap_quota_remaining", session.quota) == before - 40
    assert queue.destroy() == 0
    assert session.call("heap_quota_remaining", session.quota) == before


def test_failed_allocation_is_out_of_memory(session):
    with pytest.raises(ServiceModelError, match="gives -13"):
        MessageQueue(session, element_size=1024, count=4)


def test_short_buffers_are_refused_and_nothing_is_lost(session):
    queue = MessageQueue(session, element_size=8, count=2)
    assert session.call("queue_send", NO_WAIT, queue.pointer, session.buffer(4)) == -Errno.EPERM
    assert queue.items() == 0
    assert queue.send(b"message1") == 0
    assert session.call("queue_receive", NO_WAIT, queue.pointer, session.buffer(4)) == -Errno.EPERM
    assert queue.items() == 1
    assert queue.receive() == (0, b"message1")


def test_no_scheduler_call_between_empty_and_full(session):
    queue = MessageQueue(session, element_size=1, count=4)
    queue.send(b"a")
    before = len(session.kernel.log)
    queue.send(b"b")
    queue.receive()
    calls = [event for event in session.kernel.log[before:] if event.kind == "CALL"]
    assert calls == []


@pytest.mark.parametrize("operation", ["queue_send", "queue_receive"])
def test_queue_of_no_elements_is_full_and_empty(session, operation):
    queue = MessageQueue(session, element_size=4, count=0)
    assert session.call(operation, NO_WAIT, queue.pointer, session.buffer(4)) == -Errno.ETIMEDOUT


def test_zero_sized_elements_count(session):
    queue = MessageQueue(session, element_size=0, count=4)
    empty = session.buffer(1)
    codes = [session.call("queue_send", NO_WAIT, queue.pointer, empty) for _ in range(5)]
    assert codes == [0, 0, 0, 0, -Errno.ETIMEDOUT]
    assert queue.items() == 4


def test_stopped_queue_times_out(session):
    queue = MessageQueue(session, element_size=1, count=4)
    assert queue.send(b"a") == 0
    assert queue.stop() == 0
    assert queue.send(b"b") == -Errno.ETIMEDOUT
    assert queue.receive() == (-Errno.ETIMEDOUT, b"")


def test_reset_empties(session):
    queue = MessageQueue(session, element_size=1, count=4)
    queue.send(b"ab")
    assert (queue.reset(), queue.items()) == (0, 0)
    assert queue.send(b"cdef") == 4


def test_capabilities_travel_with_their_tag(session):
    queue = MessageQueue(session, element_size=8, count=2)
    source, target = session.buffer(8), session.buffer(8)
    session.ctx.store_cap(source, session.quota)
    assert session.call("queue_send", NO_WAIT, queue.pointer, source) == 0
    assert session.call("queue_receive", NO_WAIT, queue.pointer, target) == 0
    assert session.ctx.load_cap(target) == session.quota


def test_local_capabilities_lose_their_tag(session):
    queue = MessageQueue(session, element_size=8, count=2)
    source, target = session.buffer(8), session.buffer(8)
    session.ctx.store_cap(source, target)
    assert session.ctx.load_cap(source).tag
    session.call("queue_send", NO_WAIT, queue.pointer, source)
    session.call("queue_receive", NO_WAIT, queue.pointer, target)
    assert not session.ctx.load_cap(target).tag
    assert session.ctx.load_cap(target).address == target.address


def test_waiting_for_ever_alone_is_a_deadlock(session):
    queue = MessageQueue(session, element_size=8, count=2)
    with pytest.raises(Deadlock, match=r"T waits for heap#1\+8 without limit"):
        session.call("queue_receive", WAIT_FOREVER, queue.pointer, session.buffer(8))
