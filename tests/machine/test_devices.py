"""Devices by their registers. Source: 16550 and PLIC conventions and the tables of the SAFE platform."""

from dataclasses import replace

import pytest

from rtl.config import SAFE, TimerConfig
from rtos_model.machine.capability import ROOT_MEMORY
from rtos_model.machine.devices.plic import Plic
from rtos_model.machine.devices.revoker import Revoker
from rtos_model.machine.devices.timer import Timer
from rtos_model.machine.devices.uart import Uart
from rtos_model.machine.machine import Machine
from rtos_model.machine.time import NEVER, Time
from rtos_model.machine.value import number

WORD = 0xFFFF_FFFF


def poke(device, offset, value, mask=WORD):
    device.write(offset, value & mask, mask)


LAYOUTS = {"safe": (0x00, 0x10, 0x18), "clint": (0x0000, 0xBFF8, 0x4000)}


@pytest.fixture(params=LAYOUTS)
def timer(request):
    """A timer with a prescaler of 3, its clock, and the offsets of msip, mtime and mtimecmp."""
    time = Time()
    return Timer(TimerConfig(base=0, layout=request.param, prescaler=3), time), time, LAYOUTS[request.param]


def test_mtime_counts_and_can_be_written(timer):
    device, time, (_, mtime, _) = timer
    time.now = 3 * 0x1_0000_0005 + 2
    assert (device.read(mtime), device.read(mtime + 4)) == (5, 1)
    poke(device, mtime, 100)
    poke(device, mtime + 4, 0)
    time.now += 1
    assert (device.read(mtime), device.read(mtime + 4)) == (101, 0), "the prescaler runs on"
    poke(device, mtime, 0xAB00, 0xFF00)
    assert device.read(mtime) == 0xAB65


def test_timer_interrupt_is_a_comparison(timer):
    device, time, (_, mtime, mtimecmp) = timer
    assert device.pending(0) and device.rises(0) == 0, "both are 0 after reset"
    poke(device, mtimecmp + 4, WORD)
    assert not device.pending(1000) and device.rises(1000) > 2**32
    poke(device, mtimecmp, 7)
    poke(device, mtimecmp + 4, 0)
    assert [clock for clock in range(30) if device.pending(clock)] == list(range(21, 30))
    assert (device.rises(5), device.rises(21), device.rises(25)) == (21, 21, 25)
    assert (device.read(mtimecmp), device.read(mtimecmp + 4)) == (7, 0)
    time.now = 100
    poke(device, mtime, 0)
    assert not device.pending(100) and device.pending(device.rises(100)) and not device.pending(device.rises(100) - 1)
    device.advance(6)
    assert device.pending(device.rises(100)) and device.rises(100) <= 102


def test_software_interrupt_is_one_bit(timer):
    device, _, (msip, _, _) = timer
    poke(device, msip, 0xFFFF_FFFF)
    assert (device.read(msip), device.software) == (1, 1)
    poke(device, msip, 0, 0xFF00)
    assert device.software == 1
    poke(device, msip, 0xFFFF_FFFE)
    assert device.software == 0


def test_timer_has_nothing_else(timer):
    device, _, places = timer
    used = {places[0], *(place + half for place in places[1:] for half in (0, 4))}
    for offset in range(0, 0xC000, 4):
        if offset not in used:
            poke(device, offset, WORD)
            assert device.read(offset) == 0
    assert device.compare == 0 and device.software == 0


@pytest.fixture
def uart():
    sent = bytearray()
    return Uart(sent.append), sent


def test_uart_start_up_sends_nothing(uart):
    """The sequence of the RTOS's driver; then two characters."""
    device, sent = uart
    for offset, value in ((4, 0), (0xC, 0x83), (0, 0x21), (4, 0x43), (0xC, 0x03), (8, 1)):
        poke(device, offset, value)
    assert sent == b"" and device.divisor == 0x4321
    poke(device, 0, ord("h"))
    poke(device, 0, 0x169)
    assert sent == b"hi"
    poke(device, 0xC, 0x80)
    assert (device.read(0), device.read(4), device.read(0xC)) == (0x21, 0x43, 0x80)


def test_uart_receives(uart):
    device, _ = uart
    assert (device.read(0x14), device.read(0)) == (0x60, 0)
    for byte in range(20):
        device.receive(byte)
    assert device.read(0x14) == 0x61
    assert [device.read(0) for _ in range(17)] == [*range(16), 0], "what does not fit is lost"
    assert device.read(0x14) == 0x60
    device.receive(1)
    poke(device, 8, 3)
    assert device.read(0x14) == 0x60


def test_uart_interrupts(uart):
    device, _ = uart
    assert (device.read(8), device.interrupt) == (1, False)
    poke(device, 4, 0x02)
    assert (device.read(8), device.interrupt) == (2, True)
    device.receive(65)
    assert device.read(8) == 2
    poke(device, 4, 0x01)
    poke(device, 8, 1)
    assert (device.read(8), device.interrupt) == (0xC4, True)
    device.read(0)
    assert (device.read(8), device.interrupt) == (0xC1, False)


def test_uart_keeps_bytes(uart):
    device, sent = uart
    for offset, kept in ((4, 0x0F), (0x0C, 0xFF), (0x10, 0x1F), (0x14, None), (0x18, None), (0x1C, 0xFF), (0x20, None)):
        before = device.read(offset)
        poke(device, offset, WORD)
        assert device.read(offset) == (before if kept is None else kept), hex(offset)
        poke(device, 0x0C, 0)
    poke(device, 0, 65, 0xFF00)
    assert sent == b"", "a byte store beside the data register sends nothing"


def test_plic_claims_the_highest_priority_and_the_lowest_number():
    plic = Plic()
    for source, priority in ((3, 2), (5, 7), (6, 7), (9, 0)):
        poke(plic, 4 * source, priority)
        plic.set_level(source, True)
    assert not plic.interrupt
    poke(plic, 0x2000, WORD)
    assert plic.read(0x2000) == WORD - 1 and plic.read(0x1000) == 1 << 3 | 1 << 5 | 1 << 6 | 1 << 9
    assert [plic.read(0x20_0004) for _ in range(4)] == [5, 6, 3, 0]
    assert not plic.interrupt
    poke(plic, 0x20_0004, 5)
    assert plic.interrupt and plic.read(0x20_0004) == 5, "a level is pending again when completed"
    plic.set_level(5, False)
    poke(plic, 0x20_0004, 5)
    assert plic.read(0x20_0004) == 0


def test_plic_threshold_and_priority_width():
    plic = Plic()
    poke(plic, 4, 0xFF)
    assert plic.read(4) == 7
    poke(plic, 4, 3)
    poke(plic, 0x2000, 2)
    poke(plic, 0x20_0000, 3)
    plic.set_level(1, True)
    assert not plic.interrupt
    poke(plic, 0x20_0000, 2)
    assert plic.interrupt
    poke(plic, 0, 5)
    assert plic.read(0) == 0


def test_plic_keeps_an_edge_until_claimed():
    plic = Plic()
    poke(plic, 4, 1)
    poke(plic, 0x2000, 2)
    plic.pulse(1)
    assert plic.interrupt and plic.read(0x20_0004) == 1
    plic.pulse(1)
    assert not plic.interrupt, "not while in service"
    poke(plic, 0x20_0004, 1)
    assert plic.interrupt and plic.read(0x20_0004) == 1
    poke(plic, 0x20_0004, 1)
    assert not plic.interrupt


def test_revoker_ranges():
    """[start, end) in whole granules; nothing if it is empty, aligned or not."""
    for start, end, granules in ((0x13, 0x21, 3), (0x17, 0x18, 1), (0x14, 0x14, 0), (0x18, 0x10, 0), (0x17, 0x11, 0)):
        revoker = Revoker(lambda: None)
        poke(revoker, 0, start)
        poke(revoker, 4, end)
        poke(revoker, 8, 0)
        assert len(revoker.granules) == granules
        assert revoker.read(0xC) == (1 if granules else 2)


def test_revoker_notes_addresses_without_memory():
    revoker = Revoker(lambda: None)
    poke(revoker, 4, 16)
    poke(revoker, 8, 0)
    revoker.visited(refused=True)
    revoker.visited()
    assert revoker.read(0x18) == 1
    revoker.finish()
    poke(revoker, 8, 0)
    assert revoker.read(0x18) == 0


def test_revoker_registers_and_epoch():
    pulses = []
    revoker = Revoker(lambda: pulses.append(revoker.epoch))
    poke(revoker, 0, 0x8000_0000)
    poke(revoker, 4, 0x8000_0010)
    assert [revoker.read(offset) for offset in range(0, 24, 4)] == [0x8000_0000, 0x8000_0010, 0x5500_0000, 0, 0, 0]
    poke(revoker, 0xC, 77)
    poke(revoker, 8, 0)
    assert revoker.read(0xC) == 1, "running at once"
    poke(revoker, 8, 1)
    assert revoker.read(0xC) == 1, "a second start does nothing"
    poke(revoker, 0, 0)
    assert list(revoker.granules) == [0x8000_0000, 0x8000_0008]
    revoker.visited()
    revoker.visited()
    assert (revoker.read(0xC), list(revoker.granules)) == (1, [])
    revoker.finish()
    assert (revoker.read(0xC), revoker.read(0x10), pulses) == (2, 1, [])
    poke(revoker, 0x10, 0)
    assert revoker.read(0x10) == 0
    poke(revoker, 0x14, 3)
    poke(revoker, 0, 0x8000_0010)
    poke(revoker, 8, 0)
    assert (revoker.read(0xC), pulses, revoker.read(0x14)) == (4, [4], 1), "an empty range ends at once"
    assert revoker.read(0x10) == 0, "status shows nothing while interrupts are enabled"


def stores(bench, config, *writes):
    """A machine that has run the word stores (address, value)."""
    b = bench(*(("sw", 10 + 0 * n, 0, 9) for n in range(len(writes))), config=config)
    for address, value in writes:
        b.set(9, ROOT_MEMORY.with_address(address))
        b.set(10, value)
        b.machine.run(1)
    return b.machine


def test_exit_by_uart_and_by_simulation_control(bench):
    machine = stores(bench, SAFE, (SAFE.uart, 65), (SAFE.simctl + 0xC, 66), (SAFE.uart, 0x80 + 5), (SAFE.simctl, 7))
    assert (bytes(machine.platform.console), machine.platform.exit_code) == (b"AB", 5)
    machine = stores(bench, SAFE, (SAFE.simctl, 0))
    assert machine.platform.exit_code == 0 and machine.run(10) == 0


def test_markers_and_advanced_time(bench):
    simctl = SAFE.simctl
    machine = stores(bench, SAFE, *((simctl + offset, offset + 1) for offset in (4, 8, 0x10, 0x14, 0x18)))
    found = [(marker.register.name, marker.clock, marker.value) for marker in machine.platform.simctl.markers]
    assert found == [("START", 0, 5), ("STOP", 1, 9), ("CYCLES", 2, 17), ("INSTRUCTIONS", 3, 21)]
    assert machine.platform.timer.mtime(5) == 5 + 0x19


def test_simulation_control_acts_on_the_lowest_byte(bench):
    b = bench(("sb", 10, 1, 9), ("sb", 10, 0x20, 9), ("sb", 10, 0, 9), config=SAFE)
    b.set(9, ROOT_MEMORY.with_address(SAFE.simctl))
    b.set(10, 3)
    b.machine.run(2)
    assert b.machine.platform.exit_code is None and not b.machine.platform.simctl.markers
    b.machine.run(1)
    assert b.machine.platform.exit_code == 3


def test_event_windows_keep_tags_and_close_with_their_last_line(bench):
    window = SAFE.simctl + 0x40 * 3
    b = bench(("sw", 10, 0, 9), ("csc", 8, 8, 9), ("csc", 8, 0x38, 9), ("csc", 0, 0x38, 9), config=SAFE)
    b.set(9, ROOT_MEMORY.with_address(window))
    b.set(10, 123)
    b.machine.run(4)
    first, second = b.machine.platform.simctl.events
    assert (first.compartment, first.clock) == (3, 2)
    assert first.stores == ((0, 123), (8, number(ROOT_MEMORY)), (0x38, number(ROOT_MEMORY)))
    assert second.stores == ((0x38, 0),)


def test_devices_drop_tags_and_answer_capability_loads(bench, full):
    b = bench(("csc", 8, 0, 9), ("clc", 10, 0, 9), config=full)
    b.set(9, ROOT_MEMORY.with_address(full.revoker))
    b.set(8, ROOT_MEMORY.with_address(0x8000_0000))
    store, load = b.steps(2)
    assert (store["mem_wtag"], load["mem_rtag"], load["rd_tag"]) == (1, 0, 0)
    assert (load["rd_address"], load["rd_meta"]) == (0x8000_0000, 0x7E3E_0000)


def test_accesses_smaller_than_a_register(bench, full):
    b = bench(("sh", 10, 2, 9), ("lw", 5, 0, 9), ("lbu", 6, 3, 9), ("sw", 11, 2, 9), ("clc", 7, 0, 9), config=full)
    b.set(9, ROOT_MEMORY.with_address(full.revoker))
    b.set(10, 0x1234)
    b.set(11, 0xAABB_CCDD)
    b.steps(5)
    assert (b.get(5), b.get(6)) == (0x1234_0000, 0x12)
    assert b.get(7) == 0x0000_AABB_CCDD_0000


def test_missing_devices_are_bus_errors(bench):
    b = bench(("lw", 5, 0, 9), config=replace(SAFE, plic=None))
    b.set(9, ROOT_MEMORY.with_address(SAFE.plic))
    assert b.trap() == (5, SAFE.plic)


def test_a_system_without_any_device_runs():
    bare = replace(SAFE, **dict.fromkeys(("timer", "uart", "simctl", "plic", "revoker", "gpio")))
    machine = Machine(bare, [(bare.ram.base, b"\x01\x00" * 4)], entry=bare.ram.base)
    assert machine.run(4) == 4 and machine.lines.rises(7) == NEVER


def test_pins(bench):
    b = bench(("sw", 5, 4, 9), ("sh", 6, 10, 9), ("lw", 7, 4, 9), ("lw", 8, 8, 9), ("lw", 5, 0, 9), config=SAFE)
    b.set(9, ROOT_MEMORY.with_address(SAFE.gpio))
    b.set(5, 0x1234_5678)
    b.set(6, 0xABCD)
    b.steps(5)
    assert [b.get(n) for n in (7, 8, 5)] == [0x1234_5678, 0xABCD_0000, 0]


def test_the_rest_of_the_bitmaps_window_holds_nothing(bench):
    b = bench(("csc", 9, 0, 9), ("lw", 5, 0, 9), ("clc", 6, 0, 9), config=SAFE)
    b.set(9, ROOT_MEMORY.with_address(SAFE.heap.bitmap + SAFE.heap.bitmap_bytes))
    b.steps(3)
    assert b.get(5) == 0 and b.get(6) == 0
