"""D10: what sharing costs with regions, with pages, and with pointers.

Calculations from the article's numbers: 16 regions of which code, data and stack take three, pages of 4 to 64 KiB.
"""

from collections.abc import Callable

from cosim.commands.compare import table
from cosim.stage import Exhibit
from rtos_model.services.comparisons import (
    CAPABILITY,
    FREE_REGIONS,
    PAGES,
    Comparison,
    interrupt_rights,
    object_graphs,
    queue_access,
    shared_objects,
)

MANY = 20


def exhibit(calculate: Callable[[], Comparison], judge: Callable[[dict], list[tuple[bool, str]]]) -> Exhibit:
    """A comparison, and what is to be seen in it: `judge` gets the rows by their first cell."""

    def make() -> tuple[str, list[tuple[bool, str]]]:
        made = calculate()
        return table(made), judge({row[0]: row for row in made.rows})

    return Exhibit(calculate().title, make)


def objects(rows: dict) -> list[tuple[bool, str]]:
    _, capabilities, regions, task, size, small, large = rows[MANY]
    return [
        (capabilities == MANY, f"{MANY} objects are {capabilities} pointers  [QC-2]"),
        ("too many" in regions, f"more than the {FREE_REGIONS} regions that are left  [QC-2]"),
        ("too many" in task, "more than the 3 of a FreeRTOS task  [QC-2]"),
        (
            size == 640 and (small, large) == tuple(MANY * page for page in PAGES),
            f"{size} bytes of objects take {small} KiB in small pages, {large:,} KiB in large ones  [QC-2]",
        ),
    ]


def interrupts(rows: dict) -> list[tuple[bool, str]]:
    _, counters, right, regions, *_ = rows[MANY]
    return [
        (counters == 4 * MANY, f"{MANY} interrupts: {counters} bytes of counters  [QC-3]"),
        (right == CAPABILITY, f"and {right} bytes for each right that is given  [QC-3]"),
        ("too many" in regions, "one region for each is not possible  [QC-3]"),
    ]


def graphs(rows: dict) -> list[tuple[bool, str]]:
    first = min(nodes for nodes, row in rows.items() if "too many" in row[3])
    return [
        (all(row[1:3] == (1, 0) for row in rows.values()), "a graph is shared by one pointer, without a walk  [QC-4]"),
        (first == FREE_REGIONS + 1, f"regions run out at {first} objects  [QC-4]"),
    ]


def queues(rows: dict) -> list[tuple[bool, str]]:
    ours, kernel = rows["CHERIoT"], rows["monolithic kernel"]
    return [
        (ours[1:4] == (64, "R", "return"), "the queue reads the 64 bytes of the message until it returns  [QC-5 SG-1]"),
        (kernel[1] == "all", "a kernel can read and write everything, always  [QC-5]"),
        (ours[4] == 0, "isolating queues from each other takes no tasks  [QC-5 SG-12]"),
    ]


SCENES = (
    exhibit(shared_objects, objects),
    exhibit(interrupt_rights, interrupts),
    exhibit(object_graphs, graphs),
    exhibit(queue_access, queues),
)
