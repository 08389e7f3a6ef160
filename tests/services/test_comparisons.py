"""The numbers of the comparisons (QC-1...QC-15) against what the texts and the rules say."""

import pytest

from cosim.commands import compare
from cosim.errors import UserError
from rtos_model.services.comparisons import reachable, tree
from rtos_model.services.delays import COMPARISONS
from rtos_model.services.rules import RULES


def rows(name):
    return COMPARISONS[name]().rows


def column(name, number):
    return [row[number] for row in rows(name)]


def test_every_rule_has_a_comparison():
    assert {name.rstrip("b") for name in COMPARISONS} == {rule for rule in RULES if rule.startswith("QC-")}


def test_memory_sizing():
    assert [row[:4] for row in rows("QC-1")] == [
        (2, 4096, 2112, "51.6 %"),
        (3, 6144, 2176, "35.4 %"),
        (4, 8192, 2240, "27.3 %"),
        (8, 16384, 2496, "15.2 %"),
    ]
    assert "2,122" in rows("QC-1")[0][4]


def test_alternating_peaks_fit_and_simultaneous_ones_do_not():
    assert [row[1:3] for row in rows("QC-1b")] == [(2, "none"), (1, "-13")]


def test_regions_and_pages():
    by_count = {row[0]: row for row in rows("QC-2")}
    assert by_count[20] == (20, 20, "20: too many", "20: too many", 640, 80, 1280)
    assert by_count[13][2] == "13"
    assert by_count[4][3] == "4: too many"
    assert rows("QC-3")[-1] == (20, 80, 8, "20: too many", 80, 1280)


def test_graph_walk():
    assert reachable({0: (1, 1), 1: (0,), 2: (0,)}, 0) == (2, 3)
    assert reachable(tree(31), 0) == (31, 31 + 30)
    assert rows("QC-4")[3:5] == ((14, 1, 0, "14: too many", 27), (31, 1, 0, "31: too many", 61))


def test_what_a_queue_service_reaches():
    by_system = {row[0]: row[1:] for row in rows("QC-5")}
    assert by_system["CHERIoT"] == (64, "R", "return", 0, 0)
    assert by_system["monolithic kernel"][:2] == ("all", "RW")
    assert by_system["MPU, region for each message"][3:] == (8, 8 * (1024 + 168))


def test_one_more_compartment_takes_a_dozen_words():
    assert rows("QC-13") == ((1, 1, 32, 8), (2, 3, 52, 13), (4, 8, 100, 25))


def test_calls_for_each_operation():
    assert column("QC-6", 1) == column("QC-6", 2)
    assert set(column("QC-7", 3)) == {0}


def test_chained_limit_bounds_all_waits():
    for _, _, limit, recorded, passed in rows("QC-8"):
        assert recorded == pytest.approx(passed, abs=0.1)
        assert passed <= limit + 1
    assert [row[4] for row in rows("QC-8") if row[1] != "never"] == [1, 2, 4]


def test_timers_are_late_by_the_callbacks_before():
    assert column("QC-9", 2) == column("QC-9", 3)
    assert len(rows("QC-9")) == 12


def test_handler_in_interrupt_context_never_ends():
    context, thread = column("QC-10", 1)
    assert context.startswith("deadlock") and "handled after 2" in thread


def test_inversion_grows_with_the_third_thread_only_without_inheritance():
    assert column("QC-11", 2) == [1, 6, 21, 51]
    assert column("QC-11", 3) == [1] * 4


def test_disabled_interrupts_delay_an_urgent_thread():
    for length, asked, slept in rows("QC-12"):
        assert max(asked, length) <= slept <= asked + length


def test_heap_overhead():
    by_name = {row[0]: row[3] for row in rows("QC-14")}
    assert (by_name["object of 8"], by_name["claim"], by_name["sealed object of 32"]) == (8, 16, 16)


def test_key_space():
    ((keys, _, _, hours),) = rows("QC-15")
    assert keys == 4_278_190_078 and 23 < hours < 25


@pytest.mark.parametrize("name", COMPARISONS)
def test_table_has_statement_and_rows(name):
    made = COMPARISONS[name]()
    lines = compare.table(made).splitlines()
    assert made.statement in lines[1]
    assert len({len(line) for line in lines[2:4]}) <= 2
    assert len(lines) == 4 + len(made.rows) + bool(made.remark)


def test_curves_of_a_plot_have_one_unit_and_one_line_each():
    lines = dict(compare.curves(COMPARISONS["QC-2"]()))
    assert [lines[name][-1] for name in ("here", "pages of 4 KiB", "pages of 64 KiB")] == [
        (20, 640),
        (20, 20 * 4096),
        (20, 20 * 65_536),
    ]
    lines = dict(compare.curves(COMPARISONS["QC-9"]()))
    assert lines["late by, ticks (d, ticks: 3)"] == [(0, 0.0), (1, 3.0), (2, 6.0), (3, 9.0)]


class Arguments:
    names: tuple[str, ...] = ("QC-3",)
    plots = None


def test_unknown_name_is_one_line():
    arguments = Arguments()
    arguments.names = ("QC-99",)
    with pytest.raises(UserError, match="no comparison 'QC-99'"):
        compare.run(arguments)


def test_missing_extra_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    arguments = Arguments()
    arguments.plots = tmp_path
    with pytest.raises(UserError, match="needs matplotlib"):
        compare.run(arguments)


def test_plots_are_written(tmp_path):
    pytest.importorskip("matplotlib")
    arguments = Arguments()
    arguments.plots = tmp_path / "plots"
    assert compare.run(arguments) == 0
    assert sorted(path.name for path in arguments.plots.iterdir()) == ["qc-3.png", "qc-3.svg"]
