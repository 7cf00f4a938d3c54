"""The doctor tells the truth about what works."""

import numpy as np
import pytest

from hf_abc.errors import HfAbcError
from hf_abc.rendering import doctor as room
from hf_abc.rendering.doctor import doctor, table


@pytest.fixture
def quick(monkeypatch):
    """Every step works at once, without being tried."""
    monkeypatch.setattr(room, "midi", lambda _: (b"MThd", []))
    monkeypatch.setattr(room, "score", lambda _: ("<svg/>", []))
    monkeypatch.setattr(room, "picture", lambda *_: b"")
    monkeypatch.setattr(room.audio, "sound", lambda _, **__: (np.zeros((10, 2), np.float32), 8000))


def test_a_healthy_installation():
    rows, ok = doctor()
    assert ok
    states = {row.name: row.state for row in rows}
    assert {
        states[name] for name in ("Python", "abc2midi", "verovio", "SoundFont", "midirenderer", "soundfile")
    } == {"works"}
    text = table(rows)
    assert "abc2midi" in text and "5.0" in text and text.splitlines()[0].startswith("part")


def test_a_missing_package_and_a_broken_step_say_what_to_type(quick, monkeypatch):
    find = room.importlib.util.find_spec
    monkeypatch.setattr(
        room.importlib.util, "find_spec", lambda name: None if name == "midirenderer" else find(name)
    )

    def crash(*_):
        raise HfAbcError("it crashed")

    monkeypatch.setattr(room, "score", crash)
    rows, ok = doctor()
    assert not ok
    states = {row.name: row for row in rows}
    assert states["midirenderer"].state == "missing" and states["verovio"].state == "broken"
    text = table(rows)
    assert "pip install --upgrade midirenderer" in text and "it crashed" in text and "no scores" in text


def test_a_known_bad_version_is_named(quick, monkeypatch):
    version = room.importlib.metadata.version("verovio")
    monkeypatch.setitem(room.KNOWN_BAD, "verovio", {version: "draws upside down"})
    rows, ok = doctor()
    assert not ok and "draws upside down" in table(rows)


def test_optional_programs_do_not_count(quick, monkeypatch):
    monkeypatch.setattr(room, "_OPTIONAL", (("no-such-program", "nothing", "apt install nothing"),))
    rows, ok = doctor()
    assert ok and rows[-1].state == "not there" and "apt install nothing" in table(rows)


def test_known_faults_that_are_worked_round_are_named(quick, monkeypatch):
    version = room.importlib.metadata.version("symusic")
    monkeypatch.setattr(
        room, "KNOWN_FAULTS", {"symusic": {version: "odd ties", "0.0": "no"}, "nowhere": {"1": "x"}}
    )
    rows, ok = doctor()
    text = table(rows)
    assert ok and f"symusic {version}: odd ties" in text and "0.0" not in text.split("Known faults")[1][:60]
    assert "nowhere" not in text


def test_programs_tell_their_version(quick, monkeypatch, tmp_path):
    for name, says in (
        ("timidity", "--version) echo TiMidity++ version 2.14.0"),
        ("abcm2ps", "-V) echo abcm2ps-8.14.14 x"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\ncase $1 in {says};; esac\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "fluidsynth").write_text("#!/bin/sh\n")
    (tmp_path / "fluidsynth").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {row.name: (row.state, row.version) for row in doctor()[0]}
    assert found["timidity"] == ("works", "2.14.0") and found["abcm2ps"] == ("works", "8.14.14")
    assert found["fluidsynth"] == ("works", str(tmp_path / "fluidsynth"))
    assert found["mpv"] == ("not there", "")


def test_every_missing_program_comes_with_apt_and_brew(quick, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    text = table(doctor()[0])
    for name in ("mpv", "abcmidi", "abcm2ps", "fluidsynth", "timidity"):
        assert f"apt install {name} | brew install" in text
