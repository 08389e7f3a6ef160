"""Plant bugs that CHERIoT software has had into the RTOS firmware, one at a time, and see each one noticed."""

import argparse
import time

from cosim.check import FAIL, Check, Checked
from cosim.errors import UserError
from cosim.seeded import FAULTS, Seeded, planted
from cosim.toolchain.steps.program import firmware
from rtos_model.services.scenario import catalogue

MISSED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="only faults with this in their name, as E-HEAP")
    parser.add_argument("--list", action="store_true", help="say what there is, run nothing")
    parser.add_argument("--report", action="store_true", help="print the whole report of each scenario")


def run(args: argparse.Namespace) -> int:
    chosen = selected(args.names)
    if args.list:
        for fault in chosen:
            print(f"{fault.name}: {fault.unit}/{fault.file}, {fault.scenario}")
        return 0
    started, noticed = time.monotonic(), 0
    for fault in chosen:
        found = checked(fault)
        print(f"{fault.erratum:8} {fault.title}, in {fault.unit}/{fault.file}")
        caught = found.verdict == FAIL
        noticed += caught
        for line in ["NOT NOTICED"] if not caught else found.text if args.report else reason(found):
            print(f"{'':8} {fault.scenario}: {line.strip()}", flush=True)
    print(f"{noticed} of {len(chosen)} faults noticed ({time.monotonic() - started:.1f} s)")
    return 0 if noticed == len(chosen) else MISSED


def selected(names: list[str]) -> list[Seeded]:
    """Faults by a part of their name. Raises UserError for a name that fits none."""
    for name in names:
        if not any(name in fault.name for fault in FAULTS):
            raise UserError(f"no fault has {name!r} in its name; `cheriot faults --list` shows all")
    return [fault for fault in FAULTS if not names or any(name in fault.name for name in names)]


def checked(fault: Seeded) -> Checked:
    """The fault's scenario on the golden machine, the firmware with the fault against the services without."""
    with planted(fault) as sources:
        check = Check(firmware=lambda scenario: firmware(scenario, sources=sources))
        return check.check(catalogue()[fault.scenario], f"cheriot faults '{fault.name}' --report")


def reason(found: Checked) -> list[str]:
    """Of a report: where, and what the golden services and the firmware did there."""
    where = next((line for line in found.text if "thread " in line), found.text[0])
    return [where, *(line for line in found.text if line.strip().startswith(("golden services:", "observed:")))]
