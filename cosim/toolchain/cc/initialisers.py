"""Initialisers: braces, designators and strings become a flat list of stores (C11 6.7.9)."""

from pycparser import c_ast

from cosim.toolchain.cc import fold, literals
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.parse import place_of
from cosim.toolchain.cc.tree import Const, Expr, InitItem
from cosim.toolchain.cc.types import ArrayType, CType, Field, IntType, RecordType, same


class _Cursor:
    """The initialisers between two braces, consumed in order."""

    def __init__(self, nodes: list):
        self.nodes, self.at = nodes, 0
        self.pending: list | None = None

    @property
    def done(self) -> bool:
        return self.at >= len(self.nodes)

    def designators(self) -> list:
        """Designators still to be followed in front of the current initialiser."""
        if self.pending is None:
            node = self.nodes[self.at]
            self.pending = list(node.name) if isinstance(node, c_ast.NamedInitializer) else []
        return self.pending

    def node(self):
        node = self.nodes[self.at]
        return node.expr if isinstance(node, c_ast.NamedInitializer) else node

    def advance(self) -> None:
        self.at += 1
        self.pending = None


class Initialisers:
    """The part of the analyser for initialisers."""

    def initialiser(self, ctype: CType, node) -> tuple[CType, list[InitItem]]:
        """The object's type (an array's bound comes from the initialiser) and its stores in source order."""
        items: list[InitItem] = []
        place = place_of(node)
        length = self._whole(ctype, node, 0, items)
        if isinstance(ctype, ArrayType) and ctype.count is None:
            const, volatile = ctype.const, ctype.volatile
            ctype = ArrayType(ctype.of, length).qualified(const, volatile)
        if ctype.size is None:
            raise CompileError(place, f"'{ctype}' is incomplete and cannot be initialised")
        for item in items:
            if item.offset + (item.type.size or 0) > ctype.size:
                raise CompileError(
                    place, "a flexible array member cannot be initialised", "a fixed bound for the member"
                )
        return ctype, items

    def _whole(self, ctype: CType, node, offset: int, out: list[InitItem]) -> int:
        """Initialise one object from its own initialiser; returns the number of elements of an array."""
        if isinstance(ctype, ArrayType):
            text = self._string_for(ctype, node)
            if text is not None:
                return self._string(ctype, text, offset, out)
            if not isinstance(node, c_ast.InitList):
                raise CompileError(place_of(node), f"'{ctype}' needs an initialiser in braces")
        if isinstance(node, c_ast.InitList):
            if ctype.is_scalar:
                return self._braced_scalar(ctype, node, offset, out)
            cursor = _Cursor(node.exprs or [])
            count = self._members(ctype, cursor, offset, out, braced=True)
            if not cursor.done:
                raise CompileError(place_of(cursor.nodes[cursor.at]), f"too many initialisers for '{ctype}'")
            return count
        self._store(ctype, self.value(node), offset, out, None)
        return 0

    def _braced_scalar(self, ctype: CType, node: c_ast.InitList, offset: int, out: list[InitItem]) -> int:
        if not node.exprs:
            out.append(InitItem(offset, ctype, Const(place_of(node), ctype.unqualified(), 0)))
            return 0
        if len(node.exprs) > 1 or isinstance(node.exprs[0], c_ast.NamedInitializer):
            raise CompileError(place_of(node), f"too many initialisers for '{ctype}'")
        return self._whole(ctype, node.exprs[0], offset, out)

    def _store(self, ctype: CType, value: Expr, offset: int, out: list, field: Field | None) -> None:
        out.append(InitItem(offset, ctype, self.convert(value, ctype, "initialisation"), field))

    @staticmethod
    def _string_for(ctype: ArrayType, node) -> c_ast.Constant | None:
        if isinstance(node, c_ast.InitList) and node.exprs and len(node.exprs) == 1:
            node = node.exprs[0]
        is_string = isinstance(node, c_ast.Constant) and node.value.endswith('"')
        return node if is_string and isinstance(ctype.of, IntType) else None

    def _string(self, ctype: ArrayType, node: c_ast.Constant, offset: int, out: list[InitItem]) -> int:
        place = place_of(node)
        raw, of = literals.string(place, node.value)
        if of.size != ctype.of.size:
            raise CompileError(place, f"'{ctype}' cannot hold this string's characters")
        size = of.size
        units = [int.from_bytes(raw[at : at + size], "little") for at in range(0, len(raw), size)]
        if ctype.count is not None:
            if len(units) - 1 > ctype.count:
                raise CompileError(place, f"string of {len(units) - 1} characters is too long for '{ctype}'")
            units = units[: ctype.count]
        element = ctype.of.unqualified()
        for index, unit in enumerate(units):
            out.append(InitItem(offset + index * size, element, Const(place, element, element.wrap(unit))))
        return len(units)

    def _members(
        self, ctype: CType, cursor: _Cursor, offset: int, out: list[InitItem], braced: bool, designated: bool = False
    ) -> int:
        """Initialise the members of an aggregate from the cursor, with or without braces of its own.

        Without, a designator met later belongs to an enclosing brace pair and ends this aggregate.
        Returns the highest element index met plus one.
        """
        position, highest = 0, 0
        parts = self._parts(ctype)
        while not cursor.done:
            designators = cursor.designators()
            if designators:
                if not braced and not designated:
                    return highest
                position, part = self._designate(ctype, designators.pop(0), parts)
            else:
                if position >= self._limit(ctype, parts):
                    return highest
                part = self._part(ctype, position, parts)
            designated = False
            highest = max(highest, position + 1)
            member_type, member_offset, field = part
            self._initialise_member(member_type, cursor, offset + member_offset, out, field)
            position += 1
            if isinstance(ctype, RecordType) and ctype.is_union:
                position = len(parts)
        return highest

    def _initialise_member(
        self, ctype: CType, cursor: _Cursor, offset: int, out: list[InitItem], field: Field | None
    ) -> None:
        if cursor.designators():
            if not isinstance(ctype, ArrayType | RecordType):
                raise CompileError(place_of(cursor.node()), f"designator into '{ctype}', which has no members")
            self._members(ctype, cursor, offset, out, braced=False, designated=True)
            return
        node = cursor.node()
        if isinstance(node, c_ast.InitList) or (isinstance(ctype, ArrayType) and self._string_for(ctype, node)):
            cursor.advance()
            self._whole(ctype, node, offset, out)
            return
        if isinstance(ctype, ArrayType):
            self._members(ctype, cursor, offset, out, braced=False)
            return
        if isinstance(ctype, RecordType):
            value = self.value(node)
            if not same(value.type, ctype):
                self._members(ctype, cursor, offset, out, braced=False)
                return
        else:
            value = self.value(node)
        cursor.advance()
        self._store(ctype, value, offset, out, field)

    @staticmethod
    def _parts(ctype: CType) -> list[tuple[CType, int, Field | None]]:
        """Members of a record in order; an unnamed bit-field is no member."""
        if not isinstance(ctype, RecordType):
            return []
        return [(item.type, item.offset, item if item.width is not None else None) for item in ctype.record.fields]

    @staticmethod
    def _limit(ctype: CType, parts: list) -> int:
        if isinstance(ctype, ArrayType):
            return 1 << 32 if ctype.count is None else ctype.count
        return len(parts)

    @staticmethod
    def _part(ctype: CType, position: int, parts: list) -> tuple[CType, int, Field | None]:
        if isinstance(ctype, ArrayType):
            return ctype.of, position * ctype.of.size, None
        return parts[position]

    def _designate(self, ctype: CType, designator, parts: list) -> tuple[int, tuple[CType, int, Field | None]]:
        place = place_of(designator)
        if isinstance(designator, c_ast.ArrayDesignator):
            index = fold.integer_constant(self.value(designator.expr), "a designator")
            if not isinstance(ctype, ArrayType):
                raise CompileError(place, f"'[{index}]' does not designate a part of '{ctype}'")
            if index < 0 or (ctype.count is not None and index >= ctype.count):
                raise CompileError(place, f"index {index} is outside '{ctype}'")
            return index, self._part(ctype, index, parts)
        name = designator.name
        if isinstance(ctype, RecordType):
            for position, item in enumerate(ctype.record.fields):
                if item.name == name:
                    return position, parts[position]
                if item.name is None and isinstance(item.type, RecordType) and item.type.find(name):
                    inner, offset = item.type.find(name)
                    field = inner if inner.width is not None else None
                    return position, (inner.type, item.offset + offset, field)
        raise CompileError(place, f"'{ctype}' has no member '{name}'")
