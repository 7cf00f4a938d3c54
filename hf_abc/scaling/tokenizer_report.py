"""The report of a comparison of tokenizers at equal compute, in bits per character.

Every tokenizer is compared with the first on the same tunes, paired over families. The figure of a BPE is an
upper bound: only the one way in which it does write a text is scored.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from hf_abc.evaluation.intervals import Estimate, ratio
from hf_abc.recipe import Study
from hf_abc.record import atomic_write
from hf_abc.scaling.fits import Fits
from hf_abc.scaling.report_table import markdown, rate_rows
from hf_abc.scaling.results import Result
from hf_abc.scaling.runs import tokenizer_name


def tokenizers(study: Study, fits: Fits) -> dict[str, list[Result]]:
    """The full runs of each tokenizer, in the order of the study; those without any are left out."""
    runs = [run for run in fits.results.values() if run.part == "ladder"]
    names = [tokenizer_name(one) for one in study.tokenizers]
    found = {name: [run for run in runs if run.tokenizer == name] for name in names}
    return {name: own for name, own in found.items() if own}


def against(runs: list[Result], others: list[Result], fits: Fits) -> Estimate:
    """Bits per character of the mean of some runs less that of others, with a bootstrap over families."""
    mine, theirs = (np.mean([run.nats["test"] for run in some], axis=0) for some in (runs, others))
    families = fits.ground.families["test"]
    return ratio(list((mine - theirs) / math.log(2)), fits.ground.characters["test"], families)


def tokenizer_rows(study: Study, fits: Fits) -> list[list[str]]:
    """One line for each tokenizer."""
    found = tokenizers(study, fits)
    head = [
        "tokenizer", "total parameters", "characters a token", "steps", "epochs", "FLOP", "seeds", "test "
        "bits/char",
        "less the first's",
    ]  # fmt: skip
    rows = [head]
    for name, runs in found.items():
        bits = [fits.loss(run) / math.log(2) for run in runs]
        spread = f" ± {np.std(bits, ddof=1):.4f}" if len(bits) > 1 else ""
        one, first = runs[0], next(iter(found.values()))
        paired = against(runs, first, fits)
        rows.append(
            [
                name, f"{one.total:,}", f"{one.characters / one.tokens:.2f}", f"{one.steps:,}",
                f"{one.characters / fits.ground.train_characters:.2f}", f"{one.flops:.2e}", f"{len(runs)}",
                f"{np.mean(bits):.4f}{spread}", "-" if runs is first else f"{paired}",
            ]
        )  # fmt: skip
    return rows


def tokenizer_text(study: Study, fits: Fits) -> str:
    """The tables and sentences, as Markdown."""
    found = tokenizers(study, fits)
    if not found:
        return "No run of full length has been done yet."
    bits = {
        name: float(np.mean([fits.loss(run) for run in runs])) / math.log(2) for name, runs in found.items()
    }
    best = min(bits, key=lambda name: bits[name])
    sure = []
    for name, runs in found.items():
        paired = against(found[best], runs, fits)
        if name != best and paired.high is not None and paired.high < 0:
            sure.append(name)
    size = next(iter(study.families().values())).sizes[0]
    said = [
        f"With a model of {size} and equal operations, `{best}` needs least: {bits[best]:.4f} bits per "
        "character.",
        f"By paired intervals it is better than {', '.join(f'`{name}`' for name in sure)}."
        if sure
        else "By paired intervals it is not better than any other.",
        "The intervals are over families of tunes; the spread of the seeds stands beside the means. A "
        "tokenizer "
        "with fewer tokens a tune sees more tunes, and further back, at the same cost: that is part of "
        "what is "
        "compared.",
    ]
    parts = ["## Tokenizers at equal compute", "![Bits per character](tokenizers.svg)",
             markdown(tokenizer_rows(study, fits)), " ".join(said)]  # fmt: skip
    rates = rate_rows(fits)
    return "\n\n".join([*parts, *(["## Learning rates", markdown(rates)] if len(rates) > 1 else [])])


def draw_tokenizers(fits: Fits, folder: Path) -> None:
    """tokenizers.svg: each tokenizer's runs in bits per character."""
    import matplotlib
    from matplotlib.figure import Figure

    style: Any = {"svg.hashsalt": "hf_abc", "svg.fonttype": "none", "font.size": 9}
    runs = [run for run in fits.results.values() if run.part == "ladder"]
    mean: dict[str, list[float]] = {}
    for run in runs:
        mean.setdefault(run.tokenizer, []).append(fits.loss(run) / math.log(2))
    names = sorted(mean, key=lambda name: -float(np.mean(mean[name])))
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(7.5, 0.8 + 0.3 * len(names)), layout="constrained")
        axes = figure.subplots()
        for place, name in enumerate(names):
            axes.plot(mean[name], [place] * len(mean[name]), "o", color="#3566a8", markersize=4)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("test bits per character")
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    lines = drawn.getvalue().decode("utf-8").splitlines()
    atomic_write(folder / "tokenizers.svg", "\n".join(line.rstrip() for line in lines) + "\n")
