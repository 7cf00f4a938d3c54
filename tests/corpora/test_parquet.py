"""Rows of a corpus as files."""

from pathlib import Path

import pytest

from hf_abc.corpora.parquet import COLUMNS, read_split, write_side
from hf_abc.errors import InputError
from hf_abc.notation.tune import parse_tune

TUNE = parse_tune(
    'X:1\nT:É "quoted", <|endoftext|>\nM:C|\nL:1/8\nR:reel\nK:Edor\nE2|\n',
    id="a:1:1",
    source="a",
    licence="l",
    family="f",
)


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    write_side(tmp_path, "train", [TUNE, TUNE])
    rows = read_split(tmp_path, "train")
    assert rows[0] == rows[1] == {column: getattr(TUNE, column) for column in COLUMNS}
    assert (rows[0]["key"], rows[0]["rhythm"], rows[0]["text"]) == ("Edor", "reel", TUNE.text)


def test_a_side_may_be_empty_and_equal_tunes_give_equal_bytes(tmp_path: Path) -> None:
    write_side(tmp_path, "test", [])
    assert read_split(str(tmp_path), "test") == []
    write_side(tmp_path, "train", [TUNE])
    first = (tmp_path / "train.parquet").read_bytes()
    write_side(tmp_path, "train", [TUNE])
    assert (tmp_path / "train.parquet").read_bytes() == first


def test_what_is_no_corpus_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match="is no corpus, train.parquet is missing: build it"):
            read_split(folder, "train")
    with pytest.raises(InputError, match="dev is no side of a corpus: choose among train, validation, test"):
        read_split(tmp_path, "dev")


def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    write_side(tmp_path, "train", [TUNE])
    data = (tmp_path / "train.parquet").read_bytes()
    for damaged in (b"", data[: len(data) // 2], b"PAR1" + b"\0" * 100 + b"PAR1"):
        (tmp_path / "train.parquet").write_bytes(damaged)
        with pytest.raises(InputError, match="cannot be read") as caught:
            read_split(tmp_path, "train")
        assert "\n" not in str(caught.value)


def test_a_parquet_file_of_something_else_is_refused(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "train.parquet")
    with pytest.raises(InputError, match="cannot be read"):
        read_split(tmp_path, "train")
