"""Plots of a scorecard, as SVG files: where the bits go, how sound the samples are, how far they are from
human tunes. Drawn from the sections of run.json and from nothing else.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.evaluation.scorecard_table import DISTANCES, SHARES
from hf_abc.record import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLE: Any = {  # the hash salt makes two drawings of one plot equal byte for byte
    "svg.hashsalt": "hf_abc",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BLUE, ORANGE, GREY = "#3566a8", "#c8792b", "#777777"


def draw_plots(sections: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write bits.svg, shares.svg and music.svg into a folder, those of them that the sections have numbers
    for.
    """
    plots: dict[str, tuple[Callable[[Any, Mapping[str, Any]], None], float]] = {}
    if "by_place" in sections["evaluation"]:
        plots["bits"] = (_bits, 3.2)
    plots["shares"] = (_shares, 0.6 + 0.3 * len(SHARES))
    plots["music"] = (_music, 0.8 + 0.3 * len(DISTANCES))
    return [_draw(plot, sections, folder / f"{name}.svg", height) for name, (plot, height) in plots.items()]


def _draw(
    plot: Callable[[Any, Mapping[str, Any]], None], sections: Mapping[str, Any], file: Path, height: float
) -> Path:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7.5, height), layout="constrained")
        plot(figure, sections)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    atomic_write(file, drawn.getvalue())
    return file


def _bits(figure: Any, sections: Mapping[str, Any]) -> None:
    measured = sections["evaluation"]
    left, right = figure.subplots(1, 2)
    _intervals(left, measured["by_place"], BLUE)
    left.axhline(measured["witten_bell_5"]["value"], color=GREY, linestyle="--", linewidth=1)
    left.annotate("5-gram", (0, measured["witten_bell_5"]["value"]), color=GREY, va="bottom")
    left.set_xlabel("characters from the start of the tune")
    left.set_ylabel("bits per character")
    left.tick_params(axis="x", rotation=45)
    parts = {name: found for name, found in measured["by_part"].items() if name != "end"}
    _intervals(right, parts, ORANGE)
    right.set_xlabel("part of the tune")
    right.tick_params(axis="x", rotation=20)
    for axes in (left, right):
        axes.set_ylim(bottom=0)


def _shares(figure: Any, sections: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    sampled, human = sections["samples"]["shares"], sections["evaluation"]["human"]
    names = [name for name in SHARES if name in sampled][::-1]
    for found, color, shift, label in (
        (sampled, BLUE, 0.15, "samples"),
        (human, ORANGE, -0.15, "held-out human tunes"),
    ):
        known = [
            (i + shift, found[name])
            for i, name in enumerate(names)
            if found.get(name, {}).get("value") is not None
        ]
        values = [100 * one["value"] for _, one in known]
        errors = _errors([one for _, one in known], 100)
        places = [place for place, _ in known]
        axes.errorbar(values, places, xerr=errors, fmt="o", markersize=4, color=color, label=label)
    axes.set_yticks(range(len(names)), [SHARES[name] for name in names])
    axes.set_xlim(-2, 102)
    axes.set_xlabel("% of tunes (95 % intervals)")
    axes.legend(frameon=False, loc="best")


def _music(figure: Any, sections: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    found = sections["samples"]["music"]
    measured = [name for name in DISTANCES if found[name]["value"] is not None]
    names = [name for name in measured if found[name]["floor_high"]][::-1]
    for place, name in enumerate(names):
        one = found[name]
        axes.plot([0, 1], [place, place], color=GREY, linewidth=6, alpha=0.3, solid_capstyle="butt")
        axes.plot(one["value"] / one["floor_high"], place, "o", color=BLUE)
    axes.axvline(1, color=GREY, linewidth=1)
    axes.set_yticks(range(len(names)), [DISTANCES[name] for name in names])
    axes.set_xlim(left=0)
    axes.set_xlabel("distance to held-out human tunes; 1 is the largest between human tunes in 20 draws")


def _intervals(axes: Axes, found: Mapping[str, Mapping[str, Any]], color: str) -> None:
    """Values with their intervals over named places; what was not measured is left out."""
    known = {name: one for name, one in found.items() if one["value"] is not None}
    values = [one["value"] for one in known.values()]
    axes.errorbar(
        list(known), values, yerr=_errors(list(known.values())), fmt="o-", markersize=4, color=color
    )


def _errors(found: Sequence[Mapping[str, Any]], scale: float = 1) -> list[list[float]]:
    """How far the ends of intervals lie below and above their values; 0 where there is no interval."""
    return [
        [scale * abs(one["value"] - (one["value"] if one[end] is None else one[end])) for one in found]
        for end in ("low", "high")
    ]
