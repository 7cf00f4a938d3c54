"""Tunebooks: a file, a folder or an archive of ABC, as it comes from the web or from a friend.

A tune's number is its file and its `X:` (the second and later tunes with one `X:` in a file get `.2`, `.3`:
many people number everything 1). Nothing follows from equal numbers. Files that are no text, and names that
are no tunebook's, come out as refused.
"""

from collections import Counter
from collections.abc import Container, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from hf_abc.corpora.encoding import pieces
from hf_abc.notation.tune import Tune

from .book import Loose, tunes_in
from .files import File, files_in, label
from .licence import UNKNOWN, Licence, permitted, terms_beside
from .source import Refused, Source, mark_of, name_of, place_of, tune_or_refused

_SUFFIXES = frozenset((".abc", ".abp", ".txt", ".text", ".htm", ".html", ".md", ""))
_CONTROLS = bytes(code for code in range(32) if code not in b"\0\t\n\v\f\r\x1a\x1b")
_HEAD = 2**16


def open_tunebooks(place: str, acknowledged: Container[str] = ()) -> Source:
    """Tunebooks at a path; a licence file beside them is searched for a clause against training.

    Raises InputError where there is nothing, LicenceError for such a clause without acknowledgement.
    """
    path = place_of(place)
    spec = f"tunebooks:{place}"
    licence = permitted(terms_beside(path, UNKNOWN), spec, acknowledged)
    name = name_of(path)
    return Source(
        spec,
        name,
        f"tunebooks in {path.name}",
        licence,
        partial(read_books, path, name, licence),
        partial(mark_of, path),
    )


def is_book(name: str) -> bool:
    """Whether a file in a folder or an archive may be a tunebook, by its name."""
    return PurePosixPath(name).suffix.lower() in _SUFFIXES


def read_books(path: Path, source: str, licence: Licence) -> Iterator[Tune | Refused]:
    """The tunes of a file, a folder or an archive in order, and what is refused."""
    for file in files_in(path, is_book):
        if isinstance(file, File):
            below = "" if path.is_file() and file.name == label(path.name) else _stem(file.name) + "/"
            yield from _read(file, source, below, licence)
        else:
            yield Refused(source, file.name, file.reason)


def _read(file: File, source: str, below: str, licence: Licence) -> Iterator[Tune | Refused]:
    if is_binary(file.stream):
        yield Refused(source, file.name, "no text: a binary file")
        return
    numbers: Counter[str] = Counter()
    found = False
    for text in tunes_in(pieces(file.stream)):
        if isinstance(text, Loose):
            yield Refused(source, f"{file.name}: {text.line}", "music below a blank line, without a header")
            continue
        found = True
        number = printed_number(text)
        numbers[number] += 1
        number += f".{numbers[number]}" if numbers[number] > 1 else ""
        yield tune_or_refused(text, source=source, number=below + number, licence=licence.name)
    if not found:
        yield Refused(source, file.name, "no tune: no line begins with X:, and no header ends with K:")


def printed_number(text: str) -> str:
    """The number in a tune's `X:`, without zeros in front, or the word that stands there."""
    value = text[2 : text.find("\n")].split("%")[0].split() if text.startswith("X:") else []
    return (label(value[0])[:40].lstrip("0") if value else "") or "0"


def is_binary(stream: IO[bytes]) -> bool:
    """Whether a file's first 64 KiB hold control characters as no text does (NULs do not count: UTF-16 and
    damaged disks are full of them). The stream is put back to its start.
    """
    head = stream.read(_HEAD)
    stream.seek(0)
    return len(head) - len(head.translate(None, _CONTROLS)) > len(head) / 50


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))
