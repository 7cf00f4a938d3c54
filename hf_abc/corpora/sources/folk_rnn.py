"""The files of folk-RNN and of those who use its notation: tunes without `X:`, in tokens or in plain ABC.

They come in blocks between blank lines or one on a line, with or without titles, with spaces between all
tokens (`c 2 B G | (3 A B c`), which no other program reads. Tokens are joined; a space stays beside bar
lines, as pieces of them mean something else when they touch. In the third version all tunes stand in C and
again in C sharp, with an accidental at each note and `K:maj` for a key: the tonic is the one whose scale
holds more of the notes.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from hf_abc.corpora.encoding import pieces
from hf_abc.notation.tune import Tune, is_music

from .download import fetch
from .files import File, files_in
from .licence import Licence, permitted, terms_beside
from .source import Refused, Source, mark_of, name_of, place_of, tune_or_refused
from .tunebooks import is_binary, is_book

PUBLISHED = (
    "sessions_data_clean.txt",
    "allabcwrepeats_parsed",
    "allabcworepeats_parsed",
    "allabcwrepeats_parsed_wot",
)
"""What the authors published: the first version in ABC with titles, the second in tokens with repeats and
with repeats written out, the third without titles."""

RAW = "https://raw.githubusercontent.com/IraKorshunova/folk-rnn"
REVISION = "97e785678ea3401b2fa3c85f48acd8d36f089be9"
LICENCE = Licence(
    "MIT",
    "MIT licence of the folk-RNN repository",
    "https://github.com/IraKorshunova/folk-rnn",
    note="derived from The Session (thesession.org) when its data was under the ODbL 1.0",
)

_FIELD = re.compile(r"([A-Z]):\s*(.*)")
_IN_BRACKETS = re.compile(r"\[([A-Z]):\s*([^\]]*)\]\s*")
_ON_ONE_LINE = re.compile(r"(?:[LMKR]:\S+\s+)+(?=\S)")
_BEGINS = ("X:", "T:", "F:")  # below music these begin the next tune, also without a blank line
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_TOKENS = re.compile(r"[A-Ga-gxz][,']* /?\d")  # a space before a length: nobody writes so by hand
_BAR_TOKEN = re.compile(r"(?:^| )([^ ]*\|[^ ]*|::)(?= |$)")
_MODE = re.compile(r"\s*(maj|min|dor|mix)[a-z]*\s*", re.IGNORECASE)
_NOTE = re.compile(r"(\^\^?|__?|=)?([A-Ga-g])")
_SCALES = {
    "maj": frozenset((0, 2, 4, 5, 7, 9, 11)),
    "min": frozenset((0, 2, 3, 5, 7, 8, 10)),
    "dor": frozenset((0, 2, 3, 5, 7, 9, 10)),
    "mix": frozenset((0, 2, 4, 5, 7, 9, 10)),
}
_PITCH = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHIFT = {"": 0, "=": 0, "^": 1, "^^": 2, "_": -1, "__": -2}


@dataclass(frozen=True, slots=True)
class _Block:
    """One tune as it stands in a file: lines, and the number of the first."""

    line: int
    lines: list[str]


def open_folk_rnn(place: str, acknowledged: Container[str] = ()) -> Source:
    """A file or folder on disk, or one of PUBLISHED, which is downloaded. Raises InputError otherwise."""
    spec = f"folk_rnn:{place}"
    if place in PUBLISHED and not Path(place).exists():
        path, licence = fetch(f"{RAW}/{REVISION}/data/{place}", f"folk_rnn/{place}"), LICENCE
    else:
        path = place_of(place)
        licence = permitted(terms_beside(path, LICENCE), spec, acknowledged)
    name = name_of(path)
    return Source(
        spec,
        name,
        f"folk-RNN, {path.name}",
        licence,
        partial(_read, path, name, licence),
        partial(mark_of, path),
    )


def _read(path: Path, source: str, licence: Licence) -> Iterator[Tune | Refused]:
    for file in files_in(path, is_book):
        if not isinstance(file, File):
            yield Refused(source, file.name, file.reason)
            continue
        if is_binary(file.stream):
            yield Refused(source, file.name, "no text: a binary file")
            continue
        below = "" if path.is_file() else file.name.rpartition(".")[0] + "/"
        for number, block in enumerate(_blocks(pieces(file.stream)), 1):
            text = tune_text(block.lines, number)
            if text:
                yield tune_or_refused(text, source=source, number=f"{below}{number}", licence=licence.name)
            else:
                yield Refused(source, f"{file.name}, line {block.line}", "no key or no music")


def tune_text(lines: list[str], number: int) -> str:
    """One tune of folk-RNN as ABC with `X:number`, or nothing where it has no key or no music."""
    fields: list[tuple[str, str]] = []
    music: list[str] = []
    for line in lines:
        found = [] if music else _fields(line)
        fields += found
        if not found:
            music.append(line)
    keys = [value for letter, value in fields if letter == "K"]
    if not keys or not any(is_music(line) for line in music):
        return ""
    if any(_TOKENS.search(line) for line in music):
        music = [joined(line) for line in music]
    key = keys[-1]
    if mode := _MODE.fullmatch(key):
        key = f"{_tonic(mode[1].lower(), music)}{mode[1].lower()}"
    kept = [(letter, value) for letter, value in fields if letter not in "XK"]
    if not any(letter == "T" for letter, _ in kept):
        kept = [("T", _title_of(value)) for letter, value in kept if letter == "F"] + kept
    head = [f"X:{number}", *(f"{letter}:{value}" for letter, value in kept), f"K:{key}"]
    return "\n".join([*head, *music]) + "\n"


def joined(line: str) -> str:
    """Tokens as ABC: no space but beside bar lines."""
    parts = _BAR_TOKEN.split(" ".join(line.split()))
    music = [part.replace(" ", "") if place % 2 == 0 else part for place, part in enumerate(parts)]
    return " ".join(part for part in music if part)


def _fields(line: str) -> list[tuple[str, str]]:
    """The fields of a header line, as `M:4/4` or as `[L:1/8] [M:4/4]`; none for a line of music."""
    if _IN_BRACKETS.sub("", line) == "":
        return _IN_BRACKETS.findall(line)
    found = _FIELD.fullmatch(line)
    return [(found[1], found[2].strip())] if found else []


def _blocks(texts: Iterable[str]) -> Iterator[_Block]:
    """The tunes of a file: between blank lines, one a line, or from one title to the next."""
    block = _Block(1, [])
    for place, line in enumerate(_lines(texts), 1):
        line = _TAG.sub("", line).strip() if "</" in line else line.strip()
        if block.lines and (not line or (line.startswith(_BEGINS) and not _fields(block.lines[-1]))):
            yield block
            block = _Block(place, [])
        if line and not block.lines:
            found = _ON_ONE_LINE.match(line)
            if found and "|" in line[found.end() :]:
                yield _Block(place, [*found[0].split(), line[found.end() :]])
                continue
            block = _Block(place, [])
        if line:
            block.lines.append(line)
    if block.lines:
        yield block


def _lines(texts: Iterable[str]) -> Iterator[str]:
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        yield from lines
    yield rest


def _tonic(mode: str, music: list[str]) -> str:
    """C or C#: which of the two scales holds more of the notes (an accidental stands at each of them)."""
    pitches = [
        (_PITCH[letter.upper()] + _SHIFT[accidental]) % 12
        for line in music
        for accidental, letter in _NOTE.findall(re.sub(r'"[^"]*"', "", line))
    ]
    natural = sum(pitch in _SCALES[mode] for pitch in pitches)
    raised = sum((pitch - 1) % 12 in _SCALES[mode] for pitch in pitches)
    return "C#" if raised > natural else "C"


def _title_of(file: str) -> str:
    """`Polska_efter_Rydin_7d086c.abc`, as folkwiki names its files, as a title."""
    try:
        name = unquote(file, errors="strict")
    except UnicodeDecodeError:
        name = unquote(file, "latin-1")
    return " ".join(re.sub(r"(?:_[0-9a-f]{6})?\.abc$", "", name).replace("_", " ").split())
