"""The report of a study: one Markdown page with its plots, all of it out of the study's result files.

The page is README.md of the study folder, the plots lie beside it. Made again from the same files it is the
same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hf_abc.recipe import Study
from hf_abc.record import atomic_write
from hf_abc.scaling.discussion import discussion
from hf_abc.scaling.fits import Fits, fit_study
from hf_abc.scaling.plots import draw_study
from hf_abc.scaling.report_table import (
    check_rows,
    difference_rows,
    fit_rows,
    held_out_rows,
    left_out_rows,
    markdown,
    rate_rows,
    run_rows,
    size_rows,
    spot_rows,
    surface_rows,
    unidentified,
)
from hf_abc.scaling.runs import planned
from hf_abc.scaling.tokenizer_report import draw_tokenizers, tokenizer_text

_CAPTIONS = {
    "size": "Loss against size. Lines: fits without the largest size, with c (solid) and without "
    "(dotted); bars: "
    "what the first predicts of the largest size.",
    "curves": "Validation loss during training, the first seed of each size.",
    "costs": "Loss against the operations of a training, and against its processor time.",
    "residuals": "What the fit of all sizes leaves.",
    "profile": "How much worse the fit is at another alpha; dotted: the ends of the 95 % intervals.",
    "places": "Where the bits go: the largest model of each family.",
    "rates": "Learning rates: sweeps, their optima, and the law.",
    "resources": "Time and memory of a run.",
    "samples": "How sound sampled tunes are, against size.",
}


def write_report(study: Study, folder: Path) -> Path:
    """Fit the study, draw its plots and write README.md; its path. Errors as for `fit_study`."""
    fits = fit_study(study, folder)
    if len(study.tokenizers) > 1:
        draw_tokenizers(fits, folder)
        text = "\n\n".join([_head(study, fits), tokenizer_text(study, fits), *_appendix(fits)])
    else:
        text = "\n\n".join([_head(study, fits), *_body(study, fits, draw_study(fits, folder))])
    page = folder / "README.md"
    atomic_write(page, text + "\n")
    return page


def _head(study: Study, fits: Fits) -> str:
    ground, runs = fits.ground, fits.results.values()
    missing = [run.name for run in planned(study) if run.part != "sweep" and run.name not in fits.results]
    missing = [name for name in missing if name not in fits.diverged]
    lines = [
        f"# The study `{study.name}`",
        "Written by `hf-abc scaling report` from the files in `runs/` and `corpus.json`, and from nothing "
        "else. "
        f"{len(runs)} runs on {ground.train_tunes:,} tunes of {ground.train_characters:,} characters "
        f"({', '.join(study.corpus.sources)}); losses are of the test side, "
        f"{sum(ground.characters['test']):,} characters of {len(ground.families['test']):,} families that "
        "training has not seen in any key; learning rates were chosen on the validation side.",
        f"On the same characters an interpolated 5-gram needs {ground.witten_bell:.4f} nats per "
        "character, xz "
        f"{ground.xz:.4f}.",
    ]
    if missing:
        lines.append(f"Not run yet: {', '.join(missing)}.")
    if fits.diverged:
        told = "; ".join(f"{name} ({why})" for name, why in sorted(fits.diverged.items()))
        lines.append(f"Diverged and left out: {told}.")
    revisions = sorted({run.revision for run in runs})
    devices = sorted({f"{run.device}, {run.threads} threads, {run.precision}" for run in runs})
    lines.append(f"Revisions {', '.join(revisions)} (a `+`: with changes); {'; '.join(devices)}.")
    return "\n\n".join(lines)


def _body(study: Study, fits: Fits, plots: Sequence[str]) -> list[str]:
    def plot(name: str) -> list[str]:
        if f"{name}.svg" not in plots:
            return []
        return [f"![{_CAPTIONS[name]}]({name}.svg)", f"*{_CAPTIONS[name]}*"]

    def table(rows: list[list[str]]) -> list[str]:
        return [markdown(rows)] if len(rows) > 1 else []

    told = [f"* {family}: {text}." for family, found in fits.families.items() for text in unidentified(found)]
    return [
        "## Loss and size", *plot("size"), *table(size_rows(fits)),
        "## Fits", "L(N) = a (N / N0)^-alpha + c, N0 the smallest size; 95 % profile intervals.",
        *table(fit_rows(fits)), *(["Not identified:", "\n".join(told)] if told else []),
        *plot("residuals"), *plot("profile"),
        *_titled("### The largest size, predicted and measured", table(held_out_rows(fits))),
        *_titled("### alpha without each size", table(left_out_rows(fits))),
        *_titled("### The same law by Huber's loss and L-BFGS", table(check_rows(fits))),
        *_titled("### Size and data: L(N, D) = E + A / N^alpha + B / D^beta, N and D in millions",
                 table(surface_rows(fits))),
        *_titled("## The families compared", table(difference_rows(fits))), *plot("costs"), *plot("places"),
        "## Training", *plot("curves"), *plot("rates"), *table(rate_rows(fits)), *table(spot_rows(fits)),
        *plot("resources"),
        *_titled("## Samples", plot("samples")),
        "## Discussion", discussion(study, fits),
        *_appendix(fits),
    ]  # fmt: skip


def _titled(title: str, parts: list[str]) -> list[str]:
    return [title, *parts] if parts else []


def _appendix(fits: Fits) -> list[str]:
    return ["## Every run", markdown(run_rows(fits))]
