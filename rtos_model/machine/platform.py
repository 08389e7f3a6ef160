"""The devices of a system, joined with each other: what is sent, who exits, whose interrupt goes where."""

from rtl.config import SocConfig
from rtos_model.machine.devices.device import Device
from rtos_model.machine.devices.gpio import Gpio
from rtos_model.machine.devices.plic import REVOKER, UART, Plic
from rtos_model.machine.devices.revoker import Revoker
from rtos_model.machine.devices.simctl import SimControl
from rtos_model.machine.devices.timer import Timer
from rtos_model.machine.devices.uart import Uart
from rtos_model.machine.time import Time

UART_EXIT = 0x80
"""A character with this bit ends the run; the rest is the exit code."""
NAMES = ("bitmap_rest", "plic", "revoker", "timer", "simctl", "uart", "gpio")
"""Of the attributes that are devices, which are named as in the memory map."""
TEST_LEVELS, TEST_EDGES = range(8, 12), range(12, 16)
"""Interrupt sources that simulation control raises."""


class Platform:
    """`console` collects what was printed; `exit_code` is None until the program ends the run."""

    def __init__(self, config: SocConfig, time: Time):
        self.console = bytearray()
        self.exit_code: int | None = None
        self.timer = None if config.timer is None else Timer(config.timer, time)
        self.uart = None if config.uart is None else Uart(self._send)
        self.plic = None if config.plic is None else Plic()
        self.revoker = None if config.revoker is None else Revoker(self._swept)
        self.gpio = None if config.gpio is None else Gpio()
        self.bitmap_rest = None if config.heap.bitmap_rest is None else Device()
        self.simctl = None
        if config.simctl is not None:
            self.simctl = SimControl(
                time=time,
                exited=self._exit,
                character=self.console.append,
                advance=self.timer.advance if self.timer else lambda ticks: None,
                interrupts=self._raise_test_interrupts,
            )

    def by_name(self) -> dict[str, Device]:
        """The devices that there are, by the names of the memory map."""
        found = {name: getattr(self, name) for name in NAMES}
        return {name: device for name, device in found.items() if device is not None}

    def settle(self) -> None:
        """After anything that may change a device: its interrupt follows."""
        if self.plic and self.uart:
            self.plic.set_level(UART, self.uart.interrupt)

    def _send(self, byte: int) -> None:
        if byte & UART_EXIT:
            self._exit(byte & ~UART_EXIT)
        else:
            self.console.append(byte)

    def _exit(self, code: int) -> None:
        if self.exit_code is None:
            self.exit_code = code

    def _swept(self) -> None:
        if self.plic:
            self.plic.pulse(REVOKER)

    def _raise_test_interrupts(self, sources: int) -> None:
        if self.plic:
            for source in TEST_LEVELS:
                self.plic.set_level(source, bool(sources >> source & 1))
            for source in TEST_EDGES:
                if sources >> source & 1:
                    self.plic.pulse(source)
