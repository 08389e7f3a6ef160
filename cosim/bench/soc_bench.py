"""The cocotb test that serves a simulator: takes jobs from a socket, runs them, sends what happened.

It sends records in bulk and never looks at them; whoever asked compares them, in its own process.
"""

import os
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path

import cocotb

from cosim.bench.dut import EVENT, RECORD_BYTES, Dut
from cosim.bench.job import DESCRIPTOR, NEVER, Ended, Events, Input, Job, Keyboard, Records, SerialLine
from cosim.trace.gtkw import code_file
from cosim.trace.text import TextView

CHUNK = 2048
"""Cycles between two looks at the rings."""
TYPING = 256
"""The same, in cycles, while characters wait to be typed."""
SHORTEST = 16
"""Cycles of a bit on a serial line with the smallest divisor."""
LINGER = 64
"""Cycles after an exit, and after the final state was read: more than an instruction spends in the pipeline."""


@cocotb.test()
async def serve(handle):
    """One job after the other until the other side hangs up."""
    dut = Dut(handle)
    with Connection(int(os.environ[DESCRIPTOR])) as socket:
        try:
            while True:
                job = socket.recv()
                if isinstance(job, Job):  # and not what was typed too late
                    await run(dut, job, socket)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


async def run(dut: Dut, job: Job, socket: Connection) -> None:
    """From reset to exit, time limit or lock-up."""
    await dut.enter_reset(job.idle, LINGER)
    for load in job.loads:
        dut.write_array(load.array, load.first, load.words, load.data)
    dut.leave_reset()
    if job.settled:
        await dut.advance(job.settling)
        for load in job.settled:
            dut.write_array(load.array, load.first, load.words, load.data)
    text = TextView(job.symbols)
    socket.send(Events(b"", 0, 0))
    started = time.monotonic()
    try:
        records, recent = await go(dut, job, text, socket)
    finally:  # also when nobody listens any more: the waves show why
        if job.waves:
            dut.stop_waves()
            code_file(Path(job.waves)).write_text(text.code())
    seconds = time.monotonic() - started
    timeout, clock = dut.running, dut.cycles - 1
    dumps = [dut.read_array(dump.array, dump.depth, dump.words) for dump in job.dumps]
    dut.resume(LINGER)
    await dut.advance(LINGER + 1)
    socket.send(Ended(clock, records, timeout, seconds, dumps, dut.records(), recent))


async def go(dut: Dut, job: Job, text: TextView, socket: Connection) -> tuple[int, bytes]:
    """Let the clock run until the design stops it or time is up; returns the number of records, and the last ones.

    Characters are typed at multiples of TYPING cycles, so that a run does not depend on who looks at it.
    """
    start, stop = (job.waves_from, job.waves_until) if job.waves else (NEVER, NEVER)
    sent, inputs, typed, recent, line_free = 0, deque(job.inputs), bytearray(job.typed), b"", 0
    while dut.running and dut.cycles < job.max_cycles:
        if dut.cycles >= start:
            dut.start_waves(job.waves, text.render)
            start = NEVER
        if dut.cycles >= stop:
            dut.stop_waves()
            stop = NEVER
        while socket.poll():
            typed += socket.recv().text
        until = min(job.max_cycles, start, stop, inputs[0].clock if inputs else NEVER)
        pause = TYPING - dut.cycles % TYPING if typed else CHUNK
        await dut.advance(max(1, min(pause, until - dut.cycles)))
        while inputs and inputs[0].clock <= dut.cycles:
            change = inputs.popleft()
            dut.drive(change.name, change.value)
        events = dut.events()
        if typed and dut.running and dut.cycles % TYPING == 0:
            if isinstance(job.keyboard, Keyboard):
                events += await offer(dut, job.keyboard, typed)
            elif dut.cycles >= line_free:
                frame, line_free = framed(dut, job.keyboard, typed)
                inputs = deque(sorted((*inputs, *frame), key=lambda change: change.clock))
        data = dut.records()
        sent += len(data) // RECORD_BYTES
        socket.send(Events(events, dut.cycles, sent))
        if data and job.records:
            socket.send(Records(data))
        if job.recent:
            recent = (recent + data)[-job.recent * RECORD_BYTES :]
    return sent, recent


async def offer(dut: Dut, keyboard: Keyboard, typed: bytearray) -> bytes:
    """Offer the first character for a cycle, and take it away if it was accepted; returns the events meanwhile."""
    dut.drive(keyboard.character, typed[0])
    dut.drive(keyboard.valid, 1)
    await dut.advance(1)
    dut.drive(keyboard.valid, 0)
    events = dut.events()
    if keyboard.accepted in (kind for _, kind, _ in EVENT.iter_unpack(events)):
        del typed[0]
    return events


def framed(dut: Dut, keyboard: SerialLine, typed: bytearray) -> tuple[list[Input], int]:
    """The first character as changes of the line, and when the line will be free again.

    Start bit, eight bits from the lowest on, stop bit. Until the program has set a rate, nothing is typed.
    """
    period = int.from_bytes(dut.read_array(keyboard.period, 1, 1), "little")
    if period < SHORTEST:
        return [], 0
    character, start = typed.pop(0), dut.cycles + 1
    levels = [0, *(character >> bit & 1 for bit in range(8)), 1]
    frame = [Input(start + period * place, keyboard.line, level) for place, level in enumerate(levels)]
    return frame, start + period * len(levels)
