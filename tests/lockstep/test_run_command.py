"""`cheriot run` from the outside: exit codes, what it prints, the files that it writes."""

import os
import pty
import re
import tty
from contextlib import ExitStack
from pathlib import Path

import pytest

from cosim.cli import main, run_image
from cosim.commands import run as command
from cosim.compare.report import Difference
from cosim.run import RunResult, Verdict
from cosim.toolchain.elf import write_elf
from cosim.toolchain.program import build_program
from cosim.trace.dump import signals
from cosim.trace.groups import GROUPS
from cosim.trace.gtkw import plain_name
from cosim.verilate import fst_available
from rtl.config import PROFILES, SAFE
from rtos_model.machine.commit import pack

HELLO = """
.include "platform.inc"
.globl _start
_start:
  cspecialr ca5, mtdc
  li   t0, PLATFORM_SIMCTL
  csetaddr cgp, ca5, t0
  li   a0, 'H'
  sw   a0, SIMCTL_CHARACTER(cgp)
  li   a0, 10
  sw   a0, SIMCTL_CHARACTER(cgp)
  li   a0, 4
  sw   a0, SIMCTL_EXIT(cgp)
done:
  cj   done
"""


@pytest.fixture
def elf(tmp_path):
    source, path = tmp_path / "hello.S", tmp_path / "hello.elf"
    source.write_text(HELLO)
    path.write_bytes(write_elf(build_program([source], SAFE)))
    return path


@pytest.mark.sim
def test_program_on_the_rtl(elf, tmp_path, capfd):
    log, dump = tmp_path / "it.log", tmp_path / "it.vcd"
    assert main(["run", str(elf), "--trace", str(log), "--waves", str(dump)]) == 4
    out, err = capfd.readouterr()
    assert out == "H\n" and "ended with code 4" in err and "checked and the final state" in err
    lines = [line for line in log.read_text().splitlines() if not line.startswith("#")]
    assert [int(line.split()[0]) for line in lines] == list(range(len(lines)))
    assert any("sw a0, 0(cgp)" in line and "W4@14002000=00000004" in line for line in lines)
    check_waves(dump, "sw a0, 0(cgp)")


def check_waves(dump: Path, instruction: str):
    """Every group has all of its signals: a renamed one in the design must be renamed in the groups also."""
    known = {plain_name(name) for name in signals(dump)}
    wanted = [f"{group.scope}.{shown.name}" for group in GROUPS for shown in group.signals]
    assert [name for name in wanted if name not in known] == []
    text = dump.read_text()
    shown = "".join(f"{ord(letter):08b}" for letter in instruction)
    assert shown in text, "the disassembly is in the dump itself"
    save = dump.with_suffix(".gtkw").read_text()
    assert "text_instruction" in save and save.count("[dumpfile]") == 1
    assert instruction in dump.with_suffix(".code").read_text()


@pytest.mark.sim
def test_a_fault_is_reported_with_waves(tmp_path, capfd):
    source, path, dump = tmp_path / "it.S", tmp_path / "it.elf", tmp_path / "it.vcd"
    source.write_text(HELLO.replace("  li   a0, 4\n", "  li a0, -1\n  li a1, 1\n  blt a0, a1, done\n"))
    path.write_bytes(write_elf(build_program([source], SAFE)))
    assert main(["run", str(path), "--break", "signed-branch", "--waves", str(dump), "--max-cycles", "5000"]) == 250
    out, err = capfd.readouterr()
    assert "core and golden machine differ" in err
    assert "blt a0, a1" in out and "next_pc" in out
    assert f"repeat with:  cheriot run {path} --profile safe --break signed-branch\n" in out
    assert out.endswith("--waves mismatch.vcd\n")
    check_waves(dump, "blt a0, a1, ")


@pytest.mark.sim
@pytest.mark.slow
def test_waves_in_fst(elf, tmp_path, capfd, monkeypatch):
    """Where the libraries for it are; elsewhere one line says which ones are missing."""
    dump = tmp_path / "it.fst"
    if not fst_available():
        monkeypatch.chdir(tmp_path)  # nothing is built here yet
        assert main(["run", str(elf), "--waves", str(dump)]) == 252
        err = capfd.readouterr().err
        assert err.count("\n") == 1 and "liblz4-dev" in err
        return
    assert main(["run", str(elf), "--waves", str(dump)]) == 4
    known = {plain_name(name): width for name, width in signals(dump).items()}
    assert known["tb.commit_view.text_instruction"] == 320 and known["tb.dut.core.fetch.pc"] == 32
    assert "tb.commit_view.text_instruction[319:0]" in dump.with_suffix(".gtkw").read_text()


def test_program_on_the_golden_machine(elf, tmp_path, capfd):
    log = tmp_path / "it.log"
    assert main(["run", str(elf), "--model", "--trace", str(log)]) == 4
    assert capfd.readouterr().out == "H\n"
    assert log.read_text().startswith("# cheriot commit log, version 1\n")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--waves", "x.png"], "named *.vcd or *.fst"),
        (["--waves", "nowhere/x.vcd"], "cannot write it"),
        (["--model", "--waves", "x.vcd"], "--model simulates no RTL"),
        (["--model", "--no-check"], "--model simulates no RTL"),
        (["--trace", "nowhere/x.log"], "cannot write it"),
        (["--base", "0x20040000"], "leave out --base"),
        (["--profile", "none"], 'no profile "none"'),
        (["--waves", "some"], "must be off, fail, all, window:A-B or a file"),
        (["--waves", "window:9-9"], "ends before it begins"),
        (["--waves", "window:a-9"], "not a cycle number"),
        (["--waves", "all", "--waves-file", "x.png"], "named *.vcd or *.fst"),
        (["--timeout", "0"], "--timeout must be at least 1"),
        (["--uart-in", "nowhere"], "nowhere: cannot read it"),
        (["--profile", "fpga64", "--uart-in", "-", "--waves", "fail"], "cannot repeat what was typed"),
        (["--profile", "sail"], "do not fit the memory map of profile sail"),
    ],
)
def test_bad_options_are_one_line(elf, arguments, words, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(elf), *arguments]) == 252
    out, err = capfd.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("cheriot: error: ") and words in err


def test_missing_compiler_is_one_line(elf, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # nothing is built here yet
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["run", str(elf)]) == 252
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and "g++ is not installed" in err


@pytest.mark.parametrize(
    "verdict, code, words",
    [
        (Verdict.MISMATCH, 250, "core and golden machine differ"),
        (Verdict.LOCKUP, 253, "nothing retires any more"),
        (Verdict.TIMEOUT, 254, "the cycle limit was reached"),
    ],
)
def test_verdicts(elf, verdict, code, words, capfd, monkeypatch):
    difference = Difference(7, pack(pc=4, insn=0x13), pack(pc=8, insn=0x13)) if code == 250 else None
    result = RunResult(verdict, None, 1000, 900, 1.0, b"", difference=difference)
    monkeypatch.setattr(command, "simulate", lambda *args: result)
    assert main(["run", str(elf)]) == code
    out, err = capfd.readouterr()
    assert words in err and (f"repeat with:  cheriot run {elf} --profile safe" in out) == (code == 250)


@pytest.mark.parametrize("arguments, files", [(["--uart-in", "nowhere"], ()), (["--waves", "x/y.vcd"], ("kept.log",))])
def test_bad_options_overwrite_nothing(elf, arguments, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "kept.log"
    kept.write_text("precious")
    assert main(["run", str(elf), "--trace", str(kept), *arguments]) == 252
    assert kept.read_text() == "precious"


LOOP = HELLO.replace("  li   a0, 4\n  sw   a0, SIMCTL_EXIT(cgp)\n", "")
ECHO = """
.include "platform.inc"
.globl _start
_start:
  cspecialr ca5, mtdc
  li   t0, PLATFORM_UART
  csetaddr cgp, ca5, t0
echo:
  lw   a0, UART_LINE_STATUS(cgp)
  andi a0, a0, 1
  beqz a0, echo
  lw   a0, UART_DATA(cgp)
  sw   a0, UART_DATA(cgp)
  cj   echo
"""


@pytest.fixture
def written(tmp_path):
    """An ELF file for `safe` from assembly text."""

    def write(text):
        source, path = tmp_path / "written.S", tmp_path / "written.elf"
        source.write_text(text)
        path.write_bytes(write_elf(build_program([source], SAFE)))
        return path

    return write


def on_both(test):
    return pytest.mark.parametrize("where", [["--model"], pytest.param([], marks=pytest.mark.sim)])(test)


@on_both
def test_watchdog_tells_the_last_instructions_and_the_place(written, where, capfd):
    assert main(["run", str(written(LOOP)), "--timeout", "3000", *where]) == 254
    out, err = capfd.readouterr()
    assert "the last 20 instructions:\n" in out and out.count("cjal cnull, 0x2004001a <done>") == 20
    assert out.splitlines()[-1].startswith("it would go on at 0x200400") and out.endswith(" <done>\n")
    assert "the cycle limit was reached; 3,000 cycles" in err and "compiled for rv32e2p0_m2p0_c2p0" in err


@on_both
def test_console_input_from_a_file(written, where, tmp_path, capfd):
    (tmp_path / "typed").write_bytes(b"0123456789" * 4 + b"\x89")
    assert main(["run", str(written(ECHO)), "--uart-in", str(tmp_path / "typed"), "--timeout", "50000", *where]) == 9
    assert capfd.readouterr().out == "0123456789" * 4


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


@on_both
def test_console_input_from_a_terminal(written, where, monkeypatch, capfd, stack):
    """The other side types when it sees an answer."""
    terminal, ours = pty.openpty()
    tty.setraw(terminal)
    stdin = stack.enter_context(open(terminal))
    stack.callback(os.close, ours)
    monkeypatch.setattr("sys.stdin", stdin)
    os.write(ours, b"a")
    right = command.Watch

    def watch(console, **others):
        def answer(text):
            console(text)
            os.write(ours, {b"a": b"b"}.get(text, b"\x82"))

        return right(console=answer, **others)

    monkeypatch.setattr(command, "Watch", watch)
    assert main(["run", str(written(ECHO)), "--uart-in", "-", "--timeout", "1000000", *where]) == 2
    assert capfd.readouterr().out == "ab"


@pytest.mark.sim
def test_waves_of_a_window_and_of_a_failure(written, tmp_path, capfd):
    """The clock in the dumps runs from where it was told to where it was told."""
    image, dump = str(written(LOOP)), tmp_path / "it.vcd"
    assert main(["run", image, "--timeout", "3000", "--waves", "window:1500-1600", "--waves-file", str(dump)]) == 254
    assert clocks(dump) == list(range(1500, 1601))
    assert main(["run", image, "--timeout", "7000", "--waves", "fail", "--waves-file", str(dump)]) == 254
    assert clocks(dump) == list(range(3000, 7001))
    assert "once more for waves of its last 4,000 cycles" in capfd.readouterr().err
    dump.unlink()
    assert main(["run", str(written(HELLO.replace("a0, 4", "a0, 0"))), "--waves", "fail"]) == 0
    assert not dump.exists()


@pytest.mark.sim
def test_waves_of_a_failure_repeat_what_was_typed(written, tmp_path, capfd):
    dump, typed = tmp_path / "it.vcd", tmp_path / "typed"
    typed.write_bytes(b"xyz\x81")
    arguments = ["run", str(written(ECHO)), "--uart-in", str(typed), "--no-check"]
    assert main([*arguments, "--waves", "fail", "--waves-file", str(dump)]) == 1
    cycles = int(re.search(r"exit|code 1; ([\d,]+) cycles", capfd.readouterr().err)[1].replace(",", ""))
    shown = "".join(f"{ord(letter):08b}" for letter in "xyz")
    assert shown in dump.read_text() and abs(clocks(dump)[-1] - cycles) <= 1


def clocks(dump: Path) -> list[int]:
    """Every value of the clock counter in a dump."""
    text = dump.read_text()
    code = re.search(r"\$var \w+ +64 (\S+) clock ", text)[1]
    return [int(value, 2) for value in re.findall(rf"^b([01]+) {re.escape(code)}$", text, re.MULTILINE)]


def spoilt(elf: Path, how: str) -> Path:
    data = bytearray(elf.read_bytes())
    if how == "beyond RAM":
        data = bytearray(SAFE.ram.size + 2)
        elf = elf.with_suffix(".bin")
    elif how == "overlapping":
        elf = elf.with_suffix(".vhx")
        data = bytearray(b"0000a001 @0 0000a001")
    elif how == "misaligned entry":
        data[24] |= 1
    elif how == "unknown extension":
        data = data.replace(b"_zicsr2p0", b"_zvl1p0__")
    elf.write_bytes(data)
    return elf


@pytest.mark.parametrize(
    "how, words",
    [
        ("beyond RAM", "262146 bytes for 0x20040000..0x20080002 do not fit the memory map of profile safe"),
        ("overlapping", "overlapping segments: 0x20040000..0x20040004 and 0x20040000..0x20040004"),
        ("misaligned entry", "misaligned entry 0x20040001: instructions start at even addresses"),
        ("unknown extension", "the core of profile safe has no zvl"),
    ],
)
def test_bad_images_are_one_line_and_overwrite_nothing(elf, how, words, tmp_path, capfd):
    kept, image = tmp_path / "kept.log", spoilt(elf, how)
    kept.write_text("precious")
    assert main(["run", str(image), "--trace", str(kept), "--waves", str(tmp_path / "no.vcd")]) == 252
    out, err = capfd.readouterr()
    assert out == "" and err.count("\n") == 1 and str(image) in err and words in err
    assert kept.read_text() == "precious" and not (tmp_path / "no.vcd").exists()


def test_command_of_board_descriptions_finds_the_profile(written, tmp_path, monkeypatch, capfd):
    """The build system starts it with the image as its only argument."""
    path = tmp_path / "sail.elf"
    (tmp_path / "sail.S").write_text(HELLO)
    path.write_bytes(write_elf(build_program([tmp_path / "sail.S"], PROFILES["sail"])))
    for image in (written(HELLO), path):
        monkeypatch.setattr("sys.argv", ["cheriot-run", str(image), "--model"])
        assert run_image() == 4
        assert capfd.readouterr().out == "H\n"
