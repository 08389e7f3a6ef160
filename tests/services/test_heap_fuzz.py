"""Random calls with good and bad arguments keep the books of the heap (section 12.8, DV-44)."""

import random

import pytest

from rtos_model.machine.capability import NULL
from rtos_model.services.heap import HEADER
from rtos_model.services.image import Compartment, Export, SealedImport, Thread, quota
from rtos_model.services.memory import GRANULE
from rtos_model.services.registry import link
from rtos_model.services.session import Session
from rtos_model.services.timeout import NO_WAIT

QUOTAS = {"one": 3000, "two": 1500}


@pytest.fixture
def session():
    program = {"main.entry": lambda ctx: None, "main.nothing": ()}
    main = Compartment(
        name="main",
        exports=(Export(name="entry"), Export(name="nothing")),
        imports=tuple(SealedImport(sealed=name) for name in QUOTAS),
    )
    image = link(
        compartments=[main],
        threads=[
            Thread(name="T", compartment="main", entry="entry", priority=2, stack=8192),
            Thread(name="Z", compartment="main", entry="nothing", priority=1),
        ],
        program=program,
        sealed_objects=tuple(quota(name, size) for name, size in QUOTAS.items()),
        heap_size=4096,
    )
    return Session(image=image, program={"main.nothing": ()})


def check_books(session):
    """Every byte is in one place, every charge on one quota, every header painted, the lock free."""
    heap, memory, loaded = session.kernel.heap, session.kernel.memory, session.kernel.loaded
    records = [claim.record for found in heap.objects.values() for claim in found.claims.values()]
    used = [found.chunk for found in heap.objects.values()] + records
    chunks = sorted([(c.start, c.size) for c in used + [c for c, _ in heap.quarantine]] + heap.free)
    at = heap.start
    for start, size in chunks:
        assert start == at and size >= 16 and size % 8 == 0
        assert start // GRANULE in memory.revoked
        at += size
    assert at == heap.end
    for start, size in heap.free:
        assert start + size not in {other for other, _ in heap.free}
        assert not any(memory.data[start + HEADER - memory.start : start + size - memory.start])
    for name, limit in QUOTAS.items():
        spent = sum(found.charge for found in heap.objects.values() if found.owner == name)
        claims = [(found, found.claims[name]) for found in heap.objects.values() if name in found.claims]
        spent += sum(found.charge + claim.record.size for found, claim in claims)
        left = session.call("heap_quota_remaining", session.ctx.imported(name))
        assert left + spent == limit
    assert all(not found.wanted for found in heap.deferred)
    assert all(found.wanted or found in heap.deferred for found in heap.objects.values())
    assert memory.load(loaded.global_of("allocator", "lock")) == 0
    assert memory.load(loaded.shared["allocator_epoch"]) >> 16 & 1 == 0


@pytest.mark.parametrize("seed", range(6))
def test_random_calls(session, seed):
    print(f"seed {seed}")
    rng = random.Random(seed)
    handles = [session.ctx.imported(name) for name in QUOTAS]
    keys = [session.call("token_key_new") for _ in range(2)]
    pointers, out = [NULL, session.ctx.stack, handles[0]], session.buffer(8)
    odd = [0, session.buffer(16).with_address(session.ctx.sp + 2), session.buffer(8).with_bounds(4), keys[0]]

    def any_handle():
        handle = rng.choice([*handles * 4, *odd, *keys])
        return session.call("token_permissions_and", handle, rng.choice((7, 7, 7, rng.randrange(8))))

    def any_pointer():
        pointer = rng.choice(pointers[-12:] * 3 + pointers)
        if rng.random() < 0.2 and pointer.tag and not pointer.sealed and pointer.length:
            pointer = pointer.with_address(pointer.bounds()[0]).with_bounds(rng.randrange(pointer.length + 1))
        return pointer

    def size():
        return rng.choice((0, 1, 8, 16, 40, 100, 511, 600, 1024, 4000, 1 << 31, rng.randrange(3000)))

    slots = session.kernel.loaded.hazard_slots(2)
    for _ in range(250):
        t = rng.choice((NO_WAIT, NO_WAIT, session.ctx.timeout(rng.randrange(4)), *odd))
        name, arguments = rng.choice(
            (
                ("heap_allocate", (t, any_handle(), size(), rng.randrange(8))),
                ("heap_allocate", (t, any_handle(), rng.choice((16, 64, 200)), rng.randrange(8))),
                ("heap_allocate_array", (t, any_handle(), rng.randrange(5), size(), rng.randrange(8))),
                ("heap_free", (any_handle(), any_pointer())),
                ("heap_free", (any_handle(), any_pointer())),
                ("heap_can_free", (any_handle(), any_pointer())),
                ("heap_claim", (any_handle(), any_pointer())),
                ("heap_claim_ephemeral", (t, any_pointer(), any_pointer())),
                (
                    "token_sealed_unsealed_alloc",
                    (t, any_handle(), rng.choice(keys + odd), size(), rng.choice([out, *odd])),
                ),
                ("token_obj_destroy", (any_handle(), rng.choice(keys + odd), any_pointer())),
                ("heap_quarantine_flush", (t,)),
                ("heap_free_all", (any_handle(),)) if rng.random() < 0.2 else ("heap_available", ()),
            )
        )
        sp = session.ctx.sp
        result = session.call(name, *arguments)
        session.ctx.sp = sp
        if name in ("heap_allocate", "heap_allocate_array", "token_sealed_unsealed_alloc") and not isinstance(
            result, int
        ):
            pointers += [result, session.ctx.load_cap(out)]
        if rng.random() < 0.2:
            session.kernel.memory.poke_cap(slots.address + rng.choice((0, 8)), any_pointer())
        pointers = [session.kernel.memory.filtered(one) for one in pointers]
        check_books(session)
