"""What a misspelt word may have meant."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A clause for the end of a message, or nothing."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
