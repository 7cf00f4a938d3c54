"""The ABC collections that the music21 wheel carries, 12,978 tunes, read as files.

music21 itself is not imported: its parser reads ten tunes a second and misreads repeats and keys (measured),
and the files are plain ABC. Several transcribers worked on O'Neill's book, so that 171 of its numbers come
twice. Its Palestrina, Bach and other scores are no ABC and are not read.
"""

import importlib.util
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from hf_abc.corpora.encoding import decode
from hf_abc.errors import InputError, MissingPackageError
from hf_abc.notation.tune import Tune, header_fields, parse_tune, split_book

from .licence import Licence
from .source import Source

LICENCE = "music21-corpus"
"""What rows carry where a collection has no terms of its own; `licence_text` is what it stands for."""

PRINTS = ("oneills1850", "ryansMammoth", "airdsAirs")
"""The three printed books of the default recipe."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder of the wheel. `numbering` says what names a tune for good: its number in the book (`X:`), its
    file, or both.
    """

    title: str
    printed: str
    encoded: str
    numbering: Literal["X", "file", "file/X"]
    licence: str = LICENCE
    note: str = ""


COLLECTIONS = {
    "oneills1850": Collection(
        "O'Neill's Music of Ireland, 1,850 melodies",
        "Chicago, 1903",
        "by volunteers of the O'Neill project, named in the Z: fields",
        "X",
    ),
    "ryansMammoth": Collection(
        "Ryan's Mammoth Collection, 1,050 reels and jigs",
        "Boston, 1883",
        "by volunteers, Ray Davies and John Chambers among them, named in the Z: fields",
        "file",
    ),
    "airdsAirs": Collection(
        "Aird's Selection of Scotch, English, Irish and Foreign Airs, six volumes",
        "Glasgow, 1778 to 1803",
        "by Jack Campin",
        "X",
    ),
    "essenFolksong": Collection(
        "Essen folksong collection, German and other European songs",
        "many books, 15th to 20th century",
        "under Helmut Schaffrath, then Ewa Dahlig-Turek; ABC by Seymour Shlien",
        "file/X",
        licence="essen-non-commercial",
        note="no commercial use: the permission given to music21 is for non-commercial distribution and use",
    ),
    "miscFolk": Collection(
        "American fife music and the Northumbrian Minstrelsy",
        "18th and 19th century",
        "by Jack Campin and others",
        "file/X",
    ),
    "josquin": Collection(
        "Songs by Josquin des Prez, single voices",
        "before 1521",
        "by Laura Conrad",
        "file/X",
        licence="GPL-2.0-or-later",
    ),
    "nottingham-dataset": Collection(
        "Two tunes of the Nottingham Music Database", "", "by Eric Foxley", "file/X"
    ),
}


def read_collection(name: str) -> Iterator[Tune]:
    """The tunes of a collection in file order, with ids `name:number:setting`.

    Raises InputError for an unknown name and MissingPackageError where music21 or its corpus is not
    installed.
    """
    if name not in COLLECTIONS:
        raise InputError(f"corpus.sources: {name} is unknown: choose among {', '.join(COLLECTIONS)}")
    collection = COLLECTIONS[name]
    settings: Counter[str] = Counter()
    for path in files(name):
        for text in split_book(decode(path.read_bytes())):
            number = path.stem
            if collection.numbering != "file":
                printed = header_fields(text)["X"][0].lstrip("0")
                number = printed if collection.numbering == "X" else f"{number}/{printed}"
            settings[number] += 1
            id = f"{name}:{number}:{settings[number]}"
            yield parse_tune(text, id=id, source=name, licence=collection.licence)


def open_collection(name: str, acknowledged: Container[str] = ()) -> Source:
    """A collection as a source; its terms allow training, so nothing has to be acknowledged."""
    files(name)
    collection = COLLECTIONS[name]
    licence = Licence(
        collection.licence,
        title="the terms of music21's corpus",
        note=collection.note,
        text=licence_text(name),
    )
    return Source(name, name, collection.title, licence, partial(read_collection, name), str)


def files(name: str) -> list[Path]:
    """The files of a collection in their order."""
    found = sorted((corpus_folder() / name).glob("*.abc"))
    if not found:
        raise MissingPackageError("music21")
    return found


def licence_text(name: str = "") -> str:
    """What the wheel says about the terms of its corpus, or of a collection with its own, without the
    rules around the heading.
    """
    own = corpus_folder() / name / "license.txt"
    text = decode((own if own.is_file() else corpus_folder() / "license.txt").read_bytes())
    lines = (
        line.removeprefix("#").strip() if line.startswith("#") else line.rstrip()
        for line in text.splitlines()
    )
    return "\n".join(line for line in lines if not line or line.strip("-")).strip()


def corpus_folder() -> Path:
    """The corpus folder of the installed music21, found without importing it."""
    spec = importlib.util.find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackageError("music21")
    return Path(spec.submodule_search_locations[0]) / "corpus"
