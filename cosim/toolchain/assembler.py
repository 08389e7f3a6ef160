"""The assembler: text in CHERIoT LLVM spelling to an object for the linker.

Mnemonics and operands are read as rtl.isa.table has them, with the aliases of `aliases`; a leading `ct.` is ignored.
Names of a register as an integer and as a capability may stand for each other. As the target of a branch or jump a
number is a distance and anything with a symbol is a place. `cllc cd, symbol` makes a capability relative to PCC,
`clgc cd, symbol` one relative to the globals pointer in cgp; `li rd, symbol` the address as an integer.

An instruction is compressed where a halfword expands to exactly it (`.option norvc` turns that off); a branch takes
the shortest form that reaches. The directives are those of `directives` and `macros`.
"""

from collections.abc import Mapping
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.builder import Builder
from cosim.toolchain.directives import run_directive
from cosim.toolchain.instructions import emit_instruction
from cosim.toolchain.macros import Reader
from cosim.toolchain.objectfile import Object
from cosim.toolchain.source import AsmError, Place, Statement, head_and_rest, split_statements


def assemble(
    text: str,
    name: str = "<text>",
    include_paths: tuple[Path, ...] = (),
    constants: Mapping[str, int] | None = None,
) -> Object:
    """Assemble one source.

    `name` stands in messages and listings. `.include` looks beside the including file, then in
    `include_paths`. `constants` are symbols defined beforehand. Raises AsmError (a UserError) with the place of
    the first mistake.
    """
    builder = Builder(name)
    for constant, value in (constants or {}).items():
        builder.symbol(constant, Place("constants", 0)).value = value

    def load(file: str, place: Place) -> list[Statement]:
        for folder in (Path(place.file).parent, *include_paths):
            path = folder / file
            if path.is_file():
                return statements(read_source(path), str(path))
        raise AsmError(place, f'cannot find "{file}" to include')

    def statements(text: str, file: str) -> list[Statement]:
        builder.object.sources[file] = text.split("\n")
        return split_statements(text, file)

    reader = Reader(builder.constant, builder.defined, load)
    for statement in reader.read(statements(text, name)):
        _assemble_statement(builder, statement)
    return builder.object


def assemble_file(
    path: Path, include_paths: tuple[Path, ...] = (), constants: Mapping[str, int] | None = None
) -> Object:
    """Assemble the source in a file."""
    return assemble(read_source(path), str(path), include_paths, constants)


def read_source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot read it: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a text file: byte {error.start} is no UTF-8") from None


def _assemble_statement(builder: Builder, statement: Statement) -> None:
    text, place = statement.text, statement.place
    if text.endswith(":"):
        builder.label(text[:-1], place)
        return
    head, rest = head_and_rest(text)
    name, equals, value = text.partition("=")
    if equals and not value.startswith("=") and name.strip().replace(".", "_").replace("$", "_").isidentifier():
        builder.assign(name.strip(), value, place)
    elif head.startswith("."):
        run_directive(builder, head, rest, place)
    else:
        emit_instruction(builder, head, rest, place)
