"""Cut a failing source text down to the lines that matter."""

from collections.abc import Callable


def blocks(lines: list[str]) -> list[tuple[int, int]]:
    """Ranges [start, end) that may go together: every single line, and every line that opens braces with its block."""
    found = []
    for start in range(len(lines)):
        depth, end = 0, start
        while end < len(lines):
            depth += lines[end].count("{") - lines[end].count("}")
            end += 1
            if depth <= 0:
                break
        if depth == 0:
            found.append((start, end))
    return found


def shrink(text: str, fails: Callable[[str], bool], keep: int = 0) -> str:
    """The smallest text found by removing balanced blocks and lines while `fails` stays true.

    The first `keep` lines are left alone. Larger blocks go first, so few trials are needed.
    """
    lines = text.split("\n")
    size = len(lines)
    while size:
        spans = [span for span in blocks(lines) if span[0] >= keep and span[1] - span[0] <= size]
        removed = False
        for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
            if end > len(lines) or lines[start:end] == [""]:
                continue
            if (start, end) not in blocks(lines):
                continue
            trial = lines[:start] + lines[end:]
            if fails("\n".join(trial)):
                lines, removed = trial, True
        at = keep
        while at < len(lines):  # the braces of a block without its contents
            span = next((span for span in blocks(lines) if span[0] == at and span[1] > at + 1), None)
            if span is not None:
                trial = lines[:at] + lines[at + 1 : span[1] - 1] + lines[span[1] :]
                if fails("\n".join(trial)):
                    lines, removed = trial, True
                    continue
            at += 1
        if not removed:
            break
    return "\n".join(lines)
