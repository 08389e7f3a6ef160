"""Bugs that CHERIoT's software has really had, planted into the RTOS firmware one at a time.

Each names a line of the errata, the unit it is planted in, an edit of one source, and the scenario whose comparison
with the golden services must notice it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cosim.errors import UserError
from cosim.toolchain.cc.driver import FIRMWARE
from cosim.toolchain.system.units import Source

RTOS = FIRMWARE / "rtos"


@dataclass(frozen=True)
class Seeded:
    """`old` occurs exactly once in `file` of the unit's folder."""

    erratum: str
    title: str
    unit: str
    file: str
    old: str
    new: str
    scenario: str

    @property
    def name(self) -> str:
        return f"{self.erratum} {self.title}"


@contextmanager
def planted(fault: Seeded) -> Iterator[dict[str, list[Source]]]:
    """Sources of the unit with the fault in them, in a folder that is gone afterwards. Raises UserError if the edit
    does not fit the source any more."""
    with TemporaryDirectory() as place:
        folder = Path(place) / fault.unit
        shutil.copytree(RTOS / fault.unit, folder)
        path = folder / fault.file
        text = path.read_text()
        if text.count(fault.old) != 1:
            raise UserError(
                f"{RTOS / fault.unit / fault.file}: {fault.old.strip()!r} occurs {text.count(fault.old)} times; "
                f"the edit of {fault.name!r} in cosim/seeded.py must fit once"
            )
        path.write_text(text.replace(fault.old, fault.new))
        yield {fault.unit: [Source(one) for one in sorted(folder.iterdir()) if one.suffix in (".c", ".S")]}


FAULTS = (
    # ------------------------------------------------------------------------------- switcher
    Seeded(
        "E-SW-1",
        "no stackless handler",
        "switcher",
        "fault.inc",
        "beq   t0, t1, try_stackless",
        "beq   t0, t1, switcher_unwind",
        "SC-174",
    ),
    Seeded(
        "E-SW-2",
        "the invocation's slots are not counted",
        "switcher",
        "call.inc",
        "sub   s1, s1, t2 ",
        "sub   s1, s1, t2\n  addi  s1, s1, 16",
        "SC-164",
    ),
    Seeded(
        "E-SW-3",
        "stack permissions not checked before the spill",
        "switcher",
        "call.inc",
        "bnez  t2, switcher_unwind",
        "nop",
        "SC-166",
    ),
    Seeded(
        "E-SW-3",
        "a fault while spilling unwinds",
        "switcher",
        "fault.inc",
        "bne   s0, t0, switcher_unwind",
        "cj    switcher_unwind",
        "SC-165",
    ),
    Seeded(
        "E-SW-4",
        "trusted stack without end",
        "switcher",
        "call.inc",
        "bgeu  tp, s1, trusted_stack_full",
        "nop",
        "SC-163",
    ),
    Seeded(
        "E-SW-5",
        "error handlers with interrupts disabled",
        "switcher",
        "fault.inc",
        "csrsi mstatus, MSTATUS_MIE",
        "nop",
        "SC-173",
    ),
    Seeded(
        "E-SW-6",
        "the scheduler gets unsealed threads",
        "switcher",
        "exception.inc",
        "cseal ca0, csp, ca0",
        "cmove ca0, csp",
        "SC-186",
    ),
    # ------------------------------------------------------------------------------- allocator
    Seeded(
        "E-HEAP-1",
        "epochs compared without sign",
        "allocator",
        "revoker.h",
        "(int32_t)(revoker_epoch() - epoch)",
        "(revoker_epoch() - epoch)",
        "SC-138",
    ),
    Seeded(
        "E-HEAP-2",
        "memory used again after the beginning of a sweep",
        "allocator",
        "revoker.h",
        "- epoch) >= 2",
        "- epoch) >= 1",
        "SC-138",
    ),
    Seeded(
        "E-HEAP-3",
        "stacks and sealed objects are not swept",
        "allocator",
        "revoker.h",
        "(uint32_t)__revocation_start",
        "(uint32_t)__heap_end - 4096",
        "SC-124",
    ),
    Seeded(
        "E-HEAP-4",
        "hazard slots are not looked at",
        "allocator",
        "hazards.c",
        "bool deferred = is_protected(object);",
        "bool deferred = false;",
        "SC-130",
    ),
    Seeded(
        "E-HEAP-5",
        "free-all takes one claim",
        "allocator",
        "release.c",
        "drop(at, quota, as_owner, true)",
        "drop(at, quota, as_owner, false)",
        "SC-129",
    ),
    Seeded(
        "E-HEAP-6",
        "capability to a header alone",
        "allocator",
        "chunks.c",
        "(struct Chunk *)(heap.memory + at * GRANULE)",
        "(struct Chunk *)cheri_bounds_set(heap.memory + at * GRANULE, HEADER)",
        "SC-129",
    ),
    Seeded(
        "E-HEAP-7",
        "ephemeral claim of a sealed object",
        "compartment_helpers",
        "claim.c",
        "(cheri_tag_get(object) && cheri_is_unsealed(object))",
        "cheri_tag_get(object)",
        "SC-132",
    ),
    Seeded(
        "E-HEAP-8",
        "the end marker counts as memory",
        "allocator",
        "chunks.c",
        "& -GRANULE) - HEADER;",
        "& -GRANULE);",
        "SC-134",
    ),
    Seeded(
        "E-HEAP-9",
        "freed memory is not painted",
        "allocator",
        "hazards.c",
        "bitmap_paint(chunk_address(at) + HEADER, chunk_address(at) + chunk_bytes(at))",
        "bitmap_paint(chunk_address(at), chunk_address(at))",
        "SC-120",
    ),
    # ------------------------------------------------------------------------------- scheduler, locks, queue
    Seeded(
        "E-SCH-1",
        "a thread that ended stays in its ring",
        "scheduler",
        "threads.c",
        "\tleave_ring(thread);\n\tthread->state = ThreadExited;",
        "\tthread->state = ThreadExited;",
        "SC-1",
    ),
    Seeded(
        "E-SCH-2",
        "one expired sleeper at a time",
        "scheduler",
        "time.c",
        "while ((first = first_sleeper()) && first->deadline <= now)",
        "if ((first = first_sleeper()) && first->deadline <= now)",
        "SC-9",
    ),
    Seeded(
        "E-SCH-3",
        "interrupt word without bounds and rights",
        "scheduler",
        "interrupts.c",
        "CHERI_PERM_GLOBAL | CHERI_PERM_LOAD",
        "0xFFF",
        "SC-41",
    ),
    Seeded(
        "E-SCH-4",
        "priority recomputed from the inherited one",
        "scheduler",
        "futex.c",
        "uint8_t priority = owner->basePriority;",
        "uint8_t priority = owner->priority;",
        "SC-144",
    ),
    Seeded(
        "E-SCH-5",
        "the flag lock forgets that somebody waits",
        "locks",
        "flag.c",
        "if (value & WAITERS)\n\t\tword_notify",
        "if (value == WAITERS)\n\t\tword_notify",
        "SC-60",
    ),
    Seeded(
        "E-SCH-5",
        "the ticket lock compares with the old ticket",
        "locks",
        "ticket.c",
        "\tif (lock->next != current)",
        "\tif (lock->next == current)",
        "SC-66",
    ),
    Seeded(
        "E-SCH-6",
        "the queue's counter wraps too early",
        "queue",
        "transfer.c",
        "endpoint_advance(mine, number, 2 * count);",
        "endpoint_advance(mine, number, count);",
        "SC-90",
    ),
)
