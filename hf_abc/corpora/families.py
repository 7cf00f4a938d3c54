"""Tune families: renderings of one tune, in whatever key and under whatever title, so that a split can keep
them on one side.

Two tunes belong together when

* their melodies are near-duplicates: of all their 8-grams of intervals at least half are shared, or
* they share 24 notes in a row: whoever takes one strain of two over has seen the answer, or
* they have the same first title, or the same number in the same book, and the melodies support it (three
  shared 8-grams). Titles alone chain strangers, and generic ones never join: "Gan Ainm", "Reel", and in any
  language those that twenty or more tunes bear of which hardly two support each other ("Polska", "Vals"), or
* their source says so: two settings of one number of The Session.

Intervals are in semitones, so all this holds in every key. Families are the connected components; one is
named after the smallest id in it. The cost is n log n, and about half a gigabyte for 300,000 tunes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from hf_abc.corpora.duplicates import Pairs, distinct, first_of_its_kind, near_duplicates, shingles
from hf_abc.corpora.index import Index
from hf_abc.corpora.windows import Windows, edges

RUN = 23  # the intervals between 24 notes
SUPPORT = 3
DULL = 3  # a run of at most so many different intervals is a drum, not a melody
_SHARED_TITLE = 200
_MANY, _FEW = 20, 0.1  # a title of many tunes, few of whose pairs support each other, is generic
_PARTS = 16  # windows are sorted by as many parts of their range, which bounds the memory


@dataclass(frozen=True, slots=True)
class Links:
    """Why tunes belong together, as pairs of places in the index. Not every pair of a family is named, but
    its links connect it.
    """

    first: np.ndarray
    """For each tune the place of the first one with the very same melody (its own where there is none)."""
    melody: Pairs
    """Near-duplicates among these first ones."""
    run: Pairs
    title: Pairs
    setting: Pairs

    def pairs(self) -> Iterator[tuple[int, int]]:
        """All links, one behind the other."""
        copies = np.flatnonzero(self.first != np.arange(len(self.first)))
        yield from zip(self.first[copies].tolist(), copies.tolist(), strict=True)
        for found in (self.melody, self.run, self.title, self.setting):
            yield from found.tolist()

    def counts(self) -> dict[str, int]:
        """The number of pairs for each reason; of near-duplicates, all pairs of tunes that are so linked."""
        sizes = np.bincount(self.first, minlength=len(self.first))
        copies = int((sizes * (sizes - 1) // 2).sum())
        melody = int((sizes[self.melody[:, 0]] * sizes[self.melody[:, 1]]).sum())
        others = {"run": self.run, "title": self.title, "setting": self.setting}
        return {"melody": copies + melody, **{name: len(pairs) for name, pairs in others.items()}}


def find_links(index: Index) -> Links:
    """Look for near-duplicates, shared runs and namesakes among all tunes of an index."""
    first = first_of_its_kind(index.melodies)
    melody = near_duplicates(index, first)
    return Links(first, melody, _shared_runs(index), _namesakes(index), _settings(index))


def name_families(ids: Sequence[str], links: Links) -> list[str]:
    """The family of each tune: the smallest id among those that the links connect."""
    parent = list(range(len(ids)))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for one, other in links.pairs():
        a, b = find(one), find(other)
        if ids[b] < ids[a]:
            a, b = b, a
        parent[b] = a
    return [ids[find(number)] for number in range(len(ids))]


def _shared_runs(index: Index) -> Pairs:
    """Each tune that shares a run with another, with one that has the same run."""
    windows = Windows(index.melodies, RUN)
    blocks = [windows.hashes(*block) for block in windows.blocks()]
    starts = np.cumsum([0, *map(len, blocks)])
    found = [np.zeros((0, 2), dtype=np.int64)]
    for part in range(_PARTS):
        inside = [np.flatnonzero(block % np.uint64(_PARTS) == part) for block in blocks]
        hashes = np.concatenate([b[own] for b, own in zip(blocks, inside, strict=True)] or [starts[:0]])
        numbers = np.concatenate([own + s for own, s in zip(inside, starts, strict=False)] or [starts[:0]])
        order = np.argsort(hashes, kind="stable")
        hashes, numbers = hashes[order], numbers[order]
        twice = np.flatnonzero(hashes[1:] == hashes[:-1])
        found.append(_real_runs(windows, numbers[twice], numbers[twice + 1]))
    return distinct(np.concatenate(found), max(len(index), 1))


def _real_runs(windows: Windows, one: np.ndarray, other: np.ndarray) -> Pairs:
    """The owners of windows that are equal, of different tunes, and no drum beat."""
    pairs = np.stack([windows.owner(one), windows.owner(other)], axis=1)
    strangers = pairs[:, 0] != pairs[:, 1]
    pairs, one, other = pairs[strangers], one[strangers], other[strangers]
    good = np.zeros(len(pairs), dtype=bool)
    for block in np.array_split(np.arange(len(pairs)), len(pairs) // 500_000 + 1):
        text = windows.text(one[block])
        equal = (text == windows.text(other[block])).all(axis=1)
        text.sort(axis=1)
        good[block] = equal & ((text[:, 1:] != text[:, :-1]).sum(axis=1) >= DULL)
    return pairs[good]


def _namesakes(index: Index) -> Pairs:
    """Tunes of the same first title, or the same number in the same book, whose melodies support it."""
    grams = lru_cache(maxsize=2 * _SHARED_TITLE)(lambda number: shingles(index.melodies[number]))

    def supported(group: list[int]) -> list[tuple[int, int]]:
        return [
            (one, other)
            for place, other in enumerate(group)
            for one in group[:place]
            if len(grams(one) & grams(other)) >= SUPPORT
        ]

    found: list[tuple[int, int]] = []
    for group in _groups(index.title, _SHARED_TITLE):
        pairs = supported(group)
        if len(group) < _MANY or len(pairs) >= _FEW * len(group) * (len(group) - 1) / 2:
            found += pairs
    for group in _groups(index.number, _SHARED_TITLE):
        found += supported(group)
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _settings(index: Index) -> Pairs:
    """Settings that their source calls one tune, each with the next."""
    found = [pair for group in _groups(index.setting) for pair in pairwise(group)]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _groups(hashes: np.ndarray, most: int | None = None) -> Iterator[list[int]]:
    """The places of equal hashes, 0 left out, where there are more than one and at most so many."""
    order = np.argsort(hashes, kind="stable")
    order = order[hashes[order] != 0]
    for start, end in pairwise(edges(hashes[order]).tolist()):
        if 1 < end - start <= (most or end):
            yield order[start:end].tolist()


def largest(titles: Sequence[str], families: Sequence[str], count: int = 10) -> list[tuple[str, list[str]]]:
    """The largest families with the titles in them, so that an eye can find chains of strangers."""
    sizes = Counter(families)
    names = sorted(sizes, key=lambda family: (-sizes[family], family))[:count]
    members: dict[str, list[str]] = defaultdict(list)
    for title, family in zip(titles, families, strict=True):
        if family in names:
            members[family].append(title)
    return [(name, members[name]) for name in names]
