"""What midi2abc is given: one key, one meter, a grid, whole bars, and no more notes than there are."""

import struct
from collections.abc import Callable

import pytest

from hf_abc.corpora.midi_rewrite import LONGEST, Piece, Unfit, read_piece

Midi = Callable[..., bytes]
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def scale(transposed: int = 0, length: float = 1.0, start: float = 0.0) -> list[tuple[float, float, int]]:
    return [(start + i * length, length, pitch + transposed) for i, pitch in enumerate(SCALE)]


def notes(piece: Piece, voice: int = 0) -> list[tuple[float, float, int]]:
    """Start and length in quarter notes, pitch: of a voice, without the bar behind the last."""
    time, duration, pitch, _ = (column.tolist() for column in piece.voices[voice].played)
    return sorted((t / 480, d / 480, p) for t, d, p in zip(time, duration, pitch, strict=True))[:-1]


def test_a_scale_comes_through_as_it_is(midi_bytes: Midi) -> None:
    piece = read_piece(midi_bytes(scale(), meter=(4, 4), key=0, tempo=90))
    assert notes(piece) == scale()
    assert (piece.meter, piece.unit, piece.sharps, piece.tempo) == ((4, 4), 8, 0, 90)
    assert (piece.bars, piece.pickup, piece.shift, piece.notes) == (2, 0, 0, 8)
    assert piece.onsets == {pitch: [float(i)] for i, pitch in enumerate(SCALE)}


@pytest.mark.parametrize("ticks", [24, 96, 480, 1024])
def test_other_resolutions(midi_bytes: Midi, ticks: int) -> None:
    assert notes(read_piece(midi_bytes(scale(), ticks=ticks))) == scale()


def test_a_performance_is_put_on_sixteenths_and_short_rests_are_closed(midi_bytes: Midi) -> None:
    late = (0.0, 0.04, -0.03, 0.06)
    played = [(i * 0.5 + late[i % 4], 0.23, 60 + i) for i in range(16)]
    assert notes(read_piece(midi_bytes(played))) == [(i * 0.5, 0.5, 60 + i) for i in range(15)] + [
        (7.5, 0.25, 75)
    ]


@pytest.mark.parametrize("length", [1 / 3, 1 / 6])
def test_triplets_stay(midi_bytes: Midi, length: float) -> None:
    triplets = scale(length=length)
    assert [start for start, _, _ in notes(read_piece(midi_bytes(triplets)))] == pytest.approx(
        [start for start, _, _ in triplets]
    )


def test_thirty_seconds_where_a_piece_has_them(midi_bytes: Midi) -> None:
    piece = read_piece(midi_bytes(scale(length=0.125) * 4))
    assert piece.unit == 16
    assert notes(piece) == scale(length=0.125)


@pytest.mark.parametrize("late", [0.02, -0.03, 0.25, 0.27])
def test_a_piece_that_stands_off_the_beats_is_moved(midi_bytes: Midi, late: float) -> None:
    piece = read_piece(midi_bytes(scale(length=0.5, start=4 + late)))
    assert notes(piece) == scale(length=0.5)
    assert piece.shift == pytest.approx(4 + late, abs=0.002)


def test_a_pitch_that_is_struck_again_ends_before(midi_bytes: Midi) -> None:
    piece = read_piece(midi_bytes([(0, 2, 60), (1, 1, 60), (1, 0.5, 60), (2, 2, 64)]))
    assert notes(piece) == [(0, 1, 60), (1, 1, 60), (2, 2, 64)]


@pytest.mark.parametrize(
    "transposed, own, sharps",
    [
        (0, None, 0),
        (7, None, 1),
        (5, None, -1),
        (7, 1, 1),
        (7, 0, 1),  # says C and means nothing by it
        (7, 2, 1),
        (6, 6, 5),  # midi2abc writes wrong notes with six sharps
        (6, None, 5),
        (1, 7, -5),
    ],
)
def test_key(midi_bytes: Midi, transposed: int, own: int | None, sharps: int) -> None:
    assert read_piece(midi_bytes(scale(transposed) * 2, key=own)).sharps == sharps


def test_the_last_bass_note_tells_minor_from_major(midi_bytes: Midi) -> None:
    minor = [*scale(), (8, 1, 57)]
    assert read_piece(midi_bytes(minor)).minor
    assert not read_piece(midi_bytes([*minor, (8, 1, 48)])).minor
    assert not read_piece(midi_bytes(minor, key=0)).minor


@pytest.mark.parametrize(
    "start, meter, pickup, shift, bars",
    [
        (0, (4, 4), 0, 0, 2),
        (4, (4, 4), 0, 4, 2),
        (7, (4, 4), 480, 7, 3),
        (5, (4, 4), 0, 4, 3),  # three beats are no pickup: the bar keeps its rest
        (2.5, (6, 8), 240, 2.5, 4),
        (2, (3, 4), 480, 2, 4),
    ],
)
def test_silence_at_the_start_and_the_pickup(
    midi_bytes: Midi, start: float, meter: tuple[int, int], pickup: int, shift: float, bars: int
) -> None:
    piece = read_piece(midi_bytes(scale(start=start), meter=meter))
    assert (piece.pickup, piece.shift, piece.bars) == (pickup, shift, bars)
    time, duration, _, _ = piece.voices[0].played
    bar = meter[0] * 1920 // meter[1]
    assert (time[-1] - pickup) % bar == 0 and duration[-1] == bar


@pytest.mark.parametrize("meter", [(1, 4), (0, 4), (33, 4), (3, 64)])
def test_what_is_no_meter(midi_bytes: Midi, meter: tuple[int, int]) -> None:
    assert read_piece(midi_bytes(scale(), meter=meter)).meter == (4, 4)


def test_clefs_and_drums(midi_bytes: Midi) -> None:
    piece = read_piece(midi_bytes(scale(), scale(-24), scale(-12)))
    assert [voice.clef for voice in piece.voices] == ["treble", "bass", "bass"]
    piece = read_piece(midi_bytes(scale(-24), drums=True))
    assert piece.voices[0].drums and piece.onsets[128 + 36] == [0.0]


def test_the_meter_and_the_tempo_that_rule_longest() -> None:
    import symusic

    score = symusic.Score(480)
    score.time_signatures.append(symusic.TimeSignature(0, 2, 4))
    score.time_signatures.append(symusic.TimeSignature(960, 3, 4))
    score.tempos.append(symusic.Tempo(0, 60))
    score.tempos.append(symusic.Tempo(480, 140))
    track = symusic.Track()
    for i in range(26):
        track.notes.append(symusic.Note(i * 480, 480, 60 + i % 12, 80))
    score.tracks.append(track)
    piece = read_piece(score.dumps_midi())
    assert (piece.meter, piece.tempo) == ((3, 4), 140)
    assert (piece.pickup, piece.bars) == (0, 9)  # the first bar begins with a rest


@pytest.mark.parametrize(
    "why, data",
    [
        ("can be read", b""),
        ("can be read", b"not MIDI, but long enough"),
        ("can be read", b"MThd" + struct.pack(">IHHH", 6, 1, 1, 0) + b"MTrk\0\0\0\4\0\xff\x2f\0"),
        ("no notes", b"MThd" + struct.pack(">IHHH", 6, 1, 1, 480) + b"MTrk\0\0\0\4\0\xff\x2f\0"),
    ],
)
def test_no_music(why: str, data: bytes) -> None:
    with pytest.raises(Unfit, match=why):
        read_piece(data)


def test_too_long_too_many_voices_too_silent(midi_bytes: Midi) -> None:
    with pytest.raises(Unfit, match="20,000"):
        read_piece(midi_bytes([(0, 1, 60), (LONGEST, 1, 60)]))
    with pytest.raises(Unfit, match="63 voices"):
        read_piece(midi_bytes(*[scale()] * 64))
    with pytest.raises(Unfit, match="rest-heavy"):
        read_piece(midi_bytes([(0, 1, 60), (10, 1, 60)]))
    assert read_piece(midi_bytes([(0, 1, 60), (10, 1, 60)], [(0, 8, 48)])).notes == 3
