"""Calls, stack limits, clearing, error handlers and unwinding (CP-10...CP-37)."""

import pytest

from rtos_model.services.errors import Errno, Fault, Trap, cheri_fault
from rtos_model.services.image import Compartment, Export, Initialiser, Posture, Thread, Word
from rtos_model.services.kernel import Kernel
from rtos_model.services.pointers import STACK_PERMISSIONS
from rtos_model.services.registry import link


def boot(entry, *, callee=None, export=None, handlers=(), caller_handlers=(), program=None, frames=8, stack=1024):
    """A thread in `main` running `entry`, which may call `callee.run`."""
    bodies = {"main.entry": entry} | (program or {})
    others = []
    if callee is not None:
        bodies["callee.run"] = callee
        words = (Word(name="kept", size=8),)
        exports = (export or Export(name="run"),)
        others.append(Compartment(name="callee", exports=exports, globals=words, handlers=handlers))
    main = Compartment(
        name="main", exports=(Export(name="entry"),), globals=(Word(name="n"),), handlers=caller_handlers
    )
    thread = Thread(name="T", compartment="main", entry="entry", frames=frames, stack=stack)
    image = link(compartments=[main, *others], threads=[thread], program=bodies)
    return Kernel(image, bodies)


def run(entry, **system):
    kernel = boot(entry, **system)
    kernel.run()
    return kernel.lines()


def calling(results, *arguments, times=1):
    def entry(ctx):
        for _ in range(times):
            results.append((yield from ctx.call("callee.run", *arguments)))

    return entry


def test_call_and_return_are_logged_with_arguments_and_result():
    lines = run(calling([], 1, 2), callee=lambda ctx, a, b: a + b)
    assert "CALL T main callee run [1,2,0,0,0,0]" in lines
    assert "RET T run 3 0" in lines


def test_arguments_beyond_the_declared_number_do_not_arrive():
    seen = []
    run(calling([], 1, 2, 3), callee=lambda ctx, *a: seen.append(a), export=Export(name="run", arguments=2))
    assert seen == [(1, 2)]


def test_stack_capability_is_that_of_a_thread():
    def entry(ctx):
        base, top = ctx.stack.bounds()
        assert ctx.stack.permissions == STACK_PERMISSIONS
        assert (base % 16, top % 16, ctx.stack.address) == (0, 0, top - 16)

    run(entry)


@pytest.mark.parametrize("left, code", [(144, 0), (160, 0), (128, -Errno.ENOTENOUGHSTACK)])
def test_callee_needs_its_declared_stack(left, code):
    results = []

    def entry(ctx):
        ctx.sp = ctx.stack.bounds()[0] + left + 32
        results.append((yield from ctx.call("callee.run")))

    lines = run(entry, callee=lambda ctx: 0, export=Export(name="run", min_stack=128))
    assert results == [code]
    assert (f"CALLFAIL T run {code}" in lines) is (code != 0)


def test_no_room_to_spill():
    results = []

    def entry(ctx):
        ctx.sp = ctx.stack.bounds()[0] + 16
        results.append((yield from ctx.call("callee.run")))

    run(entry, callee=lambda ctx: 0)
    assert results == [-Errno.ENOTENOUGHSTACK]


def test_trusted_stack_frames_run_out():
    results = []

    def recurse(ctx, depth):
        code = yield from ctx.invoke(ctx.callback("run"), depth + 1)
        results.append(code)
        return depth

    run(calling([], 1), callee=recurse, frames=5, stack=4096)
    assert results == [-Errno.ENOTENOUGHTRUSTEDSTACK, 5, 4, 3, 2]


def test_a_bad_stack_capability_unwinds_the_caller():
    def entry(ctx):
        ctx.stack = ctx.stack.without_tag()
        yield from ctx.call("callee.run")

    assert run(entry, callee=lambda ctx: 0)[-3:] == ["UNWIND T main", "EXIT T", "SWITCH T idle"]


def test_null_callback_fails_and_the_caller_goes_on():
    results = []

    def entry(ctx):
        results.append((yield from ctx.invoke(0)))
        results.append((yield from ctx.invoke(ctx.word("n"))))

    run(entry)
    assert results == [-Errno.ECOMPARTMENTFAIL] * 2


def test_callee_cannot_reach_the_callers_stack():
    def callee(ctx, secret):
        top = ctx.stack.bounds()[1]
        assert top <= secret
        with pytest.raises(Trap):
            ctx.load(ctx.stack.with_address(top))

    def entry(ctx):
        yield from ctx.call("callee.run", ctx.local(16).address)

    run(entry, callee=callee)


def test_stack_is_zero_for_the_callee_and_afterwards_for_the_caller():
    def scan(ctx):
        base, _ = ctx.stack.bounds()
        return sum(ctx.load(ctx.stack.with_address(at)) for at in range(base, ctx.stack.address, 4))

    def callee(ctx):
        assert scan(ctx) == 0
        ctx.store(ctx.local(64), 0xDEAD)

    def entry(ctx):
        sp = ctx.sp
        ctx.store(ctx.local(64), 0xBEEF)  # a finished function's frame
        ctx.sp = sp
        yield from ctx.call("callee.run")
        assert scan(ctx) == 0

    run(entry, callee=callee)


def test_stack_pointer_kept_in_a_global_is_dead():
    def callee(ctx, pointer):
        ctx.store_cap(ctx.word("kept"), pointer)
        assert ctx.load(pointer) == 7
        assert not ctx.load_cap(ctx.word("kept")).tag

    def entry(ctx):
        pointer = ctx.local(8)
        ctx.store(pointer, 7)
        assert (yield from ctx.call("callee.run", pointer)) in (None, 0)

    assert "RET T run 0 0" in run(entry, callee=callee)


def faulting(ctx):
    ctx.load(0)


def test_fault_without_handler_unwinds_to_the_caller_only():
    results = []
    lines = run(
        calling(results), callee=faulting, caller_handlers=("rich",), program={"main.error_handler": lambda *a: 0}
    )
    assert results == [-Errno.ECOMPARTMENTFAIL]
    start = lines.index("TRAP T callee 28 2")
    assert lines[start : start + 3] == ["TRAP T callee 28 2", "UNWIND T callee", "CALLFAIL T run -1"]
    assert not any(line.startswith("HANDLER") for line in lines)


def test_fault_in_the_outermost_invocation_ends_the_thread():
    assert run(faulting)[1:4] == ["TRAP T main 28 2", "UNWIND T main", "EXIT T"]


def resuming(times, *, reset=False):
    def callee(ctx):
        for _ in range(times):
            yield from ctx.guarded(lambda: ctx.load(0))
            if reset:
                ctx.frame.faults = 0
        return 5

    return callee


@pytest.mark.parametrize("form, name", [("rich", "error_handler"), ("stackless", "error_handler_stackless")])
def test_handler_resumes(form, name):
    results, seen = [], []

    def handler(ctx, mcause, cause):
        seen.append((mcause, cause))
        return 0

    lines = run(calling(results), callee=resuming(1), handlers=(form,), program={f"callee.{name}": handler})
    assert (results, seen) == ([5], [(28, Fault.TAG)])
    assert f"HANDLER T callee {form} resume" in lines


def test_handler_that_declines_unwinds():
    results = []
    run(calling(results), callee=resuming(1), handlers=("rich",), program={"callee.error_handler": lambda *a: 1})
    assert results == [-Errno.ECOMPARTMENTFAIL]


def test_fault_in_the_handler_unwinds():
    results = []

    def handler(ctx, mcause, cause):
        raise cheri_fault(Fault.BOUNDS)

    lines = run(calling(results), callee=resuming(1), handlers=("rich",), program={"callee.error_handler": handler})
    assert results == [-Errno.ECOMPARTMENTFAIL]
    assert sum(line.startswith("TRAP") for line in lines) == 2


@pytest.mark.parametrize(
    "times, reset, result", [(512, False, 5), (513, False, -Errno.ECOMPARTMENTFAIL), (600, True, 5)]
)
def test_512_faults_are_handled_for_each_invocation(times, reset, result):
    results = []
    run(
        calling(results, times=2),
        callee=resuming(times, reset=reset),
        handlers=("rich",),
        program={"callee.error_handler": lambda *a: 0},
    )
    assert results == [result, result]


def test_handler_runs_with_interrupts_enabled_and_restores_them():
    postures = []

    def handler(ctx, mcause, cause):
        postures.append(ctx.thread.interrupts)
        return 0

    def callee(ctx):
        postures.append(ctx.thread.interrupts)
        yield from ctx.guarded(lambda: ctx.load(0))
        postures.append(ctx.thread.interrupts)

    def entry(ctx):
        yield from ctx.call("callee.run")
        postures.append(ctx.thread.interrupts)

    export = Export(name="run", posture=Posture.DISABLED)
    run(entry, callee=callee, export=export, handlers=("rich",), program={"callee.error_handler": handler})
    assert postures == [False, True, False, True]


def test_scoped_handlers_nest_and_end_with_an_unwind():
    trail, results = [], []

    def callee(ctx):
        def inner():
            trail.append("inner")
            ctx.load(0)
            yield

        def after_inner():
            trail.append("after inner")
            yield from ctx.cleanup_unwind()

        def outer():
            yield from ctx.during(inner, after_inner)

        def after_outer():
            trail.append("after outer")
            return
            yield

        yield from ctx.during(outer, after_outer)
        ctx.load(0)

    run(calling(results), callee=callee, handlers=("scoped",))
    assert trail == ["inner", "after inner", "after outer"]
    assert results == [-Errno.ECOMPARTMENTFAIL]


def test_initialisers_run_in_order_before_any_thread():
    order = []
    program = {
        "main.entry": lambda ctx: order.append("thread"),
        "main.second": lambda ctx: order.append("second"),
        "main.first": lambda ctx: order.append("first"),
    }
    exports = tuple(Export(name=name) for name in ("entry", "first", "second"))
    image = link(
        compartments=[Compartment(name="main", exports=exports)],
        threads=[Thread(name="T", compartment="main", entry="entry")],
        initialisers=(
            Initialiser(compartment="main", entry="second", order=20),
            Initialiser(compartment="main", entry="first", order=10),
        ),
        program=program,
    )
    Kernel(image, program).run()
    assert order == ["first", "second", "thread"]


def test_a_callee_on_a_large_stack_gets_nothing_of_its_caller():
    """CP-12, SG-10: bounds of more than 8 KiB need not be exact; they are rounded down, never up."""
    found = []

    def callee(ctx):
        _, top = ctx.stack.bounds()
        found.append((top, ctx.stack.address))

    def entry(ctx):
        mine = ctx.local(72)
        yield from ctx.call("callee.run")
        ((top, sp),) = found
        assert sp == top - 16
        assert mine.address - 32 - 64 < top <= mine.address - 32

    run(entry, callee=callee, stack=32_768)
