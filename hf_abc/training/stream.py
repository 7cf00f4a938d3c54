"""The stream of batches: epoch after epoch of packed rows, each in an order that its seed and number decide.

A batch is a fixed number of rows; where an epoch ends inside a batch, the next one fills it up, so no token
is lost and no batch is smaller. `state_dict` is a pair of numbers, (epoch, row): everything else follows from
them, which is what makes a resumed run exact. A transposed tune is tokenized again each time its key comes up
first; the results are kept while they are few, and cost about 2 ms a tune where they are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hf_abc.models.tokenizers import encode, encode_with_ends
from hf_abc.training.augment import drawn_shift, moved
from hf_abc.training.bar_clock import clock_classes
from hf_abc.training.packing import Blocks, Document, pack

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_KEPT_DOCUMENTS = 200_000  # about 250 bytes each


def documents(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], *, clock: bool) -> list[Document]:
    """The texts as documents, with the classes of the bar clock if wanted."""
    if not clock:
        return [Document(np.asarray(ids, dtype=np.int32)) for ids in encode(tokenizer, texts)]
    encoded = encode_with_ends(tokenizer, texts)
    return [
        Document(np.asarray(ids, dtype=np.int32), clock_classes(text, ends))
        for text, (ids, ends) in zip(texts, encoded, strict=True)
    ]


class Epochs:
    """The texts as documents, epoch after epoch: in another order each time and, if wanted, in another
    key."""

    def __init__(
        self,
        texts: Sequence[str],
        tokenizer: PreTrainedTokenizerFast,
        *,
        seed: int,
        transpose: bool = False,
        clock: bool = False,
    ) -> None:
        self.texts = list(texts)
        self.tokenizer = tokenizer
        self.seed = seed
        self.transpose = transpose
        self.clock = clock
        self._documents: dict[tuple[int, int], Document] = {}

    def documents(self, epoch: int) -> tuple[list[Document], np.random.Generator]:
        """The documents of an epoch in their order, and the generator that drew it, to draw on."""
        draw = np.random.default_rng([self.seed, epoch])
        wanted = [
            (int(i), drawn_shift(self.texts[i], seed=self.seed, epoch=epoch) if self.transpose else 0)
            for i in draw.permutation(len(self.texts))
        ]
        new = [pair for pair in wanted if pair not in self._documents]
        texts = [moved(self.texts[i], shift) for i, shift in new]
        made = dict(zip(new, documents(self.tokenizer, texts, clock=self.clock), strict=True))
        made_or_kept = [made[pair] if pair in made else self._documents[pair] for pair in wanted]
        if len(self._documents) + len(made) <= _KEPT_DOCUMENTS:
            self._documents.update(made)
        return made_or_kept, draw


class Stream:
    """Endless batches of `rows` rows of `block_size` tokens."""

    def __init__(self, epochs: Epochs, *, rows: int, block_size: int) -> None:
        self.epochs = epochs
        self.rows = rows
        self.block_size = block_size
        self.epoch = 0
        self.row = 0  # the next row of this epoch to be given out
        self._blocks: tuple[int, Blocks] | None = None  # (epoch, its blocks)

    def next(self) -> Blocks:
        """The next batch."""
        batch: Blocks | None = None
        while batch is None or len(batch) < self.rows:
            missing = self.rows - (0 if batch is None else len(batch))
            blocks = self._current_blocks()
            part = blocks.take(slice(self.row, self.row + missing))
            batch = part if batch is None else batch.followed_by(part)
            self.row += len(part)
            if self.row == len(blocks):
                self.epoch, self.row = self.epoch + 1, 0
        return batch

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch, "row": self.row}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch, self.row = state["epoch"], state["row"]

    def _current_blocks(self) -> Blocks:
        if self._blocks is None or self._blocks[0] != self.epoch:
            self._blocks = (self.epoch, self.blocks_of(self.epoch))
        return self._blocks[1]

    def blocks_of(self, epoch: int) -> Blocks:
        """All rows of an epoch, in their order."""
        made, draw = self.epochs.documents(epoch)
        blocks = pack(made, block_size=self.block_size, end_id=self.epochs.tokenizer.eos_token_id)
        return blocks.take(draw.permutation(len(blocks)))
