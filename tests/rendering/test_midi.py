"""MIDI of a tune, and reading it back."""

import pytest

from hf_abc.rendering.midi import midi, read, with_tail

TUNE = 'X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\n{B}c2 "G"d2|]\n'


def test_notes_tempo_and_length():
    data, messages = midi(TUNE, grace_notes=False, chord_symbols=False)
    assert data is not None and messages == []
    played = read(data)
    quarter = played.ticks_per_quarter
    assert [pitch for _, pitch, _, _ in played.notes] == [72, 74]
    assert all(abs(length - 2 * quarter) <= 2 for _, _, length, _ in played.notes)
    assert played.seconds == pytest.approx(4, abs=0.1)
    assert played.tempos[0][1] == 1_000_000


def test_grace_notes_and_chords_sound_unless_told_not_to():
    count = [
        len(read(midi(TUNE, grace_notes=g, chord_symbols=c)[0] or b"").notes)
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
