"""The parts of a corpus in the making: some hundred tunes each, read, cleaned, judged and indexed, in a file.

Parts depend on the sources and the way of cleaning alone, never on each other, on the number of processes or
of machines: any process may make any part, in any order, and a part that is there already is kept. Their
folder lies beside the corpus and is named after what it was made from, so that a change of sources or recipe
meets no old part.
"""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hf_abc.abcmidi import BENIGN, Message, bars_right, check_book, compiles
from hf_abc.corpora.cleaning import PROFILES, STEPS, Dropped
from hf_abc.corpora.index import Index, from_arrays, index, to_arrays
from hf_abc.corpora.parquet import COLUMNS
from hf_abc.corpora.quality import FILTERS, refused
from hf_abc.corpora.quality import filters as active
from hf_abc.corpora.report import Counts, StepCount, judged
from hf_abc.corpora.sources import Refused, Source
from hf_abc.notation.tune import Tune
from hf_abc.recipe import CorpusRecipe
from hf_abc.record import atomic_write

_TUNES = 1000  # of a part at most; a thousand characters count like a tune
_CHARACTERS = 1000
_RIGHT = "only_right_bars"

Record = Tune | Refused


def cut(sources: Iterable[Source]) -> Iterator[tuple[int, list[Record]]]:
    """What the sources give, cut into numbered parts of one source each."""
    number = 0
    for source in sources:
        part: list[Record] = []
        size = 0.0
        for record in source.read():
            part.append(record)
            size += max(1, len(record.text) / _CHARACTERS) if isinstance(record, Tune) else 1
            if size >= _TUNES:
                yield number, part
                number, part, size = number + 1, [], 0.0
        if part:
            yield number, part
            number += 1


def file_of(folder: Path, number: int) -> Path:
    return folder / f"part-{number:06}.npz"


def make_part(folder: Path, number: int, records: Sequence[Record], recipe: CorpusRecipe) -> None:
    """Clean, judge and index the records of a part and write it, unless it is there."""
    path = file_of(folder, number)
    if path.is_file():
        return
    tunes = [record for record in records if isinstance(record, Tune)]
    counts, cleaned = _clean(records, recipe)
    kept = [(place, tune) for place, tune in enumerate(cleaned) if tune is not None]
    arrays: dict[str, Any] = {
        **to_arrays(index(tunes)),
        "kept": np.array([place for place, _ in kept], dtype=np.int64),
        "ids": _json_array([tune.id for tune in tunes]),
        "titles": _json_array([tune.title for tune in tunes]),
        "rows": _json_array([[getattr(tune, column) for column in COLUMNS] for _, tune in kept]),
        "counts": _json_array(counts),
    }
    data = io.BytesIO()
    np.savez(data, **arrays)
    atomic_write(path, data.getvalue())


def _clean(records: Sequence[Record], recipe: CorpusRecipe) -> tuple[Counts, list[Tune | None]]:
    """Take tunes through the steps of the profile; a dropped one leaves None in its place."""
    reading = StepCount("reading", "What stands in a source and is no tune.")
    steps = [
        StepCount(name, " ".join((STEPS[name].__doc__ or "").split())) for name in PROFILES[recipe.profile]
    ]
    tunes: list[Tune] = []
    for record in records:
        if isinstance(record, Tune):
            tunes.append(record)
        else:
            reading.drop(record.where, record.reason)
    cleaned = [_through(tune, steps) for tune in tunes]
    raw = judged(check_book([tune.text for tune in tunes]))
    messages = iter(check_book([tune.text for tune in cleaned if tune is not None]))
    opinions = [next(messages) if tune is not None else [] for tune in cleaned]
    clean = judged([found for tune, found in zip(cleaned, opinions, strict=True) if tune is not None])
    filters = [StepCount(name, FILTERS[name]) for name in active(recipe.quality)]
    if recipe.only_right_bars:
        filters.append(StepCount(_RIGHT, "Drop what abc2midi finds an error or a bar of a wrong length in."))
    for place, (tune, found) in enumerate(zip(cleaned, opinions, strict=True)):
        if tune is not None and (why := _refused(tune, found, recipe)):
            next(step for step in filters if step.name == why[0]).drop(tune.id, why[1])
            cleaned[place] = None
    return {
        "read": {records[0].source: len(records)},
        "steps": {step.name: step.counts for step in (reading, *steps, *filters)},
        "abc2midi": {"raw": raw, "clean": clean},
    }, cleaned


def _through(tune: Tune, steps: Sequence[StepCount]) -> Tune | None:
    for step in steps:
        try:
            result = STEPS[step.name](tune)
        except Exception as error:
            error.add_note(f"in the cleaning step {step.name}, with the tune {tune.id}")
            raise
        if isinstance(result, Dropped):
            step.drop(tune.id, result.reason)
            return None
        if result.text != tune.text:
            step.touch(tune, result)
        tune = result
    return tune


def _refused(tune: Tune, messages: Sequence[Message], recipe: CorpusRecipe) -> tuple[str, str] | None:
    """The filter that drops a clean tune, and its reason."""
    if dropped := refused(tune, recipe.quality, messages):
        return dropped.step, dropped.reason
    if not recipe.only_right_bars or compiles(messages) and bars_right(messages):
        return None
    kinds = (m.kind for m in messages if m.level == "error" and m.kind not in BENIGN)
    return _RIGHT, f"abc2midi: {next(kinds, 'bar-length')}"


def _json_array(value: Any) -> np.ndarray:
    return np.frombuffer(
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), dtype=np.uint8
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """Finished parts in order. Columns are read when asked for, a file at a time."""

    files: tuple[Path, ...]

    def column(self, name: str) -> np.ndarray:
        """A column of numbers over all parts."""
        return np.concatenate([self._member(file, name) for file in self.files])

    def values(self, name: str) -> Iterator[Any]:
        """What each part holds under this name: `ids`, `titles`, `rows` or `counts`."""
        for file in self.files:
            yield json.loads(self._member(file, name).tobytes().decode("utf-8", "surrogatepass"))

    def index(self) -> Index:
        return from_arrays(self.column)

    def kept(self) -> np.ndarray:
        """The places of the kept tunes among all."""
        found, offset = [np.zeros(0, dtype=np.int64)], 0
        for file in self.files:
            found.append(self._member(file, "kept") + offset)
            offset += len(self._member(file, "grams"))
        return np.concatenate(found)

    @staticmethod
    def _member(file: Path, name: str) -> np.ndarray:
        with np.load(file, allow_pickle=False) as members:
            return members[name]
