"""The comparisons whose numbers come from runs of the model: heap charges, calls."""

from collections.abc import Iterable

from rtos_model.services.comparisons import Comparison
from rtos_model.services.events import Alloc, Call, Event
from rtos_model.services.image import SealedImport, Word, quota
from rtos_model.services.kernel import Kernel
from rtos_model.services.lock_classes import NO_LOCK
from rtos_model.services.scenario import simple
from rtos_model.services.steps import GetCap, Imported, Limit, Local, Op, Put, Repeat, Step, Var, do, say

ROUNDS = 10
QUOTA = Imported("quota")
HEAP = {"sealed": [quota("quota", 400_000)], "imports": [SealedImport(sealed="quota")]}


def play(threads: dict, *, may_block: bool = False, **system) -> tuple[list[int], list[Event]]:
    """Run a system of `scenario.simple`; the numbers its threads said, and the log. Raises Deadlock."""
    made = simple("QC", "a measurement", "", threads, **system)
    kernel = Kernel(made.image, made.program)
    kernel.run(may_block=may_block)
    return [int(line.split()[-1]) for line in kernel.output], kernel.log


def sleep(ticks) -> tuple[Step, ...]:
    return (Limit("sleeping", ticks), do("thread_sleep", "sleeping", 1))


def calls(log: Iterable[Event]) -> int:
    return sum(isinstance(event, Call) for event in log)


# ------------------------------------------------------------------------------------------- memory

SCALED_PEAK, SCALED_LEAST, OVERHEAD = 64 * 1024, 2 * 1024, 256
QUOTA_SIZE = 80_000


def phases(*, overlap: bool) -> dict:
    """What `scenario.simple` needs for two workloads on a heap of 66 KiB and some overhead: they take turns at their
    peak, or want it at the same time."""
    more = SCALED_PEAK - SCALED_LEAST

    def workload(name: str, ticks: int) -> tuple[Step, ...]:
        return (
            do("heap_allocate", 0, Imported(name), SCALED_LEAST, 0),
            *sleep(ticks),
            do("heap_allocate", 0, Imported(name), more, 0, into="peak"),
            do("heap_quota_remaining", Imported(name), into="left"),
            say("in use", Op("-", QUOTA_SIZE, "left")),
            *(sleep(1) if overlap else ()),
            do("heap_free", Imported(name), "peak"),
            do("heap_quarantine_empty"),
        )

    quotas = ("first", "second")
    return {
        "threads": {"H": workload("first", 1), "M": workload("second", 1 if overlap else 3)},
        "sealed": [quota(name, QUOTA_SIZE) for name in quotas],
        "imports": [SealedImport(sealed=name) for name in quotas],
        "heap_size": SCALED_PEAK + SCALED_LEAST + OVERHEAD,
    }


def scaled_peaks() -> Comparison:
    rows = []
    for overlap in (False, True):
        numbers, log = play(**phases(overlap=overlap))
        peak = [event for event in log if isinstance(event, Alloc) and event.size == SCALED_PEAK - SCALED_LEAST]
        given = sum(event.charge > 0 for event in peak)
        refused = ", ".join(str(event.result) for event in peak if not event.charge) or "none"
        in_use = ", ".join(f"{number:,}" for number in numbers)
        rows.append(("at the same time" if overlap else "one after the other", given, refused, in_use))
    return Comparison(
        id="QC-1b",
        title="QC-1 at 1/32: two workloads of 2 to 64 KiB on a heap of 66 KiB (static need: 128 KiB)",
        statement="article: less memory suffices if not both are at their peak",
        columns=("peaks", "granted", "refused with", "bytes of each quota in use at its peak"),
        rows=tuple(rows),
        remark="The refused one keeps what it had, and its quota is untouched: no bytes are charged.",
    )


def heap_overhead() -> Comparison:
    sizes = (8, 16, 100, 511, 512, 1000, 4088, 65_000)
    body = tuple(do("heap_allocate", 0, QUOTA, size, 0, into="object") for size in sizes)
    _, log = play({"H": body}, heap_size=262_144, **HEAP)
    rows = [
        (f"object of {e.size}", e.size, e.charge, e.charge - e.size) for e in log if isinstance(e, Alloc) and e.charge
    ]
    ask = (do("heap_quota_remaining", QUOTA, into="left"), say("left", "left"))
    body = (
        do("heap_allocate", 0, QUOTA, 32, 0, into="object"),
        *ask,
        do("heap_claim", QUOTA, "object"),
        *ask,
        do("token_key_new", into="key"),
        do("token_sealed_alloc", 0, QUOTA, "key", 32, into="handle"),
        *ask,
    )
    (first, claimed, sealed), _ = play({"H": body}, **HEAP)
    rows.append(("claim", 0, first - claimed, first - claimed))
    rows.append(("sealed object of 32", 32, claimed - sealed, claimed - sealed - 32))
    return Comparison(
        id="QC-14",
        title="what the heap adds to an object",
        statement="8 bytes for each object, rounding for exact bounds, 16 for a claim, 8 for a seal",
        columns=("what", "bytes asked for", "charge", "overhead"),
        rows=tuple(rows),
    )


# ------------------------------------------------------------------------------------------- calls and copies


def _count(setup: tuple[Step, ...], operations: tuple[Step, ...], **system) -> float:
    """Cross-compartment calls of one round of `operations`."""
    _, before = play({"H": setup}, **system)
    _, after = play({"H": (*setup, Repeat(ROUNDS, operations))}, **system)
    return (calls(after) - calls(before)) / ROUNDS


QUEUE = {
    "words": [Word(name="queue", size=8), Word(name="ring", size=96), Word(name="semaphore", size=8), "lock"],
    "handlers": ("scoped",),
    **HEAP,
}
THE_QUEUE, RING, LOCK, SEMAPHORE = GetCap(Var("queue")), Var("ring"), Var("lock"), Var("semaphore")
MESSAGE = (Local("message", 8), Put("message", 1))


def _calls_of_a_wait() -> dict[str, int]:
    """When one thread waits for a semaphore that another one puts: the calls of each."""
    wait = (Limit("limit", 5), do("semaphore_get", "limit", SEMAPHORE))
    _, log = play({"H": wait, "L": (Put(SEMAPHORE, 1, 4), do("semaphore_put", SEMAPHORE))}, **QUEUE)
    made = [event.entry for event in log if isinstance(event, Call)]
    return {"who waits": made.count("futex_timed_wait"), "who wakes": made.count("futex_wake")}


def calls_per_operation() -> Comparison:
    library = (*MESSAGE, do("queue_create", 0, QUOTA, Var("queue"), 8, 4), do("queue_send", 0, THE_QUEUE, "message"))
    sealed = (
        *MESSAGE,
        do("queue_create_sealed", 0, QUOTA, Var("queue"), 8, 4, into="r"),
        do("queue_send_sealed", 0, THE_QUEUE, "message"),
    )
    ring = (*MESSAGE, do("ring_buffer_push", RING, "message", 4, 16, NO_LOCK))
    semaphore = (Put(SEMAPHORE, 1, 4), do("semaphore_put", SEMAPHORE))
    zero = (do("queue_create_sealed", 0, QUOTA, Var("queue"), 0, 4), do("queue_send_sealed", 0, THE_QUEUE, 0))
    cases = (
        ("flag lock", (), (do("flaglock_trylock", 0, LOCK), do("flaglock_unlock", LOCK)), 0),
        ("semaphore", semaphore, (do("semaphore_get", 0, SEMAPHORE), do("semaphore_put", SEMAPHORE)), 0),
        (
            "ring buffer",
            ring,
            (
                do("ring_buffer_push", RING, "message", 4, 16, NO_LOCK),
                do("ring_buffer_pop", RING, "message", 4, 16, NO_LOCK),
            ),
            0,
        ),
        (
            "queue, library",
            library,
            (do("queue_send", 0, THE_QUEUE, "message"), do("queue_receive", 0, THE_QUEUE, "message")),
            0,
        ),
        (
            "queue, compartment",
            sealed,
            (do("queue_send_sealed", 0, THE_QUEUE, "message"), do("queue_receive_sealed", 0, THE_QUEUE, "message")),
            1,
        ),
        (
            "semaphore on a queue of size 0",
            zero,
            (do("queue_send_sealed", 0, THE_QUEUE, 0), do("queue_receive_sealed", 0, THE_QUEUE, 0)),
            1,
        ),
    )
    rows = tuple((name, _count(setup, both, **QUEUE) / 2, stated) for name, setup, both, stated in cases)
    rows += tuple((f"semaphore, {what}", calls, 1) for what, calls in _calls_of_a_wait().items())
    return Comparison(
        id="QC-6",
        title="cross-compartment calls for each operation",
        statement="article: locks and queues have a fast path of atomics only; guide: queue semaphores cost more",
        columns=("operation", "calls", "expected"),
        rows=rows,
    )


def copies() -> Comparison:
    rows = []
    for size in (8, 64, 256):
        setup = (Local("message", size), do("queue_create", 0, QUOTA, Var("queue"), size, 4))
        setup += (do("queue_send", 0, THE_QUEUE, "message"),)
        both = (do("queue_send", 0, THE_QUEUE, "message"), do("queue_receive", 0, THE_QUEUE, "message"))
        rows.append((size, 2, 2 * size, _count(setup, both, **QUEUE), 0))
    return Comparison(
        id="QC-7",
        title="a message through the library queue",
        statement="article: a monolithic kernel copies in and out of a buffer of its own",
        columns=("bytes", "copies", "bytes copied", "calls of other compartments", "copies by privileged code"),
        rows=tuple(rows),
        remark="One copy in, one out; no call leaves the compartment, so both are made with its own rights.",
    )
