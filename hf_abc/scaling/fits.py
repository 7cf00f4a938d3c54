"""Everything that is fitted to a study's results; fits.json holds it for the report.

For each family the power law with and without c, for three ways to count parameters, without the largest
size and then with it; what the first of these predicts of the largest; alpha without each size; the check
by another method; the surface over size and data from the branches; and the families compared. Where the
runs are too few for a fit, a sentence stands in its place.

The main count is that of parameters in matrices, the output layer included: what does a token's arithmetic.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from hf_abc.errors import InputError
from hf_abc.recipe import Study
from hf_abc.record import atomic_write, plain
from hf_abc.scaling.families import Difference, compare
from hf_abc.scaling.huber import Check, fit_huber
from hf_abc.scaling.power_law import Interval, PowerLaw, fit_power_law, leave_one_out, predict_held_out
from hf_abc.scaling.rates import Optimum, RateLaw
from hf_abc.scaling.results import Ground, Result, read_ground, read_results
from hf_abc.scaling.runs import SPOT
from hf_abc.scaling.surface import Surface, fit_surface
from hf_abc.scaling.work import rates_from

COUNTS = ("matmul", "non_embedding", "total")
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The largest size: predicted from the others, then measured (the mean of its seeds)."""

    size: str
    predicted: Interval
    measured: float

    @property
    def inside(self) -> bool:
        """Whether the measured loss lies in the predicted interval."""
        low, high = self.predicted.low, self.predicted.high
        return low is not None and high is not None and low <= self.measured <= high


@dataclass(frozen=True, slots=True)
class FamilyFits:
    """The fits of one family. Keys of `below` and `all` are "COUNT" and "COUNT without c"; what could not be
    fitted is in `missing`, as a sentence.
    """

    below: dict[str, PowerLaw] = field(default_factory=dict)
    all: dict[str, PowerLaw] = field(default_factory=dict)
    held_out: HeldOut | None = None
    held_out_without_c: HeldOut | None = None
    left_out: dict[str, float] = field(default_factory=dict)
    check: Check | None = None
    surface: Surface | None = None
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spot:
    """The spot check of the rate's law: losses on the validation side at times the law's rate."""

    size: str
    losses: dict[str, float]

    @property
    def excess(self) -> float:
        """How much higher, relatively, the loss at the law's rate is than the best of the three."""
        return self.losses["1"] / min(self.losses.values()) - 1


@dataclass(frozen=True, slots=True)
class Fits:
    """All of it, with the results that it rests on; `diverged` are runs that were left out, by name."""

    ground: Ground
    results: dict[str, Result]
    diverged: dict[str, str]
    families: dict[str, FamilyFits]
    optima: dict[str, list[Optimum]]
    rates: dict[str, RateLaw]
    spots: dict[str, Spot]
    at_size: list[Difference]
    at_flops: list[Difference]

    def ladder(self, family: str) -> list[Result]:
        """The ladder runs of a family that did not diverge, by size and seed."""
        found = [run for run in self.results.values() if (run.part, run.family) == ("ladder", family)]
        return sorted(found, key=lambda run: (run.matmul, run.tokenizer, run.seed))

    def loss(self, run: Result) -> float:
        """Nats per character on the test side."""
        return run.loss(self.ground)


def fit_study(study: Study, folder: Path) -> Fits:
    """Fit what a study folder holds, and write fits.json into it.

    Raises InputError for a folder without results, for files that were changed, and for runs that do not
    belong together.
    """
    read, ground = read_results(folder), read_ground(folder)
    diverged = {run.name: run.diverged for run in read if run.diverged}
    results = {run.name: run for run in read if not run.diverged}

    def validation(run: Result) -> float:
        return math.inf if run.diverged else run.loss(ground, "validation")

    optima, rates = rates_from(study, {run.name: run for run in read}, validation)
    families = {}
    if len(study.tokenizers) == 1:
        for family in study.families():
            families[family] = _family(study, family, list(results.values()), ground)
    fits = Fits(ground, results, diverged, families, optima, rates, _spots(study, results, ground), [], [])
    if {"gpt2", "lstm"} <= set(families):
        known = [one.below["matmul"].sigma for one in families.values() if "matmul" in one.below]
        sigma = max(known, default=0.0)
        pairs = fits.ladder("gpt2"), fits.ladder("lstm"), ground
        fits.at_size.extend(compare(*pairs, "matmul", sigma=sigma))
        fits.at_flops.extend(compare(*pairs, "flops", sigma=sigma))
    values = plain(fits)
    del values["results"], values["ground"]
    for family in values["families"].values():
        for law in [*family["below"].values(), *family["all"].values()]:
            del law["profile"]  # long, and drawn in the report
    atomic_write(folder / "fits.json", json.dumps(values, indent=1) + "\n")
    return fits


def _family(study: Study, family: str, results: Sequence[Result], ground: Ground) -> FamilyFits:
    own = [run for run in results if run.family == family]
    runs = [run for run in own if run.part == "ladder"]
    largest = study.families()[family].sizes[-1]
    below, last = [r for r in runs if r.size != largest], [r for r in runs if r.size == largest]
    missing: dict[str, str] = {}

    def tried(name: str, fit: Callable[[], _Found]) -> _Found | None:
        try:
            return fit()
        except InputError as error:
            missing.setdefault(name, str(error))
            return None

    def laws(runs: Sequence[Result], name: str) -> dict[str, PowerLaw]:
        found = {}
        for count in COUNTS:
            for with_c in (True, False):
                sizes, losses = _points(runs, ground, count)
                law = tried(name, partial(fit_power_law, sizes, losses, with_c=with_c))
                if law is not None:
                    found[count if with_c else f"{count} without c"] = law
        return found

    sizes, losses = _points(below, ground, "matmul")
    everything = _points(runs, ground, "matmul")
    names = {float(run.matmul): run.size for run in runs}

    def held_out(with_c: bool) -> HeldOut | None:
        if not last:
            missing["the largest size"] = f"{largest} has not been run"
            return None
        predicted = tried(
            "the largest size",
            lambda: predict_held_out(sizes, losses, float(last[0].matmul), with_c=with_c),
        )
        measured = sum(run.loss(ground) for run in last) / len(last)
        return None if predicted is None else HeldOut(largest, predicted, measured)

    left = tried("without each size", lambda: leave_one_out(*everything)) or {}
    branched = [
        run for run in own if run.part == "branch" or (run.part == "ladder" and run.seed == study.seeds[0])
    ]
    return FamilyFits(
        below=laws(below, "below the largest size"),
        all=laws(runs, "all sizes"),
        held_out=held_out(True),
        held_out_without_c=held_out(False),
        left_out={names[size]: alpha for size, alpha in left.items()},
        check=tried("check", lambda: fit_huber(*everything)) if len(set(everything[0])) > 2 else None,
        surface=tried(
            "surface",
            lambda: fit_surface(
                [float(run.matmul) for run in branched],
                [float(run.characters) for run in branched],
                [run.loss(ground) for run in branched],
            ),
        ),
        missing=missing,
    )


def _points(runs: Sequence[Result], ground: Ground, count: str) -> tuple[list[float], list[float]]:
    return [float(getattr(run, count)) for run in runs], [run.loss(ground) for run in runs]


def _spots(study: Study, results: Mapping[str, Result], ground: Ground) -> dict[str, Spot]:
    found = {}
    for family, one in study.families().items():
        names = {f"{times:g}": f"spot-{family}-{one.sizes[-2]}-x{times:g}" for times in SPOT if one.sizes[1:]}
        if names and all(name in results for name in names.values()):
            losses = {times: results[name].loss(ground, "validation") for times, name in names.items()}
            found[family] = Spot(one.sizes[-2], losses)
    return found
