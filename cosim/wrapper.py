"""The Verilog around a design in simulation: reports what happens to C++, lets it read and write memories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rtl.isa.commit import FIELDS, PLACES, WORDS

TOP = "tb"
ENDING = 3
CONSOLE = 64
"""Characters of output that waves show at a time."""
PATIENCE_BITS = 15
"""A design is stuck after 2**this cycles without a sign of life."""
WORD = 64


@dataclass(frozen=True)
class Array:
    """A memory (or, with depth 1, a register) inside the design: hierarchical name, shape.

    Memories of at most 64 bits can be written as well as read.
    """

    path: str
    depth: int
    width: int

    @property
    def words(self) -> int:
        """64-bit words of one element."""
        return -(-self.width // WORD)

    @property
    def writable(self) -> bool:
        return self.depth > 1 and self.words == 1


@dataclass(frozen=True)
class Event:
    """Something reported with its clock number: `value` in every cycle in which `when` is high (Verilog)."""

    when: str
    value: str


@dataclass(frozen=True)
class Design:
    """What the wrapper must know of a design: the name and ports of its module, and what to report.

    `commit` names the ports with "a record is there" and with the record (words as in `rtl.isa.commit`). The
    wrapper has the same inputs, and `settings`, which are for the lines of Verilog in `body`. `events` speak of
    inputs, outputs, what the body declares, and of `NAME_before`, an input in the cycle before; the first event
    ends a run. `idle` are the values of inputs at rest that are not 0.
    """

    module: str
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    commit: tuple[str, str]
    alive: str
    events: Sequence[Event]
    console: Sequence[int]
    arrays: Mapping[str, Array] = field(default_factory=dict)
    settings: Mapping[str, int] = field(default_factory=dict)
    body: Sequence[str] = ()
    idle: Mapping[str, int] = field(default_factory=dict)

    def at_rest(self) -> dict[str, int]:
        """Every input with its value at rest."""
        return dict.fromkeys((*self.inputs, *self.settings), 0) | self.idle


def record_field(design: Design, name: str) -> str:
    """Verilog for a field of the record at the commit port."""
    word, low, width = PLACES[name]
    at = WORD * word + low
    return f"{design.commit[1]}[{at + width - 1}:{at}]"


def control_file(design: Design) -> str:
    """Verilator's list of what stays visible from outside: the wrapper's inputs, nothing else."""
    names = _inputs(design)
    lines = [f'public_flat_rw -module "{TOP}" -var "{name}"' for name in names]
    return "\n".join(["`verilator_config", *lines, ""])


def wrapper(design: Design, texts: Mapping[str, int]) -> str:
    """The module `tb`. `texts` are the lines of text shown in waves: name and number of characters."""
    valid, record = design.commit
    bits = WORD * len(WORDS)
    size = 8 * sum(texts.values())
    ports = {**design.inputs, **design.outputs}
    lines = [
        f"module {TOP}({', '.join(f'input {_range(width)}{name}' for name, width in _inputs(design).items())});",
        f'  import "DPI-C" function int tb_commit(input bit [{bits - 1}:0] record);',
        f'  import "DPI-C" function void tb_text(input bit [{bits - 1}:0] record, output bit [{size - 1}:0] text);',
        '  import "DPI-C" function void tb_event(input int kind, input longint clock, input longint value);',
        '  export "DPI-C" function tb_peek;',
        '  export "DPI-C" function tb_poke;',
        "",
        *(f"  wire {_range(width)}{name};" for name, width in design.outputs.items()),
        f"  {design.module} dut(.clk(clk), .rst(rst), {', '.join(f'.{name}({name})' for name in ports)});",
        "",
        f"  reg [{bits - 1}:0] shown = 0;  // the last record, in waves only",
        f"  reg [{size - 1}:0] characters = 0;",
        f"  reg [{8 * CONSOLE - 1}:0] console = 0;  // the last characters printed, for waves",
        "  reg retired = 0;",
        "  commit_view commit_view(.retired(retired), .record(shown), .characters(characters));",
        "",
        *(f"  {line}" for line in design.body),
        *(f"  reg {_range(width)}{name}_before;" for name, width in design.inputs.items()),
        "  reg [63:0] clock = 0;",
        f"  reg [{PATIENCE_BITS}:0] waited = 0;",
        f"  wire stuck = waited[{PATIENCE_BITS}];",
        "  always @(posedge clk) begin",
        "    clock <= rst ? 0 : clock + 1;",
        "    retired <= 0;",
        f"    waited <= rst || {design.alive} ? 0 : waited + !stuck;",
        *(f"    {name}_before <= {name};" for name in design.inputs),
        "    if (!rst) begin",
        f"      if ({valid}) if (tb_commit({record}) != 0) begin",
        "        retired <= 1;",
        f"        shown <= {record};",
        f"        tb_text({record}, characters);",
        "      end",
        *(
            f"      if ({event.when}) tb_event({kind}, clock, {{{event.value}}});"
            for kind, event in enumerate(design.events)
        ),
        *(
            f"      if ({event.when}) console <= {{console[{8 * CONSOLE - 9}:0], 8'({{{event.value}}})}};"
            for event in map(design.events.__getitem__, design.console)
        ),
        "    end",
        "  end",
        "",
        *_access(design.arrays),
        "endmodule",
        "",
        *_view(texts, bits),
    ]
    return "\n".join(lines)


def _inputs(design: Design) -> dict[str, int]:
    return {"clk": 1, "rst": 1, **design.inputs, **design.settings}


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _access(arrays: Mapping[str, Array]) -> list[str]:
    """Functions that read and write one 64-bit word of one element; arrays are numbered in their order."""
    reads, writes = [], []
    for number, array in enumerate(arrays.values()):
        element = f"dut.{array.path}" + (f"[index[{(array.depth - 1).bit_length() - 1}:0]]" if array.depth > 1 else "")
        shifted = f"({element} >> (64 * word))" if array.words > 1 else element
        reads.append(f"      {number}: tb_peek = 64'({shifted});")
        if array.writable:
            writes.append(f"      {number}: {element} = {array.width}'(data);")
    return [
        "  function longint tb_peek(input int memory, input int index, input int word);",
        "    case (memory)",
        *reads,
        "      default: tb_peek = 0;",
        "    endcase",
        "  endfunction",
        "  function void tb_poke(input int memory, input int index, input longint data);",
        "    case (memory)",
        *writes,
        "      default: ;",
        "    endcase",
        "  endfunction",
    ]


def _view(texts: Mapping[str, int], bits: int) -> list[str]:
    """A module whose wires are the fields of a record and its texts, for waves."""
    characters = sum(texts.values())
    lines = [
        f"module commit_view(input retired, input [{bits - 1}:0] record, input [{8 * characters - 1}:0] characters);",
    ]
    for name, width in FIELDS.items():
        word, low, _ = PLACES[name]
        at = WORD * word + low
        lines.append(f"  wire {_range(width)}{name} = record[{at + width - 1}:{at}];")
    high = 8 * characters
    for name, length in texts.items():
        lines.append(f"  wire [{8 * length - 1}:0] text_{name} = characters[{high - 1}:{high - 8 * length}];")
        high -= 8 * length
    return [*lines, "endmodule", ""]
