"""New bars between kept ones: a text with gaps, filled from left to right.

A plan is what a tune is made of: pieces that stay, gaps of some bars, and bars that are to be what an earlier
gap's bar became. Many plans are filled at once, gap by gap. The bar guard is on, so that a new bar is as long
as its meter asks; the lines between bars are the tune's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hf_abc.errors import InputError
from hf_abc.notation.bar_spans import Span
from hf_abc.notation.levels import level
from hf_abc.notation.reader import read
from hf_abc.sampling.decoder import Gpt2Decoder
from hf_abc.sampling.generator import generate_tunes
from hf_abc.sampling.guards import Guards
from hf_abc.sampling.lstm_decoder import LstmDecoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_BAR_LINE = re.compile(r"(?:\[\||:*\|[|\]:]*|::)(?:\[?\d[\d,-]*)?")
_IN_GAPS = Guards(loops=False, endings=False)
_TOKENS_A_BAR = 64


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars to be written: what each is known by, and the texts between them."""

    names: tuple[str, ...]
    between: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """A bar as an earlier gap's bar of that name became."""

    name: str


Plan = Sequence[str | Gap | Again]


def plan_of(text: str, bars: Sequence[Span], free: set[int], *, alike: bool) -> list[str | Gap | Again]:
    """The plan of a tune of which the bars with these places in `bars` are free; `alike`: what was equal
    becomes equal again.
    """
    plan: list[str | Gap | Again] = []
    at, place, known = 0, 0, set[str]()
    while place < len(bars):
        if place not in free:
            place += 1
            continue
        plan.append(text[at : bars[place].start])
        names: list[str] = []
        between: list[str] = []
        while place in free:
            name = _name(text, bars[place], place, alike)
            if name in known:
                break
            known.add(name)
            names.append(name)
            place += 1
            if (
                place not in free
                or bars[place - 1].section
                or _name(text, bars[place], place, alike) in known
            ):
                break
            between.append(text[bars[place - 1].end : bars[place].start])
        if names:
            plan.append(Gap(tuple(names), tuple(between[: len(names) - 1])))
        else:
            plan.append(Again(_name(text, bars[place], place, alike)))
            place += 1
        at = bars[place - 1].end
    plan.append(text[at:])
    return plan


def _name(text: str, bar: Span, place: int, alike: bool) -> str:
    return re.sub(r"\s", "", text[bar.start : bar.end]) if alike else str(place)


def fill(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    plans: Sequence[Plan],
    *,
    seed: int,
    temperature: float = 1.0,
    min_p: float = 0.0,
    batch_size: int = 32,
) -> list[str]:
    """The plans with their gaps filled; "" for one that the model did not come to the end of."""
    texts = ["" for _ in plans]
    bars: list[dict[str, str]] = [{} for _ in plans]
    at = [0 for _ in plans]
    turn = 0
    while True:
        waiting = []
        for number, plan in enumerate(plans):
            while at[number] < len(plan):
                piece = plan[at[number]]
                if isinstance(piece, Gap):
                    waiting.append((number, piece))
                    break
                texts[number] += piece if isinstance(piece, str) else bars[number][piece.name]
                at[number] += 1
        if not waiting:
            return texts
        turn += 1
        samples = generate_tunes(
            model,
            tokenizer,
            [texts[number] for number, _ in waiting],
            seed=seed + (turn << 32),
            temperature=temperature,
            min_p=min_p,
            batch_size=batch_size,
            max_new_tokens=_TOKENS_A_BAR * max(len(gap.names) for _, gap in waiting),
            bars=[len(gap.names) for _, gap in waiting],
            guards=_IN_GAPS,
        )
        for (number, gap), sample in zip(waiting, samples, strict=True):
            new = _bars_of(sample.text[len(texts[number]) :])
            if len(new) < len(gap.names):  # came to the end of its tokens
                texts[number], at[number] = "", len(plans[number])
                continue
            for name, bar, behind in zip(gap.names, new, (*gap.between, ""), strict=False):
                bars[number][name] = bar
                texts[number] += bar + behind
            at[number] += 1


def _bars_of(text: str) -> list[str]:
    """The bars of a text that ends with a bar line."""
    parts = [part.strip() for part in _BAR_LINE.split(text)[:-1]]
    return [part for part in parts if part]


def check_tune(text: str) -> None:
    """Refuse a tune whose bars cannot be told apart."""
    found = read(text)
    if not any(element.pitches for element in found):
        raise InputError("there is no tune with notes here: give ABC with X:, K: and music")
    if len({element.voice for element in found if element.pitches}) > 1:
        raise InputError("this tune has several voices: only bars of a single voice can be written anew")


def is_sound(text: str) -> bool:
    """Whether a filled tune is as it should be, as far as can be told without abc2midi."""
    return bool(text) and level(text).number >= 5
