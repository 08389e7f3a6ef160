"""The commit log: its lines, field by field, as its documentation says."""

import io

import pytest

from cosim.trace.log import CommitLog, capability, cause_name
from rtos_model.machine.commit import pack

PC = 0x2004_0000
ROOT, EXEC = 0x7E3E0000, 0x5E3E0000


def log(*records):
    file = io.StringIO()
    writer = CommitLog(file, ["image it.elf"])
    for record in records:
        writer.add(record)
    return file.getvalue().splitlines()


def line(**fields):
    return log(pack(**{"pc": PC, "next_pc": PC + 4, **fields}))[-1]


def test_head_names_the_version():
    assert log() == ["# cheriot commit log, version 1", "# image it.elf"]


def test_columns():
    text = line(insn=0x00A50533, rd=10, rd_address=0xA)
    assert text == "       0 20040000 00a50533 add a0, a0, a0                   | c10=0:00000000:0000000a"
    assert line(insn=0x0585, compressed=1).split()[:3] == ["0", "20040000", "0585"]


def test_orders_count_up():
    lines = log(*[pack(pc=PC, insn=0x13)] * 3)
    assert [line.split()[0] for line in lines[2:]] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "fields, effect",
    [
        ({"rd": 1, "rd_tag": 1, "rd_meta": ROOT, "rd_address": 8}, "c1=1:7e3e0000:00000008"),
        ({"mem_rmask": 1, "mem_address": 0x10, "mem_rdata": 0x2A}, "R1@00000010=2a"),
        ({"mem_rmask": 0xF, "mem_address": 0x12, "mem_rdata": 0x2A}, "R4@00000012=0000002a"),
        ({"mem_rmask": 0xFF, "mem_rdata": 5, "mem_rtag": 1}, "R8@00000000=0000000000000005:1"),
        ({"mem_wmask": 3, "mem_address": 0x11, "mem_wdata": 0xBEEF}, "W2@00000011=beef"),
        ({"mem_wmask": 0xFF, "mem_address": 8, "mem_wdata": 5}, "W8@00000008=0000000000000005:0"),
        ({"csr": 0x340, "csr_write": 1, "csr_wdata": 7}, "csr.mscratch=00000007"),
        ({"scr": 28, "scr_write": 1, "scr_tag": 1, "scr_meta": EXEC}, "scr.mtcc=1:5e3e0000:00000000"),
        ({"pcc_write": 1, "pcc_tag": 1, "pcc_meta": EXEC}, "pcc=1:5e3e0000:20040004"),
        ({"mie": 1}, "mie=1"),
        ({"mshwm": 0x20041000}, "mshwm=20041000"),
    ],
)
def test_effects(fields, effect):
    assert line(insn=0x13, **fields).split(" | ")[1] == effect


def test_trap():
    fields = {"trap": 1, "cause": 28, "mtval": 0x41, "mepcc_tag": 1, "mepcc_meta": EXEC}
    assert line(insn=0x4588, compressed=1, **fields).endswith("| trap=CHERI mtval=00000041 mepcc=1:5e3e0000")
    refused = line(trap=1, cause=1, mtval=PC)
    assert refused.split()[2] == "-" and "trap=FETCH_ACCESS mtval=20040000" in refused


def test_interrupt():
    text = line(trap=1, interrupt=1, cause=0x27, mip=2)
    assert text.split()[2:4] == ["-", "(interrupt)"] and text.endswith("| interrupt=timer mepcc=0:00000000")


def test_unchanged_state_is_not_repeated():
    lines = log(pack(insn=0x13, mie=1), pack(insn=0x13, mie=1), pack(insn=0x13))
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["mie=1", "", "mie=0"]


def test_names_of_causes():
    names = ["ILLEGAL", "CHERI", "external", "software", "31"]
    assert [cause_name(cause) for cause in (2, 28, 0x2B, 0x23, 31)] == names
    assert capability(1, ROOT, 16) == "1:7e3e0000:00000010"
