"""Prompts: the head of a tune, in the order in which the models have learned it, X T R M L K.

A wish names some of title, rhythm, meter, unit length, key, an opening and a length. Where it leaves a gap
before the last thing that it names (a key, but no meter), the model writes what belongs there, so that it
goes on from a head of the kind that it was trained on; what comes behind the last wish it is free to write
anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hf_abc.errors import InputError
from hf_abc.notation.keys import parse_key
from hf_abc.notation.meter import parse_length, parse_meter
from hf_abc.notation.reader import read
from hf_abc.notation.tune import FIELD
from hf_abc.sampling.form import Form

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from hf_abc.sampling.decoder import Gpt2Decoder

ORDER = "XTRMLK"
_NO_SIGNS = "IJKNQUVWhijklmnopqrtw"  # letters that need a U: to mean something: more likely a word
_HEAD_TOKENS = 48  # what the model may write to fill a gap: the longest titles have some 30 tokens
_TRIES = 16  # heads that are written for a gap, to find one that fits what is wished behind it


@dataclass(frozen=True, slots=True)
class Wish:
    """What a tune shall be; an empty field is left to the model."""

    title: str = ""
    rhythm: str = ""
    meter: str = ""
    key: str = ""
    unit_length: str = ""
    opening: str = ""
    bars: int = 0
    parts: int = 0

    @property
    def form(self) -> Form:
        """How long the tune shall be. InputError for what no tune can be."""
        if not 0 <= self.bars <= 999 or not 0 <= self.parts <= 99 or (self.parts and self.bars % self.parts):
            raise InputError(
                f"{self.bars} bars in {self.parts} parts are not possible: give positive numbers, the bars a "
                "multiple of the parts"
            )
        return Form(self.bars, self.parts)

    @property
    def music(self) -> str:
        """The wished opening without spaces around it. InputError where it is no music."""
        text = self.opening.strip()
        if not text:
            return ""
        found = read(f"X:1\nK:C\n{text}\n")
        strange = any(e.kind == "unknown" or (e.kind == "decoration" and e.text in _NO_SIGNS) for e in found)
        if "\n" in text or strange or not any(e.pitches for e in found):
            raise InputError(f"the opening {text[:40]!r} is no line of ABC music: write it as GAB c2d|")
        return text

    def fields(self) -> dict[str, str]:
        """The wished header fields by letter, spelt as the corpora spell them. InputError for an unknown
        key or meter.
        """
        wished = {
            "T": " ".join(self.title.split()),
            "R": " ".join(self.rhythm.lower().split()),
            "M": _meter(self.meter),
            "L": _length(self.unit_length),
            "K": _key(self.key),
        }
        return {letter: value for letter, value in wished.items() if value}


DEFAULT_WISHES = (
    Wish(rhythm="jig", meter="6/8", key="G"),
    Wish(rhythm="reel", meter="C|", key="D"),
    Wish(rhythm="hornpipe", meter="4/4", key="A"),
    Wish(rhythm="slip jig", meter="9/8", key="D"),
    Wish(meter="3/4", key="G"),
    Wish(rhythm="reel", meter="2/4", key="Bb"),
    Wish(rhythm="jig", meter="6/8", key="Em"),
    Wish(meter="2/4", key="C"),
    Wish(rhythm="strathspey", meter="4/4", key="Am"),
    Wish(meter="4/4", key="Dm"),
)
"""Ten wishes over the meters and keys that the embedded collections hold most often."""


def prompt(*, title: str = "", rhythm: str = "", meter: str = "", key: str = "") -> str:
    """The head `X:1` and the given fields, in order; with a key, which ends a head, `L:1/8` before it.

    Raises InputError for a key or a meter that is none. `write_heads` fills gaps as the model would.
    """
    fields = Wish(title, rhythm, meter, key).fields()
    lines = ["X:1"]
    for letter in ORDER[1:]:
        if letter in fields:
            lines.append(f"{letter}:{fields[letter]}")
        elif letter == "L" and "K" in fields:
            lines.append("L:1/8")
    return "\n".join(lines) + "\n"


def write_heads(
    model: PreTrainedModel | Gpt2Decoder,
    tokenizer: PreTrainedTokenizerFast,
    wishes: Sequence[Wish],
    *,
    seed: int,
    temperature: float = 1.0,
    min_p: float = 0.0,
    batch_size: int = 32,
) -> list[str]:
    """A prompt for each wish, the gaps before its last field filled by the model; "" for a wish of nothing.

    A model that writes no field where one was missing leaves the gap as it is. The same seed gives the same
    heads.
    """
    from hf_abc.sampling.generator import generate_tunes
    from hf_abc.sampling.guards import Guards

    wanted = [wish.fields() for wish in wishes]
    heads = ["X:1\n" if fields else "" for fields in wanted]
    for number, letter in enumerate(ORDER[1:], 1):
        place = ORDER.index(letter)
        # a gap is filled when the next wish behind it comes up: by one sample for all that is missing
        gaps = [
            i for i, fields in enumerate(wanted) if letter in fields and _last_place(heads[i]) < place - 1
        ]
        if gaps:
            samples = generate_tunes(
                model,
                tokenizer,
                [heads[i] for i in gaps for _ in range(_TRIES)],
                seed=seed + (number << 32),  # other random numbers than the tunes will draw
                temperature=temperature,
                min_p=min_p,
                batch_size=batch_size,
                max_new_tokens=_HEAD_TOKENS,
            )
            for turn, i in enumerate(gaps):
                tries = [sample.text for sample in samples[turn * _TRIES : (turn + 1) * _TRIES]]
                heads[i] = _fitting(tries, heads[i], place, f"{letter}:{wanted[i][letter]}\n")
        for i, fields in enumerate(wanted):
            if letter in fields:
                heads[i] += f"{letter}:{fields[letter]}\n"
    open_ends = [i for i, wish in enumerate(wishes) if wish.music]
    if open_ends:
        unfinished = [i for i in open_ends if not re.search(r"^K:.*\n", heads[i], re.MULTILINE)]
        written = generate_tunes(
            model,
            tokenizer,
            [heads[i] or "X:1\n" for i in unfinished],
            seed=seed + (len(ORDER) << 32),
            temperature=temperature,
            min_p=min_p,
            batch_size=batch_size,
            max_new_tokens=_HEAD_TOKENS,
            guards=Guards(loops=False, endings=False),
        )
        for i, sample in zip(unfinished, written, strict=True):
            whole = re.match(r"[\s\S]*?^K:.*\n", sample.text, re.MULTILINE)
            heads[i] = whole[0] if whole else (heads[i] or "X:1\n") + "M:4/4\nL:1/8\nK:C\n"
        for i in open_ends:
            heads[i] += wishes[i].music
    return heads


def _fitting(tries: Sequence[str], head: str, place: int, wish: str) -> str:
    """The head with its gap filled as in the first try that goes on with the wish itself: so a jig gets a
    jig's title. Where no try does, as in the first one.
    """
    filled = [head + _fields_before(text[len(head) :], _last_place(head), place) for text in tries]
    return next((f for f, text in zip(filled, tries, strict=True) if text.startswith(f + wish)), filled[0])


def _last_place(head: str) -> int:
    """The place in `ORDER` of the last field of a head."""
    return ORDER.index(head.rstrip("\n").rpartition("\n")[2][0]) if head else 0


def _fields_before(text: str, last: int, place: int) -> str:
    """The leading complete lines that are fields between the places `last` and `place` of `ORDER`, in
    order.
    """
    kept = ""
    for line in text.split("\n")[:-1]:
        found = FIELD.fullmatch(line)
        if found is None or found[1] not in ORDER or not last < ORDER.index(found[1]) < place:
            break
        last = ORDER.index(found[1])
        kept += line + "\n"
    return kept


def _meter(text: str) -> str:
    """A meter as the corpora spell it: `C` is 4/4, `C|` stays."""
    if not text.strip():
        return ""
    meter = parse_meter(text)
    if meter.ticks is None or not re.fullmatch(r"\s*([Cc]\|?|[\d+()\s]+/\s*\d+)\s*", text):
        raise InputError(f"{text!r} is no meter: write it as 6/8, 4/4, C or C|")
    return "C|" if meter.text.lower() == "c|" else f"{meter.numerator}/{meter.denominator}"


def _length(text: str) -> str:
    """A unit note length, 1/8."""
    length = parse_length(text)
    if text.strip() and (length is None or 1024 % length.denominator):
        raise InputError(f"{text!r} is no unit note length: write it as 1/8 or 1/16")
    return f"{length.numerator}/{length.denominator}" if length else ""


def _key(text: str) -> str:
    """A key as the corpora spell it: `D major` is D, `A minor` Am."""
    if not text.strip():
        return ""
    key = parse_key(text.strip())
    if key is None or not re.fullmatch(r"(?i:none|hp)|[A-G][#b]?\s*[A-Za-z]*", text.strip()):
        raise InputError(f"{text!r} is no key: write a tonic and a mode as G, F#, Bb, Am, Edor or Dmix")
    return key.name
