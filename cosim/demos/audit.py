"""D9: what may this firmware do? Answered from a report on the image, before it runs and without its sources.

The loader grants what the report lists and nothing else. Then one line is added to the image: an import that the
policy of the RTOS does not allow.
"""

from dataclasses import replace

from cosim import audit_text
from cosim.stage import Exhibit
from rtos_model.services import audit, audit_policy
from rtos_model.services.image import DeviceImport, Image
from rtos_model.services.loader import load
from rtos_model.services.registry import REVOKER
from rtos_model.services.scenario import catalogue

Claims = list[tuple[bool, str]]
NET = catalogue()["SC-159"]
DEVICES = {REVOKER.name: (REVOKER.start, REVOKER.length)}


def honest() -> tuple[str, Claims]:
    """The network gate's image."""
    loaded = load(NET.image)
    report = audit.report(loaded, NET.program)
    verdict, holds = audit_text.policy(report, DEVICES)
    text = "\n".join([verdict, "", audit_text.answers(report, DEVICES, NET.image.heap_size)])
    gate = audit_policy.callers_of(report, "net_gate", "net_lookup")
    return text, [
        (holds, "the policy of the RTOS is satisfied  [AU-1 AU-2]"),
        (not audit.differences(report, loaded), "every grant is in the report, every entry was granted  [AU-5]"),
        (gate == ["main"], "only main can ask the gate for a host  [AU-3]"),
    ]


def spoiled() -> tuple[str, Claims]:
    """The same with one more import."""
    loaded = load(with_device(NET.image, "net_gate"))
    report = audit.report(loaded, NET.program)
    verdict, holds = audit_text.policy(report, DEVICES)
    users = audit_policy.users_of(report, *DEVICES[REVOKER.name])
    return f"{verdict}\n{audit_text.users(report, REVOKER.name, DEVICES)}", [
        (not holds, "the policy refuses the image  [AU-2]"),
        ("net_gate" in users, "and the report says who asks for too much  [AU-3]"),
        (not audit.differences(report, loaded), "report and grants still agree: nothing is hidden  [AU-5]"),
    ]


def with_device(image: Image, holder: str) -> Image:
    extra = DeviceImport(device=REVOKER.name, permissions="RW")
    units = (replace(c, imports=(*c.imports, extra)) if c.name == holder else c for c in image.compartments)
    return replace(image, compartments=tuple(units))


SCENES = (
    Exhibit("the network gate, audited", honest),
    Exhibit("net_gate also asks for the registers of the revoker", spoiled),
)
