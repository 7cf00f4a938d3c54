"""Bars: bar lines in all spellings, lengths, and what is wrong."""

import pytest

from hf_abc.notation.bars import Barline, bars, parse_barline, wrong_bars
from hf_abc.notation.meter import WHOLE

HEADER = "X:1\nM:2/4\nL:1/8\nK:G\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("|", Barline()),
        ("||", Barline(double=True)), ("|]", Barline(double=True)), ("[|", Barline(double=True)),
        ("|:", Barline(repeat_start=1)), (":|", Barline(repeat_end=1)),
        ("::", Barline(1, 1)), (":|:", Barline(1, 1)), (":||:", Barline(1, 1, double=True)),
        ("|::", Barline(repeat_start=2)), ("::|", Barline(repeat_end=2)), ("::::", Barline(2, 2)),
        ("[|:", Barline(repeat_start=1, double=True)), (":|]", Barline(repeat_end=1, double=True)),
        (":|2", Barline(repeat_end=1, ending="2")), ("|1", Barline(ending="1")),
        ("[1,3", Barline(ending="1,3")),
        (":|[2", Barline(repeat_end=1, ending="2")), ("|1-3", Barline(ending="1-3")),
        ("|1.", Barline(ending="1")),
    ],
)  # fmt: skip
def test_bar_lines(text: str, wanted: Barline) -> None:
    found = parse_barline(text)
    assert (found.repeat_end, found.repeat_start, found.ending) == (
        wanted.repeat_end, wanted.repeat_start, wanted.ending,
    )  # fmt: skip
    assert found.section == wanted.section


def sizes(music: str, header: str = HEADER) -> list[float]:
    """The lengths of the bars in eighths."""
    return [8 * bar.ticks / WHOLE for bar in bars(header + music + "\n")]


def wrong(music: str, header: str = HEADER) -> list[int]:
    return [bar.number for bar in wrong_bars(header + music + "\n")]


def test_a_note_glued_to_a_double_repeat_is_in_its_bar() -> None:
    """music21#202: the e before `::` sounds."""
    music = "|:GA Bc|d2 e::f2 g2|a4:|"
    assert sizes(music) == [4, 3, 4, 4]
    middle = bars(HEADER + music)[1].closing
    assert middle is not None and (middle.repeat_end, middle.repeat_start) == (1, 1)
    assert sizes(music.replace("::", " :: ")) == sizes(music) and wrong(music) == []


def test_lists_of_endings() -> None:
    """music21#1483 and abcjs#901: `[1,2` and `|1,3` are legal."""
    found = bars(HEADER + "|:GA Bc|[1,2 d4:|[3 g4|]\n")
    assert [bar.ticks for bar in found] == [WHOLE // 2] * 3
    assert [bar.opening.ending for bar in found if bar.opening] == ["", "1,2", "3"]
    found = bars(HEADER + "|:D2 F2|1,3 A2 F2:|2 A2 d2:|4 D4|]\n")
    assert [bar.opening.ending for bar in found if bar.opening] == ["", "1,3", "2", "4"]


def test_three_fold_repeats() -> None:
    """abcjs#355: n colons, n + 1 plays."""
    (bar,) = bars(HEADER + "|::GABc::|\n")
    assert bar.opening == Barline(repeat_start=2) and bar.closing == Barline(repeat_end=2)


def test_meter_changes_in_the_line_take_effect() -> None:
    """music21#1672."""
    assert wrong("cBA G3|[K:D][M:3/8]FED|C3|]", "X:1\nM:6/8\nL:1/8\nK:C\n") == []
    assert wrong("GABc|[M:3/4]GABcde|\nM:2/4\nGABc|GAB|]") == []


def test_tuplets_and_slurs_fill_their_bars() -> None:
    """music21#1798 and verovio#2206."""
    assert wrong("((3GAB c2) d2 e2|(3fed (c2 B2) A2|", "X:1\nM:4/4\nL:1/8\nK:G\n") == []
    header = "X:1\nM:3/4\nL:1/8\nK:D\n"
    assert sizes("(3DEF (3GAB (3cde|(5:4:5fgabc' d2|", header) == [6, 6]


def test_what_is_wrong() -> None:
    assert wrong("GABc|GABcd|GABc|]") == [1]
    assert wrong("GABc|GAB|GABc|]") == [1]
    assert wrong("GABc|GABc||GAB|GABc|]") == []  # short at a double bar
    assert wrong("GABc|GABcd||GABc|]") == [1]  # too long is wrong everywhere
    assert wrong("GABc|GABcd", HEADER.replace("2/4", "none")) == []


def test_a_pickup_and_the_last_bar_may_be_short() -> None:
    assert wrong("c|GABc|GAB|") == wrong("|c|GABc|GAB|]") == wrong("c|GABc|GAB") == []
    assert wrong("c2|:GABc|GA:|:Bc|GABc|GA:|") == []


def test_a_bar_line_and_the_repeat_on_the_next_line_are_one() -> None:
    assert wrong("GABc|1 GAB|\n:|2 GABc|GABc|]") == []
    assert wrong("GABc|GAB|\n|| GABc|]") == []


def test_a_pickup_on_its_own_line() -> None:
    """abc2svg#110: a backslash, then `|:` on the next line."""
    music = "CD\\\n|:EF GA|Bc d2:|"
    assert sizes(music) == [2, 4, 4] and wrong(music) == []
    start = bars(HEADER + music)[1].opening
    assert start is not None and start.repeat_start == 1


def test_rests_count() -> None:
    """EasyABC#93."""
    assert wrong("z2 A2 z2|d3 z z2|z6|", "X:1\nM:3/4\nL:1/8\nK:D\n") == []
    assert wrong("GABc|Z4|GABc|") == []


def test_each_voice_has_its_own_bars() -> None:
    found = bars("X:1\nM:2/4\nL:1/8\nK:C\nV:1\nGABc|GABc|\nV:2\nG4|G3|\n")
    assert [(bar.voice, bar.ticks * 8 // WHOLE) for bar in found] == [("1", 4), ("1", 4), ("2", 4), ("2", 3)]
    assert not any(bar.wrong for bar in found)


def test_places() -> None:
    text = HEADER + "GABc|GABcd |\nGABc|\n"
    (bar,) = wrong_bars(text)
    assert text[bar.start : bar.end] == "GABcd" and bar.line == 5


def test_human_bars_are_right(real_tunes: list[str]) -> None:
    found = [bar for text in real_tunes for bar in bars(text)]
    assert sum(bar.wrong for bar in found) < len(found) / 50
