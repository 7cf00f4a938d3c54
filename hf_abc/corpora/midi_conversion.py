"""What became of a MIDI file: a tune, or the reason why there is none."""

from dataclasses import dataclass

LARGEST = 8 * 2**20
"""Bytes of the largest MIDI file that is read."""
READING = 20.0
"""Seconds that symusic may take for the files of a batch; a sound batch takes a few hundredths."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A MIDI file as ABC, or why it is none (then `text` is empty).

    `notes` counts those that were written, `recall` is the share of the file's notes that the tune plays;
    None where it was not asked for.
    """

    name: str
    text: str
    reason: str = ""
    notes: int = 0
    voices: int = 0
    recall: float | None = None
