"""A save file for GTKWave beside a dump: the groups of `cosim.trace.groups`, with the dump's own signals."""

import re
from pathlib import Path

from vcd.gtkw import GTKWColor, GTKWSave

from cosim.trace.dump import signals
from cosim.trace.groups import FIELD, GROUPS

ZOOM = -14.5
"""About twenty clock cycles in a window."""
_UNIQUE = re.compile(rf"\$\d+(?=\.|{FIELD}|$)")
_COLORS = (GTKWColor.green, GTKWColor.yellow, GTKWColor.orange)


def code_file(dump: Path) -> Path:
    """Where the texts of executed instructions stand, by address, for GTKWave to translate addresses with."""
    return dump.with_suffix(".code")


def plain_name(name: str) -> str:
    """A signal's name without the numbers that make it unique."""
    return _UNIQUE.sub("", name)


def write_save_file(dump: Path) -> Path:
    """Write NAME.gtkw beside the dump NAME; returns its path. It names the dump by its absolute path."""
    dump = dump.absolute()
    known: dict[str, tuple[str, int]] = {}
    for name, width in signals(dump).items():
        plain = plain_name(name)
        if plain not in known or name == plain:
            known[plain] = (name, width)
    path = dump.with_suffix(".gtkw")
    with open(path, "w") as file:
        save = GTKWSave(file)
        save.dumpfile(str(dump))
        save.savefile(str(path))
        save.timestart(0)
        save.zoom_markers(ZOOM)
        save.signals_width(260)
        save.sst_expanded(False)
        save.size(1800, 1000)
        colored = 0
        for group in GROUPS:
            full = ((shown, f"{group.scope}.{shown.name}") for shown in group.signals)
            found = [(shown, *known[name]) for shown, name in full if name in known]
            if not found:
                continue
            color = _COLORS[colored % len(_COLORS)]
            colored += 1
            with save.group(group.title, closed=group.closed):
                for shown, name, width in found:
                    code = shown.form == "code"
                    save.trace(
                        f"{name}[{width - 1}:0]" if width > 1 else name,
                        alias=(shown.alias or shown.name).replace(FIELD, " "),
                        color=color,
                        datafmt="hex" if code else shown.form,
                        translate_filter_file=str(code_file(dump)) if code and code_file(dump).exists() else None,
                    )
    return path

