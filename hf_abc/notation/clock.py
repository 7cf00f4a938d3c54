"""The clock of a tune: where each character stands in its bar, its strain and its repeat.

Everything that the clock tells depends on the text up to and with the character only, so that a left-to-right
model can learn to keep it.
"""

from typing import NamedTuple

from hf_abc.notation.bars import parse_barline
from hf_abc.notation.meter import WHOLE
from hf_abc.notation.reader import read

UNITS = 96
"""Units of `filled` and `pickup` in a whole note."""


class Dial(NamedTuple):
    """What the clock shows.

    filled: how much of the bar is filled, in 1/96 of a whole note; pickup: the length of the strain's
    pick-up, which its last bar has to make up for; repeating: whether a `|:` waits for its `:|`; bar: full
    bars in the strain so far.
    """

    filled: int
    pickup: int
    repeating: int
    bar: int


def clock(text: str) -> list[Dial | None]:
    """The dial after each character of a tune; None in the header, and inside a note whose length is not yet
    known.

    For a single voice: with several, the bars of all of them are counted together.
    """
    dials: list[Dial | None] = [None] * len(text)
    filled = pickup = repeating = bar = 0
    begins = True  # no bar line yet in this strain
    for element in read(text):
        filled += element.advance
        if element.kind == "bar":
            line = parse_barline(element.text)
            if filled:
                if begins and filled < (element.meter.ticks or 0):
                    pickup = filled
                else:
                    bar += 1
                begins = False
            filled = 0
            if line.repeat_start:
                repeating = 1
            elif line.repeat_end and not line.ending:
                repeating = 0
            if line.repeat_start or ((line.repeat_end or line.double) and not line.ending):
                pickup, bar, begins = 0, 0, True
        if element.end <= len(text):
            dials[element.end - 1] = Dial(filled * UNITS // WHOLE, pickup * UNITS // WHOLE, repeating, bar)
    return dials
