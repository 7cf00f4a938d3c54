"""The check by Huber's loss, the surface over size and data, and the simulated precision of a design."""

import numpy as np
import pytest

from hf_abc.errors import InputError
from hf_abc.scaling.design import FLAT, STEEP, simulate
from hf_abc.scaling.huber import fit_huber
from hf_abc.scaling.power_law import fit_power_law
from hf_abc.scaling.surface import fit_surface

LADDER = np.geomspace(0.07e6, 4.7e6, 7)


def test_the_check_agrees() -> None:
    draw = np.random.default_rng(0)
    n = np.repeat(LADDER, 2)
    loss = STEEP.loss(n) * (1 + 0.003 * draw.standard_normal(14))
    check, fit = fit_huber(n, loss), fit_power_law(n, loss)
    assert check.alpha == pytest.approx(fit.alpha.value, abs=0.03)
    assert check.c == pytest.approx(fit.c.value, abs=0.05)
    exact = fit_huber(LADDER, STEEP.loss(LADDER))
    assert (exact.alpha, exact.c) == (pytest.approx(0.25, abs=0.002), pytest.approx(0.5, abs=0.01))


def test_a_planted_surface() -> None:
    n, d = (grid.ravel() for grid in np.meshgrid(LADDER, [0.25e6, 1e6, 4e6]))
    loss = 0.3 + 0.3 * (n / 1e6) ** -0.25 + 0.4 * (d / 1e6) ** -0.31
    found = fit_surface(n, d, loss)
    assert (found.alpha.value, found.beta.value) == (pytest.approx(0.25), pytest.approx(0.31))
    assert (found.e, found.a, found.b) == (pytest.approx(0.3), pytest.approx(0.3), pytest.approx(0.4))
    assert found.predict(2e6, 1e6) == pytest.approx(0.3 + 0.3 * 2**-0.25 + 0.4)
    with pytest.raises(InputError, match="three amounts of data"):
        fit_surface(LADDER, [1e6] * 7, loss[:7])


def test_precision_of_a_design() -> None:
    few = simulate(np.repeat(np.geomspace(1e6, 1e8, 5), 1), STEEP, noise=0.003, studies=200)
    wide = simulate(np.repeat(np.geomspace(1e5, 1e8, 8), 3), STEEP, noise=0.003, studies=200)
    assert wide.alpha[1] - wide.alpha[0] < (few.alpha[1] - few.alpha[0]) / 2
    assert few.alpha == (pytest.approx(0.21, abs=0.02), pytest.approx(0.29, abs=0.02))
    flat = simulate(np.repeat(LADDER, 3), FLAT, noise=0.01, studies=100)
    assert flat.alpha[0] < 0.15 < flat.alpha[1] and flat.c[1] - flat.c[0] > 0.1
    assert 0.88 <= flat.coverage_alpha <= 1
