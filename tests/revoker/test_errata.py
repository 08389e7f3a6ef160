"""The published mistakes of other load filters, revokers and stack marks, row by row: what of ours stands for each.

Every row has a fault of our circuit that its directed program notices (tests/lockstep/test_faults.py runs them), and
tests of its own in the places named here. Where a row cannot apply as it is, the note says what comes nearest.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from cosim.directed import DIRECTED
from cosim.faults.planting import FAULTS


class Row(NamedTuple):
    """`mistake` of others; where besides the directed programs it is tested here; what stands for it if not itself."""

    mistake: str
    places: tuple[str, ...] = ()
    note: str = ""


RANGE = "tests/formal/test_revocation_range.py::test_every_heap_has_bits_for_itself_and_nothing_else"
ENDS = "tests/mem/test_revbits.py::test_range_is_exact_at_both_ends"
TRANSITIONS = "tests/revoker/test_replay.py::test_every_transition"
RACES = "tests/lockstep/test_sweeps.py::test_races"
ROWS = {
    "E-LIVE-1": Row("range check of the bitmap lets one word too many pass", (RANGE, ENDS)),
    "E-LIVE-2": Row("index into the bitmap too narrow: the upper half aliases the lower", (RANGE, ENDS)),
    "E-LIVE-3": Row("the proof assumes what it should show", (RANGE,)),
    "E-RV-1": Row("second operand used before the verdict", (RACES,)),
    "E-RV-2": Row("range check on a truncated address", (RANGE, ENDS)),
    "E-RV-3": Row("tags not cleared at all", ("tests/demos/test_use_after_free.py::test_races_notice_a_broken_core",)),
    "E-RV-4": Row("the revoker hangs when its store is called off", (TRANSITIONS,)),
    "E-RV-5": Row("a grant that is late, or for a request that is gone", ("tests/revoker/test_mutants.py::MUTANTS",)),
    "E-RV-6": Row("a store between reading and clearing must win", (TRANSITIONS, RACES)),
    "E-RV-7": Row(
        "second pipe without the barrier; bursts of loads after free",
        (RACES,),
        "There is one pipe: of two loads in a row the second must get its own verdict.",
    ),
    "E-RV-8": Row("a consumer does not wait for the verdict that is forwarded", (RACES,)),
    "E-RV-9": Row("authorities over types are exempt", ("tests/cap/test_attenuate.py", "tests/revoker/test_sweep.py")),
    "E-RV-10": Row("epoch, running bit, go without state, interrupt", ("tests/revoker/test_registers.py",)),
    "E-RV-11": Row("status cannot be read or cleared", ("tests/revoker/test_registers.py",)),
    "E-RV-12": Row("the range is not reset with the core", ("tests/revoker/test_sweep.py::test_reset_ends_a_sweep",)),
    "E-RV-13": Row(
        "port of the bitmap clocked by reset; map that misses the heap's base",
        (ENDS, "tests/mem/test_revbits.py::test_bits_are_zero_after_a_warm_reset"),
        "There is one clock: the bit of the heap's first granule must be the first, whatever the heap's base.",
    ),
    "E-RV-14": Row("completion late; interrupt not a pulse", ("tests/revoker/test_registers.py",)),
    "E-RV-15": Row(
        "bitmap not zero at the start",
        (
            "tests/mem/test_revbits.py::test_bits_are_zero_after_a_warm_reset",
            "tests/mem/test_sram.py::test_tags_are_zero_after_a_warm_reset",
        ),
    ),
    "E-RV-16": Row("number of the interrupt off by one", ("tests/soc/test_uncore.py",)),
    "E-HWM-1": Row("granule of 16 bytes; unaligned store that spans the limit", ("tests/machine/test_csr.py",)),
    "E-HWM-2": Row("stall and restart of the zeroiser", ("tests/machine/test_zeroiser.py",)),
    "E-HWM-3": Row(
        "loop that zeroes is off by 16",
        ("tests/machine/test_zeroiser.py::test_everything_between_base_and_address_is_zeroed_and_nothing_else",),
        "A loop of software; in hardware the zeroiser that begins at the wrong line.",
    ),
    "E-HWM-4": Row(
        "wrong register when there is nothing to zero",
        ("tests/machine/test_zeroiser.py::test_what_does_not_start",),
        "A branch of software; in hardware the zeroiser that is given an empty piece.",
    ),
    "E-HWM-5": Row(
        "the mark is system state",
        ("tests/machine/test_csr.py",),
        "That it is saved is the switcher's business; here that only system code can see or change it.",
    ),
}
BY_ROW = {row: [fault for fault in FAULTS if row in fault.errata.split()] for row in ROWS}


def test_no_row_is_missing():
    counts = {"E-LIVE": 3, "E-RV": 16, "E-HWM": 5}
    assert set(ROWS) == {f"{group}-{number + 1}" for group, count in counts.items() for number in range(count)}
    assert {row for fault in FAULTS for row in fault.errata.split()} <= set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_and_tests_stand_for_each_row(name):
    assert BY_ROW[name], "no fault of ours is this mistake"
    print(f"{name}: {ROWS[name].mistake}: {', '.join(fault.name for fault in BY_ROW[name])}. {ROWS[name].note}")
    for place in ROWS[name].places:
        file, _, what = place.partition("::")
        assert not what or re.search(rf"^(def )?{what}\b", Path(file).read_text(), re.MULTILINE), place
        assert Path(file).exists(), place


def test_directed_programs_are_there_and_used():
    assert {fault.program for fault in FAULTS if fault.program} == set(DIRECTED)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
