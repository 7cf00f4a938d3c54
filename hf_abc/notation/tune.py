"""Tunes and tunebooks: the header, the body, and where one tune ends and the next begins.

A tune is its text; every other field of `Tune` is read from it or says where it came from. Nothing here reads
notes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FIELD = re.compile(r"([A-Za-z+]):(?!(?<=[A-Ga-gz]:)[|:])(.*)")  # not `A:|`, a repeat behind a note
_TAG = re.compile(r"\s*</?[A-Za-z]\w*(?:\s[^<>]*)?/?>\s*")
_TUNE_START = re.compile(r"^X:", re.MULTILINE)


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
    nothing else, as `</html>`, is left out.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts = [m.start() for m in _TUNE_START.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        lines: list[str] = []
        in_body = False
        for line in text[start:end].split("\n"):
            if not line.strip() or line.startswith("```"):
                if in_body:
                    break
                continue
            if _TAG.fullmatch(line):
                continue
            in_body = in_body or line.startswith("K:")
            lines.append(line.rstrip())
        yield "\n".join(lines) + "\n"


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
    for line in split_header(text)[0]:
        if not (found := FIELD.match(line)):
            continue
        letter, value = found[1], found[2]
        value = re.split(r"(?<!\\)%", value)[0].strip() if letter not in "TW" else value.strip()
        if letter == "+" and last:
            fields[last][-1] += " " + value
            continue
        fields.setdefault(letter, []).append(value)
        last = letter
    return fields


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
