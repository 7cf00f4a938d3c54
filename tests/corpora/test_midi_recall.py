"""The share of notes that come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora.midi_recall import TOLERANCE, recall

ONSETS = st.dictionaries(
    st.integers(0, 255),
    st.lists(st.integers(0, 400).map(lambda n: n / 4), min_size=1, unique=True).map(sorted),
    min_size=1,
)


def test_each_note_is_found_once() -> None:
    assert recall({60: [0.0, 1.0, 2.0]}, {60: [0.0, 2.0]}, 0) == pytest.approx(2 / 3)
    assert recall({60: [0.0, 0.0]}, {60: [0.0]}, 0) == 0.5
    assert recall({60: [0.0]}, {61: [0.0]}, 0) == 0
    assert recall({60: [0.0]}, {60 + 128: [0.0]}, 0) == 0


@pytest.mark.parametrize("late, found", [(0.12, 1), (-0.12, 1), (0.14, 0), (-0.14, 0)])
def test_give_or_take_a_thirty_second(late: float, found: int) -> None:
    assert recall({60: [1.0]}, {60: [1.0 + late]}, 0) == found


@given(ONSETS, st.floats(-50, 50))
def test_all_come_back_whatever_the_shift(onsets: dict[int, list[float]], shift: float) -> None:
    played = {pitch: [time - shift for time in times] for pitch, times in onsets.items()}
    assert recall(onsets, played, shift) == 1
    assert recall(onsets, {}, shift) == 0


@given(ONSETS, ONSETS)
def test_never_more_than_there_are(wanted: dict[int, list[float]], played: dict[int, list[float]]) -> None:
    share = recall(wanted, played, 0)
    total = sum(map(len, wanted.values()))
    near = sum(
        any(abs(time - other) <= TOLERANCE for other in played.get(pitch, ()))
        for pitch, times in wanted.items()
        for time in times
    )
    assert share == near / total  # quarter-note grids: no two can claim one note
