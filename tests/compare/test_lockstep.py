"""Planted differences: the lockstep comparison must find each, at its place, in its field, and report it well."""

import pytest

from cosim.compare.lockstep import Lockstep
from cosim.compare.record import RECORD
from cosim.compare.report import MEANINGS, report
from cosim.compare.symbols import Symbols
from rtl.config import BENCH
from rtl.isa.commit import FIELDS, PLACES
from rtos_model.machine.commit import pack, unpack
from rtos_model.machine.machine import Machine

COMPARED = [name for name in FIELDS if name != "clock"]


def flipped(record, field, bit=0):
    word, low, _ = PLACES[field]
    changed = list(record)
    changed[word] ^= 1 << low + bit
    return tuple(changed)


def test_equal_records_are_counted(machine, records, packed):
    lockstep = Lockstep(machine)
    assert lockstep.check(packed(records[:7])) is None
    assert lockstep.check(packed(records[7:])) is None
    assert lockstep.checked == len(records)


@pytest.mark.parametrize("field", COMPARED)
def test_a_flipped_bit_is_found(field, image, records, packed, rng):
    """Every field, its lowest and its highest bit, in records of every kind."""
    for bit in {0, FIELDS[field] - 1}:
        place = rng.randrange(len(records))
        check_found(image, records, packed, place, field, bit)


def check_found(image, records, packed, place, field, bit):
    wrong = flipped(records[place], field, bit)
    cut = place // 2  # over two calls
    lockstep = Lockstep(Machine(BENCH, image))
    assert lockstep.check(packed(records[:cut])) is None
    difference = lockstep.check(packed([*records[cut:place], wrong, *records[place + 1 :]]))
    assert difference is not None and difference.order == lockstep.checked == place
    if difference.model is None:
        assert field in ("interrupt", "mip") and difference.note
    else:
        assert field in [name for name, _, _ in difference.fields()]
        value = unpack(wrong)[field]
        assert (field, value, value ^ 1 << bit) in difference.fields()
    assert list(difference.history) == records[max(0, place - 20) : place]


def test_a_missing_record_is_found(machine, records, packed):
    difference = Lockstep(machine).check(packed(records[:10] + records[11:]))
    assert difference.order == 10


def test_an_interrupt_that_cannot_be_is_found(machine, records, packed):
    interrupt = pack(clock=8, interrupt=1, trap=1, pc=unpack(records[8])["pc"], cause=0x27, mip=2)
    difference = Lockstep(machine).check(packed([*records[:8], interrupt]))
    assert difference.order == 8 and "interrupt" in difference.note and difference.model is None


def test_a_received_byte_reaches_the_model_after_its_clock(machine, records, packed):
    lockstep = Lockstep(machine)
    lockstep.notice([(20, lambda: machine.receive(0x41))])
    assert lockstep.check(packed(records[:21])) is None
    assert not machine.platform.uart.waiting
    assert lockstep.check(packed(records[21:])) is None
    assert list(machine.platform.uart.waiting) == [0x41]


def test_report_says_what_where_and_how_to_repeat(machine, records, packed):
    place = next(index for index, record in enumerate(records) if unpack(record)["mem_wmask"] == 0xFF)
    wrong = flipped(records[place], "mem_wtag")
    difference = Lockstep(machine).check(packed([*records[:place], wrong]))
    text = report(difference, Symbols({"start": 0x8000_0000}), "cheriot run it.elf")
    assert f"record {place}" in text and "csc ca4, 8(csp)" in text and "<start+0x" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("mem_wtag"))
    assert row.split()[:3] == ["mem_wtag", "0x0", "0x1"] and MEANINGS["mem_wtag"] in row
    assert "repeat with:  cheriot run it.elf" in text
    assert "[80001000,080001100) GL+LG+SD+LM+SL+LD+MC otype 0" in text, "csp, decoded"
    assert text.count("\n  ") > 20


def test_report_decodes_a_wrong_capability(machine, records, packed):
    place = next(index for index, record in enumerate(records) if unpack(record)["rd"] == 15)
    wrong = flipped(records[place], "rd_meta", 0)
    text = report(Lockstep(machine).check(packed([*records[:place], wrong])), Symbols({}), "")
    core, model = (line for line in text.splitlines() if line.startswith("  rd "))
    assert "[00000000,100000000)" in model and "[00000000,100000000)" not in core


def test_every_field_has_a_meaning():
    assert MEANINGS.keys() == FIELDS.keys()


def test_records_travel_unchanged(records, packed):
    assert list(RECORD.iter_unpack(packed(records))) == records
