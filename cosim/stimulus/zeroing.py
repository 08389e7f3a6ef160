"""Maker of items for the stack zeroiser: it is set going, watched, stopped and set going anew, and run into."""

from cosim.stimulus.frame import Slot
from cosim.stimulus.item import Fetch, Part, clear, constant, wide
from cosim.stimulus.scene import Scene
from rtl.isa.capfmt import GRANULE
from rtl.isa.csr import CSR_BY_NAME, SCRS, ZTOPC
from rtos_model.machine.capability import Perm

NUMBER = SCRS[ZTOPC]
LONGEST = 40
"""Granules."""


def zeroise(scene: Scene) -> list[Part]:
    """Start it on a piece of the data area, or nearly; then anything that may happen while it runs."""
    piece, other = scene.fresh(2)
    granules = scene.rng.randrange(2, LONGEST)
    base = scene.frame.data.base + GRANULE * scene.rng.randrange(scene.frame.data.size // GRANULE - granules)
    top = GRANULE * granules
    if scene.chance(0.2):
        base, top = base + scene.rng.choice((0, 4, 3)), top + scene.rng.choice((0, -8, 3))
    start = top if scene.chance(0.7) else scene.rng.choice((0, top - 8, top + 8, top - 4, top // 16 * 8, 8))
    parts = [
        Fetch(piece, Slot.DATA),
        *constant(other, base),
        wide("csetaddr", piece, piece, other),
        wide("csetboundsimm", piece, piece, top),
        wide("cincaddrimm", piece, piece, start),
    ]
    if scene.chance(0.1):
        parts += [*constant(other, scene.rng.choice((~Perm.SD, ~Perm.MC))), wide("candperm", piece, piece, other)]
    parts.append(wide("cspecialrw", 0 if scene.chance(0.7) else scene.target(), NUMBER, piece))
    kept = scene.kept
    scene.kept = kept | {piece}
    for _ in range(scene.rng.randrange(6)):
        parts += _beside(scene, piece, start, top)
    scene.kept = kept
    return parts


def _beside(scene: Scene, piece: int, start: int, top: int) -> list[Part]:
    shape = scene.rng.randrange(8)
    if shape < 3:  # in the piece, at its edges or beside it
        name = scene.rng.choice(("lw", "lhu", "sb", "sw", "clc", "csc"))
        place = scene.rng.choice((0, top - 8, top, -4, scene.rng.randrange(top)))
        place = place & -GRANULE if name in ("clc", "csc") else place
        register = scene.target() if name in ("lw", "lhu", "clc") else scene.any()
        return [wide(name, register, place - start, piece)]
    if shape == 3:
        (zero,) = scene.fresh(1)
        return [clear(zero), wide("cspecialrw", scene.target(), NUMBER, zero)]
    if shape == 4:
        return [wide("cspecialrw", 0, NUMBER, piece)]
    if shape == 5:
        return [wide("cspecialrw", scene.target(), NUMBER, 0)]
    if shape == 6:
        return [wide("addi", 0, 0, 0)] * scene.rng.randrange(12)
    return [wide("csrrs", scene.target(), CSR_BY_NAME["mshwm"].number, 0)]
