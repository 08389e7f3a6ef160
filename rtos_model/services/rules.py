"""The rules of the services by identifier, and the scenarios that the catalogue must have.

TH threads, TO time limits, FX futexes, IR interrupt words, MW multiwaiters, LK locks, EG event groups, MQ message
queues, RB ring buffer, TP thread pool, TM software timers, HP heap, TK sealed objects, CP compartments, SG sharing
guarantees, AU audit report, QC comparisons.
"""


def _numbers(text: str) -> list[str]:
    """`1-3 10 10a` to ["1", "2", "3", "10", "10a"]."""
    found = []
    for part in text.split():
        first, dash, last = part.partition("-")
        found += [str(n) for n in range(int(first), int(last) + 1)] if dash else [part]
    return found


FAMILIES = {
    "TH": "1-20",
    "TO": "1-12",
    "FX": "1-10 10a 11-12",
    "IR": "1-8",
    "MW": "1-8",
    "LK": "1-23 30-31",
    "EG": "1-9",
    "MQ": "1-22 30-33",
    "RB": "1-7",
    "TP": "1-7",
    "TM": "1-6",
    "HP": "1-34 40-46",
    "TK": "1-6 10-14 20-21 30",
    "CP": "1-7 10-16 24 30-38 40-41",
    "SG": "1-26",
    "AU": "1-5",
    "QC": "1-15",
}
RULES: tuple[str, ...] = tuple(f"{family}-{n}" for family, text in FAMILIES.items() for n in _numbers(text))
SCENARIOS: tuple[str, ...] = tuple(f"SC-{n}" for n in _numbers("1-18 20-48 50-58 60-82 90-117 120-145 150-190"))
OWN: tuple[str, ...] = tuple(f"SX-{n}" for n in _numbers("1-5"))
"""Scenarios beyond the catalogue, for rules that it does not exercise."""
