"""The boot ROM on the golden machine."""

from dataclasses import replace

import pytest

from cosim.errors import UserError
from cosim.toolchain.bootrom import boot_rom
from rtl.config import BENCH, SAFE, ConfigError
from rtl.isa.table import REGISTERS
from rtos_model.machine.machine import Machine

UNIMPLEMENTED = b"\0\0"
"""An illegal halfword."""


def booted(entry: int, program: bytes = UNIMPLEMENTED) -> Machine:
    return Machine(SAFE, [(SAFE.rom.base, boot_rom(SAFE, entry)), (entry, program)])


@pytest.mark.parametrize("entry", [SAFE.entry, SAFE.entry + 0x80, SAFE.ram.end - 4])
def test_it_enters_the_program_as_reset_left_everything(entry):
    machine = booted(entry)
    before = machine.registers[:REGISTERS], dict(machine.scrs)
    machine.step()
    assert machine.pc == entry
    assert (machine.registers[:REGISTERS], dict(machine.scrs)) == before


def test_a_trap_before_the_program_has_a_handler_is_reported():
    machine = booted(SAFE.entry)
    machine.run(100)
    assert machine.platform.exit_code == 253


def test_without_simulation_control_the_uart_reports():
    config = replace(SAFE, simctl=None)
    machine = Machine(config, [(config.rom.base, boot_rom(config)), (config.entry, UNIMPLEMENTED)])
    machine.run(100)
    assert machine.platform.exit_code == 253 & 0x7F


def test_it_fits_every_entry_in_memory_only():
    assert len(boot_rom(SAFE)) <= SAFE.rom.size
    with pytest.raises(ConfigError, match="neither RAM nor ROM"):
        boot_rom(SAFE, 0x3000_0000)
    with pytest.raises(UserError, match="has no boot ROM"):
        boot_rom(BENCH)
