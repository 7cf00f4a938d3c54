"""Note values, and the beams that join them."""

from fractions import Fraction
from functools import lru_cache

from hf_abc.notation.meter import WHOLE, Meter
from hf_abc.rendering.staff import Event

TYPES = ("long", "breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th")


@lru_cache(maxsize=4096)
def pieces(length: Fraction) -> tuple[tuple[Fraction, str, int], ...]:
    """A length as note values that one note head can show, to be tied: (length, type, dots). 5/8 -> half,
    eighth.

    What is left below a 256th, or not binary at all (a third of a quarter without a tuplet), goes to the
    last piece.
    """
    found: list[tuple[Fraction, str, int]] = []
    rest = length
    while rest > 0 and len(found) < 8:
        base = next((n for n in range(len(TYPES)) if Fraction(4, 2**n) <= rest), None)
        if base is None:
            break
        value = Fraction(4, 2**base)
        dots = max(d for d in range(3) if value * (2 - Fraction(1, 2**d)) <= rest)
        piece = value * (2 - Fraction(1, 2**dots))
        found.append((piece, TYPES[base], dots))
        rest -= piece
    if not found:
        return ((length, TYPES[-1], 0),)
    if rest:
        found[-1] = (found[-1][0] + rest, *found[-1][1:])
    return tuple(found)


def beam_marks(events: list[Event], meter: Meter | None, offset: Fraction) -> list[list[str]]:
    """MusicXML's beam elements for each event of a measure.

    Notes that stand together in the ABC are beamed together; where the tune has no spaces at all, `meter`
    is given and the beams follow its beats, counted from `offset` (a pick-up ends on a beat).
    """
    flags = [_flags(event) for event in events]
    groups: list[list[int]] = []
    position, beat = offset, -1
    for index, event in enumerate(events):
        now = int(position * WHOLE) // meter.beam if meter is not None else 0
        fits = index > 0 and flags[index - 1] and event.joined and now == beat
        if flags[index] and fits:
            groups[-1].append(index)
        elif flags[index]:
            groups.append([index])
        beat, position = now, position + event.length
    marks: list[list[str]] = [[] for _ in events]
    for group in groups:
        for place, index in enumerate(group) if len(group) > 1 else ():
            for level in range(1, flags[index] + 1):
                before = place > 0 and flags[group[place - 1]] >= level
                after = place < len(group) - 1 and flags[group[place + 1]] >= level
                hook = "backward hook" if place > 0 else "forward hook"
                kind = "continue" if before and after else "end" if before else "begin" if after else hook
                marks[index].append(f'<beam number="{level}">{kind}</beam>')
    return marks


def _flags(event: Event) -> int:
    """How many beams a note takes: 1 for an eighth, 2 for a 16th; 0 for rests, longer notes and tied
    pieces.
    """
    parts = pieces(event.written)
    return max(0, TYPES.index(parts[0][1]) - 4) if len(parts) == 1 and event.pitches else 0
