"""The switcher's small library calls (section 14.3) and the pointer check of the helpers' library (CP-7)."""

from rtos_model.machine.capability import Cap, Perm
from rtos_model.services.entries import inline, library
from rtos_model.services.image import Posture
from rtos_model.services.pointers import Value, as_cap, as_int
from rtos_model.services.pointers import check_pointer as fits


def hazard_slots(ctx) -> Cap:
    return ctx.thread.hazards


@library("switcher", posture=Posture.DISABLED)
def switcher_thread_hazard_slots(ctx) -> Cap:
    """A {W c} pointer to the thread's two slots."""
    return hazard_slots(ctx)


@library("switcher", posture=Posture.DISABLED)
def trusted_stack_has_space(ctx, frames: int) -> int:
    """Strictly more than `frames` free frames? (DV-19)"""
    return int(as_int(frames) < ctx.thread.capacity - (len(ctx.thread.frames) - 1))


@library("switcher", posture=Posture.DISABLED)
def switcher_recover_stack(ctx) -> Cap:
    """The stack this invocation was entered with; its address is the base unless it is the thread's first."""
    stack = ctx.frame.stack
    return stack if ctx.frame is ctx.thread.frames[0] else stack.with_address(stack.bounds()[0])


@library("switcher", posture=Posture.DISABLED)
def stack_lowest_used_address(ctx) -> int:
    return ctx.thread.high_water


@library("switcher", posture=Posture.DISABLED)
def switcher_handler_invocation_count_reset(ctx) -> int:
    """CP-31: the old fault counter; it is 0 from now on."""
    old, ctx.frame.faults = ctx.frame.faults, 0
    return old


@inline()
def cleanup_unwind(ctx):
    """CP-34, for step programs: continue in the innermost handler block; with none, fault."""
    yield from ctx.cleanup_unwind()


@library("compartment_helpers")
def check_pointer(ctx, pointer: Value, permissions: int, space: int, check_stack: int = 1, strict: int = 0):
    """CP-7: 1 or 0, and in strict mode the pointer narrowed to exactly these permissions and bytes."""
    cap, wanted = ctx.kernel.memory.filtered(as_cap(pointer)), Perm(as_int(permissions) & 0xFFF)
    off_stack = as_int(check_stack) and not wanted & Perm.GL
    if not fits(cap, wanted, as_int(space), ctx.stack.bounds() if off_stack else None):
        return 0, 0
    return 1, cap.with_bounds(as_int(space)).with_permissions(wanted) if as_int(strict) else cap
