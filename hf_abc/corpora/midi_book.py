"""A folder or an archive of MIDI as a tunebook, with a row for every file and a report.

    tunes.abc    the tunes, numbered (or `tunes/`, an .abc for each file)
    files.csv    each file in order: what became of it, and why
    report.json  the sums; report.md says the same to a reader

files.csv is also the memory of a run that was stopped: it says how far the tunebook goes, so that the same
command goes on behind it and ends with the same files as a run that was not.
"""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from statistics import fmean, median
from typing import Any

from hf_abc.corpora.midi_conversion import Conversion
from hf_abc.corpora.midi_workers import convert_files
from hf_abc.corpora.sources.midi import midi_files
from hf_abc.errors import InputError, OutputError
from hf_abc.record import atomic_write, fingerprint, finished, mark_finished, versions

_FORMAT = 1  # raise it when a change here or in the conversion makes other tunes out of the same files
_COLUMNS = ("file", "number", "characters", "notes", "voices", "recall", "reason", "end")
_SETTINGS = ".settings"
_EVERY = 256  # files between two moments at which all is on disk
_LOW = 0.9
_EXAMPLES = 5


def convert_midi(
    place: Path,
    out: Path,
    *,
    each: bool = False,
    with_recall: bool = True,
    workers: int = 0,
    step: Callable[[int], object] = lambda files: None,
) -> dict[str, Any]:
    """Convert a file, folder or archive of MIDI into the folder `out` and return the report.

    A finished result for the same input is kept, an interrupted one is gone on with; `step` is told how many
    more files are done. Raises InputError where there is nothing to read or it changed since the interrupted
    run, OutputError where `out` holds something else.
    """
    if not place.exists():
        raise InputError(f"{place} does not exist: name a MIDI file, a folder or an archive")
    mark = fingerprint([_FORMAT, str(place.resolve()), each, with_recall, versions().get("symusic")])
    if finished(out, mark):
        return dict(json.loads((out / "report.json").read_text(encoding="utf-8")))
    _claim(out, mark)
    book = _Book(out, each)
    done = False
    try:
        files = book.after_those_done(midi_files(place))
        step(book.files)
        for conversion in convert_files(files, workers=workers, with_recall=with_recall):
            book.add(conversion)
            step(1)
        done = True
    finally:
        book.close()
        report = summary(out / "files.csv", place, done)
        atomic_write(out / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        atomic_write(out / "report.md", readable(report))
    mark_finished(out, mark)
    return report


def _claim(out: Path, mark: str) -> None:
    settings = out / _SETTINGS
    if settings.is_file() and settings.read_text(encoding="utf-8").strip() == mark:
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} holds something else already: remove it or choose another folder")
    atomic_write(settings, mark + "\n")


class _Book:
    """The tunebook and its rows, open for writing behind what an interrupted run left in order."""

    def __init__(self, out: Path, each: bool) -> None:
        self._folder = out / "tunes" if each else None
        self._path = out / "files.csv"
        self._tunes = None if each else (out / "tunes.abc").open("ab")
        written = self._tunes.tell() if self._tunes is not None else 0
        self.files = self._number = self._end = 0
        position = len(_HEAD)
        if self._path.exists():
            for row in _rows(self._path):
                if int(row["end"]) > written:
                    break
                self.files += 1
                self._number += not row["reason"]
                self._end = int(row["end"])
                position += len(_line(row.values()))
        else:
            self._path.write_bytes(_HEAD)
        self._table = self._path.open("ab")
        self._table.truncate(position)
        if self._tunes is not None:
            self._tunes.truncate(self._end)

    def after_those_done(
        self, files: Iterable[tuple[str, bytes] | Conversion]
    ) -> Iterator[tuple[str, bytes] | Conversion]:
        """The files that are still to be converted. Raises InputError where those done are not the first."""
        files = iter(files)
        for row in islice(_rows(self._path), self.files):
            found = next(files, ("", b""))
            if (found.name if isinstance(found, Conversion) else found[0]) != row["file"]:
                raise InputError(
                    f"{row['file']} was converted before and is not where it was: the files have changed, "
                    "so choose another --out"
                )
        yield from files

    def add(self, conversion: Conversion) -> None:
        """Write a tune and its row."""
        self.files += 1
        if conversion.text:
            self._number += 1
            if self._tunes is not None:
                tune = f"X:{self._number}{conversion.text[3:]}\n".encode()
                self._tunes.write(tune)
                self._end += len(tune)
            else:
                assert self._folder is not None
                path = self._folder / f"{conversion.name}.abc"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(conversion.text, encoding="utf-8", newline="\n")
        row = (
            conversion.name,
            self._number if conversion.text else "",
            len(conversion.text),
            conversion.notes,
            conversion.voices,
            "" if conversion.recall is None else conversion.recall,
            conversion.reason,
            self._end,
        )
        self._table.write(_line(row))
        if self.files % _EVERY == 0:
            self._flush()

    def close(self) -> None:
        """Put all on disk."""
        self._flush()
        for file in (self._tunes, self._table):
            if file is not None:
                os.fsync(file.fileno())
                file.close()

    def _flush(self) -> None:
        """The tunes first, so that no row speaks of a tune that is not there."""
        if self._tunes is not None:
            self._tunes.flush()
        self._table.flush()


def _line(values: Iterable[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode("utf-8", "replace")


_HEAD = _line(_COLUMNS)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of files.csv that are whole; what a killed run broke off ends them."""
    with path.open("rb") as file:
        file.readline()
        for line in file:
            values = next(csv.reader([line.decode("utf-8", "replace")]))
            if not line.endswith(b"\n") or len(values) != len(_COLUMNS):
                return
            yield dict(zip(_COLUMNS, values, strict=True))


def summary(rows: Path, place: Path, done: bool) -> dict[str, Any]:
    """The sums over files.csv; `done` says whether all files were read."""
    reasons: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    voices: Counter[str] = Counter()
    recalls: list[float] = []
    low: list[tuple[float, str]] = []
    files = notes = characters = 0
    for row in _rows(rows):
        files += 1
        if row["reason"]:
            reasons[row["reason"]] += 1
            if len(examples.setdefault(row["reason"], [])) < _EXAMPLES:
                examples[row["reason"]].append(row["file"])
            continue
        notes += int(row["notes"])
        characters += int(row["characters"])
        voices[row["voices"]] += 1
        if row["recall"]:
            recalls.append(float(row["recall"]))
            low = sorted([*low, (recalls[-1], row["file"])])[:_EXAMPLES]
    refused = sum(reasons.values())
    return {
        "place": str(place),
        "finished": done,
        "files": files,
        "converted": files - refused,
        "refused": refused,
        "reasons": dict(reasons.most_common()),
        "examples": examples,
        "notes": notes,
        "characters": characters,
        "voices": {number: voices[number] for number in sorted(voices, key=int)},
        "recall": {
            "files": len(recalls),
            "mean": round(fmean(recalls), 4),
            "median": round(median(recalls), 4),
            "below_0.9": sum(recall < _LOW for recall in recalls),
            "lowest": [{"file": name, "recall": recall} for recall, name in low],
        }
        if recalls
        else None,
        "symusic": versions().get("symusic"),
    }


def readable(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        f"# MIDI to ABC: {report['place']}",
        "",
        f"{report['files']:,} files read = {report['converted']:,} converted + {report['refused']:,} refused"
        + ("." if report["finished"] else "; stopped before the end: the same command goes on."),
        f"{report['notes']:,} notes in {report['characters']:,} characters of ABC.",
    ]
    if recall := report["recall"]:
        lines += [
            "",
            f"Played again as MIDI, a tune has {recall['mean']:.1%} of the notes of its file on the average "
            f"(median {recall['median']:.1%}); {recall['below_0.9']:,} of {recall['files']:,} tunes have "
            f"less than {_LOW:.0%}. The lowest: "
            + ", ".join(f"{found['file']} {found['recall']:.1%}" for found in recall["lowest"])
            + ".",
        ]
    if report["reasons"]:
        lines += ["", "| refused because | files | for example |", "|---|---|---|"]
        for reason, count in report["reasons"].items():
            lines.append(f"| {reason.replace('|', '/')} | {count:,} | {report['examples'][reason][0]} |")
    return "\n".join(lines) + "\n"
