"""The audit report of a running system (SC-187)."""

from dataclasses import replace

from rtos_model.services import audit, audit_policy
from rtos_model.services.image import DeviceImport, Image, ImageError, SealedObject, SharedObject, Thread
from rtos_model.services.loader import load
from rtos_model.services.registry import REVOKER
from rtos_model.services.scenario import simple
from rtos_model.services.scenarios.compartments import note
from rtos_model.services.scenarios.heap import SYSTEM

DEVICES = {REVOKER.name: (REVOKER.start, REVOKER.length)}


def _with_revoker(image: Image, holder: str) -> Image:
    """The image with the revoker's registers imported by `holder`."""
    extra = DeviceImport(device=REVOKER.name, permissions="R")
    return replace(
        image,
        compartments=tuple(
            replace(one, imports=(*one.imports, extra)) if one.name == holder else one for one in image.compartments
        ),
    )


CONTRADICTIONS = (
    {"threads": (Thread(name="T", compartment="main", entry="nobody"),)},
    {"sealed_objects": (SealedObject(name="s", owner="main", key="unknown", contents=bytes(4)),)},
    {"shared_objects": (SharedObject(name="box", size=4), SharedObject(name="box", size=8))},
)


def _refused(image: Image, more: dict) -> bool:
    """AU-4: is the image with these declarations added a contradiction?"""
    try:
        replace(image, **{name: (*getattr(image, name), *added) for name, added in more.items()})
    except ImageError:
        return True
    return False


def _postures(report, owner: str) -> tuple[set[str], set[str]]:
    """Entries of a compartment that run with interrupts enabled and disabled (CP-16)."""
    exports = [one for one in report["compartments"][owner]["exports"] if one["kind"] == "Function"]
    enabled, disabled = (
        {
            one["export_symbol"].removeprefix(f"__export_{owner}_")
            for one in exports
            if one["interrupt_status"] == posture
        }
        for posture in ("enabled", "disabled")
    )
    return enabled, disabled


def _audits(ctx):
    found = audit.report(ctx.kernel.loaded, ctx.kernel.program)
    note(ctx, "grants and report differ", len(audit.differences(found, ctx.kernel.loaded)), 0)
    note(ctx, "violations", len(audit_policy.violations(found, DEVICES)), 0)
    note(ctx, "quotas of main", sum(audit_policy.may_allocate(found)["main"]), 8192)
    enabled, disabled = _postures(found, "scheduler")
    note(ctx, "of the scheduler's entries only thread_count runs enabled", int(enabled == {"thread_count"}), 1)
    for owner in ("allocator", "message_queue"):
        _, disabled = _postures(found, owner)
        note(ctx, f"entries of {owner} that run disabled", int(disabled <= {"heap_render"}), 1)
    for change in CONTRADICTIONS:
        note(ctx, "a contradiction ends the build", int(_refused(ctx.kernel.image, change)), 1)
    changed = load(_with_revoker(ctx.kernel.image, "main"))
    found = audit.report(changed)
    users = audit_policy.users_of(found, *DEVICES[REVOKER.name])
    note(ctx, "the revoker is in the allocator and main", int(users == ["allocator", "main"]), 1)
    note(ctx, "violations with an illegal import", len(audit_policy.violations(found, DEVICES)), 1)
    note(ctx, "grants and report differ afterwards", len(audit.differences(found, changed)), 0)


SCENARIOS = (simple("SC-187", "an audit", "AU-1 AU-2 AU-3 AU-4 AU-5 CP-2 CP-16 CP-40 SG-19", {"H": _audits}, **SYSTEM),)
