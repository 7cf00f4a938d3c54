"""Clefs: read from V: and K: fields, and guessed where a voice names none."""

import re

from hf_abc.rendering.staff import Event, Measure

TREBLE = "treble"
_NAMES = "treble|bass|alto|tenor|perc|none"
_LETTERS = {"G": "treble", "F": "bass", "C": "alto", "P": "perc"}
# `none` alone is a key; a lone letter is a tonic
_CLEF = re.compile(
    rf'(?:clef="?({_NAMES}|[GFCP]\b|[GFC](?=[1-5]))|(?<![\w=])(?!none)({_NAMES}))([1-5]?)([-+_^]?8)?"?(?=\s|$)'
)
_NAMED = re.compile(r'\b\w*(?:name|nm)="[^"]*"')  # what a staff is called may hold the word of a clef
_SIGNS = {
    "treble": ("G", 2),
    "bass": ("F", 4),
    "alto": ("C", 3),
    "tenor": ("C", 4),
    "perc": ("percussion", 2),
    "none": ("none", 2),
}


def named_clef(text: str) -> str:
    """The clef that a field names, as a name, a line and octaves (`treble`, `bass3`, `treble-8`); else ""."""
    if not (found := _CLEF.search(_NAMED.sub("", text))):
        return ""
    name = found[1] or found[2]
    octave = "" if not found[4] else "+8" if found[4][0] in "+^" else "-8"
    return _LETTERS.get(name, name) + found[3] + octave


def parts(clef: str) -> tuple[str, int, int]:
    """(MusicXML's sign, line, octaves) of a clef of `named_clef`."""
    found = re.fullmatch(r"([a-z]+)(\d?)([+-]8)?", clef)
    name, line, octave = found.groups() if found else (TREBLE, "", None)
    sign, usual = _SIGNS[name]
    return sign, int(line or usual), {"+8": 1, "-8": -1}.get(octave or "", 0)


def usual_clef(measures: list[Measure]) -> str:
    """The clef of a voice that names none: bass where most notes lie below middle C."""
    heads = sorted(
        pitch.octave
        for measure in measures
        for layer in measure.layers
        for event in layer
        if isinstance(event, Event)
        for pitch in event.pitches
    )
    return "bass" if heads and heads[len(heads) // 2] < 4 else TREBLE
