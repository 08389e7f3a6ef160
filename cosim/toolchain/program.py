"""From source files to a program for a system: what the commands and the harness call."""

from collections.abc import Mapping
from pathlib import Path

from cosim.toolchain.assembler import assemble, assemble_file
from cosim.toolchain.image import Image
from cosim.toolchain.linker import link
from cosim.toolchain.objectfile import Object
from rtl.config import SocConfig

FIRMWARE = Path(__file__).parents[1] / "firmware"
"""The project's own programs."""
INCLUDE = FIRMWARE / "include"


def platform_constants(config: SocConfig) -> dict[str, int]:
    """What sources may know of a system: PLATFORM_X and PLATFORM_X_END for each of its blocks, and its entry."""
    found = {"PLATFORM_ENTRY": config.entry, "PLATFORM_HEAP": config.heap.base}
    found["PLATFORM_HEAP_END"] = config.heap.base + config.heap.size
    for name, region in config.map().items():
        found[f"PLATFORM_{name.upper()}"] = region.base
        found[f"PLATFORM_{name.upper()}_END"] = region.end
    return found


def build_program(
    sources: list[Path],
    config: SocConfig,
    *,
    base: int | None = None,
    entry: str = "_start",
    include_paths: tuple[Path, ...] = (),
    constants: Mapping[str, int] | None = None,
) -> Image:
    """Assemble files and link them for a system, from `base` (default: where the system starts programs) on.

    `constants` are symbols for the sources, beside those of the platform. Raises UserError with file, line, mend.
    """
    known = {**platform_constants(config), **(constants or {})}
    objects = [assemble_file(path, (*include_paths, INCLUDE), known) for path in sources]
    return _linked(objects, config, base, entry)


def build_text(name: str, text: str, config: SocConfig, *, include_paths: tuple[Path, ...] = ()) -> Image:
    """The same for one source that is not in a file; `name` stands in messages."""
    known = platform_constants(config)
    return _linked([assemble(text, name, (*include_paths, INCLUDE), known)], config, None, "_start")


def _linked(objects: list[Object], config: SocConfig, base: int | None, entry: str) -> Image:
    base = config.entry if base is None else base
    memory = next((region for region in (config.ram, config.rom) if region and base in region), config.ram)
    return link(objects, memory, base=base, entry=entry)
