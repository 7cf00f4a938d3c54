"""The Session (thesession.org): its published dump as JSON list or CSV, from disk or from its repository.

A row has music without a header; the header is written from the columns, with the `L:1/8` that the site
means. The dump is read through once before its first tune comes out: it has been published with records
split by quotation marks, with columns shifted, with most of the music missing and as an error message, and
then nothing in it can be trusted. Since 8 October 2025 its licence forbids use with language models;
`download` takes the revision before that.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hf_abc.errors import InputError
from hf_abc.notation.tune import FIELD, Tune

from .download import fetch, fetch_json
from .licence import Licence, forbidding_clause, permitted, terms_beside
from .records import records
from .source import Refused, Source, mark_of, place_of, tune_or_refused

NAME = "thesession"
CLAUSE_DATE = "2025-10-08"
CLAUSE_COMMIT = "2c07104"
"""The commit that brought the clause against training; its parent is what `download` takes."""

GITHUB = "https://api.github.com/repos/adactio/TheSession-data"
RAW = "https://raw.githubusercontent.com/adactio/TheSession-data"
_URL = "https://github.com/adactio/TheSession-data"

OPEN = Licence(
    "ODbL-1.0",
    "Open Database License 1.0",
    "https://opendatacommons.org/licenses/odbl/1-0/",
    note="Contains information from The Session (thesession.org), made available under the ODbL.",
)
CLOSED = Licence(
    "thesession-2025",
    "licence of The Session since 8 October 2025",
    f"{_URL}/blob/main/LICENSE.md",
    allows_training=False,
    clause="You may not use, adapt, modify, or process the material in any way with Large Language Models.",
    note=OPEN.note,
)
_FILES = ("json/tunes.json", "csv/tunes.csv", "tunes.json", "tunes.csv")
_COLUMNS = ("name", "type", "meter", "mode", "abc")
_MODE = re.compile(r"\s*([A-G][b#]?)\s*([A-Za-z]*)\s*")
_ROW = re.compile(r"^\"?\d+\"?,\"?\d+\"?,", re.MULTILINE)
_EMPTY_SHARE = 0.01
_BREAK = re.compile(r"(!(?:[A-Za-z][\w.+-]*[()]?|[0-9<>^+]+[()]?)!)|!\s*")
_OVERRIDE = "MLK"
_KNOWN = "XTRSZ"


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one reading of a dump shows: its rows, and the date of the latest (empty where rows have none)."""

    rows: int
    last: str


def open_thesession(place: str, acknowledged: Container[str] = ()) -> Source:
    """A dump on disk (a file, or a clone of the repository), or `download` with an optional `@revision`.

    Raises InputError for a broken dump, with its row, and LicenceError for one that comes after the clause
    against training and was not acknowledged.
    """
    spec = f"{NAME}:{place}"
    if place == "download" or place.startswith("download@"):
        path, licence = _downloaded(spec, place.partition("@")[2], acknowledged)
        survey = _survey(path)
    else:
        path = _find(place_of(place))
        survey = _survey(path)
        licence = permitted(_terms(path, survey), spec, acknowledged)
    title = f"The Session, {survey.rows:,} settings" + (f" up to {survey.last[:10]}" if survey.last else "")
    return Source(spec, NAME, title, licence, partial(_read, path, licence), partial(mark_of, path))


def _find(path: Path) -> Path:
    if path.is_file():
        return path
    for name in _FILES:
        file = path / name
        if not file.is_file():
            continue
        with file.open("rb") as stream:
            if not stream.read(30).startswith(b"version https://git-lfs"):
                return file
    raise InputError(f"{path} holds no dump of The Session: {' or '.join(_FILES[:2])} is missing")


def _terms(path: Path, survey: _Survey) -> Licence:
    """The terms of a dump on disk: by the licence file of its clone, else by the date of its latest row."""
    for folder in path.resolve().parents[:2]:  # tunes.json lies in a folder of the repository
        beside = terms_beside(folder, OPEN)
        if not beside.allows_training:
            return replace(CLOSED, clause=beside.clause)
    if survey.last >= CLAUSE_DATE:
        return CLOSED
    if survey.last:
        return OPEN
    trust = f"Its rows bear no date: that it is older than {CLAUSE_DATE} is taken on trust."
    return replace(OPEN, note=f"{OPEN.note} {trust}")


def _downloaded(spec: str, revision: str, acknowledged: Container[str]) -> tuple[Path, Licence]:
    """The dump of a revision and its terms, which are read before the dump is fetched."""
    if not revision:
        commit = fetch_json(f"{GITHUB}/commits/{CLAUSE_COMMIT}")
        try:
            revision = str(commit["parents"][0]["sha"])
        except (TypeError, KeyError, IndexError) as error:
            raise InputError(
                f"{GITHUB} does not know the commit {CLAUSE_COMMIT}: name a revision, as {NAME}:download@SHA"
            ) from error
    if not re.fullmatch(r"[\w.-]+", revision):
        raise InputError(f"{spec}: {revision} is no revision: give the hash of a commit")
    terms = fetch(f"{RAW}/{revision}/LICENSE.md", f"{NAME}/{revision}/LICENSE.md")
    clause = forbidding_clause(terms.read_text(encoding="utf-8", errors="replace"))
    licence = permitted(replace(CLOSED, clause=clause) if clause else OPEN, spec, acknowledged)
    return fetch(f"{RAW}/{revision}/csv/tunes.csv", f"{NAME}/{revision}/tunes.csv"), licence


def _survey(path: Path) -> _Survey:
    """Read a dump through. Raises InputError with the number of the first row that cannot be right."""
    count = empty = 0
    last = ""
    for count, row in enumerate(records(path), 1):
        if fault := _fault(row):
            raise InputError(f"{path}, row {count}: {fault}; the dump is broken there, take another revision")
        last = max(last, str(row.get("date") or ""))
        empty += not row["abc"].strip()
    if count == 0:
        raise InputError(f"{path} holds no tunes: take another revision")
    if empty > max(10, _EMPTY_SHARE * count):
        raise InputError(
            f"{path}: {empty:,} of {count:,} rows have no music, the dump is broken: take another revision"
        )
    return _Survey(count, last)


def _fault(row: dict[str, Any]) -> str:
    """What is wrong with the columns of a row, or nothing."""
    if not {"tune_id", "setting_id"} <= set(row) and not {"tune", "setting"} <= set(row):
        return "there is no column tune_id or setting_id"
    for column in _COLUMNS:
        if not isinstance(row.get(column), str):
            return f"there is no text in the column {column}"
    for number in _ids(row):
        if not number.isdigit():
            return f"the id {number[:40]!r} is no number"
    if not _MODE.fullmatch(row["mode"]):
        return f"the mode {row['mode'][:40]!r} is no key"
    if not re.fullmatch(r"\s*(?:\d+/\d+|C\|?)?\s*", row["meter"]):
        return f"the meter {row['meter'][:40]!r} is no meter"
    if row.get("date") and not re.match(r"\d{4}-\d\d-\d\d", str(row["date"])):
        return f"the date {str(row['date'])[:40]!r} is no date"
    if _ROW.search(row["abc"]) or _ROW.search(row["name"]):
        return "another row stands inside its text, as a quotation mark is missing"
    return ""


def _ids(row: dict[str, Any]) -> tuple[str, str]:
    """Numbers of the tune and of the setting; older dumps call the columns `tune` and `setting`."""
    return str(row.get("tune_id", row.get("tune"))), str(row.get("setting_id", row.get("setting")))


def _read(path: Path, licence: Licence) -> Iterator[Tune | Refused]:
    seen: set[str] = set()
    for count, row in enumerate(records(path), 1):
        tune, setting = _ids(row)
        where = f"row {count}, setting {setting}"
        if setting in seen:
            yield Refused(NAME, where, "a setting that came before")
        elif not row["abc"].strip():
            yield Refused(NAME, where, "no music in the column abc")
        else:
            seen.add(setting)
            text = _text(row, tune, setting)
            yield tune_or_refused(text, source=NAME, number=tune, setting=setting, licence=licence.name)


def _text(row: dict[str, Any], tune: str, setting: str) -> str:
    """A row as ABC. Fields that open its music count more than the columns; those that repeat them go."""
    mode = _MODE.fullmatch(row["mode"])
    own = {"M": row["meter"].strip(), "L": "1/8", "K": mode[1] + mode[2][:3].lower() if mode else ""}
    lines = [line.strip() for line in lined(row["abc"]).split("\n") if line.strip()]
    more: list[str] = []
    while lines and (found := FIELD.match(lines[0])) and found[1] not in ("V", "P", "w", "W", "+"):
        if found[1] in _OVERRIDE:
            own[found[1]] = found[2].strip()
        elif found[1] not in _KNOWN:
            more.append(lines[0])
        lines.pop(0)
    header = [f"X:{tune}", f"T:{_line(row['name'])}"]
    if row.get("composer"):
        header.append(f"C:{_line(row['composer'])}")
    header += [f"S:https://thesession.org/tunes/{tune}#setting{setting}", f"R:{_line(row['type'])}", *more]
    header += [f"{letter}:{value}" for letter, value in own.items() if value]
    return "\n".join([*header, *lines]) + "\n"


def lined(abc: str) -> str:
    """Music with `\\n` at its line ends, where the site had a lone `!`, or CR and LF; `!trill!` stays."""
    abc = abc.replace("\r\n", "\n").replace("\r", "\n")
    return _BREAK.sub(lambda found: found[1] or "\n", abc) if "!" in abc else abc


def _line(text: str) -> str:
    return " ".join(text.split())
