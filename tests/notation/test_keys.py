"""Key signatures."""

import pytest

from hf_abc.notation.keys import parse_key, pitch_class, signature, tonic_sharps


@pytest.mark.parametrize(
    ("text", "sharps", "name"),
    [
        ("C", 0, "C"), ("G", 1, "G"), ("Bb", -2, "Bb"), ("F#", 6, "F#"), ("Am", 0, "Am"),
        ("A minor", 0, "Am"),
        ("AMIN", 0, "Am"), ("Edor", 2, "Edor"), ("E dorian", 2, "Edor"), ("DMix", 1, "Dmix"),
        ("CMaj", 0, "C"),
        ("C Major", 0, "C"), ("Glyd", 2, "Glyd"), ("Ephr", 0, "Ephr"), ("Bloc", 0, "Bloc"),
        ("A aeolian", 0, "Am"),
        ("G ionian", 1, "G"), ("D clef=bass", 2, "D"), ("G treble", 1, "G"), ("D transpose=1", 2, "D"),
        ("F#m", 3, "F#m"), ("Cb", -7, "Cb"), ("C#", 7, "C#"),
    ],
)  # fmt: skip
def test_keys(text: str, sharps: int, name: str) -> None:
    key = parse_key(text)
    assert key is not None
    assert (key.sharps, key.name) == (sharps, name)
    assert key.accidentals == signature(sharps)


@pytest.mark.parametrize("text", ["", "maj", "min", "c", "am", "Bn", "D_B", "G#", "H", "?", "Fb"])
def test_what_names_no_key(text: str) -> None:
    assert parse_key(text) is None


def test_highland_pipes_sound_two_sharps_and_no_key_none() -> None:
    """abcjs#56: K:HP and K:Hp sound F and C sharp, G natural."""
    for text in ("HP", "Hp"):
        key = parse_key(text)
        assert (
            key is not None and key.accidentals == {"F": 1, "C": 1} and key.tonic == "" and key.name == text
        )
    none = parse_key("none")
    assert none is not None and none.accidentals == {} and none.name == "none"


def test_added_accidentals() -> None:
    key = parse_key("D ^g =c")
    assert key is not None and key.accidentals == {"F": 1, "C": 0, "G": 1}
    key = parse_key("D exp _b ^f")
    assert key is not None and key.accidentals == {"B": -1, "F": 1}


def test_signatures_and_pitch_classes() -> None:
    assert signature(3) == {"F": 1, "C": 1, "G": 1}
    assert signature(-2) == {"B": -1, "E": -1}
    assert [pitch_class(name) for name in ("C", "F#", "Bb", "Cb")] == [0, 6, 10, 11]
    assert tonic_sharps("E", "dor") == 2 and tonic_sharps("Bb", "m") == -5
