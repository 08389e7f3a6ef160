"""The quantitative comparisons QC-1...QC-15: what CHERIoT saves, each number from a calculation or a run of the model.

A `Comparison` is a table beside the statement it checks. Here are the calculations; the runs are in `measurements` and
`delays`, and `delays.COMPARISONS` has all of them by name. "Article" is
the text on message queues, interrupts and memory ("CHERIoT RTOS features"), "guide" the chapter on FreeRTOS in the
CHERIoT programmers' guide; `statement` is what they say.
"""

from collections.abc import Callable
from dataclasses import dataclass

REGIONS, TAKEN = 16, 3
"""Active regions of a common memory protection unit; code, data and stack take three."""
FREERTOS_REGIONS = 3
PAGES = (4, 64)
"""KiB: the smallest and the largest usual page."""
PLACES = ("here", "pages of 4 KiB", "pages of 64 KiB")
CAPABILITY = 8
FREE_REGIONS = REGIONS - TAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Columns of a table as curves over the column `across`, each cell times the curve's factor (for one unit).

    `labels` are for the legend, where the columns' names would mislead.

    `by` is a column that tells several curves apart in one column of numbers; `steep` asks for a logarithmic axis.
    """

    across: int
    curves: tuple[int, ...]
    unit: str
    factors: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    by: int | None = None
    steep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A table: `columns` and rows of as many cells; `plot` says what of it to draw, if that helps."""

    id: str
    title: str
    statement: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    remark: str = ""
    plot: Plot | None = None

    def __post_init__(self) -> None:
        if not self.rows or any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.id}: rows and columns do not fit")


def static_need(workloads) -> int:
    """KiB when every workload has its peak to itself; a workload is (least, peak)."""
    return sum(peak for _, peak in workloads)


def shared_bound(workloads) -> int:
    """KiB when at most one workload is at its peak at a time."""
    least = sum(low for low, _ in workloads)
    return max(peak + least - low for low, peak in workloads)


def memory_sizing() -> Comparison:
    rows = []
    for count in (2, 3, 4, 8):
        workloads = [(64, 2048)] * count
        need, bound = static_need(workloads), shared_bound(workloads)
        printed = "2,122 (3,072 in practice)" if count == 2 else "-"
        rows.append((count, need, bound, f"{100 * bound / need:.1f} %", printed))
    return Comparison(
        id="QC-1",
        title="memory for workloads of 64 KiB to 2 MiB",
        statement="article: 4 MiB statically, as little as 2,122 KiB dynamically, in practice 3 MiB",
        columns=("workloads", "static KiB", "shared, least KiB", "share", "article KiB"),
        rows=tuple(rows),
        remark="2,048 + 64 is 2,112: the printed 2,122 is a slip. QC-1b plays it on the heap at 1/32 of the size.",
        plot=Plot(across=0, curves=(1, 2), unit="KiB"),
    )


def shared_objects() -> Comparison:
    size = 32
    return Comparison(
        id="QC-2",
        title=f"giving a task k separate objects of {size} bytes",
        statement="article: 16 regions are common, nothing smaller than a page can be shared; guide: up to 3 regions",
        columns=(
            "k",
            "capabilities",
            "MPU regions",
            "FreeRTOS task",
            "bytes",
            "KiB in 4 KiB pages",
            "KiB in 64 KiB pages",
        ),
        rows=tuple(
            (k, k, _fits(k, FREE_REGIONS), _fits(k, FREERTOS_REGIONS), k * size, *(k * page for page in PAGES))
            for k in (1, 3, 4, 13, 14, 20)
        ),
        plot=Plot(across=0, curves=(4, 5, 6), unit="bytes", factors=(1, 1024, 1024), labels=PLACES, steep=True),
    )


def _fits(regions: int, most: int) -> str:
    return str(regions) if regions <= most else f"{regions}: too many"


def interrupt_rights() -> Comparison:
    return Comparison(
        id="QC-3",
        title="the right to wait for each of n interrupts",
        statement="article: one MPU region for each interrupt, or a page (4-64 KiB) each; here a pointer to a word",
        columns=(
            "n",
            "counters, bytes",
            "one right, bytes",
            "MPU regions",
            "KiB in 4 KiB pages",
            "KiB in 64 KiB pages",
        ),
        rows=tuple((n, 4 * n, CAPABILITY, _fits(n, FREE_REGIONS), *(n * p for p in PAGES)) for n in (1, 8, 13, 14, 20)),
        plot=Plot(across=0, curves=(1, 4, 5), unit="bytes", factors=(1, 1024, 1024), labels=PLACES, steep=True),
    )


def reachable(graph: dict[int, tuple[int, ...]], root: int) -> tuple[int, int]:
    """Nodes reachable from the root, and the pointers a walk has to look at to find them."""
    seen, queue, steps = {root}, [root], 0
    while queue:
        for successor in graph[queue.pop()]:
            steps += 1
            if successor not in seen:
                seen.add(successor)
                queue.append(successor)
    return len(seen), steps


def tree(nodes: int) -> dict[int, tuple[int, ...]]:
    """A binary tree in which each node also points to the root."""
    return {n: (0, *(child for child in (2 * n + 1, 2 * n + 2) if child < nodes)) for n in range(nodes)}


def object_graphs() -> Comparison:
    rows = []
    for nodes in (1, 7, 13, 14, 31, 127):
        regions, steps = reachable(tree(nodes), 0)
        rows.append((nodes, 1, 0, _fits(regions, FREE_REGIONS), steps))
    return Comparison(
        id="QC-4",
        title="sharing a graph of K objects (a binary tree with pointers back to the root)",
        statement="article: an MPU needs a walk of the graph and a region for every object reachable from the root",
        columns=("K", "capabilities", "steps here", "MPU regions", "steps of the walk, at grant and again at revoke"),
        rows=tuple(rows),
        plot=Plot(across=0, curves=(1, 4), unit="capabilities, steps"),
    )


def queue_access() -> Comparison:
    size, queues, task = 64, 8, 1024 + 168
    return Comparison(
        id="QC-5",
        title=f"what a queue service can reach while {size} bytes are sent; cost of isolating {queues} queues",
        statement="article: a kernel reaches all memory; seL4: a task for each queue; here no mutable globals isolate",
        columns=("system", "caller's bytes", "rights", "withdrawn by", "tasks for 8 queues", "their bytes"),
        rows=(
            ("monolithic kernel", "all", "RW", "never", 0, 0),
            ("microkernel, pages of 4 KiB", "4,096 to 8,192", "RW", "a call of the kernel", queues, queues * task),
            ("MPU, region for each message", size, "R", "the kernel, afterwards", queues, queues * task),
            ("CHERIoT", size, "R", "return", 0, 0),
        ),
        remark="A task is counted as 1,024 bytes of stack and 168 of saved state, as a thread here without frames.",
    )


def key_space() -> Comparison:
    keys, cycles, hertz = (1 << 32) - (1 << 24) - 2, 400, 20_000_000
    hours = keys * cycles / hertz / 3600
    return Comparison(
        id="QC-15",
        title="dynamic sealing keys",
        statement="guide: 4,278,190,079 keys (the code gives one less); code that may not exhaust them gets a wrapper",
        columns=("keys", "cycles each", "MHz", "hours until none is left"),
        rows=((keys, cycles, hertz // 1_000_000, round(hours, 1)),),
    )


CALCULATIONS: dict[str, Callable[[], Comparison]] = {
    "QC-1": memory_sizing,
    "QC-2": shared_objects,
    "QC-3": interrupt_rights,
    "QC-4": object_graphs,
    "QC-5": queue_access,
    "QC-15": key_space,
}
