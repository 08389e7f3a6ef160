"""Conversions between types: as if by assignment, and integer promotion (C11 6.3)."""

from cosim.toolchain.cc import fold, tree
from cosim.toolchain.cc.diagnostics import CompileError
from cosim.toolchain.cc.tree import Const, Expr, Local
from cosim.toolchain.cc.types import INT, UINT, CType, IntType, PointerType, RecordType, promote, same


class Conversions:
    """The part of the analyser for conversions."""

    def convert(self, expr: Expr, target: CType, what: str) -> Expr:
        """Conversion as if by assignment (C11 6.5.16.1)."""
        source = expr.type
        target = target.unqualified()
        place = expr.place
        if target.is_record:
            if same(source, target):
                return expr
        elif isinstance(target, IntType) and target.rank == 0 and source.is_scalar:
            return fold.cast(place, target, expr)
        elif target.is_integer and source.is_integer:
            return fold.cast(place, target, expr)
        elif isinstance(target, PointerType):
            if isinstance(source, PointerType):
                self._check_pointers(expr, target, what)
                return fold.cast(place, target, expr)
            if isinstance(expr, Const) and expr.value == 0:
                return fold.cast(place, target, expr)
            if source.is_integer:
                raise CompileError(
                    place,
                    f"{what} makes '{target}' out of integer '{source}'",
                    f"({target}) in front, and mind that only a uintptr_t carries a capability",
                )
        elif target.is_integer and isinstance(source, PointerType):
            raise CompileError(place, f"{what} makes '{target}' out of '{source}'", f"({target}) in front")
        raise CompileError(place, f"{what} cannot turn '{source}' into '{target}'")

    def argument(self, expr: Expr, target: CType, what: str) -> Expr:
        """An argument for a parameter: as by assignment, and any member's type for a transparent union."""
        if isinstance(target, RecordType) and target.record.transparent and not same(expr.type, target.unqualified()):
            for member in target.record.fields:
                if self._fits(expr, member.type):
                    value = self.convert(expr, member.type, what)
                    var = Local("<argument>", target.unqualified(), expr.place, in_memory=True)
                    items = [tree.InitItem(0, member.type.unqualified(), value)]
                    return tree.CompoundLiteral(expr.place, target.unqualified(), var, items)
        return self.convert(expr, target, what)

    @staticmethod
    def _fits(expr: Expr, member: CType) -> bool:
        if member.is_integer:
            return expr.type.is_integer
        source = expr.type
        if not (isinstance(member, PointerType) and isinstance(source, PointerType)):
            return False
        return source.to.is_void or same(source.to.unqualified(), member.to.unqualified())

    def _check_pointers(self, expr: Expr, target: PointerType, what: str) -> None:
        a, b = target.to, expr.type.to
        if not (a.is_void or b.is_void or same(a, b) or self.sign_variants(a, b)):
            raise CompileError(
                expr.place, f"{what} turns '{expr.type}' into '{target}'", f"({target}) in front if it is meant"
            )
        if (b.const and not a.const) or (b.volatile and not a.volatile):
            self.warn(expr.place, f"{what} drops a qualifier: '{expr.type}' to '{target}'")

    @staticmethod
    def sign_variants(a: CType, b: CType) -> bool:
        return isinstance(a, IntType) and isinstance(b, IntType) and a.size == b.size and 0 not in (a.rank, b.rank)

    def promoted(self, expr: Expr) -> Expr:
        """Integer promotion; a narrow bit-field becomes int."""
        if isinstance(expr, tree.Member) and expr.field.width is not None and expr.type.size <= 4:
            ctype = INT if expr.field.width < 32 or expr.type.signed else UINT
        else:
            ctype = promote(expr.type)
        return fold.cast(expr.place, ctype, expr)
