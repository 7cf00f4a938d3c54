"""MIDI of a tune, and reading it back."""

import itertools
from fractions import Fraction

import pytest

from hf_abc.errors import InputError, ToolError
from hf_abc.rendering import midi as room
from hf_abc.rendering.instruments import NAMES, instrument
from hf_abc.rendering.midi import Playing, in_key, midi, perform
from hf_abc.rendering.midifile import moved, read, with_instrument, with_tail

TUNE = 'X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\n{B}c2 "G"d2|]\n'


def test_notes_tempo_and_length():
    data, messages = midi(TUNE, Playing(grace_notes=False, chord_symbols=False))
    assert data is not None and messages == []
    played = read(data)
    quarter = played.ticks_per_quarter
    assert [pitch for _, pitch, _, _ in played.notes] == [72, 74]
    assert all(abs(length - 2 * quarter) <= 2 for _, _, length, _ in played.notes)
    assert played.seconds == pytest.approx(4, abs=0.1)
    assert played.tempos[0][1] == 1_000_000


def test_grace_notes_and_chords_sound_unless_told_not_to():
    count = [
        len(read(midi(TUNE, Playing(grace_notes=bool(g), chord_symbols=bool(c)))[0] or b"").notes)
        for g, c in ((0, 0), (1, 0), (1, 1))
    ]
    assert count[0] == 2 and count[1] == 3 and count[2] > 3


@pytest.mark.parametrize(
    "text", ["", "no tune", "X:1\nT:rests\nL:1/4\nK:C\nz4|z4|\n", "X:1\nT:no key\nabc|\n"]
)
def test_nothing_to_play_is_no_file(text):
    data, _ = midi(text)
    assert data is None


def test_a_tail_adds_silence_only():
    data, _ = midi(TUNE)
    assert data is not None
    longer = read(with_tail(data, 3.0))
    assert longer.notes == read(data).notes
    assert longer.seconds == pytest.approx(read(data).seconds + 3, abs=0.05)


@pytest.mark.parametrize("cut", [0, 4, 13, 20, 40, 60])
def test_broken_files_do_not_raise(cut):
    data, _ = midi(TUNE)
    assert data is not None
    read(data[:cut])
    read(data[:cut] + bytes(reversed(data[cut:])))


def sounding(text: str, playing: Playing = room.AS_WRITTEN) -> list[tuple[Fraction, int, Fraction]]:
    """(onset, pitch, length) in quarters, to the nearest eighth of one."""
    played = read(midi(text, playing)[0] or b"")

    def quarters(ticks: int) -> Fraction:
        return Fraction(round(8 * ticks / played.ticks_per_quarter), 8)

    return sorted((quarters(onset), pitch, quarters(ticks)) for onset, pitch, ticks, _ in played.notes)


def test_tempo():
    text = "X:1\nM:6/8\nL:1/8\nQ:1/4=60\nK:D\nd3 [Q:1/4=30]e3|\nQ:1/8=40\nf6|\n"
    assert read(midi(text, Playing(tempo="120"))[0] or b"").seconds == pytest.approx(3, abs=0.05)
    assert read(midi(text, Playing(tempo="3/8=60"))[0] or b"").seconds == pytest.approx(4, abs=0.05)
    wrong = "X:1\nL:1/8\nQ:1/4=60\nK:D\nabc ] d|\n"
    for tempo in ("", "90"):
        assert [m.line for m in midi(wrong, Playing(tempo=tempo))[1] if m.level == "error"] == [5]


def programs(data: bytes) -> set[int]:
    import symusic

    return {
        track.program for track in symusic.Score.from_midi(data).tracks if track.notes and not track.is_drum
    }


def test_instrument_replaces_every_one_but_drums():
    text = "X:1\nL:1/4\nK:C\nV:1\n%%MIDI program 12\nCDEF|\nV:2\n%%MIDI channel 10\nCDEF|\n"
    before, after = midi(text)[0], midi(text, Playing(instrument="violin"))[0]
    assert before is not None and after is not None
    assert programs(before) == {12} and programs(after) == {40}
    assert read(after).notes == read(before).notes and read(after).seconds == read(before).seconds


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("harp", 46),
        ("Violin", 40),
        ("nylon guitar", 24),
        ("1", 0),
        ("128", 127),
        ("Bagpipe", 109),
        ("flute", 73),
    ],
)
def test_names_of_instruments(name, program):
    assert instrument(name) == program


def test_every_name_finds_itself():
    assert len(NAMES) == 128 and [instrument(name) for name in NAMES] == list(range(128))


@pytest.mark.parametrize("name", ["kazoo", "", "129", "0", "../../etc"])
def test_unknown_instruments(name):
    with pytest.raises(InputError, match="General MIDI"):
        instrument(name)


@pytest.mark.parametrize(
    "wrong", [{"tempo": "fast"}, {"tempo": "0"}, {"tempo": "1/0=3"}, {"transpose": 99}, {"engine": "x"}]
)
def test_wrong_wishes_are_refused_at_once(wrong):
    with pytest.raises(InputError):
        Playing(**wrong)


def test_transposition_written_or_heard():
    plain = [pitch for _, pitch, _ in sounding("X:1\nL:1/4\nK:Dmix\nd^cde|\n")]
    assert [p for _, p, _ in sounding("X:1\nL:1/4\nK:Dmix\nd^cde|\n", Playing(transpose=5))] == [
        p + 5 for p in plain
    ]
    pipes = "X:1\nL:1/4\nK:HP\nABcd|\n"  # cannot be written in another key
    assert [p for _, p, _ in sounding(pipes, Playing(transpose=-3))] == [p - 3 for _, p, _ in sounding(pipes)]
    text, left, notes = in_key("X:1\nK:D\nd\n", Playing(transpose=2))
    assert "K:E" in text and left.transpose == 0 and notes == []
    assert in_key(pipes, Playing(transpose=2))[1].transpose == 2 and in_key(pipes, Playing(transpose=2))[2]


def test_moved_keeps_drums_and_the_range():
    data, _ = midi("X:1\nL:1/4\nK:C\nC'',,C|\nV:2\n%%MIDI channel 10\nC,D,|\n")
    assert data is not None
    before, after = read(data).notes, read(moved(data, 60)).notes
    assert [n for n in before if n[3] == 9] == [n for n in after if n[3] == 9]
    assert all(n[1] % 12 == m[1] % 12 and 0 <= m[1] < 128 for n, m in zip(before, after, strict=True))
    assert with_instrument(b"MThd", 3) == b"MThd"


# The faults of abc2midi 5.02 with ties; the right notes are worked out by hand from the standard (4.11).
HEAD = "X:1\nM:4/4\nL:1/4\nK:C\n"


def test_held_notes_first():
    """A tie joins the same pitch: the c sounds an octave above middle C for six eighths."""
    assert sounding(HEAD + "[G-C-]2 [G-C-]2|[c-G-C-] [cGC]2 z|\n") == [(0, 60, 7), (0, 67, 7), (4, 72, 3)]
    assert sounding(HEAD + "[E-G]2 [C-E-]2|[c-E-C-] [GcEC]2 z|\n") == [
        (0, 64, 7), (0, 67, 2), (2, 60, 5), (4, 72, 3), (5, 67, 2),
    ]  # fmt: skip


def test_chains_of_tied_chords():
    """Three pitches in every order and every choice of ties, against what the ties say."""
    pitches = {"C": 60, "c": 72, "G": 67}
    for order in itertools.permutations(pitches):
        for tied in itertools.combinations(pitches, 2):
            chord = "".join(p + "-" * (p in tied) for p in order)
            text = f"{HEAD}[{chord}] [{''.join(reversed(chord.replace('-', '')))}] z2|\n"
            wanted = [(0, pitches[p], 2 if p in tied else 1) for p in order]
            wanted += [(1, pitches[p], 1) for p in order if p not in tied]
            assert sounding(text) == sorted(wanted), text


@pytest.mark.parametrize(
    ("music", "pitches"),
    [
        ("|:A Bcd|1 e2 A2-:|2 A3 g|]", [69, 71, 72, 74, 76, 69, 69, 71, 72, 74, 69, 79]),
        ("|:A Bce-|1 e4:|2 e2 g2|]", [69, 71, 72, 76, 76, 69, 71, 72, 76, 76, 79]),
        ("A4-|:A2 B2:|", [69, 69, 71, 69, 71]),
        ("|:A2 [Bd]2-::[Bd]2 A2:|", [69, 71, 74, 69, 71, 74, 71, 74, 69, 71, 74, 69]),
    ],
)
def test_no_tie_over_a_repeat(music, pitches):
    done = perform(HEAD + music + "\n")
    assert [pitch for _, pitch, _ in sounding(HEAD + music + "\n")] == pitches
    assert done.notes == ["line 5: the tie at the repeat is not played: the note is struck again"]


@pytest.mark.parametrize(
    ("music", "notes"),
    [
        ("G4-|B4|", [(0, 67, 4), (4, 71, 4)]),
        ("[CE]4-|[EG]4|", [(0, 60, 4), (0, 64, 8), (4, 67, 4)]),
        ("G4-|[Bd]4|", [(0, 67, 4), (4, 71, 4), (4, 74, 4)]),
        ("[C4-E4-]|[C4F4]|", [(0, 60, 8), (0, 64, 4), (4, 65, 4)]),
        ("G4-|z2 B2|", [(0, 67, 4), (6, 71, 2)]),
    ],
)
def test_no_note_is_swallowed_behind_a_tie_over_the_bar(music, notes):
    assert sounding(HEAD + music + "\n") == notes


def test_other_ties_are_left_alone():
    for music in ("A4-|A4|", "|:A4-|A2 B2:|", "[A-c-]2 [Ac]2|", "A,2-A,2", "(A-A)|"):
        text = HEAD + music + "\n"
        assert room.mend_ties(text) == (text, [])
    text = HEAD + "V:1\n[CE]4-|\nV:2\n[EC]4|\nV:1\n[EC]4|\n"
    assert room.mend_ties(text)[0] == text[:-7] + "[CE]4|\n".replace("[CE]4", "[CE]4"), "voices do not mix"


def test_music21_is_a_choice():
    done = perform("X:1\nM:4/4\nL:1/4\nK:G\nGABf|\n", Playing(engine="music21"))
    assert [n[1] for n in read(done.midi or b"").notes] == [67, 69, 71, 78]
    assert "cannot expand the repeats" in done.notes[0]  # it makes no measures of so little
    failed = perform("X:1\nK:C\n[[[|\n", Playing(engine="music21"))
    assert failed.midi is None


def test_the_systems_abc2midi(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt install abcmidi"):
        perform(TUNE, Playing(engine="system"))
    (tmp_path / "abc2midi").symlink_to(room.abcmidi.program("abc2midi"))
    assert perform(TUNE, Playing(engine="system")).midi == perform(TUNE).midi
