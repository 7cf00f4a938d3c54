"""Leaks: how much of the test side a split has already shown in training.

Two measures use the melodies that made the families, and must be 0 for a split by family. The third is
independent of them: it looks for 24 equal notes in the written letters, not in the sounding intervals, with
code of its own. It sees what semitones do not (a tune in another mode, accidentals left out) and does not
join ties.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hf_abc.corpora.families import RUN, Link, windows
from hf_abc.corpora.split import Side
from hf_abc.notation.keys import LETTERS
from hf_abc.notation.lexer import lex
from hf_abc.notation.melody import split_pitch
from hf_abc.notation.tune import Tune, body, is_music


@dataclass(frozen=True, slots=True)
class Shared:
    """A test tune and a train tune with so many letters in a row in common, transposition-invariant."""

    test: str
    train: str
    notes: int


def twin_rate(links: Sequence[Link], sides: Sequence[Side]) -> float:
    """The share of test tunes that have a near-duplicate melody on the train side."""
    twins = set()
    for link in links:
        for one, other in ((link.first, link.second), (link.second, link.first)):
            if link.reason == "melody" and sides[one] == "test" and sides[other] == "train":
                twins.add(one)
    return len(twins) / max(1, sides.count("test"))


def run_rate(melodies: Sequence[bytes], sides: Sequence[Side]) -> float:
    """The share of test tunes that share 24 notes in a row with a train tune, in semitones."""
    hashes, owner, _ = windows(melodies, RUN)
    where = np.array([("train", "validation", "test").index(side) for side in sides])
    train, test = where[owner] == 0, where[owner] == 2
    found = np.unique(owner[test][np.isin(hashes[test], hashes[train])])
    return len(found) / max(1, sides.count("test"))


def letter_steps(text: str) -> bytes:
    """The steps between neighbouring written notes in letters (of a chord its highest), one byte each."""
    places: list[int] = []
    for line in filter(is_music, body(text).split("\n")):
        inside = 0  # notes of the chord that is open, counted from 1
        for kind, symbol in lex(line):
            if kind == "chord_open":
                inside = 1
            elif kind in ("chord_close", "bar"):
                inside = 0
            elif kind == "note":
                _, letter, octave = split_pitch(symbol)
                place = 7 * octave + LETTERS.index(letter)
                if inside > 1:
                    places[-1] = max(places[-1], place)
                else:
                    places.append(place)
                inside += inside > 0
    return bytes(min(max(b - a + 128, 0), 255) for a, b in zip(places, places[1:], strict=False))


def shared_letters(tunes: Sequence[Tune], sides: Sequence[Side], steps: Sequence[bytes]) -> list[Shared]:
    """Each test tune that shares 24 letters in a row with train, with the first such train tune."""
    wanted: dict[bytes, set[int]] = {}
    for number, side in enumerate(sides):
        if side == "test":
            for start in range(len(steps[number]) - RUN + 1):
                wanted.setdefault(steps[number][start : start + RUN], set()).add(number)
    partner: dict[int, int] = {}
    for number, side in enumerate(sides):
        if side == "train":
            for start in range(len(steps[number]) - RUN + 1):
                for test in wanted.get(steps[number][start : start + RUN], ()):
                    partner.setdefault(test, number)
    return [
        Shared(tunes[test].id, tunes[train].id, _longest(steps[test], steps[train]) + 1)
        for test, train in sorted(partner.items())
    ]


def _longest(a: bytes, b: bytes) -> int:
    """The length of the longest piece that two strings share."""
    best = 0
    row = [0] * (len(b) + 1)
    for left in a:
        row = [0, *(row[place] + 1 if left == right else 0 for place, right in enumerate(b))]
        best = max(best, max(row))
    return best
