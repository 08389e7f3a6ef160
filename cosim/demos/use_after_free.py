"""Use after free: five copies of a pointer to freed memory, each of them dead, each use a trap.

A program allocates an object, keeps copies of the pointer in a register, on its stack, in a global and in another
object, and frees the object. The free sets the object's bits in the revocation bitmap: from then on every copy loses
its tag when it is loaded. Then the revoker sweeps memory; afterwards the tags are gone from memory itself, the bits
are cleared, and the memory may be used again. What the columns say is read from what the core did.
"""

from dataclasses import dataclass, field

from cosim.build import SIM_BUILD
from cosim.compare.report import report
from cosim.compare.symbols import Symbols
from cosim.errors import UserError
from cosim.faults.planting import number_of
from cosim.image import Program, linked_program
from cosim.progress import say
from cosim.races import campaign
from cosim.run import RunResult, Verdict, Watch, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.stimulus.temporal import assembled
from rtl.config import SocConfig, complete, profile
from rtl.isa.registers import CAPABILITY_NAMES
from rtl.isa.trap import CapFault, Cause
from rtos_model.machine.commit import Record, unpack

ON_THE_MODEL = True
PLACES = {"register": None, "stack": "8(csp)", "global": "16(cgp)", "heap": "24(ctp)", "heap, derived": "32(ctp)"}
"""Where copies are: in memory, or, without a place, in the register cs0. The last one points into the object."""
KEPT, LOADED = "cs0", "cs1"
SIZE, FAULTS = 64, 2 * len(PLACES)
OBJECT = 0xA000
MAX_CYCLES = 50_000
SAMPLE = 50
"""Random schedules behind the table."""
FAILED = 1


def program(config: SocConfig) -> Program:
    """Labels `live_0`, `dying_0`, `dead_0` ... before each look at a copy, `use_` before each use of one."""
    body = ["  li t0, MALLOC", "  ecall", f"  cmove {KEPT}, ca0", "  cincaddrimm ca1, ca0, 8"]
    for name, slot in PLACES.items():
        if slot:
            body.append(f"  csc {'ca1' if name.endswith('derived') else 'ca0'}, {slot}")
    body += looks("live")
    body += ["  li t0, FREE", "  ecall", *looks("dying")]
    body += ["  li t0, WAIT", "  ecall", "  li t0, REUSE", "  ecall", *looks("dead")]
    table = [f"  .word PLATFORM_RAM + {OBJECT:#x}, {SIZE}, {(1 << SIZE // 8) - 1:#x}, {FAULTS}"]
    return linked_program("use after free", assembled("use after free", body, table, config))


def looks(when: str) -> list[str]:
    """Load each copy and use it."""
    lines = []
    for number, slot in enumerate(PLACES.values()):
        look = f"clc {LOADED}, {slot}" if slot else f"cmove {LOADED}, {KEPT}"
        lines += [f"{when}_{number}:", f"  {look}", f"use_{when}_{number}:", f"  lw t0, 0({LOADED})"]
    return lines


@dataclass
class Witness:
    """Keeps the records at some addresses, as a log that is written to."""

    places: dict[int, str]
    seen: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        fields = unpack(record)
        if name := self.places.get(fields["pc"]):
            self.seen[name] = fields


def run(args) -> int:
    """0 if every copy died and every use trapped."""
    config = profile(args.profile)
    if config.revoker is None:
        raise UserError(f"profile {config.name} has no background revoker; choose another --profile")
    image = program(config)
    labels = ("live", "dying", "dead", "use")
    witness = Witness({at: name for name, at in image.symbols.items() if name.split("_")[0] in labels})
    watch = Watch(log=witness)
    print((__doc__ or "").strip() + "\n")
    if args.model:
        result = run_model(config, image, max_cycles=MAX_CYCLES, watch=watch)
        return conclude(witness, result, image, f"{result.instructions:,} instructions on the golden machine")
    fault = number_of(args.fault) if args.fault else 0
    if fault:
        config = complete(config)
    build = build_soc(config, faults=bool(fault), progress=say)
    with Simulator(build, SIM_BUILD / "runs" / "use-after-free") as simulator:
        result = run_rtl(simulator, config, image, max_cycles=MAX_CYCLES, watch=watch, fault=fault)
        code = conclude(witness, result, image, f"{result.checked:,} instructions, each as on the golden machine")
        if code:
            return code
        total, failure = campaign(simulator, config, SAMPLE, 0, fault=fault)
    print(f"\nthe same with sweeps at random moments (`cheriot races` plays more of them):\n  {failure or total}")
    return FAILED if failure else 0


def conclude(witness: Witness, result: RunResult, image: Program, what: str) -> int:
    """Print what the witness saw; 0 if it is what it must be."""
    if result.difference:
        print(report(result.difference, Symbols(image.symbols), "cheriot demo use-after-free"))
        return result.code
    lines = [f"{'copy':<15}{'before the free':<20}{'after the free':<34}after the sweep"]
    held = result.verdict is Verdict.EXIT and result.program_code == 0
    for number, (name, slot) in enumerate(PLACES.items()):
        cells = []
        for when in ("live", "dying", "dead"):
            look, use = (witness.seen.get(key) for key in (f"{when}_{number}", f"use_{when}_{number}"))
            if look is None or use is None:
                cells.append("not reached")
                held = False
                continue
            in_memory = look["mem_rtag"] if slot else None
            cells.append(f"{told(look['rd_tag'], in_memory)}, {outcome(use)}")
            held &= look["rd_tag"] == (when == "live") and trapped(use) == (when != "live")
            held &= in_memory in (None, int(when != "dead"))
        lines.append(f"{name:<15}{cells[0]:<20}{cells[1]:<34}{cells[2]}")
    print("\n".join(lines))
    print(f"\n{what}; {'every copy died, every use trapped' if held else 'NOT every copy died'}")
    return 0 if held else FAILED


def told(tag: int, in_memory: int | None) -> str:
    if tag:
        return "alive"
    return "dead when loaded" if in_memory else "dead"


def trapped(use: dict[str, int]) -> bool:
    """By a missing tag, in the register that was used."""
    fault = CapFault.TAG | CAPABILITY_NAMES.index(LOADED) << 5
    return bool(use["trap"]) and (use["cause"], use["mtval"]) == (Cause.CHERI, fault)


def outcome(use: dict[str, int]) -> str:
    if not use["trap"]:
        return "works"
    return "use traps: tag" if trapped(use) else f"use traps: {use['cause']}/{use['mtval']:#x}"
