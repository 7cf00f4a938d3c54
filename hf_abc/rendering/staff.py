"""A tune as it stands on the staff: voices, measures, and notes with their written lengths.

This is what a score draws: beams, tuplets, slurs, ties, grace notes, endings, ornaments, chord symbols,
words under the notes, several voices and overlays. It does not play: repeats are not expanded and ornaments
are not written out. reader.py makes it from ABC, musicxml.py writes it.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from hf_abc.notation.keys import Key
from hf_abc.notation.meter import Meter


@dataclass(slots=True)
class Pitch:
    """One note head. `sign` is the accidental to draw, None for none; `octave` 4 holds middle C."""

    step: str
    octave: int
    alter: int
    sign: int | None = None
    tie_start: bool = False
    tie_stop: bool = False


@dataclass(slots=True)
class Event:
    """A note, a chord or (without pitches) a rest. Lengths are parts of a whole note; `written` is without
    the tuplet.
    """

    pitches: list[Pitch]
    written: Fraction
    measure: int
    tuplet: tuple[int, int] | None = None  # (actual, normal)
    tuplet_start: bool = False
    tuplet_stop: bool = False
    visible: bool = True
    whole_measure: bool = False
    joined: bool = False  # nothing stands between it and the note before: the beam goes on
    new_line: bool = False  # a line of the ABC begins here
    graces: list[Pitch] = field(default_factory=list)
    slashed: bool = False
    marks: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)  # as quoted: chord symbols and annotations
    slur_starts: list[int] = field(default_factory=list)
    slur_stops: list[int] = field(default_factory=list)
    words: list[tuple[int, str, str]] = field(default_factory=list)  # (verse, MusicXML syllabic, text)

    @property
    def length(self) -> Fraction:
        actual, normal = self.tuplet or (1, 1)
        return self.written * normal / actual


@dataclass(slots=True)
class Change:
    """Something that happens between two notes: `kind` is key, meter, clef, tempo, part, words or mark."""

    kind: str
    value: Key | Meter | str


@dataclass(slots=True)
class Measure:
    """The music between two bar lines. `layers` are overlays (`&`), nearly always one."""

    layers: list[list[Event | Change]] = field(default_factory=lambda: [[]])
    repeat_start: bool = False
    repeat_stop: bool = False
    ending: str = ""
    ending_stop: bool = False
    style: str = "|"  # the bar line at its right: "|", "||", "|]" or "" for none
    fermata: bool = False
    new_line: bool = False
    continues: bool = False  # no bar line stands before it

    @property
    def length(self) -> Fraction:
        lengths = (
            sum((e.length for e in layer if isinstance(e, Event)), Fraction(0)) for layer in self.layers
        )
        return max(lengths, default=Fraction(0))

    @property
    def empty(self) -> bool:
        return not any(isinstance(e, Event) for layer in self.layers for e in layer)


@dataclass(slots=True)
class Voice:
    """One staff: its name, its clef (name, line, octave shift) as text, its measures. `key` and `meter` are
    those that it begins with, None where they are the tune's.
    """

    id: str
    name: str = ""
    clef: str = "treble"
    transpose: int = 0
    key: Key | None = None
    meter: Meter | None = None
    measures: list[Measure] = field(default_factory=list)


@dataclass(slots=True)
class Sheet:
    """A whole tune, ready to be drawn."""

    titles: list[str]
    composer: str
    tempo: str
    key: Key
    meter: Meter
    voices: list[Voice]
    spaced: bool
    messages: list[str]
