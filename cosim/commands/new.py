"""Make a folder with a C program for the machine, a test of it, and the commands that build and run both."""

import argparse
import shutil
from pathlib import Path

from cosim.errors import UserError
from cosim.toolchain.program import FIRMWARE

TEMPLATE = FIRMWARE / "template"
STEPS = ("cheriot cc main.c -o program.elf", "cheriot run program.elf", "pytest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to make")


def run(args: argparse.Namespace) -> int:
    folder = args.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder}: exists and is not an empty folder; choose another name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(TEMPLATE.iterdir()):
            shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise UserError(f"{folder}: cannot write there: {error.strerror}") from None
    print(f"{folder} has {', '.join(sorted(path.name for path in TEMPLATE.iterdir() if path.is_file()))}. Next:")
    print(*(f"  {step}" for step in (f"cd {folder}", *STEPS)), sep="\n")
    return 0
