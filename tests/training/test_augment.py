"""Transposition as augmentation."""

from hf_abc.notation.keys import parse_key
from hf_abc.notation.melody import intervals, notes
from hf_abc.training.augment import FARTHEST, KEPT, MOST_ACCIDENTALS, drawn_shift, moved, shifts

TUNE = "X:1\nT:A Jig\nM:6/8\nL:1/8\nK:Edor\nEFG B2c | d^cB AGF | E3 E3 |]\n"


def test_shifts_stay_near_and_in_easy_keys() -> None:
    allowed = shifts(TUNE)
    assert 0 not in allowed and all(abs(shift) <= FARTHEST for shift in allowed)
    for shift in allowed:
        key = parse_key(moved(TUNE, shift).split("K:")[1].split("\n")[0])
        assert key is not None and abs(key.sharps) <= MOST_ACCIDENTALS
    # E dorian has two sharps; a semitone up is F dorian (three flats), one down is E flat dorian (five flats)
    assert 1 in allowed and -1 not in allowed
    assert allowed == [-5, -4, -2, 1, 2, 3, 5]


def test_a_moved_tune_has_the_same_intervals_and_other_pitches() -> None:
    for shift in shifts(TUNE):
        text = moved(TUNE, shift)
        assert intervals(notes(text)) == intervals(notes(TUNE))
        assert [b.pitch - a.pitch for a, b in zip(notes(TUNE), notes(text), strict=True)] == [shift] * 13


def test_the_draw_depends_on_seed_epoch_and_text_only() -> None:
    draws = [drawn_shift(TUNE, seed=1, epoch=epoch) for epoch in range(400)]
    assert draws == [drawn_shift(TUNE, seed=1, epoch=epoch) for epoch in range(400)]
    assert draws != [drawn_shift(TUNE, seed=2, epoch=epoch) for epoch in range(400)]
    assert set(draws) == {0, *shifts(TUNE)}
    assert abs(draws.count(0) / 400 - KEPT) < 0.08


def test_a_tune_that_cannot_be_moved_stays() -> None:
    for key in ("none", "HP", "", "nonsense"):
        text = TUNE.replace("Edor", key)
        assert shifts(text) == [] and drawn_shift(text, seed=1, epoch=0) == 0
        assert moved(text, 2) == text
    assert shifts("no tune at all") == []
