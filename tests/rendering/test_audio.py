"""Sound: audible, not clipped, equally loud, in every format."""

import io
import shutil

import numpy as np
import pytest
import soundfile

from hf_abc.errors import InputError, ToolError
from hf_abc.rendering import audio
from hf_abc.rendering.midi import midi

RATE = 48_000
TUNE = "X:1\nM:6/8\nL:1/8\nQ:3/8=120\nK:D\n|:d2e f2g|a3 d3:|\n"


@pytest.fixture(scope="module")
def data() -> bytes:
    made, _ = midi(TUNE)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def samples(data) -> tuple[np.ndarray, int]:
    return audio.sound(data)


def test_audible_not_clipped_and_at_the_wanted_loudness(samples):
    values, rate = samples
    assert values.shape[1] == 2 and rate >= 44_100
    assert np.abs(values).max() <= audio.CEILING + 1e-4
    assert audio.loudness(values, rate) == pytest.approx(audio.LOUDNESS, abs=0.5)


def test_the_last_note_rings_and_then_ends(samples):
    values, rate = samples
    assert len(values) / rate > 4.0  # four bars of half a second a beat, and the tail
    assert np.abs(values[-rate // 100 :]).max() < 0.01
    assert np.abs(values[-rate // 2 :]).max() > 1e-4


def test_loudness_of_the_reference_tone():
    """BS.1770: a full-scale sine of 997 Hz in one channel reads -3.01 LUFS."""
    values = np.zeros((3 * RATE, 2), np.float32)
    values[:, 0] = np.sin(2 * np.pi * 997 * np.arange(len(values)) / RATE)
    assert audio.loudness(values, RATE) == pytest.approx(-3.01, abs=0.02)


def test_loudness_ignores_silence_between():
    tone = np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE).astype(np.float32)[:, None] * 0.1
    gap = np.concatenate([tone, np.zeros((8 * RATE, 1), np.float32), tone])
    assert audio.loudness(gap, RATE) == pytest.approx(audio.loudness(tone, RATE), abs=0.3)


def test_peaks_hold_loudness_back():
    clicks = np.full((2 * RATE, 2), 1e-3, np.float32)
    clicks[::RATE] = 0.5
    assert np.abs(audio.normalise(clicks, RATE)).max() == pytest.approx(audio.CEILING, rel=1e-3)


def test_silence_stays_silence():
    silence = np.zeros((RATE, 2), np.float32)
    assert not audio.normalise(audio.cut_silence(silence, RATE), RATE).any()


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav", "ogg"])
def test_every_format_reads_back(samples, kind):
    values, rate = samples
    back, again = soundfile.read(io.BytesIO(audio.encode(values, rate, kind)))
    assert again == (rate // 2 if kind == "mp3" else rate) and len(back) / again == pytest.approx(
        len(values) / rate, abs=0.1
    )
    assert 0.05 < np.abs(back).max() <= 1.0


def test_long_vorbis_does_not_crash():
    """libsndfile crashes on a minute of stereo in one call; encode writes in blocks."""
    noise = np.random.default_rng(1).normal(0, 0.05, (70 * 8000, 2)).astype(np.float32)
    assert len(audio.encode(noise, 8000, "ogg")) > 10_000


def test_refusals_say_why(data, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no note"):
        audio.sound(b"MThd")
    with pytest.raises(InputError, match="mp4"):
        audio.encode(np.zeros((10, 2), np.float32), RATE, "mp4")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="nowhere.sf2"):
        audio.sound(data, font=tmp_path / "nowhere.sf2")
    bad = tmp_path / "bad.sf2"
    bad.write_bytes(b"RIFF not a SoundFont")
    with pytest.raises(InputError, match="synthesizer"):
        audio.sound(data, font=bad)
    with pytest.raises(InputError, match="minutes"):
        audio.sound(data, longest=1.0)


def test_a_synthesizer_that_dies_or_hangs_costs_one_tune(data, monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    monkeypatch.setattr(audio, "_CHILD", child)
    child.write_text("import os\nos.abort()\n")
    with pytest.raises(InputError, match=r"\(midirenderer\) cannot play .*it gave no reason"):
        audio.sound(data)
    child.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(audio, "_PATIENCE", 0.2)
    with pytest.raises(InputError, match="was stopped after"):
        audio.sound(data)


def test_halving_keeps_what_is_below_and_drops_what_is_above():
    time = np.arange(RATE) / RATE
    for frequency, kept in ((440, 1.0), (8000, 1.0), (15_000, 0.0), (20_000, 0.0)):
        half, rate = audio.halved(np.sin(2 * np.pi * frequency * time).astype(np.float32), RATE)
        assert rate == RATE // 2 and len(half) == RATE // 2
        assert np.sqrt(2 * np.mean(half[100:-100] ** 2)) == pytest.approx(kept, abs=0.02)
    assert audio.halved(np.zeros(10, np.float32), 22_050)[1] == 22_050


def test_mp3_is_small(samples):
    values, rate = samples
    assert len(audio.encode(values, rate, "mp3")) * 8 / (len(values) / rate) < 50_000  # bits a second


@pytest.mark.parametrize("name", ["fluidsynth", "timidity"])
def test_the_real_synthesizers(name, data):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    values, rate = audio.sound(data, synthesizer=name)
    assert rate == 48_000 and values.shape[1] == 2
    peak = float(np.abs(values).max())
    assert peak <= audio.CEILING + 1e-4
    assert audio.loudness(values, rate) == pytest.approx(audio.LOUDNESS, abs=0.5) or peak > 0.85
    assert len(values) / rate == pytest.approx(len(audio.sound(data)[0]) / audio.sound(data)[1], abs=2)


@pytest.mark.parametrize("name", ["fluidsynth", "timidity"])
def test_other_synthesizers(name, data, samples, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=name):
        audio.sound(data, synthesizer=name)
    values, rate = samples
    (tmp_path / "sound.wav").write_bytes(audio.encode(values, rate, "wav"))
    script = tmp_path / name
    script.write_text(f"#!/bin/sh\n/bin/cp {tmp_path}/sound.wav tune.wav\n")
    script.chmod(0o755)
    again, same_rate = audio.sound(data, synthesizer=name)
    assert same_rate == rate and audio.loudness(again, rate) == pytest.approx(audio.LOUDNESS, abs=0.5)
    script.write_text("#!/bin/sh\necho no instruments >&2\n")
    with pytest.raises(InputError, match=rf"\({name}\) cannot play this MIDI file or SoundFont: no instr"):
        audio.sound(data, synthesizer=name)
