"""What the services of the RTOS cost on the core: cycles between marks that a program sets (cosim/firmware/costs)."""

from dataclasses import dataclass
from pathlib import Path

from cosim.errors import UserError
from cosim.image import linked_program
from cosim.run import Verdict, Watch, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.program import FIRMWARE
from cosim.toolchain.system.build import System, build
from cosim.toolchain.system.sources import Source
from rtl.config import SAFE
from rtl.isa.commit import PLACES
from rtl.isa.registers import CAPABILITY_NAMES
from rtos_model.machine.commit import unpack
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    Interrupt,
    SealedImport,
    Thread,
    interrupt_right,
    quota,
)
from rtos_model.services.registry import link

FOLDER = FIRMWARE / "costs"
MAX_CYCLES = 2_000_000
FAILED = 1
INTERRUPT_NUMBER = 12
PEER = "CHERIoT RTOS, docs/faq.md at b06a7bb"


@dataclass(frozen=True, slots=True)
class Cost:
    """An operation, its C code, and what CHERIoT RTOS publishes for it."""

    name: str
    code: str
    peer: str = ""


EMPTY = Cost("nothing (subtracted below)", "")
WAKE = Cost("futex wake until the waiting thread runs", "")
INTERRUPT = Cost("interrupt raised until the waiting thread runs", "")
ALONE = (
    EMPTY,
    Cost("call to another compartment and return", "nothing()", "around 400"),
    Cost("  of a callee that used 256 bytes of stack", "deep()"),
    Cost("library call, interrupts disabled (hazard slots)", "switcher_thread_hazard_slots()"),
    Cost("futex wait, value has changed", "futex_wait(&word, 99)"),
    Cost("futex wake, nobody waits", "futex_wake(&message, 1)"),
    Cost("yield, nobody else ready", "yield()"),
    Cost("flag lock, free: lock and unlock", "flaglock_trylock(TimeoutNoWait, &lock); flaglock_unlock(&lock)"),
    Cost("queue send, library, 4 bytes", "queue_send(TimeoutNoWait, queue, &message)"),
    Cost("queue receive, library, 4 bytes", "queue_receive(TimeoutNoWait, queue, &message)"),
    Cost("queue send, compartment, 4 bytes", "queue_send_sealed(TimeoutNoWait, sealedQueue, &message)"),
    Cost("queue receive, compartment, 4 bytes", "queue_receive_sealed(TimeoutNoWait, sealedQueue, &message)"),
    Cost("heap allocate and free, 32 bytes", "heap_free(QUOTA, heap_allocate(TimeoutNoWait, QUOTA, 32, 0))"),
)
COSTS = (*ALONE, WAKE, INTERRUPT)


def costs_system() -> System:
    """The program on the whole RTOS."""
    sealed = (quota("quota", 4096), interrupt_right("right", INTERRUPT_NUMBER))
    main = Compartment(
        name="main",
        exports=(Export(name="high", arguments=0), Export(name="low", arguments=0)),
        imports=(
            DeviceImport(device="simulation_clock", permissions="W"),
            *(SealedImport(sealed=one.name) for one in sealed),
        ),
    )
    callee = Compartment(name="callee", exports=tuple(Export(name=name, arguments=0) for name in ("nothing", "deep")))
    image = link(
        compartments=[main, callee],
        threads=[
            Thread(name=name, compartment="main", entry=name, priority=priority, stack=2048)
            for name, priority in (("high", 2), ("low", 1))
        ],
        program={},
        devices=(Device(name="simulation_clock", start=0, length=8),),
        interrupts=(Interrupt(name="test", number=INTERRUPT_NUMBER, edge=True),),
        sealed_objects=sealed,
    )
    operations = " ".join(f"MEASURE({number}, {cost.code})" for number, cost in enumerate(ALONE))
    defines = {
        "OPERATIONS": operations,
        "WAKE": str(COSTS.index(WAKE)),
        "INTERRUPT": str(COSTS.index(INTERRUPT)),
        "INTERRUPT_NUMBER": str(INTERRUPT_NUMBER),
    }
    sources = {name: [Source(FOLDER / f"{name}.c")] for name in ("main", "callee")}
    return build(image, sources, defines=defines)


class Marks:
    """Reads the commit records: cycles from the start mark of an operation to its end mark."""

    def __init__(self, address: int):
        self.address = address
        self.number = 0
        self.started: dict[int, int] = {}
        self.cycles: dict[int, list[int]] = {number: [] for number in range(len(COSTS))}
        word, shift, width = PLACES["pc"]
        self._pc = word, shift, (1 << width) - 1
        word, shift, width = PLACES["rd"]
        self._rd = word, shift, (1 << width) - 1

    def add(self, record) -> None:
        word, shift, mask = self._rd
        if record[word] >> shift & mask == A0:
            self.number = unpack(record)["rd_address"]
        word, shift, mask = self._pc
        if record[word] >> shift & mask != self.address:
            return
        clock = unpack(record)["clock"]
        operation, ends = divmod(self.number, 2)
        if not ends:
            self.started[operation] = clock
        elif operation in self.started:
            self.cycles[operation].append(clock - self.started.pop(operation))


A0 = CAPABILITY_NAMES.index("ca0")


def measure(simulator: Simulator, progress=lambda cycles, records: None) -> dict[Cost, int]:
    """The fewest cycles of each operation. Raises UserError if the program does not end well."""
    system = costs_system()
    found = system.linked["main"].find("mark")
    marks = Marks(found.address)
    program = linked_program("costs", system.image)
    result = run_rtl(simulator, SAFE, program, max_cycles=MAX_CYCLES, watch=Watch(log=marks, progress=progress))
    if (result.verdict, result.program_code) != (Verdict.EXIT, 0) or not all(marks.cycles.values()):
        raise UserError(f"the program that measures costs ended in {result.verdict.value}", code=FAILED)
    best = {cost: min(marks.cycles[number]) for number, cost in enumerate(COSTS)}
    return {cost: cycles - best[EMPTY] for cost, cycles in best.items() if cost is not EMPTY}


def table(found: dict[Cost, int]) -> str:
    width = max(len(cost.name) for cost in found)
    lines = [f"{'operation':{width}}  {'cycles':>7}  {'published':>12}"]
    lines += [f"{cost.name:{width}}  {cycles:>7,}  {cost.peer:>12}".rstrip() for cost, cycles in found.items()]
    return "\n".join([*lines, f"profile {SAFE.name}, code and data in RAM; published: {PEER}"])


def measured_costs(folder: Path, say, progress) -> str:
    """The table, measured in a simulator that leaves its files in `folder`."""
    with Simulator(build_soc(SAFE, progress=say), folder) as simulator:
        return table(measure(simulator, progress))
