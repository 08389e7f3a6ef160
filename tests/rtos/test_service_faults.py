"""Mistakes that schedulers, locks and queues have had (errata E-SCH, deviations DV-n), and some more, made on purpose:
a scenario must disagree with the golden services, and the report must name the service.

A fault is an edit of one source file of a service.
"""

from dataclasses import dataclass

import pytest

from cosim import check
from cosim.toolchain.cc.driver import FIRMWARE
from cosim.toolchain.steps.program import firmware
from cosim.toolchain.system.sources import Source, firmware_sources
from rtos_model.services.image import Word
from rtos_model.services.scenario import Scenario, catalogue, simple
from rtos_model.services.scenarios.interrupts import SYSTEM, multiwaiter, source, wait_any
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import Limit, Local, Put, Var, do

CYCLES = 1_000_000
RTOS = FIRMWARE / "rtos"
LAST = 0xFFFF_FFFF
TICKET = Var("ticket")
HOLD = (do("ticketlock_lock", TICKET), *sleep(1), do("ticketlock_unlock", TICKET))
OWN = (
    simple("LONG", "a sleep of more than 2**32 cycles", "TO-7 TH-14", {"H": sleep(500_000)}),
    simple(
        "WRAP",
        "tickets that wrap while others wait",
        "LK-12",
        {"H": (Put(TICKET, LAST), Put(TICKET, LAST, 4), *HOLD), "M": HOLD, "L": HOLD},
        words=[Word(name="ticket", size=8)],
    ),
    simple(
        "MANY",
        "more sources than the multiwaiter holds",
        "MW-1",
        {
            "H": (
                *multiwaiter(1),
                Local("events", 32),
                *source(0, Var("word"), 0),
                *source(1, Var("word"), 0),
                *wait_any(1, 2, -22),
            )
        },
        words=["word"],
        **SYSTEM,
    ),
    simple(
        "UPON",
        "a waiter whose own boost counts when the owner's is recomputed",
        "FX-9 FX-10a",
        {
            "L": (
                do("flaglock_priority_inheriting_lock", Var("a")),
                *sleep(9),
                do("flaglock_unlock", Var("a")),
            ),
            "M": (
                *sleep(1),
                do("flaglock_priority_inheriting_lock", Var("b")),
                do("flaglock_priority_inheriting_lock", Var("a")),
                do("flaglock_unlock", Var("a")),
                do("flaglock_unlock", Var("b")),
            ),
            "N": (
                *sleep(3),
                Limit("short", 1),
                do("flaglock_priority_inheriting_trylock", "short", Var("a")),
            ),
            "H": (*sleep(2), do("flaglock_priority_inheriting_lock", Var("b")), do("flaglock_unlock", Var("b"))),
        },
        priorities={"H": 4, "M": 3, "N": 2, "L": 1},
        words=["a", "b"],
    ),
)
SCENARIOS = catalogue() | {one.id: one for one in OWN}


@dataclass(frozen=True)
class Fault:
    """`service` is the function that the report has to name."""

    name: str
    file: str
    old: str
    new: str
    scenario: str
    service: str


DECISION = """if (inherited) {
		retarget(cheri_address_get(address), running, NULL);
		thread_set_priority(running, inherited_priority(running));
	}
	if (woken && should_yield())"""

FAULTS = (
    # E-SCH-1
    Fault(
        "exit leaves the priority", "scheduler/threads.c", "if (link_alone(&rings", "if (0 && (&rings", "SC-2", "EXIT"
    ),
    # E-SCH-2
    Fault("deadline in 32 bits", "scheduler/blocking.c", "(uint64_t)ticks *", "ticks *", "LONG", "thread_sleep"),
    Fault(
        "compare in 32 bits", "scheduler/time.c", "compare->high = deadline >> 32", "compare->high = 0", "LONG", "sleep"
    ),
    Fault(
        "one sleeper a pass",
        "scheduler/time.c",
        "while ((first = first_sleeper())",
        "if ((first = first_sleeper())",
        "SC-9",
        "READY",
    ),
    Fault("early with others ready", "scheduler/time.c", " && highest_ready_priority() < 0", "", "SC-8", "early"),
    # E-SCH-3
    Fault("thread 0 owns", "scheduler/threads.c", "id >= 1 && ", "", "SC-32", "futex_timed_wait"),
    Fault(
        "whole counter array",
        "scheduler/interrupts.c",
        "cheri_bounds_set_exact(&observe_irq_counters[i], sizeof(uint32_t))",
        "&observe_irq_counters[i]",
        "SC-41",
        "interrupt_futex_get",
    ),
    Fault(
        "nine sources",
        "scheduler/multiwaiter.c",
        "MAXIMUM_SOURCES 8",
        "MAXIMUM_SOURCES 9",
        "SC-55",
        "multiwaiter_create",
    ),
    Fault(
        "more sources than capacity",
        "scheduler/multiwaiter.c",
        " || newEventsCount > body->capacity",
        "",
        "MANY",
        "multiwaiter_wait",
    ),
    # E-SCH-4
    Fault(
        "boost from base",
        "scheduler/futex.c",
        "priority = waiter->priority",
        "priority = waiter->basePriority",
        "UPON",
        "BOOST",
    ),
    Fault("boost not recorded", "scheduler/futex.c", "me->boosts = owner", "me->boosts = NULL", "SC-34", "BOOST"),
    Fault(
        "boost of another lock dropped",
        "scheduler/futex.c",
        "inherited_priority(running));",
        "running->basePriority);",
        "SC-35",
        "BOOST",
    ),
    Fault(
        "no yield after a wake",
        "scheduler/futex.c",
        "if (woken && should_yield())\n\t\tyield();\n",
        "",
        "SC-36",
        "futex_wake",
    ),
    Fault(
        "yield decided with the boost",
        "scheduler/futex.c",
        DECISION,
        "bool yields = woken && should_yield();\n\t" + DECISION.replace("woken && should_yield()", "yields"),
        "SC-36",
        "futex_wake",
    ),
    # E-SCH-5
    Fault(
        "ticket order",
        "locks/ticket.c",
        "(current = lock->current) != ticket",
        "(current = lock->current) < ticket",
        "WRAP",
        "ticketlock_lock",
    ),
    Fault(
        "release of one", "locks/flag.c", "word_notify(word, WAKE_ALL)", "word_notify(word, 1)", "SC-68", "futex_wake"
    ),
    Fault(
        "destruction is lost", "locks/flag.c", "settle(lock, DESTRUCTION, 0)", "settle(lock, 0, 0)", "SC-65", "flaglock"
    ),
    Fault("recursion without end", "locks/flag.c", "mutex->depth == DEEPEST", "0", "SC-71", "recursivemutex_trylock"),
    # E-SCH-6
    Fault(
        "size in 32 bits",
        "queue/queue.c",
        "(uint64_t)elementSize * elementCount",
        "elementSize * elementCount",
        "SC-92",
        "queue_create",
    ),
    # deviations and rules
    Fault(
        "misaligned word", "scheduler/futex.c", " ||\n\t    !is_word_aligned(address)", "", "SC-25", "futex_timed_wait"
    ),
    Fault("dead word", "scheduler/futex.c", "cheri_tag_get(address) ? 0 : -EINVAL", "0", "SC-38", "futex_timed_wait"),
    Fault(
        "woken in time",
        "scheduler/futex.c",
        "\tif (!timeout_may_block(timeout))\n\t\treturn -ETIMEDOUT;\n\treturn cheri_tag_get",
        "\treturn cheri_tag_get",
        "SC-40",
        "futex_timed_wait",
    ),
    Fault(
        "interrupt does not rotate",
        "scheduler/threads.c",
        "running && running->state == ThreadReady",
        "0",
        "SC-12",
        "SWITCH",
    ),
    Fault("completed twice", "scheduler/interrupts.c", "if (sources[i].edge)", "", "SC-43", "IRQ"),
    Fault(
        "deleted unnoticed",
        "scheduler/multiwaiter.c",
        "thread_make_ready(thread, ObserveReasonDelete)",
        "(void)0",
        "SC-56",
        "delete",
    ),
    Fault(
        "multiwaiters first",
        "scheduler/futex.c",
        "return woken + wake_multiwaiters(address, count - woken);",
        "return woken + wake_multiwaiters(address, count);",
        "SC-58",
        "futex_wake",
    ),
    Fault(
        "semaphore above its maximum",
        "locks/semaphore.c",
        "value == semaphore->maxCount",
        "0",
        "SC-72",
        "semaphore_put",
    ),
    Fault(
        "stop of one word",
        "queue/queue.c",
        "\tendpoint_change(consumer, 0, STOPPED);\n\tword_notify",
        "\tword_notify",
        "SC-98",
        "queue",
    ),
    Fault(
        "full is one less",
        "queue/transfer.c",
        "transfer->sending ? queue->queueSize : 0",
        "transfer->sending ? queue->queueSize - 1 : 0",
        "SC-90",
        "queue_send",
    ),
    Fault(
        "handle opened first",
        "message_queue/message_queue.c",
        "return -EPERM;\n\t*queue",
        "*queue = 0;\n\t*queue",
        "SC-96",
        "queue",
    ),
    Fault(
        "bits cleared on the way",
        "event_group/event_group.c",
        "cleared |= wanted & ALL_BITS & bits;",
        "bits &= ~(wanted & ALL_BITS);",
        "SC-80",
        "eventgroup",
    ),
    Fault(
        "late arming first",
        "timer_service/armed.c",
        "armed[place]->deadline <= deadline",
        "armed[place]->deadline < deadline",
        "SC-114",
        "timer",
    ),
    Fault(
        "any callback",
        "thread_pool/thread_pool.c",
        "!callback_is_acceptable((void *)callback, data)",
        "0",
        "SC-110",
        "thread_pool_async",
    ),
)


def edited(fault: Fault) -> dict[str, list[Source]]:
    unit = fault.file.partition("/")[0]
    sources = firmware_sources(unit)
    path = RTOS / fault.file
    text = path.read_text()
    assert text.count(fault.old) == 1, f"{fault.file} has {fault.old!r} {text.count(fault.old)} times"
    mutant = Source(path, text.replace(fault.old, fault.new))
    return {unit: [mutant if one.path == path else one for one in sources]}


def judged(scenario: Scenario, **more) -> check.Checked:
    return check.Check(firmware=lambda one: firmware(one, **more)).check(scenario, "this test")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """What a fault makes hang need not hang for long."""
    monkeypatch.setattr(check, "CYCLES", {True: CYCLES, False: CYCLES})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_noticed(fault):
    folder = RTOS / fault.file.partition("/")[0]
    found = judged(SCENARIOS[fault.scenario], sources=edited(fault), include=[folder])
    assert found.verdict == check.FAIL
    assert fault.service in "\n".join(found.text)


@pytest.mark.parametrize("scenario", OWN, ids=lambda scenario: scenario.id)
def test_without_a_fault(scenario):
    """The scenarios that are not in the catalogue agree."""
    assert judged(scenario).text == ()
