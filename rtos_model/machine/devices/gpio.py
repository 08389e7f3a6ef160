"""General-purpose pins: an output register, its enables, and inputs that nothing drives. Source: CHERIoT-SAFE."""

import enum

from rtos_model.machine.devices.device import Device, merged


class Register(enum.IntEnum):
    INPUT = 0x0
    OUTPUT = 0x4
    OUTPUT_ENABLE = 0x8


class Gpio(Device):
    def __init__(self) -> None:
        self.kept: dict[int, int] = {Register.OUTPUT: 0, Register.OUTPUT_ENABLE: 0}

    def read(self, offset: int) -> int:
        return self.kept.get(offset, 0)

    def write(self, offset: int, value: int, mask: int) -> None:
        if offset in self.kept:
            self.kept[offset] = merged(self.kept[offset], value, mask)
