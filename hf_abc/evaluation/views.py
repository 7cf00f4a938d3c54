"""How a tune is compared with others: three views of it, one byte a symbol.

* ``melody``  the steps between neighbouring notes in semitones: the same in every key and rhythm
* ``rhythm``  these steps, each with the ratio of the two notes' lengths: the same in every key, and at half
  or double length
* ``text``    the letters of the music as written, without spaces and line ends

Notes are taken as `notation.melody` takes them. A step of more than five octaves is one of five; with its
rhythm, one of more than an octave is one of a ninth, and a ratio of lengths is the nearest of nine.
"""

import re
from dataclasses import dataclass

import numpy as np

from hf_abc.notation.melody import Note, notes
from hf_abc.notation.tune import body, is_music

VIEWS = ("melody", "rhythm", "text")
_RATIOS = np.log2([1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 3 / 2, 2, 3, 4])
_SPACES = re.compile(r"[\s\\]+")
_BAR = re.compile(r"[|:\]]+[0-9,.-]*")


@dataclass(frozen=True, slots=True)
class Heard:
    """A tune as the index reads it: its notes, and the bytes of each view."""

    notes: list[Note]
    views: dict[str, bytes]
    bar_starts: list[int]
    """Places in the view `text` at which bars begin."""


def hear(text: str) -> Heard:
    """The views of a tune in ABC."""
    melody = notes(text)
    steps = np.diff([note.pitch for note in melody]) if len(melody) > 1 else np.zeros(0, dtype=np.int64)
    ticks = np.array([max(note.ticks, 1) for note in melody], dtype=float)
    ratios = np.log2(ticks[1:] / ticks[:-1]) if len(melody) > 1 else np.zeros(0)
    nearest = np.abs(ratios[:, None] - _RATIOS[None, :]).argmin(1)
    music = "".join(line for line in body(text).split("\n") if is_music(line))
    written = _SPACES.sub("", music.replace("\0", ""))
    return Heard(
        melody,
        {
            "melody": np.clip(steps + 128, 1, 254).astype(np.uint8).tobytes(),
            "rhythm": (1 + 9 * (np.clip(steps, -13, 13) + 13) + nearest).astype(np.uint8).tobytes(),
            "text": written.encode("latin-1", "replace"),
        },
        [0, *(match.end() for match in _BAR.finditer(written) if match.end() < len(written))],
    )
