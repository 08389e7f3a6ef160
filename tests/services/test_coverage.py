"""Every statement of the two texts is covered."""

from rtos_model.services.coverage import ARTICLE, GUIDE, uncovered
from rtos_model.services.delays import COMPARISONS
from rtos_model.services.rules import RULES, SCENARIOS


def test_rows():
    assert (len(ARTICLE), len(GUIDE)) == (55, 50)


def test_identifiers_exist():
    assert uncovered({*RULES, *SCENARIOS, *COMPARISONS}) == []


def test_gap_is_named():
    known = {*RULES, *SCENARIOS} - {"SC-159"}
    assert uncovered(known) == [f"guide, statement {n}: nothing for SC-159" for n in (48, 50)]
