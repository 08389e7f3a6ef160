"""Corners of waiting that no catalogue row reaches: stale ticks, re-queued waiters, interrupted deletes."""

from rtos_model.services.events import Ready
from rtos_model.services.image import Interrupt, Posture, Word, interrupt_right
from rtos_model.services.kernel import Kernel
from rtos_model.services.scenario import play, simple
from rtos_model.services.scenarios.futexes import H_ID, L_ID, OTHER, PI, WORD, wait, wake
from rtos_model.services.scenarios.interrupts import SYSTEM, multiwaiter, source, wait_any, word_of
from rtos_model.services.scenarios.threads import TICK, sleep
from rtos_model.services.scheduler import Clock, Scheduler
from rtos_model.services.steps import Advance, Expect, Get, GetCap, Imported, Put, PutCap, Raise, Var, do


def passes(scenario):
    outcome = play(scenario)
    assert outcome.passed, "\n".join([*outcome.problems, *outcome.lines()])


def test_stale_ticks_count_as_elapsed_in_a_futex_wait_too():
    body = (Advance(3 * TICK), *wait(1, code=-110), Expect(Get("limit"), 4))
    passes(simple("SC-0", "stale", "TO-8", {"L": body}, words=["word"]))


def test_a_woken_thread_times_out_by_the_time_left_not_by_its_deadline():
    """Ticks that passed unseen before the wait use up its time, though the deadline is far (TO-8, TO-11)."""
    threads = {"H": (Advance(3 * TICK), *wait(2, code=-110), Expect(Get("limit"), 3)), "L": wake(1, 1)}
    passes(simple("SC-0", "unseen ticks", "TO-11", threads, words=["word"]))


def test_a_boosted_waiter_overtakes_in_its_queue():
    """L and M wait for the word; H, waiting for L, makes L more urgent than M."""
    threads = {
        "H": (*sleep(1), *wait(50, pointer=OTHER, value=3, flags=PI)),
        "M": wait(50),
        "L": (Put(OTHER, L_ID), *wait(50), Put(OTHER, 0), *wake(1, 1, pointer=OTHER)),
        "W": (*sleep(2), *wake(1, 1), *wake(1, 1)),
    }
    expect = """
    READY H timer
    BOOST L 1 3
    READY W timer
    READY L futex
    READY H futex
    BOOST L 3 1
    READY M futex
    """
    passes(simple("SC-0", "overtake", "FX-10a", threads, words=["word", "other"], priorities={"W": 0}, expect=expect))


def test_a_thread_that_starts_with_interrupts_disabled_takes_none():
    threads = {
        "H": (Raise(12), *word_of("right"), Expect(Get("irq"), 0)),
        "L": (*word_of("right"), Expect(Get("irq"), 0)),
    }
    scenario = simple(
        "SC-0",
        "disabled from the start",
        "TH-5",
        threads,
        posture=Posture.DISABLED,
        interrupts=[Interrupt(name="edge", number=12, edge=True)],
        sealed=[interrupt_right("right", 12)],
        expect="EXIT H\nEXIT L\nIRQ 12 1 []",
    )
    passes(scenario)


def test_a_waiter_that_runs_between_the_wake_and_the_free_of_a_delete_reports_invalid():
    """An interrupt arrives just after the wake; the waiter runs while its multiwaiter still exists (DV-53)."""
    scenario = simple(
        "SC-0",
        "interrupted delete",
        "MW-7",
        {
            "H": (*multiwaiter(1), PutCap(Var("shared"), "mw"), *source(0, WORD, 0), *wait_any(50, 1, -22)),
            "M": (*word_of("edge"), *wait(50, pointer="irq")),
            "L": (do("multiwaiter_delete", Imported("quota"), GetCap(Var("shared")), into="r"), Expect("r", 0)),
        },
        words=["word", Word(name="shared", size=8)],
        expect="EXIT H",
        **SYSTEM,
    )
    kernel = Kernel(scenario.image, scenario.program)
    log = kernel.emit

    def emit(event):
        log(event)
        if event == Ready(H_ID, "delete"):
            kernel.interrupts.raise_(12)

    kernel.emit = kernel.scheduler.emit = emit
    kernel.run()
    assert [str(check) for check in kernel.checks if not check.holds] == []
    lines = kernel.lines()
    assert lines.index("EXIT H") < lines.index("FREE quota heap#1 freed")


def test_ticks_count_from_the_schedulers_start():
    """TO-2, TO-3."""
    clock = Clock(now=12_345)
    scheduler = Scheduler({}, clock, 10_000, lambda event: None, 1)
    for passed, ticks in ((9_999, 0), (1, 1), (20_000, 3)):
        clock.now += passed
        scheduler.expire()
        assert scheduler.ticks == ticks
