"""Music without bar lines, divided so that it fits on lines: an engraver breaks lines at bar lines only.

A measure that is wider than a system gets invisible bar lines where a line of the ABC begins, and where that
is not enough, wherever all voices have a note. Its accidentals hold to its end, so they are drawn again
behind each such place.
"""

from fractions import Fraction

from hf_abc.notation.keys import Key
from hf_abc.rendering.staff import Change, Event, Measure, Sheet, Voice
from hf_abc.rendering.systems import event_width, measure_width, room

Layer = list[Event | Change]


def divide(sheet: Sheet) -> None:
    """Divide the measures of a sheet that are too wide, in place, in all voices at once."""
    limit = room(sheet)
    index = 0
    while any(index < len(voice.measures) for voice in sheet.voices):
        voices = [voice for voice in sheet.voices if index < len(voice.measures)]
        widest = max((voice.measures[index] for voice in voices), key=measure_width)
        places = []
        if measure_width(widest) > limit:
            places = _places(widest, [voice.measures[index] for voice in voices], limit)
        for voice in voices if places else ():
            _divide(voice, index, places, voice.key or sheet.key)
        index += 1 + len(places)


def _places(widest: Measure, measures: list[Measure], limit: float) -> list[Fraction]:
    """The times within the measure at which it is divided."""
    possible = set.intersection(*(_starts(layer) for measure in measures for layer in measure.layers))
    lines = {
        time
        for measure in measures
        for layer in measure.layers
        for time, event in _timed(layer)
        if event.new_line and time in possible and time
    }
    places: list[Fraction] = []
    filled, last = 0.0, None  # last: where it could be divided before it is too wide
    for time, event in _timed(widest.layers[0]):
        if time in lines:
            places.append(time)
            filled, last = 0.0, None
        elif filled > limit and last is not None:
            places.append(last)
            filled, last = 0.0, None
        elif time in possible and filled:
            last = time
        filled += event_width(event)
    return places


def _timed(layer: Layer) -> list[tuple[Fraction, Event]]:
    timed, now = [], Fraction(0)
    for item in layer:
        if isinstance(item, Event):
            timed.append((now, item))
            now += item.length
    return timed


def _starts(layer: Layer) -> set[Fraction]:
    """When an event begins that is not in the middle of a tuplet."""
    starts, inside = set(), False
    for time, event in _timed(layer):
        if event.tuplet_start or not inside:
            starts.add(time)
        inside = bool(event.tuplet) and not event.tuplet_stop
    return starts


def _divide(voice: Voice, index: int, places: list[Fraction], key: Key) -> None:
    for earlier in voice.measures[:index]:
        key = next((c.value for c in _changes(earlier) if isinstance(c.value, Key)), key)
    whole = voice.measures[index]
    divided = [_pieces(layer, places) for layer in whole.layers]
    voice.measures[index : index + 1] = [
        Measure(
            layers=[pieces[number] for pieces in divided],
            repeat_start=whole.repeat_start and number == 0,
            repeat_stop=whole.repeat_stop and number == len(places),
            ending=whole.ending if number == 0 else "",
            ending_stop=whole.ending_stop and number == len(places),
            style=whole.style if number == len(places) else "",
            fermata=whole.fermata and number == len(places),
            new_line=whole.new_line if number == 0 else True,
            continues=whole.continues if number == 0 else True,
        )
        for number in range(len(places) + 1)
    ]
    for pieces in divided:
        _draw_accidentals_again(pieces, key)


def _changes(measure: Measure) -> list[Change]:
    return [item for layer in measure.layers for item in layer if isinstance(item, Change)][::-1]


def _pieces(layer: Layer, places: list[Fraction]) -> list[Layer]:
    pieces: list[Layer] = [[]]
    now, waiting = Fraction(0), list(places)
    held: Layer = []  # changes belong to the note behind them
    for item in layer:
        if isinstance(item, Change):
            held.append(item)
            continue
        while waiting and now >= waiting[0]:
            waiting.pop(0)
            pieces.append([])
        pieces[-1] += [*held, item]
        held = []
        now += item.length
    pieces[-1] += held
    return pieces + [[] for _ in waiting]


def _draw_accidentals_again(pieces: list[Layer], key: Key) -> None:
    for piece in pieces:
        drawn: dict[tuple[str, int], int] = {}
        for item in piece:
            if isinstance(item, Change):
                key = item.value if isinstance(item.value, Key) else key
                continue
            for pitch in item.pitches:
                place = (pitch.step, pitch.octave)
                usual = drawn.get(place, key.accidentals.get(pitch.step, 0))
                if pitch.alter != usual and pitch.sign is None and not pitch.tie_stop:
                    pitch.sign = pitch.alter
                drawn[place] = pitch.alter
