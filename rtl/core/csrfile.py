"""Control and status registers: read, write, counters, stack high-water mark, interrupt enables.

Source: CHERIoT ISA; machine mode only. Existence and fields come from `rtl.isa.csr`.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.isa.csr import CSR_BY_NAME, CSRS, INTERRUPT_BITS, INTERRUPT_PRIORITY, MIE, MPIE, READ_ONLY_SPACE
from rtl.isa.trap import INTERRUPT

Lines = data.StructLayout(dict.fromkeys(INTERRUPT_BITS, 1))
"""Interrupt inputs: software, timer, external."""
MARK_SHIFT = 4
"""mshwm and mshwmb are kept in units of 16 bytes."""


class CsrFile(wiring.Component):
    """Reads are combinational; a write, a trap or an event takes effect in the next cycle.

    `drain` says that the register named by `number` depends on instructions still in the memory stage.
    `stored` is what the register will read after writing `wdata`.
    """

    number: In(12)
    exists: Out(1)
    read_only: Out(1)
    free: Out(1)  # readable without SR
    drain: Out(1)
    is_minstret: Out(1)
    is_mip: Out(1)
    rdata: Out(32)
    write: In(1)
    wdata: In(32)
    stored: Out(32)

    trap: In(1)
    cause: In(6)  # bit 5 is the interrupt bit
    mtval: In(32)
    mret: In(1)
    posture: In(1)  # a sentry sets MIE to `posture_mie`
    posture_mie: In(1)
    retire: In(1)
    store: In(1)  # a store to `store_address` has completed
    store_address: In(32)

    lines: In(Lines)
    interrupt: Out(1)  # pending and enabled
    interrupt_cause: Out(6)
    wake: Out(1)  # pending and enabled but for MIE
    mie: Out(1)
    mpie: Out(1)
    counting: Out(1)  # minstret is not inhibited
    mcause: Out(6)
    trap_value: Out(32)
    mshwm: Out(32)
    mshwm_next: Out(32)  # after this cycle's store

    def __init__(self, misa: int):
        self.misa_value = misa
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        enables = Signal(Lines)
        inhibit_cycle, inhibit_retired = Signal(), Signal()
        scratch = Signal(32)
        mark, limit = Signal(32 - MARK_SHIFT), Signal(32 - MARK_SHIFT)
        cycles, retired = Signal(64), Signal(64)

        pending = Signal(Lines)
        m.d.comb += [
            pending.as_value().eq(enables.as_value() & self.lines.as_value()),
            self.wake.eq(pending.as_value().any()),
            self.interrupt.eq(self.wake & self.mie),
            self.counting.eq(~inhibit_retired),
            self.mshwm.eq(mark << MARK_SHIFT),
        ]
        for name in reversed(INTERRUPT_PRIORITY):
            with m.If(pending[name]):
                m.d.comb += self.interrupt_cause.eq(1 << 5 | INTERRUPT_BITS[name])

        values = {
            "mstatus": self.mie << MIE | self.mpie << MPIE | Const(CSR_BY_NAME["mstatus"].reset, 32),
            "misa": self.misa_value,
            "mie": _at_bits(enables),
            "mip": _at_bits(self.lines),
            "mcountinhibit": Cat(inhibit_cycle, Const(0, 1), inhibit_retired),
            "mscratch": scratch,
            "mcause": Cat(self.mcause[:5], Const(0, INTERRUPT - 5), self.mcause[5]),
            "mtval": self.trap_value,
            "mcycle": cycles[:32],
            "mcycleh": cycles[32:],
            "minstret": retired[:32],
            "minstreth": retired[32:],
            "mshwm": self.mshwm,
            "mshwmb": limit << MARK_SHIFT,
        }
        chosen = {row.name: Signal(name=f"is_{row.name}") for row in CSRS}
        with m.Switch(self.number):
            for row in CSRS:
                with m.Case(row.number):
                    m.d.comb += [
                        chosen[row.name].eq(1),
                        self.exists.eq(1),
                        self.free.eq(row.readable_without_sr),
                        self.rdata.eq(values.get(row.name, row.reset)),
                        self.stored.eq(self.rdata & ~row.writable | self.wdata & row.writable),
                    ]
        m.d.comb += [
            self.read_only.eq(self.number[10:] == READ_ONLY_SPACE),
            self.is_minstret.eq(chosen["minstret"] | chosen["minstreth"]),
            self.is_mip.eq(chosen["mip"]),
            self.drain.eq(self.is_minstret | chosen["mshwm"]),
        ]

        def written(name):
            return self.write & chosen[name]

        # Counters: a write replaces one half of the value that this cycle would have counted from
        merged_cycles = Cat(
            Mux(written("mcycle"), self.wdata, cycles[:32]), Mux(written("mcycleh"), self.wdata, cycles[32:])
        )
        m.d.sync += cycles.eq(merged_cycles + ~inhibit_cycle)
        with m.If(written("minstret")):
            m.d.sync += retired[:32].eq(self.wdata)
        with m.Elif(written("minstreth")):
            m.d.sync += retired[32:].eq(self.wdata)
        with m.Elif(self.retire):
            m.d.sync += retired.eq(retired + 1)

        with m.If(written("mscratch")):
            m.d.sync += scratch.eq(self.wdata)
        with m.If(written("mcountinhibit")):
            m.d.sync += [inhibit_cycle.eq(self.wdata[0]), inhibit_retired.eq(self.wdata[2])]
        with m.If(written("mie")):
            m.d.sync += [enables[name].eq(self.wdata[bit]) for name, bit in INTERRUPT_BITS.items()]
        with m.If(written("mshwmb")):
            m.d.sync += limit.eq(self.wdata[MARK_SHIFT:])

        # Stack high-water mark: limit <= address < mark, and both are whole granules
        granule = self.store_address[MARK_SHIFT:]
        m.d.comb += self.mshwm_next.eq(self.mshwm)
        with m.If(self.store & (granule >= limit) & (granule < mark)):
            m.d.comb += self.mshwm_next.eq(granule << MARK_SHIFT)
            m.d.sync += mark.eq(granule)
        with m.Elif(written("mshwm")):
            m.d.sync += mark.eq(self.wdata[MARK_SHIFT:])

        # Trap state
        with m.If(self.trap):
            m.d.sync += [
                self.mcause.eq(self.cause),
                self.trap_value.eq(self.mtval),
                self.mpie.eq(self.mie),
                self.mie.eq(0),
            ]
        with m.Else():
            with m.If(written("mcause")):
                m.d.sync += self.mcause.eq(Cat(self.wdata[:5], self.wdata[INTERRUPT]))
            with m.If(written("mtval")):
                m.d.sync += self.trap_value.eq(self.wdata)
            with m.If(written("mstatus")):
                m.d.sync += [self.mie.eq(self.wdata[MIE]), self.mpie.eq(self.wdata[MPIE])]
            with m.Elif(self.mret):
                m.d.sync += [self.mie.eq(self.mpie), self.mpie.eq(1)]
            with m.Elif(self.posture):
                m.d.sync += self.mie.eq(self.posture_mie)
        return m


def _at_bits(lines):
    """Interrupt lines at their places in mie and mip."""
    bits = [Const(0, 1)] * 32
    for name, bit in INTERRUPT_BITS.items():
        bits[bit] = lines[name]
    return Cat(*bits)
