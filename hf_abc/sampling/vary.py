"""Variations on a tune, as like it as is wished, and measured afterwards.

Some bars of the tune are written anew and the others kept; bars that were equal stay equal, so that the form
remains. How many bars that takes is learned while doing it: each round of candidates is measured
(`hf_abc.notation.similarity`), and the next one changes as much as the wished similarity asks for. What comes
out within `CLOSE` of the dial is taken, in the order in which it was written.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hf_abc.errors import InputError
from hf_abc.notation.bar_spans import Span, spans
from hf_abc.notation.similarity import similarity_of, steps
from hf_abc.sampling.decoder import Gpt2Decoder
from hf_abc.sampling.filling import Plan, check_tune, fill, is_sound, plan_of
from hf_abc.sampling.lstm_decoder import LstmDecoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

CLOSE = 0.1
_ROUNDS = 8
_LOSS = 0.7  # what a share of new bars takes of the similarity, before anything is measured


@dataclass(frozen=True, slots=True)
class Variation:
    """A variation and how like the tune it is, from 0 to 1 (`hf_abc.notation.similarity`)."""

    text: str
    similarity: float


def vary(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    text: str,
    *,
    count: int,
    similarity: float,
    seed: int = 1,
    temperature: float = 1.0,
    min_p: float = 0.0,
    batch_size: int = 32,
) -> list[Variation]:
    """`count` different variations on a tune, as near to the wished similarity (0 to 1) as they come.

    Where too few of them come within `CLOSE`, the nearest others are taken and a warning says how many.
    Raises InputError for a count below 1, a similarity outside of 0 to 1, and a tune that cannot be varied.
    """
    if count < 1:
        raise InputError(f"{count} variations cannot be written: ask for at least 1")
    if not 0 <= similarity <= 1:
        raise InputError(f"similarity {similarity} must lie between 0 (another tune) and 1 (the tune itself)")
    check_tune(text)
    bars = spans(text)
    if not any(bar.whole for bar in bars):
        raise InputError("this tune has no full bar: there is nothing to vary")
    draw = random.Random(seed)
    before = steps(text)
    near: dict[str, float] = {}
    others: dict[str, float] = {}
    loss = _LOSS
    for turn in range(_ROUNDS):
        if len(near) >= count:
            break
        wanted = max(8, (count - len(near)) * 5 // 4)
        plans, shares = _plans(text, bars, (1 - similarity) / loss, wanted, draw)
        written = fill(
            model,
            tokenizer,
            plans,
            seed=seed + (turn << 40),
            temperature=temperature,
            min_p=min_p,
            batch_size=batch_size,
        )
        losses = []
        for new, share in zip(written, shares, strict=True):
            if not is_sound(new):
                continue
            like = similarity_of(before, steps(new))
            losses.append((1 - like) / share)
            if new != text:
                (near if abs(like - similarity) <= CLOSE else others)[new] = like
        if losses:
            loss = min(max(sum(losses) / len(losses), 0.2), 1.5)
    found = [Variation(new, like) for new, like in near.items()][:count]
    if len(found) < count:
        rest = sorted(others.items(), key=lambda item: abs(item[1] - similarity))[: count - len(found)]
        warnings.warn(
            f"{len(rest)} of {count} variations are further than {CLOSE} from similarity {similarity}",
            stacklevel=2,
        )
        found += [Variation(new, like) for new, like in rest]
    return found


def _plans(
    text: str, bars: Sequence[Span], share: float, count: int, draw: random.Random
) -> tuple[list[Plan], list[float]]:
    """Plans that write about that share of the bars anew, and the true share of each."""
    places: dict[str, list[int]] = {}
    for place, bar in enumerate(bars):
        if bar.whole:
            places.setdefault("".join(text[bar.start : bar.end].split()), []).append(place)
    total = sum(len(found) for found in places.values())
    plans: list[Plan] = []
    shares = []
    for _ in range(count):
        goal = max(1.0, min(share, 1.0) * total + draw.uniform(-0.5, 0.5))
        free: set[int] = set()
        for name in draw.sample(sorted(places), len(places)):
            if len(free) + len(places[name]) / 2 <= goal or not free:
                free.update(places[name])
        plans.append(plan_of(text, bars, free, alike=True))
        shares.append(len(free) / total)
    return plans, shares
