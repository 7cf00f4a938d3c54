"""Where the bits go: loss by place in the tune, by part of the tune, and by kind of token.

* by place: bits per character in stretches of characters from the start of the tune; the nats of a token
  are spread evenly over its characters, and the end token is left out
* by part: ``header``; ``first strain`` and ``later strains`` (bars that were not heard before, in the tune
  as written); ``repeated bars`` (the same text, spaces apart, stood before: what a model can copy); ``end``,
  the token that ends the tune, in bits per tune
* by kind: bits per token of ``header`` tokens, ``notes`` (and rests), ``bar lines``, ``space`` (with line
  ends), ``other`` music, and ``end``; models compare here only if they have the same tokenizer

All intervals are bootstraps over families. Of several voices, bars are compared with all that stand before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hf_abc.evaluation.intervals import Estimate, ratio
from hf_abc.evaluation.likelihood import TokenLosses
from hf_abc.notation.bars import parse_barline
from hf_abc.notation.tune import split_header

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

STRETCHES = (0, 16, 32, 64, 128, 256, 512, 1024, 2048)
PARTS = ("header", "first strain", "later strains", "repeated bars", "end")
KINDS = ("header", "notes", "bar lines", "space", "other", "end")
_BAR = re.compile(r"(?:\[\||[|:\]]+)\s*(?:\[?\d+(?:[,-]\d+)*)?")
_SPACE = re.compile(r"[\s\\\\]+")


def loss_parts(
    tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], losses: Sequence[TokenLosses]
) -> dict[str, dict[str, Estimate]]:
    """`by_place`, `by_part` and `by_kind` of the module, for held-out tunes and their losses.

    Bits per character, but per tune for `end` and per token for kinds. What no tune has is None.
    """
    from hf_abc.models.tokenizers import encode_with_ends

    ends = [ends for _, ends in encode_with_ends(tokenizer, texts)]
    families = [loss.family for loss in losses]
    by_place, by_part, by_kind = [], [], []
    for text, own, loss in zip(texts, ends, losses, strict=True):
        bits = loss.nats / math.log(2)
        starts = np.array([0, *own[:-1]], dtype=np.int64) if own else np.zeros(0, dtype=np.int64)
        spread = _spread(bits[:-1], starts, np.array(own, dtype=np.int64), len(text))
        place = np.searchsorted(STRETCHES, np.arange(len(text)), side="right") - 1
        by_place.append(_sums(place, spread, len(STRETCHES)))
        parts = np.array(parts_of(text), dtype=np.int64)
        by_part.append(_with_end(_sums(parts, spread, len(PARTS)), bits[-1]))
        kinds = [_kind(text[a:b], parts[a] if a < len(text) else 0) for a, b in zip(starts, own, strict=True)]
        by_kind.append(_with_end(_sums(np.array(kinds, dtype=np.int64), bits[:-1], len(KINDS)), bits[-1]))
    names = [f"{a}-{b}" for a, b in zip(STRETCHES, STRETCHES[1:], strict=False)] + [f"{STRETCHES[-1]}-"]
    return {
        "by_place": _estimates(names, by_place, families),
        "by_part": _estimates(PARTS, by_part, families),
        "by_kind": _estimates(KINDS, by_kind, families),
    }


def parts_of(text: str) -> list[int]:
    """For each character of a tune the place of its part in `PARTS`; a bar line belongs to the bar before
    it.
    """
    head = min(len(text), len("\n".join(split_header(text)[0])) + 1)
    parts = [0] * head
    heard: set[str] = set()
    strain, ended = 1, False
    start = head
    for match in [*_BAR.finditer(text, head), None]:
        stop = match.end() if match else len(text)
        music = _SPACE.sub("", text[start : match.start() if match else stop])
        if music and ended:
            strain, ended = 2, False
        parts += [3 if music and music in heard else strain] * (stop - start)
        if music:
            heard.add(music)
        if match:
            line = parse_barline("".join(match[0].split()))
            ended = ended or bool(music and (line.repeat_end or line.double or line.repeat_start))
        start = stop
    return parts


def _kind(token: str, part: int) -> int:
    if part == 0:
        return 0
    if re.search(r"[A-Ga-gzx]", token):
        return 1
    if "|" in token or ":" in token:
        return 2
    return 4 if token.strip() else 3


def _spread(bits: np.ndarray, starts: np.ndarray, ends: np.ndarray, length: int) -> np.ndarray:
    """The bits of tokens shared out among the characters that they end; those of byte tokens in the midst
    of a
    character go to that character.
    """
    found = np.zeros(length)
    for own, start, end in zip(bits, starts, ends, strict=True):
        if end > start:
            found[start:end] += own / (end - start)
        elif length:
            found[min(max(end - 1, 0), length - 1)] += own
    return found


def _sums(classes: np.ndarray, values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    if not len(classes):
        return np.zeros(count), np.zeros(count)
    return np.bincount(classes, values, count), np.bincount(classes, minlength=count).astype(float)


def _with_end(sums: tuple[np.ndarray, np.ndarray], bits: float) -> tuple[np.ndarray, np.ndarray]:
    sums[0][-1], sums[1][-1] = bits, 1
    return sums


def _estimates(
    names: Sequence[str], sums: Sequence[tuple[np.ndarray, np.ndarray]], families: Sequence[str]
) -> dict[str, Estimate]:
    return {
        name: ratio([bits[i] for bits, _ in sums], [count[i] for _, count in sums], families)
        for i, name in enumerate(names)
    }
