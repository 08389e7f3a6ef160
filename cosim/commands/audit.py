"""The audit report of a declared system: what each compartment can reach; policy and questions.

SYSTEM is a scenario (SC-159) or a Python file that has IMAGE (a rtos_model.services.image.Image) or SCENARIO. The
report has the shape of CHERIoT RTOS's, so its Rego policies can be asked, too. Fails if the built-in policy is broken.
"""

import argparse
import json
import sys
from pathlib import Path

from cosim import audit_text
from cosim.described import described
from cosim.errors import UserError
from rtos_model.services import audit, audit_policy
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.loader import load

BROKEN = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", metavar="SYSTEM", help="a scenario's identifier, or a Python file with IMAGE")
    parser.add_argument("--json", metavar="FILE", help="write the report there; - prints it and nothing else")
    parser.add_argument(
        "--callers", metavar="X.F", action="append", default=[], help="who can call F of compartment X?"
    )
    parser.add_argument("--users", metavar="DEVICE", action="append", default=[], help="who can touch this device?")


def run(args: argparse.Namespace) -> int:
    """0 if the policy holds and report and grants agree."""
    image, program = described(args.system)
    try:
        loaded = load(image)
    except ServiceModelError as error:
        raise UserError(f"{args.system}: {error}") from None
    report = audit.report(loaded, program)
    devices = {one.name: (one.start, one.length) for one in image.devices}
    text = json.dumps(report, indent=2)
    verdict, holds = audit_text.policy(report, devices)
    differences = audit.differences(report, loaded)
    if args.json == "-":
        print(text)
        print(verdict, file=sys.stderr)
    else:
        if args.json:
            write(Path(args.json), text)
        print(verdict)
        print("\n".join([f"report and grants differ: {line}" for line in differences] or ["report and grants agree"]))
        print(f"\n{asked(args, report, devices) or audit_text.answers(report, devices, image.heap_size)}")
    return 0 if holds and not differences else BROKEN


def asked(args: argparse.Namespace, report, devices) -> str:
    """Answers to --callers and --users."""
    lines = []
    exports = audit_policy.functions(report)
    for name in args.callers:
        if name not in exports:
            unit = name.partition(".")[0]
            near = sorted(one for one in exports if one.startswith(f"{unit}.")) or sorted(report["compartments"])
            raise UserError(f"--callers {name}: no such export; there are {', '.join(near)}")
        lines.append(audit_text.callers(report, name))
    for name in args.users:
        if name not in devices:
            raise UserError(f"--users {name}: no such device; there are {', '.join(devices) or 'none'}")
        lines.append(audit_text.users(report, name, devices))
    return "\n".join(lines)


def write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a file that can be written") from None
