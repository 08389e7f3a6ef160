"""Run the C preprocessor (pcpp) over one source file."""

import io
import os
from pathlib import Path

import pcpp

from cosim.toolchain.cc.diagnostics import CompileError, Place

PREDEFINED = {
    "__STDC__": "1",
    "__STDC_VERSION__": "201112L",
    "__STDC_HOSTED__": "0",
    "__STDC_NO_ATOMICS__": "1",
    "__STDC_NO_COMPLEX__": "1",
    "__STDC_NO_THREADS__": "1",
    "__STDC_NO_VLA__": "1",
    "__cheriot_cc__": "1",
    "__CHERIOT__": "20250812",
    "__CHERI__": "1",
    "__CHERI_PURE_CAPABILITY__": "2",
    "__CHERI_CAPABILITY_WIDTH__": "64",
    "__CHERI_ADDRESS_BITS__": "32",
    "__riscv": "1",
    "__riscv_xlen": "32",
    "__riscv_32e": "1",
    "__riscv_mul": "1",
    "__riscv_div": "1",
    "__riscv_compressed": "1",
    "__CHAR_BIT__": "8",
    "__CHAR_UNSIGNED__": "1",
    "__SIZEOF_INT__": "4",
    "__SIZEOF_LONG__": "4",
    "__SIZEOF_LONG_LONG__": "8",
    "__SIZEOF_POINTER__": "8",
    "__SIZEOF_SIZE_T__": "4",
    "__INT_MAX__": "2147483647",
    "__LONG_MAX__": "2147483647L",
    "__LONG_LONG_MAX__": "9223372036854775807LL",
    "__ORDER_LITTLE_ENDIAN__": "1234",
    "__ORDER_BIG_ENDIAN__": "4321",
    "__BYTE_ORDER__": "1234",
    "__SIZE_TYPE__": "unsigned int",
    "__PTRDIFF_TYPE__": "int",
    "__UINTPTR_TYPE__": "__uintcap_t",
    "__INTPTR_TYPE__": "__intcap_t",
    "__PTRADDR_TYPE__": "unsigned int",
    "__INT8_TYPE__": "signed char",
    "__UINT8_TYPE__": "unsigned char",
    "__INT16_TYPE__": "short",
    "__UINT16_TYPE__": "unsigned short",
    "__INT32_TYPE__": "int",
    "__UINT32_TYPE__": "unsigned int",
    "__INT64_TYPE__": "long long",
    "__UINT64_TYPE__": "unsigned long long",
}
"""What CHERIoT clang predefines too, as far as portable firmware tests it, and `__cheriot_cc__`."""


class _Preprocessor(pcpp.Preprocessor):
    """pcpp with errors raised instead of printed, and no dependence on the clock."""

    def __init__(self):
        super().__init__()
        self.assume_encoding = "utf-8"
        self.compress = 0
        for name in ("__DATE__", "__TIME__", "__PCPP__"):
            self.macros.pop(name, None)

    def on_file_open(self, is_system_include, includepath):
        with open(includepath, encoding="utf-8") as handle:
            return io.StringIO(spliced(handle.read()))

    def on_error(self, file, line, msg):
        raise CompileError(Place(str(file), line), f"preprocessor: {msg}")

    def on_include_not_found(self, is_malformed, is_system_include, curdir, includepath):
        place = Place(str(self.macros["__FILE__"].value[0].value).strip('"'), self.lastdirective.lineno)
        if is_malformed:
            raise CompileError(place, '#include needs <name> or "name"')
        raise CompileError(place, f"no header '{includepath}'", "a header of the project, or -I with its folder")

    def on_directive_unknown(self, directive, toks, ifpassthru, precedingtoks):
        place = Place(directive.source, directive.lineno)
        if directive.value == "error":
            raise CompileError(place, f"#error {''.join(tok.value for tok in toks)}")
        if directive.value in ("warning", "ident"):
            return True
        if directive.value in ("pragma", "line"):
            return super().on_directive_unknown(directive, toks, ifpassthru, precedingtoks)
        raise CompileError(place, f"unknown directive '#{directive.value}'")


def spliced(text: str) -> str:
    """Lines that end in a backslash joined with the next (C11 5.1.1.2); the number of lines stays."""
    if "\\" not in text:
        return text
    out, parts = [], []
    for row in text.split("\n"):
        bare = row.rstrip(" \t\r")
        if bare.endswith("\\"):
            parts.append(bare[:-1])
            continue
        out.append("".join([*parts, row]))
        out += [""] * len(parts)
        parts = []
    return "\n".join([*out, *parts])


def _read(source: str) -> str:
    try:
        with open(source, encoding="utf-8") as handle:
            return handle.read()
    except OSError as error:
        raise CompileError(None, f"{source}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CompileError(None, f"{source}: not UTF-8 text") from None


def preprocess(path: Path | str, include: list[Path], defines: dict[str, str], text: str | None = None) -> str:
    """The preprocessed text with #line marks, of the file or of `text` in its place.

    Raises CompileError for what the preprocessor refuses.
    """
    source = str(path)
    if text is None:
        text = _read(source)
    tool = _Preprocessor()
    for folder in include:
        tool.add_path(os.fspath(folder))
    for name, value in {**PREDEFINED, **defines}.items():
        tool.define(f"{name} {value}")
    out = io.StringIO()
    tool.parse(spliced(text), source)
    tool.write(out)
    return out.getvalue()
