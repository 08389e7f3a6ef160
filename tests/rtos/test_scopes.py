"""Scopes in C: CHERIOT_DURING and friends, unwind_protect, setjmp (CP-34), in a compartment with the scoped handler."""

import pytest

from cosim.run import Verdict, run_model
from cosim.toolchain.system.build import build
from rtl.config import SAFE
from rtos_model.services.image import DeviceImport, Export, Thread
from tests.rtos.hello import STAND_INS, compartment, image, program, text

CODE = """
#include <compartment.h>
#include <switcher.h>
#include <unwind.h>
static void say(const char *text)
{
	volatile uint32_t *uart = MMIO_CAPABILITY(uint32_t, uart);
	while (*text)
		*uart = *text++;
	*uart = '\\n';
}
static void fault(void *unused) { *(volatile int *)NULL = 1; }
static void nothing(void *unused) {}
static int overflow(int depth)
{
	volatile char room[200];
	room[0] = depth;
	return overflow(depth + 1) + room[0];
}
static void inner(void *text)
{
	CHERIOT_DURING
		fault(NULL);
	CHERIOT_HANDLER
		say(text);
		cleanup_unwind();
	CHERIOT_END_HANDLER
	say("not reached");
}
void __cheri_compartment("main") run(void)
{
	volatile int count = 1;
	void *stack = switcher_recover_stack();
	CHERIOT_DURING
		count = 2;
		fault(NULL);
		say("not reached");
	CHERIOT_HANDLER
		if (count == 2)
			say("caught");
	CHERIOT_END_HANDLER
	CHERIOT_DURING
		say("no fault");
	CHERIOT_HANDLER
		say("not reached");
	CHERIOT_END_HANDLER
	CHERIOT_DURING
		overflow(0);
	CHERIOT_HANDLER
		say("overflow");
	CHERIOT_END_HANDLER
	CHERIOT_DURING
		inner("inner");
	CHERIOT_HANDLER
		say("outer");
	CHERIOT_END_HANDLER
	if (unwind_protect(fault, NULL) == 1 && unwind_protect(nothing, NULL) == 0)
		say("protect");
	if (*cleanup_list_head() == NULL && switcher_handler_invocation_count_reset() == 0)
		say("nothing left");
	jmp_buf env;
	volatile int turns = 0;
	int came = setjmp(env);
	if (turns++ == 0)
		longjmp(env, 0);
	if (came == 1 && turns == 2)
		say("jumped");
	if (switcher_recover_stack() == stack)
		say("same stack");
	cleanup_unwind();
	say("not reached");
}
"""
LINES = ["caught", "no fault", "overflow", "inner", "outer", "protect", "nothing left", "jumped", "same stack"]
IMAGE = image(
    [
        compartment(
            "main", Export(name="run", arguments=0), imports=(DeviceImport(device="uart"),), handlers=("scoped",)
        )
    ],
    [Thread(name="thread", compartment="main", entry="run", priority=1, stack=2048, frames=2)],
)


@pytest.fixture(scope="module")
def result():
    return run_model(SAFE, program(build(IMAGE, {**STAND_INS, "main": text("main.c", CODE)})), max_cycles=200_000)


def test_handler_blocks_run(result):
    assert result.console.decode().splitlines() == LINES


def test_without_a_scope_the_thread_ends(result):
    """The last `cleanup_unwind` has no scope: a fault, which ends the outermost invocation (CP-37)."""
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0)
