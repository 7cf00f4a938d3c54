"""What the plots of a study share: style, colours, the runs of a size, and how they are written."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.record import atomic_write
from hf_abc.scaling.fits import Fits
from hf_abc.scaling.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

STYLE: Any = {
    "svg.hashsalt": "hf_abc",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
COLORS = {"gpt2": "#3566a8", "lstm": "#c8792b"}
MARKS = {"gpt2": "o", "lstm": "s"}
NAMES = {"gpt2": "GPT-2", "lstm": "LSTM"}


def write_svg(figure: Figure, path: Path) -> None:
    """Write a figure so that two drawings of the same results are equal byte for byte."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    lines = drawn.getvalue().decode("utf-8").splitlines()
    atomic_write(path, "\n".join(line.rstrip() for line in lines) + "\n")


def by_size(fits: Fits, family: str) -> dict[str, list[Result]]:
    """The ladder runs of each size, the smallest first, by seed."""
    found: dict[str, list[Result]] = {}
    for run in fits.ladder(family):
        found.setdefault(run.size, []).append(run)
    return found


def last(fits: Fits, family: str) -> Result:
    """The largest model of a family, its first seed."""
    return list(by_size(fits, family).values())[-1][0]


def few_ticks(axis: Axis) -> None:
    """Numbers at 1, 2 and 5 of each power of ten of a logarithmic axis, and nowhere else."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=30))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(
        lambda value, _: f"{value:g}" if value < 1e5 else f"{value:.0e}".replace("+", "")
    )


def placed(axes: Axes, found: Mapping[str, Any], family: str, label: str) -> None:
    """Values with intervals over named places; what was not measured is left out."""
    known = {name: one for name, one in found.items() if one["value"] is not None and one["low"] is not None}
    values = [one["value"] for one in known.values()]
    errors = [[abs(one[end] - one["value"]) for one in known.values()] for end in ("low", "high")]
    axes.errorbar(
        list(known), values, yerr=errors, fmt=MARKS[family] + "-", color=COLORS[family], markersize=4,
        label=NAMES[family],
    )  # fmt: skip
    axes.set_xlabel(label)
    axes.tick_params(axis="x", rotation=40)
