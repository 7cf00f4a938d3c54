"""The clock: bar, pick-up, repeat and strain after each character."""

from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.bars import bars
from hf_abc.notation.clock import UNITS, clock
from hf_abc.notation.meter import WHOLE

HEADER = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"


def _shown(music: str) -> list[tuple[str, tuple[int, ...] | None]]:
    dials = clock(HEADER + music)[len(HEADER) :]
    return [(mark, dial and tuple(dial)) for mark, dial in zip(music, dials, strict=True)]


def test_the_bar_fills_and_a_bar_line_empties_it() -> None:
    filled = [dial[0] if dial else None for _, dial in _shown("G2 A>B|(3ABc d2|")]
    quarter, eighth = UNITS // 4, UNITS // 8
    start = [None, quarter, quarter, quarter + eighth, quarter + 3 * eighth // 2, 2 * quarter, 0]
    tuplet = [None, 0, eighth * 2 // 3, eighth * 4 // 3, quarter, quarter, None, 2 * quarter, 0]
    assert filled == start + tuplet


def test_nothing_is_known_in_the_header() -> None:
    assert set(clock(HEADER + "GABc|")[: len(HEADER)]) == {None}


def test_pickup_repeat_and_bars_of_a_strain() -> None:
    shown = [dial for mark, dial in _shown("|:d2|c8|B8:|\n|:A8|") if mark in "|:"]
    opening = [(0, 0, 1, 0)]  # `|:`
    first = [(0, 24, 1, 0), (0, 24, 1, 1)]  # after the pick-up, after a full bar
    second = [(0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 1, 1)]  # `:|`, `|:`, after a full bar
    assert [dial for dial in shown if dial] == opening + first + second


def test_a_second_ending_belongs_to_its_repeat() -> None:
    bars = [dial for mark, dial in _shown("|:c8|1 d8:|2 e8||") if mark in "12|:" and dial]
    assert [(dial[2], dial[3]) for dial in bars] == [(1, 0), (1, 1), (1, 2), (1, 0)]


MUSIC = st.lists(
    st.sampled_from(["G", "A", "2", "/", "3", ">", "<", " ", "|", ":|", "|:", "(3", "z", "[CE]", "-",
    "[L:1/4]", "\n"]),
    max_size=30,
).map("".join)  # fmt: skip


@given(MUSIC)
def test_the_clock_does_not_look_ahead(music: str) -> None:
    """A model that reads from left to right could know every value."""
    text = HEADER + "G" + music
    for place, value in enumerate(clock(text)):
        if value is not None:
            assert clock(text[: place + 1])[place] == value


def test_at_the_end_of_a_bar_the_clock_shows_its_length(real_tunes: list[str]) -> None:
    for text in real_tunes[::5]:
        dial = clock(text)
        for bar in bars(text):
            assert dial[bar.end - 1].filled == bar.ticks * UNITS // WHOLE
