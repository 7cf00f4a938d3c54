"""A tune in the making."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from hf_abc.errors import InputError
from hf_abc.sampling.guards import Watch

_KEEP = 0.5
"""How much of the window stays when it is full; the rest is what can be written before it is full again."""


@dataclass(slots=True, eq=False)
class Job:
    """One tune: its ids so far, the end token in front included, and where it must stop.

    index: its number among the prompts; limit: the length at which it is cut off; least: the length before
    which it may not end; window: where what the model sees of it begins, behind the `header` tokens that
    it always sees; watch: the guards over it; bars: how many to write, None for a whole tune.
    """

    index: int
    ids: list[int]
    limit: int
    random: np.random.Generator
    least: int = 0
    header: int = 1
    window: int = 1
    watch: Watch | None = None
    bars: int | None = None
    prompt_length: int = field(init=False)

    def __post_init__(self) -> None:
        self.prompt_length = len(self.ids)

    @property
    def written(self) -> int:
        return len(self.ids) - self.prompt_length

    @property
    def seen(self) -> list[int]:
        """What the model sees: the header and the last bars; everything while that fits."""
        if self.window <= self.header:
            return self.ids
        return self.ids[: self.header] + self.ids[self.window :]

    @property
    def seen_length(self) -> int:
        return len(self.ids) - max(self.window - self.header, 0)

    def slide(self, positions: int, bar_ends: Sequence[bool]) -> None:
        """Move the window on, to a bar line where there is one, so that half of it is free again."""
        start = len(self.ids) - int(positions * _KEEP) + self.header
        stop = len(self.ids) - positions // 4
        ends = (place + 1 for place in range(start - 1, stop) if bar_ends[self.ids[place]])
        self.window = next(ends, start)


def header_length(ids: Sequence[int], texts: Sequence[str | None]) -> int:
    """How many of a tune's first tokens, the end token included, are its header: to the end of its K: line.
    1 where it has none.
    """
    text = "\n"
    for count, token in enumerate(ids[1:], 1):
        text += texts[token] or ""
        line = text.rfind("\nK:")
        if line >= 0 and "\n" in text[line + 1 :]:
            return count + 1
    return 1


def noise_of(jobs: Sequence[Job], vocab_size: int) -> Tensor:
    """The random numbers for the next token of each job, (jobs, vocab)."""
    noise = np.empty((len(jobs), vocab_size))
    for row, job in zip(noise, jobs, strict=True):
        job.random.standard_exponential(out=row)
    return torch.from_numpy(noise)


def check_room(length: int, positions: int | None, prompt: str) -> None:
    """Refuse a prompt of `length` tokens that leaves a model of `positions` no room."""
    if positions is not None and length > positions:
        raise InputError(
            f"the prompt {prompt[:40]!r} has {length} tokens, the model reads {positions}: shorten it"
        )
