"""Names in scope: objects, functions, enumeration constants, typedefs and tags."""

from dataclasses import dataclass

from cosim.toolchain.cc.tree import Const, Global, Local
from cosim.toolchain.cc.types import CType, Record


@dataclass(frozen=True, slots=True)
class TypeName:
    """A typedef name."""

    type: CType
    align: int = 0


Entity = Local | Global | Const | TypeName
Tag = Record | CType


class Scopes:
    """A stack of blocks; ordinary names and tags live apart (C11 6.2.3)."""

    def __init__(self):
        self._names: list[dict[str, Entity]] = [{}]
        self._tags: list[dict[str, Tag]] = [{}]

    def push(self) -> None:
        self._names.append({})
        self._tags.append({})

    def pop(self) -> None:
        self._names.pop()
        self._tags.pop()

    @property
    def at_file_level(self) -> bool:
        return len(self._names) == 1

    def find(self, name: str) -> Entity | None:
        for block in reversed(self._names):
            if name in block:
                return block[name]
        return None

    def here(self, name: str) -> Entity | None:
        return self._names[-1].get(name)

    def declare(self, name: str, entity: Entity) -> None:
        self._names[-1][name] = entity

    def find_tag(self, name: str) -> Tag | None:
        for block in reversed(self._tags):
            if name in block:
                return block[name]
        return None

    def tag_here(self, name: str) -> Tag | None:
        return self._tags[-1].get(name)

    def declare_tag(self, name: str, tag: Tag) -> None:
        self._tags[-1][name] = tag
