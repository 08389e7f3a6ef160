"""Texts for waves, reading a dump's signals, and the save file made of them."""

import random

import pytest

from cosim.compare.record import RECORD
from cosim.trace.dump import decompress_lz4, signals
from cosim.trace.gtkw import code_file, write_save_file
from cosim.trace.text import TEXTS, TextView
from rtos_model.machine.commit import pack, unpack

CLC = pack(
    pc=0x2004_0004,
    insn=0x0105B503,
    rd=10,
    rd_tag=1,
    rd_meta=0x7E3E0000,
    rd_address=0x2004,
    mem_rmask=0xFF,
    mem_address=0x2004_1000,
    mem_rdata=0x7E3E000000002004,
    mem_rtag=1,
)
HEADER = """$version it $end
$timescale 1ps $end
 $scope module tb $end
  $var wire 1 ! clk $end
  $scope module commit_view $end
   $var wire 32 # pc [31:0] $end
   $var wire 320 $ text_instruction [319:0] $end
  $upscope $end
  $scope module dut $end
   $scope module core $end
    $scope module fetch $end
     $var wire 32 % pc [31:0] $end
    $upscope $end
    $scope module execute $end
     $var wire 32 & x__pc [31:0] $end
     $var wire 1 ' x__a__cap__tag $end
    $upscope $end
    $scope module csrs$12 $end
     $var wire 6 ( mcause [5:0] $end
    $upscope $end
   $upscope $end
  $upscope $end
 $upscope $end
$enddefinitions $end
#0
"""


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "it.vcd"
    path.write_text(HEADER)
    return path


def test_texts_of_a_record():
    lines = TextView({"main": 0x2004_0000}).lines(unpack(CLC))
    assert lines["instruction"] == "clc ca0, 16(ca1)" and lines["place"] == "main+0x4"
    assert lines["result"] == "c10 = 1 00002004 [00000000,100000000) GL+LG+SD+LM+SL+LD+MC otype 0"
    assert lines["memory"] == "R8@20041000=7e3e000000002004:1"
    assert lines["special"] == lines["trap"] == lines["pcc"] == ""


def test_special_texts():
    view = TextView({})
    assert view.lines(unpack(pack(csr=0x340, csr_write=1, csr_wdata=7)))["special"] == "mscratch = 00000007"
    assert view.lines(unpack(pack(scr=29, scr_write=1)))["special"] == "mtdc = 00000000"
    assert view.lines(unpack(pack(trap=1, cause=2, mtval=3)))["trap"] == "trap ILLEGAL, mtval 00000003"
    assert view.lines(unpack(pack(trap=1, interrupt=1, cause=0x27)))["trap"] == "interrupt timer"
    assert "EX" in view.lines(unpack(pack(pcc_write=1, pcc_tag=1, pcc_meta=0x5E3E0000)))["pcc"]
    assert "EX" in view.lines(unpack(pack(insn=0x13)))["pcc"], "the PCC stays until the next one"


def test_rendered_texts_have_fixed_places():
    view = TextView({})
    raw = view.render(RECORD.pack(*CLC))
    assert len(raw) == sum(TEXTS.values())
    start = sum(list(TEXTS.values())[: list(TEXTS).index("result")])
    assert raw[start:].startswith(b"c10 = 1 00002004 [")
    assert view.code() == "20040004 clc ca0, 16(ca1) @20040004\n"


def test_signals_of_a_vcd(dump):
    found = signals(dump)
    assert found["tb.clk"] == 1 and found["tb.commit_view.text_instruction"] == 320
    assert found["tb.dut.core.csrs$12.mcause"] == 6 and len(found) == 7


def test_save_file_has_the_signals_that_exist(dump):
    code_file(dump).write_text("20040004 clc\n")
    text = write_save_file(dump).read_text()
    assert f'[dumpfile] "{dump}"' in text
    for name in ("tb.clk", "tb.commit_view.text_instruction[319:0]", "tb.dut.core.csrs$12.mcause[5:0]"):
        assert name in text
    assert "tb.dut.core.execute.x__pc[31:0]" in text and str(code_file(dump)) in text
    assert "memory" not in text.replace("text_memory", ""), "a group without signals is left out"


def compressed_lz4(data, rng):
    """A correct block, not a good one: literals, and now and then a copy of something that came before."""
    out, at, literals = bytearray(), 0, bytearray()

    def length(value):
        return bytes([255] * ((value - 15) // 255) + [(value - 15) % 255]) if value >= 15 else b""

    while at < len(data):
        match = next((d for d in (1, 3, 7) if at >= d and data[at : at + 20] == data[at - d : at - d + 20]), 0)
        if match and at + 40 < len(data) and rng.random() < 0.8:
            size = 20
            out += bytes([min(len(literals), 15) << 4 | 15]) + length(len(literals)) + literals
            out += match.to_bytes(2, "little") + length(size - 4)
            literals = bytearray()
            at += size
        else:
            literals.append(data[at])
            at += 1
    return bytes(out + bytes([min(len(literals), 15) << 4]) + length(len(literals)) + literals)


def test_lz4(rng: random.Random):
    runs = (bytes([rng.randrange(4)]) * rng.randrange(60) + rng.randbytes(rng.randrange(400)) for _ in range(50))
    data = b"".join(runs)
    packed = compressed_lz4(data, rng)
    assert len(packed) < len(data) and decompress_lz4(packed) == data
