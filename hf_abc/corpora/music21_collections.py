"""The ABC collections that the music21 wheel carries: prints of 1778 to 1903, read as files.

music21 itself is not imported: its parser reads ten tunes a second and misreads repeats and keys (measured), and the
files are plain ABC. What the wheel's corpus licence says stands in `LICENCE` and in the card of every corpus.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from hf_abc.errors import InputError, MissingPackageError
from hf_abc.notation.tune import Tune, parse_tune, split_book

COLLECTIONS = {
    "oneills1850": "O'Neill's Music of Ireland, 1,850 melodies, Chicago 1903",
    "ryansMammoth": "Ryan's Mammoth Collection, Boston 1883",
    "airdsAirs": "Aird's Selection of Scotch, English, Irish and Foreign Airs, Glasgow 1778-1801",
}
LICENCE = "music21-corpus"


def collection_folder(name: str) -> Path:
    """Where the wheel keeps a collection; InputError for an unknown name, MissingPackageError without music21."""
    if name not in COLLECTIONS:
        raise InputError(f"corpus.sources: {name!r} is unknown: choose among {', '.join(COLLECTIONS)}")
    spec = importlib.util.find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackageError("music21")
    return Path(spec.submodule_search_locations[0]) / "corpus" / name


def read_collection(name: str) -> Iterator[Tune]:
    """The tunes of a collection in a fixed order, with ids `name:file:place in the file`."""
    for path in sorted(collection_folder(name).glob("*.abc")):
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
        for place, tune in enumerate(split_book(text), 1):
            yield parse_tune(tune, id=f"{name}:{path.stem}:{place}", source=name, licence=LICENCE)
