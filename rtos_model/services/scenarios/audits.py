"""The audit report of a running system (SC-187)."""

from dataclasses import replace

from rtos_model.services import audit, audit_policy
from rtos_model.services.image import DeviceImport, Image
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


def _audits(ctx):
    found = audit.report(ctx.kernel.loaded, ctx.kernel.program)
    note(ctx, "grants and report differ", len(audit.differences(found, ctx.kernel.loaded)), 0)
    note(ctx, "violations", len(audit_policy.violations(found, DEVICES)), 0)
    note(ctx, "quotas of main", sum(audit_policy.may_allocate(found)["main"]), 8192)
    changed = load(_with_revoker(ctx.kernel.image, "main"))
    found = audit.report(changed)
    users = audit_policy.users_of(found, *DEVICES[REVOKER.name])
    note(ctx, "the revoker is in the allocator and main", int(users == ["allocator", "main"]), 1)
    note(ctx, "violations with an illegal import", len(audit_policy.violations(found, DEVICES)), 1)
    note(ctx, "grants and report differ afterwards", len(audit.differences(found, changed)), 0)


SCENARIOS = (simple("SC-187", "an audit", "AU-1 AU-2 AU-3 AU-5 CP-2 CP-40 SG-19", {"H": _audits}, **SYSTEM),)
