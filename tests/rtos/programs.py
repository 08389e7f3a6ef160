"""C programs on the whole RTOS on the golden machine, with the scripted clock: a test compares what they print."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cosim.image import linked_program
from cosim.run import RunResult, run_model
from cosim.toolchain.system.build import System, build
from cosim.toolchain.system.units import Source
from rtl.config import SAFE
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    Interrupt,
    SealedImport,
    Thread,
    interrupt_right,
    quota,
)
from rtos_model.services.registry import link

LIMIT = 5_000_000
STACK = 2048
DEVICES = (
    Device(name="uart", start=0x8F00_B000, length=0x100),
    Device(name="simulation_clock", start=0x1400_2018, length=8),
    Device(name="mtime", start=0x1400_1010, length=8),
)
SEALED = (
    quota("quota", 1024),
    quota("other", 1024),
    interrupt_right("right", 12),
    interrupt_right("waitonly", 12, may_complete=False),
)
PRELUDE = """
#include <compartment.h>
#include <event.h>
#include <futex.h>
#include <interrupt.h>
#include <lock_guard.h>
#include <locks.h>
#include <multiwaiter.h>
#include <queue.h>
#include <ring_buffer.h>
#include <thread.h>
#include <thread_pool.h>
#include <timer_service.h>
#include <unwind.h>
#define entry __cheri_compartment("main")
#define QUOTA STATIC_SEALED_VALUE(quota)
static void put(const char *text)
{
	volatile uint32_t *uart = MMIO_CAPABILITY(uint32_t, uart);
	while (*text) *uart = *text++;
}
static void number(int n)
{
	char digits[12], *at = digits + 11;
	unsigned rest = n < 0 ? -n : n;
	*at = 0;
	do *--at = '0' + rest % 10; while (rest /= 10);
	if (n < 0) *--at = '-';
	put(at);
}
/* "thread: text number" */
static void say(const char *text, int n)
{
	number(thread_id_get()); put(": "); put(text); put(" "); number(n); put("\\n");
}
static int sleep_ticks(Ticks ticks) { Timeout t = {0, ticks}; return thread_sleep(&t, ThreadSleepNoEarlyWake); }
static void raise_interrupt(unsigned source) { MMIO_CAPABILITY(uint32_t, simulation_clock)[1] = 1U << source; }
static void advance(unsigned cycles) { MMIO_CAPABILITY(uint32_t, simulation_clock)[0] = cycles; }
#line 1
"""


def system_of(
    text: str, threads: Mapping[str, int], services: tuple[tuple[str, str], ...] = (), include: Iterable[Path] = ()
) -> System:
    """Threads by name and priority, each with the entry of its name in compartment `main`; then threads of services."""
    rights = tuple(SealedImport(sealed=one.name) for one in SEALED)
    main = Compartment(
        name="main",
        exports=tuple(Export(name=name, arguments=0) for name in threads),
        imports=(
            DeviceImport(device="uart"),
            DeviceImport(device="simulation_clock", permissions="W"),
            DeviceImport(device="mtime", permissions="R"),
            SealedImport(sealed="main.malloc"),
            *rights,
        ),
        handlers=("scoped",),
    )
    declared = [
        Thread(name=name, compartment="main", entry=name, priority=priority, stack=STACK)
        for name, priority in threads.items()
    ]
    declared += [Thread(name=unit, compartment=unit, entry=name, priority=2, stack=STACK) for unit, name in services]
    image = link(
        compartments=[main],
        threads=declared,
        program={},
        devices=DEVICES,
        interrupts=(Interrupt(name="test", number=12, edge=True),),
        sealed_objects=SEALED,
    )
    return build(image, {"main": [Source(Path("main.c"), PRELUDE + text)]}, include=include)


def printed(system: System, *, scripted: bool = True) -> tuple[list[str], RunResult]:
    """Lines on the console, and how it ended."""
    result = run_model(SAFE, linked_program("program", system.image), scripted=scripted, max_cycles=LIMIT)
    return result.console.decode().splitlines(), result


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]
