"""Compiler builtins: capability operations, variadic arguments, hints, offsetof."""

from pycparser import c_ast

from cosim.toolchain.cc import fold, interface, literals, tree
from cosim.toolchain.cc.diagnostics import CompileError, Place
from cosim.toolchain.cc.parse import place_of
from cosim.toolchain.cc.tree import Const, Expr
from cosim.toolchain.cc.types import BOOL, INT, SIZE_T, UINT, ULLONG, VOID, ArrayType, CType, PointerType

VOID_POINTER = PointerType(VOID)

CAPABILITY = {
    "address_get": ("c", UINT),
    "base_get": ("c", UINT),
    "length_get": ("c", UINT),
    "top_get": ("c", UINT),
    "offset_get": ("c", UINT),
    "perms_get": ("c", UINT),
    "type_get": ("c", UINT),
    "high_get": ("c", UINT),
    "tag_get": ("c", BOOL),
    "sealed_get": ("c", BOOL),
    "address_set": ("cu", None),
    "offset_set": ("cu", None),
    "offset_increment": ("cu", None),
    "bounds_set": ("cu", None),
    "bounds_set_exact": ("cu", None),
    "bounds_set_rounded_down": ("cu", None),
    "perms_and": ("cu", None),
    "high_set": ("cu", None),
    "tag_clear": ("c", None),
    "seal": ("cc", None),
    "unseal": ("cc", None),
    "equal_exact": ("cc", BOOL),
    "subset_test": ("cc", BOOL),
    "round_representable_length": ("u", UINT),
    "representable_alignment_mask": ("u", UINT),
    "stack_get": ("", VOID_POINTER),
    "program_counter_get": ("", VOID_POINTER),
    "global_data_get": ("", VOID_POINTER),
}
"""Parameters (c capability, u 32-bit integer) and result; None gives back the first argument's type."""

PLAIN = {
    "__builtin_bswap16": ("u", UINT),
    "__builtin_bswap32": ("u", UINT),
    "__builtin_clz": ("u", INT),
    "__builtin_ctz": ("u", INT),
    "__builtin_ffs": ("u", INT),
    "__builtin_popcount": ("u", INT),
    "__builtin_parity": ("u", INT),
    "__builtin_clzll": ("l", INT),
    "__builtin_ctzll": ("l", INT),
    "__builtin_popcountll": ("l", INT),
    "__builtin_trap": ("", VOID),
    "__builtin_unreachable": ("", VOID),
}

LIBRARY = ("memcpy", "memmove", "memset", "memcmp", "strlen", "strcmp", "abs")
"""`__builtin_NAME` of these is a call of the declared function NAME."""


class Builtins:
    """The part of the analyser for calls of builtins."""

    def builtin(self, place: Place, name: str, nodes: list) -> Expr:
        match name:
            case "__builtin_va_start":
                return self._va_start(place, nodes)
            case "__builtin_va_end":
                return tree.Cast(place, VOID, self._va_list(place, nodes[0]))
            case "__builtin_va_copy":
                target = self.expression(nodes[0])
                value = self._va_list(place, nodes[1])
                return tree.Cast(place, VOID, tree.Assign(place, VOID_POINTER, target, value))
            case "__builtin_va_arg" | "va_arg":
                return self._va_arg(place, nodes)
            case "offsetof" | "__builtin_offsetof":
                return self._offset_of(place, nodes)
            case "__builtin_cheriot_import":
                return self._import(place, nodes)
            case "__builtin_cheriot_call_pair":
                return self._call_pair(place, nodes)
            case "__builtin_expect":
                return self.value(nodes[0])
            case "__builtin_constant_p":
                return Const(place, INT, int(isinstance(self.unevaluated(nodes[0]), Const)))
            case "__builtin_alloca":
                raise CompileError(place, "alloca is outside the subset", "a fixed array or malloc()")
        if name in PLAIN:
            codes, result = PLAIN[name]
            return self._made(place, name.removeprefix("__builtin_"), codes, result, nodes)
        short = name.removeprefix("__builtin_cheri_")
        if short != name and short in CAPABILITY:
            codes, result = CAPABILITY[short]
            return self._made(place, "cheri_" + short, codes, result, nodes)
        short = name.removeprefix("__builtin_")
        if short in LIBRARY:
            call = c_ast.FuncCall(c_ast.ID(short), c_ast.ExprList(nodes))
            call.coord = call.name.coord = nodes[0].coord
            return self.expression(call)
        raise CompileError(place, f"unknown builtin '{name}'")

    def _made(self, place: Place, name: str, codes: str, result: CType | None, nodes: list) -> Expr:
        if len(nodes) != len(codes):
            raise CompileError(place, f"builtin '{name}' takes {len(codes)} arguments, not {len(nodes)}")
        args = []
        for code, node in zip(codes, nodes, strict=True):
            arg = self.value(node)
            if code == "c":
                if not arg.type.is_cap and not isinstance(arg, Const):
                    raise CompileError(arg.place, f"builtin '{name}' needs a pointer or uintptr_t, not '{arg.type}'")
                if not arg.type.is_cap:
                    arg = fold.cast(place, VOID_POINTER, arg)
            elif not arg.type.is_integer:
                raise CompileError(arg.place, f"builtin '{name}' needs an integer, not '{arg.type}'")
            else:
                arg = fold.cast(place, UINT if code == "u" else ULLONG, arg)
            args.append(arg)
        if result is None:
            result = args[0].type.unqualified()
        return tree.Builtin(place, result, name, args)

    def _import(self, place: Place, nodes: list) -> Expr:
        """`__builtin_cheriot_import("kind.name...")`: what the description of the system grants under that name."""
        if self.unit.compartment is None:
            raise CompileError(place, "only a compartment or library has an import table", "--compartment NAME")
        if not nodes or any(not isinstance(n, c_ast.Constant) or "string" not in n.type for n in nodes):
            raise CompileError(place, "__builtin_cheriot_import takes string literals")
        parts = [literals.string(place, node.value)[0].rstrip(b"\0").decode() for node in nodes]
        return tree.Import(place, VOID_POINTER, interface.slot(".".join(parts)))

    def _call_pair(self, place: Place, nodes: list) -> Expr:
        """`__builtin_cheriot_call_pair(uintptr_t out[2], f(...))`: out[0] and out[1] become ca0 and ca1 as returned."""
        out, call = [self.value(node) for node in nodes] if len(nodes) == 2 else (None, None)
        one_register = call is not None and (call.type.is_cap or (call.type.is_integer and call.type.size <= 4))
        if not isinstance(call, tree.Call) or not one_register or not out.type.is_pointer:
            raise CompileError(place, "__builtin_cheriot_call_pair takes an array and a call with a result in ca0")
        return tree.CallPair(place, VOID, out, call)

    def _va_start(self, place: Place, nodes: list) -> Expr:
        if not self.function_type.variadic:
            raise CompileError(place, "va_start in a function without '...'")
        target = self.expression(nodes[0])
        return tree.Assign(place, VOID_POINTER, target, tree.Builtin(place, VOID_POINTER, "va_area", []))

    def _va_list(self, place: Place, node) -> Expr:
        expr = self.value(node)
        if not (expr.type.is_pointer and expr.type.to.is_void):
            raise CompileError(place, f"a va_list is needed, this is '{expr.type}'")
        return expr

    def _va_arg(self, place: Place, nodes: list) -> Expr:
        lvalue = self.expression(nodes[0])
        self._va_list(place, nodes[0])
        ctype = self.type_name(nodes[1]).unqualified()
        if isinstance(ctype, ArrayType) or ctype.size is None or (ctype.is_integer and ctype.size < 4):
            raise CompileError(place, f"va_arg cannot fetch '{ctype}'", "int: narrower arguments arrive promoted")
        return tree.VaArg(place, ctype, lvalue)

    def _offset_of(self, place: Place, nodes: list) -> Expr:
        ctype = self.type_name(nodes[0])
        ctype, offset = self._designated(ctype, nodes[1])
        return Const(place, SIZE_T, offset)

    def _designated(self, ctype: CType, node) -> tuple[CType, int]:
        """Type and offset of a.b[3] inside `ctype`."""
        place = place_of(node)
        if isinstance(node, c_ast.ArrayRef):
            inner, offset = self._designated(ctype, node.name)
            index = fold.integer_constant(self.value(node.subscript), "an index in offsetof")
            if not isinstance(inner, ArrayType):
                raise CompileError(place, f"offsetof: '{inner}' is not an array")
            return inner.of, offset + index * inner.of.size
        if isinstance(node, c_ast.StructRef):
            ctype, offset = self._designated(ctype, node.name)
            name = node.field.name
        else:
            offset, name = 0, node.name
        found = ctype.find(name) if ctype.is_record else None
        if found is None:
            raise CompileError(place, f"offsetof: '{ctype}' has no member '{name}'")
        if found[0].width is not None:
            raise CompileError(place, f"offsetof: '{name}' is a bit-field")
        return found[0].type, offset + found[1]
