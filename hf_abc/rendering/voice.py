"""One voice: its symbols, left to right, become notes in measures."""

import re
from fractions import Fraction

from hf_abc.notation.bars import parse_barline
from hf_abc.notation.keys import Key, parse_key
from hf_abc.notation.lexer import Symbol, lex
from hf_abc.notation.meter import Meter, multiplier, parse_length, parse_meter
from hf_abc.rendering.clefs import named_clef, usual_clef
from hf_abc.rendering.endings import ending_numbers, shorten_endings
from hf_abc.rendering.lyrics import set_words
from hf_abc.rendering.pitches import Pitches
from hf_abc.rendering.staff import Change, Event, Measure, Pitch, Voice
from hf_abc.rendering.words import plain_words

LONGEST = Fraction(16)  # whole notes; a longer one comes from a model gone astray and would fill pages
SHORTEST = Fraction(1, 1024)
MOST_RESTS = 2000  # measures, after which `Z` counts as one
_IN_TIME_OF = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # tuplets, standard 2.1 §4.13; 5, 7 and 9 follow the meter


class VoiceReader:
    """Reads the symbols of one voice, left to right, into its measures."""

    def __init__(self, voice: Voice, key: Key, meter: Meter, unit: Fraction, messages: list[str]) -> None:
        self.voice, self.meter, self.unit, self.messages = voice, meter, unit, messages
        self.pitches = Pitches(key)
        self.clef_named, self.clef = False, voice.clef
        self.measure = Measure()
        self.layer = self.measure.layers[0]
        self.last: Event | None = None
        self.line: list[Event] = []
        self.verse = 0
        self.spaced = False
        self.in_ending = False
        self.joined = False
        self.line_begins = False
        self.continued = False
        self.broken = Fraction(1)
        self.tuplet: tuple[int, int] | None = None
        self.tuplet_left = 0
        self.tuplet_fresh = False
        self.chord: Event | None = None
        self.slurs_open: list[tuple[int, Event]] = []
        self.slurs_waiting = 0
        self.graces: list[Pitch] = []
        self.slashed = False
        self.marks: list[str] = []
        self.texts: list[str] = []

    def properties(self, text: str) -> None:
        """`clef=`, `octave=`, `transpose=` and `name=` of a `V:` or `K:` field."""
        if clef := named_clef(text):
            if self._at_start:
                self.voice.clef, self.clef_named = clef, True
            elif clef != self.clef:
                self.layer.append(Change("clef", clef))
            self.clef = clef
        if found := re.search(r"\bname=\"([^\"]*)\"|\bname=(\S+)|\bnm=\"([^\"]*)\"", text):
            self.voice.name = next(part for part in found.groups() if part is not None)
        if found := re.search(r"\boctave=([+-]?\d)(?!\d)", text):
            self.pitches.octave = int(found[1])
        if found := re.search(r"\btranspose=([+-]?\d{1,2})(?!\d)", text):
            self.voice.transpose = int(found[1])

    def field(self, letter: str, value: str) -> None:
        """A field line of the body, or an inline field."""
        if letter == "K":
            self.properties(value)
            if key := parse_key(value):
                self.pitches.change_key(key)
                if self._at_start:
                    self.voice.key = key
                else:
                    self.layer.append(Change("key", key))
            elif not named_clef(value):
                self.messages.append(f"the key {value!r} is not known; the one before stays")
        elif letter == "M":
            self.meter = parse_meter(value)
            if self._at_start:
                self.voice.meter = self.meter
            else:
                self.layer.append(Change("meter", self.meter))
        elif letter == "L":
            self.unit = parse_length(value) or self.unit
        elif letter == "Q":
            self.layer.append(Change("tempo", value))
        elif letter == "P" and value:
            self.layer.append(Change("part", value))
        elif letter == "T" and value:
            self.layer.append(Change("words", plain_words(value)))
        elif letter == "w":
            self.verse += 1
            set_words(self.line, value, self.verse)

    @property
    def _at_start(self) -> bool:
        return not self.voice.measures and self.measure.empty

    def start_line(self) -> None:
        """A new line of music: the words that follow belong to its notes."""
        self.line, self.verse, self.joined = [], 0, False
        self.line_begins = not self.continued
        if self.measure.empty and not self.continued:
            self.measure.new_line = True
        self.continued = False

    def symbol(self, symbol: Symbol) -> None:
        kind, text = symbol.kind, symbol.text
        match kind:
            case "note":
                self._note(text)
            case "rest":
                self._add(Event([], self._length(text[1:]), len(self.voice.measures), visible=text[0] == "z"))
            case "full_rest":
                self._full_rest(text)
            case "chord_open":
                self.chord = Event([], Fraction(0), len(self.voice.measures))
            case "chord_close":
                self._close_chord(text)
            case "bar":
                self._bar(text)
            case "broken":
                self._broken(text)
            case "tuplet":
                self._tuplet(text)
            case "grace":
                self.slashed = text.startswith("{/")
                self.graces = [self.pitches.read(s.text)[0] for s in lex(text[1:-1]) if s.kind == "note"]
            case "slur":
                self._slur(text[-1])
            case "tie":
                self._tie()
            case "annotation":
                self.texts.append(plain_words(text[1:-1]))
            case "decoration":
                self.marks.append(text.strip("!+") or text)
            case "field":
                self.field(text[1], text[3:-1].strip())
            case "overlay":
                self._close_tuplet()
                self.layer = []
                self.measure.layers.append(self.layer)
                self.joined = False
            case "space" | "spacer":
                self.joined = False
            case "continuation":
                self.continued = True

    def _length(self, text: str) -> Fraction:
        length = self.unit * multiplier(text)
        if length < SHORTEST:
            self.messages.append(f"a note of {length} of a whole note is drawn as {SHORTEST}")
            return SHORTEST
        if length > LONGEST:
            self.messages.append(f"a note of {length} whole notes is drawn as {LONGEST}")
            return LONGEST
        return length

    def _note(self, text: str) -> None:
        pitch, length = self.pitches.read(text)
        if self.chord is None:
            self._add(Event([pitch], self._length(length), len(self.voice.measures)))
        else:
            self.chord.written = self.chord.written or self._length(length)
            self.chord.pitches.append(pitch)

    def _close_chord(self, text: str) -> None:
        chord, self.chord = self.chord, None
        if chord is not None and chord.pitches:
            chord.written = min(chord.written * multiplier(text[1:]), LONGEST)
            self._add(chord)
            self.pitches.close_chord()

    def _full_rest(self, text: str) -> None:
        full = Fraction(self.meter.numerator, self.meter.denominator) or Fraction(1)
        count = min(int(text[1:] or 1) or 1, 64) if text[1:].isdigit() or text[1:] == "" else 1
        for number in range(count):
            if number:
                self._bar("|")
            if len(self.voice.measures) >= MOST_RESTS:
                break
            rest = Event([], full, len(self.voice.measures), visible=text[0] == "Z", whole_measure=True)
            self._add(rest)

    def _add(self, event: Event) -> None:
        """Put a note, chord or rest behind the others, with everything that waited for it."""
        event.written *= self.broken
        self.broken = Fraction(1)
        event.joined, self.joined = self.joined, True
        event.new_line, self.line_begins = self.line_begins, False
        if not event.joined and self.layer and self.layer[-1] is self.last:
            self.spaced |= max(event.written, self.last.written) < Fraction(1, 4)
        if event.pitches:
            event.graces, event.slashed, self.graces, self.slashed = self.graces, self.slashed, [], False
        event.marks, event.texts, self.marks, self.texts = self.marks, self.texts, [], []
        if self.tuplet_left:
            event.tuplet, event.tuplet_start = self.tuplet, self.tuplet_fresh
            self.tuplet_fresh = False
            self.tuplet_left -= 1
            event.tuplet_stop = self.tuplet_left == 0
        if event.pitches:
            self.pitches.join(event)
            for _ in range(self.slurs_waiting):
                self._open_slur(event)
            self.slurs_waiting = 0
            self.line.append(event)
        self.layer.append(event)
        self.last = event

    def _tie(self) -> None:
        if self.chord is not None:
            self.pitches.tie(self.chord.pitches[-1:], in_chord=True)
        elif self.last is not None and self.last.pitches:
            self.pitches.tie(self.last.pitches)

    def _broken(self, text: str) -> None:
        if self.last is None or self.layer and self.layer[-1] is not self.last:
            return
        short = Fraction(1, 2 ** min(len(text), 3))
        long = 2 - short
        self.last.written *= long if text[0] == ">" else short
        self.broken = short if text[0] == ">" else long

    def _tuplet(self, text: str) -> None:
        actual, normal, count = ([int(n) if n else 0 for n in text[1:].split(":")] + [0, 0])[:3]
        if not 2 <= actual <= 32:
            return
        normal = normal or _IN_TIME_OF.get(actual) or (3 if self.meter.compound else 2)
        self._close_tuplet()
        self.tuplet, self.tuplet_left, self.tuplet_fresh = (
            (actual, min(normal, 32)),
            min(count or actual, 64),
            True,
        )

    def _close_tuplet(self) -> None:
        if self.tuplet_left and not self.tuplet_fresh and self.last is not None:
            self.last.tuplet_stop = True
        self.tuplet_left = 0

    def _slur(self, text: str) -> None:
        if text == "(":
            self.slurs_waiting += 1
        elif self.slurs_waiting:
            self.slurs_waiting -= 1  # "()" around nothing
        elif self.slurs_open and self.last is not None:
            number, start = self.slurs_open.pop()
            if start is not self.last:
                start.slur_starts.append(number)
                self.last.slur_stops.append(number)

    def _open_slur(self, event: Event) -> None:
        free = next((n for n in range(1, 7) if n not in [number for number, _ in self.slurs_open]), None)
        if free is not None:
            self.slurs_open.append((free, event))

    def _bar(self, text: str) -> None:
        """A bar line: it ends the measure when it holds notes, else it only adds to the bar line before."""
        line = parse_barline(text)
        start, stop, double = bool(line.repeat_start), bool(line.repeat_end), "||" in text
        heavy = ("|]" in text or "[|" in text) and not start
        drawn = "|" in text or start or stop
        chord_left, self.chord = self.chord, None
        if chord_left is not None and chord_left.pitches:
            self._add(chord_left)
        if not self.measure.empty:
            self._close(style="|]" if heavy else "||" if double else "|" if drawn else "")
        if self.voice.measures:
            before = self.voice.measures[-1]
            if stop:
                before.repeat_stop = True
            elif heavy:
                before.style = "|]"
            elif double and before.style == "|":
                before.style = "||"
            if self.in_ending and (stop or start or double or heavy or line.ending):
                before.ending_stop, self.in_ending = True, False
        self.measure.repeat_start = self.measure.repeat_start or start
        if line.ending:
            self.measure.ending, self.in_ending = ending_numbers(line.ending), True
        self.pitches.bar()
        self.joined = False

    def _close(self, style: str) -> None:
        self.measure.style = style
        self.measure.fermata = any(mark in ("H", "fermata") for mark in self.marks)
        self.layer += [Change("mark", mark) for mark in self.marks if mark not in ("H", "fermata")]
        self.layer += [Change("words", text) for text in self.texts]
        self.marks, self.texts = [], []
        self.voice.measures.append(self.measure)
        self.measure = Measure()
        self.layer = self.measure.layers[0]

    def finish(self) -> None:
        """The end of the tune: close what is open."""
        self._close_tuplet()
        if self.chord is not None and self.chord.pitches:
            self._add(self.chord)
        if not self.measure.empty:
            self._close(style="|")
        if self.voice.measures and self.in_ending:
            self.voice.measures[-1].ending_stop = True
        if not self.clef_named:
            self.voice.clef = usual_clef(self.voice.measures)
        shorten_endings(self.voice.measures)
