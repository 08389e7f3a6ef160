"""What the scenario of the audit (SC-187) asks, asked about the report on the built system instead of the model's."""

from collections.abc import Callable
from dataclasses import replace

from cosim.errors import UserError
from cosim.toolchain.system.build import System
from rtos_model.services import audit_policy
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.image import DeviceImport, Image, SealedObject, SharedObject, Thread
from rtos_model.services.scenario import Scenario

REVOKER = "revoker"
QUOTAS = 8192
"""Bytes that the compartment `main` of the scenario may allocate."""
WRONG = (
    {"threads": (Thread(name="T", compartment="main", entry="nobody"),)},
    {"sealed_objects": (SealedObject(name="s", owner="main", key="unknown", contents=bytes(4)),)},
    {"shared_objects": (SharedObject(name="box", size=4), SharedObject(name="box", size=8))},
)
"""Declarations that contradict the rest (AU-4)."""
Found = list[tuple[str, object, object]]
"""What was asked, the answer, and what it should be."""


def audit_checks(scenario: Scenario, system: System, rebuilt: Callable[[Scenario], System]) -> Found:
    """AU-1 to AU-5, CP-2, CP-16, CP-40. The builder itself has compared the imports in the image with the grants."""
    devices = {one.name: (one.start, one.length) for one in system.description.devices}
    report = system.report(scenario.id)
    found: Found = [
        ("violations", audit_policy.violations(report, devices), []),
        ("quotas of main", sum(audit_policy.may_allocate(report)["main"]), QUOTAS),
        ("entries of the scheduler with interrupts enabled", _enabled(report, "scheduler"), {"thread_count"}),
    ]
    for owner in ("allocator", "message_queue"):
        if owner in report["compartments"]:
            found.append((f"entries of {owner} that run disabled", _disabled(report, owner) - {"heap_render"}, set()))
    for more in WRONG:
        found.append((f"{', '.join(more)} that contradict end the build", _refused(scenario, more, rebuilt), True))
    changed = rebuilt(replace(scenario, image=_with_revoker(scenario.image, "main")))
    report = changed.report(scenario.id)
    found.append(("users of the revoker", audit_policy.users_of(report, *devices[REVOKER]), ["allocator", "main"]))
    found.append(("violations with an illegal import", len(audit_policy.violations(report, devices)), 1))
    return found


def _postures(report, owner: str, posture: str) -> set[str]:
    exports = report["compartments"][owner]["exports"]
    return {
        audit_policy.function_of(owner, one["export_symbol"])
        for one in exports
        if one["kind"] == "Function" and one["exported"] and one["interrupt_status"] == posture
    }


def _enabled(report, owner: str) -> set[str]:
    return _postures(report, owner, "enabled")


def _disabled(report, owner: str) -> set[str]:
    return _postures(report, owner, "disabled")


def _with_revoker(image: Image, holder: str) -> Image:
    """The image with the revoker's registers imported by `holder`."""
    extra = DeviceImport(device=REVOKER, permissions="R")
    changed = (replace(c, imports=(*c.imports, extra)) if c.name == holder else c for c in image.compartments)
    return replace(image, compartments=tuple(changed))


def _refused(scenario: Scenario, more: dict, rebuilt: Callable[[Scenario], System]) -> bool:
    try:
        rebuilt(replace(scenario, image=replace(scenario.image, **_added(scenario.image, more))))
    except (UserError, ServiceModelError):
        return True
    return False


def _added(image: Image, more: dict) -> dict:
    return {name: (*getattr(image, name), *added) for name, added in more.items()}
