"""Clefs, and the key and meter that each staff begins with."""

from xml.etree import ElementTree

import pytest

from hf_abc.rendering.clefs import named_clef, parts
from hf_abc.rendering.musicxml import musicxml


@pytest.mark.parametrize(
    ("field", "clef"),
    [
        ("none", ""),  # K:none is a key without accidentals
        ("clef=none", "none"),
        ("C bass", "bass"),
        ("G alto", "alto"),
        ("C treble-8", "treble-8"),
        ("clef=treble_8", "treble-8"),
        ('clef="treble+8"', "treble+8"),
        ("D treble8", "treble-8"),
        ("C clef=bass3", "bass3"),
        ("clef=F", "bass"),
        ("clef=C3", "alto3"),
        ("clef=perc stafflines=1", "perc"),
        ('T1 name="Bass or alto" snm="B."', ""),
        ("Gm", ""),
        ("HP", ""),
    ],
)
def test_what_a_field_names(field, clef):
    assert named_clef(field) == clef


def test_lines_and_octaves():
    assert parts("treble-8") == ("G", 2, -1)
    assert parts("bass3") == ("F", 3, 0)
    assert parts("none") == ("none", 2, 0)


def staves(text: str) -> list[tuple[str | None, str | None, str | None]]:
    """Clef, fifths and beats of each part."""
    root = ElementTree.fromstring(musicxml(text)[0])
    return [
        tuple(
            part.findtext(f"measure[1]/attributes[1]/{x}") for x in ("clef/sign", "key/fifths", "time/beats")
        )
        for part in root.iter("part")
    ]  # type: ignore[misc]


def test_a_staff_begins_with_its_own_clef_key_and_meter():
    text = (
        "X:1\nM:4/4\nL:1/4\nK:Bb\nV:1\nCDEF|\nV:2 clef=perc\n[K:none]CDEF|\n"
        "V:3 clef=bass\nK:G\nM:2/2\nCDEF|K:C clef=alto\n"
    )
    assert staves(text) == [("G", "-2", "4"), ("percussion", "0", "4"), ("F", "1", "2")]
    assert musicxml(text)[0].count("<attributes>") == 3, "no change behind the beginning"


def test_a_change_of_key_takes_back_the_old_one():
    def second(keys: str) -> ElementTree.Element:
        before, after = keys.split()
        root = ElementTree.fromstring(musicxml(f"X:1\nL:1/4\nK:{before}\nCDEF|[K:{after}]CDEF|\n")[0])
        return root.findall(".//key")[1]

    assert (second("Bb G").findtext("cancel"), second("Bb G").findtext("fifths")) == ("-2", "1")
    assert second("A D").findtext("cancel") == "3"
    assert second("D A").find("cancel") is None
    assert second("HP C").find("cancel") is None
