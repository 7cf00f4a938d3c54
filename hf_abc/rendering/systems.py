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
        max(measure_width(voice.measures[index]) for voice in sheet.voices if index < len(voice.measures))
        for index in range(len(first))
    ]
    limit = room(sheet)
    starts = [0, *(n for n, measure in enumerate(first) if measure.new_line and n > 0)]
    breaks: set[int] = set()
    filled = 0.0
    for start, end in zip(starts, [*starts[1:], len(first)], strict=True):
        line = sum(widths[start:end])
        if start and filled + line > limit:
            breaks.add(start)
            filled = 0.0
        parts = max(1, math.ceil(line / limit))
        before = [sum(widths[start:index]) for index in range(start, end)]
        for part in range(1, parts):
            near = min(range(start, end), key=lambda n: abs(before[n - start] - line * part / parts))
            if near > start:
                breaks.add(near)
        filled = line if parts > 1 else filled + line
    return breaks


def room(sheet: Sheet) -> float:
    """How many plain notes a system has room for behind its signature."""
    return _SYSTEM - abs(sheet.key.sharps) / 2


def measure_width(measure: Measure) -> float:
    """About how many plain notes wide a measure is."""
    layers = [[item for item in layer if isinstance(item, Event)] for layer in measure.layers]
    return 1.5 + max(sum(map(event_width, events)) for events in layers)


def event_width(event: Event) -> float:
    """About how many plain notes wide an event is, words and grace notes included."""
    if event.words:
        return max(1.0, *((len(word) + 1) / 2.5 for _, _, word in event.words))
    return 1 + len(event.graces) / 2
