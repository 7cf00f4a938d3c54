"""Meters and unit note lengths, and the beats that beams follow.

Durations are integers everywhere in this package: `WHOLE` ticks make a whole note. 40,320 = 2^7·3^2·5·7
divides exactly by every note down to 1/128 and by triplets, quintuplets and septuplets of the usual lengths.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

WHOLE = 40320


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature. `ticks` is the length of a full bar, None in free meter; `beam` the length that one
    beam covers.

    Compound meters (6/8, 9/8, 12/8) beam by three units; a meter of four quarters by half bars, as Irish
    reels are written; everything else by the quarter. 3/8 beams by the bar.
    """

    text: str
    numerator: int
    denominator: int

    @property
    def ticks(self) -> int | None:
        return WHOLE * self.numerator // self.denominator if self.numerator else None

    @property
    def compound(self) -> bool:
        return self.numerator > 3 and self.numerator % 3 == 0 and self.denominator >= 8

    @property
    def beam(self) -> int:
        if self.numerator % 3 == 0 and self.numerator and self.denominator >= 8:
            return 3 * WHOLE // self.denominator
        if (self.numerator, self.denominator) in ((4, 4), (2, 2)):
            return WHOLE // 2
        return WHOLE // 4


_FRACTION = re.compile(r"(\(?\d+(?:\s*\+\s*\d+)*\)?)\s*/\s*(\d+)")


def parse_meter(text: str) -> Meter:
    """Read an `M:` field. `C` is 4/4, `C|` is 2/2, `2+3/8` is 5/8; whatever is not a meter is free
    (`numerator` 0).
    """
    text = text.strip()
    if text in ("C", "c"):
        return Meter(text, 4, 4)
    if text in ("C|", "c|"):
        return Meter(text, 2, 2)
    if found := _FRACTION.match(text):
        numerator = sum(int(n[:4]) for n in re.findall(r"\d+", found[1]))
        denominator = int(found[2][:4])
        if 0 < numerator <= 64 and 0 < denominator <= 64:
            return Meter(text, numerator, denominator)
    return Meter(text, 0, 1)


def parse_length(text: str) -> Fraction | None:
    """Read an `L:` field, `1/8` -> Fraction(1, 8); None where it is no positive fraction."""
    if found := re.match(r"\s*(\d{1,4})\s*/\s*(\d{1,4})(?!\d)", text):
        if int(found[1]) and int(found[2]):
            return Fraction(int(found[1]), int(found[2]))
    elif text.strip() == "1":
        return Fraction(1)
    return None


def default_length(meter: Meter) -> Fraction:
    """The unit note length where no `L:` stands: 1/16 for a meter below 0.75, else 1/8 (standard 2.1,
    §3.1.7).
    """
    if meter.numerator and Fraction(meter.numerator, meter.denominator) < Fraction(3, 4):
        return Fraction(1, 16)
    return Fraction(1, 8)


@lru_cache(maxsize=4096)
def multiplier(text: str) -> Fraction:
    """The length behind a note, chord or rest: "" 1, "2" 2, "/" 1/2, "//" 1/4, "3/2" 3/2, "/4" 1/4. A zero
    counts as 1.
    """
    if not text:
        return Fraction(1)
    number, slash, below = text.partition("/")
    top = int(number[:6]) if number else 1  # no real length has more digits, and Python refuses to read 5,000
    if not slash:
        return Fraction(top or 1)
    more = min(below.count("/"), 16)
    digits = below.lstrip("/")[:6]
    bottom = (int(digits) if digits else 2) * 2**more
    return Fraction(top or 1, bottom or 1)


def length_text(value: Fraction) -> str:
    """The shortest ABC for a multiplier: 1 -> "", 1/2 -> "/", 1/4 -> "//", 3/2 -> "3/2", 1/3 -> "/3"."""
    if value.denominator == 1:
        return "" if value == 1 else str(value.numerator)
    top = "" if value.numerator == 1 else str(value.numerator)
    if value.denominator == 2:
        return f"{top}/" if not top else f"{top}/2"
    if value.denominator == 4 and not top:
        return "//"
    return f"{top}/{value.denominator}"
