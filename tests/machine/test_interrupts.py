"""Interrupts in a free run, and the checks on those of a machine that is followed."""

import pytest

from rtl.config import BENCH
from rtos_model.machine.agenda import Disagreement
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING
from rtos_model.machine.commit import pack, unpack
from rtos_model.machine.interrupts import LATENCY
from rtos_model.machine.value import capability, number

NOP = ("addi", 0, 0, 0)
TIMER = BENCH.timer.base
MSIP, MTIME, MTIMECMP = TIMER, TIMER + 0x10, TIMER + 0x18
ALL = 0x888


def quiet(b, *, compare=2**64 - 1, enabled=ALL, mie=1):
    """Interrupts enabled, the timer set."""
    b.machine.platform.timer.compare = compare
    b.machine.csrs.write(0x304, enabled)
    b.machine.csrs.mie = mie
    b.machine.agenda.plan()
    return b


def test_timer_interrupt_comes_at_its_clock(bench):
    b = quiet(bench(*[NOP] * 8), compare=3)
    assert not any(record["trap"] for record in b.steps(3))
    record = b.step()
    assert (record["interrupt"], record["trap"], record["cause"], record["mtval"]) == (1, 1, 0x27, 0)
    assert (record["pc"], record["insn"], record["next_pc"], record["mip"]) == (b.base + 12, 0, b.base + 0x100, 2)
    assert (record["mie"], record["mpie"], b.machine.csrs.read(0x342, 0)) == (0, 1, 0x8000_0007)
    assert capability(b.machine.scrs[31]).address == b.base + 12
    assert not b.step()["interrupt"], "disabled in the handler"


def test_run_and_step_agree(bench):
    runs = [quiet(bench(*[NOP] * 8), compare=3).machine for _ in range(2)]
    runs[0].run(6)
    while runs[1].executed < 6:
        runs[1].step()
    assert [(m.pc, m.time.now, m.csrs.retired, m.scrs) for m in runs[:1]] == [
        (m.pc, m.time.now, m.csrs.retired, m.scrs) for m in runs[1:]
    ]


@pytest.mark.parametrize("enabled, cause", [(ALL, 3), (0x880, 7), (0x808, 3), (0x800, None), (0, None)])
def test_priority_and_enables(bench, enabled, cause):
    b = quiet(bench(NOP), compare=0, enabled=enabled)
    b.machine.platform.timer.software = 1
    b.machine.agenda.plan()
    record = b.step()
    assert record["cause"] == (0 if cause is None else 0x20 | cause)


def test_external_goes_first(bench, full):
    b = quiet(bench(NOP, config=full), compare=0)
    plic = b.machine.platform.plic
    b.machine.platform.timer.software = 1
    plic.priority[1], plic.enabled = 1, 2
    plic.pulse(1)
    b.machine.agenda.plan()
    record = b.step()
    assert (record["cause"], record["mip"]) == (0x2B, 7)


@pytest.mark.parametrize("otype, taken", [(2, False), (3, True)])
def test_a_sentry_acts_before_its_target(bench, otype, taken):
    b = quiet(bench(("cjalr", 1, 0, 9)), compare=0, mie=0)
    b.set(9, ROOT_EXECUTABLE.with_address(b.base + 0x100).seal(ROOT_SEALING.with_address(otype)))
    jump, after = b.steps(2)
    assert (jump["interrupt"], after["interrupt"], after["pc"]) == (0, taken, b.base + 0x100)


def test_a_write_to_mstatus_acts_before_the_next_instruction(bench):
    b = quiet(bench(("csrrsi", 0, 0x300, 8), NOP), compare=0, mie=0)
    assert [record["interrupt"] for record in b.steps(2)] == [0, 1]


def test_a_store_to_the_timer_drops_its_interrupt(bench):
    b = quiet(bench(("sw", 10, 4, 9), ("csrrsi", 0, 0x300, 8), NOP), compare=0, mie=0)
    b.set(9, ROOT_MEMORY.with_address(MTIMECMP))
    b.set(10, 1)
    assert [record["interrupt"] for record in b.steps(3)] == [0, 0, 0]


def test_waiting_skips_to_the_interrupt_even_while_disabled(bench):
    b = quiet(bench(("wfi",), ("csrrs", 5, 0x344, 0)), compare=1000, mie=0)
    wait, read = b.steps(2)
    assert (wait["clock"], read["clock"], read["rd_address"], read["mip"]) == (1000, 1001, 0x80, 2)
    b = quiet(bench(("wfi",), NOP), compare=1000, enabled=0)
    assert [record["clock"] for record in b.steps(2)] == [0, 1], "nothing to wait for"


def test_characters_arrive_through_the_interrupt_controller(bench, full):
    b = quiet(bench(*[NOP] * 4, config=full))
    b.machine.platform.plic.priority[2], b.machine.platform.plic.enabled = 1, 4
    b.machine.platform.uart.write(4, 1, 0xFF)
    assert not b.step()["interrupt"]
    b.machine.receive(65)
    assert b.step()["cause"] == 0x2B


def test_lines_can_be_driven_from_outside(bench):
    b = quiet(bench(*[NOP] * 4))
    assert not b.step()["interrupt"]
    b.machine.drive(4)
    record = b.step()
    assert (record["cause"], record["mip"]) == (0x2B, 4)
    b.machine.drive(0)
    assert b.machine.lines.at(b.machine.time.now) == 0


# Following


def following(bench, *words, **settings):
    return quiet(bench(*words), **settings).machine


def plain(clock, **fields):
    return pack(clock=clock, **fields)


def taken(clock, lines=2):
    return pack(clock=clock, trap=1, interrupt=1, mip=lines)


def test_following_takes_clock_and_interrupts_from_the_other(bench):
    leader = quiet(bench(*[NOP] * 8, ("csrrs", 5, 0xB00, 0)), compare=3).machine
    follower = following(bench, *[NOP] * 8, ("csrrs", 5, 0xB00, 0), compare=3)
    for _ in range(20):
        record = leader.step()
        assert follower.follow(record) == record
    assert (follower.registers, follower.scrs, follower.pc) == (leader.registers, leader.scrs, leader.pc)


def test_counters_and_devices_tell_the_clock_of_the_record(bench):
    machine = following(bench, ("csrrs", 5, 0xB00, 0), ("lw", 6, 0, 9))
    machine.registers[9] = number(ROOT_MEMORY.with_address(MTIME))
    assert unpack(machine.follow(plain(1234)))["rd_address"] == 1234
    assert unpack(machine.follow(plain(1300)))["rd_address"] == 1300


def test_an_interrupt_that_is_not_pending_is_refused(bench):
    machine = following(bench, NOP, NOP, compare=100)
    machine.follow(plain(10))
    with pytest.raises(Disagreement, match="bits 0b010 were not so"):
        machine.follow(taken(20))


def test_an_interrupt_that_is_disabled_is_refused(bench):
    machine = following(bench, NOP, compare=0, mie=0)
    with pytest.raises(Disagreement, match="interrupts are disabled"):
        machine.follow(taken(20))
    machine = following(bench, NOP, compare=0, enabled=8)
    with pytest.raises(Disagreement, match="none is enabled"):
        machine.follow(taken(20))


def test_lines_that_are_invented_or_hidden_are_refused(bench):
    machine = following(bench, ("csrrs", 5, 0x344, 0), ("csrrs", 5, 0x344, 0), compare=0, mie=0)
    assert unpack(machine.follow(plain(50, mip=2)))["rd_address"] == 0x80
    with pytest.raises(Disagreement, match="bits 0b010"):
        machine.follow(plain(60, mip=0))
    machine = following(bench, ("csrrs", 5, 0x344, 0), compare=0, mie=0)
    with pytest.raises(Disagreement, match="bits 0b100"):
        machine.follow(plain(60, mip=6))


def test_a_line_may_reach_the_core_a_little_later(bench):
    for clock, lines, allowed in (
        *((100, 0, True), (100, 2, True), (100 + LATENCY, 0, False), (100 + LATENCY, 2, True)),
        *((99 + LATENCY, 0, True), (99, 2, False), (99, 0, True)),
    ):
        machine = following(bench, ("csrrs", 5, 0x344, 0), compare=100, mie=0)
        if allowed:
            machine.follow(plain(clock, mip=lines))
        else:
            with pytest.raises(Disagreement):
                machine.follow(plain(clock, mip=lines))


def test_a_line_that_a_store_has_just_dropped_may_still_be_seen(bench):
    for later, allowed in ((1, True), (LATENCY, True), (LATENCY + 1, False)):
        machine = following(bench, ("sw", 10, 4, 9), ("csrrsi", 0, 0x300, 8), NOP, compare=0, mie=0)
        machine.registers[9] = number(ROOT_MEMORY.with_address(MTIMECMP))
        machine.registers[10] = 1
        machine.follow(plain(50))
        machine.follow(plain(50))
        if allowed:
            assert unpack(machine.follow(taken(50 + later)))["cause"] == 0x27
        else:
            with pytest.raises(Disagreement):
                machine.follow(taken(50 + later))


def test_an_interrupt_that_is_never_taken_is_missed_after_two_boundaries(bench):
    machine = following(bench, *[NOP] * 8, compare=100)
    for clock in (98, 100, 102, 100 + LATENCY, 101 + LATENCY):
        machine.follow(plain(clock))
    with pytest.raises(Disagreement, match="deliverable since clock 100 is still not taken at clock 106"):
        machine.follow(plain(102 + LATENCY))


def test_polling_a_device_does_not_hide_a_missed_interrupt(bench):
    machine = following(bench, *[("lw", 5, 0, 9)] * 8, compare=100)
    machine.registers[9] = number(ROOT_MEMORY.with_address(MTIME))
    for clock in (100, 110, 120):
        machine.follow(plain(clock))
    with pytest.raises(Disagreement, match="still not taken"):
        machine.follow(plain(130))


def test_an_interrupt_enabled_late_is_due_from_then_on(bench):
    machine = following(bench, *[NOP] * 3, ("csrrsi", 0, 0x300, 8), *[NOP] * 4, compare=0, mie=0)
    for clock in (100, 110, 120, 130, 131, 140, 150):
        machine.follow(plain(clock))
    with pytest.raises(Disagreement, match="since clock 130"):
        machine.follow(plain(160))


# The background revoker


def sweeping(bench, full, *words):
    """A machine that starts a sweep over the first 4 KiB of RAM; the second capability of two there is stale."""
    b = quiet(bench(("sw", 0, 8, 9), ("lw", 5, 12, 9), *words, config=full))
    b.set(9, ROOT_MEMORY.with_address(full.revoker))
    revoker, base = b.machine.platform.revoker, full.ram.base
    revoker.start, revoker.end, revoker.enable = base, base + 0x1000, 1
    b.machine.platform.plic.priority[1], b.machine.platform.plic.enabled = 1, 2
    for place, freed in ((0x800, 0x2000), (0x808, 0x3000)):
        value = ROOT_MEMORY.with_address(base + freed).with_bounds(16)
        b.machine.memory.store_capability(base + place, number(value))
    b.machine.memory.store(full.heap.bitmap + (base + 0x3000 - full.heap.base) // 64, 1, 1)
    return b


def test_a_sweep_takes_its_time_and_interrupts_at_its_end(bench, full):
    b = sweeping(bench, full, ("wfi",), NOP)
    records = b.steps(4)
    assert records[1]["rd_address"] == 1, "running"
    assert (records[2]["clock"], records[3]["cause"]) == (0x1000 // 8, 0x2B)
    memory, base = b.machine.memory, full.ram.base
    assert [memory.load_capability(base + place) >> 64 for place in (0x800, 0x808)] == [1, 0]
    assert memory.load_capability(base + 0x808) % 2**32 == base + 0x3000, "only the tag is lost"
    assert (b.machine.platform.revoker.epoch, b.machine.csrs.mark) == (2, 0)


def test_progress_of_a_sweep_that_is_followed(bench, full):
    b = sweeping(bench, full)
    machine, base = b.machine, full.ram.base
    machine.follow(plain(10))
    machine.sweep(0x101)
    assert [machine.memory.load_capability(base + place) >> 64 for place in (0x800, 0x808)] == [1, 1]
    machine.sweep(1)
    assert [machine.memory.load_capability(base + place) >> 64 for place in (0x800, 0x808)] == [1, 0]
    assert unpack(machine.follow(plain(11)))["rd_address"] == 1
    machine.sweep(0x200 - 0x102)
    assert machine.platform.revoker.epoch == 2 and machine.lines.at(12) == 4
