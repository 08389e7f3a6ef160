"""Replay every schedule of core and revoker on three words of memory, on the RTL, against the engine's model."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cosim.errors import UserError
from cosim.progress import say
from cosim.schedules.bench import ScheduleBench
from cosim.schedules.replay import Outcome, Replayer, build
from cosim.schedules.table import Table, explore
from rtos_model.machine.revoker_engine import ACTIONS, WORDS

STEPS = 12
PATIENCE = 2
"""Cycles that the engine gives way in these runs: few, so that all of it happens within few steps."""
NAMES = {str(action): number for number, action in enumerate(ACTIONS)}
FULL = ("allocate", *(f"store {word}" for word in range(WORDS)), "paint")
"""Every word holds a capability to the object, which is then freed."""
WAYS = {
    "a sweep begins after the free": (*FULL, "forget", "go"),
    "a sweep begins, but the core still has a capability": (*FULL, "go"),
}
LETTERS = (
    *(("idle", f"load {word}", f"store {word}", f"zero {word}") for word in range(WORDS)),
    ("idle", *(f"store {word}" for word in range(WORDS))),
    ("idle", "busy", "store 1", "fault 1"),
    ("load 1", "store 1", "fault 1", "zero 1"),
    ("idle", "busy", "paint", "reuse", "store 0"),
    ("idle", "go", "load 2", "zero 2"),
)
MISMATCH = 250


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"of each schedule (default: {STEPS})")
    parser.add_argument(
        "--letters",
        metavar="ACTION,...",
        help=f"only schedules of these actions, out of: {', '.join(NAMES)} (default: {len(LETTERS)} sets)",
    )
    parser.add_argument("--walk", type=int, metavar="N", help="instead, one random sequence of so many steps")
    parser.add_argument("--seed", type=int, default=0, help="of the random sequence (default: 0)")


def run(args: argparse.Namespace) -> int:
    """0 if the RTL did what the model does, 250 if not."""
    if args.steps < 1 or (args.walk is not None and args.walk < 1):
        raise UserError("--steps and --walk must be at least 1")
    sets = LETTERS if args.letters is None else (tuple(name.strip() for name in args.letters.split(",")),)
    for name in (name for letters in sets for name in letters):
        if name not in NAMES:
            raise UserError(f'--letters: no action "{name}"; there are: {", ".join(NAMES)}')
    say("searching the model")
    found = explore(PATIENCE)
    print(f"model: {found}")
    say("building the bench (once; takes some seconds)")
    binary = build(ScheduleBench(PATIENCE))
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table"
        Table.of(found, PATIENCE).write(table)
        for title, outcome in outcomes(Replayer(binary, table), sets, args):
            if outcome.mismatch:
                print(f"{title}: MISMATCH after {', '.join(outcome.mismatch.actions)}: {outcome.mismatch.text}")
                return MISMATCH
            print(f"{title}: {outcome.count:,} agree", flush=True)
    return 0


def outcomes(
    replayer: Replayer, sets: Sequence[Sequence[str]], args: argparse.Namespace
) -> Iterator[tuple[str, Outcome]]:
    if args.walk is not None:
        yield f"random steps, seed {args.seed}", replayer.walk(args.walk, args.seed)
        return
    yield "transitions", replayer.cover()
    for way, actions in WAYS.items():
        for letters in sets:
            title = f"{way}; schedules of {args.steps} steps of {', '.join(letters)}"
            numbers = [[NAMES[name] for name in names] for names in (actions, letters)]
            yield title, replayer.schedules(*numbers, args.steps, show)


def show(done: int) -> None:
    """A line that the next one replaces, if there is someone to read it."""
    if sys.stderr.isatty():
        print(f"\r\033[K{done:,} schedules", end="\r", file=sys.stderr, flush=True)
