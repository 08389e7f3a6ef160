"""Every mistake that switchers have had (errata E-SW, E-HWM), and some more, made on purpose: a check must notice.

A fault is an edit of a source file, in a copy of the switcher's folder.
"""

import shutil
from dataclasses import dataclass
from functools import partial

import pytest

from tests.rtos import test_calls as calls
from tests.rtos import test_contexts as contexts
from tests.rtos import test_faults as faults
from tests.rtos.handmade import SWITCHER, HandMade


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    old: str
    new: str
    check: object


FAULTS = (
    # E-SW-1: the topmost frame, stackless handlers
    Fault("first frame cut like others", "fault.inc", "beq   s0, t1, observe_stackless", "nop", faults.check_outermost),
    Fault("no frame left is no end", "fault.inc", "bgeu  s1, s0, thread_exit", "nop", contexts.check_thread_exit),
    Fault(
        "no stackless handler",
        "fault.inc",
        "beq   t0, t1, try_stackless",
        "beq t0, t1, switcher_unwind",
        faults.check_stackless_handler,
    ),
    Fault("rich handler without a stack", "fault.inc", "beqz  a2, try_stackless", "nop", faults.check_stack_overflow),
    Fault("rich handler without rights", "fault.inc", "bnez  a0, try_stackless", "nop", faults.check_stack_overflow),
    Fault(
        "handler gets the stack in use",
        "fault.inc",
        "clc   ct2, FRAME_CSP(cs0)",
        "clc ct2, TS_CSP(csp)",
        faults.check_stack_overflow,
    ),
    # E-SW-2
    Fault(
        "unsigned room",
        "call.inc",
        "blt   s1, gp, stack_too_small",
        "bltu s1, gp, stack_too_small",
        calls.check_small_stack,
    ),
    Fault(
        "slots not counted",
        "call.inc",
        "sub   s1, s1, t2 ",
        "sub s1, s1, t2\n  addi s1, s1, 16",
        calls.check_small_stack,
    ),
    # E-SW-3
    Fault(
        "spill fault unwinds",
        "fault.inc",
        "bne   s0, t0, switcher_unwind",
        "cj switcher_unwind",
        calls.check_spill_refused,
    ),
    Fault("permissions not checked", "call.inc", "bnez  t2, switcher_unwind", "nop", calls.check_bad_stack),
    Fault("alignment not checked", "call.inc", "bnez  tp, switcher_unwind", "nop", calls.check_bad_stack),
    Fault(
        "no tag is no room",
        "fault.inc",
        "beqz  t2, switcher_unwind\n  clc   cra, TS_CRA(csp)",
        "clc cra, TS_CRA(csp)",
        calls.check_bad_stack,
    ),
    Fault("spill fault leaks registers", "fault.inc", "cj    leave_refused", "cret", calls.check_spill_refused),
    # E-SW-4
    Fault("frames without end", "call.inc", "bgeu  tp, s1, trusted_stack_full", "nop", calls.check_trusted_stack_full),
    Fault(
        "one frame too many",
        "call.inc",
        "bgeu  tp, s1, trusted_stack_full",
        "bgtu tp, s1, trusted_stack_full",
        calls.check_trusted_stack_full,
    ),
    Fault("trusted stack underflow", "return.inc", "bgeu  t0, t2, thread_exit", "nop", contexts.check_thread_exit),
    # E-SW-5
    Fault(
        "exit with interrupts enabled", "return.inc", "csrci mstatus, MSTATUS_MIE", "nop", contexts.check_thread_exit
    ),
    Fault(
        "handler with interrupts disabled",
        "fault.inc",
        "csrsi mstatus, MSTATUS_MIE",
        "nop",
        faults.check_posture_of_handlers,
    ),
    Fault(
        "posture of the interrupted handler",
        "fault.inc",
        "  sw    t1, TS_MSTATUS(csp)\n",
        "",
        faults.check_posture_of_handlers,
    ),
    Fault("posture not noted", "fault.inc", "sh    a0, FRAME_MASKED(cs0)", "nop", faults.check_posture_of_handlers),
    Fault("callee always interruptible", "call.inc", "andi  s1, s1, EXPORT_ENABLED", "li s1, 8", calls.check_posture),
    Fault("callee never interruptible", "call.inc", "csrs  mstatus, s1", "nop", calls.check_posture),
    # E-SW-6
    Fault("mtval of another thread", "return.inc", "csrw  mtval, t1", "nop", contexts.check_thread_exit),
    Fault("MTCC stays", "exception.inc", "cspecialw mtcc, csp", "nop", contexts.check_wedge),
    Fault(
        "MTDC stays", "exception.inc", "cspecialrw ctp, mtdc, ctp", "cspecialr ctp, mtdc", contexts.check_scheduler_sees
    ),
    Fault(
        "thread before it is one",
        "exception.inc",
        "clc   ct0, TS_PCC(csp)\n  cspecialw mtdc, csp",
        "cspecialw mtdc, csp\n  clc ct0, TS_PCC(csp)",
        contexts.check_wedge,
    ),
    Fault("unwinding answers 0", "return.inc", "li    a0, -ECOMPARTMENTFAIL", "li a0, 0", faults.check_unwind),
    Fault(
        "unwinding leaves a1",
        "return.inc",
        "li    a0, -ECOMPARTMENTFAIL\n  li    a1, 0",
        "li a0, -ECOMPARTMENTFAIL",
        faults.check_unwind,
    ),
    # E-HWM
    Fault(
        "clearing starts 16 too high",
        "return.inc",
        "csetaddr ct2, csp, tp",
        "addi tp, tp, 16\n  csetaddr ct2, csp, tp",
        calls.check_return_clears,
    ),
    Fault("clearing ends 16 too low", "macros.inc", "bgeu  \\from, \\top, 3f", "cj 3f", calls.check_return_clears),
    Fault(
        "clearing ends 16 too high",
        "macros.inc",
        "addi  \\scratch, \\top, -32",
        "addi \\scratch, \\top, -16",
        calls.check_return_clears,
    ),
    Fault(
        "callee's stack not cleared",
        "call.inc",
        "bgeu  gp, s1, stack_is_clean",
        "cj stack_is_clean",
        calls.check_callee_stack,
    ),
    Fault(
        "another register when there is nothing to clear",
        "call.inc",
        "csetaddr csp, ct2, s1",
        "csetaddr csp, cra, s1",
        calls.check_callee_stack,
    ),
    Fault("mark of the callee not set", "call.inc", "csrw  mshwm, sp", "nop", calls.check_callee_stack),
    Fault("mark of the caller not set", "return.inc", "csrw  mshwm, sp", "nop", calls.check_return_clears),
    Fault("mark not saved", "exception.inc", "sw    t2, TS_MSHWM(csp)", "nop", contexts.check_context),
    Fault("mark not restored", "exception.inc", "csrw  mshwm, t1", "nop", contexts.check_context),
    Fault("limit not restored", "exception.inc", "csrw  mshwmb, t2", "nop", contexts.check_context),
    Fault("handler's stack not cleared", "fault.inc", "sw    t1, TS_MSHWM(csp)", "nop", faults.check_resume),
    Fault("stack not cut", "call.inc", "csetboundsrounddown ct2, ct2, s1", "nop", calls.check_callee_stack),
    Fault(
        "stack rounded up",
        "call.inc",
        "csetboundsrounddown ct2, ct2, s1",
        "csetbounds ct2, ct2, s1",
        calls.check_large_stack,
    ),
    # Registers, arguments, hazard slots, counters
    Fault(
        "one argument too many",
        "call.inc",
        "slli  t2, t2, 1 ",
        "slli t2, t2, 1\n  addi t2, t2, 2 #",
        calls.check_arguments,
    ),
    Fault(
        "t0 is no argument",
        "call.inc",
        "zero  a0, a1, a2, a3, a4, a5, t0",
        "zero a0, a1, a2, a3, a4, a5, t1",
        calls.check_arguments,
    ),
    Fault(
        "s0 for the callee", "call.inc", "zero  tp, t1, t2, s0, s1", "zero tp, t1, t2, s1", calls.check_callee_registers
    ),
    Fault(
        "t1 for the callee", "call.inc", "zero  tp, t1, t2, s0, s1", "zero tp, t2, s0, s1", calls.check_callee_registers
    ),
    Fault(
        "a5 for the caller",
        "return.inc",
        "csrw  mshwm, sp\n  zero  a2, a3, a4, a5",
        "csrw mshwm, sp\n  zero a2, a3, a4",
        calls.check_caller_registers,
    ),
    Fault(
        "trusted stack for the caller",
        "return.inc",
        "observe_return:\n  zero  tp,",
        "observe_return:\n  zero  ",
        calls.check_caller_registers,
    ),
    Fault(
        "s1 not the caller's",
        "macros.inc",
        "clc   cs1, SPILL_CS1(csp)",
        "clc cs1, SPILL_CS0(csp)",
        calls.check_caller_registers,
    ),
    Fault("hazards kept by a call", "call.inc", "csc   cnull, 8(cra)", "nop", calls.check_hazards),
    Fault("hazards kept by a return", "return.inc", "csc   cnull, 0(ct1)", "nop", calls.check_hazards),
    Fault("old fault counter", "call.inc", "sw    zero, FRAME_FAULTS(cs0)", "nop", calls.check_fault_counter_is_new),
    Fault("frame not popped", "return.inc", "sh    t2, TS_FRAME_OFFSET(ctp)", "nop", calls.check_return_sentry),
    Fault(
        "register for the scheduler",
        "exception.inc",
        "zero  tp, t0, t1, t2, s0, s1, a4, a5",
        "zero tp, t0, t1, t2, s0, s1, a5",
        contexts.check_scheduler_sees,
    ),
    Fault(
        "trusted stack not sealed",
        "exception.inc",
        "cseal ca0, csp, ca0",
        "cmove ca0, csp",
        contexts.check_scheduler_sees,
    ),
    Fault("yield again and again", "exception.inc", "csc   ct2, TS_PCC(csp)", "nop", contexts.check_context),
    Fault("register not saved", "exception.inc", "csc   cs1, TS_CS1(csp)", "nop", contexts.check_interrupt),
    Fault("register not resumed", "exception.inc", "clc   ctp, TS_CTP(csp)", "nop", contexts.check_interrupt),
    # Error handling
    Fault("PC with its tag", "fault.inc", "ccleartag ct0, ct0", "nop", faults.check_rich_handler),
    Fault(
        "PC as the handler says",
        "fault.inc",
        "lw    t0, TS_PCC(csp)\n  csetaddr ct2, ct2, t0",
        "clc ct2, TS_PCC(csp)",
        faults.check_resume,
    ),
    Fault("double fault handled", "fault.inc", "beqz  a1, switcher_unwind", "nop", faults.check_double_fault),
    Fault("faults without end", "fault.inc", "bgtu  a0, a1, switcher_unwind", "nop", faults.check_fault_limit),
    Fault(
        "513 faults",
        "layout.inc",
        ".equ MAX_FAULT_COUNT,   1024",
        ".equ MAX_FAULT_COUNT, 1025",
        faults.check_fault_limit,
    ),
    Fault("any answer resumes", "fault.inc", "bnez  a0, switcher_unwind", "nop", faults.check_handler_unwinds),
    Fault(
        "switcher's fault for a handler",
        "fault.inc",
        "bnez  s1, fault_in_switcher",
        "nop",
        faults.check_fault_in_switcher,
    ),
    Fault(
        "an untagged PC looks like the switcher's",
        "fault.inc",
        "bnez  s1, fault_in_switcher",
        "cj fault_in_switcher",
        faults.check_resume_out_of_range,
    ),
    Fault(
        "too little room for a frame",
        "fault.inc",
        "cincaddr ct2, ct2, -REGISTER_FRAME\n",
        "cincaddr ct2, ct2, -REGISTER_FRAME - 16\n",
        faults.check_exact_room,
    ),
    # Helpers
    Fault(
        "at least n frames",
        "helpers.inc",
        "sltu  a0, a2, a0",
        "sltu a0, a0, a2\n  seqz a0, a0",
        contexts.check_has_space,
    ),
    Fault("24 n wraps", "helpers.inc", "bnez  a1, 1f", "nop", contexts.check_has_space),
    Fault(
        "recovered stack not cut",
        "helpers.inc",
        "csetboundsrounddown ca0, ca0, a2",
        "nop",
        contexts.check_recover_stack,
    ),
    Fault("counter not reset", "helpers.inc", "sh    zero, FRAME_FAULTS(ca0)", "nop", contexts.check_other_helpers),
    Fault(
        "no thread is a fault",
        "helpers.inc",
        "beqz  a1, 1f\n  lhu   a0, TS_THREAD",
        "lhu a0, TS_THREAD",
        contexts.check_thread_of_scheduler,
    ),
)


def test_names_differ():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_fault_is_noticed(fault, tmp_path):
    folder = tmp_path / "switcher"
    shutil.copytree(SWITCHER, folder)
    source = folder / fault.file
    text = source.read_text()
    assert text.count(fault.old) == 1, "the edit must fit the source"
    source.write_text(text.replace(fault.old, fault.new))
    with pytest.raises(AssertionError):
        fault.check(partial(HandMade, folder=folder))
