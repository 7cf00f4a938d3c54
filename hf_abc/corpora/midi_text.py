"""What midi2abc wrote, as ABC: a header in our order, voices of whole bars without spaces, long rests in one
symbol.

From the pieces of midi_rewrite.py midi2abc writes nothing but notes, rests and bar lines, so everything else
is refused instead of repaired: a text, a negative length or a message among the notes never reaches a corpus,
nor does a voice with more or fewer bars than the piece has.
"""

import re
from collections.abc import Sequence

from hf_abc.corpora.midi_rewrite import Piece, Voice

SHORTEST, LONGEST = 150, 300_000
"""Characters of a conversion that is kept: less is hardly more than a header, more is no music."""

_HEADER = re.compile(r"X: 1\nT: .*\n(?:%.*\n)?M: .*\nL: .*\nQ:.*\n(?:%.*\n)?K:.*\n(?=V:1\n)")
_VOICE = re.compile(r"V:\d+\n(?:%%.*\n)*")
_DIRECTIVE = re.compile(r"%%MIDI.*\n")
_MUSIC = re.compile(r"[][A-Ga-gz0-9/,'_=^()|<>\n-]*")
_NEGATIVE = re.compile(r"-[\d/]")
_MAJOR = ("Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B")
_MINOR = ("Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m")


class NotMusic(Exception):
    """A conversion that is not kept; the text says why."""


def split_voices(written: str) -> list[str]:
    """The music of each voice in midi2abc's output, in order, without spaces."""
    head = _HEADER.match(written)
    if head is None:
        raise NotMusic("midi2abc did not write a whole tune")
    return _VOICE.split(written[head.end() :].replace(" ", ""))[1:]


def tune(piece: Piece, music: Sequence[str], title: str) -> str:
    """The tune of a piece and of midi2abc's music for each of its voices.

    Raises NotMusic for anything that is not as midi2abc writes music, and for what is too short or too long.
    """
    numerator, denominator = piece.meter
    rest = _bar_of_rest(numerator, denominator, piece.unit)
    rests = re.compile(rf"{rest}\|\n?(?:{rest}\|\n?)+")
    alone = len(piece.voices) == 1
    key = (_MINOR if piece.minor else _MAJOR)[piece.sharps + 5]
    clef = " clef=bass" if alone and piece.voices[0].clef == "bass" else ""
    parts = [
        f"X:1\nT:{title}\nM:{numerator}/{denominator}\nL:1/{piece.unit}\nQ:1/4={piece.tempo}\nK:{key}{clef}\n"
    ]
    for number, (voice, text) in enumerate(zip(piece.voices, music, strict=True), 1):
        text = rests.sub(_long_rest, _bars(text, piece.bars))
        parts += [_begin(number, voice, alone), text.rstrip("|\n"), "|]\n"]
    text = "".join(parts)
    if len(text) < SHORTEST:
        raise NotMusic(f"shorter than {SHORTEST} characters")
    if len(text) > LONGEST:
        raise NotMusic(f"longer than {LONGEST:,} characters")
    return text


def _begin(number: int, voice: Voice, alone: bool) -> str:
    line = "" if alone and not voice.drums else f"V:{number} clef={voice.clef}\n"
    if voice.drums:
        return line + "%%MIDI channel 10\n"
    return line + f"%%MIDI program {voice.program}\n" * (voice.program != 0)


def _bars(text: str, bars: int) -> str:
    """The bars of a voice without the one behind the last, which only made midi2abc fill that."""
    text = _DIRECTIVE.sub("", text) if "%" in text else text
    text = text[: text.rfind("|", 0, text.rfind("|")) + 1]
    if not _MUSIC.fullmatch(text) or _NEGATIVE.search(text):
        raise NotMusic("midi2abc wrote something among the notes that is no music")
    if text.count("|") != bars:
        raise NotMusic("midi2abc wrote another number of bars")
    return text


def _bar_of_rest(numerator: int, denominator: int, unit: int) -> str:
    """A silent bar as midi2abc writes it, in pieces that a single note can last."""
    left, pieces = 2 * numerator * unit // denominator, []  # in halves of the unit
    while left:
        piece = 1 << left.bit_length() - 1
        piece += piece // 2 if piece >= 2 and piece + piece // 2 <= left else 0
        length = f"{piece // 2}" if piece % 2 == 0 else f"{piece}/2"
        pieces.append("z" + {"1": "", "1/2": "/2"}.get(length, length))
        left -= piece
    return "".join(pieces)


def _long_rest(bars: re.Match[str]) -> str:
    return f"Z{bars[0].count('|')}|" + "\n" * ("\n" in bars[0])
