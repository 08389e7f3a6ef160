"""Make a folder with a C program or a system of compartments, a test of it, and the commands that run both."""

import argparse
import shutil
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.program import FIRMWARE

TEMPLATES = FIRMWARE / "template"
STEPS = {
    "program": ("cheriot cc main.c -o program.elf", "cheriot run program.elf", "pytest"),
    "compartments": ("cheriot build system.toml", "cheriot run system.elf", "pytest"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to make")
    parser.add_argument(
        "--compartments", action="store_true", help="two compartments on the RTOS (default: a bare-metal program)"
    )


def run(args: argparse.Namespace) -> int:
    folder, kind = args.folder, "compartments" if args.compartments else "program"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder}: exists and is not an empty folder; choose another name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted(path for path in (TEMPLATES / kind).iterdir() if path.is_file())
        for path in files:
            shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise UserError(f"{folder}: cannot write there: {error.strerror}") from None
    print(f"{folder} has {', '.join(path.name for path in files)}. Next:")
    print(*(f"  {step}" for step in (f"cd {folder}", *STEPS[kind])), sep="\n")
    return 0
