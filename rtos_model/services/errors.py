"""Error numbers of the services (they return the negated number) and the exceptions of the model."""

import enum


class Errno(enum.IntEnum):
    """The numbers the services produce; they are the RTOS's own, not Linux's (CHERIoT RTOS, errno.h)."""

    ECOMPARTMENTFAIL = 1
    EPERM = 2
    ENOENT = 3
    EAGAIN = 12
    ENOMEM = 13
    EBUSY = 16
    EINVAL = 22
    ERANGE = 34
    EDEADLK = 45
    EPROTO = 71
    EOPNOTSUPP = 95
    ETIMEDOUT = 110
    EOVERFLOW = 139
    ENOTENOUGHSTACK = 140
    ENOTENOUGHTRUSTEDSTACK = 141
    FIRST_USER = 2000


class ServiceModelError(ValueError):
    """Wrong use of the model: the text is one line saying what is wrong, where, and the mend."""


class Deadlock(ServiceModelError):
    """No thread can ever run again; the text names each thread and what it waits for."""


class Trap(Exception):
    """A synchronous fault on its way to the switcher.

    `mcause` is the trap cause; `cause` the CHERI cause code when `mcause` is 28, else 0. The register number
    of a CHERI fault is the compiler's choice and therefore no part of the model.
    """

    def __init__(self, mcause: int, cause: int = 0):
        super().__init__(f"trap {mcause:#x}, CHERI cause {cause:#x}")
        self.mcause = mcause
        self.cause = cause


class Cause(enum.IntEnum):
    """mcause values the services see."""

    FETCH_ACCESS = 1
    ILLEGAL_INSTRUCTION = 2
    BREAKPOINT = 3
    LOAD_MISALIGNED = 4
    LOAD_ACCESS = 5
    STORE_MISALIGNED = 6
    STORE_ACCESS = 7
    CHERI = 28


class Fault(enum.IntEnum):
    """CHERI cause codes."""

    NONE = 0
    BOUNDS = 1
    TAG = 2
    SEAL = 3
    EXECUTE = 0x11
    LOAD = 0x12
    STORE = 0x13
    STORE_CAPABILITY = 0x15
    SYSTEM_REGISTERS = 0x18


def cheri_fault(fault: Fault) -> Trap:
    return Trap(Cause.CHERI, fault)
