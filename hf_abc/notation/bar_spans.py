"""Where in a tune's text its bars stand, so that some can be changed and the rest stays byte for byte."""

from dataclasses import dataclass

from hf_abc.notation.bars import bars
from hf_abc.notation.tune import split_header


@dataclass(frozen=True, slots=True)
class Span:
    """One bar: `start` and `end` of its music in the tune's text, without the lines around it; `whole` says
    whether it has the full length of its meter, `section` whether the bar line behind it may end a strain.
    """

    number: int
    start: int
    end: int
    whole: bool
    section: bool


def spans(text: str) -> list[Span]:
    """The bars of a tune of one voice, numbered from 1 as musicians count them: a pick-up is 0, and a short
    bar that another one completes counts with it.
    """
    found: list[Span] = []
    number, filled = 0, 0
    for bar in bars(text):
        full = bar.full or bar.ticks
        if not filled and (found or bar.ticks >= full):
            number += 1
        section = bar.closing is None or bar.closing.section
        found.append(Span(number, bar.start, bar.end, bar.ticks == full, section))
        filled = (filled + bar.ticks) % full if found[1:] or bar.ticks >= full else 0
    return found


def header_end(text: str) -> int:
    """Where the music of a tune begins."""
    return sum(len(line) + 1 for line in split_header(text)[0])
