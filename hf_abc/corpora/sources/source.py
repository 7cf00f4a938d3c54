"""What a source of tunes is: its name, its terms, and a stream of tunes and of what could not be one.

A source is opened (its place is found, its terms are read, nothing of it is held) and then read, as often as
wanted. Readers raise only for the whole of a source; a single file or record that is no tune comes out as
`Refused`, so that what was read is what was kept and what was dropped with its reason.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hf_abc.errors import InputError
from hf_abc.notation.tune import Tune, parse_tune

from .files import label
from .licence import Licence

LONGEST = 300_000
"""Characters of the longest text that counts as a tune: far above any tune, and a guard for every later step
(a published MIDI conversion of 44 kB grew to 3.4 GB)."""


_BOOKS = (".abc", ".txt", ".html", ".htm", ".md", ".json", ".jsonl", ".csv")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz")


@dataclass(frozen=True, slots=True)
class Refused:
    """Something in a source that is no tune: where it stands (file, row) and why it was refused.

    Equal reasons are worded equally, so that they can be counted.
    """

    source: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source. `name` is the first part of its tunes' ids and their `source`; `spec` is how the
    recipe names it.

    `read()` streams it from the start, each time anew. `mark()` changes when what it would read changes; it
    reads every byte of the files once.
    """

    spec: str
    name: str
    title: str
    licence: Licence
    read: Callable[[], Iterator[Tune | Refused]]
    mark: Callable[[], str]


def tune_or_refused(
    text: str, *, source: str, number: str, licence: str, setting: int | str = 1
) -> Tune | Refused:
    """The tune with the id `source:number:setting`, unless it is too long to be one."""
    if len(text) > LONGEST:
        return Refused(source, number, f"longer than {LONGEST:,} characters")
    return parse_tune(text, id=f"{source}:{number}:{setting}", source=source, licence=licence)


def place_of(text: str) -> Path:
    """The path that a recipe names, with `~` as the home folder. Raises InputError where there is nothing."""
    path = Path(os.path.expanduser(text))
    if not path.exists():
        raise InputError(f"{path} does not exist: name a file, a folder or an archive")
    return path


def name_of(path: Path) -> str:
    """What a source at a path is called: the file or folder without the suffix of its kind."""
    name = path.resolve().name
    while PurePosixPath(name).suffix.lower() in _BOOKS + _ARCHIVES:
        name = PurePosixPath(name).stem
    return label(name) or "tunes"


def mark_of(path: Path) -> str:
    """sha256 over the names and the bytes of a file or of all files of a folder."""
    found = hashlib.sha256()
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    for file in files:
        found.update(file.relative_to(path.parent).as_posix().encode(errors="replace") + b"\0")
        try:
            with file.open("rb") as stream:
                while piece := stream.read(2**20):
                    found.update(piece)
        except OSError as error:
            found.update(str(error.errno).encode())
        found.update(b"\0")
    return found.hexdigest()
