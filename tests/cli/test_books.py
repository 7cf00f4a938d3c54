"""Tunebooks that are named on the command line."""

from pathlib import Path

import pytest

from hf_abc.cli.books import read_book
from hf_abc.errors import InputError


def test_files_that_a_book_wants_are_named_and_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_text("T:secret\n")
    book = tmp_path / "book.abc"
    book.write_text(
        f"X:1\n%%abc-include {tmp_path}/secret\nT:A\nK:D\nd2|\nI:abc-include x\n\nX:2\nK:G\ng2|\n"
    )
    assert read_book(book) == ["X:1\nT:A\nK:D\nd2|\n", "X:2\nK:G\ng2|\n"]
    said = capsys.readouterr().err
    assert said == "".join(f"{book}, line {n}: abc-include is not carried out\n" for n in (2, 6))
    book.write_text("no tune")
    with pytest.raises(InputError, match="holds no tune"):
        read_book(book)
