"""Similarity: what it is made of, and the laws of a distance."""

from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.similarity import edit_distance, similarity
from hf_abc.notation.transpose import transpose

TUNE = "X:1\nM:4/4\nL:1/8\nK:G\nGABc dedB|c2A2 A4|]\n"


def test_by_hand():
    assert similarity(TUNE, TUNE) == 1
    assert similarity(TUNE, transpose(TUNE, 3)) == 1
    changed = TUNE.replace("dedB", "dgdB")  # one note: the steps to it and from it
    assert similarity(TUNE, changed) == 1 - 2 / 10
    longer = TUNE.replace("A4", "A3A")  # a length changes, a note is more
    assert similarity(TUNE, longer) == 1 - 2 / 11
    assert similarity(TUNE, TUNE.replace("L:1/8", "L:1/16").replace("M:4/4", "M:2/4")) == 0


def _slow(one, other):
    row = list(range(len(other) + 1))
    for i, x in enumerate(one, 1):
        new = [i]
        for j, y in enumerate(other, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (x != y)))
        row = new
    return row[-1]


@given(st.lists(st.integers(0, 3), max_size=80), st.lists(st.integers(0, 3), max_size=80))
def test_edit_distance_is_levenshteins(one, other):
    assert edit_distance(one, other) == _slow(one, other) == edit_distance(other, one)
