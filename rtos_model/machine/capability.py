"""The golden capability: a value, and everything that may be derived from it.

Source: CHERIoT ISA, "Capability encoding" and the capability instructions. Derived from the text, not from a circuit.
"""

import enum
from dataclasses import dataclass, replace
from typing import Self

from rtl.isa.capfmt import (
    ADDRESS_BITS,
    COMPRESSED_GLOBAL,
    DATA_OTYPE,
    EXPONENT_LARGEST_DENSE,
    EXPONENT_MAX,
    EXPONENT_MAX_STORED,
    MANTISSA,
    META,
    PERMISSIONS,
    ROOT_EXECUTABLE_META,
    ROOT_MEMORY_META,
    ROOT_SEALING_META,
    TOP_BITS,
    Format,
)

ADDRESSES = 1 << ADDRESS_BITS
UNITS = 1 << MANTISSA
"""A mantissa counts units of 2**exponent bytes, modulo this many."""
LONGEST = UNITS - 1
"""Units that the longest object of one exponent has."""


def _bit(name: str) -> int:
    return 1 << PERMISSIONS.index(name)


class Perm(enum.IntFlag):
    """The architectural permission vector of `cgetperm`."""

    GL = _bit("GL")
    LG = _bit("LG")
    SD = _bit("SD")
    LM = _bit("LM")
    SL = _bit("SL")
    LD = _bit("LD")
    MC = _bit("MC")
    SR = _bit("SR")
    EX = _bit("EX")
    US = _bit("US")
    SE = _bit("SE")
    U0 = _bit("U0")


ALL_PERMISSIONS = (1 << len(PERMISSIONS)) - 1


def _set_of(names: tuple[str, ...]) -> Perm:
    return Perm(sum(Perm[name] for name in names))


def expand_permissions(compressed: int) -> Perm:
    """The permission vector that six stored bits stand for."""
    found = Perm.GL if compressed >> COMPRESSED_GLOBAL & 1 else Perm(0)
    low = f"{compressed % (1 << COMPRESSED_GLOBAL):05b}"
    # DATA has the pattern of WRITE_ONLY among its own: the exact pattern goes first.
    for form in sorted(Format, key=lambda form: form.pattern.count("-")):
        if all(want in ("-", have) for want, have in zip(form.pattern, low, strict=True)):
            free = [bit for want, bit in zip(form.pattern, low, strict=True) if want == "-"]
            granted = tuple(name for name, bit in zip(form.optional, free, strict=True) if bit == "1")
            return found | _set_of(form.implied) | _set_of(granted)
    raise AssertionError(f"no format has the bits {low}")


def compress_permissions(wanted: int) -> int:
    """Six bits for the largest expressible part of a vector: the first format that implies no more than is there."""
    for form in Format:
        if form is Format.DATA and not wanted & (Perm.LD | Perm.SD):
            continue
        if _set_of(form.implied) & ~wanted == 0:
            free = iter(form.optional)
            bits = [str(int(bool(wanted & Perm[next(free)]))) if bit == "-" else bit for bit in form.pattern]
            return int("".join(bits), 2) | bool(wanted & Perm.GL) << COMPRESSED_GLOBAL
    raise AssertionError("the sealing format takes every vector")


EXPANDED = tuple(expand_permissions(compressed) for compressed in range(2 << COMPRESSED_GLOBAL))
COMPRESSED = tuple(compress_permissions(wanted) for wanted in range(ALL_PERMISSIONS + 1))


def encode_bounds(base: int, length: int) -> tuple[bool, int, int, int]:
    """(exact, exponent, top, base) of the tightest encoding that covers [base, base + length)."""
    top = base + length

    def attempt(exp: int) -> tuple[int, int, int]:
        return exp, base >> exp, -(-top >> exp)  # base rounds down, top up

    exp = max(length.bit_length() - MANTISSA, 0)
    exp, first, last = attempt(exp if exp <= EXPONENT_LARGEST_DENSE else EXPONENT_MAX)
    if last - first > LONGEST:
        exp, first, last = attempt(exp + 1 if exp < EXPONENT_LARGEST_DENSE else EXPONENT_MAX)
    return (first << exp, last << exp) == (base, top), exp, last % UNITS, first % UNITS


def alignment_mask(length: int) -> int:
    """`cram`: the address bits that a base must keep for an object of this length to be exactly representable."""
    _, exp, _, _ = encode_bounds(0, length)
    return -1 << exp & ADDRESSES - 1


def representable_length(length: int) -> int:
    """`crrl`: the length rounded up to what is representable; 0 if that is the whole address space."""
    mask = alignment_mask(length)
    return length + (ADDRESSES - 1 - mask) & mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """One capability in its stored form; everything expanded is computed on demand.

    `perms` are the 6 compressed permission bits, `otype_field` the 3 stored type bits, `exp` the 4 stored exponent
    bits. Every combination is legal; untagged ones may decode to nonsense such as a top below the base.
    """

    address: int = 0
    base: int = 0
    top: int = 0
    exp: int = 0
    otype_field: int = 0
    perms: int = 0
    reserved: int = 0
    tag: bool = False

    @classmethod
    def from_words(cls, tag: int, metadata: int, address: int) -> Self:
        """Read a tag, the upper and the lower memory word."""
        fields, rest = [], metadata
        for width in META.values():
            fields.append(rest & (1 << width) - 1)
            rest >>= width
        base, top, exp, otype, perms, reserved = fields
        return cls(
            address=address,
            base=base,
            top=top,
            exp=exp,
            otype_field=otype,
            perms=perms,
            reserved=reserved,
            tag=bool(tag),
        )

    @property
    def metadata(self) -> int:
        """The upper memory word."""
        word, at = 0, 0
        stored = (self.base, self.top, self.exp, self.otype_field, self.perms, self.reserved)
        for value, width in zip(stored, META.values(), strict=True):
            word |= value << at
            at += width
        return word

    @property
    def exponent(self) -> int:
        return EXPONENT_MAX if self.exp == EXPONENT_MAX_STORED else self.exp

    @property
    def permissions(self) -> Perm:
        return EXPANDED[self.perms]

    @property
    def sealed(self) -> bool:
        """Whatever the tag."""
        return self.otype_field != 0

    @property
    def otype(self) -> int:
        """The architectural type: sealed capabilities without EX have types of their own."""
        if not self.sealed or self.permissions & Perm.EX:
            return self.otype_field
        return DATA_OTYPE | self.otype_field

    def bounds(self) -> tuple[int, int]:
        """Base and exclusive top; 2**32 is a legal top."""
        exp = self.exponent
        below = (self.address >> exp) % UNITS < self.base  # the base lies in the region under the address's
        wraps = self.top < self.base  # the top lies in the region over the base's
        region = (self.address >> exp + MANTISSA) - below
        base = region * UNITS + self.base << exp
        top = (region + wraps) * UNITS + self.top << exp
        return base % ADDRESSES, top % (1 << TOP_BITS)

    @property
    def length(self) -> int:
        """`cgetlen`, which saturates."""
        base, top = self.bounds()
        return min((top - base) % (1 << TOP_BITS), ADDRESSES - 1)

    def without_tag(self) -> Self:
        return replace(self, tag=False)

    def _tagged_if(self, condition: object) -> Self:
        return self if condition else self.without_tag()

    def with_address(self, address: int) -> Self:
        """`csetaddr`: the tag survives only if unsealed and the bounds stay what they were."""
        moved = replace(self, address=address % ADDRESSES)
        return moved._tagged_if(not self.sealed and moved.bounds() == self.bounds())

    def _may_narrow(self, length: int) -> bool:
        base, top = self.bounds()
        return not self.sealed and base <= self.address and self.address + length <= top

    def _with_encoded(self, exp: int, top: int, base: int) -> Self:
        return replace(self, exp=EXPONENT_MAX_STORED if exp == EXPONENT_MAX else exp, top=top, base=base)

    def with_bounds(self, length: int, exact: bool = False) -> Self:
        """`csetbounds` from the address on; the bounds are replaced even where the tag is lost."""
        fits, exp, top, base = encode_bounds(self.address, length)
        return self._with_encoded(exp, top, base)._tagged_if(self._may_narrow(length) and (fits or not exact))

    def with_bounds_rounded_down(self, length: int) -> Self:
        """`csetboundsrounddown`: the base is exact, the length as much of the wanted one as fits."""
        wanted = max(length.bit_length() - MANTISSA, 0)
        possible = (self.address & -self.address).bit_length() - 1 if self.address else ADDRESS_BITS
        exp = min(EXPONENT_LARGEST_DENSE, wanted, possible)
        base = self.address >> exp
        cut_short = wanted > possible or wanted > EXPONENT_LARGEST_DENSE
        top = base + LONGEST if cut_short else self.address + length >> exp
        return self._with_encoded(exp, top % UNITS, base % UNITS)._tagged_if(self._may_narrow(length))

    def normalised_to(self, wanted: int) -> Self:
        """The same capability with the expressible part of some permissions."""
        return replace(self, perms=COMPRESSED[wanted])

    def with_permissions(self, mask: int) -> Self:
        """`candperm`: of a sealed capability only GL may be dropped, and the mask alone decides that."""
        mask &= ALL_PERMISSIONS
        allowed = not self.sealed or mask | Perm.GL == ALL_PERMISSIONS
        return self.normalised_to(self.permissions & mask)._tagged_if(allowed)

    def seal(self, authority: Self) -> Self:
        """`cseal` with the type that is the authority's address; the type is stored even where the tag is lost."""
        base, top = authority.bounds()
        wanted = authority.address
        first = 1 if self.permissions & Perm.EX else DATA_OTYPE + 1
        allowed = (
            authority.tag
            and not authority.sealed
            and authority.permissions & Perm.SE
            and base <= wanted < top
            and first <= wanted < first + 7
            and not self.sealed
        )
        return replace(self, otype_field=wanted % 8)._tagged_if(allowed)

    def unseal(self, authority: Self) -> Self:
        """`cunseal`: the type must lie in the authority's bounds; its address is not looked at."""
        base, top = authority.bounds()
        allowed = (
            authority.tag
            and self.sealed
            and not authority.sealed
            and authority.permissions & Perm.US
            and base <= self.otype < top
        )
        kept = self.permissions if authority.permissions & Perm.GL else self.permissions & ~Perm.GL
        return replace(self, otype_field=0).normalised_to(kept)._tagged_if(allowed)

    def subset_of(self, other: Self) -> bool:
        """`ctestsubset`: same tag, bounds within the other's, no permission that the other lacks."""
        base, top = self.bounds()
        lowest, highest = other.bounds()
        inside = lowest <= base and top <= highest
        return self.tag == other.tag and inside and self.permissions & ~other.permissions == 0

    def __str__(self) -> str:
        base, top = self.bounds()
        names = "+".join(name for name in PERMISSIONS if self.permissions & Perm[name]) or "-"
        return f"{int(self.tag)} {self.address:08x} [{base:08x},{top:09x}) {names} otype {self.otype}"


NULL = Cap()
ROOT_EXECUTABLE = Cap.from_words(1, ROOT_EXECUTABLE_META, 0)
ROOT_MEMORY = Cap.from_words(1, ROOT_MEMORY_META, 0)
ROOT_SEALING = Cap.from_words(1, ROOT_SEALING_META, 0)
