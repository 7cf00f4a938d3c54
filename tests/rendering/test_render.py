"""Files of a tune: complete, inside the folder, and never at the cost of the ABC."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.errors import InputError, OutputError, ToolError
from hf_abc.rendering import render as room
from hf_abc.rendering.render import file_stems, render, safe_stem

TUNE = "X:1\nT:The Kesh\nM:6/8\nL:1/8\nK:G\n|:GAG GAB|ABA ABd:|\n"
HOSTILE = (
    "X:1\nT:../../etc/passwd\n%%abc-include /etc/passwd\n%%ps /x 1 def\n%%beginps\n(evil)\n%%endps\n"
    "%%svg <script>alert(1)</script>\n%%javascript alert(2)\nI:abc-include /etc/shadow\nM:4/4\nL:1/4\nK:C\n"
    '[I:abc-include /etc/hosts]C "^<script>alert(3)</script>"D E F|\nw: <script>alert(4)</script>\n'
)


def test_all_files_are_there(tmp_path):
    made = render(TUNE, tmp_path, "The Kesh")
    assert made.abc.read_text() == TUNE
    assert made.midi is not None and made.midi.read_bytes().startswith(b"MThd")
    assert made.score is not None and made.score.read_text().startswith("<svg")
    assert made.audio is not None and made.audio.suffix == ".mp3" and made.audio.stat().st_size > 5000
    assert made.messages == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"the-kesh.{e}" for e in ("abc", "mid", "mp3", "svg")
    ]


def test_a_tune_without_notes_keeps_its_abc_and_says_why(tmp_path):
    made = render("X:1\nT:Empty\nK:C\n", tmp_path, "x", audio_format="flac")
    assert made.abc.is_file() and made.midi is None and made.audio is None
    assert any("no MIDI" in message for message in made.messages)


def test_hostile_text_reaches_no_file(tmp_path):
    made = render(HOSTILE, tmp_path / "out", "../../escape\0")
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {tmp_path / "out"}
    assert made.midi is not None and made.score is not None
    picture = made.score.read_text()
    assert "root:" not in picture and "<script" not in picture and "evil" not in picture
    assert "<script>alert(3)" in picture.replace("&lt;", "<").replace("&gt;", ">"), (
        "an annotation is drawn as text"
    )


def test_a_failing_engraver_or_synthesizer_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(
        room, "score", lambda *_, **__: (None, ["the engraver (verovio) crashed on this tune"])
    )

    def no_sound(*_, **__):
        raise InputError("too long")

    monkeypatch.setattr(room, "audio", no_sound)
    made = render(TUNE, tmp_path, "t")
    assert made.midi is not None and made.score is None and made.audio is None
    assert made.messages == ["the engraver (verovio) crashed on this tune", "no sound: too long"]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        render(TUNE, tmp_path / "file", "t")


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("The Kesh", "the-kesh"), ("../../etc/passwd", "etc-passwd"), ("", "tune"), ("CON", "tune-con"),
        ("Ó Néill's", "o-neills"), ("x" * 300, "x" * 60), ("a\0b\n/c", "a-b-c"), ("日本", "tune"),
        (".hidden", "hidden"),
    ],
)  # fmt: skip
def test_stems(title, stem):
    assert safe_stem(title) == stem


@given(st.text(max_size=400))
def test_any_title_gives_a_safe_stem(title):
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", safe_stem(title)) and len(safe_stem(title)) <= 60
    assert safe_stem(safe_stem(title)) == safe_stem(title)


def test_stems_of_a_set_differ_and_sort():
    stems = file_stems(["Reel", "Reel", ""] * 40)
    assert len(set(stems)) == 120 and stems == sorted(stems) and stems[0] == "001-reel"


def test_more_files_on_request(tmp_path):
    made = render(TUNE, tmp_path, "k", also=["png", "pdf", "musicxml"])
    assert [path.name for path in made.others] == ["k.png", "k.pdf", "k.musicxml"]
    assert made.others[0].read_bytes().startswith(b"\x89PNG")
    assert made.others[1].read_bytes().startswith(b"%PDF")
    assert "<score-partwise" in made.others[2].read_text()
    with pytest.raises(InputError, match="docx"):
        render(TUNE, tmp_path, "k", also=["docx"])  # type: ignore[list-item]


def test_the_engraver_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(ToolError, match="apt install abcm2ps"):
        render(TUNE, tmp_path / "out", "k", engraver="abcm2ps")
    assert (tmp_path / "out" / "k.abc").is_file(), "the ABC is kept"
