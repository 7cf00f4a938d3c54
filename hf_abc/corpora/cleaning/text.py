"""What a tune carries beside its music: comments, directives, and the fields of collectors and printers.

Measured on 500 tunes: without B, D, F, N, O, S, Z and w every note stays where it is. `R:` is never taken
off: abc2midi swings a hornpipe by it (16 of 500 tunes change their notes).
"""

import re

from hf_abc.corpora.cleaning.step import with_music
from hf_abc.notation.lexer import lex
from hf_abc.notation.tune import Tune, is_music

_FIELDS = frozenset(f"{letter}:" for letter in "BDFNOSZw")


def fields(tune: Tune) -> Tune:
    """Take off the fields of collectors and the words under the notes: B, D, F, N, O, S, Z and w."""
    lines = tune.text.split("\n")
    kept = [line for line in lines if line[:2] not in _FIELDS or line[2:3] in _REPEAT]
    if len(kept) == len(lines):
        return tune
    if "\n+:" in tune.text:
        kept = _without_continued(lines)
    return with_music(tune, "\n".join(kept))


_REPEAT = ("|", ":")  # `B:|` is music


def _without_continued(lines: list[str]) -> list[str]:
    """The lines that stay where `+:` goes on with a field: it goes with it."""
    kept: list[str] = []
    gone = False
    for line in lines:
        if line[:2] != "+:":
            gone = line[:2] in _FIELDS and line[2:3] not in _REPEAT
        if not gone:
            kept.append(line)
    return kept


_COMMENT = re.compile(r"^%(?!%).*\n?", re.MULTILINE)
_SHORT_FIELD = re.compile(r"^([KLMQPRVX]:[^%\n]*?)[ \t]*%.*$", re.MULTILINE)


def comments(tune: Tune) -> Tune:
    """Take off `%` comments and `[r:...]` remarks, not the `%%` directives."""
    text = tune.text
    if "%" in text:
        text = _COMMENT.sub("", text)
    if "[r:" in text or "%" in text.replace("\n%%", ""):
        lines = [_uncommented(line) if is_music(line) else line for line in text.split("\n")]
        text = _SHORT_FIELD.sub(r"\1", "\n".join(lines))
    return with_music(tune, text)


def _uncommented(line: str) -> str:
    if "%" not in line and "[r:" not in line:
        return line
    return "".join(s.text for s in lex(line) if s.kind != "comment" and not s.text.startswith("[r:")).rstrip()


_HEARD = ("midi", "score", "staves", "propagate-accidentals", "linebreak")
_DIRECTIVE = re.compile(r"(?:%%|I:)[ \t]*([\w-]*)", re.ASCII)


def directives(tune: Tune) -> Tune:
    """Take off `%%` and `I:` lines for printers and single programs, files to include, blocks of text; those
    that are heard stay.
    """
    if "%%" not in tune.text and "I:" not in tune.text:
        return tune
    kept: list[str] = []
    closing = ""  # the name of the line that ends the block
    lines = tune.text.split("\n")
    last = {line[2:].strip().lower(): n for n, line in enumerate(lines) if line.startswith("%%end")}
    for number, line in enumerate(lines):
        found = _DIRECTIVE.match(line)
        name = found[1].lower() if found else ""
        if closing:
            closing = "" if name == closing else closing
        elif name.startswith("begin") and last.get(f"end{name[5:]}", 0) > number:
            closing = f"end{name[5:]}"
        elif not found or name in _HEARD:
            kept.append(line)
    return with_music(tune, "\n".join(kept))


_SAID = ("Missing time signature meta", "All rights reserved", "Copyright")


def converter(tune: Tune) -> Tune:
    """Take off what midi2abc says beside the music: comments, lyrics, copyright and error lines."""
    begins = ("% ", "w:", "Error ", "calling midi2abc")
    lines = [line for line in tune.text.split("\n") if not line.startswith(begins)]
    if said := [words for words in _SAID if words in tune.text]:
        lines = [line for line in lines if not any(words in line for words in said)]
    return with_music(tune, "\n".join(lines))
