"""The one memory interface: 64 data bits, a tag, byte enables; requests and responses in order.

A request is accepted in a cycle where `valid` and `ready` are high. Each accepted request gets exactly one
response, in order, in a later cycle: the next one at the earliest. Responses cannot be refused. One new
request may be accepted per cycle, also in the cycle in which an earlier one is answered.
"""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

LINE = 8
"""Bytes moved by one request."""


class Request(data.Struct):
    """A read or write of some bytes of one 8-byte line.

    `line` is the byte address divided by 8. `mask` has a bit per byte, also for reads (a device may react to
    being read). A write that carries a capability sets `mask` to all ones and `tag`; every other write has
    `tag` 0 and clears the tag of the line. One with an empty mask clears the tag and nothing else.
    """

    line: 29
    write: 1
    mask: 8
    data: 64
    tag: 1


class Response(data.Struct):
    """`error` means that nothing was read or written; `data` and `tag` are undefined then and for writes."""

    data: 64
    tag: 1
    error: 1


class MemorySignature(wiring.Signature):
    """Seen from the initiator (core, revoker)."""

    def __init__(self):
        super().__init__(
            {
                "valid": Out(1),
                "ready": In(1),
                "request": Out(Request),
                "answered": In(1),
                "response": In(Response),
            }
        )


class LookupSignature(wiring.Signature):
    """The load filter's port on the revocation bitmap, seen from the user.

    `granule` (byte address divided by 8) is looked up in a cycle where `enable` is high; `revoked` tells in the
    next cycle, and keeps telling until the next lookup. Granules outside the bitmap's range read 0.
    """

    def __init__(self):
        super().__init__({"enable": Out(1), "granule": Out(29), "revoked": In(1)})
