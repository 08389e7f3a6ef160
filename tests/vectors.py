"""The worked vectors of the ISA, for tests of circuits."""

from pathlib import Path

from rtos_model.machine.capability import Cap

FILE = Path(__file__).parent / "machine" / "vectors.txt"


def worked(group):
    """The vectors of a group, each its name and its columns as strings."""
    rows = [line.split(" | ") for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    return [row for row in rows if row[0].rstrip("0123456789") == group]


def capability(text):
    """`tag metadata address`."""
    return Cap.from_words(*(int(word, 0) for word in text.split()))
