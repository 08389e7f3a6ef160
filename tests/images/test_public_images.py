"""Programs that others compiled for CHERIoT-SAFE, from reset on, on core and golden machine in lockstep.

They are not part of this project. CHERIOT_IMAGES names a folder with them, made from a clone of
https://github.com/microsoft/cheriot-safe by

    git archive 7b688c0 sim/verilator/examples | tar x -C FOLDER
    git archive HEAD build/firmware | tar x -C FOLDER

How they end, and why:

- `hello_world` never does: after its greeting it makes lights blink for ever.
- `cheri_stdin` echoes what it receives for ever; a received byte with bit 7 set ends it, because the echo does.
- `cheri_sanity` tests interrupts, load filter and revoker, then the stack zeroiser of one core: a special capability
  register 27, which the formal model does not have (illegal instruction, `CSpecialRW` in cheri_insts.sail). Its trap
  handler knows nothing about that and returns to the same instruction for ever. With the zeroiser, an option, it ends
  as its authors say that it does.
- `coremark` sets up the interrupt controller at 0x8f000600, which CHERIoT-SAFE keeps beside its PLIC and CHERIoT RTOS
  does not use. There is nothing at that address here: an access fault, and no handler.
- The boot ROMs load a program through the UART and start it; that one is ours.

All of them were compiled in 2023, before ISA 1.0. Nothing else that they do differs from it.
"""

import os
import struct
from pathlib import Path

import pytest

from cosim.image import load_images
from cosim.run import Verdict, Watch, run_model, run_rtl
from cosim.simulator import Simulator
from cosim.soc_design import build_soc
from cosim.toolchain.program import build_program
from rtl.config import SAFE, profile
from rtl.isa.trap import Cause
from rtos_model.machine.commit import unpack

VARIABLE = "CHERIOT_IMAGES"
FOLDER = Path(os.environ.get(VARIABLE, ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no folder with images of others (see this file)"
)
SANITY = (
    " Cheri sanity test starting..\nSetting up ISR and PLIC\nTesting sw interrupts\nTesting timer interrupts\n"
    "calling cheriot tsafe test\nTesting tbre with interrupts \nTesting stkclr \n"
)
LOADED = """
.include "platform.inc"
.globl _start
_start:
  cspecialr ca5, mtdc
  li   t0, PLATFORM_UART
  csetaddr cgp, ca5, t0
  li   a0, 'Y'
  sw   a0, UART_DATA(cgp)
  li   a0, 0x85
  sw   a0, UART_DATA(cgp)
1:
  cj   1b
"""


def example(name):
    return load_images([FOLDER / "sim" / "verilator" / "examples" / name], SAFE)


def rtl(tmp_path, program, typed=b"", max_cycles=100_000, config=SAFE):
    """On the core, every instruction checked."""
    with Simulator(build_soc(config), tmp_path) as simulator:
        result = run_rtl(simulator, config, program, max_cycles=max_cycles, watch=Watch(typed=once(typed)))
    assert result.difference is None and result.checked == result.instructions
    return result


def model(tmp_path, program, typed=b"", max_cycles=100_000, config=SAFE):
    """On the golden machine alone."""
    return run_model(config, program, max_cycles=max_cycles, watch=Watch(typed=once(typed)))


def once(text):
    texts = [text]
    return lambda: texts.pop() if texts else b""


both = pytest.mark.parametrize("run", [model, pytest.param(rtl, marks=pytest.mark.sim)])


@both
def test_hello_world(run, tmp_path):
    result = run(tmp_path, example("hello_world"), max_cycles=20_000)
    assert (result.verdict, result.console) == (Verdict.TIMEOUT, b" Hello world!\n")
    written = [unpack(record)["mem_address"] for record in result.recent if unpack(record)["mem_wmask"]]
    assert SAFE.gpio + 4 in written, "the lights are set"


@both
def test_standard_input(run, tmp_path):
    text = b"What goes in comes out.\n" * 4
    result = run(tmp_path, example("cheri_stdin"), text + b"\x83")
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 3)
    assert result.console == b" Cheri STDIN test starting..\n" + text


@both
def test_sanity(run, tmp_path):
    result = run(tmp_path, example("cheri_sanity"), max_cycles=120_000)
    assert (result.verdict, result.console) == (Verdict.TIMEOUT, SANITY.encode())
    traps = [fields for fields in map(unpack, result.recent) if fields["trap"]]
    assert traps and {fields["cause"] for fields in traps} == {Cause.ILLEGAL}
    assert {fields["insn"] >> 20 & 31 for fields in traps} == {27}, "the special capability register"


@both
def test_sanity_with_a_stack_zeroiser(run, tmp_path):
    result = run(tmp_path, example("cheri_sanity"), config=profile("safe+zeroiser"))
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0x7F)
    assert result.console == (SANITY + "Test passed :-) \n").encode()


def test_elf_file_of_the_same():
    folder = FOLDER / "sim" / "verilator" / "examples" / "cheri_sanity" / "firmware"
    program = load_images([folder / "cheri_sanity.elf"], SAFE)
    assert program.architecture == "rv32e1p9_m2p0_c2p0_xcheri0p0" and program.entry == 0x2004_0080
    result = run_model(SAFE, program, max_cycles=120_000)
    assert (result.verdict, result.console) == (Verdict.TIMEOUT, SANITY.encode())


@both
def test_coremark_wants_a_device_that_is_not_there(run, tmp_path):
    result = run(tmp_path, example("coremark"))
    assert result.verdict is Verdict.LOCKUP and result.console.startswith(b" --A0\n--A1\n--A2\n--A3\n--A4\nstarting 1")
    assert unpack(result.recent[-1])["pc"] == 0x2000_0000, "its ROM has no trap handler"
    traps = [fields for fields in map(unpack, result.recent) if fields["trap"] and fields["cause"] == Cause.LOAD_ACCESS]
    assert [fields["mtval"] for fields in traps] == ([0x8F00_0614] if run is rtl else [])


@both
@pytest.mark.parametrize("megahertz", [20, 30, 33])
def test_boot_rom_loads_a_program(run, tmp_path, megahertz):
    """The text for it is one word in hexadecimal on a line; an empty line ends it."""
    source = tmp_path / "loaded.S"
    source.write_text(LOADED)
    data = build_program([source], SAFE).flat()
    words = [word for (word,) in struct.iter_unpack("<I", data + bytes(-len(data) % 4))]
    text = "".join(f"{word:08X}\n" for word in words) + "\n"
    rom = load_images([FOLDER / "build" / "firmware" / f"cpu0_irom_{megahertz}mhz.vhx"], SAFE)
    result = run(tmp_path, rom, text.encode(), 1_000_000)
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 5)
    console = result.console.decode()
    assert console.startswith("\x07\x1b[31;1m\nReady to load firmware, hold BTN0 to ignore UART input.\n")
    assert f"Last word was: {words[-1]:08X}\nNumber of words loaded to IRAM: {len(words):08X}\n" in console
    assert console.endswith("jumping to IRAM.\n\x1b[0m\nY")
