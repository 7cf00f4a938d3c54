"""The rows of a corpus as Parquet: one file a side, the same columns everywhere, all of them text.

The files are what `datasets.load_dataset(folder)` reads; reading them back here costs pyarrow alone.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from hf_abc.corpora.split import SIDES
from hf_abc.errors import InputError
from hf_abc.notation.tune import Tune

COLUMNS = (
    "id",
    "source",
    "licence",
    "family",
    "title",
    "rhythm",
    "meter",
    "unit_length",
    "key",
    "text",
)
_GROUP = 20_000  # rows that are held and written at once: what a reader of the file has to hold, too


class SideWriter:
    """Writes one side of a corpus row by row; equal rows give equal bytes. To be used in a `with` block."""

    def __init__(self, folder: Path, side: str) -> None:
        import pyarrow
        import pyarrow.parquet

        self._pyarrow = pyarrow
        self._schema = pyarrow.schema([(column, pyarrow.string()) for column in COLUMNS])
        self._writer = pyarrow.parquet.ParquetWriter(folder / f"{side}.parquet", self._schema)
        self._rows: list[Mapping[str, str]] = []
        self.count = 0

    def add(self, row: Mapping[str, str]) -> None:
        self._rows.append(row)
        self.count += 1
        if len(self._rows) == _GROUP:
            self._flush()

    def _flush(self) -> None:
        columns = {column: [row[column] for row in self._rows] for column in COLUMNS}
        self._writer.write_table(self._pyarrow.table(columns, schema=self._schema))
        self._rows = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and (self._rows or not self.count):
            self._flush()
        self._writer.close()


def write_side(folder: Path, side: str, tunes: Iterable[Tune]) -> None:
    """Write one side of a corpus out of tunes."""
    with SideWriter(folder, side) as rows:
        for tune in tunes:
            rows.add({column: getattr(tune, column) for column in COLUMNS})


def read_split(folder: Path | str, side: str) -> list[dict[str, str]]:
    """The rows of one side (train, validation, test) of a corpus folder, in order.

    Raises InputError for another side, and for a folder that is no corpus or a damaged one.
    """
    import pyarrow
    import pyarrow.parquet

    if side not in SIDES:
        raise InputError(f"{side} is no side of a corpus: choose among {', '.join(SIDES)}")
    path = Path(folder) / f"{side}.parquet"
    if not path.is_file():
        raise InputError(f"{folder} is no corpus, {path.name} is missing: build it with `hf-abc corpus`")
    try:
        rows = pyarrow.parquet.read_table(path, columns=list(COLUMNS)).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read ({_first_line(error)}): build the corpus again") from error
    if any(row["text"] is None for row in rows):
        raise InputError(f"{path} has rows without text: build the corpus again")
    return rows


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
