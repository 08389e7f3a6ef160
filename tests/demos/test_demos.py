"""Demos with a name: all hold on the model, a claim that does not hold is noticed, wrong names are told."""

from types import SimpleNamespace

import pytest

from cosim import demos, stage
from cosim.cli import main
from cosim.errors import BAD_INPUT
from rtos_model.services.scenario import catalogue

ON_THE_MODEL = [name for name in demos.summaries() if hasattr(demos.find(name), "SCENES")]


@pytest.mark.parametrize("name", ON_THE_MODEL)
def test_everything_holds_on_the_model(name, capsys):
    assert main(["demo", name, "--model"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(demos.summaries()[name])
    assert "\n  BROKEN" not in text and text.endswith("everything held\n")


@pytest.mark.parametrize("name", ON_THE_MODEL)
def test_every_claim_needs_its_events(name):
    """With the log of another scenario no scene's claims hold all."""
    for scene in demos.find(name).SCENES:
        empty = stage.on_the_model(catalogue()["SC-2"])
        if isinstance(scene, stage.Scene):
            assert not all(one.holds(empty) for one in scene.claims)


def test_claim_that_does_not_hold(capsys):
    """A producer that finds another system: the demo says so."""
    demo = demos.find("queue")
    other = stage.on_the_model(catalogue()["SC-2"])
    assert stage.show(SimpleNamespace(__doc__="x", SCENES=demo.SCENES[:1]), lambda scenario: other) == stage.FAILED
    assert "BROKEN  the queue is opaque" in capsys.readouterr().out


def test_problem_of_the_scenario_is_told(capsys):
    scenario = catalogue()["SC-178"]
    outcome = stage.on_the_model(scenario)
    broken = type(outcome)(scenario, outcome.log, (), ("a check failed",), outcome.names)
    demo = SimpleNamespace(__doc__="x", SCENES=(stage.Scene(scenario=scenario, cast="", claims=()),))
    assert stage.show(demo, lambda _: broken) == stage.FAILED
    assert "BROKEN  a check failed" in capsys.readouterr().out


def test_list(capsys):
    assert main(["demo", "--list"]) == 0
    assert capsys.readouterr().out.count("\n") == len(demos.summaries())


def test_unknown_name_and_missing_name(capsys):
    assert main(["demo", "nonsense"]) == BAD_INPUT
    assert "no demo 'nonsense'; there are" in capsys.readouterr().err
    assert main(["demo", "--model"]) == BAD_INPUT
    assert "--model goes with a name" in capsys.readouterr().err
