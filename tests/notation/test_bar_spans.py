"""Where bars stand, and how musicians number them."""

from hf_abc.notation.bar_spans import spans

TUNE = "X:1\nM:6/8\nL:1/8\nK:D\nG|Add dcd|efg f2e|dcA AGA|D3 D2||\nD|FGA BFG|D3 D2|]\n"


def test_numbers_and_texts():
    found = spans(TUNE)
    assert [TUNE[s.start : s.end] for s in found] == [
        "G", "Add dcd", "efg f2e", "dcA AGA", "D3 D2", "D", "FGA BFG", "D3 D2",
    ]  # fmt: skip
    assert [s.number for s in found] == [0, 1, 2, 3, 4, 4, 5, 6]
    assert [s.whole for s in found] == [False, True, True, True, False, False, True, False]
    assert [s.section for s in found] == [False, False, False, False, True, False, False, True]
