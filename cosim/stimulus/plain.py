"""Makers of items without control flow: integer and capability operations, loads and stores."""

from collections.abc import Callable

from cosim.stimulus.descriptors import data_range
from cosim.stimulus.frame import Slot
from cosim.stimulus.item import Code, Fetch, Part, clear, constant
from cosim.stimulus.scene import Scene
from rtl.isa.rvc import RVC, Kind
from rtl.isa.table import FIELDS, INSNS, Insn, Unit
from rtos_model.machine.capability import Perm
from rtos_model.machine.instruction import decode
from rtos_model.machine.semantics.memory import LOAD, STORE
from rtos_model.machine.value import ADDRESS, TAG, permissions, span

Maker = Callable[[Scene], list[Part]]

CAPABILITY = [row for row in INSNS if row.unit is Unit.CAP]
LOADS = [row for row in INSNS if row.unit is Unit.LOAD and row.name != "clc"]
STORES = [row for row in INSNS if row.unit is Unit.STORE and row.name != "csc"]
SMALL = (0, 1, 2, 4, 8, 16, 31, 32, -1, -2, -4, -8, -16, -32)
BIT_WIDTHS = (3, 6, 12)
EDGES = (0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x8000_0001, 0x1FF, 0x200, 0x7F_C000, 0x7F_C001, 0x55AA_55AA)


def immediate(scene: Scene, name: str) -> int:
    """A value of an immediate field: small, one that a compressed form may hold, or any."""
    field = FIELDS[name]
    if scene.chance(0.4):
        value = scene.rng.choice(SMALL)
    else:
        value = scene.rng.getrandbits(scene.rng.choice(BIT_WIDTHS)) * (-1 if field.signed and scene.chance(0.5) else 1)
    return value if value in field.range else field.extract(scene.rng.getrandbits(32))


def number(scene: Scene) -> int:
    """32 bits: at the edges, any, or small and negative."""
    return scene.rng.choice((scene.rng.choice(EDGES), scene.rng.getrandbits(32), -scene.rng.getrandbits(10)))


def arithmetic(scene: Scene) -> list[Part]:
    """An operation on numbers that are made for it: what lies in registers is mostly small or an address."""
    row = scene.rng.choice([row for row in scene.arithmetic if "rs2" in row.operands])
    first, second = scene.fresh(2)
    code = scene.code(row.name, scene.target(), first, second)
    return [*constant(first, number(scene)), *constant(second, number(scene)), code]


def integer(scene: Scene) -> list[Part]:
    row = scene.rng.choice(scene.arithmetic)
    return [scene.code(row.name, *(_integer_operand(scene, row, name) for name in row.operands))]


def _integer_operand(scene: Scene, row: Insn, name: str) -> int:
    if name in ("rd", "cd"):
        return scene.target()
    return scene.any() if name in ("rs1", "rs2", "cs1", "cs2") else immediate(scene, name)


def capability(scene: Scene) -> list[Part]:
    """Any capability operation; the second operand mostly one with which it succeeds."""
    row = scene.rng.choice(CAPABILITY)
    first = scene.tagged() if scene.chance(0.5) else scene.unsealed()
    values = []
    for name in row.operands:
        if name in ("cd", "rd"):
            values.append(scene.target())
        elif name == "cs1":
            values.append(first)
        elif name in ("rs2", "cs2", "rs1"):
            values.append(_second_operand(scene, row.op, scene.value(first)))
        elif name == "simm_u":
            values.append(scene.rng.choice((0, 0, 1, -1, scene.rng.randrange(-8, 8), immediate(scene, name))))
        else:
            values.append(immediate(scene, name))
    return [scene.code(row.name, *values)]


def _second_operand(scene: Scene, op: str, first: int) -> int:
    _, _, base, top = span(first)
    address = first & ADDRESS
    suits = {
        "setbounds": lambda v: (v & ADDRESS) <= top - address,
        "setboundsexact": lambda v: (v & ADDRESS) <= top - address,
        "setboundsrounddown": lambda v: (v & ADDRESS) <= top - address,
        "setaddr": lambda v: base <= v & ADDRESS <= top,
        "incaddr": lambda v: v < 4096 or v & ADDRESS > ADDRESS - 4096,
        "seal": lambda v: v >= TAG and bool(permissions(v) & Perm.SE),
        "unseal": lambda v: v >= TAG and bool(permissions(v) & Perm.US),
        "testsubset": lambda v: v >= TAG,
        "setequalexact": lambda v: v == first,
    }
    return scene.where(suits[op]) if op in suits else scene.any()


def derive(scene: Scene) -> list[Part]:
    """A new capability for some object in the data area, from the one for all of it."""
    new, number = scene.fresh(2)
    base, length = data_range(scene.rng, scene.frame)
    parts = [Fetch(new, Slot.DATA), *constant(number, base), scene.code("csetaddr", new, new, number)]
    if length < 1 << 12 and scene.chance(0.7):
        parts.append(scene.code("csetboundsimm", new, new, length))
    else:
        parts += [*constant(number, length), scene.code("csetboundsexact", new, new, number)]
    if scene.chance(0.25):
        mask = scene.rng.getrandbits(12) | scene.rng.getrandbits(12) | Perm.LD
        parts += [*constant(number, mask), scene.code("candperm", new, new, number)]
    if scene.chance(0.4) and length:
        parts.append(scene.code("cincaddrimm", new, new, min(scene.rng.randrange(length + 1) & -8, 2047)))
    return parts


def offset(scene: Scene, authority: int, size: int) -> int:
    """Mostly one within bounds; of those outside, many are just outside."""
    value = scene.value(authority)
    inside = scene.reachable(value, size)
    _, _, base, top = span(value)
    address = value & ADDRESS
    if not inside or scene.chance(0.05):
        edge = scene.rng.choice((base - 1, base, top - size, top - size + 1, top)) - address
        return edge if -2048 <= edge < 2048 else scene.rng.randrange(-64, 64)
    near = [place for place in inside if -128 <= place < 256]
    found = scene.rng.choice(near if near and scene.chance(0.8) else inside)
    aligned = found - (address + found) % size
    return aligned if aligned in inside and scene.chance(0.97 if size == 8 else 0.6) else found


def load(scene: Scene) -> list[Part]:
    row = scene.rng.choice(LOADS)
    authority = scene.authority(Perm.LD, LOAD[row.op].size)
    return [scene.code(row.name, scene.target(), offset(scene, authority, LOAD[row.op].size), authority)]


def store(scene: Scene) -> list[Part]:
    row = scene.rng.choice(STORES)
    authority = scene.authority(Perm.SD, STORE[row.op].size)
    return [scene.code(row.name, scene.any(), offset(scene, authority, STORE[row.op].size), authority)]


def load_capability(scene: Scene) -> list[Part]:
    """Now and then into the register of its own authority."""
    authority = scene.authority(Perm.LD | Perm.MC, 8)
    own = scene.chance(0.1) and authority not in scene.kept
    return [scene.code("clc", authority if own else scene.target(), offset(scene, authority, 8), authority)]


def store_capability(scene: Scene) -> list[Part]:
    """Mostly of something tagged, through an authority that may."""
    authority = scene.authority(Perm.SD | Perm.MC, 8)
    value = scene.tagged() if scene.chance(0.8) else scene.any()
    return [scene.code("csc", value, offset(scene, authority, 8), authority)]


def copy(scene: Scene) -> list[Part]:
    """Store and load again, whole or in part: what forwarding and tags must get right."""
    authority = scene.authority(Perm.SD | Perm.MC | Perm.LD, 8)
    place = offset(scene, authority, 8)
    parts = [scene.code("csc", scene.tagged(), place, authority)]
    if scene.chance(0.3):
        beside = max(min(place + scene.rng.randrange(-3, 8), 2047), -2048)
        parts.append(scene.code(scene.rng.choice(("sb", "sh", "sw")), scene.any(), beside, authority))
    return [*parts, scene.code(scene.rng.choice(("clc", "clc", "lw", "lhu")), scene.target(), place, authority)]


def edge(scene: Scene) -> list[Part]:
    """An access to the end of RAM, to nothing, to ROM, or to registers of a device."""
    slots = (Slot.EDGE, Slot.EDGE, Slot.HOLE, Slot.ROM, Slot.UART, Slot.CLOCK, Slot.WINDOW, Slot.SOFTWARE)
    slot = scene.rng.choice(slots)
    (there,) = scene.fresh(1)
    row = scene.rng.choice([row for row in INSNS if row.unit in (Unit.LOAD, Unit.STORE)])
    size = (LOAD | STORE)[row.op].size
    room = {Slot.EDGE: 64, Slot.UART: 0x1C, Slot.CLOCK: 8, Slot.SOFTWARE: 4}.get(slot, 0x100)
    place = scene.rng.randrange(max(room - size + 1, 1))
    if size == 8 or slot not in (Slot.EDGE, Slot.HOLE, Slot.ROM):
        place &= -min(size, 4)  # devices are not meant for accesses that cross their registers
    if slot is Slot.UART and size == 8:
        place |= 4  # it starts in the middle of a line
    register = scene.target() if row.unit is Unit.LOAD else scene.any()
    parts = [Fetch(there, slot), scene.code(row.name, register, place, there)]
    return parts if scene.chance(0.5) or register == there else [*parts, clear(there)]


def hint(scene: Scene) -> list[Part]:
    """A compressed encoding that does nothing, whatever register it names."""
    row = scene.rng.choice([row for row in RVC if row.kind is Kind.HINT])
    return [Code(row.match | scene.rng.getrandbits(16) & ~row.mask, 2)]


def illegal(scene: Scene) -> list[Part]:
    """A word or halfword without a meaning, or with a register that does not exist."""
    while True:
        length = scene.rng.choice((2, 4))
        word = scene.rng.getrandbits(8 * length)
        if length == 4 and scene.chance(0.7):
            row = scene.rng.choice(INSNS)  # near to something legal
            word = row.match | word & ~row.mask ^ (scene.chance(0.3) << scene.rng.randrange(7, 32))
        word = word | 3 if length == 4 else word
        found = decode(word, length, scene.machine.config.core.extensions)
        if (length == 4 or word & 3 != 3) and found.row is None and not found.hint:
            return [Code(word, length)]


def trap(scene: Scene) -> list[Part]:
    return [scene.code(scene.rng.choice(("ecall", "ebreak")))]


FILLERS = (integer, integer, capability, capability, load, store, load_capability, store_capability, copy, hint)
"""Makers for what stands inside of branches, loops and calls."""
