"""The cocotb test that serves a simulator: takes jobs from a socket, runs them, sends what happened.

It sends records in bulk and never looks at them; whoever asked compares them, in its own process.
"""

import os
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path

import cocotb

from cosim.bench.dut import RECORD_BYTES, Dut
from cosim.bench.job import DESCRIPTOR, Ended, Events, Job, Records
from cosim.trace.gtkw import code_file
from cosim.trace.text import TextView

CHUNK = 2048
"""Cycles between two looks at the rings."""
LINGER = 64
"""Cycles after an exit, and after the final state was read: more than an instruction spends in the pipeline."""


@cocotb.test()
async def serve(handle):
    """One job after the other until the other side hangs up."""
    dut = Dut(handle)
    with Connection(int(os.environ[DESCRIPTOR])) as socket:
        try:
            while True:
                await run(dut, socket.recv(), socket.send)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


async def run(dut: Dut, job: Job, send) -> None:
    """From reset to exit, time limit or lock-up."""
    await dut.enter_reset(job.idle, LINGER)
    for load in job.loads:
        dut.write_array(load.array, load.first, load.words, load.data)
    dut.leave_reset()
    text = TextView(job.symbols)
    send(Events(b"", 0, 0))
    started = time.monotonic()
    try:
        records = await go(dut, job, text, send)
    finally:  # also when nobody listens any more: the waves show why
        if job.waves:
            dut.stop_waves()
            code_file(Path(job.waves)).write_text(text.code())
    seconds = time.monotonic() - started
    timeout, clock = dut.running, dut.cycles - 1
    dumps = [dut.read_array(dump.array, dump.depth, dump.words) for dump in job.dumps]
    dut.resume(LINGER)
    await dut.advance(LINGER + 1)
    send(Ended(clock, records, timeout, seconds, dumps, dut.records()))


async def go(dut: Dut, job: Job, text: TextView, send) -> int:
    """Let the clock run until the design stops it or time is up; returns the number of records sent."""
    waves_at = job.waves_from if job.waves else job.max_cycles
    sent, inputs = 0, deque(job.inputs)
    while dut.running and dut.cycles < job.max_cycles:
        if dut.cycles >= waves_at:
            dut.start_waves(job.waves, text.render)
            waves_at = job.max_cycles
        until = min(waves_at, inputs[0].clock if inputs else job.max_cycles)
        await dut.advance(max(1, min(CHUNK, until - dut.cycles)))
        while inputs and inputs[0].clock <= dut.cycles:
            change = inputs.popleft()
            dut.drive(change.name, change.value)
        data = dut.records()
        sent += len(data) // RECORD_BYTES
        send(Events(dut.events(), dut.cycles, sent))
        if data and job.records:
            send(Records(data))
    return sent
