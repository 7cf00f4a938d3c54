"""The voices of a tune, each as lines of its own, and a voice that rests for as long as another one plays."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from hf_abc.notation.bars import parse_barline
from hf_abc.notation.lexer import Symbol, lex
from hf_abc.notation.meter import multiplier
from hf_abc.notation.reader import TIMED, read
from hf_abc.notation.tune import header_fields, is_music, split_header
from hf_abc.rendering.clefs import named_clef

_INLINE = re.compile(r"\[V:([^\]\n]*)\]")
_SHIFTS = re.compile(r"\b(octave|transpose)=([+-]?\d+)")
_KEPT = ("bar", "broken", "tuplet", "space", "continuation", "overlay")
_HEAD = re.compile(r"(?:\^\^|__|\^|_|=)?[A-Ga-g][,']*")


@dataclass(slots=True)
class OneVoice:
    """A voice: its name, those of its properties that change what is heard or read, its lines of the body."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def sounds(self) -> bool:
        return any(is_music(line) for line in self.lines)


def voices_of(text: str) -> list[OneVoice]:
    """The voices of a tune that hold music, in the order in which they are named; fields stay with the voice
    in which they stand.
    """
    found: dict[str, OneVoice] = {}

    def named(value: str) -> OneVoice:
        name, _, rest = value.strip().partition(" ")
        voice = found.setdefault(name, OneVoice(name))
        voice.properties |= dict(_SHIFTS.findall(rest))
        if clef := named_clef(rest):
            voice.properties["clef"] = clef
        return voice

    for value in header_fields(text).get("V", []):
        if value:
            named(value)
    current = next(iter(found.values()), None) or named("1")
    for line in split_header(text)[1]:
        if line.startswith("V:"):
            current = named(re.split(r"(?<!\\)%", line[2:])[0])
            continue
        first, *others = _INLINE.split(line) if is_music(line) else [line]
        if first.strip() or not others:
            current.lines.append(first)
        for value, music in zip(others[::2], others[1::2], strict=True):
            current = named(value)
            if music.strip():
                current.lines.append(music)
    return [voice for voice in found.values() if voice.sounds]


def together(text: str, voices: Sequence[OneVoice]) -> bool:
    """Whether the voices are equally long and repeat at the same bars, so that they end together."""
    lengths = dict.fromkeys((voice.name for voice in voices), 0)
    for element in read(text):
        if element.kind in TIMED:
            lengths[element.voice or "1"] = lengths.get(element.voice or "1", 0) + element.ticks
    repeats = {tuple(_repeats(voice.lines)) for voice in voices}
    return len({lengths[voice.name] for voice in voices}) == 1 and len(repeats) == 1


def _repeats(lines: Sequence[str]) -> list[str]:
    signs = []
    for line in lines:
        for symbol in lex(line) if is_music(line) else ():
            if symbol.kind == "bar":
                bar = parse_barline(symbol.text)
                if bar.repeat_start or bar.repeat_end or bar.ending:
                    signs.append(f"{bar.repeat_end} {bar.repeat_start} {bar.ending}")
    return signs


def at_rest(lines: Sequence[str]) -> list[str]:
    """The same bars, repeats and changes of meter and key, with invisible rests in place of the notes."""
    return [_at_rest(line) for line in lines if is_music(line) or line[:2] in ("K:", "L:", "M:")]


def _at_rest(line: str) -> str:
    if not is_music(line):
        return line
    out: list[str] = []
    chord: list[Symbol] | None = None
    for symbol in lex(line):
        kind, text = symbol.kind, symbol.text
        if kind == "chord_open":
            chord = []
        elif kind == "chord_close" and chord is not None:
            length = next((multiplier(_HEAD.sub("", s.text)) for s in chord if s.kind == "note"), None)
            if length is not None:
                out.append(f"x{_written(length * multiplier(text[1:]))}")
            chord = None
        elif chord is not None:
            chord.append(symbol)
        elif kind == "note":
            out.append("x" + _HEAD.sub("", text))
        elif kind == "rest":
            out.append("x" + text[1:])
        elif kind == "full_rest":
            out.append("X" + text[1:])
        elif kind in _KEPT or kind == "field" and text[1] in "KLM":
            out.append(text)
    return "".join(out)


def _written(length: Fraction) -> str:
    return (
        ""
        if length == 1
        else str(length.numerator) + (f"/{length.denominator}" if length.denominator > 1 else "")
    )
