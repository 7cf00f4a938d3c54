"""Key signatures: tonic, mode and the accidentals that they set."""

import re
from dataclasses import dataclass, field

LETTERS = "CDEFGAB"
NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
_MODES = dict(maj=0, ion=0, mix=-1, dor=-2, m=-3, min=-3, aeo=-3, phr=-4, loc=-5, lyd=1)
_NO_MODES = ("", "exp", "clef", "treble", "bass", "alto", "tenor", "octave", "transpose")
_SHARPS = "FCGDAEB"
_GLUED = re.compile(r"(?<=\S)[\^_=][A-Ga-g](?!\w)")
_ADDED = re.compile(r"(?<=\s)(\^|_|=)([A-Ga-g])(?!\w)")
_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")


@dataclass(frozen=True, slots=True)
class Key:
    """A key. `accidentals` maps the letters that the signature alters to +1 or -1; `sharps` is negative for
    flats.

    `mode` is one of "", "m", "dor", "mix", "phr", "lyd", "loc"; `tonic` is "" for `K:none` and `K:HP`.
    """

    text: str
    tonic: str
    mode: str
    sharps: int
    accidentals: dict[str, int] = field(hash=False)

    @property
    def pitch_class(self) -> int:
        """The tonic's pitch class, C = 0; 0 where there is no tonic."""
        return pitch_class(self.tonic) if self.tonic else 0

    @property
    def name(self) -> str:
        """The shortest standard spelling: G, Am, Edor, F#mix."""
        return f"{self.tonic}{self.mode}" if self.tonic else self.text


def pitch_class(name: str) -> int:
    """C -> 0, F# -> 6, Bb -> 10."""
    return (NATURAL[name[0]] + {"": 0, "#": 1, "b": -1}[name[1:2]]) % 12


def signature(sharps: int) -> dict[str, int]:
    """The letters that a signature of so many sharps (negative: flats) alters."""
    if sharps >= 0:
        return dict.fromkeys(_SHARPS[:sharps], 1)
    return dict.fromkeys(_SHARPS[::-1][:-sharps], -1)


def tonic_sharps(tonic: str, mode: str) -> int:
    """The signature of a tonic and a mode, in sharps."""
    return _FIFTHS[tonic[0]] + {"": 0, "#": 7, "b": -7}[tonic[1:2]] + _MODES[mode or "maj"]


def parse_key(text: str) -> Key | None:
    """Read a `K:` field; None where it names no key (`K:maj`, `K:c`, an empty field, a signature beyond
    seven).

    Highland pipes (`K:HP`, `K:Hp`) sound F and C sharp; `K:none` sets nothing. `exp` and loose accidentals
    behind the mode (`K:D ^g`) are added to the signature.
    """
    text = text.strip()
    if re.match(r"none\b", text, re.IGNORECASE):
        return Key("none", "", "", 0, {})
    if re.match(r"H[Pp]\b", text):
        return Key(text[:2], "", "", 2, {"F": 1, "C": 1})
    found = _KEY.match(text)
    if not found:
        return None
    word = found[3].lower()
    explicit = word == "exp"
    mode = "" if word in _NO_MODES else word[:3]
    if word == "m":
        mode = "m"
    if mode and mode not in _MODES:
        return None
    mode = {"maj": "", "ion": "", "min": "m", "aeo": "m"}.get(mode, mode)
    sharps = 0 if explicit else tonic_sharps(found[1] + found[2], mode)
    if abs(sharps) > 7:
        return None
    accidentals = signature(sharps)
    if _GLUED.match(text, found.end()):  # `K:D_B`
        return None
    for mark, letter in _ADDED.findall(text):
        accidentals[letter.upper()] = {"^": 1, "_": -1, "=": 0}[mark]
    return Key(text, found[1] + found[2], mode, sharps, accidentals)
