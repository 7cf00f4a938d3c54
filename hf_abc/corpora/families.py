"""Tune families: renderings of one tune, in whatever key and under whatever title, so that a split can keep
them on one side.

Two tunes belong together when

* their melodies are near-duplicates: of all their 8-grams of intervals at least half are shared, or * they
share 24 notes in a row: whoever takes one strain of two over has seen the answer, or * they have the same
first title, or the same number in the same book, and the melodies support it (three shared 8-grams). Titles
alone chain strangers, and generic ones ("Gan Ainm", "Reel") never join.

Intervals are in semitones, so all this holds in every key. Families are the connected components; one is
named after the smallest id in it. The cost is n log n: candidates for the first rule share two of the 16
smallest hashed 8-grams of each tune (of tunes with a similarity of one half fewer than one pair in 3,000 does
not; of 4,248 printed tunes all 388 pairs are found), shared runs are found by sorting all windows, and both
are verified exactly. Sketches: Broder, On the resemblance and containment of documents, 1997.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hf_abc.notation.melody import intervals, notes
from hf_abc.notation.tune import Tune

SHINGLE = 8
SIMILAR = 0.5
RUN = 23  # the intervals between 24 notes
SUPPORT = 3
_SKETCH = 16
_ALIKE = 2
_COMMON = 64  # an 8-gram that heads the sketches of more tunes than this is a scale, not a likeness
_DULL = 3  # a run of at most so many different intervals is a drum, not a melody
_SHARED_TITLE = 200
_DANCES = ("air", "clog", "hornpipe", "jig", "march", "minuet", "polka", "quadrille", "quickstep", "reel")
_MORE_DANCES = (
    "strathspey",
    "waltz",
    "slip jig",
    "double jig",
    "single jig",
    "hop jig",
    "irish jig",
    "old jig",
)
_STILL_MORE = ("irish reel", "scotch reel", "highland fling", "quick step", "slow air", "set dance", "song")
_NAMELESS = ("", "untitled", "title", "name", "tune", "unknown", "gan ainm", "traditional", "trad")
_GENERIC = frozenset((*_DANCES, *_MORE_DANCES, *_STILL_MORE, *_NAMELESS))


@dataclass(frozen=True, slots=True)
class Link:
    """Two tunes that belong together, by their places in the sequence, and why."""

    first: int
    second: int
    reason: Literal["melody", "run", "title"]


def melody_key(text: str) -> bytes:
    """The intervals of a tune's melody, one byte each (0 semitones is 128)."""
    return bytes(min(max(step + 128, 0), 255) for step in intervals(notes(text)))


def shingles(melody: bytes, size: int = SHINGLE) -> set[bytes]:
    """The windows of `size` intervals."""
    return {melody[i : i + size] for i in range(len(melody) - size + 1)}


def similarity(a: bytes, b: bytes) -> float:
    """Jaccard similarity of the 8-grams of two melodies; 0 where one has none."""
    first, second = shingles(a), shingles(b)
    return len(first & second) / len(first | second) if first and second else 0.0


def find_links(tunes: Sequence[Tune], melodies: Sequence[bytes]) -> list[Link]:
    """Why tunes belong together; not every pair of a family is named, but its links connect it."""
    return [
        *(Link(a, b, "melody") for a, b in _near_duplicates(melodies)),
        *(Link(a, b, "run") for a, b in _shared_runs(melodies)),
        *(Link(a, b, "title") for a, b in _namesakes(tunes, melodies)),
    ]


def name_families(ids: Sequence[str], links: Sequence[Link]) -> list[str]:
    """The family of each tune: the smallest id among those that the links connect."""
    parent = list(range(len(ids)))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for link in links:
        a, b = find(link.first), find(link.second)
        if ids[b] < ids[a]:
            a, b = b, a
        parent[b] = a
    return [ids[find(number)] for number in range(len(ids))]


def title_key(title: str) -> str:
    """A title without accents, case, articles, punctuation, numbers, "1st setting" and "-- Reel"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"\(.*?\)|['’]|\s--.*", "", plain)
    skipped = ("the", "a", "an", "setting", "version", "st", "nd", "rd", "th", "no")
    return " ".join(word for word in re.findall(r"[a-z]+", plain) if word not in skipped)


def windows(melodies: Sequence[bytes], size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All windows of `size` intervals as (64-bit hash, number of the tune, place in it), in order."""
    lengths = np.array([len(melody) for melody in melodies], dtype=np.int64)
    joined = np.frombuffer(b"".join(melodies), dtype=np.uint8).astype(np.uint64)
    owner = np.repeat(np.arange(len(melodies), dtype=np.int32), lengths)
    place = np.arange(len(joined)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    count = max(len(joined) - size + 1, 0)
    hashes = np.zeros(count, dtype=np.uint64)
    for offset in range(size if count else 0):  # a polynomial modulo 2^64; for 8 bytes it is one to one
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15 if size > 8 else 256) + joined[offset : offset + count]
    inside = owner[:count] == owner[len(joined) - count :]
    return _mix(hashes[inside]), owner[:count][inside], place[:count][inside]


def _mix(values: np.ndarray) -> np.ndarray:
    """Spread 64-bit numbers evenly (the finaliser of splitmix64), so that the smallest are a fair sample."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _near_duplicates(melodies: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    hashes, owner, _ = windows(melodies, SHINGLE)
    order = np.lexsort((hashes, owner))
    hashes, owner = hashes[order], owner[order]
    if not len(hashes):
        return
    new = np.concatenate(([True], (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])))
    hashes, owner = hashes[new], owner[new]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    hashes, owner = hashes[rank < _SKETCH], owner[rank < _SKETCH]
    order = np.argsort(hashes, kind="stable")
    hashes, owner = hashes[order], owner[order]
    alike: Counter[tuple[int, int]] = Counter()
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1], [True])))
    sizes = np.diff(starts)
    for start, size in zip(starts[:-1][sizes > 1], sizes[sizes > 1], strict=True):
        if size > _COMMON:
            continue
        group = owner[start : start + size].tolist()
        alike.update((first, second) for index, second in enumerate(group) for first in group[:index])
    for (first, second), count in alike.items():
        if count >= _ALIKE and similarity(melodies[first], melodies[second]) >= SIMILAR:
            yield first, second


def _shared_runs(melodies: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Each tune that shares a run with another, with one that has the same run."""
    hashes, owner, place = windows(melodies, RUN)
    order = np.argsort(hashes, kind="stable")
    hashes, owner, place = hashes[order], owner[order], place[order]
    same = np.flatnonzero((hashes[1:] == hashes[:-1]) & (owner[1:] != owner[:-1]))
    seen: set[tuple[int, int]] = set()
    for index in same:
        first, second = int(owner[index]), int(owner[index + 1])
        run = melodies[first][place[index] : place[index] + RUN]
        again = melodies[second][place[index + 1] : place[index + 1] + RUN]
        if run == again and len(set(run)) > _DULL and (first, second) not in seen:
            seen.add((first, second))
            yield first, second


def _namesakes(tunes: Sequence[Tune], melodies: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Tunes of the same first title, or the same number in the same book, whose melodies support it."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, tune in enumerate(tunes):
        if (key := title_key(tune.title)) not in _GENERIC:
            groups[f"T:{key}"].append(number)
        if tune.id.count(":") == 2:
            groups[f"X:{tune.id.rpartition(':')[0]}"].append(number)
    for group in groups.values():
        if 1 < len(group) <= _SHARED_TITLE:
            grams = [shingles(melodies[number]) for number in group]
            for index, second in enumerate(group):
                for other, first in enumerate(group[:index]):
                    if len(grams[index] & grams[other]) >= SUPPORT:
                        yield first, second


def largest(tunes: Sequence[Tune], families: Sequence[str], count: int = 10) -> list[tuple[str, list[str]]]:
    """The largest families with the titles in them, so that an eye can find chains of strangers."""
    sizes = Counter(families)
    names = sorted(sizes, key=lambda family: (-sizes[family], family))[:count]
    members: dict[str, list[str]] = {name: [] for name in names}
    for tune, family in zip(tunes, families, strict=True):
        if family in members:
            members[family].append(tune.title)
    return list(members.items())
