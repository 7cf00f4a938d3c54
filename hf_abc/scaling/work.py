"""Training the runs of a study: what is missing is trained, smallest first, and leaves a small file each.

First the sweeps, which may grow (rates.py), then the ladder, each trunk with its branches behind it, then the
spot checks. Killed at any moment and started again it goes on: a run from its last checkpoint, a study from
its first missing file. Models are measured and removed, but for those that `keep` keeps.

With shards every n-th run is done here, for machines that share nothing; a ladder waits for the sweeps of its
family, so the files of all shards must come together before it. Two families are two workers without that.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hf_abc.errors import InputError
from hf_abc.recipe import Study, TokenizerRecipe
from hf_abc.record import fingerprint
from hf_abc.scaling.bench import Bench
from hf_abc.scaling.rates import MOST, Optimum, RateLaw, fit_rates, optimum, wider
from hf_abc.scaling.results import Result, read_result, result_file
from hf_abc.scaling.runs import (
    Rates,
    Run,
    branches,
    ladder,
    planned,
    rounded,
    sorts,
    spots,
    sweep,
    tokenizer_name,
    width_of,
)

Say = Callable[[str], None]


class _TimeUpError(Exception):
    """No further run shall be begun."""


@dataclass(slots=True)
class Worker:
    """One process at work on a study. `only` is a family or a size, "" for all; after `end`, on the clock of
    `time.monotonic`, no run is begun.
    """

    study: Study
    out: Path
    bench: Bench
    shard: tuple[int, int] = (1, 1)
    only: str = ""
    keep: bool = False
    end: float = math.inf
    say: Say = print
    elsewhere: list[str] = field(default_factory=list)

    def work(self) -> bool:
        """Do everything that is this worker's; whether the time sufficed. InputError, at the end, when runs
        of other shards are still missing that its own depend on.
        """
        try:
            self._work()
        except _TimeUpError:
            return False
        return True

    def _work(self) -> None:
        names = {name for family, _, size in sorts(self.study) for name in (family, size)}
        if self.only and self.only not in names:
            raise InputError(f"--only {self.only} is neither a family nor a size of this study")
        found = self.rates()
        for run in ladder(self.study, found):
            if self._mine(run):
                self._trunk(run)
        for run in spots(self.study, found):
            if self._mine(run):
                self._do(run)
        if self.elsewhere:
            raise InputError(
                f"runs of other shards are missing, so the ladder cannot start: {', '.join(self.elsewhere)}; "
                f"put their files into {self.out / 'runs'} and start again"
            )

    def rates(self) -> dict[tuple[str, str, str], float]:
        """The rate of each model after the sweeps; those of a family whose sweep is incomplete are left
        out.
        """
        found: dict[tuple[str, str, str], float] = {}
        for family, one in self.study.families().items():
            if self.only in self.study.families() and self.only != family:
                continue
            for tokenizer in self.study.tokenizers:
                optima = [self._sweep(family, tokenizer, size) for size in one.sweep_sizes]
                if None not in optima:
                    found |= _by_size(self.study, family, tokenizer, [o for o in optima if o])
        return found

    def _sweep(self, family: str, tokenizer: TokenizerRecipe, size: str) -> Optimum | None:
        """Train a size's sweep until its best rate is interior; None where a run of another shard is
        missing.
        """
        rates = list(self.study.families()[family].rates)
        first = len(rates)
        losses: dict[float, float] = {}
        while True:
            for rate in rates:
                run = sweep(self.study, family, tokenizer, size, rate)
                if rate not in losses and (self._mine(run) or self._result(run)):
                    losses[rate] = self._loss(self._do(run))
            missing = [rate for rate in rates if rate not in losses]
            if missing:
                self.elsewhere += [sweep(self.study, family, tokenizer, size, r).name for r in missing]
                return None
            more = wider(losses)
            if more is None:
                return optimum(width_of(family, size), losses)
            if len(rates) - first >= MOST:
                raise InputError(
                    f"{family} {size} still learns best at the edge of its learning rates, of "
                    f"{min(rates):g} to {max(rates):g}: give {family}.rates another range"
                )
            rates = sorted([*rates, rounded(more)])

    def _loss(self, result: Result) -> float:
        return math.inf if result.diverged else result.loss(self.bench.ground, "validation")

    def _trunk(self, run: Run) -> None:
        """A ladder run and its branches."""
        behind = branches(self.study, run)
        missing = [branch for branch in behind if self._result(branch) is None]
        done = self._result(run)
        if done is None or (missing and not done.diverged):
            done = self._do(run, again=bool(missing) and done is not None)
        if not done.diverged:
            for branch in missing:
                self._do(branch)
        self._clear(run)

    def _do(self, run: Run, again: bool = False) -> Result:
        """The result of a run, trained if need be; `again` trains one whose model is gone, for its
        checkpoints.
        """
        found = self._result(run)
        if found is None or again:
            if time.monotonic() >= self.end:
                raise _TimeUpError
            self.say(
                f"{run.name}: {run.recipe.training.steps:,} steps at {run.recipe.training.learning_rate:g}"
            )
            made = self.bench.measure(run, retrain=again)
            found = found or made
            if found.diverged:
                self.say(f"{run.name} diverged: {found.diverged}")
            else:
                self.say(f"{run.name}: {found.loss(self.bench.ground, 'validation'):.4f} nats per character")
        if not run.recipe.training.keep_steps:
            self._clear(run)
        return found

    def _result(self, run: Run) -> Result | None:
        """The result of a run that has one. InputError when it is that of another recipe."""
        path = result_file(self.out, run.name)
        if not path.is_file():
            return None
        found = read_result(path)
        if found.recipe != fingerprint(run.recipe):
            raise InputError(
                f"{path} is of a run with other settings: remove it, or take another folder for this study"
            )
        return found

    def _mine(self, run: Run) -> bool:
        own, count = self.shard
        if self.only and self.only not in (run.family, run.size) and run.part != "sweep":
            return False
        names = [one.name for one in planned(self.study) if one.part != "branch"]
        place = names.index(run.name) if run.name in names else sum(run.name.encode())
        return place % count == own - 1

    def _clear(self, run: Run) -> None:
        folder = self.bench.folder(run)
        if folder.is_dir() and not self.keep:
            shutil.rmtree(folder)


def rates_from(
    study: Study, results: dict[str, Result], loss: Callable[[Result], float]
) -> tuple[dict[str, list[Optimum]], dict[str, RateLaw]]:
    """The optima and laws of each family (with several tokenizers, of each "family tokenizer") that finished
    sweeps give.
    """
    optima: dict[str, list[Optimum]] = {}
    for family, one in study.families().items():
        for tokenizer in study.tokenizers:
            name = tokenizer_name(tokenizer)
            for size in one.sweep_sizes:
                losses = {
                    run.rate: loss(run)
                    for run in results.values()
                    if (run.part, run.family, run.tokenizer, run.size) == ("sweep", family, name, size)
                }
                if len(losses) > 2 and wider(losses) is None:
                    key = family if len(study.tokenizers) == 1 else f"{family} {name}"
                    optima.setdefault(key, []).append(optimum(width_of(family, size), losses))
    return optima, {family: fit_rates(found) for family, found in optima.items()}


def _by_size(study: Study, family: str, tokenizer: TokenizerRecipe, optima: list[Optimum]) -> Rates:
    one, name = study.families()[family], tokenizer_name(tokenizer)
    if not optima:
        return {(family, name, size): one.rates[0] for size in one.sizes}
    law = fit_rates(optima)
    return {(family, name, size): rounded(law.rate(width_of(family, size))) for size in one.sizes}
