"""Attributes of declarations: what each spelling means, and a refusal of those that would be lost in silence."""

from collections.abc import Iterable

from pycparser import c_ast

from cosim.toolchain.cc.diagnostics import CompileError, Place
from cosim.toolchain.cc.parse import place_of
from cosim.toolchain.cc.tree import Attributes

IGNORED = (
    "unused maybe_unused const pure malloc format nonnull returns_nonnull warn_unused_result nodiscard deprecated "
    "fallthrough hot cold leaf nothrow may_alias artificial gnu_inline visibility overloadable"
).split()
INTERRUPTS = ("enabled", "disabled", "inherit")


def _integer(place: Place, text: str | None, name: str) -> int:
    try:
        return int((text or "").strip().rstrip("uUlL"), 0)
    except ValueError:
        raise CompileError(place, f"attribute '{name}' needs an integer constant", f"{name}(64)") from None


def _string(place: Place, text: str | None, name: str) -> str:
    text = (text or "").strip()
    if len(text) < 3 or text[0] != '"' or text[-1] != '"':
        raise CompileError(place, f"attribute '{name}' needs a string", f'{name}("name")')
    return text[1:-1]


def collect(specifiers: Iterable[c_ast.AttributeSpecifier], into: Attributes) -> Attributes:
    """Add what `[[...]]` groups say. Raises CompileError for an attribute that is not known."""
    for group in specifiers or ():
        for attribute in group.attributes:
            _apply(attribute, into)
    return into


def _apply(attribute: c_ast.Attribute, into: Attributes) -> None:
    place, text = place_of(attribute), attribute.arguments
    name = attribute.name
    if name.startswith("__") and name.endswith("__"):
        name = name[2:-2]
    cheriot = attribute.namespace in ("cheriot", "cheri") or name.startswith(("cheri_", "cheriot_"))
    plain = name.removeprefix("cheriot_").removeprefix("cheri_") if cheriot else name
    if cheriot:
        match plain:
            case "compartment":
                into.compartment = _string(place, text, name)
            case "libcall":
                into.libcall = True
            case "callback" | "ccallback":
                into.callback = True
            case "ccall":
                pass  # the caller's side of a compartment call needs no mark of its own
            case "interrupt_state":
                if (text or "").strip() not in INTERRUPTS:
                    raise CompileError(place, "interrupt_state takes enabled, disabled or inherit")
                into.interrupts = text.strip()
            case "interrupts_disabled":
                into.interrupts = "disabled"
            case "minimum_stack":
                into.minimum_stack = _integer(place, text, name)
            case _:
                raise CompileError(
                    place,
                    f"unknown attribute 'cheriot::{plain}'",
                    "compartment, libcall, callback, interrupt_state or minimum_stack",
                )
        return
    match plain:
        case "packed":
            into.packed = True
        case "transparent_union":
            into.transparent = True
        case "aligned":
            into.aligned = max(into.aligned, _integer(place, text, name) if text else 8)
        case "section":
            into.section = _string(place, text, name)
        case "noinline":
            into.noinline = True
        case "always_inline":
            into.always_inline = True
        case "noreturn":
            into.noreturn = True
        case "used" | "retain":
            into.used = True
        case "weak":
            into.weak = True
        case _ if plain not in IGNORED:
            raise CompileError(
                place, f"attribute '{name}' is outside the subset", "nothing, or a form without the attribute"
            )
