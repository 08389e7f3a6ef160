"""Makers of items about special capabilities: sealed ones, freed ones, equal ones."""

from cosim.stimulus.descriptors import SPARED
from cosim.stimulus.frame import Slot
from cosim.stimulus.item import Fetch, Part, clear, constant, wide
from cosim.stimulus.plain import offset
from cosim.stimulus.scene import Scene
from rtl.isa.capfmt import GRANULE
from rtos_model.machine.capability import ALL_PERMISSIONS, Perm
from rtos_model.machine.value import SEALED, TAG, capability, permissions, span


def seal(scene: Scene) -> list[Part]:
    """With a type of the right kind, mostly."""
    (key,) = scene.fresh(1)
    victim = scene.unsealed()
    executable = permissions(scene.value(victim)) & Perm.EX
    otype = scene.rng.randrange(1, 8) if executable else scene.rng.randrange(9, 16)
    if scene.chance(0.1):
        otype = scene.rng.randrange(18)
    return [
        Fetch(key, Slot.SEALING),
        scene.code("cincaddrimm", key, key, otype),
        scene.code("cseal", scene.target(), victim, key),
    ]


def sealed(scene: Scene) -> int:
    return scene.where(lambda value: value >= TAG and bool(value & SEALED))


def unseal(scene: Scene) -> list[Part]:
    """With an authority for one type or for all; some have no GL."""
    key, number = scene.fresh(2)
    victim = sealed(scene)
    otype = capability(scene.value(victim)).otype
    parts: list[Part] = [Fetch(key, Slot.SEALING)]
    if scene.chance(0.4):
        first = max(otype - scene.rng.choice((0, 0, 1)), 0)
        parts += [wide("cincaddrimm", key, key, first), wide("csetboundsimm", key, key, scene.rng.choice((1, 1, 2)))]
    if scene.chance(0.4):
        dropped = scene.rng.choice((Perm.GL, Perm.GL, Perm.US, Perm.SE))
        parts += [*constant(number, ALL_PERMISSIONS & ~dropped), wide("candperm", key, key, number)]
    return [*parts, scene.code("cunseal", scene.target(), victim, key)]


def narrow(scene: Scene) -> list[Part]:
    """`candperm` of anything, sealed or not, with masks that matter."""
    (mask,) = scene.fresh(1)
    victim = sealed(scene) if scene.chance(0.5) else scene.tagged()
    value = ALL_PERMISSIONS & ~(1 << scene.rng.randrange(12))
    value = scene.rng.choice((value, ALL_PERMISSIONS, ALL_PERMISSIONS & ~Perm.GL, scene.rng.getrandbits(12)))
    return [*constant(mask, value), scene.code("candperm", scene.target(), victim, mask)]


def compare(scene: Scene) -> list[Part]:
    """Of two capabilities that differ in one thing, or in nothing."""
    (other,) = scene.fresh(1)
    first = scene.tagged()
    changes = (
        wide("cmove", other, first),
        wide("ccleartag", other, first),
        wide("cincaddrimm", other, first, scene.rng.choice((1, -1, 8))),
        wide("csetboundsimm", other, first, scene.rng.randrange(16)),
    )
    name = scene.rng.choice(("csetequalexact", "ctestsubset"))
    operands = (first, other) if scene.chance(0.5) else (other, first)
    return [scene.rng.choice(changes), wide(name, scene.target(), *operands)]


def free(scene: Scene) -> list[Part]:
    """Store a capability, revoke what it is based on, load it again; its memory is mostly reused afterwards."""
    data = scene.frame.data
    victim = scene.where(lambda v: v >= TAG and data.base + SPARED <= span(v).base < data.end)
    authority = scene.authority(Perm.SD | Perm.MC | Perm.LD, GRANULE)
    place = offset(scene, authority, GRANULE)
    before, scene.kept = scene.kept, scene.kept | {victim, authority}
    bits, number = scene.fresh(2)
    scene.kept = before
    store = scene.code("csc", victim, place, authority)
    bit = (span(scene.value(victim)).base - data.base - SPARED) // GRANULE
    if not 0 <= bit < (data.size - SPARED) // GRANULE:
        bit = scene.rng.randrange((data.size - SPARED) // GRANULE)
    word = bit // 32 * 4
    paint = [Fetch(bits, Slot.BITMAP), *constant(number, 1 << bit % 32), wide("sw", number, word, bits)]
    load = scene.code("clc", scene.target(), place, authority)
    reuse = [wide("sw", 0, word, bits)] if scene.chance(0.7) else []
    return [store, *paint, load, Fetch(bits, Slot.BITMAP), *reuse, clear(bits)]
