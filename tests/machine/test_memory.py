"""Loads, stores, tags, bus errors and the stack mark. Source: CHERIoT ISA, "Data memory access"."""

import pytest

from rtl.config import BENCH, SAFE
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING, Perm
from rtos_model.machine.machine import Machine
from rtos_model.machine.memory import ImageError
from rtos_model.machine.value import capability, number

PLACE = 0x8000_1000
CAPABILITY = number(ROOT_MEMORY)


def at(address, length=None, permissions=0xFFF):
    found = ROOT_MEMORY.with_address(address).with_permissions(permissions)
    return found if length is None else found.with_bounds(length)


@pytest.mark.parametrize("offset", range(-8, 9))
@pytest.mark.parametrize("name, size", [("lb", 1), ("lbu", 1), ("lh", 2), ("lhu", 2), ("lw", 4)])
def test_loads_at_any_address(bench, rng, name, size, offset):
    b = bench((name, 5, offset, 9))
    content = rng.randbytes(32)
    b.machine.memory.place(PLACE - 16, content)
    b.set(9, at(PLACE))
    raw = content[16 + offset : 16 + offset + size]
    record = b.step()
    assert b.get(5) == int.from_bytes(raw, "little", signed=not name.endswith("u")) % 2**32
    assert (record["mem_address"], record["mem_rmask"]) == (PLACE + offset, (1 << size) - 1)
    assert record["mem_rdata"] == int.from_bytes(raw, "little")


@pytest.mark.parametrize("offset", range(-8, 9))
@pytest.mark.parametrize("name, size", [("sb", 1), ("sh", 2), ("sw", 4)])
def test_stores_at_any_address_clear_every_tag_they_touch(bench, rng, name, size, offset):
    b = bench((name, 5, offset, 9))
    memory = b.machine.memory
    lines = range(PLACE - 16, PLACE + 24, 8)
    for line in lines:
        memory.store_capability(line, CAPABILITY)
    before = b"".join((memory.load_capability(line) % 2**64).to_bytes(8, "little") for line in lines)
    value = rng.getrandbits(32)
    b.set(5, value)
    b.set(9, at(PLACE))
    b.step()
    expected = bytearray(before)
    expected[16 + offset : 16 + offset + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
    after = b"".join((memory.load_capability(line) % 2**64).to_bytes(8, "little") for line in lines)
    touched = {(PLACE + offset + byte) // 8 * 8 for byte in range(size)}
    assert after == expected
    assert [memory.load_capability(line) >> 64 for line in lines] == [int(line not in touched) for line in lines]


CHECKS = [  # (authority, value stored, load or store code wanted in this order of the text)
    (lambda: at(PLACE, 4, 0).seal(ROOT_SEALING.with_address(9)).without_tag(), 0x02, 0x02),
    (lambda: at(PLACE, 4, 0).seal(ROOT_SEALING.with_address(9)), 0x03, 0x03),
    (lambda: at(PLACE, 4, 0), 0x12, 0x13),
    (lambda: at(PLACE, 4, Perm.LD | Perm.SD), 0x01, 0x15),
    (lambda: at(PLACE, 4), 0x01, 0x01),
]


@pytest.mark.parametrize("authority, load, store", CHECKS)
def test_order_of_checks_for_capabilities(bench, authority, load, store):
    """Each authority has all the later faults too; the address is misaligned and out of bounds."""
    b = bench(("clc", 5, 4, 9), ("csc", 8, 4, 9))
    b.set(9, authority())
    assert b.trap() == (28, 9 << 5 | load)
    b.machine.pc = b.base + 4
    b.machine.install(number(ROOT_EXECUTABLE.with_address(b.base)))
    assert b.trap() == (28, 9 << 5 | store)


def test_misaligned_capabilities_after_bounds(bench):
    for name, cause in (("clc", 4), ("csc", 6)):
        b = bench((name, 5, 4, 9))
        b.set(9, at(PLACE))
        assert b.trap() == (cause, PLACE + 4)


def test_bounds_do_not_wrap(bench):
    b = bench(("lw", 5, -2, 9))
    b.set(9, ROOT_MEMORY)
    assert b.trap() == (28, 9 << 5 | 1)


def test_effective_address_need_not_be_representable(bench):
    b = bench(("lw", 5, -2048, 9))
    b.set(9, at(PLACE, 0x1000).with_address(PLACE + 0xF00))
    assert not b.step()["trap"]


def test_bus_errors_report_the_effective_address_and_change_nothing(bench):
    end = BENCH.ram.end
    for name, cause in (("lw", 5), ("clc", 5), ("sw", 7), ("csc", 7)):
        b = bench((name, 5, 0, 9))
        b.set(5, 77)
        b.set(9, at(end))
        record = b.step()
        assert (record["cause"], record["mtval"], record["mem_address"]) == (cause, end, end)
        assert b.get(5) == 77 and not record["mem_wmask"] and not record["mem_rmask"]


def test_split_load_across_the_end_of_ram(bench):
    b = bench(("lw", 5, 0, 9))
    b.set(9, at(BENCH.ram.end - 2))
    assert b.trap() == (5, BENCH.ram.end - 2) and b.get(5) == 0


def test_split_store_tells_what_reached_memory(bench):
    """DEC-10: in address order, up to the line that refuses."""
    b = bench(("sw", 5, 0, 9))
    end = BENCH.ram.end
    b.machine.csrs.limit, b.machine.csrs.mark = 0, 0xFFFF_FFF0
    b.set(5, 0x4433_2211)
    b.set(9, at(end - 3))
    record = b.step()
    assert (record["cause"], record["mtval"], record["mem_address"]) == (7, end - 3, end - 3)
    assert (record["mem_wmask"], record["mem_wdata"]) == (0b111, 0x33_2211)
    assert b.machine.memory.load(end - 3, 2) == 0x2211
    assert record["mshwm"] == 0xFFFF_FFF0, "a store that faults does not move the mark"


def test_split_store_whose_first_line_refuses_writes_nothing(bench):
    b = bench(("sw", 5, 0, 9))
    b.set(5, 0x4433_2211)
    b.set(9, at(BENCH.ram.base - 2))
    record = b.step()
    assert (record["cause"], record["mem_wmask"], record["mem_wdata"]) == (7, 0, 0)
    assert b.machine.memory.load(BENCH.ram.base, 2) == int.from_bytes(b.encoded(("sw", 5, 0, 9))[:2], "little")


def test_rom_is_read_only(bench):
    b = bench(("lw", 5, 0, 9), ("sw", 5, 0, 9), config=SAFE)
    b.machine.memory.place(SAFE.rom.base, b"\x01\x02\x03\x04")
    b.set(9, at(SAFE.rom.base))
    load, store = b.steps(2)
    assert (load["rd_address"], store["cause"], store["mtval"]) == (0x0403_0201, 7, SAFE.rom.base)


def test_memory_without_tags_drops_them(bench):
    b = bench(("csc", 8, 0, 9), ("clc", 5, 0, 9))
    b.set(9, at(BENCH.heap.bitmap))
    store, load = b.steps(2)
    assert store["mem_wtag"] == 1 and (load["mem_rtag"], load["rd_tag"]) == (0, 0)
    assert load["rd_meta"] == load["mem_rdata"] >> 32 == capability(CAPABILITY).metadata


def test_untagged_patterns_survive_a_copy_bit_by_bit(bench, rng):
    for _ in range(200):
        b = bench(("clc", 5, 0, 9), ("csc", 5, 8, 9), ("clc", 6, 8, 9))
        b.set(9, at(PLACE, 16, Perm.LD | Perm.SD | Perm.MC))
        pattern = rng.getrandbits(64)
        b.machine.memory.store_capability(PLACE, pattern)
        b.steps(3)
        assert b.get(5) == b.get(6) == pattern == b.machine.memory.load_capability(PLACE + 8)


def test_a_load_into_its_own_base_uses_the_old_authority(bench):
    b = bench(("clc", 9, 0, 9))
    b.machine.memory.store_capability(PLACE, number(ROOT_MEMORY))
    b.set(9, at(PLACE, 8, 0xFFF & ~(Perm.LM | Perm.LG)))
    b.step()
    assert capability(b.get(9)).permissions == Perm.LD | Perm.MC


def test_local_capabilities_need_sl(bench):
    for sl, gl, tag in ((1, 1, 1), (1, 0, 1), (0, 1, 1), (0, 0, 0)):
        b = bench(("csc", 5, 0, 9))
        b.set(5, ROOT_MEMORY.with_permissions(0xFFF if gl else 0xFFE))
        b.set(9, at(PLACE, 8, 0xFFF if sl else 0xFFF & ~Perm.SL))
        assert b.step()["mem_wtag"] == tag == b.machine.memory.load_capability(PLACE) >> 64


@pytest.mark.parametrize(
    "start, moved", [(0xFFF, False), (0x1000, True), (0x1FFF, True), (0x2000, False), (0x200F, False)]
)
@pytest.mark.parametrize("name", ["sb", "sh", "sw"])
def test_stack_mark_compares_the_first_byte(bench, name, start, moved):
    b = bench((name, 5, 0, 9))
    b.machine.csrs.write(0xBC1, 0x8000_200F)
    b.machine.csrs.write(0xBC2, 0x8000_100F)
    b.set(9, at(0x8000_0000 + start))
    assert b.step()["mshwm"] == (0x8000_0000 + start & -16 if moved else 0x8000_2000)


def test_stack_mark_counts_capability_stores_whose_tag_is_dropped(bench):
    b = bench(("csc", 5, 0, 9))
    b.machine.csrs.write(0xBC1, 0x8000_2000)
    b.set(5, ROOT_MEMORY.with_permissions(0xFFE))
    b.set(9, at(PLACE + 8, 8, 0xFFF & ~Perm.SL))
    assert (b.step()["mshwm"], b.machine.memory.load_capability(PLACE + 8) >> 64) == (PLACE, 0)


def test_the_filter_looks_at_the_base_and_only_inside_the_heap(bench):
    """A pointer past the end of freed memory is stale; one based at the neighbour is not."""
    b = bench(*(("clc", 5, 8 * place, 9) for place in range(5)))
    heap, bitmap = BENCH.heap, b.machine.memory.blocks["bitmap"]
    freed = heap.base + 0x2000
    b.machine.memory.store(heap.bitmap + (freed - heap.base >> 6), 1, 0b11)
    loaded = (
        (at(freed, 16).with_address(freed + 16), 0),
        (at(freed + 16, 16).with_address(freed + 16), 1),
        (at(freed + 8, 4).with_address(freed + 9), 0),
        (ROOT_EXECUTABLE.with_address(freed).with_bounds(16).seal(ROOT_SEALING.with_address(2)), 0),
        (at(0x2000, 16), 1),
    )
    for place, (value, _) in enumerate(loaded):
        b.machine.memory.store_capability(PLACE + 8 * place, number(value))
    b.set(9, at(PLACE))
    assert [record["rd_tag"] for record in b.steps(5)] == [tag for _, tag in loaded]
    assert bitmap.lines[0x2000 >> 9] == 0b11


def test_the_last_granule_has_a_bit_and_the_next_none(bench):
    b = bench()
    heap = BENCH.heap
    b.machine.memory.blocks["bitmap"].lines[:] = [2**64 - 1] * (heap.bitmap_bytes // 8)
    revoked = b.machine.load_filter.revoked
    assert [revoked(a) for a in (heap.base - 1, heap.base, heap.base + heap.size - 1, heap.base + heap.size)] == [
        *(False, True, True, False)
    ]


def test_image_places_and_refusals():
    machine = Machine(SAFE, [(SAFE.ram.base + 3, b"abcdefghij"), (SAFE.rom.base, b"rom")])
    assert machine.memory.blocks["ram"].content()[:16] == b"\0\0\0abcdefghij\0\0\0"
    for address, size in ((SAFE.ram.end - 4, 5), (SAFE.ram.base - 1, 2), (0, 1)):
        with pytest.raises(ImageError, match=f"{size} bytes at {address:#x} do not fit"):
            Machine(SAFE, [(address, bytes(size))])
