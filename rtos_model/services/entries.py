"""How a service declares its functions: a decorator beside each implementation says owner, posture and stack.

`service` marks an entry of a compartment, `library` one of a library, `inline` a header function that is compiled into
its caller (no call, no event of its own; `uses` names what it calls). The implementation takes the invocation's
context first, then the arguments in API order; it is a generator when it may block or call, else a plain function.
`entries_of` collects what a module declares.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from rtos_model.services.image import Compartment, Export, FunctionImport, Library, Posture


@dataclass(frozen=True, slots=True)
class Entry:
    """A function of the RTOS: `owner.export.name`, and the model of what it does."""

    owner: str
    is_library: bool
    export: Export
    run: Callable
    inline_uses: tuple[str, ...] | None = None  # None: not inline

    @property
    def name(self) -> str:
        return self.export.name


def service(owner: str, *, posture: Posture = Posture.ENABLED, min_stack: int = 0, arguments: int = 6):
    """Declare a compartment entry. `min_stack` in bytes, only where the specification states one."""

    def mark(function: Callable) -> Callable:
        export = Export(name=function.__name__, posture=posture, min_stack=min_stack, arguments=arguments)
        function.entry = Entry(owner, False, export, function)  # type: ignore[attr-defined]
        return function

    return mark


def library(owner: str, *, posture: Posture = Posture.INHERIT):
    """Declare a library entry."""

    def mark(function: Callable) -> Callable:
        export = Export(name=function.__name__, posture=posture)
        function.entry = Entry(owner, True, export, function)  # type: ignore[attr-defined]
        return function

    return mark


def inline(*uses: str):
    """Declare a function that headers compile into their caller."""

    def mark(function: Callable) -> Callable:
        function.entry = Entry("", True, Export(name=function.__name__), function, uses)  # type: ignore[attr-defined]
        return function

    return mark


def entries_of(module: ModuleType) -> list[Entry]:
    """The entries a module declares, in source order."""
    found = [value.entry for value in vars(module).values() if hasattr(value, "entry")]
    return [entry for entry in found if entry.run.__module__ == module.__name__]


def owners(
    entries: list[Entry], keys: dict[str, tuple[str, ...]], handlers: dict[str, tuple[str, ...]]
) -> tuple[list[Compartment], list[Library]]:
    """The RTOS's own compartments and libraries as an image lists them, with their static keys and error handlers."""
    compartments: dict[str, list[Export]] = {name: [] for name in keys}
    libraries: dict[str, list[Export]] = {}
    for entry in (one for one in entries if one.inline_uses is None):
        (libraries if entry.is_library else compartments).setdefault(entry.owner, []).append(entry.export)
    return (
        [
            Compartment(name=n, exports=tuple(e), keys=keys.get(n, ()), handlers=handlers.get(n, ()))
            for n, e in compartments.items()
        ],
        [Library(name=n, exports=tuple(e)) for n, e in libraries.items()],
    )


def imports_of(entry: Entry, entries: dict[str, Entry]) -> list[FunctionImport]:
    """What a caller of this function imports: the function itself, or what an inline one uses."""
    if entry.inline_uses is None:
        return [FunctionImport(provider=entry.owner, function=entry.name)]
    return [one for name in entry.inline_uses for one in imports_of(entries[name], entries)]
