"""Two logs side by side around the place where they part."""

from collections.abc import Sequence

BEFORE, AFTER = 6, 6
"""Events shown before and after the first that differs."""
WIDTH = 62


def side_by_side(
    left: Sequence[str], right: Sequence[str], at: int, right_at: int, titles: tuple[str, str]
) -> list[str]:
    """Lines of text: both logs around `at` and `right_at`, the first difference marked."""
    rows = [(titles[0], titles[1], " ")]
    for step in range(-BEFORE, AFTER + 1):
        mine, theirs = _line(left, at + step), _line(right, right_at + step)
        if mine or theirs:
            rows.append((mine, theirs, ">" if step == 0 else " " if mine == theirs else "|"))
    return [f"{mark} {mine:{WIDTH}.{WIDTH}} {theirs}" for mine, theirs, mark in rows]


def _line(log: Sequence[str], index: int) -> str:
    if index == len(log):
        return "(end of the log)"
    return f"{index:4} {log[index]}" if 0 <= index < len(log) else ""
