"""The Nottingham Music Database: 1,034 tunes with chords, in two editions that carry the same numbers.

Jukedeck's repository holds them as `ABC_original` and `ABC_cleaned`. Both are read as settings of one tune
where both are there, so that they stay on one side of a split; what else is in the folder (MIDI) is refused
file by file.
"""

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from hf_abc.notation.tune import Tune

from .licence import Licence, permitted, terms_beside
from .source import Refused, Source, mark_of, place_of
from .tunebooks import read_books

NAME = "nottingham"
LICENCE = Licence(
    "GPL-3.0-only",
    "GPL 3, as the repository of the cleaned edition says",
    "https://github.com/jukedeck/nottingham-dataset",
)
_EDITIONS = ("ABC_cleaned", "ABC_original")


def open_nottingham(place: str, acknowledged: Container[str] = ()) -> Source:
    """A clone of the repository, or one edition of it. Raises InputError where there is nothing."""
    path, spec = place_of(place), f"{NAME}:{place}"
    licence = permitted(terms_beside(path, LICENCE), spec, acknowledged)
    editions = [path / name for name in _EDITIONS if (path / name).is_dir()] or [path]
    return Source(
        spec,
        NAME,
        "Nottingham Music Database",
        licence,
        partial(_read, editions, licence),
        partial(mark_of, path),
    )


def _read(editions: list[Path], licence: Licence) -> Iterator[Tune | Refused]:
    settings: Counter[str] = Counter()
    for edition in editions:
        for found in read_books(edition, NAME, licence):
            if isinstance(found, Tune):
                number = found.id.split(":")[1]
                settings[number] += 1
                yield replace(found, id=f"{NAME}:{number}:{settings[number]}")
            else:
                yield replace(found, where=f"{edition.name}/{found.where}")
