"""Transposition: exact, and as a musician would write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.bars import bars
from hf_abc.notation.keys import parse_key
from hf_abc.notation.melody import notes
from hf_abc.notation.transpose import best_tonic, transpose, write_pitch

HEADER = "X:1\nT:A\nM:4/4\nL:1/8\n"


def moved(music: str, key: str, semitones: int) -> str:
    text = transpose(f"{HEADER}K:{key}\n{music}\n", semitones)
    assert text is not None
    header, _, body = text.rpartition("K:")
    assert header == HEADER
    return body.rstrip("\n")


@pytest.mark.parametrize(
    ("music", "key", "semitones", "wanted"),
    [
        ("GABc d2e2|", "G", 2, "A\nABcd e2f2|"),
        ("GABc d2e2|", "G", -2, "F\nFGAB c2d2|"),
        ("GABc d2e2|", "G", 12, "G\ngabc' d'2e'2|"),
        ("B,CD", "C", -1, "B\nA,B,C"),
        ("^FG=f _B", "G", 1, "Ab\n=GA_g _c"),
        ("d^c=c", "D", -2, "C\nc=B_B"),
        ("E2F2", "Edor", 5, "Ador\nA2B2"),
        ("A^GA", "Am", 3, "Cm\nc=Bc"),
        ("{ga}G [GBd]2 (3GAB G>A z2 !trill!g", "G", -2, "F\n{fg}F [FAc]2 (3FGA F>G z2 !trill!f"),
        ('"G"G "Am7/E"A "^slowly"B "D7"c', "G", 2, 'A\n"A"A "Bm7/F#"B "^slowly"c "E7"d'),
    ],
)
def test_moves(music: str, key: str, semitones: int, wanted: str) -> None:
    assert moved(music, key, semitones) == wanted


def test_words_and_comments_stay() -> None:
    assert moved("GA|\nw: GA da\n% GA\nGA|", "G", 2) == "A\nAB|\nw: GA da\n% GA\nAB|"


@pytest.mark.parametrize(
    "body",
    [
        "K:none\nGA|",
        "K:HP\nGA|",
        "K:?\nGA|",
        "K:G\nGA|[K:D]FG|",
        "K:G\nGA|\nK:D\nFG|",
        "K:D exp _b\nGA|",
        "K:D =c\nGA|",
        "GA|",
    ],
)
def test_what_cannot_be_moved_exactly_is_left(body: str) -> None:
    assert transpose(HEADER + body + "\n", 2) is None
    assert transpose(HEADER + body + "\n", 0) == HEADER + body + "\n"


def test_too_many_accidentals_cannot_be_written() -> None:
    """In G flat `^^C` stands three semitones above the signature's C flat; a triple sharp has no sign."""
    assert transpose(f"{HEADER}K:Gb\n^^C|\n", 6) is None
    assert moved("^C|", "Gb", 6) == "C\n^^F|"


def test_the_tonic_with_the_fewest_accidentals() -> None:
    key = parse_key("Edor")
    assert key is not None
    assert [best_tonic(key, k) for k in (0, 1, 2, 5, 8)] == ["E", "F", "F#", "A", "C"]
    none = parse_key("none")
    assert none is not None and best_tonic(none, 2) is None


def test_pitches_are_written_in_their_octave() -> None:
    assert [write_pitch("C", k) for k in (-2, -1, 0, 1, 2)] == ["C,,", "C,", "C", "c", "c'"]
    assert write_pitch("B", 1, "_") == "_b"


@pytest.mark.parametrize("semitones", [-5, -1, 3, 6])
def test_real_tunes_move_by_as_much_and_come_back(real_tunes: list[str], semitones: int) -> None:
    tried = 0
    for text in real_tunes[semitones % 3 :: 3]:
        there = transpose(text, semitones)
        if there is None:
            continue
        back = transpose(there, -semitones)
        assert back is not None
        tried += 1
        before, after = notes(text), notes(there)
        assert [(n.pitch + semitones, n.onset, n.ticks) for n in before] == [
            (n.pitch, n.onset, n.ticks) for n in after
        ]
        assert notes(back) == before
        assert [(b.ticks, b.line) for b in bars(there)] == [(b.ticks, b.line) for b in bars(text)]
    assert tried > 40


NOTES = st.lists(
    st.builds(
        lambda *parts: "".join(parts),
        st.sampled_from(["", "", "", "^", "_", "="]),
        st.sampled_from("ABCDEFGabcdefg"),
        st.sampled_from(["", "2", "/", "3/2"]),
        st.sampled_from(["", " ", "|", "-", ">"]),
    ),
    max_size=16,
).map("".join)
KEYS = st.sampled_from(["C", "G", "Bb", "F#m", "Edor", "Amix", "Ephr", "Flyd", "Am", "Cb", "C#", "Bloc"])


@given(NOTES, KEYS, st.integers(-12, 12))
def test_any_tune_keeps_its_melody(music: str, key: str, semitones: int) -> None:
    text = f"{HEADER}K:{key}\n{music}\n"
    there = transpose(text, semitones)
    if there is not None:
        assert [n.pitch for n in notes(there)] == [n.pitch + semitones for n in notes(text)]
        back = transpose(there, -semitones)
        assert back is None or notes(back) == notes(text)
