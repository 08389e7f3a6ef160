"""Every demo's scenes on the core: claims hold, and nothing differs from the golden machine and the golden services."""

import re

import pytest

from cosim import demos, stage
from cosim.cli import main
from cosim.stage_core import Core

pytestmark = pytest.mark.sim
PLAYED = [
    name
    for name in demos.summaries()
    if any(isinstance(one, stage.Scene) for one in getattr(demos.find(name), "SCENES", ()))
]


@pytest.mark.parametrize("name", PLAYED)
def test_demo(capsys, name):
    assert main(["demo", name]) == 0
    output = capsys.readouterr().out
    assert "everything held" in output and "BROKEN" not in output
    counts = re.search(r"on the core: ([\d,]+) cycles, ([\d,]+) instructions.*; ([\d,]+) service events", output)
    assert all(int(count.replace(",", "")) > 0 for count in counts.groups())


def test_what_threads_say_is_told_at_its_place(tmp_path):
    scene = demos.find("queue").SCENES[0]
    with Core(tmp_path, "repeat") as core:
        seen = core.play(scene.scenario)
    golden = stage.on_the_model(scene.scenario)
    assert seen.output == golden.output and seen.output_at == golden.output_at and seen.output
    assert seen.lines() == golden.lines()
