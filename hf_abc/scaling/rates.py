"""The learning rate's law: the best rate of some sizes, and from these the rate of any width.

Of a size's sweep the best rate is the lowest point of the parabola through the best of its losses and the two
beside it, over the logarithm of the rate. It counts only where it is interior: a best rate at the edge of the
sweep says no more than that the sweep was too narrow, and is answered with one rate more (`wider`). The law
is a power of the width, log rate = log r + x log width, by least squares: with three widths it has one degree
of freedom, so it is checked at the second largest size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hf_abc.errors import InputError

MOST = 4
"""How many rates a sweep is widened by on each side before it is given up."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best rate of a size of that width; `tried` are the rates with their losses, rising."""

    width: int
    rate: float
    tried: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class RateLaw:
    """rate = scale * width ** exponent; `spread` is the root mean square of the sweeps around it, as a
    factor.
    """

    scale: float
    exponent: float
    spread: float

    def rate(self, width: int) -> float:
        return float(self.scale * width**self.exponent)


def wider(losses: Mapping[float, float]) -> float | None:
    """The rate to be tried next where the best is at the edge, None where it is interior. Losses of diverged
    runs are infinite.
    """
    rates = sorted(losses)
    best = min(rates, key=lambda rate: losses[rate])
    if math.isinf(losses[best]):
        return rates[0] ** 2 / rates[1]
    if best == rates[0]:
        return rates[0] ** 2 / rates[1]
    if best == rates[-1]:
        return rates[-1] ** 2 / rates[-2]
    return None


def optimum(width: int, losses: Mapping[float, float]) -> Optimum:
    """The best rate of a sweep. InputError where it is not interior."""
    rates = sorted(losses)
    place = min(range(len(rates)), key=lambda i: losses[rates[i]])
    if wider(losses) is not None:
        raise InputError(
            f"the best learning rate at width {width} is {rates[place]:g}, at the edge of those tried: give "
            "the study's rates a wider range"
        )
    near = rates[place - 1 : place + 2]
    values = [losses[rate] for rate in near]
    best = rates[place]
    if all(map(math.isfinite, values)):
        curve, slope, _ = np.polyfit(np.log(near), values, 2)
        if curve > 0:
            best = float(np.exp(-slope / (2 * curve)))
    return Optimum(width, best, tuple((rate, losses[rate]) for rate in rates))


def fit_rates(optima: Sequence[Optimum]) -> RateLaw:
    """The law through the optima; one alone gives a rate for all widths."""
    widths, rates = (np.log([getattr(one, name) for one in optima]) for name in ("width", "rate"))
    if len(set(widths)) < 2:
        return RateLaw(float(np.exp(rates.mean())), 0.0, 1.0)
    exponent, start = np.polyfit(widths, rates, 1)
    off = rates - start - exponent * widths
    return RateLaw(float(np.exp(start)), float(exponent), float(np.exp(np.sqrt(np.mean(off**2)))))
