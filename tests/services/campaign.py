"""Run the seeded breaks of breaks.py: is each noticed, and by a test that names the rule it breaks?

    python -m tests.services.campaign                  all of them, some ten minutes
    python -m tests.services.campaign MQ-9 heap.py     those of a rule or a file
    python -m tests.services.campaign --sample 20      so many, chosen by --seed
    python -m tests.services.campaign --part 1/2       every other one (rules are judged by a whole run only)

Each break is made in a process of its own, in the modules as they are loaded; no file changes. The tests are tried in
an order: scenarios that list the rule, test files that mention it, the other scenarios, the other files; the first
that fails ends the trial. The campaign fails if more than 5 % survive, if a survivor is not explained in breaks.py
(or an explained one is noticed), or if a rule has breaks and no test that names it fails with any of them.
"""

import argparse
import importlib
import importlib.util
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rtos_model.services.rules import RULES
from tests.services.breaks import BREAKS, SURVIVORS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SERVICES = ROOT / "rtos_model" / "services"
HANGS = 30
"""Seconds of processor time after which a scenario or a file of tests is taken for endless, hence noticed."""
LEAST = 0.95
NOTHING = ("", "errors.py", "import enum\n", "import enum\n")
"""The break that breaks nothing."""
ABOUT_LISTS = ("test_scenarios", "test_scenarios_command", "test_breaks", "test_coverage")
"""Files that test no rule: they play the catalogue once more, or look at lists of rules."""


@dataclass(frozen=True)
class Trial:
    """What a break did: who noticed it (None: nobody), and the rules among its own that this test names."""

    rules: tuple[str, ...]
    place: str
    killer: str | None
    named: tuple[str, ...]


class _Loader:
    def __init__(self, file: Path, text: str, replacement: str):
        self.file, self.text, self.replacement = file, text, replacement

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(compile(broken(self.file, self.text, self.replacement), str(self.file), "exec"), module.__dict__)


class _Finder:
    """Gives the broken text for one module, in front of everybody else."""

    def __init__(self, module: str, loader: _Loader):
        self.module, self.loader = module, loader

    def find_spec(self, name, path=None, target=None):
        if name == self.module:
            return importlib.util.spec_from_loader(name, self.loader, origin=str(self.loader.file))
        return None


def broken(file: Path, text: str, replacement: str) -> str:
    """The source with the break made. Raises ValueError if the text does not occur exactly once."""
    source = file.read_text()
    if source.count(text) != 1:
        raise ValueError(f"{file.name}: {text!r} occurs {source.count(text)} times; mend the list of breaks")
    return source.replace(text, replacement)


def install(file: str, text: str, replacement: str) -> None:
    """From now on this process has the broken model."""
    for name in [name for name in sys.modules if name.startswith(("rtos_model.services", "cosim"))]:
        del sys.modules[name]
    name = "rtos_model.services." + file.removesuffix(".py").replace("/", ".")
    sys.meta_path.insert(0, _Finder(name, _Loader(SERVICES / file, text, replacement)))


# ------------------------------------------------------------------------------------------- noticing


def noticed(rules: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The tests that failed, by name, and which of the rules these name. In the broken process."""
    try:
        tests = _tests(rules)
    except Exception as error:
        return f"loading the catalogue: {error!r}", ()
    left = set(rules)
    killers: list[str] = []
    for fails, names in [one for one in tests if one[1]]:
        failed = _watched(fails) if left & names else None
        if failed:
            killers.append(failed)
            left -= names
    others = (_watched(fails) for fails, names in tests if not names)
    if not killers:
        killers = [next((failed for failed in others if failed), "")]
    return " ".join(killers) or None, tuple(rule for rule in rules if rule not in left)


def _tests(rules: tuple[str, ...]) -> list[tuple[Callable[[], str | None], set[str]]]:
    """Each test, as a function that gives the name of what failed, and the rules among these that it names."""
    from rtos_model.services.scenario import catalogue

    scenarios = [(partial(_scenario_fails, one), set(one.rules) & set(rules)) for one in catalogue().values()]
    files = []
    for path in sorted(HERE.glob("test_*.py")):
        if path.stem not in ABOUT_LISTS:
            text = path.read_text()
            files.append((partial(_file_fails, path), {rule for rule in rules if _mentions(text, rule)}))
    return scenarios + files


def _mentions(text: str, rule: str) -> bool:
    at = text.find(rule)
    while at >= 0 and text[at + len(rule) : at + len(rule) + 1].isalnum():
        at = text.find(rule, at + 1)
    return at >= 0


def _watched(fails: Callable[[], str | None]) -> str | None:
    """Do it; the process ends by a signal when it never ends."""
    signal.setitimer(signal.ITIMER_PROF, HANGS)
    return fails()


def _scenario_fails(scenario) -> str | None:
    from rtos_model.services.scenario import play

    try:
        return None if play(scenario).passed else scenario.id
    except Exception:
        return scenario.id


def _file_fails(path: Path) -> str | None:
    import pytest

    class First:
        failed: str | None = None

        def pytest_runtest_logreport(self, report):
            self.failed = self.failed or (report.nodeid.rpartition("/")[2] if report.failed else None)

        def pytest_collectreport(self, report):
            self.failed = self.failed or (f"{path.name}: collecting" if report.failed else None)

    first = First()
    options = ["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-W", "ignore::pytest.PytestWarning"]
    code = pytest.main([*options, str(path)], plugins=[first])
    return first.failed or (f"{path.name}: {code!r}" if code not in (0, 5) else None)


# ------------------------------------------------------------------------------------------- the campaign


def trial(one: tuple[str, str, str, str]) -> Trial:
    """Fork, break, look. A process that dies or never ends has noticed."""
    rules, file, text, replacement = one
    wanted = tuple(rules.split())
    compile(broken(SERVICES / file, text, replacement), file, "exec")  # a break that is no Python is a mistake
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            install(file, text, replacement)
            os.write(writing, json.dumps(noticed(wanted)).encode())
        except BaseException:
            os.write(writing, json.dumps((traceback.format_exc(), None)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    killer, named = json.loads(answer) if answer else (f"no end: signal {status & 127}", ())
    if named is None:
        raise RuntimeError(f"the trial itself failed: {file}: {text!r}\n{killer}")
    return Trial(wanted, f"{file}: {text.strip()!r} -> {replacement.strip()!r}", killer, tuple(named))


def verdict(trials: list[Trial], chosen: list[tuple[str, str, str, str]], whole: bool) -> list[str]:
    """Reasons for the campaign to fail."""
    found = []
    survivors = [one for one in trials if one.killer is None]
    if len(survivors) > (1 - LEAST) * len(trials):
        found.append(f"more than {1 - LEAST:.0%} survive")
    for done, (_, file, text, replacement) in zip(trials, chosen, strict=True):
        explained = (file, text, replacement) in SURVIVORS
        if done.killer is None and not explained:
            found.append(f"survives and is not explained: {' '.join(done.rules)} {done.place}")
        if done.killer is not None and explained:
            found.append(f"explained as a survivor, but {done.killer} notices: {done.place}")
    if whole:
        seen = {rule for one in trials for rule in one.named}
        found += [f"no test that names {rule} fails with any of its breaks" for rule in RULES if rule not in seen]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="breaks whose rules or file are this (default: all)")
    parser.add_argument("--sample", type=int, metavar="N", help="only N of those that can be noticed, chosen by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", metavar="K/N", help="only the K-th of N parts, to run them side by side")
    args = parser.parse_args()
    chosen = [one for one in BREAKS if not args.texts or {*one[0].split(), one[1]} & set(args.texts)]
    if not chosen:
        sys.exit(f"no break of {' '.join(args.texts)}; give a rule like MQ-9 or a file like heap.py")
    if args.sample is not None:
        noticeable = [one for one in chosen if one[1:] not in SURVIVORS]
        chosen = random.Random(args.seed).sample(noticeable, min(args.sample, len(noticeable)))
    if args.part:
        which, of = map(int, args.part.split("/"))
        chosen = chosen[which - 1 :: of]
    started = time.monotonic()
    if args.sample is None:
        killer = trial(NOTHING).killer
        if killer:
            sys.exit(f"{killer} fails without any break; mend that first, it would notice everything")
    trials = []
    for number, one in enumerate(chosen, 1):
        done = trial(one)
        trials.append(done)
        unnamed = sorted(set(done.rules) - set(done.named))
        word = f"noticed by {done.killer}" if done.killer else "SURVIVES"
        word += f" (which does not name {' '.join(unnamed)})" if done.killer and unnamed else ""
        print(f"{number}/{len(chosen)} {' '.join(done.rules)} {word}  {done.place}", flush=True)
    killed = sum(one.killer is not None for one in trials)
    print(f"{killed} of {len(trials)} breaks are noticed ({time.monotonic() - started:.0f} s)")
    problems = verdict(trials, chosen, whole=not (args.texts or args.sample or args.part))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    for module in ("amaranth.sim", "hypothesis", "pytest"):  # what every trial needs is loaded once
        importlib.import_module(module)
    sys.exit(main())
