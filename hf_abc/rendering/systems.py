"""Where the lines of a score end."""

import math

from hf_abc.rendering.staff import Event, Measure, Sheet

_SYSTEM = 46.0  # plain notes that a system holds without crowding


def system_breaks(sheet: Sheet) -> set[int]:
    """The measures that begin a new system of the score.

    The lines of the ABC are kept where they make good systems: short ones are joined, long ones are divided
    evenly.
    """
    first = sheet.voices[0].measures
    widths = [
        max(_width(voice.measures[index]) for voice in sheet.voices if index < len(voice.measures))
        for index in range(len(first))
    ]
    room = _SYSTEM - abs(sheet.key.sharps) / 2  # the signature stands in every system
    starts = [0, *(n for n, measure in enumerate(first) if measure.new_line and n > 0)]
    breaks: set[int] = set()
    filled = 0.0
    for start, end in zip(starts, [*starts[1:], len(first)], strict=True):
        line = sum(widths[start:end])
        if start and filled + line > room:
            breaks.add(start)
            filled = 0.0
        parts = max(1, math.ceil(line / room))
        before = [sum(widths[start:index]) for index in range(start, end)]
        for part in range(1, parts):
            near = min(range(start, end), key=lambda n: abs(before[n - start] - line * part / parts))
            if near > start:
                breaks.add(near)
        filled = line if parts > 1 else filled + line
    return breaks


def _width(measure: Measure) -> float:
    """About how many plain notes wide a measure is."""
    return 1.5 + sum(
        max(1.0, *(len(word) / 3 for _, _, word in event.words)) if event.words else 1 + len(event.graces) / 2
        for layer in measure.layers
        for event in layer
        if isinstance(event, Event)
    )
