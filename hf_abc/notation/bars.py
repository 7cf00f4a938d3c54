"""Bars: how long each is, and which are wrong.

A bar runs from one bar line to the next. It is wrong when it is longer than its meter allows, or shorter
without a reason: a pick-up, the last bar, or a bar split by a repeat, a double bar or an ending may be short.
Two short bars that meet at such a mark are not asked to add up: real tunes break that rule too often for it
to tell anything (abc2midi applies it and reports 128 of 2,000 sound tunes).
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from hf_abc.notation.reader import TIMED, Element, read


@dataclass(frozen=True, slots=True)
class Barline:
    """What a bar line means, whatever its spelling: `:|` ends a repeat, `|:` starts one, `ending` is `1`,
    `2`, `1,3`.
    """

    repeat_end: int = 0
    repeat_start: int = 0
    double: bool = False
    ending: str = ""

    @property
    def section(self) -> bool:
        """Whether a strain may end or begin here."""
        return bool(self.repeat_end or self.repeat_start or self.double or self.ending)

    def merge(self, other: "Barline") -> "Barline":
        """Two bar lines with nothing between them are one."""
        return Barline(
            max(self.repeat_end, other.repeat_end),
            max(self.repeat_start, other.repeat_start),
            self.double or other.double,
            self.ending or other.ending,
        )


_ENDING = re.compile(r"\[?(\d+(?:[,-]\d+)*)\.?$")


@lru_cache(maxsize=1024)
def parse_barline(text: str) -> Barline:
    """Read a bar line: `|`, `||`, `|]`, `[|`, `|:`, `:|`, `::`, `:|2`, `[1`, `|1,3` and what old books made
    of them.
    """
    found = _ENDING.search(text)
    ending = found[1] if found else ""
    marks = text[: found.start()] if found else text
    before = len(marks) - len(marks.lstrip(":"))
    if before == len(marks) and marks:  # only colons: `::` ends and starts
        half = max(1, before // 2)
        return Barline(half, half if before > 1 else 0, False, ending)
    after = len(marks) - len(marks.rstrip(":"))
    middle = marks.strip(":")
    return Barline(before, after, len(re.sub(r"[^|\[\]]", "", middle)) > 1, ending)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its length and the full length of its meter (None in free meter), in ticks, the lines around
    it, its place.

    `edge` says that it is the first or the last bar of its voice.
    """

    number: int
    ticks: int
    full: int | None
    opening: Barline | None
    closing: Barline | None
    line: int
    start: int
    end: int
    voice: str
    edge: bool = False

    @property
    def wrong(self) -> bool:
        if self.full is None or self.ticks == self.full:
            return False
        if self.ticks > self.full:
            return True
        return not (self.edge or any(line is None or line.section for line in (self.opening, self.closing)))


def bars(text: str) -> list[Bar]:
    """The bars of a tune in reading order, voice by voice as they stand; empty ones (between `||` and `|:`)
    are no bars.
    """
    return bars_of(read(text))


def bars_of(elements: list[Element]) -> list[Bar]:
    """The bars of elements that are already read."""
    found: list[Bar] = []
    by_voice: dict[str, list[Element]] = {}
    for element in elements:
        if element.kind in TIMED or element.kind == "bar":
            by_voice.setdefault(element.voice, []).append(element)
    for part in by_voice.values():
        opening: Barline | None = None
        inside: list[Element] = []
        first = len(found)
        for item in (*part, None):
            if item is not None and item.kind != "bar":
                inside.append(item)
                continue
            closing = parse_barline(item.text) if item is not None else None
            if inside:
                found.append(_bar(len(found), inside, opening, closing))
                opening, inside = closing, []
            elif closing is not None:  # two bar lines with nothing between them are one
                opening = opening.merge(closing) if opening is not None else closing
                if len(found) > first:
                    found[-1] = replace(found[-1], closing=opening)
        if len(found) > first:
            found[first] = replace(found[first], edge=True)
            found[-1] = replace(found[-1], edge=True)
    return found


def _bar(number: int, inside: list[Element], opening: Barline | None, closing: Barline | None) -> Bar:
    first, last = inside[0], inside[-1]
    ticks = sum(e.ticks for e in inside)
    full = last.meter.ticks
    if first.text[0] in "ZX" and full:  # rests for whole bars
        full = ticks
    return Bar(number, ticks, full, opening, closing, first.line, first.start, last.end, first.voice)


def wrong_bars(text: str) -> list[Bar]:
    """The bars whose length is wrong."""
    return [bar for bar in bars(text) if bar.wrong]
