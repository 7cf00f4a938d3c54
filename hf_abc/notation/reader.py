"""The music of a tune as timed elements: what every other view of the notes is built on.

The reader walks the lines of a tune once and gives each note, chord and rest its length, with unit note
length, meter, broken rhythm, tuplets and chord lengths applied. It does not expand repeats, merge ties or
judge anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from hf_abc.notation.lexer import Symbol, all_known, lex
from hf_abc.notation.meter import WHOLE, Meter, default_length, multiplier, parse_length, parse_meter
from hf_abc.notation.tune import FIELD, header_fields, is_music, split_header

TIMED = frozenset({"note", "chord", "rest"})
_PITCH = re.compile(r"((?:\^\^|__|\^|_|=)?[A-Ga-g][,']*)(.*)", re.DOTALL)
_TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
_ONE = (1, 1)


@dataclass(slots=True)
class Element:
    """One symbol, or one whole chord, of a tune.

    `start` is its offset in the tune's text and `line` its line there, from 1. `ticks` is its sounding
    length, `written` the length before tuplets and broken rhythm. `advance` is how far the bar has moved on
    when this symbol and nothing behind it has been read: a note's length before a broken-rhythm mark that may
    follow it, and at the mark what the mark adds. `pitches` are the pitches as written, without lengths;
    `tuplet` is how many more elements the running tuplet takes after this one.
    """

    kind: str
    text: str
    start: int
    line: int
    meter: Meter
    voice: str = ""
    ticks: int = 0
    written: int = 0
    advance: int = 0
    pitches: tuple[str, ...] = ()
    tuplet: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(slots=True)
class _State:
    """What one voice carries from symbol to symbol. Factors are (numerator, denominator): `Fraction` is ten
    times slower.
    """

    unit: int
    meter: Meter
    last: Element | None = None
    mark: Element | None = None
    broken: tuple[int, int] = _ONE
    tuplet_left: int = 0
    tuplet_factor: tuple[int, int] = _ONE

    def time(self, element: Element, length: tuple[int, int]) -> None:
        """Give a note, chord or rest its lengths and move tuplet and broken rhythm on."""
        top, bottom = self.unit * length[0], length[1]
        element.written = top // bottom
        if self.tuplet_left:
            top, bottom = top * self.tuplet_factor[0], bottom * self.tuplet_factor[1]
            self.tuplet_left -= 1
            element.tuplet = self.tuplet_left
        element.ticks = element.advance = top // bottom
        if self.mark is not None:
            self._break(element, top, bottom)
        self.last = element

    def _break(self, element: Element, top: int, bottom: int) -> None:
        """The second note of a broken rhythm. Between notes of unequal length the mark does nothing: the
        standard (§4.4) leaves it open, abc2midi does so, and of the printed tunes that have it more come out
        right.
        """
        assert self.mark is not None
        before, shift = self.last, self.mark.advance
        if before is not None and before.ticks - shift == element.ticks:
            element.ticks = element.advance = top * self.broken[0] // (bottom * self.broken[1])
        elif before is not None:
            before.ticks -= shift
            element.advance -= shift
        self.mark = None

    def start_tuplet(self, text: str) -> None:
        """`(p:q:r`: p notes in the time of q, for r notes (§4.13)."""
        notes, time, count = ([int(part[:4] or 0) for part in text[1:].split(":")] + [0, 0])[:3]
        time = time or _TUPLET_TIME.get(notes, 3 if self.meter.compound else 2)
        if notes:
            self.tuplet_left, self.tuplet_factor = count or notes, (time, notes)

    def break_rhythm(self, element: Element) -> None:
        """`A>B` gives A half of B's length; `A<B` the other way; `>>` and `>>>` a quarter and an eighth
        (§4.4).
        """
        if self.last is None or self.mark is not None:
            return
        whole = 2 ** min(len(element.text), 6)
        long, short = (2 * whole - 1, whole), (1, whole)
        first, self.broken = (long, short) if element.text[0] == ">" else (short, long)
        ticks = self.last.ticks * first[0] // first[1]
        element.advance = ticks - self.last.ticks
        self.last.ticks = ticks
        self.mark = element

    def change(self, letter: str, value: str) -> None:
        """Apply a field in the body."""
        if letter == "L" and (unit := parse_length(value)):
            self.unit = unit.numerator * WHOLE // unit.denominator
        elif letter == "M":
            self.meter = parse_meter(value)


@lru_cache(maxsize=4096)
def _split_note(text: str) -> tuple[str, tuple[int, int]]:
    """A written note -> its pitch and its length as (numerator, denominator)."""
    pitch, length = _PITCH.match(text).groups()  # type: ignore[union-attr]
    return pitch, _length(length)


@lru_cache(maxsize=1024)
def _length(text: str) -> tuple[int, int]:
    return multiplier(text).as_integer_ratio()


def _voice(value: str) -> str:
    """The name of the voice in a `V:` field."""
    return (value.split() or [""])[0]


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
    length = parse_length(header.get("L", [""])[-1]) or default_length(meter)
    unit = length.numerator * WHOLE // length.denominator
    voices: dict[str, _State] = {}
    voice = ""
    elements: list[Element] = []
    for number, offset, line in _music_lines(text):
        state = voices.setdefault(voice, _State(unit, meter))
        if not is_music(line):
            if found := FIELD.match(line):
                if found[1] == "V":
                    voice = _voice(found[2])
                state.change(found[1], found[2])
                elements.append(Element("field", line, offset, number, state.meter, voice))
            continue
        symbols = lex(line)
        position, start = 0, offset
        while position < len(symbols):
            kind, symbol = symbols[position]
            if kind == "field" and symbol[1] == "V":
                voice = _voice(symbol[3:-1])
                state = voices.setdefault(voice, _State(unit, meter))
            element = Element(kind, symbol, start, number, state.meter, voice)
            if kind == "note":
                pitch, ratio = _split_note(symbol)
                element.pitches = (pitch,)
                state.time(element, ratio)
            elif kind == "chord_open":
                position = _read_chord(symbols, position, element, state)
            else:
                _read_symbol(element, state)
            elements.append(element)
            start += len(element.text)
            position += 1
        elements.append(Element("line_end", "\n", offset + len(line), number, state.meter, voice))
    return elements


def _read_symbol(element: Element, state: _State) -> None:
    """Time one symbol that is neither note nor chord, or let it change the state."""
    kind, text = element.kind, element.text
    if kind == "rest":
        state.time(element, _length(text[1:]))
    elif kind == "full_rest":
        element.kind = "rest"
        bars = int(text[1:5] or 1)
        element.ticks = element.written = element.advance = bars * (state.meter.ticks or WHOLE)
    elif kind == "tuplet":
        state.start_tuplet(text)
    elif kind == "broken":
        state.break_rhythm(element)
    elif kind == "field":
        state.change(text[1], text[3:-1])
        element.meter = state.meter


def _read_chord(symbols: list[Symbol], position: int, element: Element, state: _State) -> int:
    """Join the symbols from `[` to `]` into one element; returns the place of the `]` (or of the last symbol
    read).
    """
    first: tuple[int, int] | None = None
    pitches: list[str] = []
    end = position + 1
    while end < len(symbols) and symbols[end].kind not in ("chord_close", "bar", "chord_open"):
        if symbols[end].kind == "note":
            pitch, ratio = _split_note(symbols[end].text)
            pitches.append(pitch)
            first = first or ratio
        end += 1
    if end == len(symbols) or symbols[end].kind != "chord_close":
        element.kind = "unknown"
        return position
    element.text = "".join(s.text for s in symbols[position : end + 1])
    element.pitches = tuple(pitches)
    element.kind = "chord" if pitches else "unknown"
    if first is not None:
        own = _length(symbols[end].text[1:])
        state.time(element, (first[0] * own[0], first[1] * own[1]))
    return end


def unreadable(line: str) -> str:
    """The first character of the first symbol of a music line that `read` would call unknown, or nothing:
    quicker than reading.
    """
    if all_known(line):
        return ""
    symbols = lex(line)
    position = 0
    while position < len(symbols):
        kind = symbols[position].kind
        if kind == "unknown":
            return symbols[position].text[0]
        if kind == "chord_open":
            end = position + 1
            while end < len(symbols) and symbols[end].kind not in ("chord_close", "bar", "chord_open"):
                end += 1
            inside = symbols[position:end]
            closed = end < len(symbols) and symbols[end].kind == "chord_close"
            if not closed or not any(symbol.kind == "note" for symbol in inside):
                return "["
            position = end
        position += 1
    return ""
