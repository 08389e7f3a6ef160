"""A running simulator: the process with the verilated design, which does one job after the other."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import find_libpython  # a dependency of cocotb's
from cocotb_tools import config as cocotb_config

from cosim.bench.job import DESCRIPTOR, Ended, Events, Job, Records, Typed
from cosim.build import ROOT, Build
from cosim.errors import UserError
from cosim.wrapper import TOP

PATIENCE = 10
"""Seconds that the process gets to end by itself."""


class SimulatorError(RuntimeError):
    """The simulator's process ended by itself: an assertion in the design, or a bug. The message has its last words."""


class Simulator:
    """Use as a context manager. `folder` receives the simulator's own messages (`simulator.log`)."""

    def __init__(self, build: Build, folder: Path, seed: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        self.build = build
        self._log = folder / "simulator.log"
        ours, theirs = socket.socketpair()
        environment = simulator_environment() | {
            DESCRIPTOR: str(theirs.fileno()),
            "COCOTB_TEST_MODULES": "cosim.bench.soc_bench",
            "COCOTB_RESULTS_FILE": str((folder / "results.xml").absolute()),
            "COCOTB_RANDOM_SEED": str(seed),
        }
        with theirs, open(self._log, "w") as log:
            self._process = subprocess.Popen(
                [build.binary.absolute()],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to handle
            )
        self._socket = Connection(ours.detach())

    @property
    def alive(self) -> bool:
        """It may get another job."""
        return not self._socket.closed and self._process.poll() is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, job: Job) -> Iterator[Records | Events | Ended]:
        """Do a job; yields what happens, the end last. Whoever stops listening before that must close."""
        try:
            self._socket.send(job)
            while True:
                message = self._socket.recv()
                yield message
                if isinstance(message, Ended):
                    return
        except (EOFError, OSError):
            self._process.wait(PATIENCE)
            words = self._log.read_text().strip().splitlines()[-10:]
            raise SimulatorError("the simulator stopped: " + " / ".join(words)) from None

    def send(self, typed: Typed) -> None:
        """Something for the job under way. A process that has ended says so in `run`."""
        with suppress(OSError):
            self._socket.send(typed)

    def close(self) -> None:
        """Hang up; the process ends by itself (it may have waves to write), or is ended."""
        self._socket.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class OnDemand(AbstractContextManager):
    """Calling it gives a simulator: started by `start` when it is first needed, and anew after a run that ended it."""

    def __init__(self, start: Callable[[], Simulator]):
        self._start = start
        self._now: Simulator | None = None

    def __call__(self) -> Simulator:
        if self._now is None or not self._now.alive:
            self._now = self._start()
        return self._now

    def __exit__(self, *exception: object) -> None:
        if self._now:
            self._now.close()
            self._now = None


def simulator_environment() -> dict[str, str]:
    """What cocotb must find in the environment of the simulator's process."""
    libpython = find_libpython.find_libpython()
    if libpython is None:
        raise UserError(f"no shared libpython belongs to {sys.executable}; cocotb needs one (Debian: libpython3-dev)")
    return {
        **os.environ,
        "GPI_USERS": f"{libpython};{cocotb_config.pygpi_entry_point()}",
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), *sys.path])),
        "COCOTB_TOPLEVEL": TOP,
        "TOPLEVEL_LANG": "verilog",
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "COCOTB_LOG_LEVEL": "WARNING",
        "GPI_LOG_LEVEL": "WARNING",
    }
