"""ABC of strangers and of models: nothing is read, run or injected, and no crash costs more than its tune."""

import random
import time

import pytest

from hf_abc import abcmidi
from hf_abc.rendering import midi as midi_room
from hf_abc.rendering.book import render_book
from hf_abc.rendering.midi import Playing, perform
from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.render import refused, render
from hf_abc.rendering.score import score
from hf_abc.rendering.show import show

SECRET = "root:x:0"
MUSIC = "M:4/4\nL:1/4\nK:C\nCDEF|\n"
DIRECTIVES = [
    "%%abc-include {file}",
    "%%postscript ({file}) run",
    "%%ps ({file}) (r) file",
    "%%beginps\n({file}) run\n%%endps",
    "%%EPS {file}",
    "%%svg <script>hacked()</script>",
    "%%beginsvg\n<script>hacked()</script>\n%%endsvg",
    "%%javascript hacked()",
    "%%beginjs\nhacked()\n%%endjs",
    "I:abc-include {file}",
    "I:postscript ({file}) run",
    "I:svg <script>hacked()</script>",
    "I:javascript hacked()",
    "%% ABC-Include {file}",
    "%%include {file}",
    "%%format {file}",
    "%%MIDI ptstress {file}",
    "%%MIDI PTSTRESS {file}",
    "I: abc-include {file}",
    "I:ps ({file}) run",
    "I:beginsvg",
]


CASES = [
    (d, p) for d in DIRECTIVES for p in ("before", "header", "body", "inline") if p != "inline" or d[0] == "I"
]


@pytest.mark.parametrize(("directive", "place"), CASES)
def test_directives_are_dropped_with_a_note(directive, place, tmp_path, monkeypatch):
    secret = tmp_path / "secret.abc"
    secret.write_text(f"T:{SECRET}\nW:{SECRET}\nggggggggg|\n")
    line = directive.format(file=secret)
    if place == "inline":
        text = f"X:1\nT:t\n{MUSIC}[{line}]G|\n"
    else:
        head, _, body = MUSIC.partition("K:C\n")
        text = {
            "before": f"{line}\nX:1\nT:t\n{MUSIC}",
            "header": f"X:1\nT:t\n{line}\n{MUSIC}",
            "body": f"X:1\nT:t\n{head}K:C\n{line}\n{body}",
        }[place]
    monkeypatch.setattr("hf_abc.rendering.render.audio", lambda *_, **__: b"")
    made = render(text, tmp_path / "out", "t", also=["musicxml"])
    assert any("is not carried out" in message for message in made.messages), made.messages
    for file in (made.midi, made.score, *made.others):
        assert file is not None
        assert SECRET.encode() not in file.read_bytes() and b"<script" not in file.read_bytes()
    assert made.midi is not None
    from hf_abc.rendering.midifile import read

    assert len(read(made.midi.read_bytes()).notes) == (5 if place == "inline" else 4), (
        "no note of the secret file"
    )


@pytest.mark.parametrize(
    "line", ["[I:abc-include {file}", "[r:x][I:abc-include {file}]G|", "[I:a[I:ps {file}]"]
)
def test_no_odd_form_reaches_a_program(line, tmp_path):
    text = f"X:1\n{MUSIC}{line.format(file=tmp_path)}\n"
    assert str(tmp_path) not in abcmidi.harmless(text)


def test_shown_in_a_notebook_nothing_runs(tmp_path):
    lines = "\n".join(DIRECTIVES).format(file=tmp_path)
    nasty = "<script>hacked()</script><img src=x onerror=hacked()>"
    head, key, body = MUSIC.partition("K:C\n")
    text = f'X:1\nT:{nasty}\nC:{nasty}\nR:{nasty}\n{head}{lines}\n{key}"^{nasty}"{body}w:{nasty}\nW:{nasty}\n'
    page = show(text).html
    assert "<script" not in page and "<img" not in page and "data:audio/mpeg" in page


def test_file_names_in_fields_are_only_text(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    monkeypatch.setattr("hf_abc.rendering.render.audio", lambda *_, **__: b"")
    fields = "".join(f"{letter}:{secret}\n" for letter in "ABCDFGHNORSZ")
    made = render(f"X:1\nT:{secret}\n{fields}{MUSIC}W:{secret}\n", tmp_path / "out", str(secret))
    for path in (tmp_path / "out").iterdir():
        assert SECRET.encode() not in path.read_bytes()
    assert made.score is not None


def test_harmless_directives_get_no_note():
    assert refused("X:1\n%%MIDI program 3\n%%titlefont Times 20\nK:C\n%%pspace 3\n% %%ps in words\n") == []


@pytest.mark.parametrize(
    "title", ["../../x", "/etc/cron.d/x", "a\0b", "CON", "nul.abc", "x" * 300, "..", "C:\\x", "-rf"]
)
def test_no_title_leaves_the_folder(title, tmp_path, monkeypatch):
    monkeypatch.setattr("hf_abc.rendering.render.audio", lambda *_, **__: b"x")
    out = tmp_path / "in" / "out"
    render_book([f"X:1\nT:{title}\n{MUSIC}"] * 2, out, title=title)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent for path in files} == {out} and len(files) == 2 * 4 + 2


def fake_abc2midi(monkeypatch, tmp_path, script: str) -> None:
    program = tmp_path / "abc2midi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(midi_room.abcmidi, "program", lambda _: program)


@pytest.mark.parametrize(
    "script", ["kill -SEGV $$", "exit 7", "/bin/head -c 200000000 /dev/zero", "echo x > tune.mid"]
)
def test_a_crash_of_abc2midi_costs_one_tune(script, monkeypatch, tmp_path):
    fake_abc2midi(monkeypatch, tmp_path, script)
    made = render(f"X:1\nT:t\n{MUSIC}", tmp_path / "out", "t")
    assert made.abc.is_file() and made.score is not None and made.midi is None and made.audio is None
    assert any("no MIDI" in message for message in made.messages)


def test_a_program_gets_no_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fake_abc2midi(monkeypatch, tmp_path, f"set > {tmp_path}/environment")
    perform(f"X:1\n{MUSIC}")
    assert "hf_secret" not in (tmp_path / "environment").read_text()


def mutate(text: str, chance: random.Random) -> str:
    """A tune with a few bytes, tokens or lines broken."""
    for _ in range(chance.randint(1, 8)):
        place, other = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        text = chance.choice(
            [
                text[:place] + chance.choice('[](){}|:"!-><~^_=/,\\&%\0\n\u00e9\U0001f3b5') + text[place:],
                text[:place] + text[place + chance.randint(1, 6) :],
                text[:other] + text[place:other] * chance.randint(1, 4) + text[other:],
                text[:place] + str(10 ** chance.randint(1, 12)) + text[place:],
                text[:place],
                text[:place]
                + chance.choice(["K:", "M:0/0", "L:1/0", "V:2", "[K:", "%%MIDI", "(9", "Q:0"])
                + text[place:],
            ]
        )
    return text


def test_broken_tunes_neither_crash_nor_hang(real_tunes):
    chance = random.Random(1)
    for _ in range(40):
        text = mutate(chance.choice(real_tunes), chance)
        start = time.monotonic()
        svg, messages = score(text)
        assert svg is not None or messages
        assert musicxml(text)[0].startswith("<?xml")
        perform(text, Playing(transpose=chance.randint(-12, 12), tempo="120", instrument="harp"))
        assert time.monotonic() - start < 60
