"""Claims, deferred objects and hazard slots: what the scenarios leave out (HP-20...HP-34)."""

import pytest

from rtos_model.machine.capability import NULL, Perm
from rtos_model.services.errors import Errno, Trap
from rtos_model.services.events import Block, Boost, Claim, Free
from rtos_model.services.heap import Heap
from rtos_model.services.image import Compartment, Export, SealedImport, Thread, quota
from rtos_model.services.registry import link
from rtos_model.services.session import Session
from rtos_model.services.timeout import NO_WAIT

FULL = 4096


@pytest.fixture
def session():
    """A thread with two quotas, and a second thread that has ended."""
    names = ("quota", "other")
    program = {"main.entry": None, "main.nothing": ()}
    main = Compartment(
        name="main",
        exports=(Export(name="entry"), Export(name="nothing")),
        imports=tuple(SealedImport(sealed=name) for name in names),
    )
    threads = [
        Thread(name="T", compartment="main", entry="entry", priority=2, stack=4096),
        Thread(name="Z", compartment="main", entry="nothing", priority=1),
    ]
    program["main.entry"] = lambda ctx: None
    image = link(
        compartments=[main],
        threads=threads,
        program=program,
        sealed_objects=tuple(quota(name, FULL) for name in names),
    )
    return Session(image=image, program={"main.nothing": ()})


def other(session):
    return session.ctx.imported("other")


def left(session, handle=None):
    return session.call("heap_quota_remaining", session.quota if handle is None else handle)


def allocate(session, size=64):
    made = session.call("heap_allocate", NO_WAIT, session.quota, size, 0)
    assert made.tag
    return made


def hold(session, *pointers):
    """Put pointers into the second thread's slots, as if it had claimed them and were preempted."""
    slots = session.kernel.loaded.hazard_slots(2)
    for index, pointer in enumerate(pointers):
        session.kernel.memory.poke_cap(slots.address + 8 * index, pointer)


def drop(session):
    hold(session, NULL, NULL)


def actions(session):
    return [event.action for event in session.kernel.log if isinstance(event, Free)]


def test_a_claim_count_saturates_and_is_then_pinned(session):
    pointer = allocate(session)
    session.call("heap_claim", other(session), pointer)
    (found,) = session.kernel.heap.objects.values()
    found.claims["other"].count = 0xFFFF_FFFE
    for _ in range(2):
        assert session.call("heap_claim", other(session), pointer) == 64
        assert found.claims["other"].count == 0xFFFF_FFFF
    assert session.call("heap_free", other(session), pointer) == 0
    assert found.claims["other"].count == 0xFFFF_FFFF
    assert session.call("heap_free_all", other(session)) == 72
    assert left(session, other(session)) == FULL


def test_a_record_takes_eight_bytes_more_where_nothing_else_fits(session):
    """HP-21, HP-30: the record costs 24 in a hole of 24 bytes, and 24 come back."""
    big, small = allocate(session, 100), allocate(session, 16)
    allocate(session, 8)
    session.call("heap_free", session.quota, small)
    session.call("heap_quarantine_empty")
    assert session.call("heap_claim", other(session), big) == 104
    assert left(session, other(session)) == FULL - 112 - 24
    assert session.call("heap_free", other(session), big) == 0
    assert left(session, other(session)) == FULL


def test_an_owner_with_a_foreign_claim_left(session):
    pointer = allocate(session)
    session.call("heap_claim", other(session), pointer)
    assert session.call("heap_free", other(session), pointer) == 0
    assert session.call("heap_free", other(session), pointer) == -Errno.EPERM
    assert session.call("heap_free", session.quota, pointer) == 0
    assert actions(session) == ["claim-dropped", "refused", "freed"]
    assert session.call("heap_claim", other(session), pointer) == -Errno.EINVAL


def test_a_claim_without_room_changes_nothing(session):
    pointer = allocate(session, 2000)
    heap, before = session.kernel.heap, left(session, other(session))
    taken = Heap.fit
    Heap.fit = lambda self, request: None
    try:
        assert session.call("heap_claim", other(session), pointer) == -Errno.ENOMEM
        assert session.call("heap_claim", session.quota, pointer) == -Errno.ENOMEM
    finally:
        Heap.fit = taken
    assert left(session, other(session)) == before
    assert left(session) == FULL - 2008
    (found,) = heap.objects.values()
    assert (found.owner, found.claims) == ("quota", {})
    assert not [event for event in session.kernel.log if isinstance(event, Claim)]


def test_free_all_drops_claims_on_objects_that_live_on(session):
    """HP-25: the charge of an object kept by somebody else counts as released."""
    pointer = allocate(session)
    session.call("heap_claim", other(session), pointer)
    assert session.call("heap_free_all", session.quota) == 72
    assert session.ctx.load(pointer) == 0
    assert left(session) == FULL
    assert session.call("heap_free_all", other(session)) == 72
    assert actions(session) == ["owner-dropped", "freed"]
    with pytest.raises(Trap):
        session.ctx.load(pointer)


def test_free_all_passes_over_sealed_objects_it_claims(session):
    key, out = session.call("token_key_new"), session.buffer(8)
    session.call("token_sealed_unsealed_alloc", NO_WAIT, session.quota, key, 16, out)
    session.call("heap_claim", other(session), session.ctx.load_cap(out))
    assert session.call("heap_free_all", other(session)) == 0
    assert left(session, other(session)) == FULL - 32 - 16


def test_a_deferred_object_is_looked_at_when_something_happens(session):
    """HP-22: by allocations and releases; not by refused frees, queries or the slot's emptying."""
    for trigger in ("heap_allocate", "heap_claim", "token_sealed_alloc", "heap_free"):
        key = session.call("token_key_new")
        helper, pointer = allocate(session, 24), allocate(session)
        session.ctx.store(pointer, 7)
        hold(session, pointer.with_bounds(8))
        assert session.call("heap_free", session.quota, pointer) == 0
        drop(session)
        session.call("heap_free", session.quota, pointer)
        session.call("heap_can_free", session.quota, pointer)
        session.call("heap_quota_remaining", session.quota)
        session.call("heap_available")
        assert session.ctx.load(pointer) == 7
        arguments = {
            "heap_allocate": (NO_WAIT, session.quota, 8, 0),
            "heap_claim": (other(session), helper),
            "token_sealed_alloc": (NO_WAIT, session.quota, key, 8),
            "heap_free": (session.quota, helper),
        }[trigger]
        session.call(trigger, *arguments)
        with pytest.raises(Trap):
            session.ctx.load(pointer)


def test_a_held_payload_defers_the_destruction_of_a_sealed_object(session):
    key = session.call("token_key_new")
    handle = session.call("token_sealed_alloc", NO_WAIT, session.quota, key, 16)
    inside = session.call("token_obj_unseal", key, handle)
    hold(session, handle)  # a sealed pointer holds nothing, the payload's does
    hold(session, handle, inside)
    assert session.call("token_obj_destroy", session.quota, key, handle) == 0
    assert actions(session) == ["deferred-hazard"]
    assert left(session) == FULL
    assert session.call("token_obj_destroy", session.quota, key, handle) == -Errno.EPERM
    hold(session, handle, NULL)
    allocate(session)
    assert session.call("token_obj_destroy", session.quota, key, handle) == -Errno.EINVAL


def test_a_slot_must_lie_inside_the_object_whole_and_alive(session):
    pointer = allocate(session)
    whole = pointer
    for held in (pointer.without_tag(), session.ctx.stack, session.quota, pointer.with_address(pointer.address - 0)):
        hold(session, held)
        assert session.call("heap_free", session.quota, pointer) == 0
        deferred = bool(session.kernel.heap.deferred)
        assert deferred == (held == whole)
        if not deferred:
            pointer = whole = allocate(session)


def test_a_deferred_object_can_be_claimed_after_its_slot_emptied(session):
    """HP-34: making the record looks at deferred objects, but not at the one that is being claimed."""
    pointer, second = allocate(session), allocate(session)
    hold(session, pointer, second)
    for one in (pointer, second):
        assert session.call("heap_free", session.quota, one) == 0
    drop(session)
    assert session.call("heap_claim", other(session), pointer) == 64
    assert session.ctx.load(pointer) == 0
    with pytest.raises(Trap):
        session.ctx.load(second)
    hold(session, pointer)
    assert session.call("heap_free", other(session), pointer) == 0
    assert actions(session) == ["deferred-hazard"] * 3
    drop(session)
    allocate(session)
    assert not session.kernel.heap.deferred
    assert left(session, other(session)) == FULL


def test_the_claimer_waits_while_the_allocator_looks(session):
    """HP-32: bit 16 of the epoch word; one tick at a time, with priority inheritance for the thread named in it."""
    pointer = allocate(session)
    word = session.kernel.loaded.shared["allocator_epoch"]
    before = session.kernel.memory.load(word)
    session.kernel.memory.store(word, 1 << 16 | 2)
    assert session.call("heap_claim_ephemeral", NO_WAIT, pointer, 0) == -Errno.ETIMEDOUT
    limit = session.ctx.timeout(3)
    assert session.call("heap_claim_fast", limit, pointer, 0) == -Errno.ETIMEDOUT
    assert (session.ctx.load(limit), session.ctx.load(limit, 4)) == (3, 0)
    waits = [event for event in session.kernel.log if isinstance(event, Block)]
    assert [(event.object, event.deadline) for event in waits] == [("allocator_epoch", "ticks:1")] * 3
    assert any(isinstance(event, Boost) and event.thread == 2 for event in session.kernel.log)
    # neither null pointers nor an even epoch wait, whatever the low half says
    assert session.call("heap_claim_ephemeral", NO_WAIT, session.buffer(8), 0) == 0
    session.kernel.memory.store(word, 2 << 16 | 1)
    assert session.call("heap_claim_ephemeral", NO_WAIT, pointer, 0) == 0
    session.kernel.memory.store(word, before)
    session.call("heap_free", session.quota, pointer)
    assert session.kernel.memory.load(word) == before + (2 << 16)


@pytest.mark.parametrize("place", [0, 1])
def test_pointers_that_cannot_be_held(session, place):
    """HP-32: dead heap pointers are refused and empty both slots; what is not in the heap counts as null."""
    pointer, dead = allocate(session), allocate(session)
    session.call("heap_free", session.quota, dead)
    slots = session.kernel.loaded.hazard_slots(1)

    def slot(index):
        return session.kernel.memory.peek_cap(slots.address + 8 * index)

    pair = (dead, pointer) if place == 0 else (pointer, dead)
    assert session.call("heap_claim_ephemeral", NO_WAIT, *pair) == -Errno.EINVAL
    assert (slot(0).tag, slot(1).tag) == (False, False)
    assert session.call("heap_claim_ephemeral", NO_WAIT, pointer, pointer) == 0
    assert (slot(0), slot(1)) == (pointer, pointer)
    assert session.call("heap_claim_ephemeral", NO_WAIT, session.quota.without_tag(), session.quota) == 0
    assert (slot(0).tag, slot(1).tag) == (False, False)


def test_the_slots_are_write_only_and_cleared_by_calls(session):
    slots = session.call("switcher_thread_hazard_slots")
    assert (slots.permissions, slots.length) == (Perm.SD | Perm.MC, 16)
    pointer = allocate(session)
    session.call("heap_claim_ephemeral", NO_WAIT, pointer, 0)
    assert session.kernel.memory.peek_cap(slots.address) == pointer
    session.call("thread_count")
    assert not session.kernel.memory.peek_cap(slots.address).tag


def test_a_local_pointer_does_not_protect(session):
    """The slots have no store-local, so a pointer without G loses its tag on the way in."""
    pointer = allocate(session)
    slots = session.kernel.loaded.hazard_slots(1)
    assert session.call("heap_claim_ephemeral", NO_WAIT, pointer.with_permissions(0xFFF & ~Perm.GL), 0) == 0
    assert not session.kernel.memory.peek_cap(slots.address).tag


def test_a_call_ends_the_callers_own_ephemeral_claim_before_it_begins():
    """HP-33: so a thread that frees what it holds this way frees it at once."""
    session = Session()
    held = allocate(session)
    assert session.call("heap_claim_ephemeral", NO_WAIT, held) == 0
    assert session.call("heap_free", session.quota, held) == 0
    assert [event.action for event in session.kernel.log if isinstance(event, Free)] == ["freed"]


def test_a_hazard_defers_its_own_object_only(session):
    """HP-22: one that lies in front of it dies."""
    first, second = allocate(session), allocate(session)
    assert first.address < second.address
    hold(session, second)
    assert session.call("heap_free", session.quota, first) == 0
    assert session.call("heap_free", session.quota, second) == 0
    assert [event.action for event in session.kernel.log if isinstance(event, Free)] == ["freed", "deferred-hazard"]
