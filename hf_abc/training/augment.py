"""Transposition as augmentation: the same tune in another key each epoch.

For training the best model from few tunes; a study that counts epochs leaves it off. Moves stay within five
semitones, so that a tune keeps its range on the instruments it was written for, and within keys of at most
four sharps or flats. A share of the tunes keeps its own key each epoch, as the keys of a tradition are part
of its style.
"""

import random

from hf_abc.notation.keys import parse_key, tonic_sharps
from hf_abc.notation.transpose import best_tonic, transpose
from hf_abc.notation.tune import header_fields

FARTHEST = 5  # semitones, up or down
MOST_ACCIDENTALS = 4
KEPT = 0.25  # the share of tunes that stay in their own key in an epoch


def shifts(text: str) -> list[int]:
    """The moves in semitones that a tune may make, without 0; none where its key cannot be read."""
    keys = header_fields(text).get("K", [])
    key = parse_key(keys[-1]) if keys else None
    if key is None:
        return []
    allowed = []
    for semitones in range(-FARTHEST, FARTHEST + 1):
        tonic = best_tonic(key, semitones) if semitones else None
        if tonic is not None and abs(tonic_sharps(tonic, key.mode)) <= MOST_ACCIDENTALS:
            allowed.append(semitones)
    return allowed


def drawn_shift(text: str, *, seed: int, epoch: int) -> int:
    """The move of a tune in an epoch: the same for the same seed, epoch and text, whatever else is in the
    corpus.
    """
    draw = random.Random(f"{seed}/{epoch}/{text}")
    if draw.random() < KEPT:
        return 0
    allowed = shifts(text)
    return draw.choice(allowed) if allowed else 0


def moved(text: str, semitones: int) -> str:
    """The tune moved by so many semitones, or itself where notation cannot move it exactly."""
    return transpose(text, semitones) or text
