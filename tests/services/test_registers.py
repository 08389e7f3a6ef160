"""The sweep reaches the variables of Python code that runs as a thread (HP-43)."""

import pytest

from rtos_model.services.errors import Trap
from rtos_model.services.image import Compartment, Export, SealedImport, Thread, Word, quota
from rtos_model.services.kernel import Kernel
from rtos_model.services.registry import link
from rtos_model.services.timeout import NO_WAIT, WAIT_FOREVER

TICK = 10_000


def play(**bodies):
    program = {f"main.{name}": body for name, body in bodies.items()}
    main = Compartment(
        name="main",
        exports=tuple(Export(name=name) for name in bodies),
        imports=(SealedImport(sealed="quota"),),
        globals=(Word(name="place", size=8),),
    )
    image = link(
        compartments=[main],
        threads=[
            Thread(name=n, compartment="main", entry=n, priority=len(bodies) - i, stack=2048)
            for i, n in enumerate(bodies)
        ],
        sealed_objects=(quota("quota", 4096),),
        program=program,
    )
    Kernel(image, program).run()


def reuse(ctx, pointer):
    """Free an object, sweep, and let the next object have its place."""
    handle = ctx.imported("quota")
    address = pointer.address
    assert (yield from ctx.call("heap_free", handle, pointer)) == 0
    assert (yield from ctx.call("heap_quarantine_flush", WAIT_FOREVER)) == 0
    again = yield from ctx.call("heap_allocate", NO_WAIT, handle, 16, 0)
    assert again.address == address
    return again


def test_a_variable_kept_over_a_sweep_is_dead():
    seen = {}

    def owner(ctx):
        pointer = yield from ctx.call("heap_allocate", NO_WAIT, ctx.imported("quota"), 16, 0)
        ctx.store_cap(ctx.word("place"), pointer)
        yield from ctx.call("thread_sleep", ctx.timeout(2), 1)
        seen["again"] = yield from reuse(ctx, pointer)
        seen["own"] = pointer

    def keeper(ctx):
        pointer = ctx.load_cap(ctx.word("place"))
        kept, boxed = [pointer, {"p": pointer}], (1, (pointer,))

        def inside():
            return pointer

        yield from ctx.call("thread_sleep", ctx.timeout(4), 1)
        seen["variable"], seen["list"], seen["dictionary"] = pointer, kept[0], kept[1]["p"]
        seen["tuple"], seen["closure"] = boxed[1][0], inside()
        with pytest.raises(Trap):
            ctx.load(pointer)

    play(H=owner, L=keeper)
    assert seen.pop("again").tag
    assert len(seen) == 6 and not any(one.tag for one in seen.values())


def test_a_variable_of_the_thread_that_runs_is_swept_too():
    seen = {}

    def owner(ctx):
        handle = ctx.imported("quota")
        pointer = yield from ctx.call("heap_allocate", NO_WAIT, handle, 16, 0)
        assert (yield from ctx.call("heap_free", handle, pointer)) == 0
        ctx.kernel.revoker.kick()
        yield from ctx.advance(TICK)  # the sweep ends here
        again = yield from ctx.call("heap_allocate", NO_WAIT, handle, 16, 0)
        seen.update(same=again.address == pointer.address, old=pointer.tag, new=again.tag)

    play(H=owner)
    assert seen == {"same": True, "old": False, "new": True}
