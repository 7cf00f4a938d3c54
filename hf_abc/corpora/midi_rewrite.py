"""A MIDI file as midi2abc can write it down: cleaned of all but notes, on a grid, in one meter and one key.

symusic reads the file and writes it anew at 480 ticks a quarter, which alone lifts the share of notes that
survive MIDI -> ABC -> MIDI from .84 to .88 (678 files: game music, pop, hymns, folk tunes). What is done on
the way was measured or seen in midi2abc 3.64:

* texts, lyrics and controllers are left out: midi2abc takes a text event for a change of key and a copyright
  notice for a change of meter;
* onsets and ends go to the next sixteenth, or to a note of a triplet where they stand on it, and a rest of
  a sixteenth between two notes becomes part of the first; a file that really uses thirty-seconds gets those;
* a pitch that is struck again ends before, and unisons within a track become one note;
* keys stay within five sharps or flats: with six or seven midi2abc writes wrong notes. The file's own key
  signature counts only if it explains the notes as well as the best one does (many files say C and mean
  nothing by it);
* the meter that rules longest is the meter, the same with the tempo: midi2abc cannot change either;
* a piece that stands off the beats as a whole is moved onto them;
* silent bars at the start go, and a short first bar becomes a pickup.

What it costs: tempo and meter changes, dynamics, pedals, bends, and the timing of a performance.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hf_abc.corpora.midi_notes import TICKS, Notes

LONGEST = 20_000
"""Quarter notes: the longest piece that is converted (almost three hours at 120 a minute)."""
SILENCE = 0.5
"""A piece may be silent for this share of its time, in all voices at once."""
VOICES = 63
"""midi2abc has room for 64 tracks, and one of them is the conductor's."""

# The file's own key signature may leave so much more of the notes outside its scale. Measured on 935 folk
# tunes: a right signature is kept in 96 %, a false C in 2 %; the guess alone is right in 93 %.
_OWN_KEY = 0.02
_SHARPS = np.array((0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5))  # simple keys first: the first of equals wins
_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_OUTSIDE = np.array([[(pitch - 7 * s) % 12 not in _MAJOR for pitch in range(12)] for s in _SHARPS], dtype=int)


class Unfit(Exception):
    """A file that is no piece of music for midi2abc; the text says why."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A track. `played` is time, duration, pitch and velocity in ticks, with a note of one bar behind the
    last bar of the piece: with it midi2abc writes whole bars, as many in each voice.
    """

    program: int
    clef: str
    played: tuple[np.ndarray, ...]

    @property
    def drums(self) -> bool:
        """Whether its pitches are drums."""
        return self.clef == "perc"


@dataclass(frozen=True, slots=True)
class Piece:
    """What midi2abc is to write down: all voices in one meter, unit note length, key and tempo.

    `sharps` is negative for flats; `minor` tells the two keys of a signature apart. `pickup` is the length of
    a short first bar and `bars` counts all bars with it. `shift` is how many quarter notes of silence were
    taken from the start; `onsets` are those of the file as it came: MIDI pitch (drums: plus 128) -> times in
    quarter notes.
    """

    meter: tuple[int, int]
    unit: int
    sharps: int
    minor: bool
    tempo: int
    pickup: int
    bars: int
    voices: tuple[Voice, ...]
    notes: int
    shift: float
    onsets: dict[int, list[float]]


def read_piece(data: bytes, *, onsets: bool = True) -> Piece:
    """Read a MIDI file for midi2abc. Raises Unfit for what cannot become a tune.

    symusic may crash or hang on a broken file: call this in a process that may die. `onsets=False` leaves
    those of the result empty.
    """
    import symusic

    try:
        score = symusic.Score.from_midi(data)
    except Exception as error:  # its classes are those of C++; its words are worth having
        raise Unfit(f"no MIDI file that can be read: {_words(error)}") from None
    if score.tpq < 1:
        raise Unfit("no MIDI file that can be read: no ticks in a quarter note")
    tracks = [track for track in score.tracks if len(track.notes)]
    if not tracks:
        raise Unfit("it has no notes")
    if len(tracks) > VOICES:
        raise Unfit(f"more than {VOICES} voices")
    if max(track.end() for track in tracks) > LONGEST * score.tpq:
        raise Unfit(f"longer than {LONGEST:,} quarter notes")
    heard = onsets_of(score) if onsets else {}
    if score.tpq != TICKS:
        score = score.resample(TICKS, min_dur=1)
        tracks = [track for track in score.tracks if len(track.notes)]
    notes = Notes(tracks)
    end = int(notes.end.max())
    signature = _longest(score.time_signatures, end, _is_meter)
    meter = (signature.numerator, signature.denominator) if signature else (4, 4)
    shift = notes.into_phase()
    unit = notes.to_grid(fine=meter[1] == 32)
    if notes.silence() > SILENCE:
        raise Unfit("rest-heavy: for more than half of its time nothing sounds")
    bar = meter[0] * 4 * TICKS // meter[1]
    trim, pickup = _start(notes, bar, signature.time if signature else 0, 2 * TICKS // unit)
    sharps, minor = _key(score, notes)
    bars = -((int(notes.end.max()) - trim - pickup) // -bar)
    tempo = _longest(score.tempos, end, lambda tempo: 10 <= tempo.qpm <= 1000)
    voices = notes.voices(trim, pickup + bars * bar, bar)
    return Piece(
        meter=meter,
        unit=unit,
        sharps=sharps,
        minor=minor,
        tempo=round(tempo.qpm) if tempo else 120,
        pickup=pickup,
        bars=bars + (pickup > 0),
        voices=tuple(Voice(track.program, *voice) for track, voice in zip(tracks, voices, strict=True)),
        notes=len(notes.start),
        shift=(shift + trim) / TICKS,
        onsets=heard,
    )


def onsets_of(score: Any) -> dict[int, list[float]]:
    """When each pitch is struck, in quarter notes; drums count as pitches 128 and up."""
    pitches, times = [], []
    for track in score.tracks:
        notes = track.notes.numpy()
        pitches.append(notes["pitch"].astype(int) + 128 * track.is_drum)
        times.append(notes["time"] / score.tpq)
    if not any(map(len, pitches)):
        return {}
    pitch, time = np.concatenate(pitches), np.concatenate(times)
    order = np.lexsort((time, pitch))
    pitch, time = pitch[order], time[order]
    found, places = np.unique(pitch, return_index=True)
    return {int(p): part.tolist() for p, part in zip(found, np.split(time, places[1:]), strict=True)}


def _longest(events: Any, end: int, fits: Callable[[Any], bool]) -> Any:
    """Of signatures or tempos the one that rules longest before `end`, as its first event; None for none."""
    if len(events) < 2:
        return next((event for event in events if fits(event)), None)
    rule: dict[Any, list[Any]] = {}
    events = sorted(events, key=lambda event: event.time)
    for event, after in zip(events, [*(event.time for event in events[1:]), end], strict=True):
        if fits(event):
            value = (event.numerator, event.denominator) if hasattr(event, "numerator") else event.qpm
            rule.setdefault(value, [0, event])[0] += max(0, min(after, end) - event.time)
    return max(rule.values(), key=lambda found: found[0])[1] if rule else None


def _is_meter(signature: Any) -> bool:
    """Whether ABC can write it and it says more than where the beats are: 1/4 does not."""
    numerator, denominator = signature.numerator, signature.denominator
    return denominator in (1, 2, 4, 8, 16, 32) and numerator <= 32 and 8 * numerator >= 3 * denominator


def _start(notes: Notes, bar: int, origin: int, grid: int) -> tuple[int, int]:
    """How many ticks of silence to take from the start, and the length of the pickup that is left."""
    first = int(notes.start.min())
    phase = (first - origin // grid * grid) % bar
    if phase == 0:
        return first, 0
    if (bar - phase) * 2 <= bar and phase % grid == 0:
        return first, bar - phase
    return first - phase, 0


def _key(score: Any, notes: Notes) -> tuple[int, bool]:
    """Sharps (flats: negative), and whether it is in minor: as the file says, or by the last bass note."""
    counts = notes.pitch_classes()
    outside = _OUTSIDE @ counts
    best = int(outside.argmin())
    if len(score.key_signatures):
        own = score.key_signatures[0]
        place = np.flatnonzero(own.key == _SHARPS)
        if len(place) and outside[place[0]] <= outside[best] + _OWN_KEY * counts.sum():
            return int(own.key), own.tonality == 1
    sharps = int(_SHARPS[best])
    return sharps, notes.final() == (7 * sharps + 9) % 12


def _words(error: Exception) -> str:
    """symusic's message without its numbers, so that equal faults count together."""
    text = (
        str(error)
        .removeprefix("MiniMidi: ")
        .replace("Invaild", "invalid")
        .removeprefix("invalid midi file! ")
    )
    if found := re.match(r"Get (\w+)=", text):
        return f"{found[1].replace('_', ' ')} out of range"
    return re.split(r"[!(]|: | \d", text)[0].strip()[:100] or type(error).__name__
