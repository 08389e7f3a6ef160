"""Choices: what a core and a system are built with. Frozen, self-checking; `PROFILES` names the usual ones.

Source of the address maps: the CHERIoT-SAFE platform ("safe") and the Sail simulator ("sail").
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from rtl.isa.capfmt import GRANULE
from rtl.isa.csr import B_EXTENSIONS, CSR_BY_NAME, MISA_B, SCRS, ZTOPC

KIB = 1024
BASE_EXTENSIONS = ("I", "M", "C", "Zicsr", "Zifencei", "Xcheriot")
BIT_MANIPULATION = ("Zba", "Zbb", "Zbs", "Zbkb", "Zbkc")
"""Extensions that a core may have or not."""


class ConfigError(ValueError):
    """A choice that cannot be built; the message names the value and the rule."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """Addresses [base, base + size)."""

    base: int
    size: int

    def __post_init__(self) -> None:
        if self.base % GRANULE or self.size % GRANULE or self.size < 0:
            raise ConfigError(f"region {self.base:#x}+{self.size:#x} is not made of whole {GRANULE}-byte lines")
        if self.base + self.size > 1 << 32:
            raise ConfigError(f"region {self.base:#x}+{self.size:#x} runs past the 32-bit address space")

    @property
    def end(self) -> int:
        return self.base + self.size

    def __contains__(self, address: int) -> bool:
        return self.base <= address < self.end

    def overlaps(self, other: "Region") -> bool:
        return self.base < other.end and other.base < self.end


BITMAP_WINDOW = 8 * KIB
"""Bytes of address space for the bitmap, whatever the size of the heap. The rest reads zero and ignores writes."""


@dataclass(frozen=True, kw_only=True)
class HeapConfig:
    """The memory that has revocation bits: one per granule from `base`, `size` bytes of it, bitmap at `bitmap`."""

    base: int
    size: int
    bitmap: int

    def __post_init__(self) -> None:
        if self.size % (64 * GRANULE) or not 16 * KIB <= self.size <= 512 * KIB:
            raise ConfigError(f"revocable memory of {self.size:#x} bytes: must be 16 to 512 KiB in steps of 512 bytes")
        if self.base % 64:
            raise ConfigError(f"revocable memory at {self.base:#x}: must start at a multiple of 64")

    @property
    def granules(self) -> int:
        return self.size // GRANULE

    @property
    def bitmap_bytes(self) -> int:
        return self.granules // 8

    @property
    def bitmap_rest(self) -> Region | None:
        """What is left of the bitmap's window, if anything."""
        rest = Region(base=self.bitmap + self.bitmap_bytes, size=BITMAP_WINDOW - self.bitmap_bytes)
        return rest if rest.size else None


@dataclass(frozen=True, kw_only=True)
class CoreConfig:
    """What the core is built with. `trace` adds the commit port (cosimulation); it changes nothing else.

    `zeroiser`: with the block that zeroes memory behind the program's back, and its register ZTOPC.
    """

    boot_address: int = 0
    mtcc_reset: int = 0
    mepcc_reset: int = 0
    extensions: tuple[str, ...] = BASE_EXTENSIONS
    zeroiser: bool = False
    trace: bool = False
    predictor_entries: int = 64

    def __post_init__(self) -> None:
        if self.boot_address % 2:
            raise ConfigError(f"boot address {self.boot_address:#x} is odd")
        if self.mtcc_reset % 4 or self.mepcc_reset % 2:
            raise ConfigError("reset addresses of MTCC and MEPCC must be multiples of 4 and 2")
        missing = [name for name in BASE_EXTENSIONS if name not in self.extensions]
        if missing:
            raise ConfigError(f"a core without {', '.join(missing)}: all have {', '.join(BASE_EXTENSIONS)}")
        for name in self.extensions:
            if name not in BASE_EXTENSIONS + BIT_MANIPULATION:
                raise ConfigError(f'extension "{name}": beyond the base there are {", ".join(BIT_MANIPULATION)}')

    @property
    def has_bit_manipulation(self) -> bool:
        return not set(BIT_MANIPULATION).isdisjoint(self.extensions)

    @property
    def scrs(self) -> dict[str, int]:
        """The special capability registers that there are, by name."""
        return {name: number for name, number in SCRS.items() if self.zeroiser or name != ZTOPC}

    @property
    def misa(self) -> int:
        return CSR_BY_NAME["misa"].reset | (MISA_B if set(B_EXTENSIONS) <= set(self.extensions) else 0)


@dataclass(frozen=True, kw_only=True)
class TimerConfig:
    """`layout` is "safe" or "clint" (register offsets); mtime advances once per `prescaler` clock cycles."""

    base: int
    layout: str = "safe"
    prescaler: int = 1

    def __post_init__(self) -> None:
        if self.layout not in ("safe", "clint"):
            raise ConfigError(f'timer layout "{self.layout}": must be "safe" or "clint"')
        if self.prescaler < 1:
            raise ConfigError(f"timer prescaler {self.prescaler}: must be at least 1")

    @property
    def region(self) -> Region:
        return Region(base=self.base, size=0x1000 if self.layout == "safe" else 0x1_0000)


@dataclass(frozen=True, kw_only=True)
class SocConfig:
    """A system: memories, devices and their addresses. A device whose base is None is left out.

    `data_ram` is optional second tagged memory; `entry` is where the boot ROM jumps (or where the core starts
    if there is no ROM). `serial` gives the UART real lines; without, it has taps for a simulator. `uart_exit`: in a
    simulation, a character with bit 7 set is not output but ends the run, with the rest as exit code.
    """

    name: str
    core: CoreConfig
    ram: Region
    heap: HeapConfig
    entry: int
    rom: Region | None = None
    data_ram: Region | None = None
    timer: TimerConfig | None = None
    uart: int | None = None
    simctl: int | None = None
    plic: int | None = None
    revoker: int | None = None
    gpio: int | None = None
    serial: bool = False
    uart_exit: bool = False
    clock_hz: int = 25_000_000
    wait_states: int = 0

    def __post_init__(self) -> None:
        placed = list(self.map().items())
        for index, (name, region) in enumerate(placed):
            for other, taken in placed[:index]:
                if region.overlaps(taken):
                    raise ConfigError(
                        f"profile {self.name}: {name} at {region.base:#x}..{region.end:#x} overlaps"
                        f" {other} at {taken.base:#x}..{taken.end:#x}"
                    )
        if self.heap.base not in self.ram:
            raise ConfigError(f"profile {self.name}: revocable memory at {self.heap.base:#x} is not in RAM")
        executable = [region for region in (self.ram, self.rom) if region is not None]
        for what, address in (("entry", self.entry), ("boot address", self.core.boot_address)):
            if not any(address in region for region in executable):
                raise ConfigError(f"profile {self.name}: {what} {address:#x} is in neither RAM nor ROM")

    def map(self) -> dict[str, Region]:
        """Every block with its addresses, in the order of the address decoder."""
        regions = {
            "ram": self.ram,
            "rom": self.rom,
            "data_ram": self.data_ram,
            "bitmap": Region(base=self.heap.bitmap, size=self.heap.bitmap_bytes),
            "bitmap_rest": self.heap.bitmap_rest,
            "plic": None if self.plic is None else Region(base=self.plic, size=0x400000),
            "revoker": None if self.revoker is None else Region(base=self.revoker, size=0x1000),
            "timer": None if self.timer is None else self.timer.region,
            "simctl": None if self.simctl is None else Region(base=self.simctl, size=0x1000),
            "uart": None if self.uart is None else Region(base=self.uart, size=0x100),
            "gpio": None if self.gpio is None else Region(base=self.gpio, size=0x800),
        }
        return {name: region for name, region in regions.items() if region is not None}


SAFE = SocConfig(
    name="safe",
    core=CoreConfig(boot_address=0x2000_0080, mtcc_reset=0x2000_0000),
    rom=Region(base=0x2000_0000, size=4 * KIB),
    ram=Region(base=0x2004_0000, size=256 * KIB),
    data_ram=Region(base=0x200F_0000, size=56 * KIB),
    heap=HeapConfig(base=0x2004_0000, size=256 * KIB, bitmap=0x200F_E000),
    entry=0x2004_0000,
    timer=TimerConfig(base=0x1400_1000),
    uart=0x8F00_B000,
    simctl=0x1400_2000,
    plic=0x1000_0000,
    revoker=0x1400_0000,
    gpio=0x8F00_F000,
    uart_exit=True,
)
SAIL = SocConfig(
    name="sail",
    core=CoreConfig(boot_address=0x8000_0000),
    ram=Region(base=0x8000_0000, size=256 * KIB),
    heap=HeapConfig(base=0x8000_0000, size=256 * KIB, bitmap=0x8300_0000),
    entry=0x8000_0000,
    timer=TimerConfig(base=0x0200_0000, layout="clint", prescaler=100),
    uart=0x1000_0000,
    simctl=0x1400_2000,
)
FPGA64, FPGA128 = (
    replace(
        SAFE,
        name=f"fpga{size}",
        ram=Region(base=0x2004_0000, size=size * KIB),
        heap=HeapConfig(base=0x2004_0000, size=size * KIB, bitmap=0x200F_E000),
        data_ram=None,
        serial=True,
        uart_exit=False,
    )
    for size in (64, 128)
)
BENCH = SocConfig(
    name="bench",
    core=CoreConfig(boot_address=0x8000_0000),
    ram=Region(base=0x8000_0000, size=256 * KIB),
    heap=HeapConfig(base=0x8000_0000, size=256 * KIB, bitmap=0x200F_E000),
    entry=0x8000_0000,
    timer=TimerConfig(base=0x1400_1000),
    uart=0x8F00_B000,
    simctl=0x1000_0000,
    uart_exit=True,
)
PROFILES = {config.name: config for config in (SAFE, SAIL, FPGA64, FPGA128, BENCH)}
"""`safe` is the usual system; `sail` has the memory map of the Sail simulator, for images that were made for it;
`fpga64` and `fpga128` are `safe` with less RAM and with serial lines, for boards; `bench` is `safe` with RAM and
simulation control where flat benchmark images expect them, and no ROM."""


def _with_bit_manipulation(config: SocConfig) -> SocConfig:
    extensions = dict.fromkeys((*config.core.extensions, *BIT_MANIPULATION))
    return replace(config, core=replace(config.core, extensions=tuple(extensions)))


def _with_zeroiser(config: SocConfig) -> SocConfig:
    return replace(config, core=replace(config.core, zeroiser=True))


OPTIONS: dict[str, Callable[[SocConfig], SocConfig]] = {"zb": _with_bit_manipulation, "zeroiser": _with_zeroiser}
"""What may be added to a profile. `zb`: the extensions of BIT_MANIPULATION; `zeroiser`: the stack zeroiser."""
PROFILE_USAGE = f"{', '.join(PROFILES)}; options are added as in {SAFE.name}+zb: {', '.join(OPTIONS)}"


def complete(config: SocConfig) -> SocConfig:
    """The same with all options."""
    name = config.name.partition("+")[0]
    for option, add in OPTIONS.items():
        config, name = add(config), f"{name}+{option}"
    return replace(config, name=name)


def profile(name: str, *, trace: bool = False) -> SocConfig:
    """The named profile, with or without the commit port. The name may add OPTIONS, as in "safe+zb"."""
    base, *options = name.split("+")
    if base not in PROFILES:
        raise ConfigError(f'no profile "{base}"; there are: {PROFILE_USAGE}')
    config = PROFILES[base]
    for option in options:
        if option not in OPTIONS:
            raise ConfigError(f'profile {base} has no option "{option}"; there are: {", ".join(OPTIONS)}')
        config = OPTIONS[option](config)
    return replace(config, name=name, core=replace(config.core, trace=trace))
