"""Lowering of compiler builtins to capability operations."""

from cosim.toolchain.cc import tree
from cosim.toolchain.cc.ir import Value

FIELDS = {
    "cheri_base_get": "cgetbase", "cheri_length_get": "cgetlen", "cheri_top_get": "cgettop",
    "cheri_perms_get": "cgetperm", "cheri_type_get": "cgettype", "cheri_tag_get": "cgettag",
    "cheri_high_get": "cgethigh",
}  # fmt: skip
TO_CAPABILITY = {
    "cheri_address_set": "setaddr", "cheri_bounds_set": "csetbounds", "cheri_bounds_set_exact": "csetboundsexact",
    "cheri_bounds_set_rounded_down": "csetboundsrounddown", "cheri_perms_and": "candperm",
    "cheri_high_set": "csethigh", "cheri_tag_clear": "ccleartag", "cheri_seal": "cseal", "cheri_unseal": "cunseal",
    "cheri_offset_increment": "ptradd",
}  # fmt: skip
TO_INTEGER = {
    "cheri_equal_exact": "csetequalexact", "cheri_subset_test": "ctestsubset",
    "cheri_round_representable_length": "crrl", "cheri_representable_alignment_mask": "cram",
}  # fmt: skip
RUNTIME = {
    "clz": "__clzsi2", "ctz": "__ctzsi2", "ffs": "__ffssi2", "popcount": "__popcountsi2", "parity": "__paritysi2",
    "clzll": "__clzdi2", "ctzll": "__ctzdi2", "popcountll": "__popcountdi2",
    "bswap16": "__bswapsi2", "bswap32": "__bswapsi2",
}  # fmt: skip
REGISTERS = {"cheri_stack_get": "csp", "cheri_global_data_get": "cgp"}


class BuiltinLowering:
    """The part of lowering for builtins."""

    def builtin_value(self, node: tree.Builtin) -> Value:
        name, e = node.name, self.b.emit
        if name == "trap":
            e("unimp")
            return self.b.const(0)
        if name == "unreachable":
            self.b.stop()
            return self.b.const(0)
        if name == "va_area":
            return self.b.offset(self._stack_area(), self.va_offset)
        args: list[Value] = []
        for arg in node.args:
            value = self.value(arg)
            args += value if isinstance(value, tuple) else [value]
        if name in FIELDS:
            return e(FIELDS[name], tuple(args))
        if name in TO_CAPABILITY:
            return e(TO_CAPABILITY[name], tuple(args), cap=True)
        if name in TO_INTEGER:
            return e(TO_INTEGER[name], tuple(args))
        if name in REGISTERS:
            return e("register", (), REGISTERS[name], cap=True)
        if name in RUNTIME:
            value = self.call_runtime(RUNTIME[name], tuple(args), (False,))
            return e("srl", (value, self.b.const(16))) if name == "bswap16" else value
        match name:
            case "cheri_address_get":
                return e("addr", tuple(args))
            case "cheri_sealed_get":
                return e("sne", (e("cgettype", tuple(args)), self.b.const(0)))
            case "cheri_offset_get":
                return e("sub", (e("addr", tuple(args)), e("cgetbase", tuple(args))))
            case "cheri_offset_set":
                base = e("cgetbase", (args[0],))
                return e("setaddr", (args[0], e("add", (base, args[1]))), cap=True)
            case "cheri_program_counter_get":
                return e("pcc", (), cap=True)
        raise AssertionError(f"builtin without lowering: {name}")
