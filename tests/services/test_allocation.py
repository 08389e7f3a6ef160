"""Waiting allocations, revokers, identities, standard names: what the scenarios leave out (HP-1...HP-18, HP-40...)."""

import pytest

from rtos_model.services.errors import Errno, ServiceModelError
from rtos_model.services.events import Alloc, Block, Call, CallFail, Epoch, Exit
from rtos_model.services.image import (
    Compartment,
    Export,
    RevokerKind,
    SealedImport,
    SealedObject,
    Thread,
    Word,
    quota,
)
from rtos_model.services.kernel import Kernel
from rtos_model.services.registry import link
from rtos_model.services.revoker import Revoker
from rtos_model.services.session import Session
from rtos_model.services.timeout import NO_WAIT, WAIT_FOREVER

WHOLE = 4080
TICK = 10_000


def system(threads, *, sealed=(), **image):
    """A kernel whose threads (name to Python body, most urgent first) share the compartment `main`."""
    program = {f"main.{name}": body for name, body in threads.items()}
    sealed = (quota("quota", 100_000), *sealed)
    main = Compartment(
        name="main",
        exports=tuple(Export(name=name) for name in threads),
        imports=tuple(SealedImport(sealed=one.name) for one in sealed),
        globals=(Word(name="place", size=8), Word(name="flag")),
    )
    names = list(threads)
    return Kernel(
        link(
            compartments=[main],
            threads=[
                Thread(name=n, compartment="main", entry=n, priority=len(names) - i, stack=2048)
                for i, n in enumerate(names)
            ],
            program=program,
            sealed_objects=sealed,
            **({"heap_size": 4096} | image),
        ),
        program,
    )


def refill(ctx, ticks):
    """Take the whole heap, free it, take it again within a time limit; the time spent and the second pointer."""
    handle, limit = ctx.imported("quota"), ctx.timeout(ticks)
    first = yield from ctx.call("heap_allocate", NO_WAIT, handle, WHOLE, 7)
    assert first.tag
    assert (yield from ctx.call("heap_free", handle, first)) == 0
    second = yield from ctx.call("heap_allocate", limit, handle, WHOLE, 7)
    return ctx.load(limit), second


@pytest.mark.parametrize("kind", RevokerKind)
def test_every_kind_of_revoker_gives_memory_back(kind):
    done = []

    def entry(ctx):
        spent, pointer = yield from refill(ctx, 50)
        assert pointer.tag
        done.append(spent)

    kernel = system({"T": entry}, revoker=kind)
    kernel.run()
    assert done and done[0] < 50
    assert [event.number for event in kernel.log if isinstance(event, Epoch)] == [1, 2]
    naps = sum(isinstance(event, Block) and event.object == "sleep" for event in kernel.log)
    assert (naps > 0) == (kind is RevokerKind.POLLED)


def test_the_software_revoker_works_a_piece_per_call():
    epochs = []

    def entry(ctx):
        handle = ctx.imported("quota")
        for _ in range(3):
            pointer = yield from ctx.call("heap_allocate", WAIT_FOREVER, handle, 90_000, 7)
            epochs.append(ctx.kernel.revoker.epoch)
            yield from ctx.call("heap_free", handle, pointer)

    kernel = system({"T": entry}, revoker=RevokerKind.SOFTWARE, heap_size=100_000)
    kernel.run()
    pieces = -(-kernel.revoker.words // 4096)
    assert pieces == 4
    assert epochs == [0, 2, 4]
    naps = sum(isinstance(event, Block) for event in kernel.log)
    assert naps == 2  # twice: a piece by the release, one by the attempt, one before and one after a nap


def test_the_software_revoker_starts_later():
    """HP-41: at three quarters of the free bytes, the device at a quarter."""
    epochs = {}

    def entry(ctx):
        handle = ctx.imported("quota")
        pointers = []
        for _ in range(4):
            pointers.append((yield from ctx.call("heap_allocate", NO_WAIT, handle, 512, 7)))
        for count, pointer in enumerate(pointers, 1):
            yield from ctx.call("heap_free", handle, pointer)
            epochs[count] = ctx.kernel.revoker.epoch

    # free bytes while the four are allocated: 4088 - 4 * 520 = 2008
    system({"T": entry}, revoker=RevokerKind.SOFTWARE).run()
    assert epochs == {1: 0, 2: 0, 3: 2, 4: 2}  # one piece is a whole sweep here
    system({"T": entry}, revoker=RevokerKind.POLLED).run()
    assert epochs == {1: 1, 2: 1, 3: 1, 4: 1}


def test_the_device_starts_when_little_is_free():
    """HP-41: below an eighth of the heap any release starts a sweep."""

    def entry(ctx):
        handle = ctx.imported("quota")
        yield from ctx.call("heap_allocate", NO_WAIT, handle, WHOLE - 600, 7)
        pointer = yield from ctx.call("heap_allocate", NO_WAIT, handle, 8, 7)
        assert ctx.kernel.heap.free_bytes > 4 * 16
        before = ctx.kernel.revoker.epoch
        yield from ctx.call("heap_free", handle, pointer)
        ctx.store(ctx.word("flag"), ctx.kernel.revoker.epoch - before)

    for kind, starts in ((RevokerKind.POLLED, 0), (RevokerKind.SOFTWARE, 0)):
        kernel = system({"T": entry}, revoker=kind)
        kernel.run()
        assert kernel.memory.load(kernel.loaded.global_of("main", "flag")) == starts

    def fuller(ctx):
        handle = ctx.imported("quota")
        yield from ctx.call("heap_allocate", NO_WAIT, handle, WHOLE - 400, 7)
        pointer = yield from ctx.call("heap_allocate", NO_WAIT, handle, 8, 7)
        yield from ctx.call("heap_free", handle, pointer)

    kernel = system({"T": fuller}, revoker=RevokerKind.POLLED)
    kernel.run()
    assert 4 * 16 < kernel.heap.free_bytes < kernel.heap.total // 8
    assert kernel.revoker.running


@pytest.mark.parametrize("kind", RevokerKind)
def test_memory_changes_hands_with_the_lock_held(kind):
    """HP-42: after a wait for the revoker the lock is taken again."""

    def entry(ctx):
        handle = ctx.imported("quota")
        first = yield from ctx.call("heap_allocate", NO_WAIT, handle, WHOLE, 7)
        yield from ctx.call("heap_free", handle, first)
        yield from ctx.call("heap_allocate", WAIT_FOREVER, handle, WHOLE, 7)

    kernel = system({"H": entry}, revoker=kind)
    lock, emit, held = kernel.loaded.global_of("allocator", "lock"), kernel.emit, []

    def watch(event):
        emit(event)
        if isinstance(event, Alloc):
            held.append(kernel.memory.load(lock) != 0)

    kernel.emit = watch
    kernel.run()
    assert held == [True, True]


def test_a_polled_wait_ends_with_its_time_limit(monkeypatch):
    """HP-42: naps are charged to the limit; when it is used up, the wait fails and the lock is free."""
    monkeypatch.setattr(Revoker, "finish", lambda self: False)  # a sweep that takes very long
    seen = {}

    def urgent(ctx):
        limit = ctx.timeout(3)
        handle = ctx.imported("quota")
        first = yield from ctx.call("heap_allocate", NO_WAIT, handle, WHOLE, 7)
        yield from ctx.call("heap_free", handle, first)
        seen["second"] = yield from ctx.call("heap_allocate", limit, handle, WHOLE, 7)
        seen["spent"] = (ctx.load(limit), ctx.load(limit, 4))
        seen["flush"] = yield from ctx.call("heap_quarantine_flush", ctx.timeout(2))
        seen["again"] = yield from ctx.call("heap_quota_remaining", handle)

    def other(ctx):
        while ctx.load(ctx.word("flag")) == 0 and ctx.kernel.clock.now < 20 * TICK:
            yield from ctx.advance(TICK // 2)

    system({"H": urgent, "L": other}, revoker=RevokerKind.POLLED).run()
    assert seen["second"].address == -Errno.ETIMEDOUT % 2**32
    assert seen["spent"] == (3, 0)
    assert (seen["flush"], seen["again"]) == (-Errno.ETIMEDOUT, 100_000)


def test_an_interrupted_wait_ends_with_its_time_limit(monkeypatch):
    monkeypatch.setattr(Revoker, "finish", lambda self: False)
    seen = {}

    def entry(ctx):
        seen["spent"], seen["pointer"] = yield from refill(ctx, 3)

    system({"T": entry}).run()
    assert (seen["spent"], seen["pointer"].tag) == (3, False)


def test_finished_chunks_are_used_before_anybody_waits():
    """HP 12.4: an attempt releases four finished chunks, a refused one four more, without looking at the revoker."""

    def entry(ctx):
        handle, revoker = ctx.imported("quota"), ctx.kernel.revoker
        pointers = []
        for _ in range(10):
            pointers.append((yield from ctx.call("heap_allocate", NO_WAIT, handle, 392, 7)))
        for pointer in pointers:
            yield from ctx.call("heap_free", handle, pointer)
        yield from ctx.advance(1)  # the sweep that the first release started
        revoker.kick()
        yield from ctx.advance(1)  # and one that started after the last release
        assert len(ctx.kernel.heap.quarantine) == 10
        assert (yield from ctx.call("heap_allocate", ctx.timeout(3), handle, 4000, 7)).tag

    kernel = system({"T": entry})
    kernel.run()
    assert not [event for event in kernel.log if isinstance(event, Block)]
    assert not [event for event in kernel.log if isinstance(event, Call) and event.callee == "scheduler"]


@pytest.mark.parametrize("way", ["heap_free", "heap_free_all", "token_obj_destroy"])
def test_any_release_wakes_those_who_wait_for_memory(way):
    """HP-16: all sleepers, in order of priority; a release of nothing wakes nobody."""

    def releaser(ctx):
        small = ctx.imported("small")
        key = yield from ctx.call("token_key_new")
        if way == "token_obj_destroy":
            thing = yield from ctx.call("token_sealed_alloc", NO_WAIT, small, key, 80)
        else:
            thing = yield from ctx.call("heap_allocate", NO_WAIT, small, 88, 0)
        assert thing.tag
        yield from ctx.call("thread_sleep", ctx.timeout(1), 1)
        assert (yield from ctx.call("heap_free_all", ctx.imported("quota"))) == 0
        assert (yield from ctx.call("heap_free", small, 0)) == -Errno.EINVAL
        assert (yield from ctx.call("token_obj_destroy", small, key, 0)) == -Errno.EINVAL
        assert (yield from ctx.call("token_obj_can_destroy", small, key, thing)) in (0, -Errno.EINVAL)
        assert sum(event.kind == "READY" and event.reason == "futex" for event in ctx.kernel.log) == 0
        arguments = {"heap_free": (thing,), "heap_free_all": (), "token_obj_destroy": (key, thing)}[way]
        result = yield from ctx.call(way, small, *arguments)
        assert result == (96 if way == "heap_free_all" else 0)

    def waiter(ctx):
        limit = ctx.timeout(100)
        assert (yield from ctx.call("heap_allocate", limit, ctx.imported("small"), 40, 7)).tag
        assert ctx.load(limit) == 1

    kernel = system({"R": releaser, "H": waiter, "L": waiter}, sealed=(quota("small", 104),), heap_size=8192)
    kernel.run()
    done = [(event.size, event.result) for event in kernel.log if isinstance(event, Alloc)]
    assert done[1:] == [(40, "heap#2"), (40, "heap#3")]
    exits = [event.thread for event in kernel.log if isinstance(event, Exit)]
    assert exits == [1, 2, 3]


def test_who_wakes_with_nothing_left_does_not_try_again():
    """HP-16, TO-8: a tick passed by the clock's count, so the time is up, although there is room by now."""
    seen = {}

    def releaser(ctx):
        small = ctx.imported("small")
        thing = yield from ctx.call("heap_allocate", NO_WAIT, small, 40, 0)
        yield from ctx.call("thread_sleep", ctx.timeout(1), 1)
        yield from ctx.call("heap_free", small, thing)

    def waiter(ctx):
        yield from ctx.advance(TICK * 9 // 10)
        seen["late"] = yield from ctx.call("heap_allocate", ctx.timeout(1), ctx.imported("small"), 40, 7)
        seen["room"] = yield from ctx.call("heap_quota_remaining", ctx.imported("small"))
        seen["time"] = ctx.kernel.clock.now

    system({"H": releaser, "L": waiter}, sealed=(quota("small", 64),)).run()
    assert seen["late"].address == -Errno.ETIMEDOUT % 2**32
    assert seen["room"] == 64
    assert seen["time"] < 2 * TICK


def test_sleepers_look_every_tick_while_a_release_is_deferred():
    """HP-16, HP-22: a hazard slot may empty without anybody telling the allocator."""
    seen = {}

    def urgent(ctx):
        handle = ctx.imported("small")
        pointer = yield from ctx.call("heap_allocate", NO_WAIT, handle, 48, 0)
        ctx.store_cap(ctx.word("place"), pointer)
        yield from ctx.call("thread_sleep", ctx.timeout(2), 1)
        assert (yield from ctx.call("heap_free", handle, pointer)) == 0
        assert (yield from ctx.call("heap_quota_remaining", handle)) == 64
        limit = ctx.timeout(4)
        seen["late"] = yield from ctx.call("heap_allocate", limit, handle, 100, 2)
        seen["spent"] = (ctx.load(limit), ctx.load(limit, 4))
        seen["none"] = yield from ctx.call("heap_allocate", NO_WAIT, handle, 100, 2)

    def holder(ctx):
        yield from ctx.call("thread_sleep", ctx.timeout(1), 1)
        held = yield from ctx.call("heap_claim_ephemeral", NO_WAIT, ctx.load_cap(ctx.word("place")), 0)
        assert held == 0
        for _ in range(20):
            yield from ctx.advance(TICK // 2)

    kernel = system({"H": urgent, "L": holder}, sealed=(quota("small", 64),))
    kernel.run()
    assert seen["late"].address == seen["none"].address == -Errno.ETIMEDOUT % 2**32
    assert seen["spent"] == (4, 0)
    blocks = [event.deadline for event in kernel.log if isinstance(event, Block) and "free_bytes" in event.object]
    assert blocks == ["ticks:1"] * 4


def test_a_lock_that_is_not_had_in_time():
    """HP-16, HP-45: after a sleep the lock is waited for within the limit only; a flush never waits longer."""
    seen = {}

    def urgent(ctx):
        lock = ctx.kernel.loaded.global_of("allocator", "lock")
        ctx.kernel.memory.store(lock, 1 << 16 | 2)  # held by L, which is not in the allocator
        seen["flush"] = yield from ctx.call("heap_quarantine_flush", ctx.timeout(2))
        seen["none"] = yield from ctx.call("heap_quarantine_flush", NO_WAIT)
        ctx.kernel.memory.store(lock, 0)

    def other(ctx):
        yield from ctx.advance(0)

    kernel = system({"H": urgent, "L": other})
    kernel.run()
    assert seen == {"flush": -Errno.ETIMEDOUT, "none": -Errno.ETIMEDOUT}


def test_a_misaligned_time_limit_traps_before_the_lock_is_taken():
    """DV-44: the caller sees -1, and the heap still works."""
    session = Session()
    bad = session.buffer(16).with_address(session.ctx.sp + 1)
    key = session.call("token_key_new")
    for name, arguments in {
        "heap_allocate": (session.quota, 16, 7),
        "heap_allocate_array": (session.quota, 4, 4, 7),
        "heap_quarantine_flush": (),
        "token_sealed_alloc": (session.quota, key, 16),
        "token_sealed_unsealed_alloc": (session.quota, key, 16, 0),
    }.items():
        assert session.call(name, bad, *arguments) == -Errno.ECOMPARTMENTFAIL
        assert session.call("heap_quota_remaining", session.quota) == 4096
    assert sum(isinstance(event, CallFail) for event in session.kernel.log) == 5


@pytest.mark.parametrize(
    "name, arguments, failure",
    [
        ("heap_allocate", (16, 7), -Errno.EINVAL % 2**32),
        ("heap_allocate_array", (4, 4, 7), -Errno.EINVAL % 2**32),
        ("token_sealed_alloc", (0, 16), 0),
        ("token_sealed_unsealed_alloc", (0, 16, 0), 0),
    ],
)
def test_an_invalid_time_limit_is_the_first_thing_refused(name, arguments, failure):
    session = Session()
    refused = session.call(name, session.buffer(8).with_bounds(4), 0, *arguments)  # the quota is bad as well
    assert (refused.tag, refused.address) == (False, failure)


def test_identities_are_given_once_and_run_out():
    """HP-3: in order of first acceptable use, also when the operation then fails."""
    session = Session()
    kernel, word = session.kernel, session.kernel.loaded.global_of("allocator", "identities")
    reduced = session.call("token_permissions_and", session.quota, 6)
    assert session.call("heap_allocate", NO_WAIT, reduced, 16, 0).address == -Errno.EPERM % 2**32
    assert kernel.memory.load(word) == 0
    assert session.call("heap_free", session.quota, 0) == -Errno.EINVAL
    assert kernel.memory.load(word) == 1
    session.call("heap_allocate", NO_WAIT, session.quota, 16, 0)
    assert kernel.memory.load(word) == 1

    fresh = Session()
    fresh.kernel.memory.store(fresh.kernel.loaded.global_of("allocator", "identities"), 8190)
    assert fresh.call("heap_quota_remaining", fresh.quota) == 4096
    late = Session()
    late.kernel.memory.store(late.kernel.loaded.global_of("allocator", "identities"), 8191)
    assert late.call("heap_quota_remaining", late.quota) == -Errno.EPERM


def test_a_quota_is_a_static_sealed_object_of_24_bytes():
    """HP-1."""
    session = Session(quota_bytes=1 << 20)  # more than the heap: nothing forbids it
    body = session.kernel.loaded.sealed["quota"]
    assert body.length == 8 + 24
    assert session.call("heap_quota_remaining", session.quota) == 1 << 20
    assert session.call("heap_quota_remaining", session.call("token_key_new")) == -Errno.EPERM


def test_a_service_has_no_quota_of_its_own():
    """HP-4, HP-5: no default quota unless the code asks for one; asking without one is an error."""
    session = Session()
    with pytest.raises(ServiceModelError, match="does not import"):
        session.call("malloc", 16)


def test_a_default_quota_can_be_configured():
    def entry(ctx):
        assert (yield from ctx.call("malloc", 504)).tag
        assert not (yield from ctx.call("malloc", 8)).tag
        assert (yield from ctx.call("calloc", 1, 8)).address == 0

    kernel = system({"T": entry}, sealed=(quota("main.malloc", 512),))
    kernel.run()
    flags = [event.arguments[-1] for event in kernel.log if isinstance(event, Call) and event.callee == "allocator"]
    assert flags == [1, 1, 1]
    assert all(event.charge <= 512 for event in kernel.log if isinstance(event, Alloc))


def test_what_the_services_objects_cost():
    """HP-11, with three threads: all of it on the quota that is passed in."""
    costs = {}

    def entry(ctx):
        handle, out = ctx.imported("quota"), ctx.local(8)

        def cost(name, *arguments):
            before = yield from ctx.call("heap_quota_remaining", handle)
            yield from ctx.call(name, *arguments)
            costs[name, arguments[-1]] = before - (yield from ctx.call("heap_quota_remaining", handle))

        for sources in (1, 4, 8):
            yield from cost("multiwaiter_create", NO_WAIT, handle, out, sources)
        yield from cost("queue_create", NO_WAIT, handle, out, 8, 2)
        yield from cost("queue_create_sealed", NO_WAIT, handle, out, 8, 2)
        yield from cost("eventgroup_create", NO_WAIT, handle, out)
        thing = yield from ctx.call("heap_allocate", NO_WAIT, handle, 64, 0)
        yield from cost("heap_claim", handle, thing)

    def nothing(ctx):
        yield

    system({"A": entry, "B": nothing, "C": nothing}).run()
    assert list(costs.values()) == [40, 88, 152, 40, 48, 48, 16]


def test_only_static_quotas_pay():
    session = Session()
    fake = SealedObject(name="fake", owner="main", key="Own", contents=bytes(24))
    assert fake.contents == bytes(24)
    key, out = session.call("token_key_new"), session.buffer(8)
    forged = session.call("token_sealed_unsealed_alloc", NO_WAIT, session.quota, key, 24, out)
    session.ctx.store(session.ctx.load_cap(out), 4096)
    assert session.call("heap_allocate", NO_WAIT, forged, 16, 0).address == -Errno.EPERM % 2**32


def test_the_place_for_the_payload_pointer_is_freed_while_waiting():
    """DV-16, DV-44: looked at again with the lock held, so the store cannot trap."""
    seen = {}

    def maker(ctx):
        small = ctx.imported("small")
        place = yield from ctx.call("heap_allocate", NO_WAIT, small, 32, 0)
        ctx.store_cap(ctx.word("place"), place)
        key = yield from ctx.call("token_key_new")
        arguments = (ctx.timeout(5), small, key, 16, place)
        seen["handle"] = yield from ctx.call("token_sealed_unsealed_alloc", *arguments)
        seen["left"] = yield from ctx.call("heap_quota_remaining", small)

    def releaser(ctx):
        yield from ctx.call("heap_free", ctx.imported("small"), ctx.load_cap(ctx.word("place")))

    system({"H": maker, "L": releaser}, sealed=(quota("small", 64),)).run()
    assert seen["handle"].tag
    assert seen["left"] == 32
