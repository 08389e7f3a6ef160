"""Seeded breaks of the switcher, of sharing and of the audit report; `breaks.py` runs them."""

BREAKS = (
    # rule, file, text, replacement
    ("CP-5", "kernel.py", "if not cap.tag or cap.otype != OTYPE_EXPORT:", "if False:"),
    ("CP-24", "switcher.py", "with_address(top - SLOTS)\n", "with_address(top)\n"),
    ("CP-30", "switcher.py", "holds_registers = ctx.stack.tag and not", "holds_registers = ctx.stack.tag or not"),
    ("CP-35", "switcher.py", "outcome = -Errno.ECOMPARTMENTFAIL", "outcome = 0"),
    ("CP-36", "switcher.py", "ctx.stack.permissions != STACK_PERMISSIONS or base % 16", "base % 16"),
    (
        "CP-36",
        "switcher.py",
        "if sp - SPILL < base:\n        return refuse(Errno.ENOTENOUGHSTACK)",
        "if sp - SPILL < base:\n        raise Unwinding(ctx.frame)",
    ),
    ("CP-34", "switcher.py", "raise ScopedJump(self.frame.scopes.pop())", "raise ScopedJump(self.frame.scopes[-1])"),
    ("CP-7", "pointers.py", "if not base <= cap.address or cap.address + space > top:", "if False:"),
    (
        "CP-7",
        "switcher_helpers.py",
        "cap.with_bounds(as_int(space)).with_permissions(wanted) if as_int(strict) else cap",
        "cap",
    ),
    (
        "CP-7",
        "switcher_helpers.py",
        "off_stack = as_int(check_stack) and not wanted & Perm.GL",
        "off_stack = False",
    ),
    (
        "CP-6",
        "loader.py",
        'size, permission_mask("G" + letters))\n        case Dev',
        "size, GLOBAL_PERMISSIONS)\n        case Dev",
    ),
    (
        "CP-2",
        "loader.py",
        "size = device.length - offset if length is None else length",
        "size = device.length - offset",
    ),
    ("SG-5", "memory.py", "drop |= Perm.SD | Perm.LM", "pass"),
    ("SG-7", "memory.py", "Perm.GL if loaded.sealed else Perm.GL | Perm.LG", "Perm.GL"),
    (
        "SG-8",
        "memory.py",
        "if not cap.permissions & Perm.MC:\n            return loaded.without_tag()",
        "if False:\n            pass",
    ),
    ("AU-1", "audit_policy.py", "len(data) == QUOTA_BYTES and not any(data[4:])", "len(data) == QUOTA_BYTES"),
    ("AU-2", "audit_policy.py", "if one != owner]", "if False]"),
    ("AU-2", "audit_policy.py", 'and not one["permits_load_mutable"]', "and True"),
    ("AU-5", "audit.py", 'lines + [f"in the report, not granted', 'lines + [] and [f"in the report, not granted'),
)
