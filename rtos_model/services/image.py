"""The declarative description of a system: what exists and what may reach what.

One value of `Image` is read by the model's loader, by the audit report and by the firmware builder. Nothing a
compartment can reach outside its own code and globals exists unless it is written here. Everything is a frozen
dataclass of plain values, and the image checks itself when it is made: a mistake raises `ImageError` with one line
naming the place and the mend (audit rule AU-4 and TH-3, CP-3, CP-6 are among the checks).
"""

import enum
from dataclasses import dataclass, field

from rtos_model.services.errors import ServiceModelError

STACK_LIMIT = 65_280
MIN_STACK_LIMIT = 2_040
ARGUMENT_LIMIT = 7
PRIORITY_LEVELS = 32
HEAP_LIMIT = 524_288
QUOTA_BYTES = 24
INTERRUPT_KEY = ("scheduler", "InterruptKey")
MALLOC_KEY = ("allocator", "MallocKey")
REVOKER_INTERRUPT = 1


class ImageError(ServiceModelError):
    """The description contradicts itself."""


class Posture(enum.Enum):
    """Interrupt state a function runs with."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    INHERIT = "inherit"


class RevokerKind(enum.Enum):
    """Who sweeps, and how the allocator learns that a sweep is over (HP-41, HP-42)."""

    INTERRUPT = "hardware, with a completion interrupt"
    POLLED = "hardware, polled"
    SOFTWARE = "software"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A function others may call. `min_stack` is in bytes (0...2,040, multiple of 8), `arguments` in registers."""

    name: str
    posture: Posture = Posture.ENABLED
    min_stack: int = 0
    arguments: int = 6
    exported: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A global variable: `size` bytes, 8-aligned when 8 or larger, starting with the bytes of `init`."""

    name: str
    size: int = 4
    init: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionImport:
    """Right to call an entry of a compartment or a library."""

    provider: str
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceImport:
    """Right to access a device, or a byte range of it, with a subset of `RWcmg`."""

    device: str
    permissions: str = "RW"
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedImport:
    """Right to access a shared object with a subset of `RWcmg`; the same object may be imported several times."""

    shared: str
    permissions: str = "RW"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedImport:
    """A handle to a static sealed object."""

    sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyImport:
    """One of the compartment's own static sealing keys."""

    key: str


Import = FunctionImport | DeviceImport | SharedImport | SealedImport | KeyImport


@dataclass(frozen=True, slots=True, kw_only=True)
class Compartment:
    """Code with its own globals. `keys` are the static sealing keys it owns, `handler` its error handler's form."""

    name: str
    exports: tuple[Export, ...] = ()
    imports: tuple[Import, ...] = ()
    globals: tuple[Word, ...] = ()
    keys: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()  # any of "rich", "stackless", "scoped"
    code_size: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Code and read-only data that run in the caller's compartment with the caller's rights."""

    name: str
    exports: tuple[Export, ...] = ()
    imports: tuple[Import, ...] = ()
    code_size: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedObject:
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedObject:
    """A static sealed object: contents visible to auditors, unsealable only by the owner of the key."""

    name: str
    owner: str
    key: str
    contents: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    name: str
    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """A configured interrupt source (IR-2)."""

    name: str
    number: int
    priority: int = 1
    edge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """TH-1: entry `compartment.function`, priority (larger is more urgent), stack bytes, trusted-stack frames."""

    name: str
    compartment: str
    entry: str
    priority: int = 1
    stack: int = 1024
    frames: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialiser:
    """A function run before any thread, in ascending `order` (TH-6)."""

    compartment: str
    entry: str
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A whole system. `heap_size` is in bytes including the 8-byte end marker."""

    compartments: tuple[Compartment, ...]
    threads: tuple[Thread, ...]
    libraries: tuple[Library, ...] = ()
    shared_objects: tuple[SharedObject, ...] = ()
    sealed_objects: tuple[SealedObject, ...] = ()
    devices: tuple[Device, ...] = ()
    interrupts: tuple[Interrupt, ...] = ()
    initialisers: tuple[Initialiser, ...] = ()
    heap_size: int = 65_536
    revoker: RevokerKind = RevokerKind.INTERRUPT
    timer_hz: int = 100_000
    tick_hz: int = 10
    thread_names: dict[int, str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "thread_names", {0: "idle"} | {n: t.name for n, t in enumerate(self.threads, 1)})

    @property
    def cycles_per_tick(self) -> int:
        """TO-1."""
        return self.timer_hz // self.tick_hz

    def compartment(self, name: str) -> Compartment:
        for one in self.compartments:
            if one.name == name:
                return one
        known = ", ".join(c.name for c in self.compartments)
        raise ImageError(f"compartment {name!r} is not declared; declared are {known}")

    def effective_priorities(self) -> tuple[int, ...]:
        """TH-3: the declared values in use, renumbered 0, 1, 2 ... keeping order; one per thread."""
        levels = sorted({thread.priority for thread in self.threads})
        return tuple(levels.index(thread.priority) for thread in self.threads)


def quota(name: str, size: int) -> SealedObject:
    """A heap quota of `size` bytes as a static sealed object (HP-1, AU-1)."""
    contents = size.to_bytes(4, "little") + bytes(QUOTA_BYTES - 4)
    return SealedObject(name=name, owner=MALLOC_KEY[0], key=MALLOC_KEY[1], contents=contents)


def interrupt_right(name: str, number: int, *, may_wait: bool = True, may_complete: bool = True) -> SealedObject:
    """The right to wait for and/or acknowledge one interrupt (IR-4, IR-5), as a static sealed object."""
    contents = number.to_bytes(2, "little") + bytes([may_wait, may_complete])
    return SealedObject(name=name, owner=INTERRUPT_KEY[0], key=INTERRUPT_KEY[1], contents=contents)


# ------------------------------------------------------------------------------------------------- checks


def check(image: Image) -> None:
    """Raise ImageError for the first contradiction found."""
    _unique("compartment or library", [*image.compartments, *image.libraries])
    _unique("thread", image.threads)
    _unique("sealed object", image.sealed_objects)
    _unique("device", image.devices)
    _unique("interrupt", image.interrupts)
    _check_shared_objects(image)
    providers = {one.name: one for one in (*image.compartments, *image.libraries)}
    for provider in providers.values():
        _unique(f"export of {provider.name}", provider.exports)
        for export in provider.exports:
            _check_export(provider, export)
        for one in provider.imports:
            _check_import(image, providers, provider, one)
    for compartment in image.compartments:
        _unique(f"global of {compartment.name}", compartment.globals)
        for word in compartment.globals:
            if word.size <= 0 or len(word.init) > word.size:
                raise ImageError(f"global {compartment.name}.{word.name}: size {word.size} cannot hold its contents")
        for form in compartment.handlers:
            if form not in ("rich", "stackless", "scoped"):
                raise ImageError(f"compartment {compartment.name!r}: handler {form!r}; use rich, stackless or scoped")
    for sealed in image.sealed_objects:
        owner = next((c for c in image.compartments if c.name == sealed.owner), None)
        if owner is None or sealed.key not in owner.keys:
            raise ImageError(
                f"sealed object {sealed.name!r} names the key {sealed.owner}.{sealed.key}, which nobody exports; "
                f"add {sealed.key!r} to the keys of compartment {sealed.owner!r}"
            )
    for place, what in [(f"thread {t.name!r}", t) for t in image.threads] + [
        (f"initialiser {i.order}", i) for i in image.initialisers
    ]:
        _check_entry(image, place, what.compartment, what.entry)
    for thread in image.threads:
        _check_thread(thread)
    if len({thread.priority for thread in image.threads}) > PRIORITY_LEVELS:
        raise ImageError(f"more than {PRIORITY_LEVELS} different thread priorities; merge some")
    if not 16 <= image.heap_size <= HEAP_LIMIT or image.heap_size % 8:
        raise ImageError(f"heap_size {image.heap_size}: must be a multiple of 8 from 16 to {HEAP_LIMIT}")
    if not 0 < image.tick_hz <= image.timer_hz:
        raise ImageError(f"tick_hz {image.tick_hz} must be between 1 and timer_hz {image.timer_hz}")


def _unique(what: str, things) -> None:
    seen: set[str] = set()
    for thing in things:
        if thing.name in seen:
            raise ImageError(f"{what} {thing.name!r} is declared twice; rename one")
        seen.add(thing.name)


def _check_shared_objects(image: Image) -> None:
    sizes: dict[str, int] = {}
    for one in image.shared_objects:
        if sizes.setdefault(one.name, one.size) != one.size:
            raise ImageError(
                f"shared object {one.name!r} is declared with sizes {sizes[one.name]} and {one.size}; they must agree"
            )
    _unique("shared object", image.shared_objects)


def _check_export(provider: Compartment | Library, export: Export) -> None:
    place = f"export {provider.name}.{export.name}"
    if isinstance(provider, Compartment) and export.exported and export.posture is Posture.INHERIT:
        raise ImageError(f"{place}: a compartment entry cannot inherit the interrupt state; say enabled or disabled")
    if not 0 <= export.min_stack <= MIN_STACK_LIMIT or export.min_stack % 8:
        raise ImageError(f"{place}: min_stack {export.min_stack} must be a multiple of 8 up to {MIN_STACK_LIMIT}")
    if not 0 <= export.arguments <= ARGUMENT_LIMIT:
        raise ImageError(f"{place}: {export.arguments} argument registers; at most {ARGUMENT_LIMIT}")


def _check_import(image: Image, providers: dict, holder: Compartment | Library, one: Import) -> None:
    place = f"import of {holder.name}"
    match one:
        case FunctionImport(provider=provider, function=function):
            if provider not in providers:
                raise ImageError(f"{place}: compartment {provider!r} is not declared; add it or drop the import")
            if not any(export.name == function for export in providers[provider].exports):
                raise ImageError(f"{place}: {provider}.{function} is not exported; export it or drop the import")
        case DeviceImport(device=name, permissions=permissions, offset=offset, length=length):
            device = next((d for d in image.devices if d.name == name), None)
            if device is None:
                raise ImageError(f"{place}: device {name!r} is not declared; add it to devices")
            if not 0 <= offset < device.length or offset + (length or 0) > device.length:
                raise ImageError(f"{place}: range of {name!r} lies outside its {device.length} bytes")
            _check_permissions(place, name, permissions)
        case SharedImport(shared=name, permissions=permissions):
            if not any(shared.name == name for shared in image.shared_objects):
                raise ImageError(f"{place}: shared object {name!r} is not declared; add it to shared_objects")
            _check_permissions(place, name, permissions)
        case SealedImport(sealed=name):
            if not any(sealed.name == name for sealed in image.sealed_objects):
                raise ImageError(f"{place}: sealed object {name!r} is not declared; add it to sealed_objects")
        case KeyImport(key=key):
            if not isinstance(holder, Compartment) or key not in holder.keys:
                raise ImageError(f"{place}: sealing key {key!r} is not its own; add it to its keys")


def _check_permissions(place: str, name: str, permissions: str) -> None:
    if set(permissions) - set("RWcmg") or len(set(permissions)) != len(permissions):
        raise ImageError(f"{place}: permissions {permissions!r} of {name!r}; use a subset of RWcmg")
    if not set(permissions) & set("RW"):
        raise ImageError(f"{place}: {name!r} with neither R nor W gives no access; ask for one")


def _check_entry(image: Image, place: str, compartment: str, entry: str) -> None:
    try:
        owner = image.compartment(compartment)
    except ImageError as error:
        raise ImageError(f"{place}: {error}") from None
    if not any(export.name == entry for export in owner.exports):
        raise ImageError(f"{place}: {compartment}.{entry} is not exported; add Export(name={entry!r})")


def _check_thread(thread: Thread) -> None:
    if not isinstance(thread.priority, int) or thread.priority < 0:
        raise ImageError(f"thread {thread.name!r}: priority {thread.priority!r} must be a number from 0 up")
    if not 0 < thread.stack <= STACK_LIMIT or thread.stack % 16:
        raise ImageError(f"thread {thread.name!r}: stack {thread.stack} must be a multiple of 16 up to {STACK_LIMIT}")
    if thread.frames < 0:
        raise ImageError(f"thread {thread.name!r}: frames {thread.frames} must not be negative")
