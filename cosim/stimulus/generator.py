"""Random programs: items are made one by one, each in view of what the golden machine has come to by then.

So most operands make sense (capabilities with a tag, offsets within bounds), and some do not. The same seed gives
the same program. Interrupts come at other moments in another machine, which changes nothing but times.
"""

import random

from cosim.stimulus.control import branch, call, excursion, loop, wild
from cosim.stimulus.descriptors import POOL, for_program
from cosim.stimulus.frame import Frame, frame
from cosim.stimulus.item import Item
from cosim.stimulus.plain import (
    arithmetic,
    capability,
    copy,
    derive,
    edge,
    hint,
    illegal,
    integer,
    load,
    load_capability,
    store,
    store_capability,
    trap,
)
from cosim.stimulus.program import Parameters, RandomProgram
from cosim.stimulus.scene import Scene
from cosim.stimulus.sealing import compare, free, narrow, seal, unseal
from cosim.stimulus.system import (
    alarm,
    csr,
    fence,
    mret,
    paint,
    patch,
    posture,
    scr,
    software_interrupt,
    tell,
    wait,
)
from cosim.stimulus.zeroing import zeroise
from rtl.config import SocConfig
from rtl.isa.csr import INTERRUPT_BITS, MPIE

WEIGHTS = {
    integer: 20,
    capability: 18,
    load: 12,
    store: 10,
    load_capability: 9,
    store_capability: 9,
    copy: 6,
    derive: 8,
    arithmetic: 5,
    seal: 3,
    unseal: 3,
    narrow: 3,
    compare: 2,
    free: 3,
    edge: 4,
    branch: 6,
    loop: 3,
    call: 4,
    excursion: 4,
    wild: 3,
    csr: 6,
    scr: 4,
    mret: 2,
    paint: 3,
    fence: 1,
    wait: 1,
    posture: 2,
    alarm: 2,
    software_interrupt: 1,
    patch: 2,
    tell: 1,
    hint: 2,
    illegal: 2,
    trap: 1,
}
"""How often each kind of item comes, relative to the others."""
WITH_ZEROISER = {zeroise: 4}
"""The same, of those that only cores with a stack zeroiser have."""
POOR = 6
"""With fewer registers to load through than this, the next item makes a capability."""
ITEMS = 130
STEPS_PER_ITEM = 3000
"""More than any item takes, interrupts included."""
RANDOM_DATA = 3072


class Stuck(RuntimeError):
    """An item did not come to its end: a mistake in its maker."""


def parameters(rng: random.Random, frame: Frame) -> Parameters:
    mark = frame.data.base + rng.randrange(0, frame.data.size + 1, 16)
    return Parameters(
        interval=rng.choice((100, 150, 200, 300, 700, 3000)),
        first_interrupt=rng.randrange(1000, 4000),
        enabled=sum(1 << bit for bit in INTERRUPT_BITS.values() if rng.random() < 0.7),
        mstatus=rng.choice((0, 1, 1, 1)) << MPIE,
        mark=mark,
        limit=frame.data.base + rng.randrange(0, mark - frame.data.base + 1, 16),
    )


def generate(seed: int, config: SocConfig, items: int = ITEMS) -> RandomProgram:
    """The program of a seed for a system. Raises UserError if the system lacks what programs need."""
    rng = random.Random(f"{seed}/{config.name}")
    place = frame(config)
    program = RandomProgram(
        seed=seed,
        frame=place,
        parameters=parameters(rng, place),
        descriptors=for_program(rng, place),
        data=bytes(8 * POOL) + rng.randbytes(RANDOM_DATA),
        items=(),
    )
    machine = program.machine()
    scene = Scene(rng, place, machine)
    made: list[Item] = []
    address = place.body
    _run_to(machine, address, "the start-up code")
    wanted = WEIGHTS | (WITH_ZEROISER if config.core.zeroiser else {})
    makers, weights = tuple(wanted), tuple(wanted.values())
    for _ in range(items):
        make = derive if scene.capabilities() < POOR else rng.choices(makers, weights)[0]
        item = Item(make.__name__, tuple(make(scene)))
        made.append(item)
        program.with_items(tuple(made)).check_room()
        machine.memory.place(address, item.encoded(place, address))
        address += item.size
        _run_to(machine, address, f"item {len(made)} ({item.kind}) of seed {seed}")
    return program.with_items(tuple(made))


def _run_to(machine, address: int, what: str) -> None:
    for _ in range(STEPS_PER_ITEM):
        if machine.pc == address:
            return
        machine.run(1)
    raise Stuck(f"{what} did not reach {address:#x}; pc is {machine.pc:#x}")
