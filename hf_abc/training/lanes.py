"""Lanes: batches for a model that remembers, each row going on where the same row of the last batch stopped.

Every lane reads one document after the other, end token first, and takes the next one of the epoch when it
has finished its own, so that no document is cut, none is read twice in an epoch and no place in a batch is
empty. Back-propagation stops at the edges of a batch (it is truncated to `block_size` tokens), the state does
not: it is the objective's to carry along each lane, and the model's to clear at the end token.

The price against `stream.Stream` is that a batch holds parts of as many tunes as there are lanes, and that a
long tune keeps its lane for several updates in a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hf_abc.errors import InputError
from hf_abc.training.packing import DIALS, IGNORE, Blocks, Document
from hf_abc.training.stream import Epochs


@dataclass(slots=True)
class _Lane:
    """A document, as (epoch, place in it), and how much of it has been read."""

    epoch: int
    place: int
    done: int
    document: Document


class Lanes:
    """Endless batches of `rows` rows of `block_size` tokens; a batch's row goes on in the next one's.

    Raises InputError when there is no text.
    """

    def __init__(self, epochs: Epochs, *, rows: int, block_size: int) -> None:
        if not epochs.texts:
            raise InputError("there is no tune to train on: the corpus is empty")
        self.epochs = epochs
        self.rows = rows
        self.block_size = block_size
        self.epoch = 0
        self.place = 0  # the next document of this epoch to be given to a lane
        self._lanes: list[_Lane] = []
        self._documents: tuple[int, list[Document]] | None = None  # (epoch, its documents)

    def next(self) -> Blocks:
        """The next batch."""
        if not self._lanes:
            self._lanes = [self._take() for _ in range(self.rows)]
        shape = (self.rows, self.block_size)
        batch = Blocks(
            input_ids=np.zeros(shape, dtype=np.int32),
            position_ids=np.zeros(shape, dtype=np.int32),
            labels=np.zeros(shape, dtype=np.int32),
            clock=np.full((*shape, DIALS), IGNORE, dtype=np.int16),
        )
        end_id = self.epochs.tokenizer.eos_token_id
        for row in range(self.rows):
            filled = 0
            while filled < self.block_size:
                lane = self._lanes[row]
                tokens = lane.document.tokens
                start, stop = lane.done, min(lane.done + self.block_size - filled, len(tokens) + 1)
                to = slice(filled, filled + stop - start)
                batch.input_ids[row, to] = np.concatenate([[end_id], tokens])[start:stop]
                batch.labels[row, to] = np.concatenate([tokens, [end_id]])[start:stop]
                batch.position_ids[row, to] = range(start, stop)
                if lane.document.clock is not None:
                    clock = np.concatenate([np.full((1, DIALS), IGNORE), lane.document.clock])
                    batch.clock[row, to] = clock[start:stop]
                filled += stop - start
                lane.done = stop
                if stop == len(tokens) + 1:
                    self._lanes[row] = self._take()
        return batch

    def state_dict(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "place": self.place,
            "lanes": [(lane.epoch, lane.place, lane.done) for lane in self._lanes],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch, self.place = state["epoch"], state["place"]
        self._lanes = []
        for epoch, place, done in state["lanes"]:
            self._lanes.append(_Lane(epoch, place, done, self._of(epoch)[place]))

    def _take(self) -> _Lane:
        document = self._of(self.epoch)[self.place]
        lane = _Lane(self.epoch, self.place, 0, document)
        self.place += 1
        if self.place == len(self.epochs.texts):
            self.epoch, self.place = self.epoch + 1, 0
        return lane

    def _of(self, epoch: int) -> list[Document]:
        if self._documents is None or self._documents[0] != epoch:
            self._documents = (epoch, self.epochs.documents(epoch)[0])
        return self._documents[1]
