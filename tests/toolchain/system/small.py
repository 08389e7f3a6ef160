"""A system that is as small as one can be, with sources of its own for everything."""

from pathlib import Path

from cosim.toolchain.system.sources import Source
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    FunctionImport,
    Image,
    Initialiser,
    KeyImport,
    Library,
    Posture,
    SealedImport,
    SealedObject,
    SharedImport,
    SharedObject,
    Thread,
    Word,
)

START = """
	.section .text.start,"ax",@progbits
	.globl _start
_start:
	li	a0, __image_header
	cj	loader_main
"""
LOADER = """
#include <stdint.h>
int loader_main(uint32_t header) { return HEADER_MAGIC == header; }
"""
SWITCHER = """
	.section .text.start,"ax",@progbits
	.globl switcher_entry, switcher_return, switcher_keys
switcher_entry:
	cret
switcher_return:
	cret
	.globl thread_id_get
	.type thread_id_get, @function
thread_id_get:
	li a0, 1
	cret
	.p2align 3
	.globl switcher_keys, switcher_scheduler_pcc, switcher_scheduler_cgp, switcher_scheduler_csp
switcher_keys:
	.long 0, 0, 0, 0
switcher_scheduler_pcc:
	.long 0, 0
switcher_scheduler_cgp:
	.long 0, 0
switcher_scheduler_csp:
	.long 0, 0
"""
SCHEDULER = """
#include <compartment.h>
int count;
struct ThreadLoaderInfo;
int __cheri_compartment("scheduler") __cheriot_interrupts(disabled)
    scheduler_entry(const struct ThreadLoaderInfo *threads, size_t number) { return count = number; }
void *exception_entry(void *stack, size_t mcause, size_t mepc, size_t mtval) { return stack; }
int __cheri_compartment("scheduler") __cheriot_interrupts(disabled) __cheriot_minimum_stack(64) thread_count(int a)
{
	*MMIO_CAPABILITY(uint32_t, plic) = a;
	return count;
}
void *key(void) { return STATIC_SEALING_TYPE(InterruptKey); }
"""
ALLOCATOR = """
#include <compartment.h>
int __cheri_compartment("scheduler") thread_count(int a);
void *__cheri_compartment("allocator") heap_allocate(size_t size)
{
	void *heap = (void *)MMIO_CAPABILITY(char, heap);
	return thread_count(1) ? LOADER_KEY(sealing_key_objects) : heap;
}
"""
TOKEN = """
	.section .text,"ax",@progbits
	.globl token_obj_unseal
	.type token_obj_unseal, @function
token_obj_unseal:
1:	auipcc ca2, %cheriot_compartment_hi(__import.loader.sealing_key_both)
	clc ca2, %cheriot_compartment_lo_i(1b)(ca2)
	cret
"""
LIBRARY = """
#include <compartment.h>
int __cheri_libcall twice(int x) { return 2 * x; }
"""
MAIN = """
#include <compartment.h>
#include <string.h>
void *__cheri_compartment("allocator") heap_allocate(size_t size);
int __cheri_libcall twice(int x);
int __cheri_libcall thread_id_get(void);
int word = 7;
char buffer[600];
int *pointer = &word;
__cheriot_interrupts(disabled) int critical(int *p) { return ++*p; }
__cheri_callback int called(int x) { return x; }
enum ErrorRecoveryBehaviour compartment_error_handler(struct ErrorState *frame, size_t mcause, size_t mtval)
{
	return ForceUnwind;
}
void __cheri_compartment("main") run(void)
{
	__cheri_callback int (*f)(int) = called;
	*SHARED_OBJECT(int, board) = twice(word) + critical(&word) + thread_id_get() + f(1);
	memset(buffer, 1, sizeof buffer);
	void **out = heap_allocate(32);
	*out = MALLOC_CAPABILITY;
}
void __cheri_compartment("main") init(void) { word = 8; }
"""

IMAGE = Image(
    compartments=(
        Compartment(
            name="scheduler",
            exports=(Export(name="thread_count", posture=Posture.DISABLED, min_stack=64, arguments=1),),
            imports=(KeyImport(key="InterruptKey"),),
            keys=("InterruptKey",),
        ),
        Compartment(
            name="allocator",
            exports=(Export(name="heap_allocate", arguments=1),),
            imports=(FunctionImport(provider="scheduler", function="thread_count"), KeyImport(key="MallocKey")),
            keys=("MallocKey",),
        ),
        Compartment(
            name="main",
            exports=(Export(name="run", arguments=0), Export(name="init", arguments=0)),
            imports=(
                SharedImport(shared="board", permissions="RWc"),
                SharedImport(shared="board", permissions="R"),
                SealedImport(sealed="main.malloc"),
                DeviceImport(device="uart"),
            ),
            globals=(Word(name="word"),),
            handlers=("rich",),
        ),
    ),
    libraries=(
        Library(name="switcher", exports=(Export(name="thread_id_get", posture=Posture.DISABLED),)),
        Library(name="token", exports=(Export(name="token_obj_unseal", posture=Posture.DISABLED),)),
        Library(name="arithmetic", exports=(Export(name="twice", posture=Posture.INHERIT),)),
    ),
    threads=(
        Thread(name="first", compartment="main", entry="run", priority=3, stack=512, frames=4),
        Thread(name="second", compartment="main", entry="run", priority=9, stack=9008, frames=2),
    ),
    devices=(Device(name="uart", start=0x8F00_B000, length=0x100),),
    shared_objects=(SharedObject(name="board", size=12),),
    sealed_objects=(
        SealedObject(name="main.malloc", owner="allocator", key="MallocKey", contents=b"\x40" + bytes(23)),
        SealedObject(name="pocket", owner="allocator", key="MallocKey", contents=b"\x40" + bytes(23)),
    ),
    initialisers=(Initialiser(compartment="main", entry="init", order=1),),
    heap_size=4096,
)


def text(name: str, contents: str) -> list[Source]:
    return [Source(Path(name), contents)]


def sources() -> dict[str, list[Source]]:
    return {
        "loader": text("start.S", START) + text("loader.c", LOADER),
        "switcher": text("switcher.S", SWITCHER),
        "scheduler": text("scheduler.c", SCHEDULER),
        "allocator": text("allocator.c", ALLOCATOR),
        "token": text("token.S", TOKEN),
        "arithmetic": text("arithmetic.c", LIBRARY),
        "main": text("main.c", MAIN),
    }
