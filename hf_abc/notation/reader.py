"""The music of a tune as timed elements: what every other view of the notes is built on.

The reader walks the lines of a tune once and gives each note, chord and rest its length, with unit note length, meter,
broken rhythm, tuplets and chord lengths applied. It does not expand repeats, merge ties or judge anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from hf_abc.notation.lexer import Symbol, lex
from hf_abc.notation.meter import WHOLE, Meter, default_length, multiplier, parse_length, parse_meter
from hf_abc.notation.tune import FIELD, header_fields, is_music, split_header

TIMED = frozenset({"note", "chord", "rest"})
_PITCH = re.compile(r"((?:\^\^|__|\^|_|=)?[A-Ga-g][,']*)(.*)", re.DOTALL)
_TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


@dataclass(slots=True)
class Element:
    """One symbol, or one whole chord, of a tune.

    `start` is its offset in the tune's text and `line` its line there, from 1. `ticks` is its sounding length,
    `written` the length before tuplets and broken rhythm, `plain` the length before the broken-rhythm mark that
    may follow it. `pitches` are the pitches as written, without lengths; `tuplet` is how many more elements the
    running tuplet takes after this one.
    """

    kind: str
    text: str
    start: int
    line: int
    meter: Meter
    voice: str = ""
    ticks: int = 0
    written: int = 0
    plain: int = 0
    pitches: list[str] = field(default_factory=list)
    tuplet: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(slots=True)
class _State:
    """What one voice carries from symbol to symbol."""

    unit: Fraction
    meter: Meter
    last: Element | None = None
    broken: Fraction = Fraction(1)
    tuplet_left: int = 0
    tuplet_factor: Fraction = Fraction(1)

    def time(self, element: Element, length: Fraction) -> None:
        """Give a note, chord or rest its lengths and move tuplet and broken rhythm on."""
        written = self.unit * length
        factor = self.broken
        self.broken = Fraction(1)
        if self.tuplet_left:
            factor *= self.tuplet_factor
            self.tuplet_left -= 1
        element.written = int(written * WHOLE)
        element.ticks = element.plain = int(written * factor * WHOLE)
        element.tuplet = self.tuplet_left
        self.last = element

    def start_tuplet(self, text: str) -> None:
        parts = text[1:].split(":")
        notes = int(parts[0])
        time = int(parts[1]) if len(parts) > 1 and parts[1] else 0
        if not time:
            time = _TUPLET_TIME.get(notes, 3 if self.meter.compound else 2)
        count = int(parts[2]) if len(parts) > 2 and parts[2] else notes
        if notes and time:
            self.tuplet_left, self.tuplet_factor = count, Fraction(time, notes)

    def break_rhythm(self, text: str) -> None:
        """`A>B` gives A half of B's length; `A<B` the other way; `>>` and `>>>` a quarter and an eighth."""
        short = Fraction(1, 2 ** len(text))
        first, self.broken = (2 - short, short) if text[0] == ">" else (short, 2 - short)
        if self.last is not None:
            self.last.ticks = int(self.last.ticks * first)


def _change(state: _State, letter: str, value: str) -> None:
    """Apply a field in the body."""
    if letter == "L" and (unit := parse_length(value)):
        state.unit = unit
    elif letter == "M":
        state.meter = parse_meter(value)


def _music_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """(line number from 1, offset, line) for each body line."""
    header, body = split_header(text)
    offset = sum(len(line) + 1 for line in header)
    for number, line in enumerate(body, len(header) + 1):
        yield number, offset, line
        offset += len(line) + 1


def read(text: str) -> list[Element]:
    """All elements of a tune's body in reading order. Body fields come as `field`, line ends as `line_end`.

    Source: ABC standard 2.1, chapters 4 and 7. A chord takes the length of its first note times its own.
    """
    header = header_fields(text)
    meter = parse_meter(header.get("M", ["none"])[-1])
    unit = parse_length(header.get("L", [""])[-1]) or default_length(meter)
    voices: dict[str, _State] = {}
    voice = ""
    elements: list[Element] = []
    for number, offset, line in _music_lines(text):
        state = voices.setdefault(voice, _State(unit, meter))
        if not is_music(line):
            if found := FIELD.match(line):
                if found[1] == "V":
                    voice = found[2].split()[0] if found[2].split() else ""
                _change(state, found[1], found[2])
                elements.append(Element("field", line, offset, number, state.meter, voice))
            continue
        symbols = lex(line)
        position = 0
        while position < len(symbols):
            symbol = symbols[position]
            if symbol.kind == "field" and symbol.text[1] == "V":
                voice = symbol.text[3:-1].split()[0] if symbol.text[3:-1].split() else ""
                state = voices.setdefault(voice, _State(unit, meter))
            element = Element(
                symbol.kind, symbol.text, offset + symbol.start, number, state.meter, voice
            )
            if symbol.kind == "chord_open":
                position = _read_chord(symbols, position, element, state)
            else:
                _read_symbol(symbol, element, state)
            elements.append(element)
            position += 1
        elements.append(Element("line_end", "\n", offset + len(line), number, state.meter, voice))
    return elements


def _read_symbol(symbol: Symbol, element: Element, state: _State) -> None:
    """Time one symbol that is no chord, or let it change the state."""
    if symbol.kind == "note":
        pitch, length = _PITCH.match(symbol.text).groups()  # type: ignore[union-attr]
        element.pitches = [pitch]
        state.time(element, multiplier(length))
    elif symbol.kind == "rest":
        state.time(element, multiplier(symbol.text[1:]))
    elif symbol.kind == "full_rest":
        element.kind = "rest"
        bars = int(symbol.text[1:] or 1)
        element.ticks = element.written = element.plain = bars * (state.meter.ticks or WHOLE)
    elif symbol.kind == "tuplet":
        state.start_tuplet(symbol.text)
    elif symbol.kind == "broken":
        state.break_rhythm(symbol.text)
    elif symbol.kind == "field":
        _change(state, symbol.text[1], symbol.text[3:-1])
        element.meter = state.meter


def _read_chord(symbols: list[Symbol], position: int, element: Element, state: _State) -> int:
    """Join the symbols from `[` to `]` into one element; returns the place of the `]` (or of the last symbol read)."""
    first: Fraction | None = None
    end = position + 1
    while end < len(symbols) and symbols[end].kind not in ("chord_close", "bar", "chord_open"):
        if symbols[end].kind == "note":
            pitch, length = _PITCH.match(symbols[end].text).groups()  # type: ignore[union-attr]
            element.pitches.append(pitch)
            first = first if first is not None else multiplier(length)
        end += 1
    if end == len(symbols) or symbols[end].kind != "chord_close":
        element.kind = "unknown"
        element.pitches = []
        return position
    element.text = "".join(s.text for s in symbols[position : end + 1])
    element.kind = "chord" if element.pitches else "unknown"
    if element.pitches:
        state.time(element, (first or Fraction(1)) * multiplier(symbols[end].text[1:]))
    return end
