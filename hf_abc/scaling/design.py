"""What a study can tell before it runs: the precision of alpha and c for its sizes and seeds, by simulation.

Losses are drawn from a known law with relative noise, fitted as the study will be, and the spread of the
results is reported. Range in size buys more than seeds do: eight sizes once over three decades tell alpha
as well as five sizes three times over two (measured in 4,000 simulations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hf_abc.scaling.power_law import fit_power_law


@dataclass(frozen=True, slots=True)
class Law:
    """L(N) = a (N / 1M)^-alpha + c, in nats."""

    a: float
    alpha: float
    c: float

    def loss(self, n: np.ndarray) -> np.ndarray:
        return self.a * (n / 1e6) ** -self.alpha + self.c


STEEP, FLAT = Law(0.30, 0.25, 0.50), Law(0.40, 0.15, 0.40)


@dataclass(frozen=True, slots=True)
class Precision:
    """The ranges that hold 95 % of the fitted alphas and cs, and the share of intervals that hold the
    truth.
    """

    alpha: tuple[float, float]
    c: tuple[float, float]
    coverage_alpha: float
    coverage_c: float


def simulate(
    n: Sequence[float], law: Law, *, noise: float = 0.01, studies: int = 300, seed: int = 0
) -> Precision:
    """Fit so many simulated studies of runs of sizes `n` (one entry a run) with that relative noise."""
    sizes = np.asarray(n, dtype=float)
    generator = np.random.default_rng(seed)
    laws = [
        fit_power_law(sizes, law.loss(sizes) * (1 + noise * generator.standard_normal(len(sizes))))
        for _ in range(studies)
    ]
    alphas, cs = [fit.alpha.value for fit in laws], [fit.c.value for fit in laws]

    def covered(name: str, truth: float) -> float:
        found = [getattr(fit, name) for fit in laws]
        inside = [(one.low or 0) <= truth <= (np.inf if one.high is None else one.high) for one in found]
        return float(np.mean(inside))

    return Precision(
        alpha=(float(np.percentile(alphas, 2.5)), float(np.percentile(alphas, 97.5))),
        c=(float(np.percentile(cs, 2.5)), float(np.percentile(cs, 97.5))),
        coverage_alpha=covered("alpha", law.alpha),
        coverage_c=covered("c", law.c),
    )
