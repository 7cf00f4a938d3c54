"""Records of a JSON list, of JSON lines or of CSV, one at a time: memory is that of one record.

A damaged file is an error that names the record: what stands behind the damage cannot be trusted, as one
missing quotation mark shifts every column after it.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from hf_abc.errors import InputError

_PIECE = 2**20
_LONGEST = 16 * 2**20
_EDGE = 16  # an error so close to the end of what was read may only mean that more is to come


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a `.csv` or JSON file in order. Raises InputError for a file that holds no records."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name a JSON or CSV file") from error
    with stream:
        yield from csv_records(stream, path) if path.suffix.lower() == ".csv" else json_records(stream, path)


def json_records(stream: IO[bytes], where: Path | str) -> Iterator[dict[str, Any]]:
    """The objects of a JSON list, or objects one behind the other (JSON lines)."""
    reader = io.TextIOWrapper(stream, "utf-8-sig", errors="replace")
    decoder = json.JSONDecoder()
    text, place, count = reader.read(_PIECE), 0, 0
    _check_start(text, where)
    unclosed = text.lstrip().startswith("[")
    while True:
        start, place = place, _next(text, place)
        unclosed = unclosed and "]" not in text[start:place]
        if place == len(text):
            text, place = reader.read(_PIECE), 0
            if not text and unclosed:
                raise InputError(f"{where} breaks off after record {count}: take another copy of the file")
            if not text:
                return
            continue
        try:
            value, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            more = "" if _final(error, text) or len(text) - place > _LONGEST else reader.read(_PIECE)
            if not more:
                raise InputError(
                    f"{where}, record {count + 1} is broken JSON ({error.msg}): take another copy of the file"
                ) from error
            text, place = text[place:] + more, 0
            continue
        count += 1
        if not isinstance(value, dict):
            raise InputError(f"{where}, record {count} is no object with named fields: take another file")
        yield value


def csv_records(stream: IO[bytes], where: Path | str) -> Iterator[dict[str, Any]]:
    """The rows of a CSV file as mappings from its first row's names."""
    rows = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline=""), strict=True)
    count = 0
    try:
        names = next(rows, [])
        for count, row in enumerate(rows, 1):
            if len(row) != len(names):
                raise InputError(
                    f"{where}, row {count} (it ends in line {rows.line_num}) has {len(row)} columns, not "
                    f"{len(names)}: the file is broken there, take another copy"
                )
            yield dict(zip(names, row, strict=True))
    except csv.Error as error:
        raise InputError(
            f"{where}, row {count + 1} (near line {rows.line_num}) is broken CSV ({error}): take another copy"
        ) from error


def _check_start(text: str, where: Path | str) -> None:
    start = text.lstrip()
    if start.startswith("version https://git-lfs"):
        raise InputError(f"{where} is only a pointer of Git LFS: type `git lfs pull` in its repository")
    if not start.startswith(("[", "{")):
        raise InputError(
            f"{where} holds no JSON records but “{' '.join(start[:60].split())}”: take another copy"
        )


def _next(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n[],":
        place += 1
    return place


def _final(error: json.JSONDecodeError, text: str) -> bool:
    """Whether reading on cannot mend this error."""
    return not error.msg.startswith("Unterminated string") and error.pos < len(text) - _EDGE
