"""The comparisons of time: chained limits, late timers, interrupts, inversion. And the list of all comparisons."""

from collections.abc import Callable

from rtos_model.services.comparisons import CALCULATIONS, Comparison, Plot
from rtos_model.services.errors import Deadlock
from rtos_model.services.image import Compartment, Export, Interrupt, SealedImport, Word, interrupt_right, quota
from rtos_model.services.loader import EXPORT_ENTRY, EXPORT_HEADER
from rtos_model.services.measurements import calls_per_operation, copies, heap_overhead, play, scaled_peaks, sleep
from rtos_model.services.scenarios.threads import TICK
from rtos_model.services.steps import (
    Advance,
    Callback,
    Disabled,
    Get,
    GetCap,
    Imported,
    Let,
    Limit,
    Now,
    Op,
    Raise,
    Repeat,
    Say,
    Step,
    Var,
    do,
)

FOREVER = 0xFFFF_FFFF
LOCK, WORD = Var("lock"), Var("word")
PLAIN, INHERITING = "flaglock_trylock", "flaglock_priority_inheriting_trylock"
LINE = Interrupt(name="line", number=12, edge=True)
IMPORT = 8


def busy(ticks: int) -> tuple[Step, ...]:
    """So many ticks of computation, which others may interrupt."""
    return (Repeat(4 * ticks, (Advance(TICK // 4),)),)


def ticks_of(cycles: int) -> float:
    return round(cycles / TICK, 1)


# ------------------------------------------------------------------------------------------- limits


def chained_limits() -> Comparison:
    rows = []
    for depth in (1, 2, 4):
        for woken in (False, True):
            (spent, elapsed), _ = _chain(depth, 6, woken)
            rows.append((depth, "each after a tick" if woken else "never", 6, elapsed, ticks_of(spent)))
    return Comparison(
        id="QC-8",
        title="one time limit of 8 bytes through nested compartments that all wait",
        statement="article: a limit passed through several compartments bounds the whole operation",
        columns=("compartments", "woken", "limit, ticks", "recorded, ticks", "passed, ticks"),
        rows=tuple(rows),
    )


def _chain(depth: int, limit: int, woken: bool):
    """Each compartment waits, then calls the next one with the same limit."""
    wait = do("futex_timed_wait", "a0", WORD, 0)
    names = [f"level{n}" for n in range(depth)]
    program: dict = {}
    for here, there in zip(names, [*names[1:], None], strict=True):
        program[f"{here}.run"] = (wait, *((do(f"{there}.run", "a0"),) if there else ()))
    waker = (Repeat(limit, (*sleep(1), *(do(f"{name}.wake") for name in reversed(names)))),) if woken else ()
    program |= {f"{name}.wake": (do("futex_wake", WORD, 1),) for name in names}
    body = (
        Let("start", Now()),
        Limit("t", limit),
        do("level0.run", "t"),
        Say("passed", (Op("-", Now(), "start"),)),
        Say("recorded", (Get("t"),)),
    )
    exports = (Export(name="run"), Export(name="wake"))
    return play(
        {"H": body, "L": waker},
        compartments=[Compartment(name=name, exports=exports, globals=(Word(name="word"),)) for name in names],
        program=program,
        stacks={"H": 4096},
    )


# ------------------------------------------------------------------------------------------- timers


def late_timers() -> Comparison:
    rows = []
    for length in (0, 1, 3):
        moments = _timers(length)
        rows += [(length, k, k * length, ticks_of(now - TICK)) for k, now in enumerate(moments)]
    return Comparison(
        id="QC-9",
        title="four timers due at tick 1, callbacks of d ticks",
        statement="guide: generic timers cannot be secure: a callback may run without bound",
        columns=("d, ticks", "timer", "earlier callbacks, ticks", "late by, ticks"),
        rows=tuple(rows),
        remark="Memory is bounded: each timer is paid by its creator, and 32 is the most there can be.",
        plot=Plot(across=1, curves=(3,), unit="ticks", by=0),
    )


def _timers(length: int) -> list[int]:
    names = [f"t{n}" for n in range(4)]
    create = tuple(do("timer_create", 0, Imported("quota"), Var(name), Callback("due"), 0) for name in names)
    starts = tuple(do("timer_start", 0, GetCap(Var(name)), 1, 0) for name in names)
    numbers, _ = play(
        {"H": (*create, *starts, *sleep(30)), "S": "timer_service.timer_service_run"},
        priorities={"S": 2},
        words=[Word(name=name, size=8) for name in names],
        program={"main.due": (Say("due", (Now(),)), *busy(length))},
        sealed=[quota("quota", 4096)],
        imports=[SealedImport(sealed="quota")],
        may_block=True,
    )
    return numbers


# ------------------------------------------------------------------------------------------- interrupts


def interrupt_handlers() -> Comparison:
    """A handler that takes a lock: in interrupt context, on top of the thread that holds it, or as a thread."""
    handler = (do(PLAIN, "forever", LOCK), Say("handled", (Now(),)), do("flaglock_unlock", LOCK))
    hold = (do(PLAIN, 0, LOCK),)
    free = (do("flaglock_unlock", LOCK),)
    in_context = (Limit("forever", FOREVER), *hold, Disabled(handler), *free)
    rows = [("in interrupt context", _progress({"L": in_context}))]
    watcher = (
        Limit("forever", FOREVER),
        do("interrupt_futex_get", Imported("line"), into="counter"),
        do("futex_timed_wait", "forever", "counter", 0),
        *handler,
    )
    holder = (*hold, Raise(12), *busy(2), *free)
    rows.append(("a thread, woken by a futex", _progress({"H": watcher, "L": holder})))
    return Comparison(
        id="QC-10",
        title="the handler of an interrupt takes a lock that the interrupted thread holds",
        statement="article: code in interrupt service routines cannot take most kinds of lock",
        columns=("handler", "outcome"),
        rows=tuple(rows),
        remark="How long interrupts are really disabled is a matter of the core: see the traces of cheriot run.",
    )


def _progress(threads: dict) -> str:
    try:
        (moment,), _ = play(
            threads,
            words=["lock"],
            interrupts=[LINE],
            sealed=[interrupt_right("line", LINE.number)],
            imports=[SealedImport(sealed="line")],
        )
    except Deadlock as deadlock:
        return str(deadlock)
    return f"handled after {ticks_of(moment)} ticks, when the lock was free"


def inversion() -> Comparison:
    rows = []
    section = 2
    for middle in (0, 5, 20, 50):
        plain, inheriting = (_blocked(lock, section, middle) for lock in (PLAIN, INHERITING))
        rows.append((middle, section, ticks_of(plain), ticks_of(inheriting)))
    return Comparison(
        id="QC-11",
        title="priority inversion: an urgent thread wants the lock of a lazy one while a third computes",
        statement="article: priority-inheriting flag locks; the wait is bounded by the critical section",
        columns=("third, ticks", "critical section, ticks", "blocked, plain lock", "blocked, inheriting lock"),
        rows=tuple(rows),
        remark="The lazy one has one tick of its section left when the urgent one asks.",
        plot=Plot(across=0, curves=(2, 3), unit="ticks"),
    )


def _blocked(lock: str, section: int, middle: int) -> int:
    (cycles,), _ = play(
        {
            "H": (
                *sleep(1),
                Let("start", Now()),
                Limit("t", FOREVER),
                do(lock, "t", LOCK),
                Say("blocked", (Op("-", Now(), "start"),)),
                do("flaglock_unlock", LOCK),
            ),
            "M": (*sleep(1), *busy(middle)),
            "L": (do(lock, 0, LOCK), *busy(section), do("flaglock_unlock", LOCK)),
        },
        words=["lock"],
    )
    return cycles


def disabled_interrupts() -> Comparison:
    rows = []
    for length in (0, 1, 5, 20):
        (cycles,), _ = play(
            {
                "H": (Let("start", Now()), *sleep(1), Say("slept", (Op("-", Now(), "start"),))),
                "L": (Advance(9 * TICK // 10), Disabled(busy(length))),
            }
        )
        rows.append((length, 1, ticks_of(cycles)))
    return Comparison(
        id="QC-12",
        title="an urgent thread sleeps one tick while a lazy one computes with interrupts disabled",
        statement="guide: code that runs with interrupts disabled is to be audited; it delays everybody",
        columns=("disabled, ticks", "asked for, ticks", "slept, ticks"),
        rows=tuple(rows),
        plot=Plot(across=0, curves=(2,), unit="ticks"),
    )


def isolation() -> Comparison:
    rows = tuple(
        (functions, imports, size := EXPORT_HEADER + EXPORT_ENTRY * functions + IMPORT * imports, size // 4)
        for functions, imports in ((1, 1), (2, 3), (4, 8))
    )
    return Comparison(
        id="QC-13",
        title="memory for one more compartment, besides its code and globals",
        statement="article: usable isolation; of the order of a dozen words",
        columns=("entries", "imports", "bytes", "words"),
        rows=rows,
        remark="Cycles of a call are the core's, not the model's: they are not part of this table.",
    )


COMPARISONS: dict[str, Callable[[], Comparison]] = dict(
    sorted(
        (
            CALCULATIONS
            | {
                "QC-1b": scaled_peaks,
                "QC-6": calls_per_operation,
                "QC-7": copies,
                "QC-8": chained_limits,
                "QC-9": late_timers,
                "QC-10": interrupt_handlers,
                "QC-11": inversion,
                "QC-12": disabled_interrupts,
                "QC-13": isolation,
                "QC-14": heap_overhead,
            }
        ).items(),
        key=lambda item: (int(item[0].strip("QCb-")), item[0]),
    )
)
