"""An index of tunes that tells at once what another tune shares with them, at any length, in any key.

For each view of a tune (see `views`) it holds all symbols in a row and their places in the order of what
follows them: a suffix array (Manber and Myers 1993), sorted to a depth of 32 steps or 64 letters. A binary
search finds, for every note of a tune at once, the longest run that begins there and where it stands. Text
is looked up at the starts of bars only. It costs 5 bytes a note on disk for each view of the melody. Of
runs that are equal beyond the sorted depth any may be named, and where one of them goes on for longer than
its neighbours it can be missed.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from hf_abc.evaluation.views import VIEWS, Heard, hear

_DEPTH = {"melody": 32, "rhythm": 32, "text": 64}
_PAD = 64  # zeros behind the last symbol, so that reading ahead stays inside
_CHUNK = 500
_Symbols = tuple[dict[str, bytes], list[int]]
_FEW = 10_000  # tunes below which starting processes costs more than it saves


@dataclass(frozen=True, slots=True)
class Run:
    """What a tune shares with an indexed one: the first symbol here and there, and the length in symbols."""

    start: int
    length: int
    tune: int
    place: int


@dataclass(frozen=True, slots=True)
class _View:
    """All tunes' symbols, each tune followed by a 0; where each begins; and the sorted places."""

    symbols: np.ndarray
    offsets: np.ndarray
    order: np.ndarray

    def columns(self, places: np.ndarray, depth: int) -> Iterator[np.ndarray]:
        """The symbols at and after each place, eight in a number, the first ones first."""
        eights, last = _eights(self.symbols), len(self.symbols) - _PAD
        for ahead in range(0, depth, 8):
            yield eights[np.minimum(places + ahead, last)].astype(np.uint64)


def _eights(symbols: np.ndarray) -> np.ndarray:
    """At each place the eight symbols that begin there, as one big-endian number; nothing is copied."""
    return np.ndarray(len(symbols) - 7, dtype=">u8", buffer=symbols, strides=(1,))


class Index:
    """Tunes to compare with; `build` and `load` make one."""

    def __init__(self, views: Mapping[str, _View], tunes: Sequence[tuple[str, str, str]]) -> None:
        self.views = dict(views)
        self.tunes = tunes
        """Id, title and source of each tune."""

    def runs(self, heard: Heard, view: str) -> list[Run]:
        """For each symbol of a tune in a view (in `text`: for each bar's start) the longest run that begins
        there and stands in the index, where there is one.
        """
        told = heard.views[view]
        starts = np.array(heard.bar_starts if view == "text" else range(len(told)), dtype=np.int64)
        index = self.views[view]
        if not len(told) or not len(index.order):
            return []
        asked = np.frombuffer(told + bytes(_PAD + _DEPTH[view]), dtype=np.uint8)
        wanted = _View(asked, np.zeros(1, dtype=np.int64), starts)
        keys = list(wanted.columns(starts, _DEPTH[view]))
        low, high = np.zeros(len(starts), dtype=np.int64), np.full(len(starts), len(index.order))
        while (low < high).any():
            middle = (low + high) // 2
            here = np.minimum(middle, len(index.order) - 1)
            less = _less(index.columns(index.order[here].astype(np.int64), _DEPTH[view]), keys)
            open_ = low < high
            low = np.where(open_ & less, middle + 1, low)
            high = np.where(open_ & ~less, middle, high)
        best, places = np.zeros(len(starts), dtype=np.int64), np.zeros(len(starts), dtype=np.int64)
        for neighbour in (low - 1, low):
            inside = (neighbour >= 0) & (neighbour < len(index.order))
            there = index.order[np.clip(neighbour, 0, len(index.order) - 1)].astype(np.int64)
            length = np.where(inside, _common(asked, starts, len(told), index.symbols, there), 0)
            better = length > best
            best, places = np.where(better, length, best), np.where(better, there, places)
        owners = np.searchsorted(index.offsets, places, side="right") - 1
        return [
            Run(int(start), int(length), int(tune), int(place - index.offsets[tune]))
            for start, length, tune, place in zip(starts, best, owners, places, strict=True)
            if length
        ]

    def save(self, folder: Path) -> None:
        """Write the index into an empty folder."""
        for name, view in self.views.items():
            for part in ("symbols", "offsets", "order"):
                np.save(folder / f"{name}.{part}.npy", getattr(view, part))
        lines = (json.dumps(tune, ensure_ascii=False) for tune in self.tunes)
        (folder / "tunes.jsonl").write_text("\n".join(lines), encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> Index:
        """An index that `save` wrote; the arrays stay on disk until they are asked."""
        views = {
            name: _View(
                *(
                    np.load(folder / f"{name}.{part}.npy", mmap_mode="r")
                    for part in ("symbols", "offsets", "order")
                )
            )
            for name in VIEWS
        }
        lines = (folder / "tunes.jsonl").read_text(encoding="utf-8").split("\n")
        return Index(views, [tuple(json.loads(line)) for line in lines if line])

    @staticmethod
    def build(
        rows: Iterable[Mapping[str, Any]],
        *,
        processes: int = 2,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Index:
        """Index tunes (mappings with `id`, `title`, `source`, `text`); `progress` is told how many are
        read.
        """
        tunes: list[tuple[str, str, str]] = []
        parts: dict[str, list[bytes]] = {view: [] for view in VIEWS}
        bars: list[list[int]] = []
        for chunk, heard in _heard(iter(rows), processes):
            tunes += [(row["id"], row["title"], row["source"]) for row in chunk]
            for views, starts in heard:
                for view in VIEWS:
                    parts[view].append(views[view])
                bars.append(starts)
            progress(len(tunes))
        with ThreadPoolExecutor(processes) as pool:  # numpy sorts without the interpreter's lock
            made = {
                view: pool.submit(_sorted, parts[view], bars if view == "text" else None, _DEPTH[view])
                for view in VIEWS
            }
        return Index({view: future.result() for view, future in made.items()}, tunes)


def _heard(rows: Iterator[Mapping[str, Any]], processes: int) -> Iterator[tuple[list[Any], list[_Symbols]]]:
    """Chunks of rows with what `hear` makes of them, by several processes where there are many."""
    first = list(islice(rows, _FEW))
    chunks = iter(lambda: list(islice(rows, _CHUNK)), [])
    head = [first[start : start + _CHUNK] for start in range(0, len(first), _CHUNK)]
    if processes < 2 or len(first) < _FEW:
        for chunk in chain(head, chunks):
            yield chunk, _hear_all([row["text"] for row in chunk])
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting: deque[tuple[list[Any], Future[list[_Symbols]]]] = deque()
        for chunk in chain(head, chunks):
            waiting.append((chunk, pool.submit(_hear_all, [row["text"] for row in chunk])))
            if len(waiting) > 4 * processes:
                done, result = waiting.popleft()
                yield done, result.result()
        while waiting:
            done, result = waiting.popleft()
            yield done, result.result()


def _hear_all(texts: Sequence[str]) -> list[_Symbols]:
    return [(heard.views, heard.bar_starts) for heard in map(hear, texts)]


def _sorted(parts: Sequence[bytes], starts: Sequence[Sequence[int]] | None, depth: int) -> _View:
    """All symbols, and the places `starts` of each tune (or all places) in the order of what follows them."""
    lengths = np.array([len(part) + 1 for part in parts], dtype=np.int64)
    offsets = np.cumsum(lengths) - lengths
    symbols = np.frombuffer(b"\0".join(parts) + bytes(1 + _PAD), dtype=np.uint8)
    if starts is None:
        places = np.flatnonzero(symbols).astype(np.int32)
    else:
        found = [
            start + offset for own, offset in zip(starts, offsets.tolist(), strict=True) for start in own
        ]
        places = np.array(found, dtype=np.int32)
        places = places[symbols[places] > 0]
    eights = _eights(symbols)
    for ahead in range(depth - 8, -1, -8):  # the last symbols first: a stable sort keeps their order
        keys = eights[np.minimum(places + np.int32(ahead), len(symbols) - _PAD)].astype(np.uint64)
        places = places[np.argsort(keys, kind="stable")]
    return _View(symbols, offsets, places)


def _less(columns: Iterable[np.ndarray], keys: Sequence[np.ndarray]) -> np.ndarray:
    """Whether rows of columns stand before rows of keys, the first column deciding first."""
    less, undecided = np.zeros(len(keys[0]), dtype=bool), np.ones(len(keys[0]), dtype=bool)
    for column, key in zip(columns, keys, strict=True):
        less |= undecided & (column < key)
        undecided &= column == key
    return less


def _common(
    asked: np.ndarray, starts: np.ndarray, end: int, told: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """How many symbols are equal from each start (of a tune that ends at `end`) and from its place there
    on.
    """
    length, open_ = np.zeros(len(starts), dtype=np.int64), np.ones(len(starts), dtype=bool)
    while open_.any():
        here, there = starts[open_] + length[open_], places[open_] + length[open_]
        equal = (here < end) & (asked[here] == told[there])
        length[np.flatnonzero(open_)[equal]] += 1
        open_[np.flatnonzero(open_)[~equal]] = False
    return length
