"""The worked vectors again, as instructions of the machine: that each row does what its name says."""

import pytest

from rtos_model.machine.capability import ALL_PERMISSIONS, ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING, Cap, Perm
from rtos_model.machine.value import capability, number


def execute(bench, name, first, *second):
    """rd of an instruction with c9, and perhaps c11 or an immediate, as its operands."""
    immediate = name.endswith("imm")
    b = bench((name, 10, 9, *((second[0],) if immediate else [11] * len(second))))
    b.set(9, first)
    if second and not immediate:
        b.set(11, second[0])
    assert not b.step()["trap"]
    return b.get(10)


def numbers(*texts):
    return tuple(int(text, 0) for text in texts)


def words(text):
    tag, metadata, address = numbers(*text.split())
    return Cap.from_words(tag, metadata, address)


def test_field_reads(vector_D, bench):
    tag, metadata, address, _, permissions, otype, _, _, _, base, top, length = vector_D
    found = words(f"{tag} {metadata} {address}")
    expected = {
        "cgettag": int(tag),
        "cgethigh": int(metadata, 0),
        "cgetaddr": int(address, 0),
        "cgetperm": int(permissions.split()[-1], 0),
        "cgettype": int(otype),
        "cgetbase": int(base, 0),
        "cgettop": min(int(top, 0), 0xFFFF_FFFF),
        "cgetlen": int(length, 0),
        "cmove": number(found),
        "ccleartag": number(found) & 2**64 - 1,
    }
    assert {name: execute(bench, name, found) for name in expected} == expected


def test_bounds(vector_S, bench):
    base, length, _, _, _, metadata, _, _, _, tags = vector_S
    authority = ROOT_MEMORY.with_address(int(base, 0))
    loose, exact = (number(words(f"{tag} {metadata} {base}")) for tag in tags.split(" / "))
    assert execute(bench, "csetbounds", authority, int(length, 0)) == loose
    assert execute(bench, "csetboundsexact", authority, int(length, 0)) == exact
    if int(length, 0) < 4096:
        assert execute(bench, "csetboundsimm", authority, int(length, 0)) == loose


def test_bounds_rounded_down(vector_R, bench):
    base, length, _, _, _, metadata, _, _ = vector_R
    authority = ROOT_MEMORY.with_address(int(base, 0))
    expected = number(words(f"1 {metadata} {base}"))
    assert execute(bench, "csetboundsrounddown", authority, int(length, 0)) == expected


def test_representable_lengths(vector_L, bench):
    length, rounded, mask = numbers(*vector_L)
    assert (execute(bench, "crrl", length), execute(bench, "cram", length)) == (rounded, mask)


def test_address_changes(vector_A, bench):
    metadata, old, new, tag, _, _ = numbers(*vector_A)
    before, after = Cap.from_words(1, metadata, old), Cap.from_words(tag, metadata, new)
    assert execute(bench, "csetaddr", before, new) == number(after)
    assert execute(bench, "cincaddr", before, (new - old) % 2**32) == number(after)
    if -2048 <= new - old < 2048:
        assert execute(bench, "cincaddrimm", before, new - old) == number(after)
    assert execute(bench, "csub", after, before) == (new - old) % 2**32


NAMED = {
    "DATA": "1 0x7E008000 0x80001000",
    "EXEC": "1 0x5E3E0000 0x80000400",
    "SD9": "1 0x7E408000 0x80001000",
    "SENTRY": "1 0x5E7E0000 0x80000400",
}


def key(text):
    """`KEY(n)`, of which two have something special about them."""
    found = ROOT_SEALING.with_address(int(text.removeprefix("KEY(").partition(")")[0]))
    if "[10,12)" in text:
        return found.with_bounds(2, exact=True)
    return found.with_permissions(ALL_PERMISSIONS & ~Perm.GL) if "without GL" in text else found


def test_sealing_and_permissions(vector_C, bench):
    operation, result, _, _ = vector_C
    name, source, operand = operation.replace(",", " ", 1).split(maxsplit=2)
    second = key(operand) if operand.startswith("KEY") else int(operand, 0)
    assert execute(bench, name, words(NAMED[source]), second) == number(words(result))


DATA = ROOT_MEMORY.with_address(0x8000_1000).with_bounds(64)
SUBSETS = [
    (DATA, DATA, 1),
    (DATA, DATA.with_bounds(8), 1),
    (DATA.with_bounds(8), DATA, 0),
    (DATA, DATA.with_permissions(Perm.LD), 1),
    (DATA.with_permissions(Perm.LD), DATA, 0),
    (DATA, DATA.without_tag(), 0),
    (DATA.without_tag(), DATA.without_tag(), 1),
    (DATA, DATA.seal(ROOT_SEALING.with_address(9)), 1),
    (ROOT_MEMORY, ROOT_EXECUTABLE, 0),
]


@pytest.mark.parametrize("outer, inner, expected", SUBSETS)
def test_subsets(bench, outer, inner, expected):
    assert execute(bench, "ctestsubset", outer, inner) == expected


def test_equality_is_of_all_bits(bench, rng):
    for bit in range(65):
        value = rng.getrandbits(65)
        assert execute(bench, "csetequalexact", capability(value), capability(value)) == 1
        assert execute(bench, "csetequalexact", capability(value), capability(value ^ 1 << bit)) == 0


def test_raw_metadata(bench):
    assert execute(bench, "csethigh", DATA, 0xDEAD_BEEF) == 0xDEAD_BEEF << 32 | DATA.address
