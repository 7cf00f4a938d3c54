"""Validity: each planted fault is seen by the share that is meant to see it, and by no other."""

import pytest

from hf_abc.evaluation.validity import judge, shares

HEAD = "X:1\nT:A\nM:2/4\nL:1/8\nK:G\n"
SOUND = HEAD + "G|GABc|dBG2|ABcA|G4|]\n"
PLANTED = {
    "sound": SOUND,
    "one bar too long": SOUND.replace("dBG2", "dBG2B"),
    "not closed": SOUND.replace("dBG2", "d[BG2"),
    "rests only": HEAD + "z4|z2z2|z4|z3z|]\n",
    "loop": HEAD + "GABc|dBG2|ABcA|" + "G2dB|" * 6 + "G4|]\n",
    "no tune": "once upon a time",
    "nothing": "",
}


@pytest.fixture(scope="module")
def verdicts():
    return dict(zip(PLANTED, judge(list(PLANTED.values())), strict=True))


def test_sound_tune(verdicts):
    found = verdicts["sound"]
    assert found.compiles and found.bars_right and not found.loop and not found.silent
    assert found.bars == found.right == 5
    assert found.ended is None


def test_wrong_bar(verdicts):
    found = verdicts["one bar too long"]
    assert found.compiles and not found.bars_right
    assert (found.bars, found.right) == (5, 4)


def test_error(verdicts):
    assert not verdicts["not closed"].compiles


def test_rests_only(verdicts):
    found = verdicts["rests only"]
    assert found.silent and found.compiles and not found.bars_right  # bars of nothing are not right


def test_loop(verdicts):
    assert verdicts["loop"].loop
    assert [name for name, verdict in verdicts.items() if verdict.loop] == ["loop"]


@pytest.mark.parametrize("name", ["no tune", "nothing"])
def test_no_tune_has_no_merit(verdicts, name):
    found = verdicts[name]
    assert found.silent and not found.compiles and not found.bars_right and found.bars == 0


def test_shares_with_their_counts():
    texts = [SOUND] * 6 + [PLANTED["one bar too long"]] * 3 + [PLANTED["rests only"]]
    found = shares(judge(texts, ended=[True] * 8 + [False] * 2))
    assert {name: estimate.value for name, estimate in found.items()} == pytest.approx(
        {
            "compiles": 1.0,
            "bars_right": 0.6,
            "both": 0.6,
            "single_bars": (6 * 5 + 3 * 4 + 4) / (9 * 5 + 4),
            "loops": 0.0,
            "silent": 0.1,
            "ended": 0.8,
        }
    )
    assert all(estimate.n == 10 for estimate in found.values())
    assert found["bars_right"].low == pytest.approx(0.3127, abs=1e-4)  # Wilson, 6 of 10
    assert "ended" not in shares(judge(texts))


def test_no_tunes_at_all():
    assert judge([]) == []
    assert all(estimate.value is None for estimate in shares([]).values())
