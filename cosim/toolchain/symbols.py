"""Which symbol a name means, and its value once there is a layout."""

from cosim.toolchain.expression import Expr, Unresolved, evaluate
from cosim.toolchain.layout import Layout
from cosim.toolchain.objectfile import HIDDEN, Object, Section, Spot, Symbol
from cosim.toolchain.source import AsmError, Place
from cosim.toolchain.suggest import did_you_mean
from rtl.config import Region

CAP_RELOCS = "__cap_relocs"
"""Section of the records from which start-up code makes capabilities. Source: CHERIoT RTOS image format."""


class Symbols:
    """Names as the objects and the linker define them, over a layout that may still change."""

    def __init__(self, homes: dict[Section, Object], layout: Layout, memory: Region):
        self.homes, self.layout, self.memory = homes, layout, memory
        self.objects = list({id(obj): obj for obj in homes.values()}.values())
        self.globals = self._global_symbols()
        self._visiting: list[str] = []

    def _global_symbols(self) -> dict[str, tuple[Object, Symbol]]:
        found: dict[str, tuple[Object, Symbol]] = {}
        for obj in self.objects:
            for name, symbol in obj.symbols.items():
                if symbol.binding == "local" or symbol.value is None:
                    continue
                other = found.get(name)
                if other and "weak" not in (symbol.binding, other[1].binding):
                    raise AsmError(symbol.place, f'"{name}" is already defined at {other[1].place}')
                if other is None or other[1].binding == "weak":
                    found[name] = obj, symbol
        return found

    def of_linker(self) -> dict[str, int]:
        """Symbols that no source defines, with their present values."""
        layout = self.layout
        found = {
            "__text_start": layout.text.address,
            "__text_end": layout.text.end,
            "__globals_start": layout.globals.address,
            "__globals_end": layout.globals.end,
            "__globals_pointer": layout.globals_pointer,
            "__image_end": layout.globals.end,
            "__ram_start": self.memory.base,
            "__ram_end": self.memory.end,
        }
        for output in layout.outputs:
            if output.name.isidentifier():
                found[f"__start_{output.name}"] = output.address
                found[f"__stop_{output.name}"] = output.end
        return found

    def definition(self, obj: Object, name: str, place: Place) -> tuple[Object, Symbol] | None:
        """Where a name is defined, for a user in `obj`; None for the linker's own and undefined weak symbols."""
        symbol = obj.symbols.get(name)
        if symbol is not None and symbol.value is not None and symbol.binding == "local":
            return obj, symbol
        if name in self.globals:
            return self.globals[name]
        if name in self.of_linker() or (symbol is not None and symbol.binding == "weak"):
            return None
        if HIDDEN in name:
            raise AsmError(place, f'no label "{name.split(HIDDEN)[0]}:" follows')
        known = [*self.globals, *(other for other in obj.symbols if HIDDEN not in other and other != name)]
        raise AsmError(place, f'undefined symbol "{name}"{did_you_mean(name, known)}')

    def value(self, section: Section, expr: Expr, place: Place) -> int:
        """The value of an expression that stands in a section. Raises Unresolved as long as it has none."""
        return self.value_in(self.homes[section], expr, place)

    def value_in(self, obj: Object, expr: Expr, place: Place) -> int:
        value = evaluate(expr, lambda name: self.address(obj, name, place), place)
        if not isinstance(value, int):
            raise Unresolved("an address")
        return value

    def address(self, obj: Object, name: str, place: Place) -> int:
        """The value of the symbol that a name means in an object."""
        found = self.definition(obj, name, place)
        if found is None:
            return self.of_linker().get(name, 0)
        home, symbol = found
        if isinstance(symbol.value, Spot):
            return self.layout.address(symbol.value)
        if isinstance(symbol.value, int):
            return symbol.value
        if name in self._visiting:
            raise AsmError(symbol.place, f'"{name}" is defined by itself')
        self._visiting.append(name)
        try:
            return self.value_in(home, symbol.value, symbol.place)
        finally:
            self._visiting.pop()

    def size(self, home: Object, symbol: Symbol) -> int:
        """What `.size` says, 0 without."""
        return 0 if symbol.size is None else self.value_in(home, symbol.size, symbol.place)
