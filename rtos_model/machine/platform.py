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
    """`console` collects what was printed; `exit_code` is None until the program ends the run.

    A device that the system lacks is there, but nothing reaches it; only a timer would make itself felt.
    """

    def __init__(self, config: SocConfig, time: Time, *, scripted: bool = False):
        self.console = bytearray()
        self.exit_code: int | None = None
        self.timer = None if config.timer is None else Timer(config.timer, time, scripted=scripted)
        self.uart = Uart(self._send)
        self.plic = Plic()
        self.plic.claimed = self._lower_test_interrupt
        self.revoker = Revoker(self._swept)
        self.gpio = Gpio()
        self.bitmap_rest = Device()
        self.simctl = SimControl(
            time=time,
            exited=self._exit,
            character=self.console.append,
            advance=self.timer.advance if self.timer else lambda ticks: None,
            interrupts=self._raise_test_interrupts,
        )
        self._present = [name for name in NAMES if name in config.map()]

    def by_name(self) -> dict[str, Device]:
        """The devices that the system has, by the names of the memory map."""
        return {name: getattr(self, name) for name in self._present}

    def settle(self) -> None:
        """After anything that may change a device: its interrupt follows."""
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
        self.plic.pulse(REVOKER)

    def _raise_test_interrupts(self, sources: int) -> None:
        for source in TEST_LEVELS:
            if sources >> source & 1:
                self.plic.set_level(source, True)
        for source in TEST_EDGES:
            if sources >> source & 1:
                self.plic.pulse(source)

    def _lower_test_interrupt(self, source: int) -> None:
        """A test interrupt of level form asks until it is claimed."""
        if source in TEST_LEVELS:
            self.plic.set_level(source, False)
