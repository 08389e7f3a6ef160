"""The commit stream as lines of text, for waves: what a record says, readable beside the signals.

The simulator stores them as characters in the dump itself, so that any viewer shows them without our tools.
"""

from collections.abc import Mapping

from cosim.compare.record import RECORD
from cosim.compare.symbols import Symbols
from cosim.trace.log import cause_name, executed, instruction_text, memory_effects
from rtl.isa.csr import CSR_BY_NUMBER, SCR_BY_NUMBER
from rtos_model.machine.capability import Cap
from rtos_model.machine.commit import unpack

TEXTS = {"instruction": 40, "place": 40, "result": 80, "memory": 48, "special": 80, "trap": 56, "pcc": 80}
"""Lines and their lengths in characters; longer ones are cut."""


class TextView:
    """Renders records; remembers the PCC, which a record has only when it changes, and what was executed where."""

    def __init__(self, symbols: Mapping[str, int]):
        self._symbols = Symbols(symbols)
        self._pcc = ""
        self._code: dict[int, str] = {}

    def render(self, record: bytes) -> bytes:
        """All lines of a record one after the other, each padded to its length."""
        fields = unpack(RECORD.unpack(record))
        lines = self.lines(fields)
        cells = ((lines[name].encode("ascii", "replace"), size) for name, size in TEXTS.items())
        return b"".join(text[:size].ljust(size, b"\0") for text, size in cells)

    def lines(self, fields: dict[str, int]) -> dict[str, str]:
        def cap(name: str, address: str = "") -> str:
            return describe(fields[f"{name}_tag"], fields[f"{name}_meta"], fields[address or f"{name}_address"])

        if fields["pcc_write"]:
            self._pcc = cap("pcc", "next_pc")
        special, trap = "", ""
        if fields["csr_write"] and (csr := CSR_BY_NUMBER.get(fields["csr"])):
            special = f"{csr.name} = {fields['csr_wdata']:08x}"
        elif fields["scr_write"]:
            special = f"{SCR_BY_NUMBER.get(fields['scr'], '?')} = {cap('scr')}"
        if fields["interrupt"]:
            trap = f"interrupt {cause_name(fields['cause'])}"
        elif fields["trap"]:
            trap = f"trap {cause_name(fields['cause'])}, mtval {fields['mtval']:08x}"
        instruction = instruction_text(fields, self._symbols.name)
        if executed(fields):
            self._code[fields["pc"]] = instruction
        return {
            "instruction": instruction,
            "place": self._symbols.name(fields["pc"]) or f"{fields['pc']:08x}",
            "result": f"c{fields['rd']} = {cap('rd')}" if fields["rd"] else "",
            "memory": " ".join(memory_effects(fields)),
            "special": special,
            "trap": trap,
            "pcc": self._pcc,
        }

    def code(self) -> str:
        """Address and text of every instruction executed, as GTKWave's translation files have it."""
        return "".join(f"{address:08X} {text} @{address:08x}\n" for address, text in sorted(self._code.items()))


def describe(tag: int, metadata: int, address: int) -> str:
    """A register's value: a plain number if there is nothing but an address, else the decoded capability."""
    if not tag and not metadata:
        return f"{address:08x}"
    return str(Cap.from_words(tag, metadata, address))
