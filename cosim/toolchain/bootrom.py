"""The contents of the boot ROM, assembled for a configuration."""

from dataclasses import replace

from cosim.errors import UserError
from cosim.toolchain.program import FIRMWARE, build_program
from rtl.config import SocConfig

SOURCE = FIRMWARE / "boot" / "rom.S"


def boot_rom(config: SocConfig, entry: int | None = None) -> bytes:
    """Bytes of the ROM from its first address on, at most its size; `entry` replaces the configuration's entry.

    Raises UserError if the system has no ROM, or the entry cannot be reached from it.
    """
    if config.rom is None:
        raise UserError(f"profile {config.name} has no boot ROM")
    if entry is not None:
        config = replace(config, entry=entry)
    core = config.core
    constants = {"REPORTER": core.mtcc_reset, "RESET": core.boot_address}
    return build_program([SOURCE], config, base=config.rom.base, constants=constants).flat()
