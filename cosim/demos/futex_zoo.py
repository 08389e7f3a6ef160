"""D2: every lock is a word and a futex; without contention nobody calls the scheduler.

Each kind of lock is taken and released a hundred times by one thread; then threads compete. The counter behind the
last scene says how many calls left the compartment.
"""

from collections.abc import Sequence

from cosim.stage import Scene, claim
from rtos_model.services.image import Word
from rtos_model.services.scenario import Outcome, catalogue, simple
from rtos_model.services.steps import Limit, Put, Repeat, Step, Var, do, say

ROUNDS = 100
COMPETING = ("CALL", "RET", "BLOCK", "READY", "BOOST", "SWITCH")
NO_CALL = "CALL * * * * *"


def rounds(name: str, take: Step, give: Step) -> tuple[Step, ...]:
    return (Repeat(ROUNDS, (take, give)), say(f"{ROUNDS} rounds: {name}"))


ALONE = simple(
    "D2-1",
    "nobody competes",
    "LK-31 LK-1 LK-9 LK-12 LK-15",
    {
        "H": (
            Limit("limit", 10),
            *rounds("flag lock", do("flaglock_trylock", "limit", Var("flag")), do("flaglock_unlock", Var("flag"))),
            *rounds(
                "flag lock with priority inheritance",
                do("flaglock_priority_inheriting_trylock", "limit", Var("flag")),
                do("flaglock_unlock", Var("flag")),
            ),
            *rounds(
                "recursive mutex",
                do("recursivemutex_trylock", "limit", Var("mutex")),
                do("recursivemutex_unlock", Var("mutex")),
            ),
            *rounds("ticket lock", do("ticketlock_lock", Var("ticket")), do("ticketlock_unlock", Var("ticket"))),
            Put(Var("semaphore"), 1),
            Put(Var("semaphore"), 1, 4),
            *rounds(
                "semaphore",
                do("semaphore_get", "limit", Var("semaphore")),
                do("semaphore_put", Var("semaphore")),
            ),
        )
    },
    words=["flag", *(Word(name=name, size=8) for name in ("mutex", "ticket", "semaphore"))],
    expect="EXIT H",
)

SCENES = (
    Scene(
        scenario=ALONE,
        cast="H is alone with five kinds of lock.",
        claims=(
            claim("a lock nobody else wants needs no call", "LK-31", NO_CALL, times=0),
            claim("all rounds were made", "LK-31", "LIB H *_put 0", "LIB H semaphore_put 0", times=ROUNDS),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-66"],
        cast="M holds a ticket lock; L, then H come to wait. Whoever came first is served first.",
        show=COMPETING,
        claims=(
            claim("all who wait are woken, whose turn it is not sleeps again", "LK-13", "READY H futex", times=2),
            claim("L sleeps once, the more urgent H twice: L came first", "LK-12", "BLOCK L main.ticket *", times=1),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-31"],
        cast="L holds a lock, M computes, H waits for L: without inheritance M is in the way.",
        show=COMPETING,
        claims=(claim("H gives up: L did not get to run", "FX-9", "RET H futex_timed_wait -110 0"),),
    ),
    Scene(
        scenario=catalogue()["SC-30"],
        cast="the same with inheritance: L works with H's priority until it lets go.",
        show=COMPETING,
        claims=(
            claim("L is lifted above M", "FX-9", "BOOST L 0 2"),
            claim("H gets the lock in time", "FX-10", "RET H futex_timed_wait 0 0"),
            claim("and L is itself again", "FX-10", "BOOST L 2 0"),
        ),
    ),
    Scene(
        scenario=catalogue()["SC-73"],
        cast="H and M wait for a semaphore, L puts one.",
        show=COMPETING,
        claims=(claim("both look, the more urgent gets it, the other sleeps again", "LK-16", "BLOCK M * *", times=2),),
    ),
)


def epilogue(outcomes: Sequence[Outcome]) -> str:
    """Calls that left the compartment, by scene."""
    rows = [f"{'scene':<45}{'waits':>7}{'wakes':>7}{'library calls':>15}"]
    for outcome in outcomes:
        calls = [event.entry for event in outcome.log if event.kind == "CALL"]
        libraries = sum(event.kind == "LIB" for event in outcome.log)
        waits, wakes = calls.count("futex_timed_wait"), calls.count("futex_wake")
        rows.append(f"{outcome.scenario.title:<45}{waits:>7}{wakes:>7}{libraries:>15}")
    return "\n".join(rows)
