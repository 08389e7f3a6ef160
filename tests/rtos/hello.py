"""A whole system that is small: two compartments, two threads, and stand-ins for the core of the RTOS.

The stand-in for the scheduler takes turns: a yield or an interrupt lets the next thread run. The last thread to end
ends the run.
"""

from pathlib import Path

from cosim.image import Program, linked_program
from cosim.toolchain.system.build import System, build
from cosim.toolchain.system.sources import Source
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    Image,
    Initialiser,
    Library,
    Posture,
    SharedObject,
    Thread,
)

SCHEDULER = """
#include <compartment.h>
struct ThreadLoaderInfo { void *trustedStack; uint16_t id; uint16_t priority; };
static void *threads[CONFIG_THREADS_NUM];
static unsigned count, running;
int __cheri_compartment("scheduler") __cheriot_interrupts(disabled)
    scheduler_entry(const struct ThreadLoaderInfo *info, size_t number)
{
	for (count = 0; count < number; count++)
		threads[count] = info[count].trustedStack;
	running = count;
	return 0;
}
void *exception_entry(void *context, size_t mcause, size_t mepc, size_t mtval)
{
	*(volatile uint64_t *)MMIO_CAPABILITY(uint64_t, clint) = ~0ull;
	if (mcause == 24) {
		for (unsigned i = running; i + 1 < count; i++)
			threads[i] = threads[i + 1];
		count--;
	} else {
		running++;
	}
	if (count == 0) {
		*MMIO_CAPABILITY(uint32_t, simulation_exit) = mcause == 24 ? 0 : 1;
		for (;;)
			;
	}
	if (running >= count)
		running = 0;
	return threads[running];
}
"""
NOTHING = """
#include <compartment.h>
"""
CONSOLE = """
#include <compartment.h>
static int lines[7]; /* 28 bytes: the middle of the globals depends on their padding */
int __cheri_compartment("console") write_line(const char *text)
{
	volatile uint32_t *uart = MMIO_CAPABILITY(uint32_t, uart);
	while (*text)
		*uart = *text++;
	*uart = '\\n';
	return ++lines[0];
}
void __cheri_compartment("console") start(void) { write_line("console started"); }
"""
MAIN = """
#include <compartment.h>
int __cheri_compartment("console") write_line(const char *text);
int __cheri_libcall thread_id_get(void);
static void yield(void) { __asm__ volatile("ecall"); }
void __cheri_compartment("main") run(void)
{
	char text[] = "hello from thread 0";
	text[18] += thread_id_get();
	for (int i = 0; i < 3; i++) {
		write_line(text);
		yield();
	}
}
"""
NOT_EXPORTED = ("scheduler_entry", "exception_entry")


def compartment(name: str, *exports: Export, imports=(), **more) -> Compartment:
    return Compartment(name=name, exports=exports, imports=imports, **more)


HELPERS = (
    "trusted_stack_has_space switcher_recover_stack switcher_thread_hazard_slots stack_lowest_used_address "
    "switcher_handler_invocation_count_reset thread_id_get"
).split()


def core(*helpers: str) -> dict:
    """The parts that every image has, with stand-ins."""
    return {
        "compartments": (compartment("scheduler"), compartment("allocator")),
        "libraries": (
            Library(name="switcher", exports=tuple(Export(name=n, posture=Posture.DISABLED) for n in HELPERS)),
            Library(name="token"),
        ),
        "shared_objects": (SharedObject(name="allocator_hazard_pointers", size=256),),
    }


def image(compartments, threads, *, initialisers=(), heap_size=4096, libraries=(), sealed=(), shared=()) -> Image:
    parts = core()
    return Image(
        compartments=(*parts["compartments"], *compartments),
        libraries=(*parts["libraries"], *libraries),
        threads=tuple(threads),
        devices=(Device(name="uart", start=0x8F00_B000, length=0x100),),
        shared_objects=(*parts["shared_objects"], *shared),
        sealed_objects=tuple(sealed),
        initialisers=tuple(initialisers),
        heap_size=heap_size,
    )


def text(name: str, contents: str) -> list[Source]:
    return [Source(Path(name), contents)]


STAND_INS = {
    "scheduler": text("scheduler.c", SCHEDULER),
    "allocator": text("allocator.c", NOTHING),
    "token": text("token.c", NOTHING),
}

HELLO = image(
    [
        compartment(
            "console",
            Export(name="write_line", arguments=1),
            Export(name="start", arguments=0),
            imports=(DeviceImport(device="uart"),),
        ),
        compartment("main", Export(name="run", arguments=0)),
    ],
    [
        Thread(name="first", compartment="main", entry="run", priority=1, stack=512, frames=2),
        Thread(name="second", compartment="main", entry="run", priority=1, stack=512, frames=2),
    ],
    initialisers=[Initialiser(compartment="console", entry="start", order=1)],
)


def hello_system(**sources: list[Source]) -> System:
    """`sources` replace those of units of these names."""
    sources = {**STAND_INS, "console": text("console.c", CONSOLE), "main": text("main.c", MAIN), **sources}
    return build(HELLO, sources)


def program(system: System, name: str = "system") -> Program:
    return linked_program(name, system.image)
