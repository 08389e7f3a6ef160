"""Register values as the services see them, and what an observer is told about a capability."""

from rtos_model.machine.capability import Cap, Perm
from rtos_model.services.events import TokenValue, scalar

Value = int | Cap
"""A register: a number (untagged), or a capability."""

LETTERS = "GgWmlRcaXUS0"
"""Permission letters by bit number."""

STACK_PERMISSIONS = Perm(0x7E)
GLOBAL_PERMISSIONS = Perm(0x6F)


def permission_letters(permissions: int) -> str:
    return "".join(letter for bit, letter in enumerate(LETTERS) if permissions >> bit & 1)


def permission_mask(letters: str) -> Perm:
    """`RWc` and the like to a mask. Raises ValueError for an unknown letter."""
    return Perm(sum(1 << LETTERS.index(letter) for letter in letters))


def is_tagged(value: Value) -> bool:
    return isinstance(value, Cap) and value.tag


def as_int(value: Value) -> int:
    """The integer view of a register: 32 bits, signed numbers wrapped."""
    return (value.address if isinstance(value, Cap) else int(value)) & 0xFFFF_FFFF


def bits64(value: Value) -> int:
    """All 64 bits of an untagged register (absolute times)."""
    if isinstance(value, Cap):
        return value.metadata << 32 | value.address
    return int(value) & 0xFFFF_FFFF_FFFF_FFFF


def as_cap(value: Value) -> Cap:
    """The capability view of a register; a number becomes an untagged capability with that address."""
    if isinstance(value, Cap):
        return value
    number = bits64(value) if value >= 1 << 32 else int(value) & 0xFFFF_FFFF
    return Cap.from_words(False, number >> 32, number & 0xFFFF_FFFF)


LATEST_TIME, FOR_EVER = 1 << 48, (1 << 64) - 1


def digest(value: Value) -> TokenValue:
    """How a register stands in an event: a signed number, or `cap(otype:permissions:length+offset)` if tagged.

    A capability that has lost its tag is `dead(...)` of the same form. No absolute time is so late that it looks like
    one, but "for ever" (all ones). Of code, whose length and places are up to the compiler, `cap(...:code)`.
    """
    if not isinstance(value, Cap):
        return scalar(value)
    bits = bits64(value)
    if not value.tag and (bits < LATEST_TIME or bits == FOR_EVER):
        return scalar(bits)
    base, top = value.bounds()
    where = "code" if value.permissions & Perm.EX else f"{top - base}{value.address - base:+d}"
    return f"{'cap' if value.tag else 'dead'}({value.otype}:{permission_letters(value.permissions)}:{where})"


def stack_digest(value: Value) -> TokenValue:
    """The digest of the whole stack of an invocation: how much its callers left of it is up to the compiler."""
    text = digest(value)
    return f"{text.rpartition(':')[0]}:stack)" if isinstance(text, str) else text


def check_pointer(cap: Cap, permissions: Perm, space: int, stack: tuple[int, int] | None = None) -> bool:
    """CP-7: tagged, unsealed, `space` bytes from address to top, at least `permissions`, off the given stack range."""
    if not cap.tag or cap.sealed or permissions & ~cap.permissions:
        return False
    base, top = cap.bounds()
    if not base <= cap.address or cap.address + space > top:
        return False
    return stack is None or top <= stack[0] or stack[1] <= base


def overlaps(cap: Cap, start: int, end: int) -> bool:
    base, top = cap.bounds()
    return base < end and start < top
