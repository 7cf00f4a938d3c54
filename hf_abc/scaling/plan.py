"""What a study will do and cost, and what it can tell, before anything runs."""

from __future__ import annotations

from hf_abc.evaluation.tables import aligned
from hf_abc.recipe import Study
from hf_abc.scaling.costs import cost_of, cpu_seconds, h100_seconds
from hf_abc.scaling.design import FLAT, STEEP, simulate
from hf_abc.scaling.runs import Run, planned

LONGEST = 8 * 60
"""Seconds of an H100 beyond which a run is marked: what a machine that is lent for some minutes can do."""
_HEAD = (
    "run", "matrices", "without embeddings", "total", "steps", "tokens", "FLOP", "memory", "CPU thread",
    "H100",
)  # fmt: skip


def plan(study: Study, *, studies: int = 100) -> str:
    """The table of runs with their sums, and the expected precision of alpha for each family.

    A sweep may grow by some runs, where its best rate is at the edge. Raises RecipeError for a study that
    cannot be.
    """
    runs = planned(study)
    rows, thread, gpu = [], 0.0, 0.0
    for run in runs:
        cost = cost_of(run.recipe)
        on_cpu = cpu_seconds(run.family, cost.counts.matmul, run.flops)
        on_gpu = h100_seconds(cost.counts.matmul, run.flops)
        thread, gpu = thread + on_cpu, gpu + on_gpu
        own = run.recipe.training.steps - run.from_step
        rows.append(
            (
                run.name,
                *(f"{n:,}" for n in (cost.counts.matmul, cost.counts.non_embedding, cost.counts.total)),
                f"{own:,}" + (f" from {run.from_step:,}" if run.trunk else ""),
                f"{own * run.recipe.training.batch_tokens:,}",
                f"{run.flops:.2e}",
                f"{cost.memory_gib:.1f} GiB",
                _time(on_cpu),
                _time(on_gpu) + (" too long" if on_gpu > LONGEST else ""),
            )
        )
    total = f"{len(runs)} runs, {sum(run.flops for run in runs):.2e} FLOP"
    return "\n".join(
        [
            *aligned([_HEAD, *rows]),
            "",
            f"{total}: {_time(thread)} of one CPU thread (from measured rates, to 30 %), "
            f"{_time(gpu)} of an H100 (assumed rates)",
            "parameters with the smallest vocabulary; a sweep grows where its best is at the edge",
            "",
            *_precision(study, runs, studies),
        ]
    )


def _precision(study: Study, runs: list[Run], studies: int) -> list[str]:
    """What alpha will come to, by simulation of this very design, for two laws and two sizes of noise."""
    lines = []
    for family, one in study.families().items():
        sizes = [
            float(cost_of(run.recipe).counts.matmul)
            for run in runs
            if run.family == family and run.part == "ladder" and run.size != one.sizes[-1]
        ]
        if len(set(sizes)) < 3:
            lines.append(f"{family}: fewer than three sizes below the largest, so nothing will be fitted")
            continue
        for law in (STEEP, FLAT):
            for noise in (0.003, 0.01):
                found = simulate(sizes, law, noise=noise, studies=studies)
                (low, high), (least, most) = found.alpha, found.c
                lines.append(
                    f"{family}: if alpha is {law.alpha:g} and c {law.c:g}, with {100 * noise:g} % of noise a "
                    f"run, 95 % of such studies find alpha in {low:.2f} to {high:.2f} and c in {least:.2f} "
                    f"to {most:.2f}"
                )
    return lines


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
