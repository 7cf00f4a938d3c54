"""How much of a MIDI file survives MIDI -> ABC -> MIDI.

abc2midi plays the tune (with its slips at ties worked round, as everywhere in this package), and a note of
the file counts as found where one of the same pitch is struck at the same time, give or take a
thirty-second. Lengths, loudness and instruments are not compared; drums are found among drums only.
"""

from collections.abc import Mapping, Sequence

TOLERANCE = 0.13
"""Quarter notes: half the way to the next sixteenth, and two ticks of 480 for rounding."""


def recall(
    wanted: Mapping[int, Sequence[float]], played: Mapping[int, Sequence[float]], shift: float
) -> float:
    """The share of the notes in `wanted` that are in `played`, which begins `shift` quarter notes later.

    Both are pitch -> onsets in order; each note is found once at most.
    """
    total = sum(map(len, wanted.values()))
    found = sum(_found(times, played.get(pitch, ()), shift) for pitch, times in wanted.items())
    return found / total if total else 0.0


def _found(wanted: Sequence[float], played: Sequence[float], shift: float) -> int:
    found = here = there = 0
    while here < len(wanted) and there < len(played):
        late = played[there] + shift - wanted[here]
        if abs(late) <= TOLERANCE:
            found, here, there = found + 1, here + 1, there + 1
        elif late < 0:
            there += 1
        else:
            here += 1
    return found
