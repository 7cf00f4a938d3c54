"""Melodies: pitches, accidentals, ties, intervals, bars as text."""

import pytest

from hf_abc.notation.melody import Note, bar_texts, intervals, notes, split_pitch
from hf_abc.notation.meter import WHOLE

HEADER = "X:1\nM:4/4\nL:1/8\nK:C\n"


def pitches(music: str, header: str = HEADER) -> list[int]:
    return [note.pitch for note in notes(header + music + "\n")]


def eighths(music: str, header: str = HEADER) -> list[tuple[int, float]]:
    return [(note.pitch, 8 * note.ticks / WHOLE) for note in notes(header + music + "\n")]


def test_pitches() -> None:
    assert pitches("C,, C, C c c' c'' B b") == [36, 48, 60, 72, 84, 96, 71, 83]
    assert pitches("^F _B =F ^^C __E") == [66, 70, 65, 62, 62]
    assert pitches("F c B", HEADER.replace("K:C", "K:Edor")) == [66, 73, 71]


def test_an_accidental_lasts_to_the_end_of_the_bar_in_every_octave() -> None:
    """music21#1588 lost it; the octave is the default of `propagate-accidentals` (standard 2.1, §11.3)."""
    assert pitches("_B2 B4 b|B") == [70, 70, 82, 71]
    assert pitches("^F f =F F||F") == [66, 78, 65, 65, 65]
    assert pitches("_B[CE]B]") == [70, 64, 70]


def test_a_tie_carries_an_accidental_over_the_bar_line() -> None:
    assert eighths("^F4-|F4") == [(66, 8)]
    assert eighths("^F4-|F2 F2") == [(66, 6), (65, 2)]


def test_ties_merge_lengths() -> None:
    """abcjs#1068: E(3), E(1), E(6), c."""
    assert eighths("E3 E/-E/|E4-|E2 c2|", "X:1\nM:2/4\nL:1/8\nK:A\n") == [(64, 3), (64, 1), (64, 6), (73, 2)]


def test_a_tie_to_another_note_joins_nothing() -> None:
    assert eighths("G-A A") == [(67, 1), (69, 1), (69, 1)]


def test_of_a_chord_the_highest_note_is_taken_and_its_tie_holds() -> None:
    """abc2midi 5.02 plays the tied upper octave of this one an octave low."""
    assert eighths("[G-C-]4 [G-C-]4|[c-G-C-]2 [cGC]4 z2|") == [(67, 8), (72, 6)]


def test_key_changes_in_the_line() -> None:
    """music21#1672."""
    header = "X:1\nM:6/8\nL:1/8\nK:C\n"
    assert pitches("cBA G3|[K:D][M:3/8]FED|C3|]", header) == [72, 71, 69, 67, 66, 64, 62, 61]
    assert pitches("F|\nK:G\nF|\n[K:?]F|", header) == [65, 66, 66]


def test_a_key_change_stays_in_its_voice_and_the_first_voice_is_the_melody() -> None:
    """abcjs#1109."""
    text = "X:1\nM:4/4\nL:1/8\nK:Edor\nV:1\nCF|\nV:2\n[K:C]CF|\nV:1\nCF|\n"
    assert [note.pitch for note in notes(text)] == [61, 66, 61, 66]
    assert bar_texts(text) == ["CF", "CF"]


def test_highland_pipes() -> None:
    """abcjs#56: F and C sharp, G natural; grace notes are no melody."""
    assert pitches("{g}A2{d}c2 {g}f2{e}a2|g8|", HEADER.replace("K:C", "K:HP")) == [69, 73, 78, 81, 79]


def test_rests_count() -> None:
    """EasyABC#93: onsets at 2 and 6 eighths."""
    found = notes("X:1\nM:3/4\nL:1/8\nK:D\nz2 A2 z2|d3 z z2|z6|\n")
    assert found == [Note(69, WHOLE // 4, WHOLE // 4), Note(74, 6 * WHOLE // 8, 3 * WHOLE // 8)]


@pytest.mark.parametrize(
    "music",
    ["w: ABc", "% ABc", "%%staffsep ABc", "W:ABc", "+: ABc", "N:ABc"],
)
def test_what_is_no_music_gives_no_notes(music: str) -> None:
    assert pitches(f"G\n{music}\nA") == [67, 69]


def test_decorations_quotes_and_line_breaks_give_no_notes() -> None:
    """abcm2ps#50, abctools#42: unknown decorations are passed over, `$` is no note."""
    assert pitches('!8va(!g2"Am"a2 b2"^A"c\'2!8va)!|$[r:ABC]g2 y2 {abc}a2|') == [79, 81, 83, 84, 79, 81]


def test_no_key_is_read_as_c_and_no_text_as_silence() -> None:
    assert pitches("F c B", "X:1\nM:4/4\nL:1/8\nK:?\n") == [65, 72, 71]
    assert notes("") == [] and bar_texts("") == []


def test_split_pitch() -> None:
    assert split_pitch("^c'") == ("^", "C", 2)
    assert split_pitch("B,,") == ("", "B", -2)
    assert split_pitch("__E") == ("__", "E", 0)


def test_intervals_are_the_same_in_every_key() -> None:
    low = notes(HEADER + "CDEG|")
    high = notes(HEADER.replace("K:C", "K:A") + "ABce|")
    assert intervals(low) == intervals(high) == [2, 2, 3]
    assert intervals([]) == intervals(low[:1]) == []


def test_bar_texts() -> None:
    assert bar_texts(HEADER + 'G>A "Am"(3Bcd {g}e2|~G>A(3 Bcd e2:|') == ["G>A(3Bcde2"] * 2
    assert bar_texts(HEADER + "|:GA|| |:[CE]2-|z8|") == ["GA", "[CE]2-", "z8"]


def test_real_tunes_sound_as_abc2midi_plays_them(real_tunes: list[str]) -> None:
    """The same pitches and onsets as an independent program hears, without ornaments and repeats."""
    from hf_abc.abcmidi import to_midi

    symusic = pytest.importorskip("symusic")
    played = [text for text in map(_plain, real_tunes[::3]) if text]
    assert len(played) > 30
    for text in played:
        midi, _ = to_midi(text, grace_notes=False, chord_symbols=False)
        assert midi is not None
        score = symusic.Score.from_midi(midi)
        (track,) = [track for track in score.tracks if len(track.notes)]
        heard = sorted((note.time, note.pitch) for note in track.notes)
        ours = [(note.onset * 4 * score.ticks_per_quarter / WHOLE, note.pitch) for note in notes(text)]
        assert [pitch for _, pitch in heard] == [pitch for _, pitch in ours], text
        late = [time - onset for (time, _), (onset, _) in zip(heard, ours, strict=True)]
        assert max(late) - min(late) <= 2, text


def _plain(text: str) -> str | None:
    """The tune with plain bar lines and without what only abc2midi plays; None where it differs."""
    from hf_abc.notation.layout import strip_ornaments
    from hf_abc.notation.reader import read

    text = strip_ornaments(text)
    elements = read(text)
    kinds = {element.kind for element in elements}
    if "K:Bn" in text or kinds & {"chord", "tie"} or "V:" in text or "(5" in text or "(9" in text:
        return None
    letters = list(text)
    for element in elements:
        if element.kind == "bar":
            letters[element.start : element.end] = "|" + " " * (len(element.text) - 1)
    lines = "".join(letters).split("\n")
    return "\n".join(line for line in lines if line[:2] not in ("R:", "P:", "Q:"))
