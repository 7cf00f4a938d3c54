"""A musician's own book: order, numbers, text and encoding, and what is said of each tune."""

from pathlib import Path

import pytest

from hf_abc.cli import main
from hf_abc.corpora.clean_book import clean_book, clean_books
from hf_abc.errors import InputError, OutputError

BOOK = """My tunes, 1998

X:7
T:First
M:4/4
K:B flat
GABc|!
GABc|!

A word about the next.

X: 3
T:Sound
M:4/4
L:1/8
K:G
GABc dedB|G8|]

T:No number
M:4/4
K:D
</p>
d8|]
X:9
T:No key
GABc|
"""
CLEANED = """My tunes, 1998

X:7
T:First
M:4/4
K:Bb
GABc|
GABc|

A word about the next.

X: 3
T:Sound
M:4/4
L:1/8
K:G
GABc dedB|G8|]

X:10
T:No number
M:4/4
K:D
d8|]

X:9
T:No key
GABc|
"""


def test_a_book_is_repaired_and_nothing_is_lost() -> None:
    book = clean_book(BOOK)
    assert (book.text, book.dropped) == (CLEANED, "")
    first, sound, unnumbered, _ = book.tunes
    assert [(c.step, c.lines, c.before, c.after) for c in first.changes] == [
        ("line_breaks", 2, "GABc|!", "GABc|"),
        ("keys", 1, "K:B flat", "K:Bb"),
    ]
    assert (first.number, first.title, first.line) == ("7", "First", 3) and sound.changes == ()
    assert [c.step for c in unnumbered.changes] == ["residue", "number"] and unnumbered.line == 19
    again = clean_book(book.text)
    assert again.text == book.text and not any(tune.changes for tune in again.tunes)


def test_other_profiles_drop_into_a_book_of_their_own_and_keep_numbers() -> None:
    book = clean_book(BOOK, "tidy")
    assert [(tune.title, tune.dropped) for tune in book.tunes] == [
        ("First", ""),
        ("Sound", ""),
        ("No number", ""),
        ("No key", "no K: field ends the header"),
    ]
    assert "X:7\nT:First\nM:4/4\nL:1/8\nK:Bb\nGABc|GABc|]\n" in book.text and "X: 3\n" in book.text
    assert book.dropped == (
        "% dropped by the step music: no K: field ends the header\nX:9\nT:No key\nGABc|\n"
    )


def test_the_header_of_the_file_is_kept_and_counts() -> None:
    text = "%abc-2.1\n%%abc-charset iso-8859-1\nM:6/8\n\nX:1\nT:A\nK:G\nGAB cde|GAB G3|]\n"
    assert clean_book(text).text == text.replace("iso-8859-1", "utf-8")
    assert "X:1\nT:A\nM:6/8\nL:1/8\nK:G\n" in clean_book(text, "tidy").text


def test_files(tmp_path: Path) -> None:
    first, second = tmp_path / "a.abc", tmp_path / "b.abc"
    first.write_bytes("X:1\r\nT:\u00c9t\u00e9\r\nK:G\r\nGABc|!\r\n".encode("cp1252"))
    second.write_text("X:1\nT:None\nGABc|\n")
    done = list(clean_books([first, second], tmp_path / "out", "session"))
    assert [(file, target.name, aside and aside.name) for file, target, aside, _ in done] == [
        (first, "a.abc", None),
        (second, "b.abc", "b.dropped.abc"),
    ]
    assert (tmp_path / "out/a.abc").read_text("utf-8") == "X:1\nT:\u00c9t\u00e9\nK:G\nGABc|\n"
    second.write_text("X:1\nK:G\nGABc|\n")
    list(clean_books([second], tmp_path / "out", "session"))
    assert not (tmp_path / "out/b.dropped.abc").exists()
    assert [target for _, target, _, _ in clean_books([first], tmp_path / "one.abc")] == [
        tmp_path / "one.abc"
    ]


def test_what_cannot_be_done(tmp_path: Path) -> None:
    book = tmp_path / "a.abc"
    book.write_text(BOOK)
    (tmp_path / "words.abc").write_bytes(b"\x00\x01words")
    with pytest.raises(OutputError, match="is the book itself"):
        list(clean_books([book], tmp_path))
    with pytest.raises(OutputError, match="is one file and there are 2 books"):
        list(clean_books([book, tmp_path / "words.abc"], tmp_path / "out.abc"))
    with pytest.raises(InputError, match="two books are called a.abc"):
        list(clean_books([book, tmp_path / "x" / "a.abc"], tmp_path / "out"))
    with pytest.raises(InputError, match="words.abc holds no tune"):
        list(clean_books([tmp_path / "words.abc"], tmp_path / "out"))
    with pytest.raises(InputError, match="there is no profile nice: choose among plain, tidy"):
        clean_book(BOOK, "nice")
    assert book.read_text() == BOOK and not (tmp_path / "out").exists()


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "a.abc"
    book.write_text(BOOK)
    assert main(["clean", str(book), "-o", str(tmp_path / "b.abc")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        f"{book}:3: X:7 First",
        "    took off old signs for line ends (2 lines): GABc|! -> GABc|",
        "    spelt the key: K:B flat -> K:Bb",
    ]
    assert lines[-1] == f"{book}: 4 tunes, 2 changed, 0 dropped; written to {tmp_path / 'b.abc'}"
    assert main(["clean", str(book), "-o", str(tmp_path / "c.abc"), "--profile", "tidy"]) == 0
    out = capsys.readouterr().out
    assert "X:9 No key\n    DROPPED: no K: field ends the header\n" in out
    assert out.endswith(f"the dropped tunes, with reasons, are in {tmp_path / 'c.dropped.abc'}\n")
    assert main(["clean", str(tmp_path / "none.abc"), "-o", str(tmp_path / "d.abc")]) == 1
    assert "none.abc cannot be read (No such file or directory)" in capsys.readouterr().err


def test_numbers_of_thousands_of_digits(tmp_path: Path) -> None:
    n = "7" * 5000
    book = tmp_path / "a.abc"
    book.write_text(f"X:{n}\nM:{n}/{n}\nL:1/{n}\nQ:1/4={n}\nK:C\nG{n}c/{n}|({n}abc Z{n}|{n}\n")
    for profile in ("book", "tidy", "combined"):
        assert len(clean_book(book.read_text(), profile).tunes) == 1
    assert main(["check", str(book)]) == 0


def test_a_text_too_long_for_a_tune_is_dropped_by_what_would_read_it() -> None:
    text = "X:1\nT:Long\nK:C\n" + "GABc|" * 70_000 + "\n"
    assert clean_book(text).text == text
    assert clean_book(text, "tidy").tunes[0].dropped == "longer than 300,000 characters"
