"""The SoC's memories and architectural registers: their places in the design, and reading them into a State.

The one file that knows names inside the SoC's hierarchy.
"""

from collections.abc import Iterable, Mapping, Sequence

from cosim.bench.job import Dump, Load
from cosim.compare.state import State
from cosim.wrapper import Array
from rtl.config import Region, SocConfig
from rtl.isa.csr import CSR_BY_NAME, INTERRUPT_BITS, MIE, MPIE, ZTOPC
from rtl.isa.table import REGISTERS
from rtl.isa.trap import INTERRUPT
from rtl.mem.tags import TAGS_PER_WORD
from rtl.soc.serial import PERIOD_BITS

LINE_BITS = 64
CAP_BITS = 65
EXPANDED_BITS = 130
"""A register of the core: the capability in the low bits, its decoded bounds above."""
MARK_SHIFT = 4
"""mshwmb is kept in units of 16 bytes."""


def arrays(config: SocConfig) -> dict[str, Array]:
    """Everything that can be read, by name. Memories and the ROM can be written also."""
    found = {}
    for name, region in memories(config).items():
        lines = region.size * 8 // LINE_BITS
        found[name] = Array(f"uncore.{name}.memory", lines, LINE_BITS)
        found[f"{name}.tags"] = Array(f"uncore.{name}.tags.memory", -(-lines // TAGS_PER_WORD), TAGS_PER_WORD)
    found["bitmap"] = Array("uncore.bitmap.memory", config.heap.granules // LINE_BITS, LINE_BITS)
    if config.rom is not None:
        found["rom"] = Array("uncore.rom.memory", config.rom.size * 8 // LINE_BITS, LINE_BITS)
    if config.serial:
        found["bit time"] = Array("uncore.uart.period", 1, PERIOD_BITS)
    found["registers"] = Array("core.registers.registers", REGISTERS, EXPANDED_BITS)
    owners = {ZTOPC: "zeroiser"}
    found |= {name: Array(f"core.{owners.get(name, 'scrs')}.{name}", 1, EXPANDED_BITS) for name in config.core.scrs}
    csrs = {"mie": 1, "mpie": 1, "enables": len(INTERRUPT_BITS), "scratch": 32}
    csrs |= {"mcause": 6, "trap_value": 32, "mshwm": 32, "limit": 28}
    return found | {f"csrs.{name}": Array(f"core.csrs.{name}", 1, width) for name, width in csrs.items()}


def memories(config: SocConfig) -> dict[str, Region]:
    """The tagged memories by name."""
    return {name: region for name, region in config.map().items() if name in ("ram", "data_ram")}


def load(config: SocConfig, name: str, data: bytes) -> Load:
    """New contents for the memory `name`, from its start on."""
    known = arrays(config)
    return Load(list(known).index(name), 0, known[name].words, data)


def load_tags(config: SocConfig, name: str, lines: Iterable[int]) -> Load:
    """Tags for lines of a memory, by their numbers; all others clear."""
    known = arrays(config)
    words = [0] * known[f"{name}.tags"].depth
    for line in lines:
        words[line // TAGS_PER_WORD] |= 1 << line % TAGS_PER_WORD
    data = b"".join(word.to_bytes(LINE_BITS // 8, "little") for word in words)
    return Load(list(known).index(f"{name}.tags"), 0, 1, data)


def settling(config: SocConfig) -> int:
    """Cycles after reset in which the design clears tags and revocation bits, one word of each in a cycle."""
    known = arrays(config)
    return max(known[name].depth for name in ("bitmap", *(f"{name}.tags" for name in memories(config))))


def dumps(config: SocConfig) -> tuple[Dump, ...]:
    """What to ask the simulator for, to make a State of."""
    return tuple(Dump(number, array.depth, array.words) for number, array in enumerate(arrays(config).values()))


def state(config: SocConfig, dumped: Sequence[bytes]) -> State:
    """The answer to `dumps`, read."""
    known = arrays(config)
    values = {
        name: _elements(data, array.words) for (name, array), data in zip(known.items(), dumped, strict=True)
    }
    return State(
        registers=[value % (1 << CAP_BITS) for value in values["registers"]],
        scrs={name: values[name][0] % (1 << CAP_BITS) for name in config.core.scrs},
        csrs=_csrs({name: values[f"csrs.{name}"][0] for name in _names(known, "csrs.")}),
        memories={name: _lines(values[name], values[f"{name}.tags"]) for name in memories(config)},
        bitmap=dumped[list(known).index("bitmap")],
    )


def _lines(words: Sequence[int], tags: Sequence[int]) -> list[int]:
    """Memory lines with their tags, which stand side by side in words of their own."""
    bits = (word >> bit & 1 for word in tags for bit in range(TAGS_PER_WORD))
    return [line | tag << LINE_BITS for line, tag in zip(words, bits, strict=False)]


def _names(known: Mapping[str, Array], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in known if name.startswith(prefix)]


def _elements(data: bytes, words: int) -> list[int]:
    size = 8 * words
    return [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)]


def _csrs(fields: Mapping[str, int]) -> dict[str, int]:
    """The registers as software reads them."""
    bits = INTERRUPT_BITS.values()
    return {
        "mstatus": CSR_BY_NAME["mstatus"].reset | fields["mie"] << MIE | fields["mpie"] << MPIE,
        "mie": sum((fields["enables"] >> line & 1) << bit for line, bit in enumerate(bits)),
        "mcause": fields["mcause"] % 32 | fields["mcause"] // 32 << INTERRUPT,
        "mtval": fields["trap_value"],
        "mscratch": fields["scratch"],
        "mshwm": fields["mshwm"],
        "mshwmb": fields["limit"] << MARK_SHIFT,
    }
