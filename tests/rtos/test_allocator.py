"""The allocator in C against the golden model: the same calls give the same results, events, charges and memory."""

import random
import shutil

import pytest

from rtos_model.machine.capability import NULL
from rtos_model.services.image import RevokerKind
from tests.rtos.allocator_bench import RTOS, STACK, STACK_SIZE, Trapped
from tests.rtos.allocator_pair import QUOTAS, UNLIMITED, Both, Pair

SIZES = (0, 1, 8, 16, 40, 100, 511, 600, 1024, 4000, 1 << 31, UNLIMITED)
INTERRUPT, POLLED = RevokerKind.INTERRUPT, RevokerKind.POLLED


def random_calls(pair: Pair, seed: int, rounds: int = 120) -> None:
    """Good and bad arguments; everything is compared after every call."""
    rng = random.Random(seed)
    keys = [pair.call("token_key_new") for _ in range(2)]
    null = Both(NULL, NULL)
    wrong = [null, keys[0], pair.stack(), Both(pair.session.ctx.imported("one"), pair.bench.quotas["one"])]
    pointers = [*wrong]

    def handle() -> Both:
        if rng.random() < 0.1:
            return rng.choice(wrong[:3])
        return pair.handle(rng.choice(list(QUOTAS)), rng.choice((7, 7, 7, rng.randrange(8))))

    def pointer() -> Both:
        one = pair.filtered(rng.choice(pointers[-12:] * 3 + pointers))
        if rng.random() < 0.2 and one.model.tag and not one.model.sealed and one.model.length:
            size = rng.randrange(one.model.length + 1)
            return Both(*(c.with_address(c.bounds()[0]).with_bounds(size) for c in (one.model, one.real)))
        return one

    def size() -> Both:
        return pair.number(rng.choice((*SIZES, rng.randrange(3000), rng.randrange(3000))))

    def small() -> Both:
        return pair.number(rng.choice((16, 64, 200)))

    def limit() -> Both:
        if rng.random() < 0.5:
            return pair.number(0)
        return pointer() if rng.random() < 0.1 else pair.limit(rng.randrange(4))

    def flags() -> Both:
        return pair.number(rng.randrange(8))

    for _ in range(rounds):
        out = pair.out()
        name, arguments = rng.choice(
            (
                ("heap_allocate", (limit(), handle(), size(), flags())),
                ("heap_allocate", (limit(), handle(), small(), flags())),
                ("heap_allocate_array", (limit(), handle(), pair.number(rng.randrange(5)), size(), flags())),
                ("heap_free", (handle(), pointer())),
                ("heap_free", (handle(), pointer())),
                ("heap_can_free", (handle(), pointer())),
                ("heap_claim", (handle(), pointer())),
                ("heap_claim", (handle(), pointer())),
                ("heap_claim_ephemeral", (limit(), pointer(), pointer())),
                (
                    "token_sealed_unsealed_alloc",
                    (limit(), handle(), rng.choice(keys + wrong), size(), rng.choice((out, out, pointer()))),
                ),
                ("token_sealed_alloc", (limit(), handle(), rng.choice(keys + wrong), small())),
                ("token_obj_destroy", (handle(), rng.choice(keys + wrong), pointer())),
                ("token_obj_can_destroy", (handle(), rng.choice(keys + wrong), pointer())),
                ("token_obj_unseal", (rng.choice(keys + wrong), pointer())),
                ("heap_quarantine_flush", (limit(),)),
                ("heap_quota_remaining", (handle(),)),
                ("heap_free_all", (handle(),)) if rng.random() < 0.2 else ("heap_available", ()),
            )
        )
        pointers.append(pair.call(name, *arguments))
        if name == "heap_allocate" and pointers[-1].model.tag:
            pair.fill(pointers[-1])
        if name == "token_sealed_unsealed_alloc" and arguments[4] is out:
            pointers.append(pair.loaded(out))
        if rng.random() < 0.2:
            pair.protect(rng.randrange(2), pointer())
        pointers = [pair.filtered(one) for one in pointers]


@pytest.mark.parametrize(("seed", "kind"), [(1, INTERRUPT), (2, INTERRUPT), (3, POLLED)])
def test_random_calls(seed, kind):
    print(f"seed {seed}")
    random_calls(Pair(kind=kind), seed)


def ordinary_life(pair: Pair) -> None:
    """Claims, free-all, sealed objects, hazards, reuse: each at least once from beginning to end."""
    one, two, now, unlimited = pair.handle("one"), pair.handle("two"), pair.number(0), pair.number(-1)
    null = Both(NULL, NULL)

    def make(size: int) -> Both:
        made = pair.call("heap_allocate", unlimited, one, pair.number(size), pair.number(7))
        pair.fill(made)
        return made

    shared = make(100)
    for owner in (two, two):
        pair.call("heap_claim", owner, shared)
    for owner in (one, two, two, two):
        pair.call("heap_free", owner, shared)
    own = make(64)
    end = Both(*(c.with_address(c.bounds()[1]).with_bounds(0) for c in (own.model, own.real)))
    pair.call("heap_free", one, end)
    for owner in (one, one, two):
        pair.call("heap_claim", owner, own)
    pair.call("heap_free_all", one)
    pair.call("heap_free_all", two)
    keys, out = [pair.call("token_key_new") for _ in range(2)], pair.out()
    handle = pair.call("token_sealed_unsealed_alloc", now, one, keys[0], pair.number(40), out)
    payload = pair.loaded(out)
    for pointer in (handle, payload):
        pair.call("heap_claim_ephemeral", now, pointer, null)
        pair.call("heap_free", one, pointer)
    pair.call("heap_claim", two, payload)
    for owner, key in ((one, keys[1]), (two, keys[0]), (one, keys[0]), (one, keys[0])):
        pair.call("token_obj_destroy", owner, key, handle)
    kept, other = make(24), make(24)
    pair.protect(0, kept)
    for owner, pointer in ((one, kept), (one, kept), (one, other)):
        pair.call("heap_free", owner, pointer)
    pair.call("heap_claim", two, kept)
    pair.protect(0, null)
    pair.call("heap_free", two, kept)
    pair.call("heap_quarantine_flush", unlimited)
    for size in (2000, 100, 64):
        pair.call("heap_allocate", now, one, pair.number(size), now)


def test_ordinary_life():
    ordinary_life(Pair())


def test_large_objects_are_aligned():
    """Sizes whose bounds need alignment, in a heap full of holes."""
    rng = random.Random(5)
    pair = Pair(heap_size=0x1_0000, quotas={"one": 60_000, "two": 60_000})
    live: list[Both] = []
    successes = 0
    owner = pair.handle("one")
    for _ in range(60):
        if live and rng.random() < 0.4:
            pair.call("heap_free", owner, live.pop(rng.randrange(len(live))))
        else:
            size = rng.choice((16, 500, 520, 4_089, 8_193, 9_000, 20_001, rng.randrange(30_000)))
            made = pair.call("heap_allocate", pair.limit(9), owner, pair.number(size), pair.number(1))
            live += [made] if made.model.tag else []
            successes += made.model.tag
    assert successes > 10


def test_a_limit_in_the_callees_stack_has_no_time():
    """TO-6 lets it pass; its bytes are the allocator's own, which nobody else may write (DV-44)."""
    pair = Pair()
    whole = pair.stack()
    low = Both(
        whole.model.with_address(whole.model.bounds()[0] + 64), whole.real.with_address(STACK + STACK_SIZE // 2 - 48)
    )
    made = pair.call("heap_allocate", low, pair.handle("one"), pair.number(4000), pair.number(7))
    assert made.model.address == UNLIMITED + 1 - 110
    pair.call("heap_quarantine_flush", low)
    pair.call("token_sealed_unsealed_alloc", low, pair.handle("one"), pair.call("token_key_new"), pair.number(8), low)


# ------------------------------------------------------------------------------------------- faults must be found

FAULTS = {
    # E-HEAP: bugs that allocators have really had
    "released early: epochs compared without sign": (
        "revoker.h",
        "(int32_t)(revoker_epoch() - epoch)",
        "(revoker_epoch() - epoch)",
    ),
    "reused after the beginning of a sweep": ("revoker.h", "- epoch) >= 2", "- epoch) >= 1"),
    "free all counts a claim down": (
        "release.c",
        "drop(at, quota, as_owner, true)",
        "drop(at, quota, as_owner, false)",
    ),
    "free all frees what others claim": (
        "claims.c",
        "quota->identity)\n\t\tat =",
        "quota->identity && !object)\n\t\tat =",
    ),
    "capability to a header alone": (
        "chunks.c",
        "(struct Chunk *)(heap.memory + at * GRANULE)",
        "(struct Chunk *)cheri_bounds_set(heap.memory + at * GRANULE, HEADER)",
    ),
    "ephemeral claim of a sealed object": ("../compartment_helpers/claim.c", "cheri_is_unsealed(object)", "object"),
    "only the first granule dies": (
        "hazards.c",
        "bitmap_paint(chunk_address(at) + HEADER, chunk_address(at) + chunk_bytes(at))",
        "bitmap_paint(chunk_address(at) + HEADER, chunk_address(at) + HEADER + GRANULE)",
    ),
    # others
    "freed memory keeps its contents": (
        "chunks.c",
        "granules; granules--)\n\t\t*body++ = NULL;",
        "granules; granules--)\n\t\tbody++;",
    ),
    "record of a claim is not refunded": ("claims.c", "chunk_bytes(object) + chunk_bytes(at);", "chunk_bytes(object);"),
    "key opens what it did not seal": (
        "sealed.c",
        "return header->type == cheri_address_get(key) ? whole : NULL;",
        "return header ? whole : NULL;",
    ),
    "frame larger than the stated stack": (
        "lock.c",
        "int lock_acquire(void)\n{",
        "int lock_acquire(void)\n{\n\tvolatile uint32_t room[120];\n\troom[0] = 1;",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(tmp_path, name):
    file, old, new = FAULTS[name]
    for folder in ("allocator", "compartment_helpers"):
        shutil.copytree(RTOS / folder, tmp_path / folder)
    path = tmp_path / "allocator" / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    with pytest.raises((AssertionError, Trapped)):
        ordinary_life(Pair(folder=tmp_path / "allocator"))
        random_calls(Pair(folder=tmp_path / "allocator"), 1)
