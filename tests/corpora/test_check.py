"""Checking files."""

from pathlib import Path

import pytest

from hf_abc.corpora.check import check_files
from hf_abc.errors import InputError

GOOD = "X:3\nT:Good\nM:2/4\nL:1/8\nK:G\nGABc|d2B2|c2A2|G4|]\n"
BAD = "X:4\nT:Bad\nM:2/4\nL:1/8\nK:G\nGABc|d2B|c2A2|G4|]\n"


def test_tunes_and_lines_are_those_of_the_file(tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text(f"free text\r\n\r\n{GOOD}\r\n{BAD}".replace("\n", "\r\n").replace("\r\r", "\r"))
    good, bad = check_files([book])
    assert (good.file, good.number, good.title, good.level.number) == (str(book), "3", "Good", 7)
    assert (bad.number, bad.title, bad.level.number) == ("4", "Bad", 4)
    (problem,) = bad.level.problems
    assert (problem.line, problem.text) == (15, "this bar is too short: 3/8 in 2/4")
    assert book.read_text().split("\n")[problem.line - 1].startswith("GABc|d2B|")


def test_a_file_without_a_tune_is_one_row(tmp_path: Path) -> None:
    book = tmp_path / "chat.abc"
    book.write_text("T:Stray\nM:6/8\nK:Dmaj\nDED F2A|d2f e3|\n</html>\n")
    (row,) = check_files([book])
    assert (row.number, row.title, row.level.number) == ("", "Stray", 0)
    book.write_bytes(bytes(range(256)) * 10)
    assert [row.level.number for row in check_files([book])] == [0]
    book.write_bytes(b"")
    assert [row.level.number for row in check_files([book])] == [0]


def test_several_files_in_order_and_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text(GOOD)
    (tmp_path / "b.abc").write_text(BAD.replace("Bad", "Été"), encoding="cp1252")
    assert [row.title for row in check_files([tmp_path / "a.abc", str(tmp_path / "b.abc")])] == [
        "Good",
        "Été",
    ]
    with pytest.raises(InputError, match="missing.abc cannot be read"):
        list(check_files([tmp_path / "missing.abc"]))
    with pytest.raises(InputError, match="cannot be read"):
        list(check_files([tmp_path]))
