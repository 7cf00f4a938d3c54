"""Leaks: how much of the test side a split has already shown in training.

Two measures use the melodies that made the families, and must be 0 for a split by family. The third is
independent of them: it looks for 24 equal notes in the written letters, not in the sounding intervals, with
code of its own. It sees what semitones do not (a tune in another mode, accidentals left out) and does not
join ties. Of 24,000 tunes of many books it found 2 % of the test side in train, nearly all of them renderings
that the families had missed; a corpus holds such test tunes back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hf_abc.corpora.families import DULL, RUN, Links
from hf_abc.corpora.index import Index
from hf_abc.corpora.split import SIDES, Side
from hf_abc.corpora.windows import Pieces, Windows

_SIEVE = 24  # bits of a window's number by which most strangers are told at once


@dataclass(frozen=True, slots=True)
class Shared:
    """A test tune and a train tune with so many letters in a row in common, transposition-invariant."""

    test: str
    train: str
    notes: int


def leaks(index: Index, links: Links, splits: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """What splits of the same tunes leak, as shares of their test tunes. The sides are those of `places`."""
    return {
        name: {
            "test_tunes": tests,
            **{
                measure: round(int(leaking.sum()) / max(1, tests), 4)
                for measure, leaking in (
                    ("near_twin_in_train", twins(links, sides)),
                    ("24_notes_in_train", shared_runs(index.melodies, sides, dull=DULL) >= 0),
                    ("24_letters_in_train", shared_runs(index.letters, sides) >= 0),
                )
            },
        }
        for name, sides in splits.items()
        for tests in (int((sides == 2).sum()),)
    }


def places(sides: Sequence[Side | None]) -> np.ndarray:
    """Sides as numbers, 0 train, 1 validation, 2 test; -1 for a tune that was dropped."""
    return np.array([-1 if side is None else SIDES.index(side) for side in sides], dtype=np.int8)


def twins(links: Links, sides: np.ndarray) -> np.ndarray:
    """Which tunes (a mask) are test tunes with a near-duplicate melody on the train side.

    `sides` is that of `places`, over all tunes of the links.
    """
    train = np.zeros(len(sides), dtype=bool)
    train[links.first[sides == 0]] = True
    near = train.copy()
    near[links.melody[train[links.melody[:, 1]], 0]] = True
    near[links.melody[train[links.melody[:, 0]], 1]] = True
    return (sides == 2) & near[links.first]


def shared_runs(strings: Pieces, sides: np.ndarray, *, dull: int = 0) -> np.ndarray:
    """For each test tune the first train tune that has 23 bytes in a row in common with it, else -1; -1 for
    tunes of other sides. Runs of `dull` different bytes or fewer do not count.
    """
    windows = Windows(strings, RUN)
    partner = np.full(len(strings), -1, dtype=np.int64)
    values, owners = _windows_of(windows, sides == 2, dull)
    if not len(values):
        return partner
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    shift = np.uint64(64 - _SIEVE)
    sieve = np.zeros(2**_SIEVE, dtype=bool)
    sieve[values >> shift] = True
    first = np.full(len(values), len(strings), dtype=np.int64)
    starts = np.searchsorted(values, values)  # equal windows share the entry of the first of them
    for begin, end in windows.blocks():
        hashes = windows.hashes(begin, end)
        maybe = np.flatnonzero(sieve[hashes >> shift])
        owner = windows.owner(maybe + windows.starts[begin])
        maybe, owner = maybe[sides[owner] == 0], owner[sides[owner] == 0]
        where = np.minimum(np.searchsorted(values, hashes[maybe]), len(values) - 1)
        hit = values[where] == hashes[maybe]
        np.minimum.at(first, where[hit], owner[hit])
    first = first[starts]
    least = np.full(len(strings), len(strings), dtype=np.int64)
    np.minimum.at(least, owners, first)
    found = least < len(strings)
    partner[found] = least[found]
    return partner


def _windows_of(windows: Windows, wanted: np.ndarray, dull: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes and owners of the windows of the wanted tunes."""
    values, owners = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)]
    for begin, end in windows.blocks():
        numbers = np.arange(windows.starts[begin], windows.starts[end])
        mine = np.flatnonzero(wanted[windows.owner(numbers)])
        if dull:
            text = np.sort(windows.text(numbers[mine]), axis=1)
            mine = mine[(text[:, 1:] != text[:, :-1]).sum(axis=1) >= dull]
        values.append(windows.hashes(begin, end)[mine])
        owners.append(windows.owner(numbers[mine]))
    return np.concatenate(values), np.concatenate(owners)


def listed(ids: Sequence[str], partner: np.ndarray, letters: Pieces) -> Iterator[Shared]:
    """The pairs of `shared_runs`, with the length of the longest run that they share."""
    for test in np.flatnonzero(partner >= 0).tolist():
        train = int(partner[test])
        yield Shared(ids[test], ids[train], _longest(letters[test], letters[train]) + 1)


def _longest(a: bytes, b: bytes) -> int:
    """The length of the longest piece that two strings share."""
    best = 0
    row = [0] * (len(b) + 1)
    for left in a:
        row = [0, *(row[place] + 1 if left == right else 0 for place, right in enumerate(b))]
        best = max(best, max(row))
    return best
