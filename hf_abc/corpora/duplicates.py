"""Near-duplicate melodies: all pairs that share half of their 8-grams or more, out of hundreds of thousands.

Of equal melodies one stands for all.
Candidates share two of the 16 smallest hashed 8-grams of each (of pairs
with a similarity of one half fewer than one in 500 does not; of 2,762 such pairs among 20,394 real tunes none
shares fewer than six). An 8-gram that heads more than 64 sketches is mostly a scale, and pairing all that
have it would cost the square of their number: there each melody meets the few whose sketches go on most
alike. A picture of 512 bits then refuses most strangers without ever refusing a pair (an upper bound of what
they share), and what is left is compared exactly.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from hf_abc.corpora.index import NOTHING, SHINGLE, SKETCH, Index
from hf_abc.corpora.windows import Pieces, edges

SIMILAR = 0.5
_ALIKE = 2
_COMMON = 64  # an 8-gram that heads the sketches of more melodies than this is common
_NEAR = 8  # of those that share a common 8-gram, each meets so many on either side
_BLOCK = 2_000_000  # pairs at once: about 100 MB

Pairs = np.ndarray
"""Rows of two places in the index, the smaller one first; no row comes twice."""


def shingles(melody: bytes, size: int = SHINGLE) -> frozenset[bytes]:
    """The windows of `size` intervals."""
    return frozenset(melody[i : i + size] for i in range(len(melody) - size + 1))


def similarity(a: bytes, b: bytes) -> float:
    """Jaccard similarity of the 8-grams of two melodies; 0 where one has none."""
    first, second = shingles(a), shingles(b)
    return len(first & second) / len(first | second) if first and second else 0.0


def first_of_its_kind(melodies: Pieces) -> np.ndarray:
    """For each melody the place of the first one that is equal; one too short for an 8-gram stands alone."""
    first: dict[bytes, int] = {}
    places = np.arange(len(melodies))
    for number in np.flatnonzero(melodies.lengths >= SHINGLE).tolist():
        places[number] = first.setdefault(melodies[number], number)
    return places


def near_duplicates(index: Index, first: np.ndarray) -> Pairs:
    """The near-duplicates among the melodies that are the first of their kind."""
    shown = np.flatnonzero((first == np.arange(len(index))) & (index.grams > 0))
    found = [
        pairs[_may_be_similar(index, pairs)]
        for candidates in _candidates(index.sketch[shown])
        for pairs in (shown[candidates],)
    ]
    pairs = distinct(np.concatenate([np.zeros((0, 2), dtype=np.int64), *found]), len(index))
    grams = lru_cache(maxsize=4096)(lambda number: shingles(index.melodies[number]))
    similar = []
    for a, b in pairs.tolist():
        shared = len(grams(a) & grams(b))
        similar.append(shared >= SIMILAR * (len(grams(a)) + len(grams(b)) - shared))
    return pairs[np.array(similar, dtype=bool)]


def _candidates(sketch: np.ndarray) -> Iterator[Pairs]:
    """Pairs of rows of `sketch` that are alike; in blocks, and perhaps more than once."""
    turned = [np.roll(sketch, -turn, axis=1).ravel() for turn in range(4)]
    order = np.lexsort(turned[::-1])
    order = order[turned[0][order] != NOTHING]
    heads, owner = turned[0][order], order // SKETCH
    del turned, order
    sizes = np.diff(edges(heads))
    common = np.repeat(sizes > _COMMON, sizes)
    for number in range(1, _NEAR + 1):
        together = np.flatnonzero(common[number:] & (heads[number:] == heads[:-number]))
        for block in np.array_split(together, len(together) // _BLOCK + 1):
            yield np.stack([owner[block], owner[block + number]], axis=1)
    yield from _rare_pairs(heads[~common], owner[~common])


def _rare_pairs(heads: np.ndarray, owner: np.ndarray) -> Iterator[Pairs]:
    """Pairs of owners that share two or more heads; blocks hold whole owners."""
    order = np.lexsort((owner, heads))
    heads, owner = heads[order], owner[order]
    start = np.searchsorted(heads, heads)  # the first entry with this head
    before = np.arange(len(heads)) - start  # how many of them come first: one pair each
    order = np.argsort(owner, kind="stable")
    start, before, later = start[order], before[order], owner[order]
    costs = np.cumsum(before)
    first = 0
    while first < len(later):
        budget = _BLOCK + (costs[first - 1] if first else 0)
        last = max(int(np.searchsorted(costs, budget, side="right")), first + 1)
        last = int(np.searchsorted(later, later[last - 1], side="right"))
        length = before[first:last]
        step = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        pairs = np.stack(
            [owner[np.repeat(start[first:last], length) + step], np.repeat(later[first:last], length)]
        )
        yield distinct(pairs.T, int(later[-1]) + 1, at_least=_ALIKE)
        first = last


def _may_be_similar(index: Index, pairs: Pairs) -> np.ndarray:
    """Whether the pictures of each pair allow a similarity of one half, and the sketches are alike.

    Bits that only one picture has stand for 8-grams that only one melody has.
    """
    a, b = pairs[:, 0], pairs[:, 1]
    apart = np.bitwise_count(index.picture[a] ^ index.picture[b]).sum(axis=1, dtype=np.int64)
    both = index.grams[a].astype(np.int64) + index.grams[b]
    shared = (both - apart) // 2
    good = np.flatnonzero(shared >= SIMILAR * (both - shared))
    heads = np.sort(np.concatenate([index.sketch[a[good]], index.sketch[b[good]]], axis=1), axis=1)
    alike = ((heads[:, 1:] == heads[:, :-1]) & (heads[:, 1:] != NOTHING)).sum(axis=1)
    return good[alike >= _ALIKE]


def distinct(pairs: Pairs, count: int, *, at_least: int = 1) -> Pairs:
    """The pairs of places below `count`, each once, the smaller place first, sorted; those alone that come
    `at_least` so often.
    """
    keys = pairs.min(axis=1) * count + pairs.max(axis=1)
    keys.sort()
    starts = edges(keys)
    keys = keys[starts[:-1][np.diff(starts) >= at_least]]
    return np.stack([keys // count, keys % count], axis=1)
