"""Lengths: unit, meter, broken rhythm, tuplets, chords, voices."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.meter import WHOLE
from hf_abc.notation.reader import TIMED, read

HEADER = "X:1\nM:4/4\nL:1/8\nK:C\n"


def lengths(music: str, header: str = HEADER) -> list[Fraction]:
    """The lengths of notes, chords and rests in eighths."""
    return [Fraction(8 * e.ticks, WHOLE) for e in read(header + music + "\n") if e.kind in TIMED]


def eighths(*values: str) -> list[Fraction]:
    return [Fraction(value) for value in values]


@pytest.mark.parametrize(
    ("music", "wanted"),
    [
        ("G G2 G/ G// G3/2", ("1", "2", "1/2", "1/4", "3/2")),
        ("z z2 x/", ("1", "2", "1/2")),
        ("Z2|Z|", ("16", "8")),
        ("G>A G<A G>>A G<<<A", ("3/2", "1/2", "1/2", "3/2", "7/4", "1/4", "1/8", "15/8")),
        ("G2> A2", ("3", "1")),
        ("(3GAB c", ("2/3", "2/3", "2/3", "1")),
        ("(3:2:2G2A c", ("4/3", "2/3", "1")),
        ("(2GA (4GABc", ("3/2", "3/2", "3/4", "3/4", "3/4", "3/4")),
        ("(5:4:5fgabc' d2", ("4/5", "4/5", "4/5", "4/5", "4/5", "2")),
        ("(3A>BA c", ("1", "1/3", "2/3", "1")),
        ("[CEG]2 [C2E2G2] [C2E]3/2", ("2", "2", "3")),
        ("{ag}G2 {/f}A", ("2", "1")),
        ("G-G2 (AB)", ("1", "2", "1", "1")),
        ("[L:1/16]G4 [M:3/8]Z [L:1/4]G", ("2", "3", "2")),
        ("[r:a remark]G y2 A", ("1", "1")),
    ],
)
def test_lengths(music: str, wanted: tuple[str, ...]) -> None:
    assert lengths(music) == eighths(*wanted)


@pytest.mark.parametrize(
    "music", ["G>c/B/", "G2>A", "G>(3ABc", "(3ABc>G"], ids=lambda music: music.replace("/", "_")
)
def test_broken_rhythm_between_unequal_notes_does_nothing(music: str) -> None:
    """The standard leaves it open; abc2midi does so."""
    assert lengths(music) == lengths(music.replace(">", " "))


def test_broken_rhythm_in_a_chain_acts_once_on_each_pair() -> None:
    assert lengths("g>f>g e") == eighths("3/2", "1/2", "1", "1")
    assert lengths("A>B c>d") == eighths("3/2", "1/2", "3/2", "1/2")


def test_a_compound_meter_changes_the_tuplets() -> None:
    assert lengths("(5GABcd", HEADER.replace("4/4", "6/8")) == [Fraction(3, 5)] * 5
    assert lengths("(5GABcd") == [Fraction(2, 5)] * 5


def test_the_unit_length_that_the_meter_implies() -> None:
    assert lengths("G", "X:1\nM:2/4\nK:C\n") == eighths("1/2")
    assert lengths("G", "X:1\nM:6/8\nK:C\n") == eighths("1")


def test_lengths_change_with_field_lines() -> None:
    assert lengths("G\nL:1/4\nG\nM:2/4\nG") == eighths("1", "2", "2")


def test_each_voice_has_its_own_lengths() -> None:
    elements = read(HEADER + "V:1\n[L:1/4]GA|\nV:2\nGA|\n[V:1]c|[V:2]c|\n")
    found = [(e.voice, e.text, Fraction(8 * e.ticks, WHOLE)) for e in elements if e.kind in TIMED]
    assert found == [
        ("1", "G", 2), ("1", "A", 2), ("2", "G", 1), ("2", "A", 1), ("1", "c", 2), ("2", "c", 1),
    ]  # fmt: skip


def test_places_point_into_the_text() -> None:
    text = HEADER + "GA [CE]2|\n% words\nw: la la\n[K:D]d>e|\n"
    elements = read(text)
    assert all(text.startswith(e.text, e.start) for e in elements)
    assert {e.line for e in elements if e.kind == "chord"} == {5}
    assert {e.line for e in elements if e.kind == "broken"} == {8}


def test_real_tunes_are_covered_by_their_elements(real_tunes: list[str]) -> None:
    for text in real_tunes:
        elements = read(text)
        assert all(text.startswith(e.text, e.start) for e in elements)
        assert all(a.end <= b.start for a, b in zip(elements, elements[1:], strict=False))


def test_an_open_chord_is_unknown_and_its_notes_are_read() -> None:
    elements = read(HEADER + "[CE|G|\n")
    assert [e.kind for e in elements if e.kind not in ("line_end",)] == [
        "unknown", "note", "note", "bar", "note", "bar",
    ]  # fmt: skip
    assert [e.kind for e in read(HEADER + "[|]\n")][:1] == ["bar"]


def test_a_negative_length_is_unreadable() -> None:
    """midi2abc on odd MIDI writes `z/-2`: lengths are positive."""
    assert [e.text for e in read(HEADER + "z/-2 G|\n") if e.kind == "unknown"] == ["2"]


def test_without_a_header_there_are_no_errors() -> None:
    assert read("") == read("\n") == []
    assert lengths("GA", "") == eighths("1", "1")


@given(st.text(alphabet="GAcz[]|:<>(3)/2-{}\"'^,&! \n\\VKLM", max_size=80))
def test_any_music_can_be_read(music: str) -> None:
    for element in read(HEADER + music + "\n"):
        assert element.ticks >= 0 and element.written >= 0


@given(st.text(alphabet="GAcz|:<>(35)/2 ", max_size=60))
def test_what_is_read_so_far_adds_up_to_what_sounds(music: str) -> None:
    elements = read(HEADER + music + "\nG\n")
    assert sum(e.advance for e in elements) == sum(e.ticks for e in elements if e.kind in TIMED)
