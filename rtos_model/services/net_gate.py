"""A network gate as steps: static authorisation becomes dynamic authorisation (TK-30).

Who may reach which host is written in the image, as a static sealed object {name[32], port u32, flags u32} of HostKey.
`net_lookup` turns the handle into a right to one connection: a dynamic sealed copy, opaque, on the caller's quota.
Memory is paid by the caller, state is protected from it, and access needs the right: no raw pointer, no ambient power.
Permission bit 1 of either handle is the right to use it.
"""

from rtos_model.services.errors import Errno
from rtos_model.services.image import Compartment, Export, KeyImport, SealedObject
from rtos_model.services.steps import Ask, Get, GetCap, If, Imported, Local, Op, Put, Return, Step, do

NAME = "net_gate"
HOST_KEY, CONNECTION_KEY = "HostKey", "ConnectionKey"
HOST_NAME, PORT, FLAGS, SIZE = 32, 32, 36, 40
USE = 1


def host(name: str, address: str, port: int, flags: int = 0) -> SealedObject:
    """The static capability to connect to one host; `address` has at most 31 ASCII characters."""
    contents = address.encode("ascii").ljust(HOST_NAME, b"\0")[:HOST_NAME]
    contents += port.to_bytes(4, "little") + flags.to_bytes(4, "little")
    return SealedObject(name=name, owner=NAME, key=HOST_KEY, contents=contents)


def _open(handle: str, unseal: str, key: str) -> tuple[Step, ...]:
    """Permission first, then the type (TK-20); the payload is in `inside`."""
    return (
        do("token_permissions_get", handle, into="bits"),
        If(Op("==", Op("&", "bits", USE), 0), (Return(-Errno.EPERM),)),
        do(unseal, Imported(key), handle, into="inside"),
        If(Op("==", Ask("tag", "inside"), 0), (Return(-Errno.EINVAL),)),
    )


COMPARTMENT = Compartment(
    name=NAME,
    exports=(Export(name="net_lookup", arguments=3), Export(name="net_connect", arguments=2)),
    keys=(HOST_KEY, CONNECTION_KEY),
    imports=(KeyImport(key=HOST_KEY), KeyImport(key=CONNECTION_KEY)),
)

PROGRAM: dict[str, tuple[Step, ...]] = {
    # (t, quota, host): a sealed connection, -EPERM, -EINVAL or -ENOMEM
    "net_gate.net_lookup": (
        *_open("a2", "token_obj_unseal_static", HOST_KEY),
        Local("out", 8),
        do("token_sealed_unsealed_alloc", "a0", "a1", Imported(CONNECTION_KEY), SIZE, "out", into="connection"),
        If(Op("==", Ask("tag", "connection"), 0), (Return(-Errno.ENOMEM),)),
        *(Put(GetCap("out"), Get("inside", at), at) for at in range(0, SIZE, 4)),
        Return("connection"),
    ),
    # (t, connection): the port connected to, -EPERM or -EINVAL
    "net_gate.net_connect": (
        *_open("a1", "token_obj_unseal_dynamic", CONNECTION_KEY),
        Return(Get("inside", PORT)),
    ),
}
