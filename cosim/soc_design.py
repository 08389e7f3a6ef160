"""The SoC as the simulator's wrapper sees it: what it reports, which of its memories can be looked into."""

import enum
from collections.abc import Callable
from dataclasses import replace

from amaranth.back import verilog

from cosim.bench.job import Keyboard, SerialLine
from cosim.build import Build, build, source_key
from cosim.endings import TOHOST, endings
from cosim.faults.planting import PORT, SELECT_BITS, planted, ports_with
from cosim.soc_state import arrays
from cosim.wrapper import Design, Event
from rtl.config import SocConfig
from rtl.isa.commit import WORDS
from rtl.isa.csr import INTERRUPT_BITS
from rtl.revoker.sweep import GRANULE_BITS
from rtl.soc.soc import Soc

LINE_BITS = 64
ADDRESS_BITS = 32


class Kind(enum.IntEnum):
    """What an event of the SoC says; the first three end a run."""

    EXIT = 0  # code, by any of the conventions in `cosim.endings`
    LOCKUP = 1  # nothing retires any more, or traps only; 1 if nobody knows why
    ASLEEP = 2  # the core sleeps, and with the scripted clock nothing will wake it
    CHARACTER = 3  # through simulation control
    SENT = 4  # by the UART
    RECEIVED = 5  # by the UART; from a serial line with bit 8 set if the stop bit was missing
    LINES = 6  # extra interrupt lines after a change
    SWEPT = 7  # by the revoker: number of the granule, and above it whether its tag was cleared
    SWEEP_ENDED = 8
    ZEROED = 9  # by the stack zeroiser: number of the granule


def soc_design(config: SocConfig, *, faults: bool = False) -> Design:
    """The wrapper's description of `Soc(config)`, which must have its commit port."""
    inputs = {"interrupts": len(INTERRUPT_BITS)}
    if faults:
        inputs[PORT] = SELECT_BITS
    outputs = {"commit_valid": 1, "commit": LINE_BITS * len(WORDS), "lockup": 1, "sleeping": 1}
    idle = {}
    events = {
        Kind.EXIT: Event("exit_now", "32'b0, exit_code"),
        Kind.LOCKUP: Event("lockup || stuck || hung", "63'b0, stuck"),
        Kind.LINES: Event("interrupts != interrupts_before", "61'b0, interrupts"),
    }
    if config.uart is not None:
        outputs |= {"uart__sent_valid": 1, "uart__sent": 8}
        events[Kind.SENT] = Event("said", "56'b0, uart__sent")
    if config.uart is not None and config.serial:
        inputs["uart__receive"] = idle["uart__receive"] = 1
        outputs["uart__transmit"] = 1
        receiver = "dut.uncore.uart.receiver"
        # `byte` is a word of SystemVerilog; escaped, it is a name
        events[Kind.RECEIVED] = Event(f"{receiver}.valid", f"55'b0, {receiver}.broken, {receiver}.\\byte ")
    elif config.uart is not None:
        inputs |= {"uart__received_valid": 1, "uart__received": 8}
        outputs["uart__received_ready"] = 1
        accepted = "uart__received_valid && uart__received_ready"
        events[Kind.RECEIVED] = Event(accepted, "56'b0, uart__received")
    if config.simctl is not None:
        outputs |= {"simctl__exit_valid": 1, "simctl__exit_code": 32}
        outputs |= {"simctl__character_valid": 1, "simctl__character": 8}
        events[Kind.CHARACTER] = Event("simctl__character_valid", "56'b0, simctl__character")
    if config.timer is not None:
        inputs["scripted"] = 1
        outputs["asleep"] = 1
        events[Kind.ASLEEP] = Event("asleep", "64'b0")
    if config.gpio is not None:
        inputs["gpio__input"] = 32
    if config.revoker is not None:
        outputs |= {"sweep__step": 1, "sweep__granule": GRANULE_BITS, "sweep__cleared": 1, "sweep__finished": 1}
        padding = 63 - GRANULE_BITS
        events[Kind.SWEPT] = Event("sweep__step", f"{padding}'b0, sweep__cleared, sweep__granule")
        events[Kind.SWEEP_ENDED] = Event("sweep__finished", "64'b0")
    if config.core.zeroiser:
        outputs |= {"zeroing__step": 1, "zeroing__line": GRANULE_BITS}
        events[Kind.ZEROED] = Event("zeroing__step", f"{64 - GRANULE_BITS}'b0, zeroing__line")
    never = Event("1'b0", "64'b0")
    design = Design(
        module="soc",
        inputs=inputs,
        outputs=outputs,
        commit=("commit_valid", "commit"),
        alive="commit_valid || sleeping",
        events=[events.get(kind, never) for kind in Kind],
        console=(Kind.CHARACTER, Kind.SENT),
        arrays=arrays(config),
        settings={TOHOST: ADDRESS_BITS},
        idle=idle,
    )
    return replace(design, body=endings(config, design))


def keyboard(config: SocConfig) -> Keyboard | SerialLine:
    """How characters are typed."""
    if not config.serial:
        return Keyboard("uart__received", "uart__received_valid", int(Kind.RECEIVED))
    return SerialLine("uart__receive", list(arrays(config)).index("bit time"))


def build_soc(
    config: SocConfig,
    *,
    fst: bool = False,
    faults: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> Build:
    """The simulator of a system; `config` may leave out the commit port, it is added.

    With `faults`, those of `cosim.faults` are built in, and the input `fault` chooses one.
    """
    config = replace(config, core=replace(config.core, trace=True))
    key = source_key("rtl") + repr(config) + (source_key("cosim/faults") if faults else "")

    def text() -> str:
        if not faults:
            return verilog.convert(Soc(config), name="soc", emit_src=False)
        with planted() as select:
            soc = Soc(config)
            return verilog.convert(soc, name="soc", emit_src=False, ports=ports_with(select, soc))

    name = f"{config.name}-faults" if faults else config.name
    return build(name, key, soc_design(config, faults=faults), text, fst=fst, progress=progress)
