"""An audit report as answers for people: does the policy hold, who may do what (AU-2, AU-3)."""

from collections.abc import Iterable, Mapping

from rtos_model.services import audit_policy

Devices = audit_policy.Devices
POLICY = "quotas well-formed; revoker, timer, interrupt controller, hazard slots and epoch only with their owners"


def policy(report: Mapping, devices: Devices) -> tuple[str, bool]:
    """The verdict of the built-in policy, and whether it holds."""
    found = audit_policy.violations(report, devices)
    if found:
        return "\n".join(["policy of the RTOS: BROKEN", *(f"  {line}" for line in found)]), False
    return f"policy of the RTOS: holds ({POLICY})", True


def answers(report: Mapping, devices: Devices, heap_size: int) -> str:
    """The questions of AU-3, each with its answer."""
    parts = [
        _block("who may allocate, and how much", _allocations(report, heap_size)),
        _block("what each static software capability is", _capabilities(report)),
        _block("who can touch each device", _devices(report, devices)),
        _block("who runs with interrupts disabled, and who can call that", _disabled(report)),
        _block("stack and trusted stack of each thread, bytes", _stacks(report)),
        _block("which code is in which compartment (SHA-256)", _hashes(report)),
    ]
    return "\n\n".join(parts)


def callers(report: Mapping, function: str) -> str:
    """Who can call `compartment.function`?"""
    unit, _, name = function.partition(".")
    return f"{function} can be called by: {_list(audit_policy.callers_of(report, unit, name))}"


def users(report: Mapping, device: str, devices: Devices) -> str:
    """Who can touch a device?"""
    return f"{device} can be touched by: {_list(audit_policy.users_of(report, *devices[device]))}"


def _block(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in list(lines) or ["nobody, nothing"])])


def _list(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "nobody"


def _allocations(report: Mapping, heap_size: int) -> list[str]:
    found = audit_policy.may_allocate(report)
    lines = [f"{holder}: {_list(_bytes(one) for one in quotas)}" for holder, quotas in found.items()]
    total = sum(one or 0 for quotas in found.values() for one in quotas)
    return [*lines, f"together {total:,} of a heap of {heap_size:,} bytes"] if lines else []


def _bytes(size: int | None) -> str:
    return "a quota that is not well-formed" if size is None else f"{size:,} bytes"


def _capabilities(report: Mapping) -> list[str]:
    found = audit_policy.software_capabilities(report)
    return [f"{holder}: {owner}.{key} {contents}" for holder, owner, key, contents in found]


def _devices(report: Mapping, devices: Devices) -> list[str]:
    return [f"{name}: {_list(audit_policy.users_of(report, *place))}" for name, place in devices.items()]


def _disabled(report: Mapping) -> list[str]:
    found = audit_policy.runs_with_interrupts_disabled(report)
    return [f"{name}: {_list(who)}" for name, who in found.items() if who]


def _stacks(report: Mapping) -> list[str]:
    return [f"{entry}: {stack:,} and {trusted:,}" for entry, stack, trusted in audit_policy.stack_budgets(report)]


def _hashes(report: Mapping) -> list[str]:
    return [f"{unit}: {digest[:16]}..." for unit, digest in audit_policy.binaries(report).items()]
