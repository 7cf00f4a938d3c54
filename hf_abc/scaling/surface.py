"""Loss against size and data, L(N, D) = E + A / N^alpha + B / D^beta, by variable projection.

As in `power_law`: a grid over both exponents, the three coefficients (none below 0) in closed form by
non-negative least squares, relative errors. Chinchilla's first two approaches are not here: the fit of
parabolas is biased even without noise (arXiv 2603.22339). E can be told from B / D^beta only where the data
span enough: simulated branches of D/16, D/4 and D give E to 0.1 nats, those of D/4, D/2 and D give nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hf_abc.errors import InputError
from hf_abc.scaling.power_law import Interval, profile_interval, profile_limit, relative_error

EXPONENTS = np.concatenate([np.linspace(0.01, 1.0, 67), np.linspace(1.03, 2.0, 34)])


@dataclass(frozen=True, slots=True)
class Surface:
    """A fit; N in millions of parameters, D in millions of tokens or characters, as they were given."""

    alpha: Interval
    beta: Interval
    e: float
    a: float
    b: float
    sigma: float

    def predict(self, n: float, d: float) -> float:
        """The loss at a size and an amount of data."""
        return self.e + self.a * (n / 1e6) ** -self.alpha.value + self.b * (d / 1e6) ** -self.beta.value


def fit_surface(n: Sequence[float], d: Sequence[float], loss: Sequence[float]) -> Surface:
    """Fit runs of sizes `n` on `d` data with losses `loss`. Raises InputError for too little to fit."""
    sizes, data, losses = (np.asarray(values, dtype=float) for values in (n, d, loss))
    if len(np.unique(sizes)) < 3 or len(np.unique(data)) < 3:
        raise InputError(
            "loss against size and data needs at least three sizes and three amounts of data: train branches"
        )
    if not np.isfinite(losses).all() or not (losses > 0).all():
        raise InputError("a fit needs finite, positive losses: leave diverged runs out")
    sse = np.empty((len(EXPONENTS), len(EXPONENTS)))
    for row, alpha in enumerate(EXPONENTS):
        for column, beta in enumerate(EXPONENTS):
            sse[row, column] = _solve(sizes, data, losses, alpha, beta)[1]
    i, j = (int(place) for place in np.unravel_index(int(sse.argmin()), sse.shape))
    coefficients, least = _solve(sizes, data, losses, EXPONENTS[i], EXPONENTS[j])
    cells = sizes * 1e6 + data  # runs of one size and one amount of data are repetitions
    sigma2, nu = relative_error(cells, losses, least, 5)
    above = (sse - least) / sigma2
    return Surface(
        alpha=profile_interval(EXPONENTS, above.min(1), profile_limit(nu), floor=None),
        beta=profile_interval(EXPONENTS, above.min(0), profile_limit(nu), floor=None),
        e=float(coefficients[0]),
        a=float(coefficients[1]),
        b=float(coefficients[2]),
        sigma=float(np.sqrt(sigma2)),
    )


def _solve(
    n: np.ndarray, d: np.ndarray, loss: np.ndarray, alpha: float, beta: float
) -> tuple[np.ndarray, float]:
    from scipy.optimize import nnls

    columns = np.stack([np.ones_like(n), (n / 1e6) ** -alpha, (d / 1e6) ** -beta], axis=1) / loss[:, None]
    coefficients, norm = nnls(columns, np.ones_like(loss))
    return coefficients, float(norm**2)
