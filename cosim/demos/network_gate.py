"""D8: who may reach which host is written in the image; a connection is a right made from it, on the caller's memory.

The guide's three repairs of a call that returns a raw socket: the caller pays, the state is opaque, access needs a
right.
"""

from cosim.stage import Scene, claim
from rtos_model.services.scenario import catalogue

SCENES = (
    Scene(
        scenario=catalogue()["SC-159"],
        cast="H holds the static right to reach example.org:443, and two quotas: `quota`, and `poor` with 40 bytes.",
        claims=(
            claim("a handle of another type is no host", "TK-21", "RET H net_lookup -22 0"),
            claim("without the permission bit the host cannot be used", "TK-20", "RET H net_lookup -2 0"),
            claim("a caller without memory gets none, and nobody else pays", "SG-19 HP-5", "ALLOC poor 48 0 *"),
            claim("with host and quota there is a connection", "TK-30", "ALLOC quota 48 56 heap#1"),
            claim("which can be used", "TK-30", "RET H net_connect 443 0"),
            claim("a weaker copy of it cannot", "TK-20", "RET H net_connect -2 0"),
            claim("the right to the host is not a connection", "TK-30", "RET H net_connect -22 0"),
            claim(
                "the caller cannot destroy what it pays for behind the gate's back", "TK-10", "RET H heap_free -22 0"
            ),
        ),
    ),
)
