"""Directed programs: each goes through one part of temporal safety where others have made mistakes."""

from cosim.image import Program, linked_program
from cosim.toolchain.program import FIRMWARE, build_program
from rtl.config import SocConfig

FOLDER = FIRMWARE / "directed"
DIRECTED = tuple(sorted(path.stem for path in FOLDER.glob("*.S")))
ROUNDS = 2
"""How often each is to be run: `reset` finds in the second what a warm reset has left."""


def directed_program(name: str, config: SocConfig) -> Program:
    return linked_program(name, build_program([FOLDER / f"{name}.S"], config, include_paths=(FOLDER,)))
