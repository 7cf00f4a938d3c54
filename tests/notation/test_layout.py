"""Layout: the notes stay, the look is one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.bars import wrong_bars
from hf_abc.notation.layout import lay_out, strip_false_ties, strip_ornaments
from hf_abc.notation.lexer import lex
from hf_abc.notation.melody import notes
from hf_abc.notation.tune import body, is_music

HEADER = "X:1\nM:{}\nL:{}\nK:G\n"


def laid(music: str, meter: str = "4/4", unit: str = "1/8") -> str:
    return body(lay_out(HEADER.format(meter, unit) + music + "\n"))


@pytest.mark.parametrize(
    ("music", "meter", "wanted"),
    [
        ("GABcdedB|g f e d c B A G|", "4/4", "GABc dedB|gfed cBAG|]"),
        ("GABcde", "6/8", "GAB cde|]"),
        ("GA Bcde|G A B c|", "3/4", "GA Bc de|GA Bc|]"),
        ("G4 A4", "4/4", "G4 A4|]"),
        ("G2>A2 B>c d2", "4/4", "G2>A2 B>cd2|]"),
        ("(3GAB c2 (3 d e f g2", "4/4", "(3GABc2 (3defg2|]"),
        ("G8-|G8|", "4/4", "G8-|G8|]"),
    ],
)
def test_beams_stand_at_the_beats(music: str, meter: str, wanted: str) -> None:
    assert laid(music, meter) == wanted


def test_a_pickup_is_beamed_with_the_beat_that_it_fills() -> None:
    assert laid("dBAGF|GABc d4|") == "d BAGF|GABc d4|]"
    assert laid("dBAG|GAB cde|", "6/8") == "d BAG|GAB cde|]"


def test_four_bars_a_line_and_a_line_for_each_strain() -> None:
    lines = laid("c2|" + "G4|" * 7 + "G2:|\n" + "A4|" * 8, "2/4").split("\n")
    assert [line.count("|") for line in lines][0] == 6
    assert lines[0].startswith("|:c2|G4|G4|G4|G4|")
    assert lines[-1].endswith("|]")


def test_repeats_get_their_signs() -> None:
    assert laid("G8|A8:|B8|c8:|") == "|:G8|A8:|\n|:B8|c8:|"
    assert laid("|:G8|A8::B8|c8:|") == "|:G8|A8:|\n|:B8|c8:|"
    assert laid("G8|A8||B8|c8:|") == "G8|A8||\n|:B8|c8:|"
    assert laid("|:G8|1 A8:|2 B8|]") == "|:G8|1 A8:|2 B8|]"
    assert laid("|:G8|[1 A8:|[2 B8||c8|]") == "|:G8|1 A8:|2 B8||\nc8|]"


def test_the_unit_length_is_one_for_all() -> None:
    assert laid("G2A2 B2c2|\n[L:1/16]d4e4[L:1/8]d4|", "4/4", "1/8") == "G2A2 B2c2|d2e2 d4|]"
    assert laid("G4A4 B4c4|", "4/4", "1/16") == "G2A2 B2c2|]"
    assert laid("GABc|", "4/4", "1/4") == "G2A2 B2c2|]"


def test_meter_and_key_changes_stay_and_words_go() -> None:
    assert laid("GABc defg|\nM:3/4\n[K:D]GA Bc de|\nw: la la\n") == "GABc defg|[M:3/4][K:D]GA Bc de|]"


def test_a_tied_chord_stays_tied() -> None:
    text = HEADER.format("4/4", "1/8") + "[d3-d'3-][dd']5|[c-G]8|[ce]8|\n"
    assert body(lay_out(text)) == "[d-d'-]3 [dd']5|[c-G]8|[ce]8|]"
    assert notes(lay_out(text)) == notes(text)
    assert laid('["D"D3-.A3-][D2A2]~[Gd]3|') == "[D-A-]3 [DA]2 [Gd]3|]"


def test_ornaments_go_and_the_melody_stays() -> None:
    text = (
        HEADER.format("4/4", "1/8") + '"G"~G2{ag}(A>B) !trill!.c2 y`d"^x"v|$ % end\n%%staffsep 50\n% c\nGA|\n'
    )
    assert body(strip_ornaments(text)) == "G2A>B c2 d|\nGA|"


def test_a_length_behind_an_ornament_does_not_join_the_note_before_it() -> None:
    text = HEADER.format("4/4", "1/8") + 'GA"x"2 B|\n'
    assert body(strip_ornaments(text)) == "GA 2 B|"


def test_false_ties_go() -> None:
    text = HEADER.format("4/4", "1/8")
    assert body(strip_false_ties(text + "G-A A-A|B-|B [CE]-E ^F-|F c-")) == "GA A-A|B-|B [CE]-E ^F-|F c"


def shape(text: str) -> list[tuple[int, int, int]]:
    return [(note.pitch, note.onset, note.ticks) for note in notes(text)]


@pytest.mark.parametrize("unit", ["1/8", "1/16", "1/4"])
def test_real_tunes_keep_notes_lengths_and_bars(real_tunes: list[str], unit: str) -> None:
    single = [text for text in real_tunes if "V:" not in text][int(unit[2:]) % 3 :: 3]
    for text in single:
        done = lay_out(text, Fraction(unit))
        assert shape(done) == shape(text)
        assert len(wrong_bars(done)) == len(wrong_bars(text))
        assert lay_out(done, Fraction(unit)) == done


def test_real_tunes_keep_their_melody_without_ornaments(real_tunes: list[str]) -> None:
    for text in real_tunes:
        plain = strip_ornaments(text)
        assert shape(plain) == shape(text)
        symbols = {s.kind for line in body(plain).split("\n") if is_music(line) for s in lex(line)}
        assert not symbols & {"grace", "decoration", "slur", "annotation", "beam"}


MUSIC = st.lists(
    st.sampled_from(["G", "a2", "B/", "c3/2", "[GB]2", "z", "|", "|", ":|", "|:", "||", "|1", ":|2",
    "(3ABc", "d>e", "f<g", " ", "[M:3/4]", "-", "_e"]),
    min_size=1,
    max_size=40,
).map("".join)  # fmt: skip


@given(MUSIC, st.sampled_from(["4/4", "6/8", "3/4", "none"]))
def test_any_music_keeps_its_notes(music: str, meter: str) -> None:
    text = HEADER.format(meter, "1/8") + "G" + music + "\n"
    done = lay_out(text)
    assert shape(done) == shape(text)
    assert lay_out(done) == done
