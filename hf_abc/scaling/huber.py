"""The same power law fitted another way, as a check on `power_law`: log-sum-exp and Huber's loss by L-BFGS.

log L = log(exp(a - alpha log n) + exp(e)), as in Hoffmann et al. 2022 with the settings of Besiroglu et al.
2024 (arXiv 2404.10102): losses are summed, not averaged, delta is 1e-3, and of 150 starts the best counts.
The sum is divided by delta^2 so that the optimiser sees numbers near 1. On few points so small a delta is
least absolute deviations. It is no source of intervals here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

DELTA = 1e-3
_STARTS = tuple(
    product((-4.0, -3.0, -2.0, -1.0, 0.0), (-4.0, -2.0, -1.5, -1.0, -0.5, 0.0), (0.05, 0.1, 0.2, 0.4, 0.8))
)


@dataclass(frozen=True, slots=True)
class Check:
    """alpha, a and c of the fit, and its objective."""

    alpha: float
    a: float
    c: float
    objective: float


def fit_huber(n: Sequence[float], loss: Sequence[float]) -> Check:
    """Fit runs of sizes `n` with losses `loss`; some seconds of one core."""
    from scipy.optimize import minimize

    logs = np.log(np.asarray(n, dtype=float) / min(n))
    target = np.log(np.asarray(loss, dtype=float))

    def objective(p: np.ndarray) -> tuple[float, np.ndarray]:
        a, e, alpha = p
        power = a - alpha * logs
        model = np.logaddexp(power, e)
        residual = model - target
        small = np.abs(residual) <= DELTA
        value = np.where(small, residual**2 / 2, DELTA * (np.abs(residual) - DELTA / 2))
        slope = np.where(small, residual, DELTA * np.sign(residual)) / DELTA**2
        share = np.exp(power - model)
        gradient = np.array(
            [(slope * share).sum(), (slope * (1 - share)).sum(), -(slope * share * logs).sum()]
        )
        return float(value.sum() / DELTA**2), gradient

    best = None
    for start in _STARTS:
        found = minimize(
            objective,
            np.array(start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(None, None), (None, None), (0.005, 2.0)],
            options={"ftol": 1e-14, "gtol": 1e-10, "maxiter": 2000},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    a, e, alpha = best.x
    return Check(float(alpha), float(np.exp(a)), float(np.exp(e)), float(best.fun))
