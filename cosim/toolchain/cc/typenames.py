"""Types as written: specifiers, declarators, records, enumerations."""

from pycparser import c_ast

from cosim.toolchain.cc import attributes, fold
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.parse import place_of
from cosim.toolchain.cc.scope import TypeName
from cosim.toolchain.cc.tree import Attributes, Const
from cosim.toolchain.cc.types import (
    BOOL,
    CHAR,
    INT,
    INTCAP,
    LLONG,
    LONG,
    SCHAR,
    SHORT,
    UCHAR,
    UINT,
    UINTCAP,
    ULLONG,
    ULONG,
    USHORT,
    VOID,
    ArrayType,
    CType,
    FuncType,
    IntType,
    PointerType,
    Record,
    RecordType,
    as_callback,
    lay_out,
    same,
)

BASIC = {
    "void": VOID,
    "_Bool": BOOL,
    "char": CHAR,
    "char signed": SCHAR,
    "char unsigned": UCHAR,
    "short": SHORT,
    "short signed": SHORT,
    "short unsigned": USHORT,
    "int": INT,
    "signed": INT,
    "unsigned": UINT,
    "long": LONG,
    "long signed": LONG,
    "long unsigned": ULONG,
    "long long": LLONG,
    "long long signed": LLONG,
    "long long unsigned": ULLONG,
}
"""Specifiers sorted by name, a redundant `int` dropped."""

BUILTIN = {"__uintcap_t": UINTCAP, "__intcap_t": INTCAP, "__builtin_va_list": PointerType(VOID)}
NO_FLOAT = "integers or fixed point: the machine has no floating point"


class TypeNames:
    """The part of the analyser that turns declarators into types."""

    def declared_type(self, node, marks: Attributes) -> CType:
        """Type of a declarator chain; attributes found on the way are added to `marks`."""
        kind = type(node)
        if kind is c_ast.TypeDecl:
            attributes.collect(node.attributes, marks)
            base = self._specified(node.type, marks)
            return self._qualify(base, node)
        if kind is c_ast.PtrDecl:
            attributes.collect(node.attributes, marks)
            return self._qualify(PointerType(self.declared_type(node.type, marks)), node)
        if kind is c_ast.ArrayDecl:
            attributes.collect(node.attributes, marks)
            return self._array(node, marks)
        if kind is c_ast.FuncDecl:
            attributes.collect(node.attributes, marks)
            return self._function(node, marks)
        return self._specified(node, marks)

    def type_name(self, node: c_ast.Typename) -> CType:
        """Type in a cast, sizeof or compound literal."""
        return self.declared_type(node.type, Attributes())

    def with_callback(self, ctype: CType, marks: Attributes, place) -> CType:
        """The declared type as its attributes change it: functions that are reached through the switcher."""
        foreign = marks.compartment is not None and self.unit.compartment not in (None, marks.compartment)
        if not (marks.callback or (foreign and isinstance(ctype, FuncType))):
            return ctype
        changed = as_callback(ctype)
        if changed is None:
            raise CompileError(place, f"attribute callback on '{ctype}'", "a function or a pointer to a function")
        return changed

    @staticmethod
    def _qualify(ctype: CType, node) -> CType:
        quals = node.quals or ()
        if "_Atomic" in quals:
            raise CompileError(
                place_of(node), "_Atomic is outside the subset", "the functions of <atomic.h> on plain integers"
            )
        return ctype.qualified("const" in quals, "volatile" in quals) if quals else ctype

    def _array(self, node: c_ast.ArrayDecl, marks: Attributes) -> CType:
        of = self.declared_type(node.type, marks)
        if isinstance(of, FuncType) or of.is_void:
            raise CompileError(place_of(node), f"array of '{of}' is not a type")
        if of.size is None:
            raise CompileError(place_of(node), f"array element has incomplete type '{of}'")
        if node.dim is None:
            return ArrayType(of, None)
        dim = self.value(node.dim)
        if not isinstance(dim, Const) or not dim.type.is_integer:
            if self.in_parameters:
                return ArrayType(of, None)
            raise CompileError(
                dim.place, "variable-length arrays are outside the subset", "a constant bound or malloc()"
            )
        if dim.value < 0:
            raise CompileError(dim.place, f"array bound {dim.value} is negative")
        return ArrayType(of, dim.value)

    def _function(self, node: c_ast.FuncDecl, marks: Attributes) -> CType:
        ret = self.declared_type(node.type, marks)
        if isinstance(ret, ArrayType | FuncType):
            raise CompileError(place_of(node), f"a function cannot return '{ret}'", "a pointer to it")
        params, variadic, prototype = [], False, node.args is not None
        for param in node.args.params if node.args else ():
            if isinstance(param, c_ast.EllipsisParam):
                variadic = True
            elif isinstance(param, c_ast.ID):
                raise CompileError(place_of(param), "old-style parameter list", "a prototype with types")
            else:
                params.append(self.parameter_type(param))
        if len(params) == 1 and params[0].is_void:
            params = []
        return FuncType(ret, params, variadic, prototype)

    def parameter_type(self, node) -> CType:
        """Arrays and functions as parameters are pointers (C11 6.7.6.3)."""
        outer, self.in_parameters = self.in_parameters, True
        marks = attributes.collect(getattr(node, "attributes", None), Attributes())
        ctype = self.with_callback(self.declared_type(node.type, marks), marks, place_of(node))
        self.in_parameters = outer
        if isinstance(ctype, ArrayType):
            return PointerType(ctype.of)
        if isinstance(ctype, FuncType):
            return PointerType(ctype)
        if isinstance(node, c_ast.Decl) and not ctype.is_void and ctype.size is None and not ctype.is_record:
            raise CompileError(place_of(node), f"parameter '{node.name}' has incomplete type '{ctype}'")
        return ctype

    def _specified(self, node, marks: Attributes) -> CType:
        kind = type(node)
        if kind is c_ast.IdentifierType:
            return self._named(node)
        if kind is c_ast.AttributedType:
            if isinstance(node.type, c_ast.Struct | c_ast.Union) and node.type.decls is not None:
                if node.type not in self.specified:
                    own = attributes.collect(node.attributes, Attributes())
                    self.specified[node.type] = self._record(node.type, own)
                return self.specified[node.type]
            attributes.collect(node.attributes, marks)
            return self._specified(node.type, marks)
        if kind is c_ast.Struct or kind is c_ast.Union or kind is c_ast.Enum:
            known = self.specified.get(node)  # declarators after a comma share the node
            if known is None:
                known = self._enum(node) if kind is c_ast.Enum else self._record(node, Attributes())
                self.specified[node] = known
            return known
        if kind is c_ast.TypeOf:
            if isinstance(node.expr, c_ast.Typename):
                return self.type_name(node.expr)
            return self.unevaluated(node.expr).type
        raise CompileError(place_of(node), f"{kind.__name__} is outside the subset")

    def _named(self, node: c_ast.IdentifierType) -> CType:
        names = node.names
        if len(names) == 1 and names[0] not in BASIC:
            name = names[0]
            if name in BUILTIN:
                return BUILTIN[name]
            entity = self.scopes.find(name)
            if isinstance(entity, TypeName):
                return entity.type
        key = " ".join(sorted(name for name in names if name != "int")) or "int"
        if key in BASIC:
            return BASIC[key]
        place = place_of(node)
        if {"float", "double", "_Complex"} & set(names):
            raise CompileError(place, f"type '{' '.join(names)}' is outside the subset", NO_FLOAT)
        if "__int128" in names:
            raise CompileError(place, "__int128 is outside the subset", "two 64-bit integers")
        raise CompileError(place, f"unknown type '{' '.join(names)}'")

    def _record(self, node, marks: Attributes) -> CType:
        attributes.collect(node.attributes, marks)
        keyword = "struct" if isinstance(node, c_ast.Struct) else "union"
        if node.decls is None:
            record = self.scopes.find_tag(node.name)
            if record is None:
                record = Record(keyword, node.name)
                self.scopes.declare_tag(node.name, record)
        else:
            record = self.scopes.tag_here(node.name) if node.name else None
            if record is None:
                record = Record(keyword, node.name)
                if node.name:
                    self.scopes.declare_tag(node.name, record)
        if not isinstance(record, Record) or record.keyword != keyword:
            raise CompileError(place_of(node), f"'{node.name}' was declared as another kind of tag")
        if node.decls is not None:
            if record.size is not None:
                raise CompileError(place_of(node), f"{keyword} '{node.name}' is defined twice")
            members = []
            for decl in node.decls:
                self._record_member(decl, members)
            named = [name for name, *_ in members if name]
            for name in named:
                if named.count(name) > 1:
                    raise CompileError(place_of(node), f"member '{name}' is declared twice")
            record.transparent = marks.transparent and keyword == "union"
            lay_out(record, members, marks.packed, marks.aligned or 1, self.pack_limit)
        return RecordType(record)

    def _record_member(self, decl, members: list) -> None:
        if isinstance(decl, c_ast.StaticAssert):
            self.static_assert(decl)
            return
        if isinstance(decl, c_ast.Pragma):
            self.pragma(decl)
            return
        place = place_of(decl)
        marks = attributes.collect(decl.attributes, Attributes())
        ctype = self.with_callback(self.declared_type(decl.type, marks), marks, place)
        if isinstance(ctype, FuncType):
            raise CompileError(place, f"member '{decl.name}' is a function", "a pointer to the function")
        if decl.name is None and decl.bitsize is None and not ctype.is_record:
            raise CompileError(place, "a member needs a name")
        width = None
        if decl.bitsize is not None:
            width = fold.integer_constant(self.value(decl.bitsize), "a bit-field's width")
            if not isinstance(ctype, IntType):
                raise CompileError(place, f"a bit-field cannot have type '{ctype}'", "an integer type")
            if not 0 <= width <= ctype.bits or (width == 0 and decl.name):
                raise CompileError(place, f"width {width} does not fit bit-field '{decl.name}' of type '{ctype}'")
        members.append((decl.name, ctype, width, max(marks.aligned, self.declared_align(decl)), place))

    def _enum(self, node: c_ast.Enum) -> CType:
        if node.values is None:
            known = self.scopes.find_tag(node.name)
            if not isinstance(known, IntType):
                raise CompileError(place_of(node), f"enum '{node.name}' is not defined before this use")
            return known
        fixed = self.type_name(node.underlying_type) if node.underlying_type is not None else None
        next_value, lowest, highest = 0, 0, 0
        for item in node.values.enumerators:
            if isinstance(item, c_ast.Pragma):
                continue
            if item.value is not None:
                next_value = fold.integer_constant(self.value(item.value), f"enumerator '{item.name}'")
            ctype = fixed or (INT if INT.wrap(next_value) == next_value else None)
            if ctype is None:
                ctype = UINT if UINT.wrap(next_value) == next_value else LLONG
            self.scopes.declare(item.name, Const(place_of(item), ctype, ctype.wrap(next_value)))
            lowest, highest = min(lowest, next_value), max(highest, next_value)
            next_value += 1
        fitting = (UINT, LLONG) if lowest >= 0 else (INT, LLONG)
        ctype = fixed or next((t for t in fitting if t.wrap(lowest) == lowest and t.wrap(highest) == highest), ULLONG)
        if node.name:
            self.scopes.declare_tag(node.name, ctype)
        return ctype

    def declared_align(self, decl) -> int:
        """What _Alignas asks for, 0 if nothing."""
        align = 0
        for spec in decl.align or ():
            if isinstance(spec.alignment, c_ast.Typename):
                asked = self.type_name(spec.alignment).align
            else:
                asked = fold.integer_constant(self.value(spec.alignment), "_Alignas")
            if asked & (asked - 1):
                raise CompileError(place_of(spec), f"alignment {asked} is not a power of two")
            align = max(align, asked)
        return align

    @staticmethod
    def composite(old: CType, new: CType) -> CType:
        """The type after a redeclaration: the one that knows more."""
        if isinstance(old, ArrayType) and old.count is None:
            return new
        if isinstance(old, FuncType) and isinstance(new, FuncType) and not old.prototype:
            return new
        if isinstance(new, FuncType) and isinstance(old, FuncType) and not new.prototype and same(old, new):
            return old
        return new if not (isinstance(new, ArrayType) and new.count is None) else old
