"""The notes of a MIDI file as arrays: onto the beats, onto a grid, without what no score can show."""

from collections.abc import Iterator
from typing import Any

import numpy as np

TICKS = 480
"""Ticks in a quarter note."""

_SIXTEENTH, _THIRTY_SECOND, _TRIPLET = TICKS // 4, TICKS // 8, TICKS // 6
_NEAR = 10  # ticks: as near as this to a note of a triplet is on it
_OFF = 25  # ticks: a note farther from the grid than this is off it
_MIDDLE_C = 60
_ALL = (1 << 24) - 1  # LONGEST in ticks is less
_FEW = 0.05  # this share of the notes may be off a grid that fits


class Notes:
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

    def final(self) -> int:
        """The pitch class of the lowest note among the last to end, drums apart; -1 where all are drums."""
        pitched = ~self.drums[self.track]
        if not pitched.any():
            return -1
        end, pitch = self.end[pitched], self.pitch[pitched]
        return int(pitch[end >= end.max() - _SIXTEENTH].min()) % 12

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
