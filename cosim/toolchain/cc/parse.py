"""Source file to pycparser's tree; the grammar's refusals become diagnostics."""

import re
from pathlib import Path

from pycparser import c_ast
from pycparser.c_lexer import Token
from pycparser.c_parser import CParser, ParseError

from cosim.toolchain.cc.diagnostics import CompileError, Place, SourceLines
from cosim.toolchain.cc.lexer import Lexer
from cosim.toolchain.cc.preprocess import preprocess

_WHERE = re.compile(r"^(?P<file>.*?):(?P<line>\d+):(?:(?P<column>\d+):)? ?(?P<text>.*)$", re.S)

BUILTIN_TYPES = ("__uintcap_t", "__intcap_t", "__builtin_va_list")
"""Names the parser has to take for types; semantic analysis knows what they mean."""


def place_of(node: c_ast.Node) -> Place:
    coord = node.coord
    return Place(coord.file, coord.line, coord.column or 0) if coord is not None else Place("<unknown>", 0)


def parse(
    path: Path | str,
    include: list[Path],
    defines: dict[str, str],
    sources: SourceLines,
    text: str | None = None,
) -> c_ast.FileAST:
    """Preprocess and parse one file, or `text` as if the file held it."""
    if text is not None:
        sources.note_source(text, str(path))
    text = preprocess(path, include, defines, text)
    sources.note_expanded(text, str(path))
    parser = CParser(lexer=Lexer, dialect="c23")
    prelude = " ".join(f"typedef int {name};" for name in BUILTIN_TYPES)
    try:
        unit = parser.parse(f'{prelude}\n#line 1 "{path}"\n{text}', str(path))
    except ParseError as error:
        raise _as_compile_error(str(error), parser.clex.last) from None
    except RecursionError:
        raise CompileError(Place(str(path), 1), "nested too deeply", "smaller expressions") from None
    del unit.ext[: len(BUILTIN_TYPES)]
    return unit


def _as_compile_error(text: str, last: Token) -> CompileError:
    match = _WHERE.match(text)
    if match is None:
        message = text.rpartition(": ")[2].lower()
        return CompileError(Place(last.filename, last.lineno, last.column), f"{message} near '{last.value}'")
    place = Place(match["file"], int(match["line"]), int(match["column"] or 0))
    message = match["text"]
    if message.startswith("before: "):
        message = f"syntax error before '{message[8:]}'"
    return CompileError(place, message)
