"""Two families of models compared where they are equally large, or cost equally much.

Their exponents are no comparison: these depend on how parameters are counted, and their intervals mostly
overlap. What is compared is the loss on the same held-out tunes, paired, at each size of the first family
that lies within the range of the second; between the sizes of the second the loss is drawn along a straight
line in logarithms. Intervals are 95 % and hold both sources of error: held-out families are drawn anew (the
same for both), and each size's loss is moved by the spread of its seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hf_abc.scaling.power_law import Interval
from hf_abc.scaling.results import Ground, Result

DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """Nats per character of the first family less those of the second, where `at` is the number of parameters
    in matrices, or of operations of the whole training.
    """

    size: str
    at: float
    nats: Interval


def compare(
    first: Sequence[Result],
    second: Sequence[Result],
    ground: Ground,
    axis: str,
    *,
    sigma: float,
    seed: int = 0,
) -> list[Difference]:
    """The differences along an axis, "matmul" or "flops", of two families' ladder runs; `sigma` is the
    relative error of one run. Sizes outside the other's range are left out.
    """
    ours, theirs = _by_size(first, axis), _by_size(second, axis)
    if not theirs:
        return []
    generator = np.random.default_rng(seed)
    counts, below = draw_families(ground, generator)

    def losses(sizes: Sequence[_Size]) -> np.ndarray:
        found = np.stack([counts @ one.nats / below for one in sizes])
        noise = generator.standard_normal(found.shape) * sigma / np.sqrt([[one.runs] for one in sizes])
        noise[:, 0] = 0
        return found * (1 + noise)

    own, other = losses(ours), np.log(losses(theirs))
    places = np.log([one.at for one in theirs])
    found = []
    for row, one in enumerate(ours):
        at = np.log(one.at)
        if not places[0] <= at <= places[-1]:
            continue
        right = int(np.clip(np.searchsorted(places, at), 1, max(1, len(places) - 1)))
        if len(places) == 1:
            drawn = own[row] - np.exp(other[0])
        else:
            share = (at - places[right - 1]) / (places[right] - places[right - 1])
            drawn = own[row] - np.exp(other[right - 1] * (1 - share) + other[right] * share)
        low, high = np.percentile(drawn[1:], [2.5, 97.5])
        found.append(Difference(one.size, one.at, Interval(float(drawn[0]), float(low), float(high))))
    return found


def draw_families(ground: Ground, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """How often each test family is in each of `DRAWS` draws (draws, families), and each draw's characters;
    in front of them stands the test side as it is.
    """
    characters = np.array(ground.characters["test"], dtype=float)
    counts = generator.multinomial(len(characters), np.full(len(characters), 1 / len(characters)), size=DRAWS)
    counts = np.vstack([np.ones(len(characters)), counts])
    return counts, counts @ characters


@dataclass(frozen=True, slots=True)
class _Size:
    size: str
    at: float
    nats: np.ndarray  # of each family of tunes, mean of the seeds
    runs: int


def _by_size(results: Sequence[Result], axis: str) -> list[_Size]:
    sizes: dict[str, list[Result]] = {}
    for run in results:
        sizes.setdefault(run.size, []).append(run)
    found = [
        _Size(
            size,
            float(np.mean([getattr(run, axis) for run in runs])),
            np.mean([run.nats["test"] for run in runs], axis=0),
            len(runs),
        )
        for size, runs in sizes.items()
    ]
    return sorted(found, key=lambda one: one.at)
