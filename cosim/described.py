"""A declared system by name: a scenario's identifier, or a file that describes it."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from cosim.errors import UserError
from cosim.toolchain.system.description import read_system
from rtos_model.services.errors import ServiceModelError
from rtos_model.services.image import Image
from rtos_model.services.scenario import Scenario, catalogue

Program = Mapping[str, object]


def described(name: str) -> tuple[Image, Program]:
    """Image and program. A Python file has them as IMAGE and, if it likes, PROGRAM; or a scenario as SCENARIO.

    Raises UserError naming the file and the mend.
    """
    path = Path(name)
    if path.suffix == ".py":
        return _from_python(path)
    if path.suffix == ".toml":
        return read_system(path).image, {}
    if path.suffix or path.exists():
        raise UserError(
            f"{name}: a description is a TOML file, a Python file (.py) with IMAGE, or a scenario's identifier"
        )
    known = catalogue()
    if name not in known:
        raise UserError(f"no scenario {name!r}, no file either; there are {next(iter(known))} to {list(known)[-1]}")
    return known[name].image, known[name].program


def scenarios_in(path: Path) -> list[Scenario]:
    """The scenarios of a Python file, as SCENARIO or SCENARIOS. Raises UserError naming the file and the mend."""
    module = _module(path)
    found = [*getattr(module, "SCENARIOS", ()), *([module.SCENARIO] if hasattr(module, "SCENARIO") else [])]
    if not found or not all(isinstance(one, Scenario) for one in found):
        raise UserError(f"{path}: has no SCENARIO made by rtos_model.services.scenario.simple; add one")
    return found


def _from_python(path: Path) -> tuple[Image, Program]:
    module = _module(path)
    scenario = getattr(module, "SCENARIO", None)
    if isinstance(scenario, Scenario):
        return scenario.image, scenario.program
    image = getattr(module, "IMAGE", None)
    if not isinstance(image, Image):
        raise UserError(f"{path}: has no IMAGE (a rtos_model.services.image.Image) and no SCENARIO; add one of them")
    return image, getattr(module, "PROGRAM", {})


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ServiceModelError as error:
        raise UserError(f"{path}: {error}") from None
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: {error.msg}") from None
    except Exception as error:
        raise UserError(f"{path}: running it fails with {type(error).__name__}: {error}") from None
    return module
