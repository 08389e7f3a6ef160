"""The cocotb test that serves a simulator: takes jobs from a socket, runs them, sends what happened.

It sends records in bulk and never looks at them; whoever asked compares them, in its own process.
"""

import os
import time
from multiprocessing.connection import Connection

import cocotb

from cosim.bench.dut import RECORD_BYTES, Dut
from cosim.bench.job import DESCRIPTOR, Ended, Events, Job, Records, Stop
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
        except EOFError:
            return


async def run(dut: Dut, job: Job, send) -> None:
    """From reset to exit, time limit or lock-up."""
    for load in job.loads:
        dut.write_array(load.array, load.first, load.words, load.data)
    await dut.reset(job.idle, LINGER)
    if job.waves:
        dut.start_waves(job.waves, TextView(job.symbols).render)
    started = time.monotonic()
    sent, inputs, why = 0, list(reversed(job.inputs)), None
    while why is None:
        until = min(job.max_cycles, inputs[-1].clock if inputs else job.max_cycles)
        await dut.advance(max(1, min(CHUNK, until - dut.cycles)))
        while inputs and inputs[-1].clock <= dut.cycles:
            change = inputs.pop()
            dut.drive(change.name, change.value)
        data = dut.records()
        sent += len(data) // RECORD_BYTES
        if data and job.records:
            send(Records(data))
        send(Events(dut.events(), dut.cycles))
        if not dut.running:
            why = Stop.EXIT
        elif dut.quiet > job.quiet_limit:
            why = Stop.STUCK
        elif dut.cycles >= job.max_cycles:
            why = Stop.TIMEOUT
    seconds = time.monotonic() - started
    dut.stop_waves()
    clock = dut.cycles - 1  # the last cycle whose edge has come
    dumps = [dut.read_array(dump.array, dump.depth, dump.words) for dump in job.dumps]
    dut.resume(LINGER)
    await dut.advance(LINGER + 1)
    send(Ended(why, clock, sent, seconds, dumps, dut.records()))
