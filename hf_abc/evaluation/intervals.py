"""How far a measured number can be trusted: Wilson intervals for shares, family bootstraps for ratios.

Tunes of one family are renderings of one melody and not independent, so a bootstrap here draws families,
never tunes or windows. All intervals are 95 %. The bootstrap is seeded: the same numbers give the same
interval.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.959963984540054  # the normal quantile that leaves 2.5 % on each side
_RESAMPLES = 2000
_CHUNK = 200  # resamples at once: their counts of 15,000 families take 24 MB


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval; `n` is the number of tunes or families that the interval rests on.

    `value` is None where nothing was measured, `low` and `high` where one draw alone allows no interval.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def wilson(count: int, n: int) -> Estimate:
    """The share count / n with Wilson's score interval (Wilson 1927), which is honest at 0 and at n as
    well.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no share")
    if n == 0:
        return Estimate(None, None, None, 0)
    share = count / n
    center = share + _Z**2 / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    low = 0.0 if count == 0 else (center - spread) / scale
    high = 1.0 if count == n else (center + spread) / scale
    return Estimate(share, low, high, n)


def ratio(
    numerators: Sequence[float], denominators: Sequence[float], groups: Sequence[Hashable], *, seed: int = 0
) -> Estimate:
    """sum(numerators) / sum(denominators), with the percentile interval of a bootstrap over the groups.

    The three sequences run in parallel, one entry a tune; `n` of the result is the number of groups.
    """
    places: dict[Hashable, int] = {}
    index = np.array([places.setdefault(group, len(places)) for group in groups], dtype=np.int64)
    above = np.bincount(index, weights=np.asarray(numerators, dtype=float), minlength=len(places))
    below = np.bincount(index, weights=np.asarray(denominators, dtype=float), minlength=len(places))
    n = len(places)
    if not below.sum() > 0:
        return Estimate(None, None, None, n)
    value = float(above.sum() / below.sum())
    if n < 2:
        return Estimate(value, None, None, n)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = np.empty(_RESAMPLES)
    for start in range(0, _RESAMPLES, _CHUNK):
        counts = generator.multinomial(n, np.full(n, 1 / n), size=_CHUNK)
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn[start : start + _CHUNK] = (counts @ above) / (counts @ below)
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Estimate(value, float(low), float(high), n)
