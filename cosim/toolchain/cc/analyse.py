"""Semantic analysis of a translation unit: declarations, linkage, and the front door `analyse`."""

from pycparser import c_ast

from cosim.toolchain.cc import attributes, tree
from cosim.toolchain.cc.builtins import Builtins
from cosim.toolchain.cc.diagnostics import CompileError, Place
from cosim.toolchain.cc.expressions import Expressions
from cosim.toolchain.cc.initialisers import Initialisers
from cosim.toolchain.cc.parse import place_of
from cosim.toolchain.cc.scope import Scopes, TypeName
from cosim.toolchain.cc.statements import Statements
from cosim.toolchain.cc.tree import Attributes, Const, Global, Local, Stmt, Unit
from cosim.toolchain.cc.typenames import TypeNames
from cosim.toolchain.cc.types import ArrayType, CType, FuncType, IntType, as_callback, same

CALLBACK_CLASS = ("compartment", "libcall", "callback", "interrupts", "minimum_stack")


class Analyser(TypeNames, Expressions, Builtins, Initialisers, Statements):
    """State of one translation unit; the mixed-in classes handle one kind of construct each."""

    def __init__(self, compartment: str | None):
        self.scopes, self.unit = Scopes(), Unit(compartment=compartment)
        self.warnings: list[tuple[Place, str]] = []
        self.evaluated, self.in_parameters = True, False
        self.breakable = self.continuable = False
        self.switch: tree.Switch | None = None
        self.function_name, self.function_type = "", None
        self.labels: dict[str, Place] = {}
        self.gotos: list[tuple[str, Place]] = []
        self.pack_limit: int | None = None
        self._pack_stack: list[int | None] = []
        self._linked: dict[str, Global] = {}
        self._strings: dict[tuple[bytes, int], Global] = {}
        self._statics = 0
        self.specified: dict[c_ast.Node, CType] = {}

    def warn(self, place: Place, message: str) -> None:
        self.warnings.append((place, message))

    def translation_unit(self, node: c_ast.FileAST) -> Unit:
        for item in node.ext:
            if isinstance(item, c_ast.FuncDef):
                self._function_definition(item)
            elif isinstance(item, c_ast.Decl):
                self._file_declaration(item)
            elif isinstance(item, c_ast.Typedef):
                self.typedef(item)
            elif isinstance(item, c_ast.StaticAssert):
                self.static_assert(item)
            elif isinstance(item, c_ast.Pragma):
                self.pragma(item)
            elif not isinstance(item, c_ast.AttributeDeclaration):
                raise CompileError(place_of(item), f"{type(item).__name__} is outside the subset")
        self._settle_tentative()
        return self.unit

    def _settle_tentative(self) -> None:
        for symbol in self.unit.globals:
            if symbol.tentative and not symbol.defined:
                if isinstance(symbol.type, ArrayType) and symbol.type.count is None:
                    symbol.type = ArrayType(symbol.type.of, 1)
                if symbol.type.size is None:
                    raise CompileError(symbol.place, f"'{symbol.name}' has incomplete type '{symbol.type}'")
                symbol.defined, symbol.init = True, []

    # small declarations

    def typedef(self, node: c_ast.Typedef) -> None:
        marks = attributes.collect(node.attributes, Attributes())
        ctype = self.with_callback(self.declared_type(node.type, marks), marks, place_of(node))
        known = self.scopes.here(node.name)
        if isinstance(known, TypeName) and not same(known.type, ctype):
            raise CompileError(place_of(node), f"typedef '{node.name}' changes its type")
        self.scopes.declare(node.name, TypeName(ctype, marks.aligned))

    def static_assert(self, node: c_ast.StaticAssert) -> None:
        place, cond = place_of(node), self.value(node.cond)
        if not isinstance(cond, Const):
            raise CompileError(place, "_Static_assert needs an integer constant expression")
        if not cond.value:
            text = f": {node.message.value}" if node.message is not None else ""
            raise CompileError(place, f"static assertion failed{text}")

    def pragma(self, node: c_ast.Pragma) -> None:
        """Only pack(...) has a meaning; `once` and foreign pragmas have none."""
        text = node.string if isinstance(node.string, str) else node.string.value.strip('"')
        text = text.replace(" ", "")
        if text.startswith(("push_macro", "pop_macro", "redefine_extname", "weak")):
            raise CompileError(place_of(node), f"#pragma {text.partition('(')[0]} is outside the subset")
        if not text.startswith("pack("):
            return
        inner = [part for part in text[5:].rstrip(")").split(",") if part]
        for part in inner:
            if part == "push":
                self._pack_stack.append(self.pack_limit)
            elif part == "pop":
                self.pack_limit = self._pack_stack.pop() if self._pack_stack else None
            elif part.isdigit():
                self.pack_limit = int(part)
            else:
                raise CompileError(place_of(node), f"#pragma pack does not know '{part}'")
        if not inner:
            self.pack_limit = None

    # objects and functions with linkage

    def _marks(self, decl: c_ast.Decl) -> tuple[CType, Attributes]:
        marks = attributes.collect(decl.attributes, Attributes())
        ctype = self.declared_type(decl.type, marks)
        marks.aligned = max(marks.aligned, self.declared_align(decl))
        marks.noreturn |= "_Noreturn" in (decl.funcspec or ())
        if "_Thread_local" in (decl.storage or ()):
            raise CompileError(place_of(decl), "_Thread_local is outside the subset", "a field of a per-thread record")
        return self.with_callback(ctype, marks, place_of(decl)), marks

    def _declare_linked(self, decl: c_ast.Decl, ctype: CType, marks: Attributes) -> Global:
        """Enter a function or object with linkage, merging with what is known of it."""
        place, name = place_of(decl), decl.name
        known = self._linked.get(name)
        shadow = self.scopes.here(name)
        if shadow is not None and shadow is not known:
            raise CompileError(place, f"'{name}' is declared twice with different meanings")
        if known is None:
            known = Global(name, ctype, place, name, static="static" in (decl.storage or ()), attributes=marks)
            self._linked[name] = known
            self.unit.globals.append(known)
        else:
            if isinstance(known.type, FuncType) and known.type.callback and isinstance(ctype, FuncType):
                ctype = as_callback(ctype)
            if not same(known.type, ctype):
                raise CompileError(place, f"'{name}' was declared as '{known.type}', now as '{ctype}'")
            if "static" in (decl.storage or ()) and not known.static:
                raise CompileError(place, f"'{name}' was declared without static before")
            known.type = self.composite(known.type, ctype)
            self._merge_marks(known, marks, place)
        self.scopes.declare(name, known)
        return known

    @staticmethod
    def _merge_marks(known: Global, marks: Attributes, place: Place) -> None:
        for name in Attributes.__slots__:
            old, new = getattr(known.attributes, name), getattr(marks, name)
            if name in CALLBACK_CLASS and old and new and old != new:
                raise CompileError(place, f"'{known.name}' changes its attribute {name} from {old} to {new}")
            setattr(known.attributes, name, max(old, new) if name == "aligned" else (new or old))

    def _file_declaration(self, decl: c_ast.Decl) -> None:
        ctype, marks = self._marks(decl)
        if decl.name is None:
            return
        symbol = self._declare_linked(decl, ctype, marks)
        if isinstance(ctype, FuncType):
            return
        if decl.init is not None:
            if symbol.defined:
                raise CompileError(place_of(decl), f"'{decl.name}' is defined twice")
            symbol.type, symbol.init = self.initialiser(ctype, decl.init)
            symbol.defined = True
        elif "extern" not in (decl.storage or ()):
            if ctype.is_void:
                raise CompileError(place_of(decl), f"'{decl.name}' cannot be void")
            symbol.tentative = True

    def _function_definition(self, node: c_ast.FuncDef) -> None:
        decl, place = node.decl, place_of(node.decl)
        if node.param_decls:
            raise CompileError(place, "old-style function definition", "a prototype with parameter types")
        ctype, marks = self._marks(decl)
        symbol = self._declare_linked(decl, ctype, marks)
        if symbol.defined:
            raise CompileError(place, f"function '{decl.name}' is defined twice")
        if not ctype.ret.is_void and ctype.ret.size is None:
            raise CompileError(place, f"'{decl.name}' returns incomplete type '{ctype.ret}'")
        inline = "inline" in (decl.funcspec or ()) and "extern" not in (decl.storage or ())
        symbol.static = symbol.static or inline
        symbol.defined = True
        self.function_name, self.function_type = decl.name, ctype
        self.labels, self.gotos = {}, []
        self.scopes.push()
        params = self._parameters(decl.type, ctype)
        body = [self.statement(item) for item in node.body.block_items or ()]
        self.scopes.pop()
        for name, where in self.gotos:
            if name not in self.labels:
                raise CompileError(where, f"label '{name}' is not defined in '{decl.name}'")
        self.function_name, self.function_type = "", None
        self.unit.functions.append(tree.Function(symbol, ctype, params, tree.Block(place, body)))

    def _parameters(self, node: c_ast.FuncDecl, ctype: FuncType) -> list[Local]:
        params = []
        nodes = [p for p in (node.args.params if node.args else ()) if not isinstance(p, c_ast.EllipsisParam)]
        for param, param_type in zip(nodes, ctype.params, strict=False):
            if param.name is None:
                var = Local("<unnamed>", param_type, place_of(node))
            else:
                var = Local(param.name, param_type, place_of(param), in_memory=param_type.is_record)
                if self.scopes.here(param.name) is not None:
                    raise CompileError(var.place, f"parameter '{param.name}' appears twice")
                self.scopes.declare(param.name, var)
            if param_type.size is None:
                raise CompileError(var.place, f"parameter '{var.name}' has incomplete type '{param_type}'")
            params.append(var)
        return params

    # objects in a block

    def local_declaration(self, decl) -> list[Stmt]:
        if isinstance(decl, c_ast.Typedef):
            self.typedef(decl)
            return []
        if isinstance(decl, c_ast.Pragma):
            self.pragma(decl)
            return []
        place, storage = place_of(decl), decl.storage or ()
        ctype, marks = self._marks(decl)
        if decl.name is None:
            return []
        if isinstance(ctype, FuncType) or "extern" in storage:
            self._declare_linked(decl, ctype, marks)
            return []
        if isinstance(self.scopes.here(decl.name), Local | Global):
            raise CompileError(place, f"'{decl.name}' is declared twice in this block")
        if "static" in storage:
            self._local_static(decl, ctype, marks)
            return []
        var = Local(decl.name, ctype, place, in_memory=not ctype.is_scalar or ctype.volatile, align=marks.aligned)
        if ctype.is_void:
            raise CompileError(place, f"'{decl.name}' cannot be void")
        if marks.aligned:
            var.in_memory = True
        items = None
        self.scopes.declare(decl.name, var)
        if decl.init is not None:
            var.type, items = self.initialiser(ctype, decl.init)
        if var.type.size is None:
            raise CompileError(place, f"'{decl.name}' has incomplete type '{var.type}'")
        return [tree.Declare(place, var, items)]

    def _local_static(self, decl: c_ast.Decl, ctype: CType, marks: Attributes) -> None:
        self._statics += 1
        label = f"{self.function_name}.{decl.name}.{self._statics}"
        symbol = Global(decl.name, ctype, place_of(decl), label, static=True, attributes=marks)
        self.scopes.declare(decl.name, symbol)
        symbol.init, symbol.defined = [], True
        if decl.init is not None:
            symbol.type, symbol.init = self.initialiser(ctype, decl.init)
        if symbol.type.size is None:
            raise CompileError(symbol.place, f"'{decl.name}' has incomplete type '{symbol.type}'")
        self.unit.globals.append(symbol)

    # objects without a name

    def string_symbol(self, place: Place, raw: bytes, of: IntType) -> Global:
        """The array behind a string literal; equal literals share one."""
        symbol = self._strings.get((raw, of.size))
        if symbol is None:
            ctype = ArrayType(of, len(raw) // of.size)
            items = []
            for at in range(0, len(raw), of.size):
                value = of.wrap(int.from_bytes(raw[at : at + of.size], "little"))
                items.append(tree.InitItem(at, of, Const(place, of, value)))
            symbol = Global("", ctype, place, f".Lstr{len(self._strings)}", static=True, defined=True)
            symbol.init, symbol.read_only, symbol.mergeable = items, True, True
            self._strings[raw, of.size] = symbol
            self.unit.globals.append(symbol)
        return symbol

    def anonymous_object(self, place: Place, ctype: CType, items: list) -> Global:
        self._statics += 1
        symbol = Global("", ctype, place, f".Lobject{self._statics}", static=True, defined=True, init=items)
        self.unit.globals.append(symbol)
        return symbol


def analyse(node: c_ast.FileAST, compartment: str | None = None) -> tuple[Unit, list[tuple[Place, str]]]:
    """The typed unit and its warnings. Raises CompileError."""
    analyser = Analyser(compartment)
    return analyser.translation_unit(node), analyser.warnings
