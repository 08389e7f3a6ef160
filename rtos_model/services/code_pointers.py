"""Code pointers: sentries into the own compartment's code or an imported library's (CP-2, CP-14), return paths (CP-13).

A callback (CP-5) is a cross-compartment call; a pointer made here is an ordinary call in the same invocation. The
n-th export of a unit stands at byte 4n of its code.
"""

from rtos_model.machine.capability import Cap, Perm
from rtos_model.services.errors import Fault, ServiceModelError, cheri_fault
from rtos_model.services.image import Posture
from rtos_model.services.loader import hardware_seal, hardware_unseal
from rtos_model.services.pointers import Value, as_cap
from rtos_model.services.switcher import Ctx, run

SENTRIES = {Posture.INHERIT: 1, Posture.DISABLED: 2, Posture.ENABLED: 3}
STRIDE = 4
RETURN_DISABLING, RETURN_ENABLING = 4, 5
"""Object types of return sentries; the switcher, into which compartments return, runs with interrupts disabled."""


def pointer_to(ctx, name: str) -> Cap:
    """A sentry to the own function of that name, else to the imported library function."""
    image, owner, posture = ctx.kernel.image, ctx.compartment, Posture.INHERIT
    exports = image.compartment(owner).exports
    if not any(one.name == name for one in exports):
        target = ctx.kernel.target(ctx.unit, name)
        if not target.is_library or target.is_inline:
            raise ServiceModelError(f"Function({name!r}): neither an own function nor a library's; use a callback")
        owner, posture = target.owner, target.posture
        exports = next(one.exports for one in image.libraries if one.name == owner)
    index = next(n for n, one in enumerate(exports) if one.name == name)
    code = ctx.kernel.loaded.code[owner]
    return hardware_seal(code.with_address(code.bounds()[0] + STRIDE * index), SENTRIES[posture])


def call_pointer(ctx, pointer: Value, *arguments: Value):
    """An ordinary call through a sentry; anything else faults as a jump does."""
    kernel, cap = ctx.kernel, as_cap(pointer)
    if not cap.tag:
        raise cheri_fault(Fault.TAG)
    if cap.otype not in SENTRIES.values():
        raise cheri_fault(Fault.SEAL)
    opened = hardware_unseal(cap, cap.otype)
    start = opened.bounds()[0]
    unit = next(
        one
        for one in (*kernel.image.compartments, *kernel.image.libraries)
        if kernel.loaded.code[one.name].bounds()[0] == start
    )
    name = unit.exports[(opened.address - start) // STRIDE].name
    if unit.name != ctx.compartment:
        return (yield from ctx.call_library(kernel.target(ctx.compartment, name), arguments))
    inner = Ctx(kernel, ctx.thread, ctx.frame, ctx.stack, ctx.sp)
    return (yield from run(kernel.body(unit.name, name), inner, kernel.filtered(arguments)))


def return_path(ctx) -> Cap:
    """CP-13: what an invocation returns through. It names the switcher and no invocation, and is local (1.2)."""
    code = ctx.kernel.loaded.code["switcher"]
    return hardware_seal(code.with_permissions(code.permissions & ~Perm.GL), RETURN_DISABLING)


def is_return_path(path: Value) -> bool:
    """True, or the fault of a jump through anything else."""
    cap = as_cap(path)
    if not cap.tag:
        raise cheri_fault(Fault.TAG)
    if cap.otype not in (RETURN_DISABLING, RETURN_ENABLING):
        raise cheri_fault(Fault.SEAL)
    return True
