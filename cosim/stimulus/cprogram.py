"""Random C programs with one meaning: no undefined behaviour beyond wrap-around, no order of evaluation that matters.

Every statement stands on its own line and blocks are balanced, so that a failing program can be cut down by lines.
"""

from random import Random

PRELUDE = """\
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
typedef signed char s8; typedef unsigned char u8; typedef short s16; typedef unsigned short u16;
typedef int s32; typedef unsigned u32; typedef long long s64; typedef unsigned long long u64;
static u32 crc = 0x12345678;
static void mix(u64 v) {
  for (int i = 0; i < 2; i++) { crc = (crc ^ (u32)v) * 0x01000193u; crc ^= crc >> 15; v >>= 32; }
}
static void show(const char *what) {
  for (; *what; what++) putchar(*what);
  putchar(' ');
  for (int i = 28; i >= 0; i -= 4) putchar("0123456789abcdef"[crc >> i & 15]);
  putchar('\\n');
}
"""
PRELUDE += """\
static u64 many(int count, ...) {
  va_list list;
  va_start(list, count);
  u64 sum = count;
  for (; count > 0; count--) sum = sum * 31 + (count & 1 ? (u64)va_arg(list, int) : va_arg(list, u64));
  va_end(list);
  return sum;
}
static u32 walk(const u8 *from, int count) { u32 sum = 0; while (count--) sum = sum * 33 + *from++; return sum; }
"""
INTEGERS = ("s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64")
WIDTHS = {"s8": 8, "u8": 8, "s16": 16, "u16": 16, "s32": 32, "u32": 32, "s64": 64, "u64": 64}
CONSTANTS = (0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 100, 127, 128, 255, 256, 1000, 2047, 2048, 4095, 32767, 32768, 65535,
             65536, 0x12345678, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)  # fmt: skip
WIDE = (0x100000000, 0x123456789ABCDEF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFF00000001)


class Program:
    """Generates one program; `text()` is the whole source."""

    def __init__(self, rng: Random, size: int = 40):
        self.rng, self.size = rng, size
        self.lines: list[str] = []
        self.structs: list[tuple[str, list[tuple[str, str]]]] = []
        self.functions: list[tuple[str, str, list[str]]] = []
        self.globals: list[tuple[str, str]] = []
        self.arrays: list[tuple[str, str, int]] = []
        self.records: list[tuple[str, int]] = []
        self.names = 0
        self.depth = 0
        self.scalars: list[tuple[str, str]] = []
        self.pointers: list[tuple[str, str]] = []
        self.in_loop = 0

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def text(self) -> str:
        rng = self.rng
        for _ in range(rng.randint(1, 3)):
            self._struct()
        for _ in range(rng.randint(2, 5)):
            ctype, name = rng.choice(INTEGERS), self.name("g")
            qualifier = rng.choice(("static ", "", "volatile "))
            self.lines.append(f"{qualifier}{ctype} {name} = {self.constant(ctype)};")
            self.globals.append((name, ctype))
        for _ in range(rng.randint(1, 3)):
            ctype, name, count = rng.choice(INTEGERS), self.name("a"), rng.choice((2, 4, 8, 16))
            values = ", ".join(self.constant(ctype) for _ in range(rng.randint(0, count)))
            self.lines.append(f"static {ctype} {name}[{count}] = {{{values or '0'}}};")
            self.arrays.append((name, ctype, count))
        for index in range(len(self.structs)):
            name = self.name("r")
            self.lines.append(f"static {self.structs[index][0]} {name};")
            self.records.append((name, index))
        for _ in range(rng.randint(1, 4)):
            self._function()
        self._main()
        return PRELUDE + "\n".join(self.lines) + "\n"

    def _struct(self) -> None:
        rng, name = self.rng, self.name("S")
        keyword = rng.choice(("struct", "struct", "struct", "union"))
        fields: list[tuple[str, str]] = []
        body = []
        for _ in range(rng.randint(1, 6)):
            field = self.name("m")
            if rng.random() < 0.3:
                width = rng.randint(1, 32)
                ctype = rng.choice(("s32", "u32"))
                body.append(f"{ctype} {field} : {width};")
                fields.append((field, ctype))
            elif rng.random() < 0.2:
                ctype = rng.choice(INTEGERS)
                body.append(f"{ctype} {field}[4];")
                fields.append((f"{field}[{{index}}]", ctype))
            else:
                ctype = rng.choice(INTEGERS)
                body.append(f"{ctype} {field};")
                fields.append((field, ctype))
        if keyword == "union":  # bytes that a member does not cover would differ
            ctype = rng.choice(("u32", "s64"))
            field = self.name("m")
            body, fields = [f"{ctype} {field};", f"u8 {field}b[4];"], [(field, ctype), (f"{field}b[{{index}}]", "u8")]
        self.lines.append(f"typedef {keyword} {{ {' '.join(body)} }} {name};")
        self.structs.append((name, fields))

    # expressions

    def constant(self, ctype: str) -> str:
        rng = self.rng
        value = rng.choice(CONSTANTS) if rng.random() < 0.7 else rng.getrandbits(rng.randint(1, 32))
        if WIDTHS[ctype] == 64 and rng.random() < 0.4:
            value = rng.choice(WIDE)
        sign = "-" if rng.random() < 0.25 else ""
        suffix = (
            "ULL" if value > 0x7FFFFFFFFFFFFFFF else "LL" if value > 0xFFFFFFFF else "u" if value > 0x7FFFFFFF else ""
        )
        return f"({ctype}){sign}{value}{suffix}"

    def place(self) -> tuple[str, str] | None:
        """Something that can be read and assigned, with its type."""
        rng = self.rng
        options = []
        if self.scalars:
            options += [rng.choice(self.scalars)] * 4
        if self.globals:
            options += [rng.choice(self.globals)] * 2
        if self.arrays:
            name, ctype, count = rng.choice(self.arrays)
            index = f"({self.expression(1)}) & {count - 1}" if self.depth < 3 else str(rng.randrange(count))
            options.append((f"{name}[{index}]", ctype))
        if self.records:
            name, index = rng.choice(self.records)
            field, ctype = rng.choice(self.structs[index][1])
            options.append((f"{name}.{field.replace('{index}', str(rng.randrange(4)))}", ctype))
        if self.pointers:
            name, ctype = rng.choice(self.pointers)
            options.append((f"(*{name})", ctype))
        return rng.choice(options) if options else None

    def expression(self, budget: int) -> str:
        self.depth += 1
        text = self._expression(budget if self.depth < 6 else 0)
        self.depth -= 1
        return text

    def _expression(self, budget: int) -> str:
        rng = self.rng
        if budget <= 0 or rng.random() < 0.15:
            place = self.place() if self.depth < 6 else None
            if place is not None and rng.random() < 0.75:
                return place[0]
            return self.constant(rng.choice(INTEGERS))
        a, b = self.expression(budget - 1), self.expression(budget - 1)
        kind = rng.randrange(12)
        if kind < 4:
            return f"({a} {rng.choice(('+', '-', '*', '&', '|', '^'))} {b})"
        if kind == 4:
            divisor = rng.choice(("3", "7", "10", "16", "1000u", "-5", f"(({b}) | 1)"))
            ctype = rng.choice(("u32", "u64", "s32", "s64"))
            if ctype[0] == "s":  # the most negative number divided by -1 has no quotient
                return f"(({ctype})({a}) / 2 {rng.choice('/%')} ({ctype})({divisor}))"
            return f"(({ctype})({a}) {rng.choice('/%')} ({ctype})({divisor}))"
        if kind == 5:
            ctype = rng.choice(("s32", "u32", "s64", "u64"))
            return f"(({ctype})({a}) {rng.choice(('<<', '>>'))} (({b}) & {WIDTHS[ctype] - 1}))"
        if kind == 6:
            return f"({a} {rng.choice(('<', '<=', '>', '>=', '==', '!='))} {b})"
        if kind == 7:
            return f"({a} {rng.choice(('&&', '||'))} {b})"
        if kind == 8:
            return f"({a} ? {b} : {self.expression(budget - 1)})"
        if kind == 9:
            return f"{rng.choice(('-', '~', '!', '+'))}({a})"
        return f"({rng.choice(INTEGERS)})({a})"

    # statements

    def line(self, text: str) -> None:
        self.lines.append("  " * (self.depth + 1) + text)

    def statement(self, level: int) -> None:
        rng = self.rng
        kind = rng.randrange(25)
        if kind < 7 or level > 3:
            place = self.place()
            if place is None:
                return
            op = rng.choice(("=", "=", "=", "+=", "-=", "*=", "&=", "|=", "^="))
            self.line(f"{place[0]} {op} {self.expression(rng.randint(1, 3))};")
        elif kind < 9:
            self._declaration()
        elif kind == 9:
            place = self.place()
            if place is not None:
                self.line(rng.choice((f"{place[0]}++;", f"--{place[0]};", f"mix({place[0]}--);")))
        elif kind < 12:
            self.line(f"if ({self.expression(2)}) {{")
            self._block(level + 1)
            if rng.random() < 0.5:
                self.line("} else {")
                self._block(level + 1)
            self.line("}")
        elif kind < 14:
            self._loop(level)
        elif kind == 14:
            self._switch(level)
        elif kind == 15 and self.functions:
            self._call()
        elif kind == 16 and self.records:
            self._record_statement()
        elif kind == 18:
            count = rng.randint(0, 7)
            args = "".join(f", ({'int' if left % 2 else 'u64'})({self.expression(1)})" for left in range(count, 0, -1))
            self.line(f"mix(many({count}{args}));")
        elif kind == 19:
            self._jump(level)
        elif kind == 20:
            self._kept()
        elif kind == 21:
            self._bytes()
        elif kind == 22:
            self._table()
        elif kind == 17 and self.in_loop:
            self.line(f"if ({self.expression(1)}) {rng.choice(('break', 'continue'))};")
        else:
            self.line(f"mix({self.expression(2)});")

    def _jump(self, level: int) -> None:
        """A forward goto over a block."""
        label = self.name("l")
        self.line(f"if ({self.expression(1)}) goto {label};")
        self.line("{")
        self._block(level + 1)
        self.line("}")
        self.line(f"{label}: mix({self.expression(1)});")

    def _kept(self) -> None:
        ctype, name = self.rng.choice(INTEGERS), self.name("k")
        self.line("{")
        self.line(f"static {ctype} {name} = {self.constant(ctype)};")
        self.line(f"{name} += {self.expression(2)}; mix({name});")
        self.line("}")

    def _bytes(self) -> None:
        """An array looked at as bytes, or copied."""
        name, ctype, count = self.rng.choice(self.arrays)
        copy = self.name("b")
        self.line("{")
        self.line(f"{ctype} {copy}[{count}], *{copy}p = {copy} + {self.rng.randrange(count)};")
        self.line(f"memcpy({copy}, {name}, sizeof {copy}); *{copy}p ^= {self.expression(1)};")
        self.line(f"mix(walk((const u8 *){copy}, sizeof {copy})); mix({copy}p - {copy});")
        self.line("}")

    def _table(self) -> None:
        """A local table with rows, filled and summed."""
        ctype, name, rows = self.rng.choice(INTEGERS), self.name("t"), self.rng.randint(1, 4)
        values = ", ".join(self.expression(1) for _ in range(self.rng.randint(1, rows * 3)))
        self.line("{")
        self.line(f"{ctype} {name}[{rows}][3] = {{{values}}}, {name}s = 0;")
        self.line(f"for (int i = {rows * 3 - 1}; i >= 0; i--) {name}s = {name}s * 7 + {name}[i / 3][i % 3];")
        self.line(f"mix({name}s);")
        self.line("}")

    def _declaration(self) -> None:
        rng = self.rng
        if self.scalars and rng.random() < 0.3:
            target, ctype = rng.choice(self.scalars + self.globals)
            if any(target == name for name, _ in self.globals) and rng.random() < 0.5:
                return
            name = self.name("p")
            self.line(f"volatile {ctype} *{name} = &{target};")
            self.pointers.append((name, ctype))
            return
        ctype, name = rng.choice(INTEGERS), self.name("v")
        self.line(f"{ctype} {name} = {self.expression(2)};")
        self.scalars.append((name, ctype))

    def _block(self, level: int) -> None:
        keep = len(self.scalars), len(self.pointers)
        self.depth += 1
        for _ in range(self.rng.randint(1, 4)):
            self.statement(level)
        self.depth -= 1
        del self.scalars[keep[0] :], self.pointers[keep[1] :]

    def _loop(self, level: int) -> None:
        rng = self.rng
        counter, limit = self.name("i"), rng.randint(1, 6)
        form = rng.randrange(3)
        if form == 0:
            self.line(f"for (int {counter} = 0; {counter} < {limit}; {counter}++) {{")
        elif form == 1:
            self.line(f"for (u8 {counter} = {limit}; {counter}-- > 0; ) {{")
        else:
            self.line(f"for (s64 {counter} = {limit * 3}; {counter} > 0; {counter} -= 3) {{")
        self.in_loop += 1
        self._block(level + 1)
        self.in_loop -= 1
        self.line("}")

    def _switch(self, level: int) -> None:
        rng = self.rng
        outer, self.in_loop = self.in_loop, 0
        self.line(f"switch (({self.expression(2)}) & {rng.choice((3, 7, 15))}) {{")
        for value in sorted(rng.sample(range(16), rng.randint(1, 7))):
            self.line(f"case {value}: {{")
            self._block(level + 1)
            self.line("}" + rng.choice((" break;", " break;", " /* falls through */")))
        if rng.random() < 0.7:
            self.line("default: {")
            self._block(level + 1)
            self.line("}")
        self.line("}")
        self.in_loop = outer

    def _call(self) -> None:
        rng = self.rng
        ret, name, params = rng.choice(self.functions)
        args = []
        for param in params:
            if param in INTEGERS:
                args.append(self.expression(2))
            else:
                args.append(next(record for record, index in self.records if self.structs[index][0] == param))
        if rng.random() < 0.3 and ret != "void":
            pointer = self.name("q")
            self.line(f"{ret} (*{pointer})({', '.join(params) or 'void'}) = {name};")
            name = rng.choice((pointer, f"(*{pointer})"))
        call = f"{name}({', '.join(args)})"
        if ret == "void":
            self.line(f"{call};")
        elif ret in INTEGERS:
            self.line(f"mix({call});")
        else:
            target = next(record for record, index in self.records if self.structs[index][0] == ret)
            self.line(f"{target} = {call};")

    def _record_statement(self) -> None:
        name, index = self.rng.choice(self.records)
        ctype, fields = self.structs[index]
        copy = self.name("c")
        field, _ = self.rng.choice(fields)
        field = field.replace("{index}", str(self.rng.randrange(4)))
        self.line("{")
        self.line(f"{ctype} {copy} = {name}, *{copy}p = &{copy};")
        self.line(f"{copy}p->{field} = {self.expression(2)};")
        self.line(f"mix({copy}.{field}); {name} = *{copy}p;")
        self.line("}")

    def _function(self) -> None:
        rng, name = self.rng, self.name("f")
        kinds = [*INTEGERS, *INTEGERS, *(struct for struct, _ in self.structs)]
        ret = rng.choice([*INTEGERS, "void", *(struct for struct, _ in self.structs)])
        params = [(rng.choice(kinds), self.name("x")) for _ in range(rng.randint(0, 8))]
        inline = rng.choice(("static ", "static ", ""))
        head = ", ".join(f"{ctype} {param}" for ctype, param in params) or "void"
        self.lines.append(f"{inline}{ret} {name}({head}) {{")
        outer = self.records
        self.scalars = [(param, ctype) for ctype, param in params if ctype in INTEGERS]
        kinds_by_name = [struct for struct, _ in self.structs]
        self.records = outer + [(param, kinds_by_name.index(c)) for c, param in params if c not in INTEGERS]
        self.pointers = []
        for _ in range(rng.randint(2, self.size // 4)):
            self.statement(0)
        if ret in INTEGERS:
            self.line(f"return {self.expression(2)};")
        elif ret != "void":
            self.line(f"return {next(r for r, i in self.records if self.structs[i][0] == ret)};")
        self.lines.append("}")
        self.records, self.scalars, self.pointers = outer, [], []
        self.functions.append((ret, name, [ctype for ctype, _ in params]))

    def _main(self) -> None:
        self.lines.append("int main(void) {")
        for number in range(self.rng.randint(self.size // 2, self.size)):
            self.statement(0)
            if number % 4 == 3:
                self.line(f'show("{number}");')
        for name, _ in self.globals:
            self.line(f"mix({name});")
        for name, _, count in self.arrays:
            self.line(f"for (int i = 0; i < {count}; i++) mix({name}[i]);")
        for name, index in self.records:
            for field, _ in self.structs[index][1]:
                self.line(f"mix({name}.{field.replace('{index}', '1')});")
        self.line('show("end");')
        self.line("return 0;")
        self.lines.append("}")


def generate(seed: int, size: int = 40) -> str:
    """The program of a seed; the same on every machine."""
    return Program(Random(seed), size).text()
