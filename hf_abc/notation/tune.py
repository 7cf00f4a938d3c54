"""Tunes and tunebooks: the header, the body, and where one tune ends and the next begins.

A tune is its text; every other field of `Tune` is read from it or says where it came from. Nothing here reads
notes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FIELD = re.compile(r"([A-Za-z+]):(?!(?<=[A-Ga-gz]:)[|:])(.*)")  # not `A:|`, a repeat behind a note
_TAG = re.compile(r"\s*</?[A-Za-z]\w*(?:\s[^<>]*)?/?>\s*")
_COMMENT = re.compile(r"(?<!\\)%")
_TUNE_START = re.compile(r"^X:", re.MULTILINE)
_INCLUDE = re.compile(r"^(?:%%|I:)[ \t]*abc-include\b.*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune of a corpus. `id` is stable (`source:number:setting`); `licence` names its terms."""

    id: str
    source: str
    licence: str
    title: str
    rhythm: str
    meter: str
    unit_length: str
    key: str
    text: str
    family: str = ""


def split_book(text: str) -> Iterator[str]:
    """The tunes of a tunebook, each from its `X:` to the next blank line or the next `X:`; what stands
    between is dropped.

    Blank lines directly after a header line are tolerated where the tune has no `K:` yet, as old books have
    them. A Markdown fence (three backticks) ends a tune like a blank line; a line that is an HTML tag and
    nothing else, as `</html>`, is left out, and so is `%%abc-include`: no file is ever opened because a tune
    names it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "abc-include" in text:
        text = _INCLUDE.sub("", text)
    starts = [m.start() for m in _TUNE_START.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        lines = [line.rstrip() for line in text[start:end].split("\n")]
        if any("<" in line and _TAG.fullmatch(line) for line in lines):
            lines = [line for line in lines if not _TAG.fullmatch(line)]
        tune = "\n".join(lines)
        key = tune.find("\nK:")
        header, music = (tune, "") if key < 0 else (tune[:key], tune[key:])
        for stop in ("\n\n", "\n```"):
            music = music.partition(stop)[0]
            if stop in header or header.endswith("\n"):
                header = "\n".join(line for line in header.split("\n") if line and not line.startswith("```"))
        yield (header + music).rstrip("\n") + "\n"


def split_header(text: str) -> tuple[list[str], list[str]]:
    """Header lines (up to and with the first `K:`) and body lines; without a `K:` the header is the leading
    fields.
    """
    lines = text.rstrip("\n").split("\n")
    for number, line in enumerate(lines):
        if line.startswith("K:"):
            return lines[: number + 1], lines[number + 1 :]
    number = next((n for n, line in enumerate(lines) if not FIELD.match(line)), len(lines))
    return lines[:number], lines[number:]


def is_music(line: str) -> bool:
    """Whether a body line holds music: not a field, a comment, a directive or blank."""
    return bool(line.strip()) and not line.startswith("%") and not FIELD.match(line)


def header_fields(text: str) -> dict[str, list[str]]:
    """The header's fields in order: letter -> values, comments cut off, `+:` lines joined to the field
    before.
    """
    fields: dict[str, list[str]] = {}
    last = ""
    for line in _header_lines(text):
        if not (found := FIELD.match(line)):
            continue
        letter, value = found[1], found[2]
        if "%" in value and letter not in "TW":
            value = _COMMENT.split(value)[0]
        value = value.strip()
        if letter == "+" and last:
            fields[last][-1] += " " + value
            continue
        fields.setdefault(letter, []).append(value)
        last = letter
    return fields


def _header_lines(text: str) -> list[str]:
    key = 0 if text.startswith("K:") else text.find("\nK:") + 1
    if key == 0 and not text.startswith("K:"):
        return split_header(text)[0]
    end = text.find("\n", key)
    return (text if end < 0 else text[:end]).split("\n")


def body(text: str) -> str:
    """Everything after the header."""
    return "\n".join(split_header(text)[1])


def parse_tune(text: str, *, id: str = "", source: str = "", licence: str = "", family: str = "") -> Tune:
    """A `Tune` from its text; fields that the header lacks are empty."""
    fields = header_fields(text)

    def first(letter: str) -> str:
        return fields.get(letter, [""])[0]

    return Tune(
        id=id,
        source=source,
        licence=licence,
        title=first("T"),
        rhythm=first("R").lower(),
        meter=first("M"),
        unit_length=first("L"),
        key=first("K"),
        text=text,
        family=family,
    )
