"""The report of a comparison of tokenizers at equal compute, in bits per character.

Every tokenizer is compared with the first on the same tunes. The figure of a BPE is an upper bound: only the
one way in which it does write a text is scored. Equal compute is not equal data: a tokenizer with long tokens
reads the corpus more often, so what is remembered of it stands beside what is learnt.

Intervals are 95 % and hold both sources of error, held-out families (drawn anew, the same for both) and
seeds. Each tokenizer has few seeds, so their spread is pooled over all of them, relative to the loss, and
drawn as uncertain as its degrees of freedom make it (together Student's t). Without it a lucky seed would
count as a better tokenizer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hf_abc.evaluation.tables import percent
from hf_abc.recipe import Study
from hf_abc.scaling.families import draw_families
from hf_abc.scaling.fits import Fits
from hf_abc.scaling.plot_parts import STYLE, write_svg
from hf_abc.scaling.power_law import Interval
from hf_abc.scaling.report_table import interval, markdown, rate_rows
from hf_abc.scaling.results import Result
from hf_abc.scaling.runs import tokenizer_name


def tokenizers(study: Study, fits: Fits) -> dict[str, list[Result]]:
    """The full runs of each tokenizer, in the order of the study; those without any are left out."""
    runs = [run for run in fits.results.values() if run.part == "ladder"]
    names = [tokenizer_name(one) for one in study.tokenizers]
    found = {name: [run for run in runs if run.tokenizer == name] for name in names}
    return {name: own for name, own in found.items() if own}


@dataclass(frozen=True, slots=True)
class SeedError:
    """The relative error of one run; `freedom` is the number of seeds beyond the first of each tokenizer, 0
    where nobody knows the error.
    """

    sigma: float
    freedom: int


def seed_error(study: Study, fits: Fits) -> SeedError:
    """The spread of seeds around their tokenizer's mean, pooled."""
    losses = [[math.log(fits.loss(run)) for run in runs] for runs in tokenizers(study, fits).values()]
    freedom = sum(len(one) - 1 for one in losses)
    squares = sum(float(np.sum((np.array(one) - np.mean(one)) ** 2)) for one in losses)
    return SeedError(math.sqrt(squares / freedom) if freedom else 0.0, freedom)


def against(runs: list[Result], others: list[Result], fits: Fits, error: SeedError) -> Interval:
    """Bits per character of the mean of some runs less that of others, on the same draws of families."""
    generator = np.random.default_rng(0)
    counts, below = draw_families(fits.ground, generator)
    freedom = max(error.freedom, 1)
    sigma = error.sigma * np.sqrt(
        freedom / generator.chisquare(freedom, len(counts))
    )  # what it may really be

    def losses(some: list[Result]) -> np.ndarray:
        bits = counts @ np.mean([run.nats["test"] for run in some], axis=0) / below / math.log(2)
        noise = generator.standard_normal(len(bits)) * sigma / math.sqrt(len(some))
        noise[0] = 0
        return np.asarray(bits * (1 + noise))

    drawn = losses(runs) - losses(others)
    low, high = np.percentile(drawn[1:], [2.5, 97.5])
    return Interval(float(drawn[0]), float(low), float(high))


def tokenizer_rows(study: Study, fits: Fits) -> list[list[str]]:
    """One line for each tokenizer."""
    found = tokenizers(study, fits)
    head = [
        "tokenizer", "total parameters", "characters a token", "steps", "epochs", "FLOP", "seeds", "test "
        "bits/char",
        "less the first's",
    ]  # fmt: skip
    rows, error = [head], seed_error(study, fits)
    for name, runs in found.items():
        bits = [fits.loss(run) / math.log(2) for run in runs]
        spread = f" ± {np.std(bits, ddof=1):.4f}" if len(bits) > 1 else ""
        one, first = runs[0], next(iter(found.values()))
        paired = against(runs, first, fits, error)
        rows.append(
            [
                name, f"{one.total:,}", f"{one.characters / one.tokens:.2f}", f"{one.steps:,}",
                f"{one.characters / fits.ground.train_characters:.2f}", f"{one.flops:.2e}", f"{len(runs)}",
                f"{np.mean(bits):.4f}{spread}", "-" if runs is first else interval(paired),
            ]
        )  # fmt: skip
    return rows


def part_rows(study: Study, fits: Fits) -> list[list[str]]:
    """Where the bits go: bits per character of each part of a tune, the mean over the seeds; the end of a
    tune is one decision, so it is in bits a tune.
    """
    found = tokenizers(study, fits)
    parts = [name for name in next(iter(found.values()))[0].by_part if name != "end"]
    rows = [["tokenizer", *parts, "end (bits a tune)"]]
    for name, runs in found.items():
        rows.append(
            [name, *(_mean([run.by_part[part]["value"] for run in runs], 3) for part in [*parts, "end"])]
        )
    return rows


def memory_rows(study: Study, fits: Fits) -> list[list[str]]:
    """What is remembered: bits per character of held-out tunes and of as many training tunes at the last
    look, and of held-out tunes at the best one; means over the seeds.
    """
    rows = [["tokenizer", "validation, best look", "validation, last look", "training, last look", "between"]]
    for name, runs in tokenizers(study, fits).items():
        looked = [run for run in runs if run.curve]
        best = _mean([min(look["validation"] for look in run.curve) for run in looked])
        last = (_mean([run.curve[-1].get(key) for run in looked]) for key in ("validation", "seen", "gap"))
        rows.append([name, best, *last])
    return rows


def sample_rows(study: Study, fits: Fits) -> list[list[str]]:
    """How sound the sampled tunes are, of the first seed that was sampled; the same of human tunes last."""
    names = {
        "compiles": "no error from abc2midi",
        "bars_right": "every bar right",
        "single_bars": "single bars right",
        "ended": "ended by itself",
    }
    rows = [["tokenizer", "tunes", *names.values()]]
    for name, runs in tokenizers(study, fits).items():
        for run in [run for run in runs if run.samples][:1]:
            rows.append([name, f"{run.samples['n']}", *(_share(run.samples.get(one)) for one in names)])
    human = fits.ground.human
    if len(rows) > 1 and "compiles" in human:
        rows.append(["*human*", f"{human['compiles']['n']}", *(_share(human.get(one)) for one in names)])
    return rows


def _mean(values: Sequence[float | None], digits: int = 4) -> str:
    """The mean of what was measured, "-" where nothing was."""
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.{digits}f}" if known else "-"


def _share(found: dict[str, Any] | None) -> str:
    return "-" if found is None else percent(found)


def tokenizer_text(study: Study, fits: Fits) -> str:
    """The tables and sentences, as Markdown."""
    found = tokenizers(study, fits)
    if not found:
        return "No run of full length has been done yet."
    bits = {
        name: float(np.mean([fits.loss(run) for run in runs])) / math.log(2) for name, runs in found.items()
    }
    best = min(bits, key=lambda name: bits[name])
    sure, error = [], seed_error(study, fits)
    for name, runs in found.items():
        paired = against(found[best], runs, fits, error)
        if name != best and paired.high is not None and paired.high < 0:
            sure.append(name)
    size = next(iter(study.families().values())).sizes[0]
    said = [
        f"With a model of {size} and equal operations, `{best}` needs least: {bits[best]:.4f} bits per "
        "character.",
        f"By paired intervals it is better than {', '.join(f'`{name}`' for name in sure)}."
        if sure
        else "By paired intervals it is not better than any other.",
        f"The error of one run is {100 * error.sigma:.1f} % (from {error.freedom} further seeds), and the "
        "intervals hold it."
        if error.freedom
        else "One seed each: the intervals are over families of tunes alone, and a lucky seed looks like a "
        "better tokenizer.",
        "A tokenizer with fewer tokens a tune sees more tunes, and further back, at the same cost: that is "
        "part of what is compared.",
    ]
    parts = [
        "## Tokenizers at equal compute",
        "![Bits per character](tokenizers.svg)",
        "*Left: each run. Right, first seeds: held-out tunes (solid) and training tunes (dotted).*",
        markdown(tokenizer_rows(study, fits)),
        " ".join(said),
    ]
    for title, rows in (
        ("## Where the bits go", part_rows(study, fits)),
        ("## What is remembered", memory_rows(study, fits)),
        ("## Samples", sample_rows(study, fits)),
        ("## Learning rates", rate_rows(fits)),
    ):
        if len(rows) > 1:
            parts += [title, markdown(rows)]
    return "\n\n".join(parts)


def draw_tokenizers(fits: Fits, folder: Path) -> None:
    """tokenizers.svg: each tokenizer's runs in bits per character, and the way there."""
    import matplotlib
    from matplotlib.figure import Figure

    runs: dict[str, list[Result]] = {}
    for run in sorted(fits.results.values(), key=lambda run: run.seed):
        if run.part == "ladder":
            runs.setdefault(run.tokenizer, []).append(run)
    names = sorted(runs, key=lambda name: -float(np.mean([fits.loss(run) for run in runs[name]])))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for place, name in enumerate(names):
            color = f"C{place}"
            bits = [fits.loss(run) / math.log(2) for run in runs[name]]
            left.plot(bits, [place] * len(bits), "o", color=color, markersize=4)
            first = runs[name][0]
            share = [look["step"] / first.steps for look in first.curve]
            for key, line in (("validation", "-"), ("seen", ":")):
                right.plot(
                    share, [look.get(key, math.nan) for look in first.curve], line, color=color, linewidth=1
                )
        left.set_yticks(range(len(names)), names)
        left.set_xlabel("test bits per character")
        right.set(xlabel="share of the operations", ylabel="bits per character")
        write_svg(figure, folder / "tokenizers.svg")
