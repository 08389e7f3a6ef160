"""Print the quantitative comparisons with other systems; each number from a calculation or a run of the model."""

import argparse
import textwrap
from pathlib import Path

from cosim.errors import UserError
from rtos_model.services.comparisons import Comparison
from rtos_model.services.delays import COMPARISONS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="QC-n", help="only these comparisons (default: all)")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="also write plots (PNG and SVG) to this folder")


def run(args: argparse.Namespace) -> int:
    for name in args.names:
        if name not in COMPARISONS:
            raise UserError(f"no comparison {name!r}; there are {', '.join(COMPARISONS)}")
    pyplot = matplotlib() if args.plots else None
    for name in args.names or COMPARISONS:
        made = COMPARISONS[name]()
        print(table(made), end="\n\n", flush=True)
        if pyplot and made.plot:
            for path in draw(pyplot, made, args.plots):
                print(f"wrote {path}")
    return 0


def table(made: Comparison) -> str:
    """The comparison as text, columns aligned."""
    cells = [made.columns, *(tuple(text(cell) for cell in row) for row in made.rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(made.columns))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    rule = "  ".join("-" * width for width in widths)
    remark = [f"  {made.remark}"] if made.remark else []
    title = [f"{made.id}  {made.title}", f"  stated: {made.statement}"]
    return "\n".join([*title, *(f"  {line}".rstrip() for line in (lines[0], rule, *lines[1:])), *remark])


def text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def matplotlib():
    try:
        import matplotlib
    except ImportError:
        raise UserError("--plots needs matplotlib; install it with: pip install 'cheriot-amaranth[plots]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def draw(pyplot, made: Comparison, folder: Path) -> list[Path]:
    """The curves of `made.plot`, in two formats; cells that are no numbers are left out."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; name a folder that can be made") from None
    figure, axes = pyplot.subplots(layout="constrained")
    for label, points in curves(made):
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=label)
    axes.set_title(textwrap.fill(f"{made.id}: {made.title}", 70), fontsize=9)
    axes.set_xlabel(made.columns[made.plot.across])
    axes.set_ylabel(made.plot.unit)
    if made.plot.steep:
        axes.set_yscale("log")
    axes.legend()
    paths = [folder / f"{made.id.lower()}.{form}" for form in ("png", "svg")]
    for path in paths:
        figure.savefig(path)
    pyplot.close(figure)
    return paths


def curves(made: Comparison) -> list[tuple[str, list[tuple[object, object]]]]:
    """Label and points of each curve."""
    plot = made.plot
    factors = plot.factors or (1,) * len(plot.curves)
    labels = plot.labels or tuple(made.columns[curve] for curve in plot.curves)
    groups = [None] if plot.by is None else list(dict.fromkeys(row[plot.by] for row in made.rows))
    found = []
    for curve, factor, name in zip(plot.curves, factors, labels, strict=True):
        for group in groups:
            rows = [row for row in made.rows if plot.by is None or row[plot.by] == group]
            points = [(row[plot.across], row[curve] * factor) for row in rows if isinstance(row[curve], int | float)]
            label = name + ("" if plot.by is None else f" ({made.columns[plot.by]}: {group})")
            found.append((label, points))
    return found
