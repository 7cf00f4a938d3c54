"""Pictures of a study, as SVG files: two drawings of the same results are equal byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hf_abc.scaling.fits import Fits
from hf_abc.scaling.plot_parts import COLORS, MARKS, NAMES, STYLE, by_size, few_ticks, last, placed, write_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_study(fits: Fits, folder: Path) -> list[str]:
    """Write all plots that the results have numbers for into a folder; the names of their files."""
    import matplotlib
    from matplotlib.figure import Figure

    names = []
    for name, (plot, possible) in _PLOTS.items():
        if not possible(fits):
            continue
        with matplotlib.rc_context(STYLE):
            figure = Figure(figsize=(7.5, 3.4), layout="constrained")
            plot(figure, fits)
            write_svg(figure, folder / f"{name}.svg")
        names.append(f"{name}.svg")
    return names


def _size(figure: Figure, fits: Fits) -> None:
    """Loss against size: each run, the fit with c and without, the largest size's predicted interval."""
    axes = figure.subplots()
    for family in fits.families:
        runs, color = fits.ladder(family), COLORS[family]
        axes.plot(
            [run.matmul for run in runs], [fits.loss(run) for run in runs], MARKS[family], color=color,
            markersize=4, label=NAMES[family],
        )  # fmt: skip
        found = fits.families[family]
        for key, style in (("matmul", "-"), ("matmul without c", ":")):
            if key in found.below:
                sizes = np.geomspace(min(r.matmul for r in runs), 1.3 * max(r.matmul for r in runs), 100)
                axes.plot(
                    sizes, [found.below[key].predict(n) for n in sizes], style, color=color, linewidth=1
                )
        if found.held_out is not None and found.held_out.predicted.low is not None:
            one = found.held_out.predicted
            at = next(run.matmul for run in runs if run.size == found.held_out.size)
            axes.errorbar(
                at * 1.06, one.value, yerr=[[one.value - (one.low or 0)], [(one.high or 0) - one.value]],
                color=color, capsize=3, linewidth=1,
            )  # fmt: skip
    for value, name in ((fits.ground.witten_bell, "5-gram"), (fits.ground.xz, "xz")):
        axes.axhline(value, color="#777777", linestyle="--", linewidth=1)
        axes.annotate(name, (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    axes.set(xscale="log", xlabel="parameters in matrices", ylabel="test nats per character")
    axes.legend()


def _curves(figure: Figure, fits: Fits) -> None:
    """Validation loss during training, of the first seed of each size."""
    panels = figure.subplots(1, len(fits.families), sharey=True, squeeze=False)[0]
    for axes, family in zip(panels, fits.families, strict=True):
        runs = [run for run in by_size(fits, family).values()]
        for place, (first, *_) in enumerate(runs):
            shade = 0.25 + 0.75 * (place + 1) / len(runs)
            axes.plot(
                [point["step"] for point in first.curve],
                [point["validation"] * np.log(2) for point in first.curve],
                color=COLORS[family], alpha=shade, label=first.size,
            )  # fmt: skip
        axes.set(title=NAMES[family], xlabel="step", ylabel="validation nats per character")
        axes.legend(ncols=2, fontsize=7)


def _costs(figure: Figure, fits: Fits) -> None:
    """Loss against operations, and against CPU seconds, of whole trainings."""
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, name, label in ((left, "flops", "FLOP of the training"), (right, "cpu_seconds", "CPU seconds")):
        for family in fits.families:
            runs = fits.ladder(family)
            axes.plot(
                [getattr(run, name) for run in runs], [fits.loss(run) for run in runs], MARKS[family],
                color=COLORS[family], markersize=4, label=NAMES[family],
            )  # fmt: skip
        axes.set(xscale="log", xlabel=label)
        few_ticks(axes.xaxis)
    left.set_ylabel("test nats per character")
    left.legend()


def _residuals(figure: Figure, fits: Fits) -> None:
    """What the fit of all sizes leaves, in per cent."""
    axes = figure.subplots()
    for family, found in fits.families.items():
        law = found.all.get("matmul")
        if law is not None:
            runs = fits.ladder(family)
            off = [100 * (fits.loss(run) / law.predict(run.matmul) - 1) for run in runs]
            axes.plot([r.matmul for r in runs], off, MARKS[family], color=COLORS[family], label=NAMES[family])
    axes.axhline(0, color="#777777", linewidth=1)
    axes.set(xscale="log", xlabel="parameters in matrices", ylabel="residual, %")
    axes.legend()


def _profile(figure: Figure, fits: Fits) -> None:
    """How much worse the fit is with another alpha."""
    axes = figure.subplots()
    widest = 0.4
    for family, found in fits.families.items():
        law = found.all.get("matmul")
        if law is not None:
            widest = max(widest, 1.3 * (2.0 if law.alpha.high is None else law.alpha.high))
            axes.plot(*zip(*law.profile, strict=True), color=COLORS[family], label=NAMES[family])
            for end in (law.alpha.low, law.alpha.high):
                if end is not None:
                    axes.axvline(end, color=COLORS[family], linestyle=":", linewidth=1)
    axes.set(xlim=(0, widest), ylim=(0, 12), xlabel="alpha", ylabel="sum of squares above the best, σ²")
    axes.legend()


def _places(figure: Figure, fits: Fits) -> None:
    """Loss by place in the tune and by its part, of the largest model of each family."""
    left, right = figure.subplots(1, 2)
    for family in fits.families:
        run = last(fits, family)
        placed(left, run.by_place, family, "characters from the start")
        placed(right, {k: v for k, v in run.by_part.items() if k != "end"}, family, "part of the tune")
    for axes in (left, right):
        axes.set_ylim(bottom=0)
    left.set_ylabel("test bits per character")
    left.legend(loc="lower right")


def _rates(figure: Figure, fits: Fits) -> None:
    """The sweeps, and the law of the best rate."""
    left, right = figure.subplots(1, 2)
    for number, (family, optima) in enumerate(fits.optima.items()):
        color = COLORS.get(family, f"C{number}")
        for one in optima:
            finite = [(rate, loss) for rate, loss in one.tried if np.isfinite(loss)]
            left.plot(*zip(*finite, strict=True), "o-", color=color, markersize=3, linewidth=1)
            left.axvline(one.rate, color=color, linestyle=":", linewidth=0.7)
            right.plot(one.width, one.rate, "o", color=color)
        widths = np.geomspace(min(o.width for o in optima) / 1.3, max(o.width for o in optima) * 2, 20)
        right.plot(
            widths, [fits.rates[family].rate(w) for w in widths], color=color, label=NAMES.get(family, family)
        )
    left.set(xscale="log", xlabel="learning rate", ylabel="validation nats per character")
    right.set(xscale="log", yscale="log", xlabel="width", ylabel="best learning rate")
    few_ticks(right.xaxis)
    few_ticks(right.yaxis)
    tried = sorted({rate for optima in fits.optima.values() for one in optima for rate, _ in one.tried})
    left.set_xticks(tried, [f"{rate:.2g}" for rate in tried], rotation=40, fontsize=7)
    left.minorticks_off()
    right.legend()


def _resources(figure: Figure, fits: Fits) -> None:
    """CPU seconds and memory of a run."""
    left, right = figure.subplots(1, 2)
    for family in fits.families:
        runs = fits.ladder(family)
        for axes, name in ((left, "cpu_seconds"), (right, "peak_memory_gib")):
            axes.plot(
                [run.matmul for run in runs], [getattr(run, name) for run in runs], MARKS[family],
                color=COLORS[family], markersize=4, label=NAMES[family],
            )  # fmt: skip
            axes.set(xscale="log", xlabel="parameters in matrices")
    left.set(yscale="log", ylabel="CPU seconds")
    few_ticks(left.yaxis)
    right.set(ylabel="peak memory, GiB", ylim=(0, None))
    left.legend()


def _samples(figure: Figure, fits: Fits) -> None:
    """How sound sampled tunes are, against size, beside human ones."""
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name, label in zip(panels, ("compiles", "bars_right"), ("no error", "bars right"), strict=True):
        for family in fits.families:
            runs = [run for run in fits.ladder(family) if name in run.samples]
            found = [run.samples[name] for run in runs]
            axes.errorbar(
                [run.matmul for run in runs],
                [100 * one["value"] for one in found],
                yerr=[[100 * abs(one[end] - one["value"]) for one in found] for end in ("low", "high")],
                fmt=MARKS[family], color=COLORS[family], markersize=4, label=NAMES[family],
            )  # fmt: skip
        if name in fits.ground.human:
            axes.axhline(100 * fits.ground.human[name]["value"], color="#777777", linestyle="--", linewidth=1)
        axes.set(xscale="log", xlabel="parameters in matrices", title=f"{label} (abc2midi)", ylim=(0, 102))
    panels[0].set_ylabel("% of sampled tunes; dashed: human")
    panels[0].legend()


def _has_fits(fits: Fits) -> bool:
    return any("matmul" in found.all for found in fits.families.values())


def _has_runs(fits: Fits) -> bool:
    return any(fits.ladder(family) for family in fits.families)


_PLOTS: dict[str, tuple[Callable[[Figure, Fits], None], Callable[[Fits], bool]]] = {
    "size": (_size, _has_runs),
    "curves": (_curves, _has_runs),
    "costs": (_costs, _has_runs),
    "residuals": (_residuals, _has_fits),
    "profile": (_profile, _has_fits),
    "places": (_places, lambda fits: bool(fits.families) and all(fits.ladder(f) for f in fits.families)),
    "rates": (_rates, lambda fits: bool(fits.optima)),
    "resources": (_resources, _has_runs),
    "samples": (
        _samples,
        lambda fits: any("compiles" in run.samples for f in fits.families for run in fits.ladder(f)),
    ),
}
