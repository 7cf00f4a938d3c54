"""The rows of a corpus as Parquet: one file a side, the same columns everywhere, all of them text.

The files are what `datasets.load_dataset(folder)` reads; reading them back here costs pyarrow alone.
"""

from collections.abc import Sequence
from pathlib import Path

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


def write_side(folder: Path, side: str, tunes: Sequence[Tune]) -> None:
    """Write one side of a corpus; equal tunes give equal bytes."""
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(column, pyarrow.string()) for column in COLUMNS])
    columns = {column: [getattr(tune, column) for tune in tunes] for column in COLUMNS}
    pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), folder / f"{side}.parquet")


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
