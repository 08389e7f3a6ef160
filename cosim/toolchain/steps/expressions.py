"""Expressions of the step language as C of type `uintptr_t`: numbers are untagged registers, capabilities tagged."""

from collections.abc import Callable
from dataclasses import dataclass

from cosim.errors import UserError
from cosim.toolchain.suggest import did_you_mean
from rtos_model.services.image import (
    Compartment,
    DeviceImport,
    KeyImport,
    SealedImport,
    SharedImport,
)
from rtos_model.services.pointers import permission_mask
from rtos_model.services.registry import ENTRIES
from rtos_model.services.steps import (
    Ask,
    At,
    Callback,
    Expression,
    Function,
    Get,
    GetCap,
    Imported,
    Narrow,
    Now,
    Op,
    ReturnPath,
    Untagged,
    Var,
)

WORD = 1 << 32
RETURN_PATH = "return.path"
"""Variable that holds it from the start of a body on; no step can name it."""
SIZES = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t"}
QUESTIONS = {
    "tag": "cheri_tag_get({0})",
    "length": "cheri_length_get({0})",
    "offset": "cheri_offset_get({0})",
    "permissions": "cheri_permissions_get({0})",
    "otype": "cheri_type_get({0})",
    "sealed": "cheri_is_sealed({0})",
    "bits": "cheri_address_get({0}) & 7",
}


def word_name(name: str) -> str:
    """The C name of a compartment's global; the prefix keeps it apart from what headers declare."""
    return f"w_{identifier(name)}"


def identifier(name: str) -> str:
    return "".join(char if char.isalnum() or char == "_" else "_" for char in name)


@dataclass(slots=True)
class Scope:
    """Where expressions stand: the compartment, how a variable is spelled, and what gets noted on the way."""

    compartment: Compartment
    place: str
    spell: Callable[[str], str]
    need: Callable[[str], None]
    """Told every RTOS function that is named, so that its header is included."""

    def c(self, expression: Expression) -> str:
        """Raises UserError for a name that does not exist."""
        match expression:
            case bool() | int():
                return self._number(int(expression))
            case str():
                return self.spell(expression)
            case Op(op, a, b):
                return f"(uintptr_t)({self.number(a)} {op} {self.number(b)})"
            case Var(name):
                self._known("global", name, [word.name for word in self.compartment.globals])
                return f"(uintptr_t){word_name(name)}"
            case Imported(name):
                return f"(uintptr_t){self._imported(name)}"
            case Callback(function):
                self._known("export", function, [export.name for export in self.compartment.exports])
                return f"(uintptr_t)__builtin_cheriot_import({_strings('entry', self.compartment.name, function)})"
            case Function(name):
                if name in ENTRIES and not any(export.name == name for export in self.compartment.exports):
                    self.need(name)
                return f"(uintptr_t){name}"
            case Get(pointer, offset, size):
                return f"(uintptr_t)*(volatile {SIZES[size]} *)({self.at(pointer, offset)})"
            case GetCap(pointer, offset):
                return f"*(volatile uintptr_t *)({self.at(pointer, offset)})"
            case Narrow(pointer, move, length, keep):
                text = f"({self.at(pointer, move)})"
                text = text if length is None else f"cheri_bounds_set({text}, {length}U)"
                text = text if keep is None else f"cheri_permissions_and({text}, {int(permission_mask(keep)):#x}U)"
                return f"(uintptr_t){text}"
            case Untagged(pointer):
                return f"cheri_tag_clear({self.c(pointer)})"
            case Ask(what, pointer):
                return f"(uintptr_t)(uint32_t)({QUESTIONS[what].format(f'({self.c(pointer)})')})"
            case At(cycles):
                self.need("monotonic_time")
                return f"scenario_wide(monotonic_time() + {cycles}ULL)"
            case ReturnPath():
                return self.spell(RETURN_PATH)
            case Now():
                self.need("monotonic_time")
                return "(uintptr_t)(uint32_t)monotonic_time()"
        raise UserError(f"{self.place}: {expression!r} has no C")

    def number(self, expression: Expression) -> str:
        """As a 32-bit number."""
        if isinstance(expression, int):
            return f"{expression % WORD:#x}U" if -WORD < expression < WORD else f"(uint32_t){self.c(expression)}"
        return f"(uint32_t)({self.c(expression)})"

    def at(self, pointer: Expression, offset: Expression) -> str:
        """A `char *` so many bytes behind a pointer."""
        text = f"(char *)({self.c(pointer)})"
        if offset == 0:
            return text
        return f"{text} + {offset if isinstance(offset, int) else self.number(offset)}"

    @staticmethod
    def _number(value: int) -> str:
        if -WORD < value < WORD:
            return f"(uintptr_t){value % WORD:#x}U"
        return f"scenario_wide({value % (1 << 64):#x}ULL)"

    def _known(self, what: str, name: str, names: list[str]) -> None:
        if name not in names:
            raise UserError(
                f"{self.place}: {self.compartment.name!r} has no {what} {name!r}{did_you_mean(name, names)}"
            )

    def _imported(self, name: str) -> str:
        bare, _, letters = name.partition(":")
        for one in self.compartment.imports:
            match one:
                case DeviceImport(device=found, permissions=have) | SharedImport(shared=found, permissions=have):
                    if found == bare and letters in ("", have):
                        ordered = "".join(letter for letter in "RWcmg" if letter in have)
                        return f"__builtin_cheriot_import({_strings('mem', found, ordered)})"
                case SealedImport(sealed=found) if found == name:
                    return f"__builtin_cheriot_import({_strings('sealed', found)})"
                case KeyImport(key=found) if found == name:
                    return f"__builtin_cheriot_import({_strings('key', found)})"
        raise UserError(f"{self.place}: {self.compartment.name!r} does not import {name!r}; add it to the image")


def _strings(*parts: str) -> str:
    return ", ".join(f'"{part}"' for part in parts)
