"""Likelihood: how many bits a model needs for a character of a tune that it has never seen.

Each tune stands alone, as in training: the end token, then the tune's tokens; predicted are the tokens and,
after the last, the end token, whose nats count while it adds no character. So models with different
tokenizers compare, and so do baselines on characters. For a tokenizer that can write a text in several ways
the figure is an upper bound: only the one way that it does write is scored.

A tune that is longer than the trained length is never given to positions that training has not seen (they
are noise, and nothing warns: measured, 1.60 became 2.21 bits per character). It is read through a window
that slides by half its length, and its `windowed` says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_abc.errors import InputError
from hf_abc.evaluation.intervals import Estimate, ratio

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_LOGITS = 2**23  # numbers in the logits of one batch: 32 MiB, which stays in reach of the processor's cache


@dataclass(frozen=True, slots=True)
class TuneLoss:
    """What one tune costs: `nats` over its tokens and its end, `chars` in its text, `tokens` with the
    end token.
    """

    id: str
    family: str
    nats: float
    chars: int
    tokens: int
    windowed: bool = False


@dataclass(frozen=True, slots=True)
class TokenLosses:
    """The nats of each token of a tune, the end token's last; the rest as in `TuneLoss`."""

    id: str
    family: str
    nats: np.ndarray
    chars: int
    windowed: bool = False

    @property
    def total(self) -> TuneLoss:
        return TuneLoss(self.id, self.family, math.fsum(self.nats), self.chars, len(self.nats), self.windowed)


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of one tune: where it starts, what goes in, what shall come out, and how many of these are
    already scored.
    """

    tune: int
    start: int
    inputs: list[int]
    targets: list[int]
    scored: int


def tune_losses(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    rows: Sequence[Mapping[str, Any]],
    *,
    length: int | None = None,
    batch_tokens: int | None = None,
) -> list[TuneLoss]:
    """The loss of each tune, in the order of `rows` (mappings with `id`, `family` and `text`).

    `length` is the trained length in tokens, by default the number of the model's positions; `batch_tokens`
    is the size of a batch with its padding, by default what keeps its logits within 32 MiB. It changes
    nothing beyond rounding. Raises InputError for tokens that the model does not have and for logits that
    are no numbers.
    """
    return [
        losses.total
        for losses in token_losses(model, tokenizer, rows, length=length, batch_tokens=batch_tokens)
    ]


def token_losses(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    rows: Sequence[Mapping[str, Any]],
    *,
    length: int | None = None,
    batch_tokens: int | None = None,
) -> list[TokenLosses]:
    """As `tune_losses`, token by token."""
    from hf_abc.models.tokenizers import encode

    positions = getattr(model.config, "max_position_embeddings", None)
    length = min(n for n in (length, positions, 2**30) if n is not None)
    vocab_size = model.config.vocab_size
    end_id = tokenizer.eos_token_id
    encoded = encode(tokenizer, [row["text"] for row in rows])
    if end_id is None or max((max(ids, default=0) for ids in encoded), default=0) >= vocab_size:
        raise InputError(f"a tokenizer of {len(tokenizer)} tokens does not belong to a model of {vocab_size}")
    windows = [window for tune, ids in enumerate(encoded) for window in _windows(tune, ids, end_id, length)]
    nats = [np.zeros(len(ids) + 1) for ids in encoded]
    pieces = [0] * len(rows)
    for window, losses in _score(model, windows, batch_tokens or max(1, _LOGITS // vocab_size), end_id):
        stop = window.start + len(window.targets)
        nats[window.tune][window.start + window.scored : stop] = losses[window.scored : len(window.targets)]
        pieces[window.tune] += 1
    for row, own in zip(rows, nats, strict=True):
        if not np.isfinite(own).all():
            raise InputError(
                f"the model's loss on tune {row['id']} is {own.sum()}: its weights are broken, train it again"
            )
    return [
        TokenLosses(row["id"], row["family"], nats[i], len(row["text"]), pieces[i] > 1)
        for i, row in enumerate(rows)
    ]


def bits_per_character(losses: Sequence[TuneLoss]) -> Estimate:
    """Bits per character over all tunes, with a 95 % bootstrap interval over families."""
    return ratio(
        [loss.nats / math.log(2) for loss in losses],
        [loss.chars for loss in losses],
        [loss.family for loss in losses],
    )


def paired(first: Sequence[TuneLoss], second: Sequence[TuneLoss]) -> Estimate:
    """Bits per character of `first` minus those of `second`, with a 95 % bootstrap interval over families.

    Both must hold the same tunes (in any order); the same families are drawn for both, which takes out what
    makes a tune hard for everyone. Below 0: `first` is better. Raises InputError where the tunes differ.
    """
    others = {loss.id: loss for loss in second}
    if len(others) != len(second) or sorted(others) != sorted(loss.id for loss in first):
        raise InputError(
            "the two models were not evaluated on the same tunes: evaluate both on one corpus folder"
        )
    if any(loss.chars != others[loss.id].chars for loss in first):
        raise InputError(
            "the two models were evaluated on different texts of the same tunes: use one corpus folder"
        )
    return ratio(
        [(loss.nats - others[loss.id].nats) / math.log(2) for loss in first],
        [loss.chars for loss in first],
        [loss.family for loss in first],
    )


def _windows(tune: int, ids: list[int], end_id: int, length: int) -> Iterator[_Window]:
    """A tune as one window where it fits, else windows that begin half a length apart; each target is
    scored once.
    """
    inputs, targets = [end_id, *ids], [*ids, end_id]
    start = done = 0
    while done < len(targets):
        stop = min(start + length, len(targets))
        yield _Window(tune, start, inputs[start:stop], targets[start:stop], done - start)
        done = stop
        start += max(1, length // 2)


def _score(
    model: PreTrainedModel, windows: Sequence[_Window], batch_tokens: int, end_id: int
) -> Iterator[tuple[_Window, np.ndarray]]:
    """The nats of each window's targets, batch by batch. Padding stands behind the tokens, where a causal
    model never looks.
    """
    import torch
    import torch.nn.functional as F

    from hf_abc.training.progress import quiet_libraries

    training = model.training
    model.eval()
    with torch.inference_mode(), quiet_libraries():  # or it would warn of the padding
        for batch in _batches(windows, batch_tokens):
            longest = len(batch[0].inputs)
            inputs = torch.full((len(batch), longest), end_id)
            targets = torch.full((len(batch), longest), -100)
            for row, window in enumerate(batch):
                inputs[row, : len(window.inputs)] = torch.tensor(window.inputs)
                targets[row, window.scored : len(window.targets)] = torch.tensor(
                    window.targets[window.scored :]
                )
            logits = model(input_ids=inputs.to(model.device), use_cache=False).logits.float()
            losses = F.cross_entropy(
                logits.flatten(0, 1), targets.to(model.device).flatten(), ignore_index=-100, reduction="none"
            )
            yield from zip(batch, losses.view(targets.shape).double().cpu().numpy(), strict=True)
    model.train(training)


def _batches(windows: Sequence[_Window], batch_tokens: int) -> Iterator[list[_Window]]:
    """Windows of like length together, the longest first; a batch holds at least one."""
    batch: list[_Window] = []
    for window in sorted(windows, key=lambda w: (-len(w.inputs), w.tune)):
        if batch and (len(batch) + 1) * len(batch[0].inputs) > batch_tokens:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
