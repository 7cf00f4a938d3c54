"""Melodies: the pitches of a tune, its intervals, and its bars as text.

Notes are taken as written: repeats are not expanded, grace notes are left out, of a chord the highest pitch
is taken, tied notes of the same pitch are joined.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from hf_abc.notation.keys import NATURAL, Key, parse_key
from hf_abc.notation.reader import TIMED, Element, read
from hf_abc.notation.tune import header_fields

_ALTER = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_NOTE = re.compile(r"(\^\^|__|\^|_|=)?([A-Ga-g])([,']*)")


@dataclass(frozen=True, slots=True)
class Note:
    """A sounding note: MIDI pitch (middle C = 60), its onset in ticks from the start of the tune, its length
    in ticks.
    """

    pitch: int
    onset: int
    ticks: int


@lru_cache(maxsize=1024)
def split_pitch(text: str) -> tuple[str, str, int]:
    """(accidental, letter in upper case, octave) of a written pitch; octave 0 is the one of middle C (`C`),
    `c` is 1.
    """
    accidental, letter, marks = _NOTE.match(text).groups()  # type: ignore[union-attr]
    octave = (1 if letter.islower() else 0) + marks.count("'") - marks.count(",")
    return accidental or "", letter.upper(), octave


def notes(text: str) -> list[Note]:
    """The melody of a tune; of several voices, the one that sounds first.

    An accidental holds for its letter in every octave to the end of the bar (standard 2.1, §11.3: the default
    of `propagate-accidentals` is `pitch`), and beyond it for a note that a tie carries over the bar line.
    """
    key = parse_key(header_fields(text).get("K", [""])[0]) or parse_key("C")
    assert key is not None
    found: list[Note] = []
    in_bar: dict[str, int] = {}
    held: dict[str, int] = {}
    onset = 0
    tied = False
    for element in first_voice(text):
        if element.kind == "bar":
            held, in_bar = in_bar, {}
        elif element.kind == "field":
            key = _key_change(element.text) or key
        elif element.kind == "tie":
            tied = True
        elif element.kind in TIMED:
            if element.pitches:
                before = held if tied else {}
                pitch = max(_sounding(p, key, in_bar, before) for p in element.pitches)
                if tied and found and found[-1].pitch == pitch and found[-1].onset + found[-1].ticks == onset:
                    found[-1] = Note(pitch, found[-1].onset, found[-1].ticks + element.ticks)
                else:
                    found.append(Note(pitch, onset, element.ticks))
            held = {}
            tied = element.kind == "chord" and "-" in element.text
            onset += element.ticks
    return found


def first_voice(text: str) -> list[Element]:
    """The elements of the voice that has the first note."""
    return first_voice_of(read(text))


def first_voice_of(elements: list[Element]) -> list[Element]:
    """The same, of elements that are already read."""
    voice = next((e.voice for e in elements if e.pitches), elements[0].voice if elements else "")
    return [e for e in elements if e.voice == voice]


def _key_change(text: str) -> Key | None:
    inner = text[1:-1] if text.startswith("[") else text
    return parse_key(inner[2:]) if inner.startswith("K:") else None


def _sounding(written: str, key: Key, in_bar: dict[str, int], tied: dict[str, int]) -> int:
    accidental, letter, octave = split_pitch(written)
    if accidental:
        in_bar[letter] = _ALTER[accidental]
    alter = in_bar[letter] if letter in in_bar else tied.get(letter, key.accidentals.get(letter, 0))
    return 60 + 12 * octave + NATURAL[letter] + alter


def intervals(melody: list[Note]) -> list[int]:
    """Semitone steps between neighbouring notes: the same for a tune in every key."""
    return [b.pitch - a.pitch for a, b in zip(melody, melody[1:], strict=False)]


def bar_texts(text: str) -> list[str]:
    """The bars of a tune as text without spaces, for finding repeated bars; empty bars are left out.

    Of several voices, those of the one that sounds first.
    """
    return bar_texts_of(read(text))


def bar_texts_of(elements: list[Element]) -> list[str]:
    """The same, of elements that are already read."""
    texts: list[str] = []
    inside: list[str] = []
    for element in first_voice_of(elements):
        if element.kind == "bar":
            if inside:
                texts.append("".join(inside))
            inside = []
        elif element.kind in TIMED or element.kind in ("broken", "tuplet", "tie"):
            inside.append(element.text)
    if inside:
        texts.append("".join(inside))
    return texts
