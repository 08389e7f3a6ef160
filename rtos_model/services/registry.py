"""Every function of the RTOS by name, and `link`, which puts a program and the RTOS into one image.

A new service module is added to `MODULES`; its functions are then callable, importable and auditable.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from rtos_model.services import (
    allocator,
    event_group,
    freertos,
    futex,
    hazards,
    heap_lock,
    heap_release,
    interrupts,
    lock_classes,
    locks,
    message_queue,
    multiwaiter,
    quarantine,
    queue,
    quota,
    ring_buffer,
    sealing,
    switcher_helpers,
    sync,
    thread_pool,
    timer_service,
    token,
)
from rtos_model.services.entries import Entry, entries_of, imports_of, owners
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.image import (
    INTERRUPT_KEY,
    MALLOC_KEY,
    REVOKER_INTERRUPT,
    Compartment,
    Device,
    FunctionImport,
    Image,
    Import,
    Interrupt,
    KeyImport,
    RevokerKind,
    SealedImport,
    SharedObject,
    Thread,
    Word,
)
from rtos_model.services.image import quota as quota_of
from rtos_model.services.interrupts import counter_name
from rtos_model.services.loader import HAZARD_SLOTS, HAZARDS
from rtos_model.services.steps import callees, imported_names, pointed_at

MODULES = (
    futex,
    interrupts,
    multiwaiter,
    token,
    quota,
    hazards,
    heap_lock,
    quarantine,
    allocator,
    heap_release,
    sealing,
    switcher_helpers,
    queue,
    locks,
    lock_classes,
    sync,
    event_group,
    message_queue,
    ring_buffer,
    thread_pool,
    timer_service,
    freertos,
)
ENTRIES: dict[str, Entry] = {entry.name: entry for module in MODULES for entry in entries_of(module)}
KEYS = {
    "scheduler": (INTERRUPT_KEY[1], multiwaiter.KEY[1]),
    "allocator": (MALLOC_KEY[1],),
    "message_queue": (message_queue.KEY[1],),
    "timer_service": (timer_service.KEY[1],),
}
OWN_COMPARTMENTS = frozenset(one.owner for one in ENTRIES.values() if one.owner and not one.is_library)
"""The compartments of the RTOS: what these call of libraries is no event."""
VOIDS = frozenset(
    "flaglock_lock flaglock_priority_inheriting_lock flaglock_unlock flaglock_upgrade_for_destruction"
    " ticketlock_lock ticketlock_unlock".split()
)
"""Library functions without a result."""
STACKS = frozenset({"switcher_recover_stack"})
"""Library functions whose result is the stack of the invocation."""
HANDLERS: dict[str, tuple[str, ...]] = message_queue.HANDLERS | timer_service.HANDLERS
AMBIENT = allocator.AMBIENT | thread_pool.AMBIENT | freertos.AMBIENT
"""Functions that use their caller's default quota."""
IMPORTS: dict[str, tuple[str, ...]] = {}
for _module in MODULES:
    for _owner, _functions in getattr(_module, "IMPORTS", {}).items():
        IMPORTS[_owner] = IMPORTS.get(_owner, ()) + _functions
GLOBALS: dict[str, tuple[Word, ...]] = {}
for _module in MODULES:
    for _owner, _words in getattr(_module, "GLOBALS", {}).items():
        GLOBALS[_owner] = GLOBALS.get(_owner, ()) + _words
REVOKER = Device(name="revoker", start=0x1400_0000, length=0x1000)


def link(
    *,
    compartments: Iterable[Compartment],
    threads: Iterable[Thread],
    program: Mapping[str, object],
    interrupts: Iterable[Interrupt] = (),
    **rest,
) -> Image:
    """The image of a program together with the RTOS: imports that the code uses are added, as a linker does.

    A compartment with a Python body gets every function of the RTOS and of the other compartments, since what
    Python calls cannot be seen beforehand. `rest` are further fields of `Image`.
    """
    threads, interrupts = tuple(threads), tuple(interrupts)
    sealed = [*rest.pop("sealed_objects", ())]
    kind = rest.get("revoker", RevokerKind.INTERRUPT)
    if kind is RevokerKind.INTERRUPT:
        sealed.append(quarantine.RIGHT)
        if not any(one.number == REVOKER_INTERRUPT for one in interrupts):
            interrupts += (Interrupt(name="revoker", number=REVOKER_INTERRUPT, priority=2, edge=True),)
    own, libraries = owners(list(ENTRIES.values()), KEYS, HANDLERS)
    counters = tuple(Word(name=counter_name(one)) for one in interrupts)
    linked = [
        _with(c, _core_imports(c.name, kind), GLOBALS.get(c.name, ()) + (counters if c.name == "scheduler" else ()))
        for c in own
    ]
    linked += [_with(c, _used(c, program)) for c in compartments]
    declared = {one.name for one in sealed}
    wanted = {one.sealed for c in linked for one in c.imports if isinstance(one, SealedImport)}
    suffix, size = allocator.DEFAULT_SUFFIX, allocator.DEFAULT_QUOTA
    sealed += [quota_of(name, size) for name in sorted(wanted - declared) if name.endswith(suffix)]
    return Image(
        compartments=tuple(linked),
        libraries=(*(_with(one, _core_imports(one.name, kind)) for one in libraries), *rest.pop("libraries", ())),
        threads=threads,
        interrupts=interrupts,
        devices=(REVOKER, *rest.pop("devices", ())),
        sealed_objects=tuple(sealed),
        shared_objects=(
            *rest.pop("shared_objects", ()),
            SharedObject(name=HAZARDS, size=HAZARD_SLOTS * max(len(threads), 1)),
            hazards.EPOCH,
        ),
        **rest,
    )


def _core_imports(owner: str, kind: RevokerKind) -> list[Import]:
    found = [one for name in IMPORTS.get(owner, ()) for one in _function(name)]
    found += [KeyImport(key=key) for key in KEYS.get(owner, ())]
    found += hazards.OBJECTS.get(owner, ())
    if owner == "allocator" and kind is not RevokerKind.SOFTWARE:
        found += quarantine.HARDWARE
    if owner == "allocator" and kind is RevokerKind.INTERRUPT:
        found += quarantine.INTERRUPT
    return found


def _used(compartment: Compartment, program: Mapping[str, object]) -> list[Import]:
    bodies = [body for name, body in program.items() if name.partition(".")[0] == compartment.name]
    found: list[Import] = []
    for body in bodies:
        if callable(body):
            names = [*ENTRIES, *(name for name in program if not name.partition(".")[2].startswith("error_handler"))]
            found += [one for name in names for one in _function(name)]
        else:
            found += [one for name in callees(body) for one in _function(name)]
            found += [one for name in pointed_at(body) if name in ENTRIES for one in _function(name)]
            found += [SealedImport(sealed=name) for name in imported_names(body)]
            if any(name in AMBIENT for name in callees(body)):
                found.append(SealedImport(sealed=allocator.default_quota(compartment.name)))
    return found


def _function(name: str) -> list[FunctionImport]:
    if name in ENTRIES:
        return imports_of(ENTRIES[name], ENTRIES)
    owner, dot, function = name.partition(".")
    if not dot:
        near = "".join(f"did you mean {one!r}? " for one in get_close_matches(name, ENTRIES, 1))
        raise ServiceModelError(f"no service is called {name!r}; {near}a function of the program is `unit.function`")
    return [FunctionImport(provider=owner, function=function)]


def _with(unit, imports: list[Import], words: tuple[Word, ...] = ()):
    """The unit with these imports behind its own, each once, and these globals."""
    added = tuple(dict.fromkeys(one for one in imports if not _imports(unit, one)))
    changes = {"globals": (*unit.globals, *words)} if words else {}
    values = {name: getattr(unit, name) for name in unit.__dataclass_fields__}
    return type(unit)(**(values | {"imports": (*unit.imports, *added)} | changes))


def _imports(unit, wanted: Import) -> bool:
    """Is it there already, perhaps as another kind of object of the same name?"""
    if isinstance(wanted, SealedImport):
        return any(
            wanted.sealed in (getattr(one, f, None) for f in ("sealed", "shared", "device", "key"))
            or wanted.sealed.partition(":")[0] == getattr(one, "shared", None)
            or wanted.sealed.partition(":")[0] == getattr(one, "device", None)
            for one in unit.imports
        )
    return wanted in unit.imports
