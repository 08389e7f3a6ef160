"""Write the board description with which CHERIoT RTOS is built for a system, or check one."""

import argparse
import sys
from pathlib import Path

from cosim.board.check import complaints
from cosim.board.describe import as_text, board
from cosim.board.reader import read_board
from cosim.errors import UserError
from rtl.config import PROFILE_USAGE, profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="safe", help=f"the system: {PROFILE_USAGE} (default: safe)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it there, not to standard output")
    parser.add_argument("--check", type=Path, metavar="FILE", help="instead, hold this description against the system")
    parser.add_argument("--mixin", type=Path, action="append", default=[], metavar="FILE", help="with edits to it")


def run(args: argparse.Namespace) -> int:
    config = profile(args.profile)
    if args.mixin and not args.check:
        raise UserError("--mixin goes with --check")
    if args.check:
        for complaint in complaints(read_board(args.check, args.mixin), config):
            raise UserError(f"{args.check}: {complaint}")
        print(f"{args.check}: fits profile {config.name}")
        return 0
    text = as_text(board(config))
    if args.output is None:
        sys.stdout.write(text)
        return 0
    try:
        args.output.write_text(text)
    except OSError as error:
        raise UserError(f"{args.output}: cannot write it: {error.strerror}") from None
    print(args.output)
    return 0
