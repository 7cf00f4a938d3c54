"""A tune in another key, as a musician would write it.

Every note moves by the same number of letters and the key signature does the rest, so that the text keeps its
look: an accidental against the old signature becomes the same accidental against the new one. Exact for all
modes; a tune in `K:none`, in the pipes' key or with a key change to an unreadable key cannot be moved and
gives None.
"""

import re

from hf_abc.notation.keys import LETTERS, NATURAL, Key, parse_key, pitch_class, signature, tonic_sharps
from hf_abc.notation.lexer import lex
from hf_abc.notation.melody import split_pitch
from hf_abc.notation.tune import is_music, split_header

_ALTER = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_MARK = {2: "^^", 1: "^", 0: "=", -1: "_", -2: "__"}
_NAMES = ("C", "C#", "Db", "D", "D#", "Eb", "E", "F", "F#", "Gb", "G", "G#", "Ab", "A", "A#", "Bb", "B", "Cb")
_CHORD_ROOT = re.compile(r"([A-G])([#b]?)")
_WRITTEN = re.compile(r"(?:\^\^|__|\^|_|=)?[A-Ga-g][,']*")


def best_tonic(key: Key, semitones: int) -> str | None:
    """The tonic that lies so many semitones away and has the fewest accidentals in its signature; None
    without a tonic.
    """
    if not key.tonic:
        return None
    target = (key.pitch_class + semitones) % 12
    spellings = [t for t in _NAMES if pitch_class(t) == target and abs(tonic_sharps(t, key.mode)) <= 7]
    return min(spellings, key=lambda t: abs(tonic_sharps(t, key.mode)), default=None)


def write_pitch(letter: str, octave: int, accidental: str = "") -> str:
    """A pitch in ABC: ("C", 0) -> C, ("C", 1) -> c, ("G", -1) -> G,."""
    if octave > 0:
        return accidental + letter.lower() + "'" * (octave - 1)
    return accidental + letter + "," * -octave


class _Move:
    """One transposition: how many letters up, and between which signatures."""

    def __init__(self, key: Key, tonic: str, semitones: int) -> None:
        steps = LETTERS.index(tonic[0]) - LETTERS.index(key.tonic[0])
        distance = NATURAL[tonic[0]] - NATURAL[key.tonic[0]]
        # the letter step that lies nearest to the wanted semitones, in the right octave
        self.steps = steps + 7 * round((semitones - distance) / 12)
        self.old = signature(tonic_sharps(key.tonic, key.mode))
        self.new = signature(tonic_sharps(tonic, key.mode))
        self.semitones = semitones

    def pitch(self, written: str) -> str:
        accidental, letter, octave = split_pitch(written)
        place = LETTERS.index(letter) + self.steps
        moved, octave = LETTERS[place % 7], octave + place // 7
        mark = ""
        if accidental:
            alter = _ALTER[accidental] - self.old.get(letter, 0) + self.new.get(moved, 0)
            if alter not in _MARK:
                raise ValueError(written)
            mark = _MARK[alter]
        return write_pitch(moved, octave, mark)

    def chord_symbol(self, text: str) -> str:
        """`"Am7/E"` moves by letters too; a quoted text that is no chord stays."""
        if not re.fullmatch(r'"[A-G][#b]?(m|min|maj|dim|aug|sus|\+)?\d*(/[A-G][#b]?)?"', text):
            return text

        def move(found: re.Match[str]) -> str:
            letter = LETTERS[(LETTERS.index(found[1]) + self.steps) % 7]
            sharp = (pitch_class(found[1] + found[2]) + self.semitones - NATURAL[letter]) % 12
            return letter + {0: "", 1: "#", 11: "b", 2: "##", 10: "bb"}.get(sharp, "")

        return _CHORD_ROOT.sub(move, text)


def _move_line(line: str, move: _Move) -> str:
    out = []
    for symbol in lex(line):
        if symbol.kind in ("note", "grace"):
            out.append(_WRITTEN.sub(lambda m: move.pitch(m.group()), symbol.text))
        elif symbol.kind == "annotation":
            out.append(move.chord_symbol(symbol.text))
        else:
            out.append(symbol.text)
    return "".join(out)


def transpose(text: str, semitones: int) -> str | None:
    """The tune moved by `semitones`; None where it cannot be done exactly. 0 gives the text itself."""
    if semitones == 0:
        return text
    header, body = split_header(text)
    key = parse_key(header[-1][2:]) if header and header[-1].startswith("K:") else None
    tonic = best_tonic(key, semitones) if key is not None else None
    if key is None or tonic is None or "[K:" in text or any(line.startswith("K:") for line in body):
        return None
    if key.accidentals != signature(key.sharps) or key.sharps != tonic_sharps(key.tonic, key.mode):
        return None
    move = _Move(key, tonic, semitones)
    try:
        music = [_move_line(line, move) if is_music(line) else line for line in body]
    except ValueError:
        return None
    return "\n".join([*header[:-1], f"K:{tonic}{key.mode}", *music]) + ("\n" if text.endswith("\n") else "")
