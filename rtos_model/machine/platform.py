"""The devices of a system, joined with each other: what is sent, who exits, whose interrupt goes where."""

from rtl.config import SocConfig
from rtos_model.machine.devices.device import Device
from rtos_model.machine.devices.gpio import Gpio
from rtos_model.machine.devices.plic import REVOKER, UART, Plic
from rtos_model.machine.devices.revoker import Revoker
from rtos_model.machine.devices.serial_uart import SerialUart
from rtos_model.machine.devices.simctl import SimControl
from rtos_model.machine.devices.timer import Timer
from rtos_model.machine.devices.uart import Uart
from rtos_model.machine.time import Time

UART_EXIT = 0x80
"""A character with this bit ends the run, on systems that agree to that; the rest is the exit code."""
FAREWELL_TEXT = b"Safe to exit simulator."
FAREWELL = FAREWELL_TEXT + bytes.fromhex("d8affba0c7e1a9d7")
"""These characters, from the UART in a row, end the run also: the convention of the Sonata board."""
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
        self._uart_exit = UART_EXIT if config.uart_exit else 0
        self._heard = b""  # the last characters, as many as the farewell has
        self.timer = None if config.timer is None else Timer(config.timer, time, scripted=scripted)
        self.uart = SerialUart(self._send, time) if config.serial else Uart(self._send)
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
        self.uart.settle()
        self.plic.set_level(UART, self.uart.interrupt)

    def _send(self, byte: int) -> None:
        self._heard = self._heard[1 - len(FAREWELL) :] + bytes([byte])
        if self._heard == FAREWELL:
            self._exit(0)
        elif any(self._heard.endswith(FAREWELL[:length]) for length in range(len(FAREWELL_TEXT) + 1, len(FAREWELL))):
            return  # the beginning of the farewell
        elif byte & self._uart_exit:
            self._exit(byte & ~UART_EXIT)
        else:
            self.console.append(byte)

    def told_host(self, low: int, high: int) -> None:
        """Both words of `tohost` have been stored: device 0 ends the run if the lowest bit is set."""
        if low & 1 and high >> 24 == 0:
            self._exit(low >> 1)

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
