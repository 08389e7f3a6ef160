"""Makers of items with control flow: branches, loops, calls, sentries, bounded code, jumps that go wrong."""

from cosim.stimulus.frame import NOWHERE, Slot
from cosim.stimulus.item import Fetch, Part, clear, constant, size, wide
from cosim.stimulus.plain import FILLERS, number
from cosim.stimulus.scene import Scene
from cosim.stimulus.system import csr, scr
from rtl.isa.table import INSNS, Unit
from rtos_model.machine.capability import ALL_PERMISSIONS, Perm
from rtos_model.machine.value import ADDRESS, TAG, permissions

BRANCHES = [row.name for row in INSNS if row.unit is Unit.BRANCH]
LINK = 1


def branch(scene: Scene) -> list[Part]:
    """Over a few instructions, or not; sometimes always, through `cjal`."""
    inner = scene.fillers(FILLERS, scene.rng.randrange(1, 4), set())
    distance = 4 + size(inner)
    if scene.chance(0.2):
        return [wide("cjal", 0, distance), *inner]
    numbers: list[Part] = []
    first = scene.any()
    second = first if scene.chance(0.2) else scene.rng.choice((0, scene.any()))
    if scene.chance(0.4):
        first, second = scene.fresh(2)
        numbers = [*constant(first, number(scene)), *constant(second, number(scene))]
    name = scene.rng.choice(BRANCHES)
    narrow = scene.code(name, first, second, distance - 2)
    return [*numbers, narrow if narrow.size == 2 else wide(name, first, second, distance), *inner]


def loop(scene: Scene) -> list[Part]:
    """A few rounds, backwards; a register counts."""
    (counter,) = scene.fresh(1)
    inner = scene.fillers(FILLERS, scene.rng.randrange(1, 5), {counter})
    step = scene.code("addi", counter, counter, -1)
    back = -(size(inner) + step.size)
    return [*constant(counter, scene.rng.randrange(1, 6)), *inner, step, scene.code("bne", counter, 0, back)]


def call(scene: Scene) -> list[Part]:
    """`cjal` to a function that stands right behind the call, and its return."""
    link = LINK if LINK not in scene.kept and scene.chance(0.6) else scene.fresh(1)[0]
    inner = scene.fillers(FILLERS, scene.rng.randrange(4), {link})
    back = scene.code("cjalr", 0, 0, link)
    over = wide("cjal", 0, 4 + size(inner) + back.size)
    return [wide("cjal", link, 8), over, *inner, back]


def resuming(scene: Scene, parts: list[Part], kept: set[int]) -> list[Part]:
    """The same, but if control gets lost on the way it goes on behind them."""
    before, scene.kept = scene.kept, scene.kept | kept
    place, end = scene.fresh(2)
    scene.kept = before
    note = [wide("auipcc", end, 0), wide("cincaddrimm", end, end, 0), wide("csc", end, 0, place)]
    note[1] = wide("cincaddrimm", end, end, size(note) + 4 + size(parts))
    # What the registers held must not tempt others: one to write RESUME, one to jump here again.
    return [Fetch(place, Slot.RESUME), *note, clear(place), *parts, clear(end)]


def excursion(scene: Scene) -> list[Part]:
    """Code under a PCC with bounds, often with fewer permissions, entered through a sentry or not."""
    target, link, number = scene.fresh(3)
    if LINK not in (target, number, *scene.kept) and scene.chance(0.6):
        link = LINK
    inner = scene.fillers((*FILLERS, csr, scr), scene.rng.randrange(1, 6), {link})
    bounded = scene.chance(0.85)
    leaves = not bounded or scene.chance(0.9)  # else it runs into its bounds
    inner.append(scene.code("cjalr", 0, 0, link) if leaves else wide("cjal", 0, 0x1000))
    prepare: list[Part] = []
    if bounded:
        prepare.append(wide("csetboundsimm", target, target, size(inner)))
    if scene.chance(0.5):
        mask = ALL_PERMISSIONS & ~scene.rng.choice((Perm.SR, Perm.SR, Perm.GL, Perm.LM, Perm.LG, Perm.EX))
        prepare += [*constant(number, mask), wide("candperm", target, target, number)]
    if scene.chance(0.5):
        otype = scene.rng.choice((1, 1, 2, 3, 3) if link == LINK else (1, 1, 1, 2, 4))
        prepare += [Fetch(number, Slot.SEALING), wide("cincaddrimm", number, number, otype)]
        prepare.append(wide("cseal", target, target, number))
    enter = scene.code("cjalr", link, 0, target)
    over = wide("cjal", 0, 4 + size(inner))
    distance = 8 + size(prepare) + enter.size + over.size
    start = [wide("auipcc", target, 0), wide("cincaddrimm", target, target, distance)]
    return resuming(scene, [*start, *prepare, enter, over, *inner], {target, link, number})


def wild(scene: Scene) -> list[Part]:
    """A jump that faults, or the fetch of whose target does."""
    return scene.rng.choice((_to_register, _out_of_bounds, _to_nowhere, _sentry_with_immediate))(scene)


def _to_register(scene: Scene) -> list[Part]:
    """Through anything but what leads back into the program."""
    frame, code = scene.frame, scene.frame.config.ram
    safe = [
        register
        for register in range(16)
        if scene.value(register) < TAG
        or not permissions(scene.value(register)) & Perm.EX
        or scene.value(register) & ADDRESS == frame["pad"]
        or scene.value(register) & ADDRESS not in code
    ]
    register = scene.rng.choice(safe)
    link = scene.rng.choice((0, LINK, scene.target()))
    immediate = scene.rng.choice((0, 0, 0, 2))
    return resuming(scene, [scene.code("cjalr", link, immediate, register)], {link, register})


def _out_of_bounds(scene: Scene) -> list[Part]:
    """Behind the top of the new PCC, or to an instruction of which half lies there."""
    (target,) = scene.fresh(1)
    back, beyond = scene.rng.choice(((8, 0), (10, 2), (12, 0), (4, 0), (4, -0x800)))
    parts = [wide("auipcc", target, 0), wide("csetboundsimm", target, target, back)]
    return resuming(scene, [*parts, wide("cjalr", 0, back - beyond, target)], {target})


def _to_nowhere(scene: Scene) -> list[Part]:
    """To where nothing is, or where nothing can be executed."""
    target, number = scene.fresh(2)
    config = scene.frame.config
    address = scene.rng.choice((NOWHERE, scene.frame.device("uart"), config.heap.bitmap, config.ram.end))
    parts = [wide("auipcc", target, 0), *constant(number, address), wide("csetaddr", target, target, number)]
    return resuming(scene, [*parts, scene.code("cjalr", 0, 0, target)], {target, number})


def _sentry_with_immediate(scene: Scene) -> list[Part]:
    target, number = scene.fresh(2)
    otype = scene.rng.randrange(1, 8)
    parts = [wide("auipcc", target, 0), Fetch(number, Slot.SEALING), wide("cincaddrimm", number, number, otype)]
    jump = wide("cjalr", scene.rng.choice((0, LINK)), scene.rng.randrange(2, 64), target)
    return resuming(scene, [*parts, wide("cseal", target, target, number), jump], {target, number, LINK})
