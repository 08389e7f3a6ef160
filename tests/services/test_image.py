"""Mistakes in a description, a program or a scenario give one clear line."""

import pytest

from rtos_model.services.errors import Deadlock, ServiceModelError
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    FunctionImport,
    Image,
    ImageError,
    KeyImport,
    Posture,
    SealedImport,
    SealedObject,
    SharedImport,
    SharedObject,
    Thread,
    Word,
    quota,
)
from rtos_model.services.kernel import Kernel
from rtos_model.services.registry import link
from rtos_model.services.scenario import play, simple
from rtos_model.services.scenarios.threads import sleep
from rtos_model.services.steps import Ask, Let, Narrow, Op, Repeat, Say, Var, Yield, do

THREAD = Thread(name="T", compartment="main", entry="entry")


def image(*, main=None, threads=(THREAD,), **rest):
    main = main or Compartment(name="main", exports=(Export(name="entry"),))
    return Image(compartments=(main,), threads=threads, **rest)


def holding(*imports, **rest):
    return image(main=Compartment(name="main", exports=(Export(name="entry"),), imports=imports), **rest)


def exporting(**export):
    return image(main=Compartment(name="main", exports=(Export(name="entry", **export),)))


def threading(**thread):
    values = {"name": "T", "compartment": "main", "entry": "entry"} | thread
    return image(threads=(Thread(**values),))


SHARED = (SharedObject(name="s", size=8), SharedObject(name="s", size=16))
WRONG = {
    "thread 'T': compartment 'nowhere' is not declared": lambda: threading(compartment="nowhere"),
    "main.missing is not exported": lambda: threading(entry="missing"),
    "priority -1 must be a number": lambda: threading(priority=-1),
    "priority 'high' must be a number": lambda: threading(priority="high"),
    "stack 100 must be a multiple of 16": lambda: threading(stack=100),
    "stack 65296 must be": lambda: threading(stack=65_296),
    "frames -1": lambda: threading(frames=-1),
    "thread 'T' is declared twice": lambda: image(threads=(THREAD, THREAD)),
    "cannot inherit the interrupt state": lambda: exporting(posture=Posture.INHERIT),
    "min_stack 12": lambda: exporting(min_stack=12),
    "8 argument registers": lambda: exporting(arguments=8),
    "compartment 'x' is not declared": lambda: holding(FunctionImport(provider="x", function="f")),
    "main.f is not exported": lambda: holding(FunctionImport(provider="main", function="f")),
    "device 'd' is not declared": lambda: holding(DeviceImport(device="d")),
    "lies outside its 4 bytes": lambda: holding(
        DeviceImport(device="d", offset=2, length=4), devices=(Device(name="d", start=0x1000_0000, length=4),)
    ),
    "with neither R nor W": lambda: holding(SharedImport(shared="s", permissions="c"), shared_objects=SHARED[:1]),
    "permissions 'RX'": lambda: holding(SharedImport(shared="s", permissions="RX"), shared_objects=SHARED[:1]),
    "shared object 's' is not declared": lambda: holding(SharedImport(shared="s")),
    "sealed object 'q' is not declared": lambda: holding(SealedImport(sealed="q")),
    "sealing key 'k' is not its own": lambda: holding(KeyImport(key="k")),
    "declared with sizes 8 and 16": lambda: image(shared_objects=SHARED),
    "names the key allocator.MallocKey, which nobody exports": lambda: image(sealed_objects=(quota("q", 64),)),
    "names the key main.k, which nobody exports": lambda: image(
        sealed_objects=(SealedObject(name="o", owner="main", key="k", contents=b""),)
    ),
    "heap_size 12": lambda: image(heap_size=12),
    "cannot hold its contents": lambda: image(
        main=Compartment(name="main", exports=(Export(name="entry"),), globals=(Word(name="w", size=1, init=b"ab"),))
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_mistakes_in_an_image_are_named(message):
    with pytest.raises(ImageError) as caught:
        WRONG[message]()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_priorities_are_compacted():
    threads = [
        Thread(name=f"T{p}{n}", compartment="main", entry="entry", priority=p) for n, p in enumerate((3, 7, 7, 0))
    ]
    assert image(threads=tuple(threads)).effective_priorities() == (1, 2, 2, 0)


def test_a_call_that_is_not_imported_is_refused():
    program = {"main.entry": (do("thread_count"),)}
    bare = link(compartments=[Compartment(name="main", exports=(Export(name="entry"),))], threads=[THREAD], program={})
    with pytest.raises(ServiceModelError, match="'main' calls 'thread_count' without importing it"):
        Kernel(bare, program).run()


def test_a_program_must_fit_its_image():
    whole = link(compartments=[Compartment(name="main", exports=(Export(name="entry"),))], threads=[THREAD], program={})
    with pytest.raises(ServiceModelError, match=r"main.entry has no body"):
        Kernel(whole, {})
    with pytest.raises(ServiceModelError, match=r"'main.other'.*does not export"):
        Kernel(whole, {"main.entry": (), "main.other": ()})
    with pytest.raises(ServiceModelError, match="no service is called 'futex_wiat'; did you mean 'futex_wait'"):
        simple("SC-0", "typo", "", {"H": (do("futex_wiat"),)})


def test_a_deadlock_names_each_thread_and_what_it_waits_for():
    wait = (do("futex_wait", Var("word"), 0),)
    stuck = simple("SC-0", "stuck", "", {"H": wait, "L": wait}, words=["word"], expect="EXIT H")
    with pytest.raises(Deadlock, match=r"H waits for main\.word without limit; L waits for main\.word without"):
        play(stuck)


def test_a_scenario_that_checks_nothing_does_not_pass():
    assert play(simple("SC-0", "empty", "", {"H": ()})).problems == (
        "the scenario checks nothing; give it Expect steps or an expected log",
    )


def test_an_endless_loop_is_reported():
    endless = simple("SC-0", "endless", "", {"H": (Repeat(10**9, (Let("x", 1),)),)}, never="TRAP")
    with pytest.raises(ServiceModelError, match="steps without an end"):
        play(endless)


def test_unbound_variables_and_unknown_globals_are_named():
    with pytest.raises(ServiceModelError, match="variable 'x' has no value yet"):
        play(simple("SC-0", "unbound", "", {"H": (Let("y", "x"),)}, never="TRAP"))
    with pytest.raises(ServiceModelError, match="has no global 'w'"):
        play(simple("SC-0", "no global", "", {"H": (Let("y", Var("w")),)}, never="TRAP"))


MISTAKES = {
    "import of main: compartment 'safe' is not declared; add it or drop the import": (do("safe.open"),),
    "main.H: flaglock_lock takes 1 (lock), but 0 are given": (do("flaglock_lock"),),
    "main.H: heap_allocate takes 3 to 4 (t, handle, size, flags), but 2 are given": (do("heap_allocate", 0, 0),),
    "main.H: 'sleep' is no step": ("sleep",),
    "main.H: a body is a tuple of steps, not Yield(); a single step needs a comma": Yield(),
    "main.H: a body is a tuple of steps, not Let(": (Repeat(2, Let("x", 1)),),
    "operators are + - * & | ^ << >> == != < <=": (Let("x", Op("/", 4, 2)),),
    "ask one of tag, length, offset, permissions, otype, sealed, bits": (Let("x", Ask("colour", 0)),),
    "permissions are letters of GgWmlRcaXUS0": (Let("x", Narrow(0, keep="RQ")),),
    "values are a tuple; say(text, value, ...) makes one": (Say("x", 1),),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_in_a_body_are_named_before_it_runs(message):
    with pytest.raises(ServiceModelError) as caught:
        play(simple("SC-0", "mistake", "", {"H": MISTAKES[message]}, never="TRAP"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_thread_without_an_entry_is_named():
    with pytest.raises(ImageError, match=r"thread 'T': main.entry is not exported; add Export\(name='entry'\)"):
        link(compartments=[Compartment(name="main")], threads=[THREAD], program={})


def test_locks_taken_crosswise_are_a_deadlock_that_names_both():
    def both(first, second):
        return (do("flaglock_lock", Var(first)), *sleep(1), do("flaglock_lock", Var(second)))

    crossed = simple("SC-0", "crossed", "", {"H": both("a", "b"), "L": both("b", "a")}, words=["a", "b"], never="TRAP")
    with pytest.raises(Deadlock) as caught:
        play(crossed)
    assert str(caught.value) == (
        "deadlock: no thread can run and no deadline is set: "
        "H waits for main.b without limit; L waits for main.a without limit"
    )
