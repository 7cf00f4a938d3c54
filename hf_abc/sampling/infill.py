"""New bars in the midst of a tune, which stays byte for byte as it is around them.

The model writes from left to right and does not see what follows. Two ways to make it fit were compared
(benchmarks/sampling_control.py): to write many fillings and take the one behind which the kept bars are
likeliest, and to do so bar by bar, with particles that are drawn again by how likely the kept bars are behind
each of them. Both make the kept bars equally likely (-0.69 nats a character, a plain continuation -0.76; 39
tunes); the first, kept here, takes a third of the time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hf_abc.errors import InputError
from hf_abc.notation.bar_spans import Span, spans
from hf_abc.sampling.decoder import Gpt2Decoder
from hf_abc.sampling.filling import Again, Gap, check_tune, fill, is_sound, plan_of
from hf_abc.sampling.lstm_decoder import LstmDecoder
from hf_abc.sampling.scoring import log_likelihoods

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

TRIES = 32


@dataclass(frozen=True, slots=True)
class Filling:
    """A tune with new bars; `behind` is how likely the kept music behind them is (nats a character), nan
    where nothing is kept behind them.
    """

    text: str
    behind: float


def parse_bars(text: str) -> tuple[int, int]:
    """`5-8` or `5`. InputError for anything else."""
    found = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", text)
    first = int(found[1]) if found else 0
    last = int(found[2] or first) if found else 0
    if not 1 <= first <= last:
        raise InputError(f"{text!r} names no bars: write the first and the last one, as 5-8")
    return first, last


def infill(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    text: str,
    first: int,
    last: int,
    *,
    count: int = 1,
    tries: int = TRIES,
    seed: int = 1,
    temperature: float = 1.0,
    min_p: float = 0.0,
    batch_size: int = 32,
) -> list[Filling]:
    """The `count` best different tunes in which the bars `first` to `last` (from 1, a pick-up does not count)
    are new, out of `tries` that are written. Raises InputError for bars that the tune does not have.
    """
    bars, free = free_bars(text, first, last)
    plan = plan_of(text, bars, free, alike=False)
    kept = text[bars[max(free)].end :]
    written = fill(
        model,
        tokenizer,
        [plan] * max(tries, count),
        seed=seed,
        temperature=temperature,
        min_p=min_p,
        batch_size=batch_size,
    )
    written = [new for new in dict.fromkeys(written) if new and new != text]
    sound = [new for new in written if is_sound(new)] or written
    if not sound:
        raise InputError(
            f"the model found nothing new for bars {first}-{last}: try another seed or other bars"
        )
    return ranked(model, tokenizer, sound, kept)[:count]


def free_bars(text: str, first: int, last: int) -> tuple[list[Span], set[int]]:
    """The bars of a tune, and the places of those that are to be written anew."""
    check_tune(text)
    bars = spans(text)
    highest = max(bar.number for bar in bars)
    if last > highest:
        raise InputError(f"bars {first}-{last} are wished for, but the tune has {highest}")
    free = {place for place, bar in enumerate(bars) if first <= bar.number <= last and bar.whole}
    if not free:
        raise InputError(f"bars {first}-{last} are no full bars: name others")
    return bars, free


def ranked(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    texts: Sequence[str],
    kept: str,
) -> list[Filling]:
    """Tunes that end with the `kept` music, the one in which it is likeliest first."""
    if not kept.strip(" |]:\n"):
        return [Filling(text, math.nan) for text in texts]
    likely = log_likelihoods(model, tokenizer, texts, [len(text) - len(kept) for text in texts])
    found = [Filling(text, value / len(kept)) for text, value in zip(texts, likely, strict=True)]
    return sorted(found, key=lambda filling: -filling.behind)


def infill_by_particles(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    text: str,
    first: int,
    last: int,
    *,
    particles: int = TRIES,
    seed: int = 1,
    min_p: float = 0.0,
) -> list[Filling]:
    """The same by particles: behind each new bar, those behind which the kept music is likelier are drawn
    more often (sequential Monte Carlo with that likelihood as the twisting function).
    """
    bars, free = free_bars(text, first, last)
    kept = text[bars[max(free)].end :]
    draw = np.random.default_rng(seed)
    texts = [text[: bars[min(free)].start]] * particles
    before = np.zeros(particles)
    for turn, place in enumerate(sorted(free)):
        plans: list[list[str | Gap | Again]] = [[prefix, Gap((str(place),), ())] for prefix in texts]
        written = fill(model, tokenizer, plans, seed=seed + (turn << 40), min_p=min_p)
        likely = np.full(particles, -np.inf)
        alive = [number for number, new in enumerate(written) if new]
        whole = [written[number] + kept for number in alive]
        likely[alive] = log_likelihoods(model, tokenizer, whole, [len(w) - len(kept) for w in whole])
        weights = np.exp((likely - before) - np.max(likely - before))
        chosen = draw.choice(particles, size=particles, p=weights / weights.sum())
        behind = text[bars[place].end : bars[place + 1].start] if place + 1 < len(bars) else ""
        texts = [written[number] + (behind if place != max(free) else "") for number in chosen]
        before = likely[chosen]
    done = list(dict.fromkeys(new + kept for new in texts))
    return ranked(model, tokenizer, [new for new in done if is_sound(new)] or done, kept)
