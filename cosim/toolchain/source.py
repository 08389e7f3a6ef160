"""Assembly text to statements: comments and separators gone, every statement with its place."""

import re
from dataclasses import dataclass

from cosim.errors import UserError

_PIECE = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>'(?:\\.|[^'\\\n])'?)
      | (?P<comment>/\*.*?\*/ | //[^\n]* | \#[^\n]*)
      | (?P<open>" | /\*)
      | (?P<end>[;\n])
      | (?P<text>[^"'/\#;\n]+ | .)""",
    re.VERBOSE | re.DOTALL,
)
_C_DIRECTIVE = re.compile(r"\s*#\s*(include|define|undef|if|ifdef|ifndef|else|elif|endif|pragma|error)\b")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a source file, counted from 1, and where the macro was used if it stands in one."""

    file: str
    line: int
    used_at: "Place | None" = None

    def __str__(self) -> str:
        if self.used_at is None:
            return f"{self.file}:{self.line}"
        user = self.used_at
        while user.used_at is not None:
            user = user.used_at
        return f"{self.file}:{self.line} (in a macro used at {user})"


class AsmError(UserError):
    """Something wrong in the sources, with its place."""

    def __init__(self, place: Place, message: str):
        super().__init__(f"{place}: {message}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Statement:
    """A label, a directive or an instruction, without comments and outer blanks; never empty."""

    place: Place
    text: str


def split_statements(text: str, file: str) -> list[Statement]:
    """All statements of a text; a comment counts as a blank, `;` and the line's end separate."""
    for number, line in enumerate(text.split("\n"), 1):
        if match := _C_DIRECTIVE.match(line):
            raise AsmError(Place(file, number), f"#{match[1]} is for the C preprocessor; use .include, .equ or .if")
    found: list[Statement] = []
    line, start, pieces = 1, 1, []
    for match in _PIECE.finditer(text + "\n"):
        piece = match[0]
        if match.lastgroup == "open":
            what = "string" if piece == '"' else "comment"
            raise AsmError(Place(file, line), f"this {what} has no end")
        if match.lastgroup == "end":
            if statement := "".join(pieces).strip():
                found.append(Statement(Place(file, start), statement))
            pieces = []
            start = line + (piece == "\n")
        else:
            pieces.append(" " if match.lastgroup == "comment" else piece)
        line += piece.count("\n")
    return found


def split_operands(text: str) -> list[str]:
    """Operands between commas that stand outside of brackets and strings."""
    found, depth, start = [], 0, 0
    for match in re.finditer(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'?|[(),]""", text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == "," and depth == 0:
            found.append(text[start : match.start()].strip())
            start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if found or rest else []


def head_and_rest(text: str) -> tuple[str, str]:
    """The first word of a statement and what follows it."""
    head, *rest = text.split(None, 1)
    return head, rest[0] if rest else ""


_ESCAPES = {"n": 10, "t": 9, "r": 13, "b": 8, "f": 12, "a": 7, "v": 11}


def unescape(body: str) -> bytes:
    """The bytes of what stands between the quotes of a string or a character."""

    def one(match: re.Match) -> bytes:
        escape = match[1].decode()
        if escape[0] in "01234567":
            return bytes([int(escape, 8) & 0xFF])
        if escape[0] == "x" and len(escape) > 1:
            return bytes([int(escape[1:], 16) & 0xFF])
        return bytes([_ESCAPES.get(escape, ord(escape[0]))])

    return re.sub(rb"\\([0-7]{1,3}|x[0-9a-fA-F]+|.)", one, body.encode())
