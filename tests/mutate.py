"""Circuits with a planted fault: one piece of a module's source text replaced, everything that imports it loaded anew.

The text must occur exactly once, so that a change of the source cannot turn a mutant into the original.
"""

import importlib
import importlib.machinery
import importlib.util
import sys
from contextlib import contextmanager


class _Finder:
    """Finds the mutated modules in front of everybody else, with the replacements made."""

    def __init__(self, edits):
        self.edits = edits

    def find_spec(self, name, path=None, target=None):
        replacements = [(old, new) for module, old, new in self.edits if module == name]
        if not replacements:
            return None
        file = importlib.machinery.PathFinder.find_spec(name, path).origin
        return importlib.util.spec_from_loader(name, _Loader(file, replacements), origin=file)


class _Loader:
    def __init__(self, file: str, replacements):
        self.file, self.replacements = file, replacements

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        with open(self.file) as source:
            text = source.read()
        for old, new in self.replacements:
            if text.count(old) != 1:
                raise ValueError(f"{self.file}: {old!r} occurs {text.count(old)} times, must be once")
            text = text.replace(old, new)
        exec(compile(text, self.file, "exec"), module.__dict__)


@contextmanager
def _fresh(packages: set[str]):
    """Inside, modules of these packages are loaded anew; afterwards the old ones are back."""

    def ours():
        return {name: module for name, module in sys.modules.items() if name.split(".")[0] in packages}

    saved = ours()
    for name in saved:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in ours():
            del sys.modules[name]
        sys.modules.update(saved)


def mutated(home: str, *edits: tuple[str, str, str]):
    """The module `home` after edits: in the source of a module, this text becomes that."""
    finder = _Finder(edits)
    with _fresh({name.split(".")[0] for name in (home, *(module for module, _, _ in edits))}):
        sys.meta_path.insert(0, finder)
        try:
            return importlib.import_module(home)
        finally:
            sys.meta_path.remove(finder)


def mutant(wanted: str, *edits: tuple[str, str, str]):
    """The class `wanted` ("package.module.Class") after edits."""
    home, name = wanted.rsplit(".", 1)
    return getattr(mutated(home, *edits), name)
