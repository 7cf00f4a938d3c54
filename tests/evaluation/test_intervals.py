"""Intervals: Wilson's against known values, the bootstrap against what it must be."""

import math

import numpy as np
import pytest

from hf_abc.evaluation.intervals import ratio, wilson


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.27753),  # z² / (n + z²)
        (10, 10, 0.72247, 1.0),
        (5, 10, 0.23659, 0.76341),
        (1, 200, 0.00088, 0.02778),
        (180, 200, 0.85059, 0.93433),
    ],
)
def test_wilson(count, n, low, high):
    found = wilson(count, n)
    assert found.value == count / n
    assert found.low == pytest.approx(low, abs=1e-5)
    assert found.high == pytest.approx(high, abs=1e-5)
    assert found.n == n


def test_wilson_of_nothing():
    assert wilson(0, 0).value is None
    assert str(wilson(0, 0)) == "-"
    with pytest.raises(ValueError, match="11 of 10"):
        wilson(11, 10)


def test_ratio_of_sums_not_of_ratios():
    assert ratio([1, 3], [1, 1], ["a", "b"]).value == 2
    assert ratio([1, 30], [1, 10], ["a", "b"]).value == pytest.approx(31 / 11)


def test_interval_covers_like_the_normal_one():
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = ratio(values, np.ones(400), range(400))
    error = 1.96 * values.std() / math.sqrt(400)
    assert found.low == pytest.approx(values.mean() - error, abs=0.03)
    assert found.high == pytest.approx(values.mean() + error, abs=0.03)


def test_families_count_once():
    """Twenty copies of each tune tell no more than the tune: the interval must not shrink."""
    values = np.random.default_rng(2).normal(5, 2, 50)
    alone = ratio(values, np.ones(50), range(50))
    copied = ratio(np.tile(values, 20), np.ones(1000), np.tile(np.arange(50), 20))
    assert copied.n == 50
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low, rel=1e-9)
    shrunk = ratio(np.tile(values, 20), np.ones(1000), range(1000))
    assert shrunk.high - shrunk.low < 0.3 * (alone.high - alone.low)


def test_one_family_has_no_interval():
    found = ratio([3, 5], [2, 2], ["a", "a"])
    assert (found.value, found.low, found.high, found.n) == (2, None, None, 1)
    assert str(found) == "2.000"
    assert ratio([], [], []).value is None


def test_same_numbers_same_interval():
    values = list(range(30))
    assert ratio(values, [1] * 30, range(30)) == ratio(values, [1] * 30, range(30))
