"""From source files to a program for a system: what the commands and the harness call."""

from pathlib import Path

from cosim.toolchain.assembler import assemble_file
from cosim.toolchain.image import Image
from cosim.toolchain.linker import link
from rtl.config import SocConfig

FIRMWARE = Path(__file__).parents[1] / "firmware"
"""The project's own programs."""


def build_program(
    sources: list[Path],
    config: SocConfig,
    *,
    base: int | None = None,
    entry: str = "_start",
    include_paths: tuple[Path, ...] = (),
) -> Image:
    """Assemble files and link them for a system, from `base` (default: where the system starts programs) on.

    Raises UserError with file, line and the mend.
    """
    base = config.entry if base is None else base
    memory = next((region for region in (config.ram, config.rom) if region and base in region), config.ram)
    objects = [assemble_file(path, include_paths) for path in sources]
    return link(objects, memory, base=base, entry=entry)
