"""Musical distances: known values, and human tunes inside their own floor."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from hf_abc.evaluation.music import DISTRIBUTIONS, NUMBERS, SHARES, distances, divergence, features
from hf_abc.notation.transpose import transpose

HEAD = "X:1\nT:Tune\nM:4/4\nL:1/8\nK:D\n"
TUNE = HEAD + "|:d2fd A2d2|d2fd g2e2|d2fd A2d2|c2e2 d4:|\n|:a2fa g2eg|f2df e2c2|a2fa g2eg|f2e2 d4:|\n"


def test_values_of_one_tune() -> None:
    found = features(TUNE)
    assert found.counts["pitch_classes"] == Counter({0: 8 + 3, 4: 3 + 5, 7: 2 + 4, 5: 1 + 4, 2: 2 + 4, 11: 2})
    assert found.counts["durations"] == Counter({1 / 4: 20, 1 / 8: 16, 1 / 2: 2})
    assert found.counts["bar_rhythms"].total() == 8
    assert found.numbers["range"] == 12  # A to a
    assert (found.numbers["notes"], found.numbers["bars"]) == (38, 8)
    assert found.numbers["repeated_bars"] == 1 - 6 / 8
    assert (found.numbers["in_key"], found.numbers["tonic_end"], found.numbers["aabb"]) == (1, 1, 1)
    assert found.counts["intervals"][-5] == 2  # d to A


def test_the_same_in_every_key_but_for_compression() -> None:
    moved = features(transpose(TUNE, 5) or "")
    here = features(TUNE)
    assert moved.counts == here.counts
    for name in (*NUMBERS, *SHARES):
        assert name == "compression" or moved.numbers[name] == here.numbers[name]


def test_divergence() -> None:
    assert divergence(Counter("aab"), Counter("aaaabb")) == 0
    assert divergence(Counter("ab"), Counter("cd")) == pytest.approx(1)
    assert divergence(Counter("a"), Counter("ab")) == pytest.approx(0.3113, abs=1e-4)
    assert divergence(Counter(), Counter("a")) is None


def test_accidentals_leave_the_key_and_free_tunes_have_no_tonic() -> None:
    assert features(HEAD + "d2^d2 e2=f2|\n").numbers["in_key"] == 0.5
    free = features(TUNE.replace("K:D", "K:none"))
    assert free.numbers["tonic_end"] is None and free.numbers["in_key"] is None
    assert not free.counts["pitch_classes"] and free.counts["durations"]


def test_rests_only() -> None:
    silent = features(HEAD + "z8|" * 115 + "\n")
    assert silent.numbers["notes"] == 0 and silent.numbers["range"] is None
    assert silent.numbers["repeated_bars"] == pytest.approx(114 / 115)
    assert silent.counts["bar_rhythms"].total() == 115
    empty = features("")
    assert empty.numbers["bars"] == 0 and empty.numbers["compression"] is None


def written(seed: int, alphabet: Sequence[str] = "DEFGAB") -> str:
    draw = random.Random(seed)
    bars = ["".join(draw.choice(alphabet) for _ in range(8)) for _ in range(8)]
    return HEAD + "|".join(bars) + "|\n"


def test_alike_tunes_lie_inside_the_floor_and_others_beyond() -> None:
    human = [features(written(seed)) for seed in range(40)]
    others = [features(written(seed)) for seed in range(100, 300)]
    alike = distances([features(written(seed)) for seed in range(500, 540)], human, others)
    assert not [
        name for name in DISTRIBUTIONS if name != "bar_rhythms" and alike[name].value > 2 * alike[name].floor
    ]
    wild = distances(
        [features(written(seed, ("D", "d'", "g", "^A", "c"))) for seed in range(40)], human, others
    )
    assert all(wild[name].beyond for name in ("pitch_classes", "intervals", "range", "in_key"))
    assert wild["notes"].value == 0 and wild["notes"].sampled == wild["notes"].human == 64
    assert not wild["durations"].beyond


def test_nothing_to_compare() -> None:
    found = distances([], [features(TUNE)], [])
    assert all(one.value is None and not one.beyond for one in found.values())
    alone = distances([features(TUNE)], [features(TUNE)], [])
    assert alone["range"].value == 0 and alone["range"].floor is None
