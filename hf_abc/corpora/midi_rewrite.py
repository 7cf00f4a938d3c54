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

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

TICKS = 480
LONGEST = 20_000
"""Quarter notes: the longest piece that is converted (almost three hours at 120 a minute)."""
SILENCE = 0.5
"""A piece may be silent for this share of its time, in all voices at once."""
VOICES = 63
"""midi2abc has room for 64 tracks, and one of them is the conductor's."""

_SIXTEENTH, _THIRTY_SECOND, _TRIPLET = TICKS // 4, TICKS // 8, TICKS // 6
_NEAR = 10  # ticks: as near as this to a note of a triplet is on it
_OFF = 25  # ticks: a note farther from the grid than this is off it
_MIDDLE_C = 60
_ALL = (1 << 24) - 1  # LONGEST in ticks is less
_FEW = 0.05  # this share of the notes may be off a grid that fits
_OWN_KEY = 1.1  # the file's own signature may leave so many times the accidentals of the best one
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

    `sharps` is negative for flats; `minor` is what the file said. `pickup` is the length of a short first
    bar and `bars` counts all bars with it. `shift` is how many quarter notes of silence were taken from the
    start; `onsets` are those of the file as it came: MIDI pitch (drums: plus 128) -> times in quarter notes.
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
    heard = onsets_of(score) if onsets else {}
    if score.tpq != TICKS:
        score = score.resample(TICKS, min_dur=1)
    tracks = [track for track in score.tracks if len(track.notes)]
    if not tracks:
        raise Unfit("it has no notes")
    if len(tracks) > VOICES:
        raise Unfit(f"more than {VOICES} voices")
    notes = _Notes(tracks)
    if notes.start.min() < 0 or notes.end.max() > LONGEST * TICKS:
        raise Unfit(f"longer than {LONGEST:,} quarter notes")
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
    if not pitches:
        return {}
    pitch, time = np.concatenate(pitches), np.concatenate(times)
    order = np.lexsort((time, pitch))
    pitch, time = pitch[order], time[order]
    found, places = np.unique(pitch, return_index=True)
    return {int(p): part.tolist() for p, part in zip(found, np.split(time, places[1:]), strict=True)}


class _Notes:
    """The notes of all tracks as arrays, in ticks, in order of track, pitch and start.

    A note is sorted as one number of 61 bits (track, pitch, start, length), which takes a fifth of the time
    of sorting by columns; velocities are not kept.
    """

    def __init__(self, tracks: list[Any]) -> None:
        parts = [track.notes.numpy() for track in tracks]
        sizes = [len(part["time"]) for part in parts]
        self.drums = np.array([track.is_drum for track in tracks])
        self.track = np.repeat(np.arange(len(parts)), sizes)
        self.start = np.concatenate([part["time"] for part in parts])
        self.end = self.start + np.concatenate([part["duration"] for part in parts])
        self.pitch = np.concatenate([part["pitch"] for part in parts])

    def into_phase(self) -> int:
        """Move all notes onto the beats where most stand off them by the same ticks; returns these."""
        within = np.bincount(self.start % _SIXTEENTH, minlength=_SIXTEENTH)
        shift = int(within.argmax())
        shift = 0 if within[shift] * 2 < len(self.start) else shift
        shift -= _SIXTEENTH if shift > _THIRTY_SECOND else 0
        place = np.bincount((self.start - shift + _THIRTY_SECOND) // _SIXTEENTH & 3, minlength=4)
        if 3 * (place[1] + place[3]) > 2 * len(self.start):  # half of POP909 stands a sixteenth off
            shift += _SIXTEENTH if place[1] >= place[3] else -_SIXTEENTH
        shift = min(shift, int(self.start.min()))
        self.start -= shift
        self.end -= shift
        return shift

    def to_grid(self, *, fine: bool) -> int:
        """Move all notes to a grid; returns the unit note length to write them in: 8 or 16 of a whole.

        `fine` asks for thirty-seconds.
        """
        unit, start = 8, _on_sixteenths(self.start)
        few = _FEW * len(start)
        if fine or np.count_nonzero(np.abs(start - self.start) > _OFF) > few:
            finer = _on(self.start, _THIRTY_SECOND)
            if fine or np.count_nonzero(np.abs(finer - self.start) > _OFF) <= few:
                unit, start = 16, finer
        step = _THIRTY_SECOND if unit == 16 else _SIXTEENTH
        end = _on(self.end, step) if unit == 16 else _on_sixteenths(self.end)
        self._sort(start, np.where(end > start, end, start + step))
        self._fill(step)
        return unit

    def _sort(self, start: np.ndarray, end: np.ndarray) -> None:
        """A pitch that is struck again ends before; of notes that start together the longest stays."""
        packed = (
            ((self.track * 128 + self.pitch) << 48) + (start.astype(np.int64) << 24) + (_ALL - (end - start))
        )
        packed.sort()
        again = (packed[1:] >> 24) == (packed[:-1] >> 24)
        if again.any():
            packed = packed[np.concatenate(([True], ~again))]
        which = packed >> 48
        self.track, self.pitch = which >> 7, which & 127
        self.start = packed >> 24 & _ALL
        self.end = self.start + _ALL - (packed & _ALL)
        self.end[:-1] = np.where(
            which[1:] == which[:-1], np.minimum(self.end[:-1], self.start[1:]), self.end[:-1]
        )

    def _fill(self, step: int) -> None:
        """A rest of `step` between a note and the next of its track becomes part of the note."""
        fine = step if step == _THIRTY_SECOND else _TRIPLET // 2
        row = int(self.end.max() + step) // fine + 1
        struck = np.zeros(row * len(self.drums), dtype=bool)
        struck[self.track * row + self.start // fine] = True
        here = self.track * row + self.end // fine
        self.end[struck[here + step // fine] & ~struck[here]] += step

    def silence(self) -> float:
        """The share of the sixteenths from first to last note in which nothing sounds."""
        length = int(self.end.max()) // _SIXTEENTH + 2
        struck = np.bincount(self.start // _SIXTEENTH, minlength=length)
        sounding = (struck - np.bincount(-(-self.end // _SIXTEENTH), minlength=length)).cumsum()
        first = int(self.start.min()) // _SIXTEENTH
        return 1 - np.count_nonzero(sounding) / max(1, length - 2 - first)

    def pitch_classes(self) -> np.ndarray:
        """How many notes of each pitch class there are, without the drums."""
        pitch = self.pitch[~self.drums[self.track]] if self.drums.any() else self.pitch
        return np.bincount(pitch % 12, minlength=12)

    def voices(self, trim: int, last: int, bar: int) -> Iterator[tuple[str, tuple[np.ndarray, ...]]]:
        """Of each track the clef and what symusic takes (time, duration, pitch, velocity), `trim` ticks
        earlier and with a note of one bar at the tick `last`.
        """
        ends = np.bincount(self.track).cumsum()
        time = np.insert(self.start - trim, ends, last).astype(np.int32)
        duration = np.insert(self.end - self.start, ends, bar).astype(np.int32)
        pitch = np.insert(self.pitch, ends, _MIDDLE_C).astype(np.int8)
        velocity = np.full(len(time), 80, np.int8)
        low = pitch < _MIDDLE_C
        begin = 0
        for end, drum in zip((ends + np.arange(1, len(ends) + 1)).tolist(), self.drums.tolist(), strict=True):
            clef = "bass" if 2 * np.count_nonzero(low[begin:end]) >= end - begin else "treble"
            played = (time[begin:end], duration[begin:end], pitch[begin:end], velocity[begin:end])
            yield "perc" if drum else clef, played
            begin = end


def _on(ticks: np.ndarray, step: int) -> np.ndarray:
    return (ticks + step // 2) // step * step


def _on_sixteenths(ticks: np.ndarray) -> np.ndarray:
    triplet = _on(ticks, _TRIPLET)
    return np.where(np.abs(triplet - ticks) <= _NEAR, triplet, _on(ticks, _SIXTEENTH))


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


def _start(notes: _Notes, bar: int, origin: int, grid: int) -> tuple[int, int]:
    """How many ticks of silence to take from the start, and the length of the pickup that is left."""
    first = int(notes.start.min())
    phase = (first - origin // grid * grid) % bar
    if phase == 0:
        return first, 0
    if (bar - phase) * 2 <= bar and phase % grid == 0:
        return first, bar - phase
    return first - phase, 0


def _key(score: Any, notes: _Notes) -> tuple[int, bool]:
    """Sharps (flats: negative), and whether the file says that it is in minor."""
    outside = _OUTSIDE @ notes.pitch_classes()
    best = int(outside.argmin())
    if len(score.key_signatures):
        own = score.key_signatures[0]
        place = np.flatnonzero(own.key == _SHARPS)
        if len(place) and outside[place[0]] <= _OWN_KEY * outside[best]:
            return int(own.key), own.tonality == 1
    return int(_SHARPS[best]), False


def _words(error: Exception) -> str:
    """symusic's message, short and on one line."""
    text = str(error).replace("MiniMidi:", "").replace(": iostream error", "").replace("Invaild", "invalid")
    return " ".join(text.split())[:120] or type(error).__name__
