"""Corners of locks, event groups, queues and timers that no catalogue row reaches."""

import pytest

from rtos_model.services.errors import Errno
from rtos_model.services.image import Compartment, Export, SealedImport, Thread, Word, quota
from rtos_model.services.kernel import Kernel
from rtos_model.services.pointers import is_tagged
from rtos_model.services.registry import link
from rtos_model.services.scenario import play, simple
from rtos_model.services.scenarios.interrupts import multiwaiter, wait_any
from rtos_model.services.scenarios.locks import FLAG
from rtos_model.services.scenarios.queues import SYSTEM as QUEUE_SYSTEM
from rtos_model.services.scenarios.queues import THE_QUEUE, create, receive, send
from rtos_model.services.scenarios.synchronisation import CONDITION, LOCK, SYSTEM, group, now, set_bits, wait_bits
from rtos_model.services.scenarios.threads import TICK, sleep
from rtos_model.services.scenarios.workers import (
    RING,
    RINGS,
    TIMER_SYSTEM,
    TIMERS,
    note,
    pop,
    protocol,
    push,
    start,
    stop,
    timer,
)
from rtos_model.services.session import Session
from rtos_model.services.steps import (
    Advance,
    Expect,
    Function,
    GetCap,
    Imported,
    Limit,
    Local,
    Repeat,
    Return,
    Var,
    do,
)
from rtos_model.services.timeout import NO_WAIT


def passes(title, threads, **system):
    outcome = play(simple("SC-0", title, "LK-1", threads, **system))
    assert outcome.passed, "\n".join([*outcome.problems, *outcome.lines()])


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def events(session):
    slot = session.buffer(8)
    assert session.call("eventgroup_create", NO_WAIT, session.quota, slot) == 0
    return session.ctx.load_cap(slot)


def heap_limit(session):
    """A time limit that the services must refuse."""
    limit = session.call("heap_allocate", NO_WAIT, session.quota, 8, 0)
    session.ctx.store(limit, 5, 4)
    return limit


# ------------------------------------------------------------------------------------------- locks


@pytest.mark.parametrize("function, word", [("semaphore_get", b"\0" * 8), ("barrier_timed_wait", b"\x02" + b"\0" * 7)])
def test_a_bad_time_limit_is_refused(session, function, word):
    assert session.call(function, heap_limit(session), session.buffer(word)) == -Errno.EINVAL


def test_a_refused_unlock_ends_a_condition_wait():
    body = (
        do("condition_variable_wait", 0, CONDITION, LOCK, Function(FLAG), Function("refuse"), into="r"),
        Expect("r", 5),
    )
    passes(
        "refused",
        {"H": body},
        program={"main.refuse": (Return(5),)},
        words=["condition", Word(name="lock", size=8)],
        never="CALL",
    )


def test_a_signal_between_unlock_and_wait_is_not_lost():
    signal = (
        do("flaglock_unlock", "a0"),
        do("condition_variable_notify", CONDITION, 1, into="woken"),
        Expect("woken", 0),
        Return(0),
    )
    body = (
        do(FLAG, 0, LOCK),
        Limit("limit", 50),
        do("condition_variable_wait", "limit", CONDITION, LOCK, Function(FLAG), Function("signal"), into="r"),
        Expect("r", 0),
    )
    words = ["condition", Word(name="lock", size=8)]
    passes("early signal", {"H": body}, program={"main.signal": signal}, words=words, never="BLOCK")


def test_a_condition_wakes_as_many_as_it_is_told():
    """LK-19."""
    wait = (
        do(FLAG, 0, LOCK),
        Limit("limit", 50),
        do("condition_variable_wait", "limit", CONDITION, LOCK, Function(FLAG), Function("flaglock_unlock"), into="r"),
    )
    threads = {
        "H": (*wait, Expect("r", 0), do("flaglock_unlock", LOCK)),
        "M": (*wait, Expect("r", -110)),
        "L": (do("condition_variable_notify", CONDITION, 1, into="n"), Expect("n", 1)),
    }
    passes("one of two", threads, words=["condition", Word(name="lock", size=8)])


def test_a_function_pointer_can_be_only_called():
    """Not stored through, not forged from a number (CP-2)."""
    words = ["once"]
    body = (do("run_once", Var("once"), 0, into="r"), Expect("r", 0))
    passes("no pointer", {"H": body}, words=words, expect="TRAP H main 28 2")
    body = (do("run_once", Var("once"), Var("once"), into="r"), Expect("r", 0))
    passes("data", {"H": body}, words=words, expect="TRAP H main 28 3")


# ------------------------------------------------------------------------------------------- event groups


def test_a_bad_time_limit_disables_the_slot_and_leaves_the_bits_alone(session, events):
    out = session.buffer(b"\x4d\0\0\0")
    assert session.call("eventgroup_wait", heap_limit(session), events, out, 1, 0, 1) == -Errno.EINVAL
    assert session.ctx.load(out) == 0x4D
    assert session.call("eventgroup_set", NO_WAIT, events, out, 1) == 0
    assert session.ctx.load(out) == 1


def test_who_gave_up_clears_nothing_later():
    body = (*group(), *wait_bits(1, 1, -110, 0, clear=1), *set_bits(1, 1), *now(1))
    passes("gave up", {"H": body}, **SYSTEM)


def test_the_seen_bits_are_those_of_before_the_clearing():
    threads = {
        "H": (*group(), *wait_bits(1, 50, 0, 0b101, clear=1)),
        "L": (*set_bits(0b101, 0b100), *now(0b100)),
    }
    passes("before clearing", threads, **SYSTEM)


def test_bits_stay_for_who_does_not_clear_them():
    passes("kept", {"H": (*group(), *wait_bits(1, 50, 0, 1)), "L": (*set_bits(1, 1), *now(1))}, **SYSTEM)


def test_a_refused_destruction_leaves_the_group_unusable(session, events):
    out = session.buffer(4)
    session.call("eventgroup_set", NO_WAIT, events, out, 6)
    assert session.call("eventgroup_destroy", 0, events) == -Errno.EPERM
    assert session.call("eventgroup_set", NO_WAIT, events, out, 1) == -Errno.ETIMEDOUT
    assert session.ctx.load(out) == 6
    assert session.call("eventgroup_clear", NO_WAIT, events, out, 2) == -Errno.ETIMEDOUT
    assert session.ctx.load(out) == 6
    session.ctx.store(out, 77)
    assert session.call("eventgroup_wait", NO_WAIT, events, out, 6, 0, 0) == -Errno.ETIMEDOUT
    assert session.ctx.load(out) == 77
    assert session.call("eventgroup_destroy_force", session.quota, events) == 0


def test_a_forced_destruction_that_is_refused_shuts_the_group_too(session, events):
    assert session.call("eventgroup_destroy_force", 0, events) == -Errno.EPERM
    assert session.call("eventgroup_set", NO_WAIT, events, session.buffer(4), 1) == -Errno.ETIMEDOUT


def test_a_failed_creation_leaves_the_code_in_place(session):
    slot = session.buffer(8)
    assert session.call("eventgroup_create", NO_WAIT, 0, slot) == -Errno.ENOMEM
    error = session.ctx.load_cap(slot)
    assert not is_tagged(error)
    assert error.address == -Errno.EPERM & 0xFFFF_FFFF


def test_creation_without_a_thread_count_is_out_of_range():
    """No trusted-stack frame is left for the question (DV-36)."""
    codes = []

    def entry(ctx):
        codes.append((yield from ctx.call("eventgroup_create", NO_WAIT, ctx.imported("quota"), ctx.local(8))))

    main = Compartment(name="main", exports=(Export(name="entry"),), imports=(SealedImport(sealed="quota"),))
    program = {"main.entry": entry}
    image = link(
        compartments=[main],
        threads=[Thread(name="T", compartment="main", entry="entry", frames=0)],
        sealed_objects=(quota("quota", 1024),),
        program=program,
    )
    Kernel(image, program).run()
    assert codes == [-Errno.ERANGE]


def test_names_of_2023(session):
    slot, out = session.buffer(8), session.buffer(4)
    assert session.call("event_create", NO_WAIT, session.quota, slot) == 0
    events = session.ctx.load_cap(slot)
    assert (session.call("event_bits_set", events, out, 6), session.ctx.load(out)) == (0, 6)
    assert session.call("event_bits_wait", NO_WAIT, events, out, 3, 0, 1) == -Errno.ETIMEDOUT
    assert (session.call("event_bits_wait", NO_WAIT, events, out, 3, 1, 0), session.ctx.load(out)) == (0, 6)
    assert (session.call("event_bits_get", events, out), session.ctx.load(out)) == (0, 4)
    assert (session.call("event_bits_clear", events, out, 4), session.ctx.load(out)) == (0, 0)
    assert session.call("event_delete", session.quota, events) == 0


# ------------------------------------------------------------------------------------------- queues


def test_freeing_a_queue_wakes_nobody():
    """MQ-17: the waiter comes back at its limit and finds the queue dead."""
    threads = {
        "H": (
            *create(8, 1),
            Local("target", 8),
            Limit("limit", 5),
            do("queue_receive", "limit", THE_QUEUE, "target", into="r"),
            Expect(1, 0),
        ),
        "L": (do("heap_free", Imported("quota"), THE_QUEUE, into="r"), Expect("r", 0)),
    }
    expect = """
    BLOCK H heap#1+8 ticks:5
    FREE quota heap#1 freed
    READY H timer
    TRAP H main 28 2
    """
    passes("freed", threads, expect=expect, **QUEUE_SYSTEM)


def test_a_message_wakes_everybody_who_looks_at_the_word():
    """MQ-7: a receiver and a multiwaiter on the same word."""
    threads = {
        "H": (
            *create(8, 1),
            *multiwaiter(1),
            do("multiwaiter_queue_receive_init", "events", THE_QUEUE),
            *wait_any(50, 1, 0, [1]),
        ),
        "L": receive(7, ticks=50),
        "W": send(7),
    }
    expect = """
    READY L futex
    READY H multi
    """
    passes("broadcast", threads, priorities={"W": 0}, expect=expect, **QUEUE_SYSTEM)


def test_a_ring_buffer_survives_a_spurious_wake():
    threads = {
        "H": (Local("item", 4), *pop(7)),
        "L": (do("futex_wake", RING, 1), *sleep(1), Local("item", 4), *push(7)),
    }
    expect = """
    READY H futex
    READY L timer
    READY H futex
    """
    passes("spurious", threads, words=RINGS, expect=expect)


# ------------------------------------------------------------------------------------------- timers


def test_a_stop_that_is_queued_comes_before_a_callback_that_is_due():
    """TM-2: the service is busy from tick 1 to 11; the stop arrives at tick 5, t2 was due at tick 2."""
    threads = {
        "H": (
            *timer("t1", "slow"),
            *timer("t2", "expired", 2),
            *start("t1", 1),
            *start("t2", 2),
            *sleep(5),
            *stop("t2"),
            *sleep(20),
            *protocol(0),
        ),
        "S": TIMERS,
    }
    program = {"main.slow": (Repeat(10, (Advance(TICK),)),), "main.expired": note("a0")}
    passes("stopped", threads, priorities={"S": 2}, program=program, blocked="S", **TIMER_SYSTEM)


def test_missed_periods_run_back_to_back():
    """TM-1: due at 2, 4, 6 ... while the service is busy from tick 1 to 11; by tick 11 five have been missed."""
    threads = {
        "H": (
            *timer("t1", "slow"),
            *timer("t2", "expired", 2),
            *start("t1", 1),
            *start("t2", 2, 2),
            *sleep(11),
            *sleep(1),
            *protocol(0x22222),
            *stop("t2"),
        ),
        "S": TIMERS,
    }
    program = {"main.slow": (Repeat(10, (Advance(TICK),)),), "main.expired": note("a0")}
    passes("missed", threads, priorities={"S": 2}, program=program, blocked="S", **TIMER_SYSTEM)


def test_a_lambda_without_memory_traps_in_the_submitter():
    """TP-5: the captured object does not fit the heap."""
    body = (
        Local("captured", 8),
        do("thread_pool_async_object", Var("key"), GetCap(Var("key")), "captured", 0x20000, into="r"),
        Expect(1, 0),
    )
    passes("no memory", {"H": body}, words=[Word(name="key", size=8)], expect="TRAP H main 2 0")
