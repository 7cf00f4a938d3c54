"""The pictures of a dataset card: where the tunes come from, what music they are, and the families.

Drawn from report.json alone and without the clock, so that equal reports give equal files.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_MOST = 12  # bars of one picture
_LEFT_OUT, _SIDES = "#d9d4c7", {"train": "#35618f", "validation": "#d98c3f", "test": "#7d9c5c"}
_INK = _SIDES["train"]
_SPLITS = {"random": "random", "by_number": "by number", "by_family": "by family"}
_MEASURES = {
    "near_twin_in_train": "a near-duplicate",
    "24_notes_in_train": "24 notes in a row",
    "24_letters_in_train": "24 letters in a row",
}


def draw(folder: Path, report: dict[str, Any]) -> None:
    """Draw `plots/sources.png`, `plots/music.png` and `plots/families.png` below the folder."""
    place = folder / "plots"
    place.mkdir()
    _sources(report).savefig(place / "sources.png", metadata={"Software": None})
    _music(report).savefig(place / "music.png", metadata={"Software": None})
    _families(report).savefig(place / "families.png", metadata={"Software": None})


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure  # not pyplot: no window, no state

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def _sources(report: dict[str, Any]) -> "Figure":
    """Tunes kept and dropped of each source, the largest first."""
    sources = sorted(report["sources"].items(), key=lambda item: -item[1]["read"])
    names = [_short(name) for name, _ in sources]
    read, kept = ([counts[key] for _, counts in sources] for key in ("read", "kept"))
    figure = _figure(7, 1.1 + 0.28 * len(names))
    axes = figure.subplots()
    axes.barh(names, read, color=_LEFT_OUT, label="dropped")
    axes.barh(names, kept, color=_INK, label="kept")
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="lower right", fontsize=8)
    _plain(axes, "Tunes read from each source")
    return figure


def _music(report: dict[str, Any]) -> "Figure":
    """Lengths, rhythms, meters and keys of the kept tunes."""
    found = report["statistics"]
    figure = _figure(9, 6.5)
    lengths, rhythms, meters, keys = figure.subplots(2, 2).ravel()
    edges = [float(edge) for edge in found["histogram"]["edges"]]
    counts = found["histogram"]["tunes"]
    lengths.stairs(counts, edges, fill=True, color=_INK)
    lengths.set_xscale("log")
    _log(lengths.xaxis)
    _plain(lengths, "Characters of a tune")
    for axes, name in ((rhythms, "rhythms"), (meters, "meters"), (keys, "keys")):
        shown = list(found[name].items())[:_MOST]
        axes.barh([_short(value or "(none)") for value, _ in shown], [n for _, n in shown], color=_INK)
        axes.invert_yaxis()
        more = f" (and {len(found[name]) - _MOST:,} more)" if len(found[name]) > _MOST else ""
        _plain(axes, f"{name.capitalize()}{more}")
    return figure


def _families(report: dict[str, Any]) -> "Figure":
    """How large families are, and what three ways to split would leak."""
    figure = _figure(9, 3.4)
    sizes, leaks = figure.subplots(1, 2)
    of_size = {int(size): count for size, count in report["families"]["of_size"].items()}
    sizes.plot(list(of_size), list(of_size.values()), "o", color=_INK, markersize=4)
    sizes.set_xscale("log")
    sizes.set_yscale("log")
    _log(sizes.xaxis)
    _log(sizes.yaxis)
    _plain(sizes, "Families of each size")
    sizes.set_xlabel("tunes in the family", fontsize=8)
    sizes.set_ylabel("families", fontsize=8)
    splits = [name for name in _SPLITS if name in report["leaks"]]
    for number, name in enumerate(splits):
        shares = [100 * report["leaks"][name][measure] for measure in _MEASURES]
        places = [place + 0.27 * (number - 1) for place in range(len(_MEASURES))]
        bars = leaks.bar(places, shares, width=0.25, color=list(_SIDES.values())[number], label=_SPLITS[name])
        leaks.bar_label(bars, fmt="%.1f", fontsize=7)
    leaks.set_xticks(range(len(_MEASURES)), list(_MEASURES.values()), fontsize=8)
    leaks.legend(loc="upper left", frameon=False, title="split", title_fontsize=8, fontsize=8)
    leaks.margins(y=0.25)
    _plain(leaks, "% of test tunes that share with train")
    return figure


def _log(axis: "Axis") -> None:
    """Numbers that can be read on a logarithmic axis."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:,.0f}")


def _plain(axes: "Axes", title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        if max(low, high) >= 1000 and axis.get_scale() == "linear":
            axis.set_major_formatter("{x:,.0f}")


def _short(name: str) -> str:
    """A name that fits beside a bar, without what matplotlib would read as a formula."""
    name = name.replace("$", r"\$")
    return name if len(name) <= 24 else name[:23] + "…"
