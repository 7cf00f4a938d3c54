"""IrishMAN and its relatives: JSON records with a column of ABC, one tune each.

The published set calls its column `abc notation` and puts a control code beside it, which is not read; others
call it `abc_clean` or `abc`. The licence is what the set's card says; its tunes come from The Session and
abcnotation.com, and the card adds "research only".
"""

from collections.abc import Container, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError
from hf_abc.notation.tune import Tune

from .book import Loose, tunes_in
from .licence import Licence, permitted, terms_beside
from .records import records
from .source import Refused, Source, mark_of, name_of, place_of, tune_or_refused

COLUMNS = ("abc notation", "abc_clean", "abc")
LICENCE = Licence(
    "MIT",
    "MIT, as declared by the card of sander-wood/irishman",
    "https://huggingface.co/datasets/sander-wood/irishman",
    note="the card adds: for research only; derived from The Session and abcnotation.com",
)


def open_irishman(place: str, acknowledged: Container[str] = ()) -> Source:
    """A JSON file (a list or JSON lines), or a folder of them (`train.json`, `validation.json`)."""
    path, spec = place_of(place), f"irishman:{place}"
    files = [path] if path.is_file() else sorted([*path.glob("*.json"), *path.glob("*.jsonl")])
    if not files:
        raise InputError(f"{path} holds no .json file: name the folder of IrishMAN, or a file of it")
    licence = permitted(terms_beside(path, LICENCE), spec, acknowledged)
    name = name_of(path)
    return Source(
        spec,
        name,
        f"IrishMAN, {path.name}",
        licence,
        partial(_read, files, name, licence),
        partial(mark_of, path),
    )


def _read(files: list[Path], source: str, licence: Licence) -> Iterator[Tune | Refused]:
    for file in files:
        below = "" if len(files) == 1 else f"{file.stem}/"
        for count, record in enumerate(records(file), 1):
            where = f"{below}{count}"
            if (column := next((name for name in COLUMNS if name in record), None)) is None:
                raise InputError(
                    f"{file}, record {count} has no column {' or '.join(COLUMNS)}: name another file, or "
                    "read it as hub:FOLDER#COLUMN"
                )
            yield tune_of_record(record[column], source, where, licence)


def tune_of_record(value: Any, source: str, where: str, licence: Licence) -> Tune | Refused:
    """The one tune of a record's text, with the number of the record."""
    if not isinstance(value, str) or not value.strip():
        return Refused(source, where, "no text in the column of ABC")
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    tunes = [tune for tune in tunes_in([text]) if not isinstance(tune, Loose)]
    if not tunes:
        return Refused(source, where, "no tune: no line begins with X:, and no header ends with K:")
    if len(tunes) > 1:
        return Refused(source, where, "several tunes in one record")
    return tune_or_refused(tunes[0], source=source, number=where, licence=licence.name)
