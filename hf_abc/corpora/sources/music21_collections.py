"""The ABC collections that the music21 wheel carries: prints of 1778 to 1903, read as files.

music21 itself is not imported: its parser reads ten tunes a second and misreads repeats and keys (measured),
and the files are plain ABC. Several transcribers worked on O'Neill's book, so that 171 of its numbers come
twice.
"""

import importlib.util
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from hf_abc.corpora.encoding import decode
from hf_abc.errors import InputError, MissingPackageError
from hf_abc.notation.tune import Tune, header_fields, parse_tune, split_book

from .source import Licence, Source

LICENCE = "music21-corpus"
"""What each row carries; `licence_text` is what it stands for."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A printed book. `numbered` says that `X:` is the tune's number in the book; else the file names the
    tune.
    """

    title: str
    printed: str
    encoded: str
    numbered: bool


COLLECTIONS = {
    "oneills1850": Collection(
        "O'Neill's Music of Ireland, 1,850 melodies",
        "Chicago, 1903",
        "by volunteers of the O'Neill project, named in the Z: fields",
        numbered=True,
    ),
    "ryansMammoth": Collection(
        "Ryan's Mammoth Collection, 1,050 reels and jigs",
        "Boston, 1883",
        "by volunteers, Ray Davies and John Chambers among them, named in the Z: fields",
        numbered=False,
    ),
    "airdsAirs": Collection(
        "Aird's Selection of Scotch, English, Irish and Foreign Airs, six volumes",
        "Glasgow, 1778 to 1803",
        "by Jack Campin",
        numbered=True,
    ),
}


def read_collection(name: str) -> Iterator[Tune]:
    """The tunes of a collection in file order, with ids `name:number:setting`.

    Raises InputError for an unknown name and MissingPackageError where music21 or its corpus is not
    installed.
    """
    if name not in COLLECTIONS:
        raise InputError(f"corpus.sources: {name} is unknown: choose among {', '.join(COLLECTIONS)}")
    settings: Counter[str] = Counter()
    for path in files(name):
        for text in split_book(decode(path.read_bytes())):
            number = header_fields(text)["X"][0].lstrip("0") if COLLECTIONS[name].numbered else path.stem
            settings[number] += 1
            yield parse_tune(text, id=f"{name}:{number}:{settings[number]}", source=name, licence=LICENCE)


def open_collection(name: str, acknowledged: Container[str] = ()) -> Source:
    """A collection as a source; its terms allow training, so nothing has to be acknowledged."""
    files(name)
    licence = Licence(LICENCE, title="the terms of music21's corpus", note=licence_text())
    return Source(name, name, COLLECTIONS[name].title, licence, lambda: read_collection(name), lambda: "")


def files(name: str) -> list[Path]:
    """The files of a collection in their order."""
    found = sorted((corpus_folder() / name).glob("*.abc"))
    if not found:
        raise MissingPackageError("music21")
    return found


def licence_text() -> str:
    """What the wheel says about the terms of its corpus, without the rules around its heading."""
    text = decode((corpus_folder() / "license.txt").read_bytes())
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
