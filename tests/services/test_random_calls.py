"""Random calls of all services by several threads: invariants hold; a broken model is found and told as a scenario."""

import subprocess
import sys

import pytest

from tests.services import campaign
from tests.services.random_calls.programs import explore, problems, scenario, source

EXAMPLES = 50


def test_whatever_is_called_the_invariants_hold(seed):
    print(f"seed {seed}; more: python -m tests.services.random_calls.programs --examples 5000 --seed {seed}")
    explore(EXAMPLES, seed)


@pytest.mark.parametrize(
    "file, text, replacement, found",
    [
        ("queue.py", 'state["wake"] |= items(ctx, q) == (0 if sending else count)', "pass", "(FX-5)"),
        ("futex.py", "if caller.effective < scheduler.highest_ready():", "if False:", "(TH-15)"),
        ("flagword.py", "        if value == 0:\n", "        if True:\n", "&inside"),
    ],
)
def test_a_broken_model_is_found(file, text, replacement, found):
    """In a process of its own, with the break made; the shortest program is printed in the language of scenarios."""
    code = (
        "import sys; from tests.services import campaign\n"
        f"campaign.install({file!r}, {text!r}, {replacement!r})\n"
        f"from tests.services.random_calls import programs; sys.argv[1:] = ['--examples', '{EXAMPLES}']\n"
        "sys.exit(programs.main())"
    )
    assert campaign.broken(campaign.SERVICES / file, text, replacement)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert found in done.stdout.partition("simple(")[0], done.stdout
    assert "(seed 0)" in done.stdout and "SX-0" in done.stdout


HEAVY = [
    ("allocate", 24, 3, 0),
    ("release", 0, 0, 0),
    ("allocate", 25, 3, 0),
    ("release", 1, 0, 0),
    ("allocate", 26, 3, 0),
]


@pytest.mark.parametrize(
    "operations, file, text, replacement, found",
    [
        (HEAVY, "heap.py", "if epoch - entry[1] >= 2][:limit]", "if True][:limit]", "(HP-40)"),
        ([("handle", 2, 0, 0)], "memory.py", "            raise cheri_fault(Fault.SEAL)", "            pass", "0 is 0"),
    ],
)
def test_reuse_and_handles_are_watched(operations, file, text, replacement, found):
    """What a random program seldom comes upon: memory that is used again too early, a handle that can be read."""
    chosen = {"A": operations, "B": [], "C": [], "D": []}
    assert problems(scenario(chosen)) == []
    code = (
        "from tests.services import campaign\n"
        f"campaign.install({file!r}, {text!r}, {replacement!r})\n"
        "from tests.services.random_calls.programs import problems, scenario\n"
        f"print(problems(scenario({chosen!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found in done.stdout, done.stdout + done.stderr


def test_text_of_a_program_is_a_scenario():
    """What is printed can be read back: it is Python that makes the same threads."""
    made = scenario({"A": [("word", 1, 0, 0)], "B": [("handle", 3, 0, 0)], "C": [], "D": [("pause", 4, 0, 0)]})
    assert problems(made) == []
    names: dict = {}
    exec("from rtos_model.services.steps import *\nfrom rtos_model.services.scenario import simple", names)
    exec("from tests.services.random_calls.operations import SYSTEM, EXPIRED", names)
    text = source(made).replace("**SYSTEM,", 'program={"main.expired": EXPIRED}, **SYSTEM,')
    again = eval(text, names)
    assert {n: b for n, b in again.program.items()} == dict(made.program)
