"""Extraction: given a tune's header and first bars, does the model write the rest as the tune has it?

After Carlini et al., Quantifying memorization across neural language models (2023): the prompt is the
header with 0, 2, 4 or 8 bars of the music, the continuation is the likeliest (temperature 0), and what
counts is whether the next four bars, or all that follows, are the tune's own, letter for letter but for
spaces and line ends. Tunes of the train side are asked beside held-out ones, which the model can only
guess: the difference is memory. Tunes with fewer than four bars behind the prompt are not asked.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hf_abc.evaluation.intervals import Estimate, wilson
from hf_abc.models.tokenizers import encode
from hf_abc.notation.tune import body, split_header
from hf_abc.sampling.generator import generate_tunes

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

BARS = (0, 2, 4, 8)
_NEXT = 4
_BAR = re.compile(r"[^|]*\|[|:\]]*")


def extraction(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    train: Sequence[str],
    held_out: Sequence[str],
    *,
    tunes: int = 50,
    seed: int = 1,
    batch_size: int = 32,
    max_new_tokens: int | None = None,
) -> dict[str, dict[str, Estimate]]:
    """For each number of bars in the prompt the shares `train_next`, `train_whole`, `held_out_next` and
    `held_out_whole` of tunes whose next four bars, or whose whole rest, came out, with Wilson's intervals.

    At most `tunes` of each side are drawn by the seed. `max_new_tokens` as for `generate_tunes`; prompts that
    fill the model's context are not asked.
    """
    positions = getattr(model.config, "max_position_embeddings", None) or math.inf
    draw = random.Random(seed)
    sides = {
        "train": draw.sample(list(train), min(tunes, len(train))),
        "held_out": draw.sample(list(held_out), min(tunes, len(held_out))),
    }
    asked: list[tuple[int, str, str, str]] = []  # bars, side, prompt, rest
    for bars in BARS:
        for side, texts in sides.items():
            found_parts = [parts for text in texts if (parts := cut(text, bars)) is not None]
            lengths = map(len, encode(tokenizer, [prompt for prompt, _ in found_parts]))
            asked += [
                (bars, side, *parts)
                for parts, length in zip(found_parts, lengths, strict=True)
                if length < positions
            ]
    written = generate_tunes(
        model,
        tokenizer,
        [prompt for _, _, prompt, _ in asked],
        seed=seed,
        temperature=0,
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
    )
    found: dict[str, dict[str, Estimate]] = {}
    for bars in BARS:
        shares = found[str(bars)] = {}
        for side in sides:
            pairs = [
                (_music(sample.text[len(prompt) :]), _music(rest))
                for (own, name, prompt, rest), sample in zip(asked, written, strict=True)
                if (own, name) == (bars, side)
            ]
            following = [(wrote, "".join(_BAR.findall(rest)[:_NEXT])) for wrote, rest in pairs]
            shares[f"{side}_next"] = wilson(sum(a.startswith(b) for a, b in following), len(pairs))
            shares[f"{side}_whole"] = wilson(sum(a == b for a, b in pairs), len(pairs))
    return found


def cut(text: str, bars: int) -> tuple[str, str] | None:
    """A tune cut behind its header and so many bars, as (prompt, rest); None where fewer than four bars
    follow.
    """
    music = body(text)
    ends = [match.end() for match in _BAR.finditer(music)]
    if len(ends) < bars + _NEXT:
        return None
    place = ends[bars - 1] if bars else 0
    head = "\n".join(split_header(text)[0]) + "\n"
    return head + music[:place], music[place:]


def _music(text: str) -> str:
    return re.sub(r"[\s\\]+", "", text)
