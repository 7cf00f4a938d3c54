"""midi2abc's text into ABC: what is kept, what is refused."""

import numpy as np
import pytest

from hf_abc.corpora.midi_rewrite import Piece, Voice
from hf_abc.corpora.midi_text import LONGEST, NotMusic, split_voices, tune

HEAD = (
    "X: 1\nT: from 0.mid\nM: 4/4\nL: 1/8\nQ:1/4=120\n% Last note suggests minor mode tune\nK:C % 0 sharps\n"
)
BAR = "C D E F  G A B c|"
NOTHING = (np.zeros(1, np.int32),) * 4


def piece(*voices: Voice, bars: int = 8, meter: tuple[int, int] = (4, 4), minor: bool = False) -> Piece:
    voices = voices or (Voice(0, "treble", NOTHING),)
    return Piece(meter, 8, 0, minor, 96, 0, bars, voices, 1, 0.0, {})


def written(*voices: str) -> list[str]:
    return split_voices(HEAD + "".join(f"V:{n}\n{text}" for n, text in enumerate(voices, 1)))


def test_a_tune_of_one_voice() -> None:
    text = tune(piece(bars=20), written(f"%%MIDI program 0\n{BAR}\n" * 20 + " C8|\n "), "The Title")
    assert text.startswith("X:1\nT:The Title\nM:4/4\nL:1/8\nQ:1/4=96\nK:C\nCDEFGABc|\n")
    assert text.endswith("CDEFGABc|]\n") and "C8" not in text and "%" not in text


def test_voices_have_clefs_and_instruments() -> None:
    voices = (Voice(40, "treble", NOTHING), Voice(0, "bass", NOTHING), Voice(0, "perc", NOTHING))
    music = written(*[f"%%MIDI channel 10\n%%clef bass\n{BAR * 4}\n{BAR * 4} C8|\n"] * 3)
    text = tune(piece(*voices), music, "x")
    assert "K:C\nV:1 clef=treble\n%%MIDI program 40\nCDEF" in text
    assert "|]\nV:2 clef=bass\nCDEF" in text
    assert "|]\nV:3 clef=perc\n%%MIDI channel 10\nCDEF" in text


def test_a_low_voice_alone_and_minor() -> None:
    music = written(BAR * 20 + "C8|\n")
    found = tune(piece(Voice(0, "bass", NOTHING), bars=20, minor=True), music, "x")
    assert "\nK:Am clef=bass\nCDEF" in found


@pytest.mark.parametrize(
    "meter, rest",
    [((4, 4), "z8"), ((3, 4), "z6"), ((6, 8), "z6"), ((9, 8), "z8 z"), ((5, 4), "z8 z2"), ((7, 8), "z6 z")],
)
def test_long_rests_in_one_symbol(meter: tuple[int, int], rest: str) -> None:
    music = written(f"{rest}|{rest}|\n{rest}| C C{rest[2:]}|\n{rest}|" + BAR * 20 + "C8|\n")
    text = tune(piece(bars=25, meter=meter), music, "x")
    assert f"K:C\nZ3|\nCC{rest[2:].replace(' ', '')}|\n{rest.replace(' ', '')}|CDEF" in text
    music = written(BAR * 20 + f"\n{rest}|{rest}|C8|\n")
    assert tune(piece(bars=22, meter=meter), music, "x").endswith("|\nZ2|]\n")


@pytest.mark.parametrize(
    "bar",
    ["z37/-2", "C-2 D", "Q:1/4=-11\n", "w:la la", "Error: no", "% text\n", '"Am"C8', "!f!C8", "[r:x]C8"],
)
def test_what_is_no_music_is_refused(bar: str) -> None:
    with pytest.raises(NotMusic, match="no music"):
        tune(piece(bars=9), written(f"{BAR * 4}{bar}|{BAR * 4}C8|"), "x")


def test_a_text_that_injects_lines_is_refused() -> None:
    with pytest.raises(NotMusic):
        tune(piece(bars=9), written(f"{BAR * 9}\n%%abc-include /etc/passwd\n\nX:2\nK:C\nC8|"), "x")


def test_bars_are_counted() -> None:
    with pytest.raises(NotMusic, match="number of bars"):
        tune(piece(bars=9), written(f"{BAR * 8}C8|"), "x")


def test_lengths() -> None:
    with pytest.raises(NotMusic, match="shorter than 150"):
        tune(piece(bars=2), written(f"{BAR * 2}C8|"), "x")
    bars = LONGEST // 9 + 1
    with pytest.raises(NotMusic, match="longer than 300,000"):
        tune(piece(bars=bars), written(f"{BAR * bars}C8|"), "x")


@pytest.mark.parametrize("text", ["", "X: 1\n", HEAD, "midi2abc version 3.64\n usage :\n"])
def test_what_is_not_a_tune(text: str) -> None:
    with pytest.raises(NotMusic, match="whole tune"):
        split_voices(text)
