"""Tables of a TOML file that know where they stand, so that every message names file and key."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cosim.errors import UserError
from cosim.toolchain.suggest import did_you_mean
from rtos_model.services.errors import ServiceModelError

T = TypeVar("T")


@dataclass(slots=True)
class Table:
    """A table of the file that knows where it stands; every key has to be asked for."""

    file: str
    path: str
    values: Mapping[str, object]
    asked: set[str] = field(default_factory=set)

    def error(self, key: str, text: str) -> UserError:
        return UserError(f"{self.file}: {'.'.join(part for part in (self.path, key) if part)}: {text}")

    def get(self, key: str, kind: type | tuple[type, ...], default: object = None) -> object:
        """A value of that kind; without a default it must be there."""
        self.asked.add(key)
        if key not in self.values:
            if default is None:
                raise self.error(key, "is missing")
            return default
        value = self.values[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise self.error(key, f"{value!r} is no {_kind_name(kind)}")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        return self.get(key, int, default)  # type: ignore[return-value]

    def text(self, key: str, default: str | None = None) -> str:
        return self.get(key, str, default)  # type: ignore[return-value]

    def flag(self, key: str, default: bool) -> bool:
        return self.get(key, bool, default)  # type: ignore[return-value]

    def texts(self, key: str) -> list[str]:
        found = self.get(key, list, [])
        for index, one in enumerate(found):  # type: ignore[arg-type]
            if not isinstance(one, str):
                raise self.error(f"{key}[{index}]", f"{one!r} is no text")
        return found  # type: ignore[return-value]

    def named(self, key: str) -> list["Table"]:
        """Items of a list, each a name or a table with `name`."""
        found = []
        for index, one in enumerate(self.get(key, list, [])):  # type: ignore[arg-type]
            values = {"name": one} if isinstance(one, str) else one
            if not isinstance(values, dict):
                raise self.error(f"{key}[{index}]", f"{one!r} is neither a name nor a table with a name")
            found.append(Table(self.file, f"{self.path}.{key}[{index}]", values))
        return found

    def tables(self, key: str) -> dict[str, "Table"]:
        """Tables by name."""
        found = {}
        for name, values in self.get(key, dict, {}).items():  # type: ignore[attr-defined]
            path = ".".join(part for part in (self.path, key, name) if part)
            if not isinstance(values, dict):
                raise UserError(f"{self.file}: {path}: {values!r} is no table")
            found[name] = Table(self.file, path, values)
        return found

    def end(self) -> None:
        """Raise UserError for a key that nobody asked for."""
        for key in self.values:
            if key not in self.asked:
                raise self.error(key, f"no such key{did_you_mean(key, sorted(self.asked))}")

    def checked(self, make: Callable[[], T]) -> T:
        """What `make` gives; the model's complaint becomes one about the file."""
        try:
            return make()
        except ServiceModelError as error:
            raise UserError(f"{self.file}: {error}") from None


def _kind_name(kind: type | tuple[type, ...]) -> str:
    names = {int: "whole number", str: "text", bool: "true or false", list: "list", dict: "table"}
    return " or ".join(names[one] for one in (kind if isinstance(kind, tuple) else (kind,)))


def read_toml(path: Path) -> Table:
    """The whole file. Raises UserError if it cannot be read or is no TOML."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot read it: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a text file") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: {error}") from None
    return Table(str(path), "", values)
