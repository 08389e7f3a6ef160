"""The command `cheriot`: finds the module of a subcommand and reports user errors in one line."""

import argparse
import ast
import importlib
import sys
from pathlib import Path

from cosim.errors import BAD_INPUT, UserError
from rtl.config import ConfigError

COMMANDS = Path(__file__).parent / "commands"
INTERRUPTED = 130


def subcommands() -> dict[str, str]:
    """Name and one-line help of every module in `cosim.commands`, without importing them."""
    modules = sorted(path for path in COMMANDS.glob("*.py") if path.stem != "__init__")
    return {path.stem: (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0] for path in modules}


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="cheriot", description="An open CHERIoT machine in Python.")
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = argv[0] if argv else ""
    for name, summary in subcommands().items():
        command = parsers.add_parser(name, help=summary, description=summary)
        if name == chosen:  # only the chosen one is imported: a start-up stays quick
            module = importlib.import_module(f"cosim.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except (UserError, ConfigError) as error:
        print(f"cheriot: error: {error}", file=sys.stderr)
        return getattr(error, "code", BAD_INPUT)
    except KeyboardInterrupt:
        print("\ncheriot: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return 0


def run_image() -> int:
    """The command `cheriot-run IMAGE ...`, which board descriptions name: on whatever profile the image fits."""
    return main(["run", "--profile", "auto", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
