"""The picture: growth and release of every regime at a glance, and the first steps up close.

Must not:  draw a number that was not measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from gpugrad.errors import format_bytes

from .table import signed
from .training import Result

COLOURS = {
    "freed": "#0072B2",
    "two_losses": "#009E73",
    "kept_losses": "#D55E00",
    "carried_state": "#8B3A8F",
    "gradient_penalty": "#B8860B",
}
INK, FAINT, GRID = "#222222", "#777777", "#E6E6E6"
CLOSE = 6  # steps in the lower panels
SLOT = 0.245  # width of a release in the upper panel, in lengths of the run
CLOSE_LABEL = "the first steps;  colour, held by graphs;  grey, all that the device gave out"
TITLE = "What a graph keeps, and what gives it back"
STYLE = {
    "lines.solid_capstyle": "round",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
}


def draw(results: list[Result], heading: str, path: Path) -> None:
    """Writes the picture to ``path``."""
    shown = [result for result in results if result.steps]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12, 7.2))
        columns = max(1, len(shown))
        grid = figure.add_gridspec(
            2, columns, height_ratios=(1.5, 1), left=0.065, right=0.975, top=0.86, bottom=0.085,
            hspace=0.5, wspace=0.42,
        )  # fmt: skip
        figure.text(0.065, 0.955, TITLE, size=16, weight="bold")
        figure.text(0.065, 0.92, heading, size=9.5, color=FAINT)
        whole_run(figure.add_subplot(grid[0, :]), shown)
        for column, result in enumerate(shown):
            close_up(figure.add_subplot(grid[1, column]), result, first=column == 0)
        figure.savefig(path, dpi=130)


def whole_run(axes: Any, results: list[Result]) -> None:
    """Bytes held after each step of every regime, and the drop when the graphs are released."""
    top = max(step.held for result in results for step in result.steps) or 1
    bytes_axis(axes, top)
    growing = [r for r in results if r.steps[-1].held > 0.03 * top]
    last = max(len(result.steps) for result in results)
    for result in results:
        held = [0, *(step.held for step in result.steps)]
        axes.plot(range(len(held)), held, color=COLOURS[result.name], lw=2.2)
    for place, result in enumerate(growing):
        draw_release(axes, result, last * (1.02 + SLOT * place), top)
    label_flat(axes, [r for r in results if r not in growing], last, top)
    axes.set_xlim(0, last * (1.02 + SLOT * max(1, len(growing))))
    axes.set_ylim(-0.015 * top, 1.06 * top)
    ticks = MaxNLocator(8, integer=True).tick_values(0, last)
    axes.set_xticks([tick for tick in ticks if tick <= last])
    axes.spines["bottom"].set_bounds(0, last)
    axes.set_xlabel("step", loc="left")
    axes.set_title("Held by live graphs after each step", loc="left", size=10.5, weight="bold")


def draw_release(axes: Any, result: Result, x: float, top: float) -> None:
    """After its last step a regime keeps its bytes until its graphs are released."""
    colour, held, release = COLOURS[result.name], result.steps[-1].held, result.release
    lines = [f"{signed(result.held_slope)} per step"]
    if release is not None:
        path = [held, held, release.held_after]
        axes.plot([len(result.steps), x, x], path, color=colour, lw=1.6, ls=(0, (1, 1.5)))
        axes.plot([x], [release.held_after], "o", color=colour, ms=6, clip_on=False, zorder=4)
        lines += [f"{plural(release.graphs, 'graph')} released:"]
        lines += [f"{format_bytes(release.returned)} came back"]
    place = {"xytext": (9, 0), "textcoords": "offset points", "va": "top", "color": colour}
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axes.annotate(result.title, (x, 0.66 * top), weight="bold", size=10, bbox=box, **place)
    axes.annotate("\n".join(lines), (x, 0.585 * top), bbox=box, linespacing=1.4, **place)


def label_flat(axes: Any, results: list[Result], last: int, top: float) -> None:
    """One label for all regimes whose graphs do not outlive the step."""
    if results:
        names = "  ·  ".join(result.title for result in results)
        most = max(step.held for result in results for step in result.steps)
        text = f"{names}:  {format_bytes(most)}"
        axes.text(0.985 * last, 0.025 * top, text, ha="right", weight="bold", size=9)


def close_up(axes: Any, result: Result, first: bool) -> None:
    """Every reading of the first steps: held as a filled area, the device's bytes as a line."""
    readings = [r for r in result.readings if r.step < CLOSE and "release" not in r.phase]
    phases = [r.phase for r in readings if r.step == 0]
    x = [r.step + phases.index(r.phase) / (len(phases) - 1) for r in readings]
    held = [r.held for r in readings]
    allocated = [r.allocated for r in readings]
    colour = COLOURS[result.name]
    bytes_axis(axes, max(held + allocated))
    axes.fill_between(x, held, color=colour, alpha=0.25, lw=0)
    axes.plot(x, held, color=colour, lw=1.8)
    axes.plot(x, allocated, color=FAINT, lw=1)
    axes.set_xlim(0, CLOSE)
    axes.set_ylim(0, None)
    axes.set_xticks(range(0, CLOSE + 1, 2))
    axes.set_title(result.title, loc="left", size=9.5, weight="bold", color=colour, pad=16)
    growth = f"{signed(result.held_slope)} per step"
    axes.text(0, 1.045, growth, transform=axes.transAxes, size=8.5)
    if first:
        axes.set_xlabel(CLOSE_LABEL, loc="left")


def bytes_axis(axes: Any, top: float) -> None:
    """Ticks at round numbers of the unit that fits ``top``."""
    unit = next((u for u in (2**30, 2**20, 2**10) if top >= 1.5 * u), 1)
    name = {2**30: "GiB", 2**20: "MiB", 2**10: "KiB", 1: "B"}[unit]
    ticks = MaxNLocator(4, steps=[1, 2, 4, 5, 10]).tick_values(0, top / unit)
    axes.set_yticks([tick * unit for tick in ticks if tick * unit <= 1.02 * top])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y / unit:g} {name}" if y else "0"))
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
