"""What the compiler says about a program it cannot translate: place, source line, reason, mend."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the sources; line and column count from 1, column 0 when only the line is known."""

    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


class CompileError(ValueError):
    """The program is outside the language or the subset.

    `message` says what is wrong, `hint` what to write instead (may be empty).
    """

    def __init__(self, place: Place | None, message: str, hint: str = ""):
        self.place, self.message, self.hint = place, message, hint
        super().__init__(self.describe(None))

    def describe(self, sources: "SourceLines | None") -> str:
        """The full text for the user: file:line:column, source line with a caret, and the mend."""
        where = f"{self.place}: " if self.place else ""
        text = f"{where}error: {self.message}"
        if sources is not None and self.place is not None:
            text += sources.excerpt(self.place)
        return text + (f"\n  write instead: {self.hint}" if self.hint else "")


class SourceLines:
    """Source lines for excerpts, and the preprocessed lines that tell whether a column still fits."""

    def __init__(self):
        self._files: dict[str, list[str]] = {}
        self._expanded: dict[tuple[str, int], str] = {}

    def note_source(self, text: str, file: str) -> None:
        """The text of a file that is not on disk."""
        self._files[file] = text.split("\n")

    def note_expanded(self, text: str, first_file: str) -> None:
        """Remember what each source line looked like after preprocessing."""
        file, line = first_file, 1
        for row in text.split("\n"):
            if row.startswith("#line "):
                number, _, name = row[6:].partition(" ")
                line, file = int(number), name.strip('"') or file
                continue
            self._expanded[file, line] = row
            line += 1

    def excerpt(self, place: Place) -> str:
        row = self._source(place)
        if row is None:
            return ""
        text = f"\n  {row}"
        if place.column and self._expanded.get((place.file, place.line)) == row:
            blanks = "".join("\t" if ch == "\t" else " " for ch in row[: place.column - 1])
            text += f"\n  {blanks}^"
        return text

    def _source(self, place: Place) -> str | None:
        if place.file not in self._files:
            try:
                with open(place.file, encoding="utf-8", errors="replace") as handle:
                    self._files[place.file] = handle.read().split("\n")
            except OSError:
                self._files[place.file] = []
        rows = self._files[place.file]
        return rows[place.line - 1].rstrip("\r") if 0 < place.line <= len(rows) else None
