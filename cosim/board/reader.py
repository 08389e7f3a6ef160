"""Reads board descriptions: JSON with hexadecimal numbers, patches of another description, and edits to mix in."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cosim.errors import UserError

_HEX = re.compile(r'"(?:\\.|[^"\\])*"|0[xX][0-9a-fA-F]+')
"""Strings, to be left alone, and numbers."""
ENDINGS = ("", ".json", ".patch")
"""What may be left out of the name of a base."""
OPERATIONS = ("add", "replace", "remove")


def read_board(path: Path, mixins: Sequence[Path] = ()) -> dict[str, Any]:
    """The description in a file, patched if it is a patch, with the edits of other files. Raises UserError."""
    description = _read(path, ())
    for mixin in mixins:
        edits = _parse(mixin)
        if not isinstance(edits, list):
            raise UserError(f"{mixin}: must be an array of edits")
        _edit_all(mixin, description, edits)
    return description


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in seen:
        raise UserError(f"{path}: its base leads back to itself")
    found = _parse(path)
    if not isinstance(found, dict):
        raise UserError(f"{path}: must be one object, not a {type(found).__name__}")
    if "patch" not in found:
        return found
    base, edits = found.get("base"), found["patch"]
    if not isinstance(base, str) or not isinstance(edits, list):
        raise UserError(f'{path}: a patch needs "base", a name, and "patch", an array of edits')
    candidates = [path.parent / (base + ending) for ending in ENDINGS]
    parent = next((candidate for candidate in candidates if candidate.is_file()), None)
    if parent is None:
        raise UserError(f'{path}: no board "{base}" beside it (tried {", ".join(file.name for file in candidates)})')
    description = _read(parent, (*seen, path.resolve()))
    _edit_all(path, description, edits)
    return description


def _parse(path: Path) -> Any:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot read it: {getattr(error, 'strerror', 'not text')}") from None
    plain = _HEX.sub(lambda found: found[0] if found[0][0] == '"' else str(int(found[0], 16)), text)
    try:
        return json.loads(plain)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: not a board description: {error.msg}") from None


def _edit_all(path: Path, description: dict[str, Any], edits: list[Any]) -> None:
    for number, edit in enumerate(edits):
        where = f"{path}: edit {number}"
        if not isinstance(edit, dict) or edit.get("op") not in OPERATIONS or not isinstance(edit.get("path"), str):
            raise UserError(f'{where}: needs "op" ({", ".join(OPERATIONS)}) and "path"')
        if edit["op"] != "remove" and "value" not in edit:
            raise UserError(f'{where}: {edit["op"]} needs a "value"')
        try:
            _edit(description, edit)
        except (KeyError, IndexError, ValueError, TypeError):
            raise UserError(f"{where}: there is no {edit['path']} to {edit['op']}") from None


def _edit(description: dict[str, Any], edit: dict[str, Any]) -> None:
    """One edit in place; its path counts from 0 in arrays, where `-` is behind the last element."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in edit["path"].split("/")[1:]]
    *way, last = steps
    place: Any = description
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    operation, value = edit["op"], edit.get("value")
    if isinstance(place, list):
        index = len(place) if last == "-" and operation == "add" else int(last)
        if not 0 <= index < len(place) + (operation == "add"):
            raise IndexError
        if operation == "add":
            place.insert(index, value)
        elif operation == "replace":
            place[index] = value
        else:
            del place[index]
    elif not isinstance(place, dict):
        raise TypeError
    elif operation == "remove":
        del place[last]
    else:
        place[last] = value
