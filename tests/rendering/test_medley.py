"""Medleys: every note of every tune, one after the other."""

import io

import pytest
import soundfile

from hf_abc.abcmidi import check_book, compiles
from hf_abc.cli import main
from hf_abc.errors import InputError
from hf_abc.notation.tune import split_book
from hf_abc.rendering.medley import medley, write_medley
from hf_abc.rendering.midi import Playing, midi
from hf_abc.rendering.midifile import read

JIG = "X:1\nT:A jig\nM:6/8\nL:1/8\nQ:3/8=100\nK:G\nGAB|dBG:|c3 d3||\n"  # its repeat has no beginning
REEL = "X:2\nT:A reel\nM:C|\nK:Ador\n|:ABcd|1 e4:|2 a4|]\n"
WALTZ = "X:7\nT:A waltz\nM:3/4\nL:1/4\nQ:1/4=90\nK:Bb\nBdf|!fine!b3|]\n"
LOW = "X:4\nT:Low\nM:2/4\nL:1/4\nK:C\nV:1 clef=treble-8 octave=1\nCE|G2|\nV:2 octave=-1 transpose=2\nCC|C2|\n"
DUET = "X:1\nT:Duet\nM:2/4\nL:1/4\nK:D\nV:1\nDF|A2|\nV:2\nD,D,|D,2|\n"


def pitches(text: str) -> list[int]:
    return [note[1] for note in read(midi(text)[0] or b"").notes]


def test_the_notes_of_a_medley_are_those_of_its_tunes():
    text, notes = medley([JIG, REEL, WALTZ])
    assert notes == ["A waltz: its jumps (D.C., D.S., Fine) are left out"]
    assert pitches(text) == pitches(JIG) + pitches(REEL) + pitches(WALTZ)
    assert len(list(split_book(text))) == 1 and compiles(check_book([text])[0])
    assert [line for line in text.split("\n") if line.startswith("T:")] == [
        "T:Medley",
        "T:A jig",
        "T:A reel",
        "T:A waltz",
    ]


def test_the_length_is_the_sum():
    text, _ = medley([JIG, REEL, WALTZ])
    lengths = [read(midi(each)[0] or b"").seconds for each in (text, JIG, REEL, WALTZ)]
    assert lengths[0] == pytest.approx(sum(lengths[1:]), abs=0.3)


def test_real_tunes(real_tunes):
    tunes = [tune for tune in real_tunes if compiles(check_book([tune])[0])][:12]
    text, _ = medley(tunes)
    assert len(pitches(text)) == pytest.approx(sum(len(pitches(tune)) for tune in tunes), rel=0.03)


def test_keys_are_brought_together():
    text, notes = medley([JIG, REEL, WALTZ], key="D")
    assert [line[2:] for line in text.split("\n") if line.startswith("K:")] == ["D", "Ddor", "D"]
    assert pitches(text)[0] == pitches(JIG)[0] - 5, "by the shorter way"
    assert medley(["X:1\nT:Pipes\nK:HP\nA|\n"], key="D")[1] == [
        "Pipes: cannot be written in another key and stays in its own"
    ]


def test_one_tempo_for_all():
    text, _ = medley([JIG, WALTZ + "[Q:1/4=20]B3|\nQ:30\n"], tempo="120")
    assert text.count("Q:") == text.count("Q:1/4=120") == 2


def notes_of(text: str) -> list[tuple[int, int]]:
    """(onset in ticks, pitch) of a tune, chords struck together."""
    played = read(midi(text.replace("\nK:", "\n%%MIDI chordattack 0\nK:", 1))[0] or b"")
    return [(onset, pitch) for onset, pitch, _, _ in played.notes]


def one_after_another(texts: list[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    now = 0
    for text in texts:
        found += [(now + onset, pitch) for onset, pitch in notes_of(text)]
        _, length = max((onset, onset + length) for onset, _, length, _ in read(midi(text)[0] or b"").notes)
        now += round(length / 240) * 240  # in quarters of 480 ticks, these tunes end on an eighth
    return sorted(found)


@pytest.mark.parametrize("order", [[JIG, DUET, REEL], [DUET, JIG], [DUET, DUET], [LOW, REEL, LOW, DUET]])
def test_voices_sound_together_and_the_others_rest(order):
    text, notes = medley(order)
    assert notes == []
    assert sorted(notes_of(text)) == one_after_another(order)
    assert compiles(check_book([text])[0])


def test_rests_take_the_place_of_every_kind_of_note():
    odd = (
        "X:1\nM:4/4\nL:1/8\nK:D\n"
        '|:(3ABc {g}[DF]4 d>e f<g|1 "^x"A-A ~B2 z2 x2:|2 Z|[M:2/4][K:G][CE]/4c7/4- c2|]\n'
    )
    text, notes = medley([odd, DUET])
    assert sorted(notes_of(text)) == one_after_another([odd, DUET]) and notes == []
    rests = text[text.index("V:2") : text.index("\nM:2/4")].split("\n")[1]
    assert rests == "|:(3xxx x4 x>x x<x|1 xx x2 x2 x2:|2 X|[M:2/4][K:G]x1/4x7/4 x2|]"


def test_chord_symbols_end_with_their_tune():
    chords = 'X:1\nM:4/4\nL:1/4\nK:G\n"G"GABc|\n'
    text, _ = medley([chords, JIG, chords])
    assert sorted(notes_of(text)) == one_after_another([chords, JIG, chords])
    assert "gchord" not in medley([chords, chords])[0] + medley([JIG, JIG])[0]


def test_voices_that_do_not_end_together_would_pull_the_rest_apart():
    longer = DUET.replace("A2|", "A2|d2|")
    text, notes = medley([longer, JIG])
    assert notes == ["Duet: its 2 voices do not end together: the first is taken"] and "V:" not in text
    repeated = DUET.replace("A2|", "A2:|")
    assert medley([repeated])[1] == notes
    assert pitches(text) == [62, 66, 69, 74] + pitches(JIG)


def test_voices_keep_their_words_and_clefs():
    song = "X:1\nT:Song\nM:2/4\nL:1/4\nK:D\nV:S\nV:B clef=bass\n[V:S]DF|\nw:o my\n[V:B]D,D,|\n"
    text, _ = medley([JIG, song])
    assert text[text.rindex("V:1") :] == (
        "V:1 clef=treble\nM:2/4\nL:1/4\nQ:1/4=120\nK:D\nT:Song\nDF|\nw:o my\n"
        "V:2 clef=bass\nM:2/4\nL:1/4\nK:D\nD,D,|\n"
    )


def test_hostile_directives_go():
    nasty = JIG + "%%abc-include /etc/passwd\nI:abc-include /etc/passwd\n[I:abc-include /etc/hosts]GAB|\n"
    text, _ = medley([nasty], title="../../x\nX:9\nK:C")
    assert "include" not in text and text.split("\n")[1] == "T:../../x X:9 K:C"


@pytest.mark.parametrize(("texts", "key"), [([], ""), (["X:1\nK:C\n"], ""), ([JIG], "H"), ([JIG], "none")])
def test_refusals(texts, key):
    with pytest.raises(InputError):
        medley(texts, key=key)


def test_every_kind_of_file(tmp_path):
    for suffix in (".abc", ".mid", ".ogg"):
        write_medley([JIG, REEL], tmp_path / f"m{suffix}", playing=Playing(instrument="harp", transpose=2))
    assert "K:A\n" in (tmp_path / "m.abc").read_text()
    assert [n[1] for n in read((tmp_path / "m.mid").read_bytes()).notes] == [
        p + 2 for p in pitches(JIG) + pitches(REEL)
    ]
    sound, rate = soundfile.read(io.BytesIO((tmp_path / "m.ogg").read_bytes()))
    assert len(sound) / rate > 6
    with pytest.raises(InputError, match="ending"):
        write_medley([JIG], tmp_path / "m.exe")


def test_the_command(tmp_path, capsys):
    (tmp_path / "book.abc").write_text(JIG + "\n" + REEL)
    for _ in range(2):  # a file of before is replaced
        asked = ["medley", str(tmp_path / "book.abc"), "--out", str(tmp_path / "all.mid"), "--key", "G"]
        assert main(asked) == 0
    assert (tmp_path / "all.mid").read_bytes().startswith(b"MThd") and "2 tunes" in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_one_line(tmp_path, capsys):
    (tmp_path / "book.abc").write_text(JIG)
    assert main(["medley", str(tmp_path / "book.abc"), "--out", str(tmp_path / "book.abc" / "x.mid")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
