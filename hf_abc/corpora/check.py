"""Checking tunebooks: the level of each tune, all tunes of a file judged by one process of abc2midi.

Without the program the levels 0, 1, 5, 6 and 7 are found all the same; 2 to 4 then count as reached.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_abc.abcmidi import Message, check_book
from hf_abc.corpora.encoding import decode
from hf_abc.corpora.passages import Passage, passages, with_file_header
from hf_abc.errors import InputError, MissingPackageError, ToolError
from hf_abc.notation.levels import Level, Problem, level
from hf_abc.notation.tune import header_fields


@dataclass(frozen=True, slots=True)
class Checked:
    """A tune of a file: its number there (`X:`), its title, the line on which it begins, its level. Lines are
    those of the file. `heard` says whether abc2midi had its say.
    """

    file: str
    number: str
    title: str
    line: int
    level: Level
    heard: bool = True


def check_files(paths: Sequence[Path | str]) -> Iterator[Checked]:
    """The tunes of the files in order; a file without one gives one row, of level 0.

    Raises InputError for a file that cannot be read.
    """
    for path in paths:
        found = list(passages(read_text(Path(path))))
        header = found[0] if found and not found[0].is_tune else None
        tunes = [each for each in found if each.is_tune] or [_all(found)]
        judged = [_closed(with_file_header(each, header)) for each in tunes]
        texts = [tune.text for tune in judged]
        opinions = _opinions(texts)
        none: list[list[Message] | None] = [None] * len(texts)
        for tune, closed, text, messages in zip(tunes, judged, texts, opinions or none, strict=True):
            fields = header_fields(text)
            number, title = (fields.get(letter, [""])[0] for letter in "XT")
            found_level = _in_file(level(text, messages), closed, _blanks(tune))
            yield Checked(str(path), number, title, tune.place(1), found_level, opinions is not None)


def read_text(path: Path) -> str:
    """The text of a tunebook in any encoding; InputError where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name a file in ABC notation") from error
    return decode(data)


def _all(found: Sequence[Passage]) -> Passage:
    lines = tuple(line for each in found for line in each.lines)
    return Passage(lines, tuple(range(1, len(lines) + 1)), False)


def _opinions(texts: list[str]) -> list[list[Message]] | None:
    """abc2midi's messages, or None where it is not there."""
    try:
        return check_book(texts)
    except (MissingPackageError, ToolError):
        return None


def _closed(tune: Passage) -> Passage:
    """A tune without its blank lines, at which abc2midi would stop."""
    kept = [place for place, line in enumerate(tune.lines) if line.strip()]
    lines, numbers = tune.lines, tune.numbers
    return Passage(tuple(lines[n] for n in kept), tuple(numbers[n] for n in kept), tune.is_tune)


def _blanks(tune: Passage) -> list[Problem]:
    """Rung 2: blank lines within a tune."""
    if not tune.is_tune:
        return []
    text = "a blank line stands within this tune: most programs end it here"
    return [
        Problem(2, number, 0, text)
        for number, line in zip(tune.numbers, tune.lines, strict=True)
        if not line.strip()
    ]


def _in_file(found: Level, tune: Passage, more: list[Problem]) -> Level:
    problems = [Problem(p.rung, tune.place(p.line), p.column, p.text) for p in found.problems] + more
    return Level(
        min([found.number, *(p.rung - 1 for p in more)]), tuple(sorted(problems, key=lambda p: p.rung))
    )
