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


def test_of_several_voices_the_first():
    text, notes = medley([JIG, DUET])
    assert notes == ["Duet: of its 2 voices the first is taken"] and "D," not in text and "V:" not in text


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
