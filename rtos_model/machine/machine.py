"""The golden machine: state, and what one step of it does.

Source: CHERIoT ISA. Registers and memory are numbers in the form of `rtos_model.machine.value`. Decoded instructions
are kept as functions by address, for the PCC under which they were fetched; a store to their bytes discards them.
"""

from collections.abc import Callable, Iterable
from functools import partial

from rtl.config import SocConfig
from rtl.isa.capfmt import GRANULE
from rtl.isa.csr import SCRS, ZTOPC
from rtl.isa.table import REGISTERS
from rtl.isa.trap import INTERRUPT, Cause
from rtos_model.machine.agenda import ALL_LINES, Agenda, Disagreement
from rtos_model.machine.capability import ROOT_EXECUTABLE, ROOT_MEMORY, ROOT_SEALING
from rtos_model.machine.commit import CLOCK_MASK, Record, at, mask, unpack
from rtos_model.machine.csrfile import CsrFile
from rtos_model.machine.execute import Execution, build
from rtos_model.machine.interrupts import Lines, cause_of
from rtos_model.machine.memory import Memory
from rtos_model.machine.pcc import Pcc
from rtos_model.machine.platform import Platform
from rtos_model.machine.record import Recorder, interrupt_record, recorder, trap_record
from rtos_model.machine.revocation import LoadFilter
from rtos_model.machine.time import NEVER, Time
from rtos_model.machine.trap import Trap
from rtos_model.machine.value import ADDRESS, METADATA_AT, TAG_AT, number, span
from rtos_model.machine.zeroiser import Zeroiser

MEPCC, MTCC = SCRS["mepcc"], SCRS["mtcc"]
INTERRUPTED, MIP_AT = mask("interrupt"), at("mip")
REMEMBERED = 1 << 14
"""Capabilities of which it is remembered what installing them as PCC makes of them."""


class Machine:
    """One hart with its memory and devices.

    `image` is (address, bytes) pairs; lines whose addresses are in `tagged` get their tags. Without `entry` execution
    starts at the configuration's boot address. `tohost` is an address in memory where the program tells its end. If
    `scripted`, the timer stands still while anybody computes.

    Three ways to go on: `run` for speed, `step` for one record at a time, `follow` to do what another machine did.
    In the first two every instruction takes one clock, a sweep of the revoker one clock per granule, all visited
    at its end, and the stack zeroiser no time; in the third the other machine tells clock and progress.
    """

    def __init__(
        self,
        config: SocConfig,
        image: Iterable[tuple[int, bytes]] = (),
        *,
        tagged: Iterable[int] = (),
        entry: int | None = None,
        tohost: int | None = None,
        scripted: bool = False,
    ):
        core = config.core
        boot = core.boot_address if entry is None else entry
        self.config = config
        self.time = Time()
        self.platform = Platform(config, self.time, scripted=scripted)
        self.lines = Lines(self.time, self.platform.timer, self.platform.plic)
        self.memory = Memory(config, self.platform.by_name())
        self.memory.code_written = self._code_written
        self.memory.device_accessed = self._device_accessed
        self.load_filter = LoadFilter(config.heap, self.memory.blocks["bitmap"])
        self.csrs = CsrFile(self.time, core.misa)
        self.agenda = Agenda(self.time, self.lines, self.csrs, self.platform.timer)
        self.registers = [0] * (REGISTERS + 1)  # the last one takes writes to register 0
        self.scrs = {
            MTCC: number(ROOT_EXECUTABLE.with_address(core.mtcc_reset)),
            SCRS["mtdc"]: number(ROOT_MEMORY),
            SCRS["mscratchc"]: number(ROOT_SEALING),
            MEPCC: number(ROOT_EXECUTABLE.with_address(core.mepcc_reset)),
        }
        self.zeroiser = Zeroiser(self.memory, self.scrs)
        if core.zeroiser:
            self.scrs[SCRS[ZTOPC]] = 0
        for address, content in image:
            self.memory.place(address, content)
        for address in tagged:
            self.memory.tag(address)
        self.pc = boot
        self.executed = 0
        self.lockup = False
        self.address = 0
        """Effective address of the last load or store."""
        self.transferred = 0
        """What it read before attenuation or wrote, in the form of a line of memory."""
        self.trapped: Callable[[int, Trap], None] = lambda pc, trap: None
        """Told of each synchronous trap at `pc` before the machine enters its handler."""
        self._probes: dict[int, Callable[[], None]] = {}
        self._watched: dict[int, Callable[[], None]] = {}
        self._stored = 0, 0  # address and bytes of the last store to a line that was watched, or held code
        if tohost is not None:
            for word in (tohost, tohost + 4):
                self.watch(word, partial(self._told, tohost))
        self._installed: dict[int, Pcc] = {}
        self._pccs: dict[tuple[int, int, int], Pcc] = {}
        self.install(number(ROOT_EXECUTABLE.with_address(boot)))
        self._settled = True

    # What instructions do to the machine

    def install(self, value: int) -> None:
        """Make a capability the PCC: its bounds are decoded at its own address, once and for all."""
        pcc = self._installed.get(value)
        if pcc is None:
            _, _, base, top = span(value)
            key = (value >> METADATA_AT, base, top)
            pcc = self._pccs.get(key)
            if pcc is None:
                pcc = self._pccs[key] = Pcc(value >> METADATA_AT << METADATA_AT, base, top)
            if len(self._installed) >= REMEMBERED:
                self._installed.clear()
            self._installed[value] = pcc
        self.pcc = pcc

    def set_interrupt_enable(self, enabled: int) -> None:
        """A sentry's interrupt posture."""
        if self.csrs.mie != enabled:
            self.csrs.mie = enabled
            self.agenda.plan()

    def write_ztopc(self, value: int) -> None:
        self.zeroiser.write(value)
        self._settled = False

    # One step

    def _enter(self, vector_cause: int, mtval: int, *, clears_mepcc: bool = False) -> None:
        """Trap entry."""
        mepcc = self.pcc.at(self.pc)
        self.scrs[MEPCC] = mepcc & ~(1 << TAG_AT) if clears_mepcc else mepcc
        self.csrs.enter_trap(vector_cause, mtval)
        self.agenda.plan()
        self.install(self.scrs[MTCC])
        self.pc = self.scrs[MTCC] & ADDRESS

    def _take(self, trap: Trap) -> None:
        """A synchronous trap. If PCC forbids the fetch, and then the handler's also, nothing will ever retire; if the
        handler's first instruction traps, there will be nothing but traps."""
        pc = self.pc
        self.trapped(pc, trap)
        fetch_fault = trap.cause is Cause.CHERI and pc not in self.pcc.decoded
        self._enter(trap.cause, trap.mtval, clears_mepcc=trap.clears_mepcc)
        self.lockup = self.pc == pc or (fetch_fault and not self._may_fetch())
        if not self._settled:
            self._settle()

    def _may_fetch(self) -> bool:
        try:
            self.pcc.fetch(self.memory, self.pc, self.config.core.extensions)
        except Trap as trap:
            return trap.cause is not Cause.CHERI
        return True

    def _take_interrupt(self, lines: int) -> int:
        """Enter the interrupt of the highest priority among the enabled lines; returns its number."""
        cause = cause_of(lines & self.csrs.enables)
        self._enter(1 << INTERRUPT | cause, 0)
        return cause

    def _decode(self, pc: int) -> Execution:
        pcc = self.pcc
        i = pcc.fetch(self.memory, pc, self.config.core.extensions)
        self.memory.code_lines.update((pc >> 3, (pc + i.length - 1 & ADDRESS) >> 3))
        pcc.decoded[pc] = i
        found = build(self, pc, i)
        if pc in self._probes:
            found = _probed(self._probes[pc], found)
        pcc.plain[pc] = found
        return found

    def _decode_traced(self, pc: int) -> Recorder:
        execute = self.pcc.plain.get(pc) or self._decode(pc)
        found = self.pcc.traced[pc] = recorder(self, pc, self.pcc.decoded[pc], execute)
        return found

    def probe(self, pc: int, look: Callable[[], None]) -> None:
        """Call `look` each time before the instruction at an address is executed; it sees the machine as it is then."""
        self._probes[pc] = look
        for pcc in self._pccs.values():
            pcc.forget(pc >> 3)

    def watch(self, address: int, look: Callable[[], None]) -> None:
        """Call `look` after each store of the core to the 8-byte line of an address in RAM."""
        self._watched[address >> 3] = look
        self.memory.code_lines.add(address >> 3)

    def _code_written(self, address: int, size: int) -> None:
        line = address >> 3
        self._stored = address, size
        if line in self._watched:
            self._watched[line]()
        else:
            self.memory.code_lines.discard(line)
        for pcc in self._pccs.values():
            pcc.forget(line)

    def _told(self, start: int) -> None:
        """The store of the high word is the one that tells; a capability store has both."""
        if self._stored in ((start + 4, 4), (start, GRANULE)):
            self.platform.told_host(self.memory.load(start, 4), self.memory.load(start + 4, 4))

    def _device_accessed(self) -> None:
        self.lines.note()
        self._settled = False

    def _settle(self) -> None:
        while self.zeroiser.left and self.agenda.observed is None:
            self.zeroiser.step()
        self._settled = True
        self.platform.settle()
        self.lines.note()
        revoker = self.platform.revoker
        if revoker and self.agenda.sweep_end == NEVER and revoker.running:
            self.agenda.sweep_end = self.time.now + len(revoker.granules)
        self.agenda.device_due = self.platform.uart.changes()
        self.agenda.plan()

    def _device_changed(self) -> None:
        """The UART has done something by itself, at the clock that was planned."""
        due = self.agenda.device_due
        self.lines.note(due)
        self.platform.settle()
        self.lines.note(due)
        self._settle()

    def sweep(self, granules: int) -> None:
        """The revoker has visited so many more granules; after the last one the sweep ends."""
        self.lines.note()
        for _ in range(granules):
            self._sweep_granule()
        if not self.platform.revoker.granules:
            self._end_sweep()
        self._settle()

    def _sweep_granule(self) -> bool:
        """Visit the next granule; whether it lost its tag."""
        revoker = self.platform.revoker
        address = revoker.granules[0]
        block = self.memory.block_at(address)
        revoker.visited(refused=block is None and not any(address in region for region, _ in self.memory.devices))
        return block is not None and block.tagged and self.load_filter.sweep(block, address)

    def _end_sweep(self) -> None:
        self.platform.revoker.finish()
        self.agenda.sweep_end = NEVER

    def _attend(self) -> Record | None:
        """What is due in a free run: a device, the end of a sweep, an interrupt. Returns the interrupt's record."""
        if self.time.now >= self.agenda.device_due:
            self._device_changed()
        if self.time.now >= self.agenda.sweep_end:
            self.sweep(len(self.platform.revoker.granules))
        if self.time.now < self.agenda.deliverable:
            return None
        pc, lines = self.pc, self.lines.at(self.time.now)
        return interrupt_record(self, pc, self._take_interrupt(lines), lines)

    def drive(self, lines: int) -> None:
        """Interrupt lines from outside change; `lines` is a set as in `rtos_model.machine.interrupts`."""
        self.lines.note()
        self.lines.driven = lines
        self._settle()

    @property
    def asleep(self) -> bool:
        """In a free run with the scripted clock: nothing will happen any more."""
        return self.agenda.asleep

    @property
    def over(self) -> bool:
        """The program has ended the run, or nothing will retire any more."""
        return self.platform.exit_code is not None or self.lockup or self.asleep

    def receive(self, byte: int) -> None:
        """A character arrives at the UART."""
        self.lines.note()
        self.platform.uart.receive(byte)
        self._settle()

    def run(self, limit: int) -> int:
        """Execute instructions until the program exits, the machine locks up or `limit` have been executed.

        Returns how many have been; instructions that trap count.
        """
        time, csrs, agenda = self.time, self.csrs, self.agenda
        done = 0
        while done < limit and self.platform.exit_code is None and not self.lockup:
            try:
                while done < limit:
                    if time.now >= agenda.attention:
                        self._attend()
                    pc = self.pc
                    self.pc = (self.pcc.plain.get(pc) or self._decode(pc))()
                    csrs.retired += csrs.counting
                    time.now += 1
                    done += 1
                    if not self._settled:
                        self._settle()
                        break
            except Trap as trap:
                self._take(trap)
                time.now += 1
                done += 1
        self.executed += done
        return done

    def step(self) -> Record:
        """One instruction, trap or interrupt, and its record."""
        record = self._attend() if self.time.now >= self.agenda.attention else None
        if record is None:
            record = self._record()
            self.time.now += 1
        return record

    def _record(self) -> Record:
        pc = self.pc
        pcc = self.pcc
        try:
            record = (pcc.traced.get(pc) or self._decode_traced(pc))()
        except Trap as trap:
            self._take(trap)
            record = trap_record(self, pc, pcc.decoded.get(pc), trap)
        else:
            self.csrs.retired += self.csrs.counting
        self.executed += 1
        if not self._settled:
            self._settle()
        return record

    # Following another machine

    def follow_sweep(self, address: int, clears: bool) -> None:
        """Another machine's revoker has decided about the granule at an address: its tag was cleared, or not.

        Raises Disagreement unless that granule is next, and the decision is this machine's also.
        """
        revoker = self.platform.revoker
        if not revoker.running or not revoker.granules or revoker.granules[0] != address:
            expected = f"next is {revoker.granules[0]:#010x}" if revoker.granules else "there is none to visit"
            raise Disagreement(f"the revoker visited the granule at {address:#010x}; {expected}")
        if self._sweep_granule() != clears:
            what = ("kept the tag of", "cleared the tag of")[clears]
            raise Disagreement(f"the revoker {what} the granule at {address:#010x}, wrongly")

    def follow_sweep_end(self) -> None:
        """Another machine's sweep has ended. One over an empty range ends here by itself. Raises Disagreement."""
        revoker = self.platform.revoker
        if revoker.granules:
            raise Disagreement(f"the sweep ended before the granule at {revoker.granules[0]:#010x}")
        if revoker.running:
            self.lines.note()
            self._end_sweep()
            self._settle()

    def follow_zeroing(self, address: int, clock: int) -> None:
        """Another machine's stack zeroiser has stored zeros in the granule at an address. Raises Disagreement."""
        left = self.zeroiser.left
        if not left or address != left[0]:
            expected = f"next is {left[0]:#010x}" if left else "there is none to zero"
            raise Disagreement(f"the zeroiser came to the granule at {address:#010x}; {expected}")
        self.time.now = clock
        self.zeroiser.step()
        if not self._settled:
            self._settle()

    def follow(self, record: Record) -> Record:
        """What this machine does where another one did `record`, as a record to compare with it.

        Taken from `record`: the clock, whether an interrupt was taken, and the interrupt lines that it saw, which
        must be what the lines were a few clocks ago at most. Raises Disagreement for an interrupt that cannot be,
        or that is overdue.
        """
        flags = record[0]
        self.time.now = flags & CLOCK_MASK
        self.agenda.observed = flags >> MIP_AT & ALL_LINES
        if self.time.now >= self.agenda.device_due:
            self._device_changed()
        pc = self.pc
        if flags & INTERRUPTED:
            lines = self.agenda.check_taken(pc)
            return interrupt_record(self, pc, self._take_interrupt(lines), lines)
        self.agenda.check_not_taken(pc)
        if self.zeroiser.left:
            self._check_waited(unpack(record))
        return self._record()

    def _check_waited(self, fields: dict[str, int]) -> None:
        """A load or store in memory that is still to be zeroed comes too early. Raises Disagreement."""
        address, size = fields["mem_address"], (fields["mem_rmask"] | fields["mem_wmask"]).bit_count()
        if size and self.zeroiser.covers(address, size):
            raise Disagreement(f"an access to {address:#010x} did not wait until it was zeroed")


def _probed(look: Callable[[], None], execute: Execution) -> Execution:
    def run() -> int:
        look()
        return execute()

    return run
