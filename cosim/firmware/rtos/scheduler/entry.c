/* Where the loader and the switcher enter the scheduler: interrupts disabled, on the scheduler's own stack. */
#include "interrupts.h"
#include "thread_state.h"
#include <compartment-macros.h>
#include <riscvreg.h>

/* One thread as the loader hands it over. */
struct ThreadLoaderInfo {
	void *trustedStack; /* sealed */
	uint16_t threadid;
	uint16_t priority;
};

enum { ExitClean = 0, ExitPanic = 1 };

/* A simulation ends here; hardware does not notice. */
static void simulation_exit(uint32_t code)
{
	*MMIO_CAPABILITY_WITH_PERMISSIONS(uint32_t, simulation_exit, false, true, false, false) = code;
}

static _Noreturn void panic(void)
{
	simulation_exit(ExitPanic);
	for (;;)
		;
}

static void *idleContext; /* sealed trusted stack of the code that boots and then idles */

__cheri_compartment("scheduler") __cheriot_interrupts(disabled) int scheduler_entry(const struct ThreadLoaderInfo *info,
                                                                                   size_t count);

/* All threads become ready in the order of their declaration. The caller then yields from the idle context. */
int scheduler_entry(const struct ThreadLoaderInfo *info, size_t count)
{
	if (count != CONFIG_THREADS_NUM)
		panic();
	threads_init();
	time_init();
	interrupts_init();
	for (size_t i = 0; i < count; i++) {
		struct Thread *thread = &threads[i];
		thread->trustedStack = info[i].trustedStack;
		thread->id = info[i].threadid;
		thread->basePriority = info[i].priority;
		thread_start(thread);
	}
	return 0;
}

/* The running thread (null: the idle context) was interrupted, has yielded or has ended: who runs now? */
void *exception_entry(void *trustedStack, size_t mcause, size_t mepc, size_t mtval)
{
	if (!idleContext)
		idleContext = trustedStack; /* the first to come in has booted the system */
	if (liveThreads == 0) {
		simulation_exit(ExitClean);
		timer_stop();
		return idleContext;
	}
	bool reschedule = true, expire = true;
	switch (mcause) {
	case MCAUSE_ECALL_MACHINE:
		expire = (running && running->state == ThreadReady) || highest_ready_priority() < 0;
		break;
	case MCAUSE_MACHINE_TIMER:
		break;
	case MCAUSE_MACHINE_EXTERNAL:
		reschedule = interrupt_take();
		expire = reschedule || highest_ready_priority() < 0;
		break;
	case MCAUSE_THREAD_EXIT:
		thread_finish(running);
		break;
	default:
		panic();
	}
	if (expire)
		expire_sleepers();
	if (reschedule || (!running && highest_ready_priority() >= 0))
		choose_next();
	if (liveThreads == 0)
		timer_fire_now(); /* back here once the switch to the idle context is over */
	else
		timer_program();
	return running ? running->trustedStack : idleContext;
}
