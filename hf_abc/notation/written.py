"""Lengths of notes that are still being written: what they are so far, and what they may become."""

import re
from functools import lru_cache

from hf_abc.notation.meter import multiplier
from hf_abc.notation.part import Measure, Ratio

MOST = 16
"""The longest length that a second note can be made to match."""
_POWERS = ("", "2", "4", "8", "16", "32", "64")


@lru_cache(maxsize=4096)
def split_length(text: str) -> tuple[str, str]:
    """A note, rest or `]` under way -> all but its length, and its length."""
    length = re.search(r"[\d/]*$", text)[0]  # type: ignore[index]
    return text[: len(text) - len(length)], length


@lru_cache(maxsize=1024)
def ratio(length: str) -> Ratio | None:
    """A written length; None where abc2midi does not take it."""
    _, slash, below = length.partition("/")
    if slash and below.strip("/") not in _POWERS or length.startswith("0") or "//" in length and below != "/":
        return None
    return multiplier(length).as_integer_ratio()


@lru_cache(maxsize=1024)
def longer(length: str) -> tuple[Ratio | None, ...]:
    """Lengths that this one can grow into."""
    if "/" not in length:
        digits = tuple(str(n) for n in range(1, MOST + 1) if str(n).startswith(length) and str(n) != length)
        texts = (
            *digits,
            *(f"{n}/{p}" for n in digits for p in _POWERS),
            *(f"{length}/{p}" for p in _POWERS),
        )
    elif length.endswith("/"):
        texts = tuple(length + p for p in _POWERS[1:])
    else:
        texts = tuple(
            f"{length.partition('/')[0]}/{p}"
            for p in _POWERS
            if f"/{p}".startswith("/" + length.partition("/")[2])
        )
    return tuple(ratio(text) for text in texts)


def _half(length: str) -> Ratio:
    return multiplier(f"{length}/2").as_integer_ratio()


@lru_cache(maxsize=1 << 16)
def hope(measure: Measure, length: str, inner: Ratio, in_chord: bool) -> int:
    """Whether a note whose length begins so can fit: 2 well, 1 oddly, 0 not. `?`: no length can be read yet;
    `inner` is the length of a chord's notes, where this is the chord's own.
    """
    now = None if length == "?" else ratio(length)
    length = length.strip("?")
    grown = [one for one in longer(length) if one]
    if in_chord:  # what stands behind the chord may still change its length
        grown += [(now[0], now[1] * power) for power in (2, 4, 8, 16) if now]
    if now and measure.fits(times(now, inner), well=True):
        return 2
    half = length[-1:] in tuple("13579") and "/" not in length and _half(length) in grown
    half = half and measure.fits(_half(length), well=True)
    more = length in ("", "/") or measure.mark or measure.tuplet[3] or half
    if more and any(measure.fits(times(one, inner), well=True) for one in grown):
        return 2
    return int(any(measure.fits(times(one, inner)) for one in (*grown, *([now] if now else []))))


def times(one: Ratio, other: Ratio) -> Ratio:
    """The product of two lengths."""
    return (one[0] * other[0], one[1] * other[1])
