"""The fit recovers planted laws, gives the known refit of a published study, and says what it cannot tell."""

import numpy as np
import pytest

from hf_abc.errors import InputError
from hf_abc.scaling.power_law import fit_power_law, leave_one_out, predict_held_out

# The public run of the second seed: parameters and validation nats per character of its five GPTs and LSTMs.
SIZES = [665_619, 3_300_499, 7_309_971, 16_044_691, 29_894_547]
GPT = [2.7400, 2.3385, 2.2391, 2.1735, 2.1279]
LSTM = [3.253, 3.147, 3.068, 2.969, 3.044]
LADDER = np.repeat(np.geomspace(0.07e6, 4.7e6, 7), 3)


def law(n: np.ndarray, alpha: float = 0.25, c: float = 0.5) -> np.ndarray:
    return 0.3 * (n / 1e6) ** -alpha + c


def test_five_points_of_the_second_seed() -> None:
    assert fit_power_law(SIZES, GPT).alpha.value == pytest.approx(0.518, abs=0.001)
    assert fit_power_law(SIZES, GPT).c.value == pytest.approx(2.033, abs=0.002)
    assert fit_power_law(SIZES[1:], GPT[1:]).alpha.value == pytest.approx(0.395, abs=0.001)
    assert fit_power_law(SIZES, GPT, with_c=False).alpha.value == pytest.approx(0.066, abs=0.001)


def test_without_one_size_and_not_identified() -> None:
    without = leave_one_out(SIZES, LSTM)
    assert min(without.values()) == pytest.approx(0.03, abs=0.005)
    assert max(without.values()) == pytest.approx(1.5, abs=0.05)
    found = fit_power_law(SIZES, LSTM)
    assert not found.alpha.identified and not found.c.identified
    assert fit_power_law(SIZES, GPT).alpha.identified


@pytest.mark.parametrize(("alpha", "c"), [(0.25, 0.5), (0.15, 0.4), (0.6, 1.2), (0.3, 0.0)])
def test_a_planted_law_without_noise(alpha: float, c: float) -> None:
    found = fit_power_law(LADDER, law(LADDER, alpha, c))
    assert found.alpha.value == pytest.approx(alpha, abs=0.001)
    assert found.c.value == pytest.approx(c, abs=0.005)
    assert found.predict(2e6) == pytest.approx(float(law(np.array(2e6), alpha, c)), rel=1e-3)


def test_intervals_cover_what_they_should() -> None:
    draw = np.random.default_rng(5)
    fits = [fit_power_law(LADDER, law(LADDER) * (1 + 0.01 * draw.standard_normal(21))) for _ in range(60)]
    covered = sum((fit.alpha.low or 0) <= 0.25 <= (fit.alpha.high or 9) for fit in fits)
    assert covered >= 53  # 57 expected; fewer than 53 of 60 has a chance of 2 %, were the coverage 95 %
    assert np.mean([fit.sigma for fit in fits]) == pytest.approx(0.01, rel=0.1)
    assert fits[0].nu == 14


def test_a_size_held_out() -> None:
    draw = np.random.default_rng(0)
    noisy = law(LADDER) * (1 + 0.005 * draw.standard_normal(21))
    found = predict_held_out(LADDER, noisy, 20e6)
    assert found.low is not None and found.high is not None
    assert found.low < float(law(np.array(20e6))) < found.high
    assert found.high - found.low < 0.1 * found.value


def test_the_unit_of_size_does_not_matter_but_its_definition_does() -> None:
    thousand = fit_power_law(LADDER / 1000, law(LADDER))
    assert thousand.alpha.value == fit_power_law(LADDER, law(LADDER)).alpha.value
    total = fit_power_law(LADDER + 2e6, law(LADDER))  # an embedding that does not grow
    assert total.alpha.value > 0.5


@pytest.mark.parametrize(
    ("n", "loss", "message"),
    [
        ([1e6, 2e6], [1.0, 0.9], "2 sizes cannot be fitted with 3 parameters"),
        ([1e6, 2e6, 3e6], [1.0, float("nan"), 0.9], "leave diverged runs out"),
        ([1e6, 2e6, 3e6], [1.0, -1.0, 0.9], "positive loss"),
        ([0, 2e6, 3e6], [1.0, 1.0, 0.9], "positive sizes"),
        ([1e6, 2e6], [1.0], "one finite, positive loss"),
    ],
)
def test_what_cannot_be_fitted(n: list[float], loss: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_power_law(n, loss)
