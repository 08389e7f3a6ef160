"""External interrupts as futex words (IR-1...IR-8), and the interrupt controller they come through."""

from dataclasses import dataclass, field

from rtos_model.machine.capability import NULL, Cap, Perm
from rtos_model.services import token
from rtos_model.services.entries import service
from rtos_model.services.errors import Errno
from rtos_model.services.image import INTERRUPT_KEY, Interrupt, Posture
from rtos_model.services.pointers import Value


@dataclass(slots=True)
class InterruptController:
    """Sources latch one request each; a claimed source is not delivered again until completed."""

    sources: dict[int, Interrupt]
    pending: set[int] = field(default_factory=set)
    claimed: set[int] = field(default_factory=set)

    def raise_(self, number: int) -> None:
        self.pending.add(number)

    def deliverable(self) -> bool:
        return bool(self.pending - self.claimed)

    def claim(self) -> int | None:
        """The most urgent pending source, lowest number among equals; None if there is none."""
        waiting = self.pending - self.claimed
        if not waiting:
            return None
        number = min(waiting, key=lambda n: (-self.sources[n].priority if n in self.sources else 0, n))
        self.pending.discard(number)
        self.claimed.add(number)
        return number

    def complete(self, number: int) -> None:
        self.claimed.discard(number)


def _right(ctx, handle: Value) -> tuple[int, bool, bool] | None:
    """Number, may-wait, may-complete of a static InterruptKey object; None if it is not one."""
    key = ctx.kernel.loaded.keys[INTERRUPT_KEY]
    body = token.unseal(ctx.kernel, key, handle, static_only=True)
    if not body.tag:
        return None
    return ctx.load(body, 0, 2), bool(ctx.load(body, 2, 1)), bool(ctx.load(body, 3, 1))


@service("scheduler", posture=Posture.DISABLED, min_stack=0x30, arguments=1)
def interrupt_futex_get(ctx, handle: Value) -> Cap:
    """IR-4: a {G R} pointer to the 4-byte counter, or null."""
    right = _right(ctx, handle)
    if right is None or not right[1] or right[0] not in ctx.kernel.interrupts.sources:
        return NULL
    word = ctx.word(counter_name(ctx.kernel.interrupts.sources[right[0]]))
    return word.with_permissions(Perm.GL | Perm.LD)


@service("scheduler", posture=Posture.DISABLED, min_stack=0x30, arguments=1)
def interrupt_complete(ctx, handle: Value) -> int:
    """IR-5."""
    right = _right(ctx, handle)
    if right is None or not right[2]:
        return -Errno.EPERM
    ctx.kernel.interrupts.complete(right[0])
    return 0


def counter_name(source: Interrupt) -> str:
    """The scheduler's global that counts this source."""
    return f"irq:{source.name}"
