"""Every worked vector about capabilities."""

from rtos_model.machine.capability import (
    ALL_PERMISSIONS,
    ROOT_MEMORY,
    ROOT_SEALING,
    Cap,
    Perm,
    alignment_mask,
    compress_permissions,
    expand_permissions,
    representable_length,
)


def cap(text):
    tag, metadata, address = (int(word, 0) for word in text.split())
    return Cap.from_words(tag, metadata, address)


def perms(names):
    return Perm(0) if names == "none" else Perm(sum(Perm[name] for name in names.split("+")))


def numbers(*texts):
    return tuple(int(text, 0) for text in texts)


def test_permissions(vector_P):
    requested, names, compressed, stored, stored_names = vector_P
    assert int(requested, 0) == perms(names)
    assert compress_permissions(int(requested, 0)) == int(compressed, 2)
    assert expand_permissions(int(compressed, 2)) == int(stored, 0) == perms(stored_names)


def test_decoding(vector_D):
    tag, metadata, address, reserved, permissions, otype, exponent, base_field, top_field, base, top, length = vector_D
    compressed, _, expanded = permissions.split()
    found = Cap.from_words(*numbers(tag, metadata, address))
    assert (found.tag, found.metadata, found.address) == numbers(tag, metadata, address)
    assert (found.perms, found.permissions) == (int(compressed, 2), int(expanded, 0))
    assert (found.reserved, found.otype, found.exponent) == numbers(reserved, otype, exponent)
    assert (found.base, found.top) == numbers(base_field, top_field)
    assert (*found.bounds(), found.length) == numbers(base, top, length)


def test_set_bounds(vector_S):
    base, length, exponent, base_field, top_field, metadata, result_base, result_top, exact, tags = vector_S
    authority = ROOT_MEMORY.with_address(int(base, 0))
    for need_exact, tag in zip((False, True), tags.split(" / "), strict=True):
        found = authority.with_bounds(int(length, 0), exact=need_exact)
        assert (found.exponent, found.base, found.top) == numbers(exponent, base_field, top_field)
        assert (found.metadata, *found.bounds()) == numbers(metadata, result_base, result_top)
        assert found.tag == int(tag)
    assert (exact == "yes") == (found.bounds() == (authority.address, authority.address + int(length, 0)))


def test_set_bounds_rounded_down(vector_R):
    base, length, exponent, base_field, top_field, metadata, top, result_length = vector_R
    found = ROOT_MEMORY.with_address(int(base, 0)).with_bounds_rounded_down(int(length, 0))
    assert (found.exponent, found.base, found.top) == numbers(exponent, base_field, top_field)
    assert (found.metadata, found.length) == numbers(metadata, result_length)
    assert found.bounds() == numbers(base, top)
    assert found.tag


def test_representable_lengths(vector_L):
    length, rounded, mask = numbers(*vector_L)
    assert (representable_length(length), alignment_mask(length)) == (rounded, mask)


def test_set_address(vector_A):
    metadata, old, new, tag, base, top = numbers(*vector_A)
    found = Cap.from_words(1, metadata, old).with_address(new)
    assert (found.metadata, found.address, found.tag, *found.bounds()) == (metadata, new, tag, base, top)


NAMED = {
    "DATA": cap("1 0x7E008000 0x80001000"),
    "EXEC": cap("1 0x5E3E0000 0x80000400"),
    "SD9": cap("1 0x7E408000 0x80001000"),
    "SENTRY": cap("1 0x5E7E0000 0x80000400"),
}


def key(text):
    """`KEY(n)` with an optional `with bounds [a,b)` or `without GL`."""
    number, _, rest = text.removeprefix("KEY(").partition(")")
    found = ROOT_SEALING.with_address(int(number))
    if "bounds" in rest:
        base, top = (int(bound) for bound in rest.split("[")[1].removesuffix(")").split(","))
        return found.with_address(base).with_bounds(top - base, exact=True)
    if "without" in rest:
        return found.with_permissions(ALL_PERMISSIONS & ~Perm.GL)
    return found


OPERATIONS = {
    "cseal": lambda c, operand: c.seal(key(operand)),
    "cunseal": lambda c, operand: c.unseal(key(operand)),
    "candperm": lambda c, operand: c.with_permissions(int(operand, 0)),
    "csethigh": lambda c, operand: Cap.from_words(0, int(operand, 0), c.address),
    "cincaddrimm": lambda c, operand: c.with_address(c.address + int(operand, 0)),
    "csetboundsimm": lambda c, operand: c.with_bounds(int(operand, 0)),
}


def test_sealing_and_permissions(vector_C):
    operation, result, otype, permissions = vector_C
    (name, source), operand = operation.split(", ")[0].split(), operation.split(", ", 1)[1]
    found = OPERATIONS[name](NAMED[source], operand)
    assert found == cap(result)
    assert (found.otype, found.permissions) == numbers(otype, permissions)
