"""How a program ends a simulation, as Verilog for the wrapper. Source: platform specification, "Exit conventions".

The golden machine has its own version of the same rules (`rtos_model.machine.platform`).
"""

from cosim.wrapper import Design, record_field
from rtl.config import SocConfig
from rtos_model.machine.platform import FAREWELL, FAREWELL_TEXT

TOHOST = "tohost"
"""Setting of the wrapper: the address that a host interface watches; 0 if there is none. Also the symbol's name."""


def endings(config: SocConfig, design: Design) -> list[str]:
    """Wires `exit_now`, with `exit_code`; `said`, a character for the console; `hung`, an endless loop of traps."""
    field = {
        name: record_field(design, name)
        for name in ("trap", "mem_wmask", "mem_address", "mem_wdata", "pc", "next_pc")
    }
    lines = [
        f"wire stored = {design.commit[0]} && !{field['trap']} && {TOHOST} != 0;",
        f"wire low_stored = stored && {field['mem_address']} == {TOHOST} && ({field['mem_wmask']} & 8'h0f) == 8'h0f;",
        f"wire high_alone = stored && {field['mem_address']} == {TOHOST} + 4 && {field['mem_wmask']} == 8'h0f;",
        f"wire high_stored = high_alone || low_stored && {field['mem_wmask']} == 8'hff;",
        f"wire [63:0] stored_data = {field['mem_wdata']};",
        "reg [31:0] payload;  // the low word of tohost",
        "always @(posedge clk) payload <= rst ? 0 : low_stored ? stored_data[31:0] : payload;",
        "wire [31:0] low = low_stored ? stored_data[31:0] : payload;",
        "wire [31:0] high = high_alone ? stored_data[31:0] : stored_data[63:32];",
        "wire host_exit = high_stored && low[0] && high[31:24] == 0;  // device 0 ends the run",
        f"wire hung = {design.commit[0]} && {field['trap']} && {field['next_pc']} == {field['pc']};",
    ]
    exits = {"host_exit": "{1'b0, low[31:1]}"}
    if config.uart is not None:
        last, text = len(FAREWELL) - 1, len(FAREWELL_TEXT)
        lines += [
            f"localparam [{8 * len(FAREWELL) - 1}:0] FAREWELL = {_constant(FAREWELL)};",
            "reg [7:0] heard;  // characters of it so far, in a row",
            "wire next_of_it = uart__sent_valid && uart__sent == FAREWELL[8 * heard +: 8];",
            f"wire farewell_exit = next_of_it && heard == {last};",
            f"wire farewell_byte = next_of_it && heard >= {text};  // not text, and no exit code either",
            "always @(posedge clk)",
            "  if (rst) heard <= 0;",
            f"  else if (next_of_it) heard <= heard == {last} ? 0 : heard + 1;",
            "  else if (uart__sent_valid) heard <= {7'b0, uart__sent == FAREWELL[7:0]};",
            f"wire uart_exit = uart__sent_valid && uart__sent[7] && !farewell_byte && {int(config.uart_exit)};",
            "wire said = uart__sent_valid && !uart_exit && !farewell_byte;",
        ]
        exits |= {"farewell_exit": "0", "uart_exit": "{25'b0, uart__sent[6:0]}"}
    if config.simctl is not None:
        exits = {"simctl__exit_valid": "simctl__exit_code", **exits}
    code = " : ".join(f"{when} ? {value}" for when, value in exits.items())
    return [*lines, f"wire exit_now = {' || '.join(exits)};", f"wire [31:0] exit_code = {code} : 0;"]


def _constant(text: bytes) -> str:
    """Verilog of a string with its first character lowest."""
    return f"{8 * len(text)}'h{int.from_bytes(text, 'little'):x}"
