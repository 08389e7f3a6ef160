"""Makers of items for system registers, interrupts, revocation, self-modifying code and the harness."""

from cosim.stimulus.frame import Slot
from cosim.stimulus.item import Fetch, Part, clear, constant, size, wide
from cosim.stimulus.scene import Scene
from rtl.isa.csr import CSR_BY_NAME, CSRS, INTERRUPT_BITS, MIE, MPIE, SCRS
from rtl.isa.table import FIELDS, INSNS, Unit

CSR_ROWS = [row for row in INSNS if row.unit is Unit.CSR]
MSTATUS, MIE_CSR = CSR_BY_NAME["mstatus"].number, CSR_BY_NAME["mie"].number
TIMER_ENABLE = 1 << INTERRUPT_BITS["timer"]
ABSENT = (0x305, 0x341, 0xC00, 0xC02, 0x3A0, 0x7C0, 0x000)
DELAYS = (20, 40, 80, 300, 1000)
"""Clocks until an interrupt that the body asks for."""


def csr(scene: Scene) -> list[Part]:
    """Read, write, set or clear any CSR; the stack marks often, and some that do not exist."""
    row = scene.rng.choice(CSR_ROWS)
    number = scene.rng.choice(CSRS).number
    if scene.chance(0.3):
        number = CSR_BY_NAME[scene.rng.choice(("mshwm", "mshwm", "mshwmb", "minstret", "mcycle"))].number
    elif scene.chance(0.08):
        number = scene.rng.choice((*ABSENT, scene.rng.getrandbits(12)))
    operand = scene.rng.getrandbits(5) if "zimm" in row.operands else scene.rng.choice((0, scene.any(), scene.tagged()))
    return [wide(row.name, scene.target(), number, operand)]


def scr(scene: Scene) -> list[Part]:
    """The handler needs MTCC and MScratchC: they are only read, or exchanged and put back with interrupts off.

    What is read of them, and of MEPCC, loses its tag: nothing must jump into the handler, or store to its frame.
    """
    (register,) = scene.fresh(1)
    shape = scene.rng.randrange(6)
    if shape == 0:
        return [wide("cspecialrw", scene.target(), SCRS["mtdc"], scene.any())]
    if shape == 1:
        return [wide("cspecialrw", register, SCRS["mepcc"], scene.any()), wide("ccleartag", register, register)]
    if shape == 2:
        number = scene.rng.choice((SCRS["mtcc"], SCRS["mscratchc"]))
        return [wide("cspecialrw", register, number, 0), wide("ccleartag", register, register)]
    if shape == 3:
        exchange = wide("cspecialrw", register, SCRS["mtcc"], register)
        off = wide("csrrci", 0, MSTATUS, 1 << MIE)
        return [scene.code("cmove", register, scene.tagged()), off, exchange, exchange]
    if shape == 4:
        return [wide("cspecialrw", scene.target(), scene.rng.randrange(28), scene.any())]
    return [wide("cspecialrw", 0, scene.rng.choice((SCRS["mtdc"], SCRS["mepcc"])), scene.tagged())]


def mret(scene: Scene) -> list[Part]:
    """To an instruction further on, with interrupts enabled or not."""
    to, number = scene.fresh(2)
    previous = [*constant(number, 1 << MPIE), wide(scene.rng.choice(("csrrs", "csrrc")), 0, MSTATUS, number)]
    skipped = scene.rng.randrange(3)
    parts = [wide("csrrci", 0, MSTATUS, 1 << MIE), *previous]
    tail = [wide("cspecialrw", 0, SCRS["mepcc"], to), wide("mret"), *[scene.code("addi", to, 0, 1)] * skipped]
    return [*parts, wide("auipcc", to, 0), wide("cincaddrimm", to, to, 8 + size(tail)), *tail, clear(to)]


def paint(scene: Scene) -> list[Part]:
    """Set or clear revocation bits of the data area; rarely of what a live capability points to."""
    there, number = scene.fresh(2)
    name, step = scene.rng.choice((("sb", 1), ("sh", 2), ("sw", 4)))
    painted = scene.rng.getrandbits(8 * step) & scene.rng.getrandbits(8 * step) if scene.chance(0.5) else 0
    place = scene.rng.randrange(0, scene.frame.data.size // 64 - 16, step)
    parts = [Fetch(there, Slot.BITMAP), *constant(number, painted), wide(name, number, place, there)]
    return parts if scene.chance(0.3) else [*parts, clear(there)]


def fence(scene: Scene) -> list[Part]:
    if scene.chance(0.5):
        return [wide("fence.i")]
    return [wide("fence", scene.rng.getrandbits(4), scene.rng.getrandbits(4))]


def wait(scene: Scene) -> list[Part]:
    """The timer is enabled first: without an enabled interrupt there may be nothing to wait for."""
    (number,) = scene.fresh(1)
    return [*constant(number, TIMER_ENABLE), wide("csrrs", 0, MIE_CSR, number), wide("wfi")]


def posture(scene: Scene) -> list[Part]:
    """Switch interrupts on or off, all of them or one."""
    if scene.chance(0.6):
        return [wide(scene.rng.choice(("csrrsi", "csrrsi", "csrrci")), 0, MSTATUS, 1 << MIE)]
    (number,) = scene.fresh(1)
    bit = 1 << scene.rng.choice(tuple(INTERRUPT_BITS.values()))
    return [*constant(number, bit), wide(scene.rng.choice(("csrrs", "csrrc")), 0, MIE_CSR, number)]


def alarm(scene: Scene) -> list[Part]:
    """A timer interrupt soon."""
    there, number = scene.fresh(2)
    delay = scene.rng.choice(DELAYS) + scene.rng.randrange(8)
    return [
        Fetch(there, Slot.CLOCK),
        wide("lw", number, 0, there),
        wide("addi", number, number, delay),
        Fetch(there, Slot.ALARM),
        wide("sw", number, 0, there),
        clear(there),
    ]


def software_interrupt(scene: Scene) -> list[Part]:
    there, number = scene.fresh(2)
    return [Fetch(there, Slot.SOFTWARE), *constant(number, 1), wide("sw", number, 0, there), clear(there)]


def patch(scene: Scene) -> list[Part]:
    """Write an instruction over the one that comes, with `fence.i` in between."""
    there, number = scene.fresh(2)
    before, scene.kept = scene.kept, scene.kept | {there, number}
    old, new = (_patch(scene) for _ in range(2))
    scene.kept = before
    load_new = constant(number, new.word)
    tail = [*load_new, wide("sw", number, 0, there), wide("fence.i"), clear(there)]
    distance = 12 + size(tail)
    return [
        Fetch(there, Slot.CODE),
        wide("auipcc", number, 0),
        wide("cincaddrimm", number, number, distance),
        wide("csetaddr", there, there, number),
        *tail,
        old,
    ]


def _patch(scene: Scene):
    row = scene.rng.choice([row for row in scene.arithmetic if "rs2" not in row.operands])
    values = {"rd": scene.target(), "rs1": scene.any()}
    return wide(row.name, *(values.get(name, FIELDS[name].extract(scene.rng.getrandbits(32))) for name in row.operands))


def tell(scene: Scene) -> list[Part]:
    """A character, or an event with a capability in it."""
    there, number = scene.fresh(2)
    if scene.chance(0.3):
        letter = scene.rng.randrange(32, 127)
        return [Fetch(there, Slot.CHARACTER), *constant(number, letter), wide("sw", number, 0, there), clear(there)]
    window = 0x40 * scene.rng.randrange(4)
    stores = [wide("csc", scene.tagged(), window + 8 * scene.rng.randrange(7), there) for _ in range(2)]
    return [Fetch(there, Slot.WINDOW), *stores, wide("csc", scene.tagged(), window + 0x38, there), clear(there)]

