"""Windows: against cutting each string by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora import windows
from hf_abc.corpora.windows import Pieces, Windows

STRINGS = st.lists(st.binary(max_size=12), max_size=12)


@given(STRINGS, st.sampled_from([1, 3, 8, 9]), st.integers(1, 20))
def test_all_windows_come_in_order(strings: list[bytes], size: int, block: int) -> None:
    pieces = Pieces.of(strings)
    found = Windows(pieces, size)
    wanted = [
        (n, start, s[start : start + size])
        for n, s in enumerate(strings)
        for start in range(len(s) - size + 1)
    ]  # fmt: skip
    numbers = np.arange(len(found))
    assert len(found) == len(wanted)
    assert found.owner(numbers).tolist() == [n for n, _, _ in wanted]
    assert [bytes(row) for row in found.text(numbers)] == [text for _, _, text in wanted]
    whole = found.hashes(0, len(strings)).tolist()
    by_text = {text: value for (_, _, text), value in zip(wanted, whole, strict=True)}
    assert whole == [by_text[text] for _, _, text in wanted] and len(set(by_text.values())) == len(by_text)
    with_blocks, old = [], windows._BLOCK
    try:
        windows._BLOCK = block
        for first, last in found.blocks():
            with_blocks += found.hashes(first, last).tolist()
    finally:
        windows._BLOCK = old
    assert with_blocks == whole


@given(STRINGS)
def test_pieces_give_their_strings_back(strings: list[bytes]) -> None:
    pieces = Pieces.of(strings)
    assert [pieces[n] for n in range(len(pieces))] == strings
    assert pieces.lengths.tolist() == [len(s) for s in strings]
