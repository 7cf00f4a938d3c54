"""Many tunes as one piece: a medley in ABC, and from it MIDI or sound.

The medley is one tune whose body changes meter, unit, tempo and key where a new tune begins; so it can be
drawn, checked and edited like any other. What would reach beyond its own tune is made to stay within it: a
repeat without a beginning gets one, chord symbols fall silent, and jumps (D.C., D.S., Fine) and directives
go. It has as many voices as the tune that has most; in the others the voices that are missing rest. Voices
that do not end together would pull the tunes behind them apart: of such a tune the first voice is taken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError
from hf_abc.notation.bars import parse_barline
from hf_abc.notation.keys import parse_key, pitch_class
from hf_abc.notation.lexer import lex
from hf_abc.notation.meter import default_length, parse_length, parse_meter
from hf_abc.notation.transpose import transpose
from hf_abc.notation.tune import FIELD, header_fields, is_music
from hf_abc.rendering.audio import Synthesizer, audio
from hf_abc.rendering.midi import AS_WRITTEN, Playing, perform
from hf_abc.rendering.render import write
from hf_abc.rendering.voices import OneVoice, at_rest, together, voices_of

SUFFIXES = (".abc", ".mid", ".mp3", ".flac", ".wav", ".ogg")
LONGEST = 60 * 60.0  # seconds of sound; an hour takes about 3 GiB of memory
_JUMP = re.compile(
    r"([!+])(?:D\.?C\.?|D\.?S\.?|dacapo|dacoda|fine|D\.C\.alcoda|D\.S\.alcoda)[^!+\s]*\1", re.IGNORECASE
)
_CHORD = re.compile(r'"[A-G]')
_KEPT = "KLMQTsw"  # fields of a body that mean the same within a medley
_PLAIN = {"clef": "treble", "octave": "0", "transpose": "0"}  # a voice that says nothing of them


def medley(
    texts: Sequence[str], *, title: str = "Medley", key: str = "", tempo: str = ""
) -> tuple[str, list[str]]:
    """One tune out of many, and what had to be changed.

    `key` is a tonic (`D`, `Bb`): every tune moves there by the shorter way and keeps its mode. `tempo` is
    as in `Playing` and takes the place of all others. Raises InputError for no tunes or a key that is none.
    """
    if not texts:
        raise InputError("a medley needs at least one tune")
    wanted = parse_key(key) if key else None
    if key and (wanted is None or not wanted.tonic):
        raise InputError(f"the key {key!r} is not known: name a tonic such as D, G or Bb")
    Playing(tempo=tempo)
    notes: list[str] = []
    parts: list[_Part] = []
    for number, text in enumerate(texts, 1):
        name = next((t for t in header_fields(text).get("T", []) if t), f"tune {number}")
        if wanted is not None:
            text, moved = _brought(text, pitch_class(wanted.tonic))
            notes += [] if moved else [f"{name}: cannot be written in another key and stays in its own"]
        part, changed = _part(text, name, tempo)
        notes += [f"{name}: {what}" for what in changed]
        if part.voices:
            parts.append(part)
        else:
            notes.append(f"{name}: holds no music and is left out")
    if not parts:
        raise InputError("none of these tunes holds music: there is nothing to make a medley of")
    first = parts[0]
    lines = [
        "X:1",
        f"T:{' '.join(title.split()) or 'Medley'}",
        first.meter,
        first.unit,
        first.speed,
        first.key,
    ]
    return "\n".join([*lines, *_joined(parts)]) + "\n", notes


@dataclass(frozen=True, slots=True)
class _Part:
    """A tune of the medley: its fields as lines, and its voices."""

    name: str
    meter: str
    unit: str
    speed: str
    key: str
    voices: list[OneVoice]

    @property
    def chords(self) -> bool:
        """Whether it has chord symbols."""
        lines = (line for voice in self.voices for line in voice.lines if is_music(line))
        return any(_CHORD.match(s.text) for line in lines for s in lex(line) if s.kind == "annotation")


def _joined(parts: Sequence[_Part]) -> list[str]:
    """The body of the medley."""
    count = max(len(part.voices) for part in parts)
    used = {name for part in parts for voice in part.voices for name in voice.properties}
    silenced = len({part.chords for part in parts}) > 1  # else the last chord goes on under the next tune
    lines: list[str] = []
    for part in parts:
        begins = [] if part is parts[0] else [part.meter, part.unit, part.speed, part.key]
        for number in range(count):
            playing = number < len(part.voices)
            voice = part.voices[number if playing else 0]
            if count > 1 or used:
                properties = {name: _PLAIN[name] for name in sorted(used)} | (
                    voice.properties if playing else {}
                )
                lines.append(" ".join([f"V:{number + 1}", *(f"{k}={v}" for k, v in properties.items())]))
            lines += [line for line in begins if number == 0 or line is not part.speed]
            if number == 0:
                lines += [f"%%MIDI gchord{'on' if part.chords else 'off'}"] if silenced else []
                lines.append(f"T:{part.name}")
            lines += voice.lines if playing else at_rest(voice.lines)
    return lines


def _brought(text: str, tonic: int) -> tuple[str, bool]:
    """The tune moved to a tonic (a pitch class) by the shorter way, and whether that could be written."""
    key = parse_key(header_fields(text).get("K", [""])[-1])
    if key is None or not key.tonic:
        return text, False
    moved = transpose(text, (tonic - key.pitch_class + 5) % 12 - 5)
    return (text, False) if moved is None else (moved, True)


def _part(text: str, name: str, tempo: str) -> tuple[_Part, list[str]]:
    """A tune as a part of the medley, and what was changed."""
    fields = header_fields(text)
    meter = fields.get("M", ["none"])[-1]
    unit = parse_length(fields.get("L", [""])[-1]) or default_length(parse_meter(meter))
    speed = tempo if "=" in tempo else f"1/4={tempo}" if tempo else fields.get("Q", ["1/4=120"])[-1]
    changed: list[str] = []
    voices = voices_of(text)
    if len(voices) > 1 and not together(text, voices):
        changed.append(f"its {len(voices)} voices do not end together: the first is taken")
        voices = voices[:1]
    for voice in voices:
        voice.lines = _within(voice.lines, tempo, changed)
    part = _Part(
        name=name,
        meter=f"M:{meter}",
        unit=f"L:{unit.numerator}/{unit.denominator}",
        speed=f"Q:{speed}",
        key=f"K:{fields.get('K', ['C'])[-1]}",
        voices=voices,
    )
    return part, list(dict.fromkeys(changed))


def _within(body: Sequence[str], tempo: str, changed: list[str]) -> list[str]:
    """The lines of a voice without what would reach beyond its tune."""
    lines: list[str] = []
    for line in body:
        if is_music(line):
            plain = re.sub(r"\[I:[^\]]*\]", "", _JUMP.sub("", line))
            if tempo:
                plain = re.sub(r"\[Q:[^\]]*\]", "", plain)
            if plain != line and _JUMP.search(line):
                changed.append("its jumps (D.C., D.S., Fine) are left out")
            lines.append(plain)
        elif (found := FIELD.match(line)) and found[1] in _KEPT and not (tempo and found[1] == "Q"):
            lines.append(line)
    if _repeat_lacks_start(lines):
        first = next(n for n, line in enumerate(lines) if is_music(line))
        lines[first] = f"|:{lines[first].lstrip(' |')}"
    return lines


def _repeat_lacks_start(lines: list[str]) -> bool:
    """Whether the first repeat sign ends a repeat that nothing began: alone it goes back to the tune's
    start.
    """
    for line in lines:
        for symbol in lex(line) if is_music(line) else ():
            if symbol.kind == "bar":
                bar = parse_barline(symbol.text)
                if bar.repeat_end:
                    return True
                if bar.repeat_start:
                    return False
    return False


def write_medley(
    texts: Sequence[str],
    out: Path,
    *,
    title: str = "Medley",
    key: str = "",
    font: Path | None = None,
    synthesizer: Synthesizer = "midirenderer",
    playing: Playing = AS_WRITTEN,
) -> list[str]:
    """Make a medley and write it as what the ending of `out` says (SUFFIXES); returns what was changed or
    went wrong.

    Raises InputError for another ending, for tunes without a note, or for more than an hour of sound.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out} has no known ending: write to a file that ends in {', '.join(SUFFIXES)}")
    said: list[str] = []
    higher = [transpose(text, playing.transpose) for text in texts]
    moved = [text for text in higher if text is not None]
    if len(moved) == len(texts):
        texts, playing = moved, replace(playing, transpose=0)
    else:
        said.append("not every tune can be written in another key: only the sound is transposed")
    text, notes = medley(texts, title=title, key=key, tempo=playing.tempo)
    notes += said
    suffix = out.suffix.lower()
    if suffix == ".abc":
        write(out, text)
        return notes
    done = perform(text, playing)
    if done.midi is None:
        raise InputError("there is no note to play in these tunes")
    notes += done.notes
    if suffix == ".mid":
        write(out, done.midi)
    else:
        kind: Any = suffix[1:]
        write(out, audio(done.midi, kind, font=font, longest=LONGEST, synthesizer=synthesizer))
    return notes
