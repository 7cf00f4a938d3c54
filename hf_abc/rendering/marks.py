"""Everything of a score that is no note: ornaments, dynamics, words, chord symbols and tempo, as MusicXML."""

import re
from collections.abc import Sequence
from fractions import Fraction
from xml.sax.saxutils import escape, quoteattr

from hf_abc.rendering.beams import pieces
from hf_abc.rendering.words import NOT_XML

FINGERS = ("0", "1", "2", "3", "4", "5")
_ORNAMENTS = {
    "T": "trill-mark", "trill": "trill-mark", "~": "turn", "roll": "turn", "turn": "turn", "M": "mordent",
    "lowermordent": "mordent", "mordent": "mordent", "P": "inverted-mordent",
    "uppermordent": "inverted-mordent", "pralltriller": "inverted-mordent", "invertedturn": "inverted-turn",
}  # fmt: skip
_TECHNICAL = {"u": "up-bow", "upbow": "up-bow", "v": "down-bow", "downbow": "down-bow", "open": "open-string"}
_TECHNICAL |= {"thumb": "thumb-position", "snap": "snap-pizzicato", "+": "stopped", "plus": "stopped"}
_ARTICULATIONS = {
    ".": "staccato", "staccato": "staccato", "L": "accent", ">": "accent", "accent": "accent",
    "emphasis": "accent", "tenuto": "tenuto", "^": "strong-accent", "marcato": "strong-accent",
    "wedge": "staccatissimo", "breath": "breath-mark", "shortphrase": "caesura", "slide": "scoop",
    "J": "scoop",
}  # fmt: skip
_DYNAMICS = {"p", "pp", "ppp", "pppp", "f", "ff", "fff", "ffff", "mp", "mf", "sfz", "fp"}
_WEDGES = {"crescendo(": "crescendo", "<(": "crescendo", "diminuendo(": "diminuendo", ">(": "diminuendo"}
_WEDGES |= dict.fromkeys(("crescendo)", "<)", "diminuendo)", ">)"), "stop")
_SIGNS = {"S": "<segno/>", "segno": "<segno/>", "O": "<coda/>", "coda": "<coda/>"}
_WORDS = {"D.C.": "D.C.", "D.S.": "D.S.", "dacapo": "D.C.", "dacoda": "Da Coda", "fine": "Fine"}
_KINDS = {
    "": "major", "maj": "major", "m": "minor", "min": "minor", "-": "minor", "7": "dominant",
    "maj7": "major-seventh", "M7": "major-seventh", "m7": "minor-seventh", "min7": "minor-seventh",
    "dim": "diminished", "o": "diminished", "dim7": "diminished-seventh", "m7b5": "half-diminished",
    "aug": "augmented", "+": "augmented", "sus": "suspended-fourth",
    "sus4": "suspended-fourth", "sus2": "suspended-second", "6": "major-sixth", "m6": "minor-sixth",
    "9": "dominant-ninth", "maj9": "major-ninth", "m9": "minor-ninth", "5": "power",
}  # fmt: skip
_CHORD = re.compile(r"\(?([A-G])([#b\u266f\u266d]?)([^/()]*)(?:/([A-Ga-g])([#b]?))?\)?$")
_TEMPO = re.compile(r"(?:\"([^\"]*)\"\s*)?(?:(\d+)/(\d+)[^=]*=\s*)?(\d+)?\s*(?:\"([^\"]*)\")?")


def xml_text(value: str) -> str:
    """Text for an XML document: escaped, without what XML forbids."""
    return escape(NOT_XML.sub("", value))


def direction(inner: str, placement: str = "above") -> str:
    """Something that stands at a place in the music rather than on a note."""
    return f'<direction placement="{placement}"><direction-type>{inner}</direction-type></direction>'


def tempo(value: str) -> str:
    """`Q:1/4=120`, `Q:"Allegro" 1/4=120`, `Q:120` (of old so many unit notes; a quarter here)."""
    found = _TEMPO.fullmatch(value.strip())
    if not found or not value.strip():
        return ""
    words, rate = found[1] or found[5], int(found[4] or 0)
    out = direction(f"<words>{xml_text(words)}</words>") if words else ""
    beat = Fraction(int(found[2]), int(found[3]) or 1) if found[2] else Fraction(1, 4)
    shown = pieces(beat) if beat else ()
    if 0 < rate < 1000 and len(shown) == 1:
        _, kind, dots = shown[0]
        unit = f"<beat-unit>{kind}</beat-unit>" + "<beat-unit-dot/>" * dots
        out += direction(f"<metronome>{unit}<per-minute>{rate}</per-minute></metronome>")
    return out


def mark_direction(mark: str) -> str:
    """A decoration that stands at a place: a dynamic, a wedge, a segno; "" where `mark` belongs to a note."""
    if mark in _DYNAMICS:
        return direction(f"<dynamics><{mark}/></dynamics>", "below")
    if mark in _WEDGES:
        return direction(f'<wedge type="{_WEDGES[mark]}"/>', "below")
    if mark in _SIGNS:
        return direction(_SIGNS[mark])
    if mark in _WORDS:
        return direction(f"<words>{_WORDS[mark]}</words>")
    return ""


def quoted(text: str) -> str:
    """A quoted string: an annotation (`"^text"`), else a chord symbol where it reads as one, else words.

    Old tunebooks write all their words that way.
    """
    if text[:1] in ("^", "_", "<", ">", "@"):
        words = re.sub(r"^@[\d.,+ -]*", "", text) if text[0] == "@" else text[1:]
        if not words.strip():
            return ""
        return direction(f"<words>{xml_text(words)}</words>", "below" if text[0] == "_" else "above")
    found = _CHORD.match(text.strip())
    if found and found[3].strip() in _KINDS:
        kind = found[3].strip()
        bass = ""
        if found[4]:
            bass = f"<bass><bass-step>{found[4].upper()}</bass-step>{_alter(found[5], 'bass')}</bass>"
        return (
            f"<harmony><root><root-step>{found[1]}</root-step>{_alter(found[2], 'root')}</root>"
            f"<kind text={quoteattr(kind)}>{_KINDS[kind]}</kind>{bass}</harmony>"
        )
    return direction(f"<words>{xml_text(text)}</words>") if text.strip() else ""


def _alter(sign: str, which: str) -> str:
    value = -1 if sign in ("b", "\u266d") else 1
    return f"<{which}-alter>{value}</{which}-alter>" if sign else ""


def note_marks(marks: Sequence[str]) -> str:
    """The notations of the decorations on one note; those that are not known are left out."""
    ornaments = "".join(f"<{_ORNAMENTS[m]}/>" for m in marks if m in _ORNAMENTS)
    technical = "".join(f"<{_TECHNICAL[m]}/>" for m in marks if m in _TECHNICAL)
    technical += "".join(f"<fingering>{m}</fingering>" for m in marks if m in FINGERS)
    articulations = "".join(f"<{_ARTICULATIONS[m]}/>" for m in marks if m in _ARTICULATIONS)
    out = f"<ornaments>{ornaments}</ornaments>" if ornaments else ""
    out += f"<technical>{technical}</technical>" if technical else ""
    out += f"<articulations>{articulations}</articulations>" if articulations else ""
    out += "<arpeggiate/>" if "arpeggio" in marks else ""
    return out + ('<fermata type="upright"/>' if {"H", "fermata"} & set(marks) else "")
