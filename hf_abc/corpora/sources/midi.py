"""MIDI as a source of tunes: every file of a file, folder or archive, converted to ABC as it is read.

What cannot become a tune comes out as refused, in the order of the files. Converting takes about a
millisecond of processor time for each file (see docs/midi.md), so it is done anew at each reading.
"""

from collections.abc import Container, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from hf_abc.corpora.midi_conversion import LARGEST, Conversion
from hf_abc.corpora.midi_workers import convert_files
from hf_abc.notation.tune import Tune

from .files import File, files_in
from .licence import UNKNOWN, permitted, terms_beside
from .source import Refused, Source, mark_of, name_of, place_of, tune_or_refused

_SUFFIXES = frozenset((".mid", ".midi", ".kar", ".smf"))


def open_midi(place: str, acknowledged: Container[str] = ()) -> Source:
    """MIDI files at a path; a licence file beside them is searched for a clause against training.

    Raises InputError where there is nothing, LicenceError for such a clause without acknowledgement.
    """
    path = place_of(place)
    spec = f"midi:{place}"
    licence = permitted(terms_beside(path, UNKNOWN), spec, acknowledged)
    name = name_of(path)
    read = partial(_read, path, name, licence.name)
    return Source(spec, name, f"MIDI files in {path.name}", licence, read, partial(mark_of, path))


def midi_files(path: Path) -> Iterator[tuple[str, bytes] | Conversion]:
    """Name and bytes of each MIDI file of a file, a folder or an archive, or why it is not read."""
    for file in files_in(path, _is_midi):
        if isinstance(file, File):
            data = file.stream.read(LARGEST + 1)
            if len(data) <= LARGEST:
                yield file.name, data
            else:
                yield Conversion(file.name, "", f"larger than {LARGEST // 2**20} MiB")
        else:
            yield Conversion(file.name, "", file.reason)


def _is_midi(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _SUFFIXES


def _read(path: Path, source: str, licence: str) -> Iterator[Tune | Refused]:
    for found in convert_files(midi_files(path), with_recall=False):
        if found.text:
            yield tune_or_refused(found.text, source=source, number=found.name, licence=licence)
        else:
            yield Refused(source, found.name, found.reason)
