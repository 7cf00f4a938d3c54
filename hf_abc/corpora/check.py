"""Checking tunebooks: the level of each tune, all tunes of a file judged by one process of abc2midi."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_abc.abcmidi import check_book
from hf_abc.corpora.encoding import decode
from hf_abc.errors import InputError
from hf_abc.notation.levels import Level, Problem, level
from hf_abc.notation.tune import header_fields, split_book


@dataclass(frozen=True, slots=True)
class Checked:
    """A tune of a file: its number there (`X:`), its title, its level. Lines are those of the file."""

    file: str
    number: str
    title: str
    level: Level


def check_files(paths: Sequence[Path | str]) -> Iterator[Checked]:
    """The tunes of the files in order; a file without an `X:` gives one row, of level 0.

    Raises InputError for a file that cannot be read.
    """
    for path in paths:
        text = _read(Path(path))
        tunes = list(split_book(text)) or [text]
        starts = [text.count("\n", 0, found.start()) for found in re.finditer("^X:", text, re.MULTILINE)] or [
            0
        ]
        for tune, start, messages in zip(tunes, starts, check_book(tunes), strict=True):
            fields = header_fields(tune)
            found = _moved(level(tune, messages), start)
            yield Checked(str(path), fields.get("X", [""])[0], fields.get("T", [""])[0], found)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name a file in ABC notation") from error
    return decode(data).replace("\r\n", "\n").replace("\r", "\n")


def _moved(found: Level, lines: int) -> Level:
    problems = tuple(Problem(p.rung, p.line + lines, p.column, p.text) for p in found.problems)
    return Level(found.number, problems)
