"""The demos that have a name, one file each: `cheriot demo NAME`.

The first line of a file's docstring is its line in `cheriot demo --list`. A demo has

- `SCENES`: a tuple of `cosim.stage.Scene`; what an implementation of the services plays, model or hardware,
- or `run(args)`: an exit code; a demo that is more than scenes, or other than scenes on the core; with
  `ON_THE_MODEL`, if it can do without the core,
- and, if it likes, `epilogue(outcomes)`: text for behind the last scene.
"""

import ast
import importlib
from pathlib import Path
from types import ModuleType

from cosim.errors import UserError

FOLDER = Path(__file__).parent


def summaries() -> dict[str, str]:
    """Name and one line of every demo, without importing them."""
    files = sorted(path for path in FOLDER.glob("*.py") if path.stem != "__init__")
    texts = {path.stem.replace("_", "-"): ast.get_docstring(ast.parse(path.read_text())) or "" for path in files}
    return {name: text.partition("\n")[0] for name, text in texts.items()}


def find(name: str) -> ModuleType:
    """The module of a demo. Raises UserError for a name that is none."""
    if name not in summaries():
        raise UserError(f"no demo {name!r}; there are {', '.join(summaries())}")
    return importlib.import_module(f"cosim.demos.{name.replace('-', '_')}")
