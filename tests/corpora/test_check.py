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


def test_every_tune_of_a_book_is_a_row_also_without_a_number(tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text(f"T:Stray\nK:D\nd2|\n\n{GOOD}\nHere is one:\n```abc\n{GOOD}```\n")
    rows = list(check_files([book]))
    assert [(row.number, row.title, row.line, row.level.number) for row in rows] == [
        ("", "Stray", 1, 0),
        ("3", "Good", 5, 7),
        ("3", "Good", 14, 7),
    ]


def test_the_header_of_the_file_counts(tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text("M:3/4\nL:1/8\n\nX:1\nT:A\nK:G\nGABcde|g6|]\n\nX:2\nT:B\nK:G\nGABcde|gg|e6|]\n")
    good, bad = check_files([book])
    assert good.level.number == 7
    assert [(p.line, p.column, p.text) for p in bad.level.problems] == [
        (12, 8, "this bar is too short: 1/4 in 3/4")
    ]


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("GABc dedB|c2A2 G3|G8|]", {10 + 1: "this bar is too short: 7/8 in 4/4"}),
        ("GABc \u00e9dedB|G8|]", {6: "\u00e9 cannot be read here: it is no sign of music"}),
        ('"\u00e9t\u00e9"GABc !foo!dedB|G8|]', {11: "this decoration is not known"}),
        ('GABc "\u00e9"ded"D"B|G8|]', {6: "this text in quotes reads as a chord name but is none"}),
        ("GA-Bc dedB|G8|]", {3: "this tie leads to another note"}),
        ("GABc d]edB|G8|]", {7: "a ] stands here and no chord is open"}),
        ("GABc !dedB|G8|]", {6: "a lone ! or + stands here"}),
        ("GABc T|dedB|G8|]", {6: "a note must follow this decoration directly"}),
        ("GABcdedB|G^8|]", {11: "^ cannot be read here: an accidental stands before its note"}),
        (":GABcdedB|G8|]", {1: ": cannot be read here: a repeat is written |: or :|"}),
    ],
)
def test_columns_are_right(line: str, columns: dict[int, str], tmp_path: Path) -> None:
    """Behind an accent too, where abc2midi counts two bytes."""
    book = tmp_path / "book.abc"
    book.write_text(f"\nfree text\n\nX:1\nT:A\n\nM:4/4\nL:1/8\nK:G\n{line}\n", encoding="utf-8")
    (row,) = check_files([book])
    blank, *problems = sorted(row.level.problems, key=lambda p: p.line)
    assert (blank.line, blank.rung) == (6, 2) and blank.text.startswith(
        "a blank line stands within this tune"
    )
    assert {p.line for p in problems} == {10}
    for column, sentence in columns.items():
        assert any(p.column == column and p.text.startswith(sentence) for p in problems), problems


def test_levels_without_any_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels 0, 1, 5, 6 and 7 need no abc2midi; 2 to 4 count as reached."""
    header = "X:1\nT:A\nM:2/4\nL:1/8\nK:G\n"
    books = {
        7: GOOD,
        0: header + "GA^|\n",
        6: header + "GABc|d4|" + "z4|" * 20 + "\n",
        5: header + "V:1\nGABc|d4|]\nV:2\nd4|]\n",
        4: header + "GABc|d2B|c2A2|G4|]\n",
    }
    monkeypatch.setattr("hf_abc.abcmidi.program", lambda name: tmp_path / "missing" / name)
    monkeypatch.setenv("PATH", "")
    for number, text in books.items():
        book = tmp_path / f"{number}.abc"
        book.write_text(text)
        (row,) = check_files([book])
        assert (row.level.number, row.heard) == (number, False)


def test_one_process_for_a_whole_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hf_abc import abcmidi

    calls = []
    real = abcmidi.run
    monkeypatch.setattr(abcmidi, "run", lambda *args, **more: calls.append(args) or real(*args, **more))
    book = tmp_path / "book.abc"
    book.write_text(f"{GOOD}\n{BAD}\n" * 200)
    assert len(list(check_files([book]))) == 400 and len(calls) == 1


@pytest.mark.parametrize(
    "piece", ["c", "|", '"', "[", "(3", "c 3", "z", "-", ">", "9" * 50, "{", "V:1\n", "\0"]
)
def test_a_hostile_book_is_judged(piece: str, tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text("X:1\nK:C\n%%abc-include /etc/passwd\nG" + piece * (20_000 // len(piece)) + "\n")
    (row,) = check_files([book])
    assert 0 <= row.level.number <= 7
    assert "root:" not in str(row)


def test_what_is_too_long_for_a_tune(tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_text("X:1\nK:C\n" + "GABc|" * 240_000 + "\n")
    (row,) = check_files([book])
    assert row.level.number == 0
    assert row.level.problems[0].text == "this is longer than any tune (1,200,009 characters)"
