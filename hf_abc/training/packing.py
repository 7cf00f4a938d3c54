"""Packing: many tunes into full rows of a fixed length, none seeing its neighbours.

A document is the end token, then the tokens of a tune. Documents lie one behind the other in a row of
`block_size` tokens; position numbers start at 0 with each, which is also how the model is told where
attention stops (with `use_cache=False`; with the cache on it would silently look across, measured: logits
move by 0.2 to 0.6). Labels are the next token of the same document and, after its last, the end token: ending
a tune is part of the task, and bits per character count it. Each token of the corpus is therefore a label
exactly once an epoch, and one end token for each tune.

No document is cut that fits into a row: a tune cut in two would teach its second half without meter and key.
Rows are filled best-fit with the longest documents first, which on tunes leaves about 1 % of a row empty;
what is left is filled with end tokens that are no label. A document longer than a row is cut into rows whose
positions start again at 0.

This is the data of one epoch; what changes between epochs (order, transposition) is `stream`'s business.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hf_abc.errors import InputError

IGNORE = -100  # the label that a loss skips, as everywhere in Hugging Face
DIALS = 4  # classes of the bar clock for each token


@dataclass(frozen=True, slots=True)
class Document:
    """A tune ready to be packed.

    tokens: the tune's ids without end tokens (integers of any width); clock: for each of them
    the DIALS classes that the auxiliary losses learn (`bar_clock`), IGNORE where there is none; None when no
    such losses are wanted.
    """

    tokens: np.ndarray
    clock: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """Rows of tokens: integer arrays of shape (rows, block_size), `clock` (rows, block_size, DIALS).

    As narrow as their values allow, since an epoch of them is held at once.
    """

    input_ids: np.ndarray
    position_ids: np.ndarray
    labels: np.ndarray
    clock: np.ndarray

    def __len__(self) -> int:
        return len(self.input_ids)

    def take(self, rows: np.ndarray | slice) -> Blocks:
        """The named rows, in that order."""
        return Blocks(self.input_ids[rows], self.position_ids[rows], self.labels[rows], self.clock[rows])

    def followed_by(self, other: Blocks) -> Blocks:
        """These rows, then the other's."""
        return Blocks(
            np.concatenate([self.input_ids, other.input_ids]),
            np.concatenate([self.position_ids, other.position_ids]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.clock, other.clock]),
        )

    @property
    def targets(self) -> int:
        """How many labels there are to learn."""
        return int((self.labels != IGNORE).sum())


def pack(documents: Sequence[Document], *, block_size: int, end_id: int) -> Blocks:
    """The documents as rows of `block_size` tokens; the same documents in the same order give the same rows.

    Raises InputError when there is no document.
    """
    if not documents:
        raise InputError("there is no tune to train on: the corpus is empty")
    pieces = [piece for document in documents for piece in _pieces(document, block_size, end_id)]
    rows = _best_fit([len(tokens) for tokens, _, _ in pieces], block_size)
    shape = (len(rows), block_size)
    blocks = Blocks(
        input_ids=np.full(shape, end_id, dtype=np.int32),
        position_ids=np.zeros(shape, dtype=np.int32),
        labels=np.full(shape, IGNORE, dtype=np.int32),
        clock=np.full((*shape, DIALS), IGNORE, dtype=np.int16),
    )
    for row, members in enumerate(rows):
        start = 0
        for member in members:
            tokens, labels, clock = pieces[member]
            stop = start + len(tokens)
            blocks.input_ids[row, start:stop] = tokens
            blocks.labels[row, start:stop] = labels
            blocks.clock[row, start:stop] = clock
            blocks.position_ids[row, start:stop] = np.arange(len(tokens))
            start = stop
        blocks.position_ids[row, start:] = np.arange(
            block_size - start
        )  # what is empty is a document of its own
    return blocks


def _pieces(
    document: Document, block_size: int, end_id: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(inputs, labels, clock) of a document, in pieces of at most a row."""
    tokens, end = document.tokens, [end_id]
    inputs, labels = np.concatenate([end, tokens]), np.concatenate([tokens, end])
    clock = np.full((len(inputs), DIALS), IGNORE, dtype=np.int16)
    if document.clock is not None:
        if len(document.clock) != len(tokens):
            raise ValueError(f"{len(document.clock)} clock classes for {len(tokens)} tokens")
        clock[1:] = document.clock
    starts = range(0, len(inputs), block_size)
    return [
        (inputs[i : i + block_size], labels[i : i + block_size], clock[i : i + block_size]) for i in starts
    ]


def _best_fit(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Rows of indices whose lengths sum to at most `room`: longest first, each into the fullest row that has
    place.
    """
    rows: list[list[int]] = []
    with_place: dict[int, list[int]] = {}  # free places -> rows that have just so many
    places: list[int] = []  # the keys of with_place, sorted: at most `room` of them, so that this stays quick
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        at = bisect_left(places, lengths[index])
        if at == len(places):
            row, free = len(rows), room
            rows.append([])
        else:
            free = places[at]
            row = with_place[free].pop()
            if not with_place[free]:
                del with_place[free], places[at]
        rows[row].append(index)
        left = free - lengths[index]
        if left:
            if left not in with_place:
                with_place[left] = []
                insort(places, left)
            with_place[left].append(row)
    return rows
