"""Expressions: from pycparser's nodes to the typed tree (C11 6.5)."""

from pycparser import c_ast

from cosim.toolchain.cc import fold, literals, tree
from cosim.toolchain.cc.conversions import Conversions
from cosim.toolchain.cc.diagnostics import CompileError, Place
from cosim.toolchain.cc.lexer import ASM_CALL
from cosim.toolchain.cc.parse import place_of
from cosim.toolchain.cc.scope import TypeName
from cosim.toolchain.cc.tree import Attributes, Const, Expr, Global, Local
from cosim.toolchain.cc.typenames import NO_FLOAT
from cosim.toolchain.cc.types import (
    BOOL,
    INT,
    PTRDIFF_T,
    SIZE_T,
    UINT,
    VOID,
    ArrayType,
    CType,
    FuncType,
    IntCapType,
    PointerType,
    common,
    identical,
    promote,
    same,
)

LVALUES = (tree.LocalRef, tree.GlobalRef, tree.Deref, tree.Member, tree.CompoundLiteral)
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Expressions(Conversions):
    """The part of the analyser for expressions. `expression` may give an lvalue; `value` converts it."""

    def expression(self, node) -> Expr:
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise CompileError(place_of(node), f"{type(node).__name__} is outside the subset")
        return handler(self, node)

    def value(self, node) -> Expr:
        return self.decayed(self.expression(node))

    def decayed(self, expr: Expr) -> Expr:
        """Lvalue conversion, array and function decay (C11 6.3.2.1)."""
        ctype = expr.type
        if isinstance(ctype, ArrayType):
            if not isinstance(expr, LVALUES):
                raise CompileError(expr.place, "an array inside a returned record has no address", "a variable")
            return self.address(expr, PointerType(ctype.of))
        if isinstance(ctype, FuncType):
            return self.address(expr, PointerType(ctype))
        return expr

    def scalar(self, node, what: str) -> Expr:
        expr = self.value(node)
        if not expr.type.is_scalar:
            raise CompileError(expr.place, f"{what} has type '{expr.type}', a scalar is needed")
        return expr

    def condition(self, node) -> Expr:
        return self.scalar(node, "the condition")

    def unevaluated(self, node) -> Expr:
        """For sizeof and typeof: variables do not become addressed."""
        outer, self.evaluated = self.evaluated, False
        expr = self.expression(node)
        self.evaluated = outer
        return expr

    def address(self, expr: Expr, ctype: PointerType) -> Expr:
        """Address of an lvalue; the variable behind it moves to memory."""
        if isinstance(expr, tree.Deref):
            pointer = expr.pointer
            return pointer if same(pointer.type, ctype) else fold.cast(expr.place, ctype, pointer)
        if self.evaluated:
            self._pin(expr)
        return tree.AddressOf(expr.place, ctype, expr)

    @staticmethod
    def _pin(expr: Expr) -> None:
        while isinstance(expr, tree.Member):
            expr = expr.base
        if isinstance(expr, tree.LocalRef | tree.CompoundLiteral):
            expr.var.in_memory = True

    # names and constants

    def _identifier(self, node: c_ast.ID) -> Expr:
        place, entity = place_of(node), self.scopes.find(node.name)
        if isinstance(entity, Local):
            return tree.LocalRef(place, entity.type, entity)
        if isinstance(entity, Global):
            entity.attributes.used = entity.attributes.used or not entity.static
            return tree.GlobalRef(place, entity.type, entity)
        if isinstance(entity, Const):
            return Const(place, entity.type, entity.value)
        if isinstance(entity, TypeName):
            raise CompileError(place, f"'{node.name}' is a type, an expression is needed")
        if node.name == "__func__" and self.function_name:
            return self._string_literal(place, f'"{self.function_name}"')
        raise CompileError(place, f"'{node.name}' is not declared", "a declaration before this use (or its #include)")

    def _constant(self, node: c_ast.Constant) -> Expr:
        place, kind = place_of(node), node.type
        if "string" in kind or node.value.endswith('"'):
            return self._string_literal(place, node.value)
        if node.value[-1] == "'":
            value, ctype = literals.character(place, node.value)
            return Const(place, ctype, value)
        if "float" in kind or "double" in kind:
            raise CompileError(place, f"floating constant {node.value} is outside the subset", NO_FLOAT)
        if kind == "bool" or node.value in ("true", "false"):
            return Const(place, BOOL, int(node.value == "true"))
        value, ctype = literals.integer(place, node.value)
        return Const(place, ctype, value)

    def _string_literal(self, place: Place, text: str) -> Expr:
        raw, of = literals.string(place, text)
        symbol = self.string_symbol(place, raw, of)
        return tree.GlobalRef(place, symbol.type, symbol)

    # operators

    def _unary(self, node: c_ast.UnaryOp) -> Expr:
        op, place = node.op, place_of(node)
        match op:
            case "sizeof" | "_Alignof":
                return self._size_of(node, op)
            case "&":
                return self._address_of(node)
            case "*":
                return self._dereference(place, self.value(node.expr))
            case "!":
                expr = self.scalar(node.expr, "operand of '!'")
                return fold.comparison(place, "==", expr, Const(place, expr.type.unqualified(), 0))
            case "++" | "--" | "p++" | "p--":
                one = Const(place, INT, 1)
                return self._update(place, op[-1], self.expression(node.expr), one, old=op[0] == "p")
        expr = self.value(node.expr)
        if not expr.type.is_integer:
            raise CompileError(place, f"operand of '{op}' has type '{expr.type}', an integer is needed")
        expr = self.promoted(expr)
        if op == "+":
            return fold.cast(place, expr.type, expr) if isinstance(expr, Const) else tree.Cast(place, expr.type, expr)
        return fold.unary(place, op, expr)

    def _size_of(self, node: c_ast.UnaryOp, op: str) -> Expr:
        place = place_of(node)
        ctype = self.type_name(node.expr) if isinstance(node.expr, c_ast.Typename) else None
        if ctype is None:
            inner = self.unevaluated(node.expr)
            if isinstance(inner, tree.Member) and inner.field.width is not None:
                raise CompileError(place, f"{op} of a bit-field has no value")
            ctype = inner.type
        if ctype.size is None:
            raise CompileError(place, f"{op} of incomplete type '{ctype}'")
        return Const(place, SIZE_T, ctype.size if op == "sizeof" else ctype.align)

    def _address_of(self, node: c_ast.UnaryOp) -> Expr:
        place, expr = place_of(node), self.expression(node.expr)
        if not isinstance(expr, LVALUES):
            raise CompileError(place, "'&' needs an object or a function")
        if isinstance(expr, tree.Member) and expr.field.width is not None:
            raise CompileError(place, "a bit-field has no address")
        return self.address(expr, PointerType(expr.type))

    def _dereference(self, place: Place, pointer: Expr) -> Expr:
        if not isinstance(pointer.type, PointerType):
            raise CompileError(place, f"'*' needs a pointer, this is '{pointer.type}'")
        if isinstance(pointer, tree.AddressOf) and same(pointer.lvalue.type, pointer.type.to):
            return pointer.lvalue
        return tree.Deref(place, pointer.type.to, pointer)

    def _subscript(self, node: c_ast.ArrayRef) -> Expr:
        place = place_of(node)
        base, index = self.value(node.name), self.value(node.subscript)
        if index.type.is_pointer:
            base, index = index, base
        if not base.type.is_pointer:
            raise CompileError(place, f"'[]' needs an array or a pointer, this is '{base.type}'")
        return self._dereference(place, self.pointer_add(place, base, index, False))

    def pointer_add(self, place: Place, pointer: Expr, index: Expr, subtract: bool) -> Expr:
        if not index.type.is_integer:
            raise CompileError(place, f"a pointer and '{index.type}' cannot be added", "an integer index")
        to = pointer.type.to
        size = 1 if to.is_void or isinstance(to, FuncType) else to.size
        if size is None:
            raise CompileError(place, f"arithmetic on a pointer to incomplete type '{to}'")
        index = fold.cast(place, PTRDIFF_T if index.type.size > 4 else promote(index.type), index)
        return tree.PointerAdd(place, pointer.type.unqualified(), pointer, index, size, subtract)

    def _member(self, node: c_ast.StructRef) -> Expr:
        place = place_of(node)
        if node.type == "->":
            base = self._dereference(place, self.value(node.name))
        else:
            base = self.expression(node.name)
        if not base.type.is_record:
            mend = "'->'" if base.type.is_pointer else ""
            raise CompileError(place, f"'{node.type}' needs a struct or union, this is '{base.type}'", mend)
        name = node.field.name
        if base.type.size is None:
            raise CompileError(place, f"'{base.type}' is incomplete here")
        found = base.type.find(name)
        if found is None:
            raise CompileError(place, f"'{base.type}' has no member '{name}'")
        item, offset = found
        ctype = item.type.qualified(base.type.const, base.type.volatile)
        if isinstance(base, tree.Member) and base.field.width is None:
            return tree.Member(place, ctype, base.base, item, base.offset + offset)
        return tree.Member(place, ctype, base, item, offset)

    def _binary(self, node: c_ast.BinaryOp) -> Expr:
        op, place = node.op, place_of(node)
        if op in ("&&", "||"):
            return fold.logical(
                place, op, self.scalar(node.left, f"operand of '{op}'"), self.scalar(node.right, f"operand of '{op}'")
            )
        left, right = self.value(node.left), self.value(node.right)
        if op in COMPARISONS:
            return self._comparison(place, op, left, right)
        return self.arithmetic(place, op, left, right)

    def arithmetic(self, place: Place, op: str, left: Expr, right: Expr) -> Expr:
        a, b = left.type, right.type
        if op in "+-" and (a.is_pointer or b.is_pointer):
            if a.is_pointer and b.is_pointer and op == "-":
                return self._pointer_difference(place, left, right)
            if b.is_pointer and not a.is_pointer and op == "+":
                return self.pointer_add(place, right, left, False)
            if a.is_pointer and not b.is_pointer:
                return self.pointer_add(place, left, right, op == "-")
        if not (a.is_integer and b.is_integer):
            raise CompileError(place, f"'{op}' cannot take '{a}' and '{b}'")
        left, right = self.promoted(left), self.promoted(right)
        if op in ("<<", ">>"):
            return fold.binary(place, left.type, op, left, fold.cast(place, UINT, right))
        ctype = common(left.type, right.type)
        if isinstance(ctype, IntCapType) and not isinstance(left.type, IntCapType) and op in "+*&|^":
            left, right = right, left  # the capability operand gives the provenance
        return fold.binary(place, ctype, op, fold.cast(place, ctype, left), fold.cast(place, ctype, right))

    def _pointer_difference(self, place: Place, left: Expr, right: Expr) -> Expr:
        to = left.type.to
        if not same(to, right.type.to):
            raise CompileError(place, f"difference of '{left.type}' and '{right.type}'")
        size = 1 if to.is_void or isinstance(to, FuncType) else to.size
        if not size:
            raise CompileError(place, f"arithmetic on a pointer to incomplete type '{to}'")
        return tree.PointerDiff(place, PTRDIFF_T, left, right, size)

    def _comparison(self, place: Place, op: str, left: Expr, right: Expr) -> Expr:
        a, b = left.type, right.type
        if a.is_pointer or b.is_pointer:
            if not b.is_pointer:
                right = self._null_like(right, a, op)
            elif not a.is_pointer:
                left = self._null_like(left, b, op)
            elif not (same(a.to, b.to) or a.to.is_void or b.to.is_void or self.sign_variants(a.to, b.to)):
                raise CompileError(place, f"'{op}' compares '{a}' with '{b}'", f"a cast to '{a}'")
            return fold.comparison(place, op, left, right)
        if not (a.is_integer and b.is_integer):
            raise CompileError(place, f"'{op}' cannot compare '{a}' with '{b}'")
        left, right = self.promoted(left), self.promoted(right)
        ctype = common(left.type, right.type)
        return fold.comparison(place, op, fold.cast(place, ctype, left), fold.cast(place, ctype, right))

    @staticmethod
    def _null_like(expr: Expr, ctype: CType, op: str) -> Expr:
        if isinstance(expr, Const) and expr.value == 0:
            return Const(expr.place, ctype, 0)
        raise CompileError(
            expr.place, f"'{op}' compares '{ctype}' with '{expr.type}'", f"({ctype}) in front of the integer"
        )

    def _conditional(self, node: c_ast.TernaryOp) -> Expr:
        place, cond = place_of(node), self.condition(node.cond)
        yes, no = self.value(node.iftrue), self.value(node.iffalse)
        a, b = yes.type, no.type
        if a.is_integer and b.is_integer:
            yes, no = self.promoted(yes), self.promoted(no)
            ctype = common(yes.type, no.type)
        elif a.is_void or b.is_void:
            ctype = VOID
        elif a.is_record and same(a, b):
            ctype = a.unqualified()
        elif a.is_pointer or b.is_pointer:
            ctype = self._merged_pointer(place, yes, no)
        else:
            raise CompileError(place, f"'?:' cannot merge '{a}' and '{b}'")
        yes, no = (expr if ctype.is_record else fold.cast(place, ctype, expr) for expr in (yes, no))
        if isinstance(cond, Const):
            return yes if cond.value else no
        return tree.Conditional(place, ctype, cond, yes, no)

    @staticmethod
    def _merged_pointer(place: Place, yes: Expr, no: Expr) -> CType:
        a, b = yes.type, no.type
        if not b.is_pointer and isinstance(no, Const) and no.value == 0:
            return a.unqualified()
        if not a.is_pointer and isinstance(yes, Const) and yes.value == 0:
            return b.unqualified()
        if a.is_pointer and b.is_pointer:
            if a.to.is_void and not (isinstance(yes, Const) and yes.value == 0):
                return a.unqualified()
            if b.to.is_void and not (isinstance(no, Const) and no.value == 0):
                return b.unqualified()
            if a.to.is_void:
                return b.unqualified()
            if b.to.is_void:
                return a.unqualified()
            if same(a.to, b.to):
                return PointerType(a.to.qualified(b.to.const, b.to.volatile))
        raise CompileError(place, f"'?:' cannot merge '{a}' and '{b}'", "a cast of one side")

    def _cast(self, node: c_ast.Cast) -> Expr:
        place, target = place_of(node), self.type_name(node.to_type).unqualified()
        expr = self.value(node.expr)
        if target.is_void:
            return tree.Cast(place, VOID, expr)
        if target.is_record and same(target, expr.type):
            return expr
        if not (target.is_scalar and expr.type.is_scalar):
            raise CompileError(place, f"'{expr.type}' cannot be cast to '{target}'")
        return fold.cast(place, target, expr)

    def _comma(self, node: c_ast.ExprList) -> Expr:
        result = self.value(node.exprs[0])
        for item in node.exprs[1:]:
            right = self.value(item)
            result = tree.Comma(right.place, right.type.unqualified(), result, right)
        return result

    # assignment

    def _modifiable(self, place: Place, expr: Expr) -> None:
        if not isinstance(expr, LVALUES) or isinstance(expr.type, ArrayType | FuncType):
            raise CompileError(place, "the left side cannot be assigned to", "a variable, member or element")
        if isinstance(expr, tree.Member) and not self._is_lvalue(expr):
            raise CompileError(place, "a member of a returned record cannot be assigned to", "a variable")
        if expr.type.const:
            raise CompileError(place, f"assignment to const '{expr.type}'")

    @staticmethod
    def _is_lvalue(expr: Expr) -> bool:
        while isinstance(expr, tree.Member):
            expr = expr.base
        return isinstance(expr, LVALUES)

    def _assignment(self, node: c_ast.Assignment) -> Expr:
        place, lvalue = place_of(node), self.expression(node.lvalue)
        if node.op == "=":
            self._modifiable(place, lvalue)
            value = self.convert(self.value(node.rvalue), lvalue.type, "assignment")
            return tree.Assign(place, lvalue.type.unqualified(), lvalue, value)
        return self._update(place, node.op[:-1], lvalue, self.value(node.rvalue), old=False)

    def _update(self, place: Place, op: str, lvalue: Expr, operand: Expr, old: bool) -> Expr:
        self._modifiable(place, lvalue)
        ctype = lvalue.type.unqualified()
        if not ctype.is_scalar:
            raise CompileError(place, f"'{op}=' needs a scalar, this is '{ctype}'")
        hole = tree.Hole(place, ctype)
        start = hole
        if isinstance(lvalue, tree.Member) and lvalue.field.width is not None and ctype.size <= 4:
            narrow = INT if lvalue.field.width < 32 or ctype.signed else UINT
            start = fold.cast(place, narrow, hole)
        result = self.arithmetic(place, op, start, operand)
        if ctype.is_pointer and not result.type.is_pointer:
            raise CompileError(place, f"'{op}=' cannot apply to '{ctype}'")
        return tree.Update(place, ctype, lvalue, hole, fold.cast(place, ctype, result), old)

    # calls

    def _call(self, node: c_ast.FuncCall) -> Expr:
        place = place_of(node)
        args = node.args.exprs if node.args is not None else []
        if isinstance(node.name, c_ast.ID):
            name = node.name.name
            if name == ASM_CALL:
                raise CompileError(place, "asm is a statement, not a value")
            if name.startswith("__builtin_") or name in ("offsetof", "va_arg"):
                return self.builtin(place, name, args)
            if self.scopes.find(name) is None:
                raise CompileError(
                    place,
                    f"function '{name}' is not declared",
                    f"a prototype of '{name}' before this call (or its #include)",
                )
        function = self.expression(node.name)
        if isinstance(function.type, PointerType):
            function = self._dereference(place, function)
        if not isinstance(function.type, FuncType):
            raise CompileError(place, f"'{function.type}' is not a function")
        signature = function.type
        return tree.Call(
            place, signature.ret.unqualified(), function, signature, self._arguments(place, signature, args)
        )

    def _arguments(self, place: Place, signature: FuncType, nodes: list) -> list[Expr]:
        values = [self.value(node) for node in nodes]
        count = len(signature.params)
        if signature.prototype and (len(values) < count or (len(values) > count and not signature.variadic)):
            least = "at least " if signature.variadic else ""
            raise CompileError(place, f"{len(values)} arguments, the function takes {least}{count}")
        ret = signature.ret
        if not ret.is_void and ret.size is None:
            raise CompileError(place, f"the call returns incomplete type '{ret}'")
        out = []
        for index, value in enumerate(values):
            if index < count:
                out.append(self.argument(value, signature.params[index], f"argument {index + 1}"))
                continue
            if value.type.is_void:
                raise CompileError(value.place, f"argument {index + 1} has no value")
            out.append(self.promoted(value) if value.type.is_integer else value)
        return out

    # compound literals, statement expressions, generic selection

    def _compound_literal(self, node: c_ast.CompoundLiteral) -> Expr:
        place = place_of(node)
        ctype = self.type_name(node.type)
        ctype, items = self.initialiser(ctype, node.init)
        if self.scopes.at_file_level:
            symbol = self.anonymous_object(place, ctype, items)
            return tree.GlobalRef(place, ctype, symbol)
        var = Local("<literal>", ctype, place, in_memory=not ctype.is_scalar)
        return tree.CompoundLiteral(place, ctype, var, items)

    def _statement_expression(self, node: c_ast.Compound) -> Expr:
        place = place_of(node)
        self.scopes.push()
        items = list(node.block_items or ())
        last = None
        if items and not isinstance(items[-1], c_ast.Decl) and type(items[-1]) in _HANDLERS:
            last = items.pop()
        body = [self.statement(item) for item in items]
        value = self.value(last) if last is not None else None
        self.scopes.pop()
        ctype = value.type.unqualified() if value is not None else VOID
        return tree.StatementExpr(place, ctype, tree.Block(place, body), value)

    def _generic(self, node: c_ast.GenericSelection) -> Expr:
        place = place_of(node)
        outer, self.evaluated = self.evaluated, False
        control = self.decayed(self.expression(node.expr)).type.unqualified()
        self.evaluated = outer
        chosen = default = None
        for item in node.associations:
            if item.type is None:
                default = item.expr
            elif chosen is None and identical(self.declared_type(item.type.type, Attributes()), control):
                chosen = item.expr
        picked = chosen if chosen is not None else default
        if picked is None:
            raise CompileError(place, f"_Generic has no choice for '{control}'", "a default association")
        return self.expression(picked)


_HANDLERS = {
    c_ast.ID: Expressions._identifier,
    c_ast.Constant: Expressions._constant,
    c_ast.UnaryOp: Expressions._unary,
    c_ast.BinaryOp: Expressions._binary,
    c_ast.ArrayRef: Expressions._subscript,
    c_ast.StructRef: Expressions._member,
    c_ast.TernaryOp: Expressions._conditional,
    c_ast.Cast: Expressions._cast,
    c_ast.ExprList: Expressions._comma,
    c_ast.Assignment: Expressions._assignment,
    c_ast.FuncCall: Expressions._call,
    c_ast.CompoundLiteral: Expressions._compound_literal,
    c_ast.Compound: Expressions._statement_expression,
    c_ast.GenericSelection: Expressions._generic,
}
