"""Component to Verilog text: the same text for the same component, wherever and whenever."""

import re
from collections.abc import Iterator

from amaranth.back import verilog
from amaranth.lib import wiring

LINT_OFF = {
    "DECLFILENAME": "one file holds all modules",
    "UNUSEDSIGNAL": "structs travel whole, and every named value keeps its name",
    "WIDTHEXPAND": "operands are extended implicitly where Amaranth extends them",
    "WIDTHTRUNC": "logical not of a vector",
    "CASEINCOMPLETE": "a default is assigned in front of each case statement",
    "CASEOVERLAP": "the first item that matches counts",
    "PROCASSINIT": "registers have a value before the first reset, too",
    "UNOPTFLAT": "structs count as one signal; the design has no combinational loops",
    "VARHIDDEN": "a memory may be called like the instance it is in",
}
"""Warnings of Verilator -Wall that the style of generated text provokes, and why they say nothing here."""

INITIAL = re.compile(r" +(?P<memory>\S+|\\\S+ )\[(?P<index>\d+)\] = (?P<value>.*);")
ZERO = re.compile(r"\d+'[dh]0+")


def to_verilog(component: wiring.Component, name: str) -> str:
    """The module `name` and all modules inside it. Clock `clk`, synchronous reset `rst`, both of the top."""
    text = verilog.convert(component, name=name, emit_src=False, strip_internal_attrs=True)
    header = ["// Generated from an Amaranth design: change that, not this.", ""]
    header += [f"/* verilator lint_off {warning} */ // {reason}" for warning, reason in LINT_OFF.items()]
    return "\n".join([*header, "", *_with_short_contents(text.splitlines()), ""])


def _with_short_contents(lines: list[str]) -> Iterator[str]:
    """The text initialises memories word by word. Those that start with zeros need a loop, and in simulators only:

    nothing in the design relies on it, block RAM starts with zeros anyway, and Yosys takes minutes for it.
    """
    position, loops = 0, 0
    while position < len(lines):
        words = []
        if lines[position] == "  initial begin":
            for line in lines[position + 1 :]:
                if not (match := INITIAL.fullmatch(line)):
                    break
                words.append(match)
        if not words or not all(ZERO.fullmatch(word["value"]) for word in words):
            yield lines[position]
            position += 1
            continue
        loops += 1
        yield "`ifndef SYNTHESIS"
        yield f"  initial begin : zeros_{loops}"
        yield "    integer i;"
        yield f"    for (i = 0; i < {len(words)}; i = i + 1)"
        yield f"      {words[0]['memory']}[i] = {words[0]['value']};"
        yield "  end"
        yield "`endif"
        position += len(words) + 2  # with `initial begin` and `end`
