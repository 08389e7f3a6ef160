"""What must hold for every capability, on random ones; and bounds decoding read a second time, from its table."""

import pytest

from rtos_model.machine.capability import (
    NULL,
    ROOT_EXECUTABLE,
    ROOT_MEMORY,
    ROOT_SEALING,
    Cap,
    Perm,
    alignment_mask,
    compress_permissions,
    encode_bounds,
    expand_permissions,
    representable_length,
)

ROUNDS = 3000
WORD = 1 << 32


def some_number(rng):
    """A 32-bit number of any magnitude, often at or beside a power of two or with few mantissa bits."""
    shape = rng.randrange(4)
    if shape == 0:
        return rng.getrandbits(32)
    number = rng.getrandbits(rng.randrange(33))
    if shape == 2:
        number = (1 << rng.randrange(33)) + rng.randrange(-2, 3)
    if shape == 3:
        number = rng.getrandbits(10) << rng.randrange(24)
    return number % WORD


def any_pattern(rng):
    return Cap.from_words(rng.getrandbits(1), rng.getrandbits(32), some_number(rng))


def derived(rng, steps=6):
    """A capability derived from a root, tagged as long as a tagged one was found at each step."""
    found = rng.choice((ROOT_MEMORY, ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING))
    for _ in range(rng.randrange(1, steps)):
        base, top = found.bounds()
        inside = min(base + rng.randrange(top - base + 1), WORD - 1)
        step = rng.randrange(5)
        if step == 0:
            candidate = found.with_address(inside if rng.randrange(4) else some_number(rng))
        elif step == 1:
            length = min(some_number(rng), rng.randrange(top - found.address + 1) if found.address <= top else 0)
            candidate = found.with_bounds(length)
        elif step == 2:
            candidate = found.with_bounds_rounded_down(some_number(rng))
        elif step == 3:
            candidate = found.with_permissions(rng.getrandbits(12) | rng.getrandbits(12))
        else:
            candidate = found.seal(ROOT_SEALING.with_address(rng.randrange(16)))
        found = candidate if candidate.tag else found
    return found


def bounds_by_table(c):
    """The correction table of the encoding chapter, on 33-bit numbers."""
    exp, window = c.exponent, c.address >> (c.exponent + 9)
    corrections = {(0, 0): (0, 0), (0, 1): (0, 1), (1, 0): (-1, -1), (1, 1): (-1, 0)}
    low, high = corrections[(c.address >> exp & 511) < c.base, c.top < c.base]
    base = ((window + low) << (exp + 9)) + (c.base << exp)
    top = ((window + high) << (exp + 9)) + (c.top << exp)
    return base & WORD - 1, top & 2 * WORD - 1


def test_words_round_trip_and_bounds_follow_the_table(rng):
    for _ in range(ROUNDS):
        tag, metadata, address = rng.getrandbits(1), rng.getrandbits(32), some_number(rng)
        found = Cap.from_words(tag, metadata, address)
        assert (found.tag, found.metadata, found.address) == (tag, metadata, address)
        assert found.bounds() == bounds_by_table(found)


def test_reachable_capabilities_keep_the_invariants(rng):
    for _ in range(ROUNDS):
        c = derived(rng)
        base, top = c.bounds()
        assert c.tag and not c.reserved and 0 <= base <= top <= WORD, c
        if c.exponent == 24:
            assert c.base <= 0xFF and c.top <= 0x100, c
        else:
            assert base <= c.address < base + (1 << (c.exponent + 9)), c
        executable = bool(c.permissions & Perm.EX)
        assert c.otype in (range(8) if executable else (0, *range(9, 16))), c


def test_derivation_never_adds_rights(rng):
    for _ in range(ROUNDS):
        c = derived(rng)
        for narrowed in (
            c.with_bounds(some_number(rng)),
            c.with_bounds(some_number(rng), exact=True),
            c.with_bounds_rounded_down(some_number(rng)),
            c.with_address(some_number(rng)),
            c.with_permissions(rng.getrandbits(12)),
        ):
            if narrowed.tag:
                assert narrowed.subset_of(c), f"{c} -> {narrowed}"


def test_set_bounds_covers_the_request_and_tells_when_exact(rng):
    for _ in range(ROUNDS):
        c = ROOT_MEMORY.with_address(some_number(rng))
        length = min(some_number(rng), WORD - c.address)
        exact, loose = c.with_bounds(length, exact=True), c.with_bounds(length)
        base, top = loose.bounds()
        assert loose.tag and base <= c.address and c.address + length <= top
        assert exact.tag == ((base, top) == (c.address, c.address + length))
        assert exact.metadata == loose.metadata


def test_a_tighter_exponent_never_exists(rng):
    for _ in range(ROUNDS):
        base, length = some_number(rng), some_number(rng)
        _, exp, _, _ = encode_bounds(base, length)
        for smaller in range(min(exp, 15)):
            assert -(-(base + length) >> smaller) - (base >> smaller) > 511


def test_rounding_down_keeps_the_base_and_agrees_with_exact_bounds(rng):
    for _ in range(ROUNDS):
        c = ROOT_MEMORY.with_address(some_number(rng))
        length = min(some_number(rng), WORD - c.address)
        shrunk = c.with_bounds_rounded_down(length)
        base, top = shrunk.bounds()
        assert shrunk.tag and base == c.address and top <= c.address + length
        exact = c.with_bounds(length, exact=True)
        if exact.tag and exact.exponent <= 14:
            assert shrunk.bounds() == exact.bounds()


def test_rounded_lengths_at_aligned_bases_are_exact(rng):
    for _ in range(ROUNDS):
        wanted = some_number(rng)
        mask, length = alignment_mask(wanted), representable_length(wanted)
        base = some_number(rng) & mask
        if length and base + length <= WORD:
            assert length >= wanted
            assert ROOT_MEMORY.with_address(base).with_bounds(length, exact=True).tag


def test_permissions_normalise_once_and_only_shrink():
    for wanted in range(1 << 12):
        stored = expand_permissions(compress_permissions(wanted))
        assert stored & ~wanted == 0
        assert expand_permissions(compress_permissions(stored)) == stored
    for compressed in range(64):
        assert compress_permissions(expand_permissions(compressed)) == compressed


@pytest.mark.parametrize("pattern", [any_pattern, derived])
def test_a_representable_address_keeps_bounds_and_a_lost_tag_stays_lost(rng, pattern):
    for _ in range(ROUNDS):
        c = pattern(rng)
        moved = c.with_address(some_number(rng))
        assert moved.metadata == c.metadata
        assert not moved.tag or moved.bounds() == c.bounds()
        for result in (c.with_bounds(9), c.with_permissions(0xFFF), c.seal(ROOT_SEALING), c.unseal(ROOT_SEALING)):
            assert c.tag or not result.tag


def test_hardware_form_of_representability(rng):
    """For reachable capabilities: within 2**(e+9) bytes over the base, without wrapping; anywhere if e is 24."""
    for _ in range(ROUNDS):
        c = derived(rng)
        if not c.sealed:
            base, _ = c.bounds()
            address = (base + rng.choice((0, -1, 1 << (c.exponent + 9), some_number(rng)))) % WORD
            kept = c.exponent == 24 or base <= address < base + (1 << (c.exponent + 9))
            assert c.with_address(address).tag == kept


def test_sealing_round_trip(rng):
    for _ in range(ROUNDS):
        c = derived(rng)
        if c.sealed:
            continue
        otype = rng.randrange(1, 8) if c.permissions & Perm.EX else rng.randrange(9, 16)
        sealed = c.seal(ROOT_SEALING.with_address(otype))
        assert sealed.tag and sealed.sealed and sealed.otype == otype
        assert sealed.unseal(ROOT_SEALING) == c
        assert not sealed.with_address(sealed.address).tag


def test_null_and_roots():
    assert (NULL.bounds(), NULL.length, NULL.permissions, NULL.tag) == ((0, 0), 0, Perm(0), False)
    for root, permissions in ((ROOT_EXECUTABLE, 0x1EB), (ROOT_MEMORY, 0x07F), (ROOT_SEALING, 0xE01)):
        assert root.tag and root.bounds() == (0, WORD) and root.permissions == permissions
    assert str(ROOT_MEMORY) == "1 00000000 [00000000,100000000) GL+LG+SD+LM+SL+LD+MC otype 0"
