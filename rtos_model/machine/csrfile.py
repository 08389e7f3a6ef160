"""Control and status registers. Source: CHERIoT ISA, "CSRs"; fields and reset values are in `rtl.isa.csr`."""

from rtl.isa.csr import CSR_BY_NAME, CSR_BY_NUMBER, CSRS, INTERRUPT_BITS, MIE, MPIE, STACK_MARK_ALIGN
from rtos_model.machine.devices.device import half, half_written
from rtos_model.machine.time import Time

MSTATUS, MIP, MCOUNTINHIBIT = (CSR_BY_NAME[name].number for name in ("mstatus", "mip", "mcountinhibit"))
MISA, MIE_CSR, MCAUSE, MTVAL = (CSR_BY_NAME[name].number for name in ("misa", "mie", "mcause", "mtval"))
MSHWM, MSHWMB = (CSR_BY_NAME[name].number for name in ("mshwm", "mshwmb"))
MCYCLE = {CSR_BY_NAME["mcycle"].number: False, CSR_BY_NAME["mcycleh"].number: True}
MINSTRET = {CSR_BY_NAME["minstret"].number: False, CSR_BY_NAME["minstreth"].number: True}
"""Number to whether it is the upper half."""
INHIBIT_CYCLE, INHIBIT_RETIRED = 1, 4
COUNTER_LIMIT = 1 << 64
LINE_BITS = tuple(INTERRUPT_BITS.values())
"""Bit of mie and mip of each interrupt line, in the order of a set of lines: software, timer, external."""


def lines_at_bits(lines: int) -> int:
    """A set of lines (bit 0 is software, 1 timer, 2 external) at their places in mie and mip."""
    return sum((lines >> line & 1) << bit for line, bit in enumerate(LINE_BITS))


class CsrFile:
    """Interrupt enable, counters, stack marks and the rest.

    `mie` and `mpie` are the bits of mstatus, `mark` and `limit` are mshwm and mshwmb, `enables` the set of
    interrupt lines that mie enables. `retired` counts instructions: the machine adds `counting` after each.
    """

    def __init__(self, time: Time, misa: int):
        self._time = time
        self._plain = {row.number: row.reset for row in CSRS} | {MISA: misa}
        self.mie = 0
        self.mpie = 0
        self.mark = 0
        self.limit = 0
        self.enables = 0
        self.retired = 0
        self.counting = 1
        self._cycle_offset = 0  # of mcycle from the clock while it counts
        self._cycle_stopped: int | None = None  # its value while it does not

    @property
    def cycle(self) -> int:
        """mcycle at the present clock."""
        if self._cycle_stopped is not None:
            return self._cycle_stopped
        return (self._time.now + self._cycle_offset) % COUNTER_LIMIT

    def read(self, number: int, lines: int) -> int:
        """A register that exists; `lines` is what mip shows."""
        if number == MSTATUS:
            return self._plain[number] | self.mie << MIE | self.mpie << MPIE
        if number in MCYCLE:
            return half(self.cycle, MCYCLE[number])
        if number in MINSTRET:
            return half(self.retired, MINSTRET[number])
        if number == MSHWM:
            return self.mark
        if number == MSHWMB:
            return self.limit
        return lines_at_bits(lines) if number == MIP else self._plain[number]

    def reads_back(self, number: int, lines: int) -> int:
        """What a register that this instruction has written will read in the next one (mcycle: at this clock)."""
        return half(self.retired + self.counting, MINSTRET[number]) if number in MINSTRET else self.read(number, lines)

    def write(self, number: int, value: int) -> None:
        """Bits that are not writable keep their value. A counter that is written does not count that instruction."""
        mask = CSR_BY_NUMBER[number].writable
        if number == MSTATUS:
            self.mie, self.mpie = value >> MIE & 1, value >> MPIE & 1
        elif number in MCYCLE:
            self._set_cycle(half_written(self.cycle, MCYCLE[number], value, mask))
        elif number in MINSTRET:
            self.retired = half_written(self.retired, MINSTRET[number], value, mask) - self.counting
        elif number == MSHWM:
            self.mark = value & mask
        elif number == MSHWMB:
            self.limit = value & mask
        else:
            self._plain[number] = self._plain[number] & ~mask | value & mask
            if number == MCOUNTINHIBIT:
                self._inhibit(self._plain[number])
            elif number == MIE_CSR:
                self.enables = sum((value >> bit & 1) << line for line, bit in enumerate(LINE_BITS))

    def _set_cycle(self, value: int) -> None:
        if self._cycle_stopped is not None:
            self._cycle_stopped = value
        else:
            self._cycle_offset = value - self._time.now

    def _inhibit(self, inhibited: int) -> None:
        """Both counters still count the writing instruction's own clock, or instruction, as they did before."""
        counting = not inhibited & INHIBIT_RETIRED
        self.retired += self.counting - counting
        self.counting = int(counting)
        if inhibited & INHIBIT_CYCLE and self._cycle_stopped is None:
            self._cycle_stopped = (self.cycle + 1) % COUNTER_LIMIT
        elif not inhibited & INHIBIT_CYCLE and self._cycle_stopped is not None:
            self._cycle_offset = self._cycle_stopped - (self._time.now + 1)
            self._cycle_stopped = None

    def enter_trap(self, cause: int, mtval: int) -> None:
        self._plain[MCAUSE] = cause
        self._plain[MTVAL] = mtval
        self.mpie, self.mie = self.mie, 0

    def leave_trap(self) -> None:
        self.mie, self.mpie = self.mpie, 1

    def stored(self, address: int) -> None:
        """A store has completed; `address` is its lowest byte."""
        if self.limit <= address < self.mark:
            self.mark = address & -STACK_MARK_ALIGN
