"""The loader refuses an image whose header is wrong, with a line that says what; and grants what is listed, exactly."""

from dataclasses import replace

import pytest

from cosim.image import Program
from cosim.run import Verdict, run_model
from cosim.toolchain.system import header
from cosim.toolchain.system.header import HEADER_FIXED, HEADER_UNITS, offset, size
from rtl.config import SAFE
from tests.rtos.hello import hello_system, program

REFUSED = 125


@pytest.fixture(scope="module")
def system():
    return hello_system()


def patched(program_: Program, address: int, data: bytes) -> Program:
    segments = [
        (start, held[: address - start] + data + held[address - start + len(data) :])
        if start <= address < start + len(held)
        else (start, held)
        for start, held in program_.segments
    ]
    return replace(program_, segments=tuple(segments))


def field(structure: str, name: str, index: int = 0) -> int:
    return index * size(structure) + offset(structure, name)


def places(system):
    """Where the parts of the header are, and export tables and import tables."""
    units = system.places.header[0] + HEADER_UNITS
    threads = units + 2 * size("UNIT")
    return {
        "switcher": system.places.header[0],
        "fixed": system.places.header[0] + HEADER_FIXED,
        "units": units,
        "threads": threads,
        "first": threads + size("THREADS"),
        "exports": system.places.exports["main"][0],
        "imports": system.places.code["main"][0],
    }


OUTSIDE = (0x3000_0000).to_bytes(4, "little")
CASES = {
    "magic": ("fixed", field("FIXED", "MAGIC"), b"\x01\x02\x03\x04", "no image for this loader"),
    "units": ("fixed", field("FIXED", "COMPARTMENTS"), b"\xff\xff", "more units than fit the header"),
    "threads": ("threads", 0, b"\x01\x00", "another number of threads"),
    "code outside": ("units", field("UNIT", "CODE"), OUTSIDE, "not in its place"),
    "code too long": ("units", field("UNIT", "CODE") + 4, b"\xff\xff", "not in its place"),
    "overlap": ("units", field("UNIT", "CODE", 1), None, "not in its place"),
    "stack outside": ("first", field("THREAD", "STACK"), OUTSIDE, "not in its place"),
    "stack odd": ("first", field("THREAD", "STACK") + 4, (504).to_bytes(2, "little"), "not a multiple of 16"),
    "trusted stack": (
        "first",
        field("THREAD", "TRUSTED_STACK") + 4,
        (200).to_bytes(2, "little"),
        "a size that none has",
    ),
    "entry": ("first", field("THREAD", "ENTRY"), OUTSIDE, "without an entry"),
    "export": ("exports", size("EXPORT_TABLE"), b"\xff\xff", "an export outside of its code"),
    "handler": ("exports", offset("EXPORT_TABLE", "HANDLER"), b"\x00\xf0", "an error handler outside"),
    "import of RAM": ("imports", 8, (0x2004_0000).to_bytes(4, "little") + b"\x10\x00\x00\xc0", "neither a device"),
    "import around RAM": ("imports", 8, (0x1FF0_0000).to_bytes(4, "little") + b"\x00\xff\xff\xc0", "neither a device"),
    "import inexact": (
        "imports",
        8,
        (0x1400_2002).to_bytes(4, "little") + b"\x01\x02\x00\xc0",
        "bounds that no capability",
    ),
    "import reserved": ("imports", 8, b"\x00\x20\x00\x14\x04\x00\x00\xc4", "permissions that do not exist"),
    "import nothing": ("imports", 8, b"\x00\x20\x00\x14\x04\x00\x00\x08", "permissions that do not exist"),
    "import sentry": ("imports", 8, b"\x01\x00\x04\x20\x00\x00\x00\x00", "a function that no library has"),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_header_is_refused(system, case):
    place, at, data, message = CASES[case]
    base = places(system)[place] + at
    if case == "overlap":  # with the code of the unit before it
        data = (system.places.code["console"][0] + 8).to_bytes(4, "little")
    result = run_model(SAFE, patched(program(system), base, data), max_cycles=200_000)
    text = result.console.decode()
    assert (result.verdict, result.program_code) == (Verdict.EXIT, REFUSED), text
    assert text.startswith("loader: ") and message in text and text.count("\n") == 1


def test_facts_fit(system):
    """The cases above patch what they say: unpatched, these bytes are the header's."""
    held = {start: data for start, data in program(system).segments}
    for start, data in held.items():
        if start <= places(system)["fixed"] < start + len(data):
            assert data[places(system)["fixed"] - start :][:4] == header.MAGIC.to_bytes(4, "little")
            return
    raise AssertionError("no segment has the header")
