"""Tunebooks from files, folders and archives: every number counted, every file accounted for."""

import itertools
import random
import re
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from hf_abc.corpora.sources import Refused, open_source, open_sources, read_source
from hf_abc.corpora.sources.music21_collections import corpus_folder
from hf_abc.corpora.sources.source import LONGEST
from hf_abc.errors import InputError, LicenceError, RecipeError
from hf_abc.notation.tune import Tune

TUNE = "X:1\nT:Été\nK:G\nGABc dedB|\n"
DATA = Path(__file__).parents[3] / "shared" / "data"
CASES = Path(__file__).parents[3] / "shared" / "cases"


def read(path: Path) -> tuple[list[Tune], list[Refused]]:
    found = list(read_source(f"tunebooks:{path}"))
    return [f for f in found if isinstance(f, Tune)], [f for f in found if isinstance(f, Refused)]


def test_real_books_lose_nothing() -> None:
    folder = corpus_folder() / "essenFolksong"
    tunes, refused = read(folder)
    lines = sum(len(re.findall(rb"^X:", file.read_bytes(), re.MULTILINE)) for file in folder.glob("*.abc"))
    assert len(tunes) == lines == len({tune.id for tune in tunes}) == 8514
    assert tunes[0].id == "essenFolksong:altdeu10/1:1" and tunes[0].licence == "unknown"
    assert {f.reason for f in refused} == {
        "no tune: no line begins with X:, and no header ends with K:",  # license.txt
        "music below a blank line, without a header",  # a tune of irl.abc that a blank line cuts in two
    }
    assert len(refused) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "b.abc").write_bytes(TUNE.replace("\n", "\r\n").encode(encoding))
    ((tune,), refused) = read(tmp_path / "b.abc")
    assert (tune.title, tune.text, refused) == ("Été", TUNE, [])


def test_equal_numbers_in_a_file_stay_apart(tmp_path: Path) -> None:
    (tmp_path / "my.tunes.abc").write_text(f"{TUNE}\n{TUNE}\nX:007 % seven\nK:G\nG|\n\nX:\nK:G\nA|\n")
    tunes, _ = read(tmp_path / "my.tunes.abc")
    assert [tune.id for tune in tunes] == [
        "my.tunes:1:1", "my.tunes:1.2:1", "my.tunes:7:1", "my.tunes:0:1",
    ]  # fmt: skip


def test_what_is_no_tunebook_is_said(tmp_path: Path) -> None:
    (tmp_path / "picture.abc").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(1, 32)) * 50)
    (tmp_path / "readme.md").write_text("# Tunes\n")
    (tmp_path / "x.mid").write_bytes(b"MThd")
    (tmp_path / "long.abc").write_text("X:1\nK:G\n" + "G" * LONGEST + "\n")
    (tmp_path / "nul.abc").write_bytes(TUNE.encode() + bytes(1000))
    tunes, refused = read(tmp_path)
    assert [tune.id for tune in tunes] == [f"{tmp_path.name}:nul/1:1"] and tunes[0].text == TUNE
    assert {f.where: f.reason for f in refused} == {
        "long/1": "longer than 300,000 characters",
        "picture.abc": "no text: a binary file",
        "readme.md": "no tune: no line begins with X:, and no header ends with K:",
        "x.mid": "another kind of file (.mid)",
    }


def test_archives_are_read_like_folders(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.zip", "w") as archive:
        archive.writestr("airs/one.abc", TUNE)
        archive.writestr("../two.abc", TUNE)
    tunes, refused = read(tmp_path / "book.zip")
    assert [tune.id for tune in tunes] == ["book:book.zip/airs/one/1:1"]
    assert [f.where for f in refused] == ["book.zip/../two.abc"]


def test_a_large_book_is_never_in_memory(tmp_path: Path) -> None:
    book = tmp_path / "large.abc"
    with book.open("w", encoding="cp1252") as file:
        for number in range(6_000):
            file.write(f"X:{number}\nT:Été {number}\nK:G\n{'GABc dedB|' * 400}\n\n")
    tracemalloc.start()
    count = sum(isinstance(found, Tune) for found in read_source(f"tunebooks:{book}"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 6_000 and book.stat().st_size > 24_000_000
    assert peak < 50_000_000


def test_a_licence_file_that_forbids_training(tmp_path: Path) -> None:
    (tmp_path / "tunes.abc").write_text(TUNE)
    (tmp_path / "LICENSE.md").write_text(
        "# Terms\nDo what you like. You may not train AI on these tunes. Bye.\n"
    )
    with pytest.raises(LicenceError, match="You may not train AI on these tunes.*acknowledge: .tunebooks"):
        open_source(f"tunebooks:{tmp_path}")
    licence = open_source(f"tunebooks:{tmp_path}", ["tunebooks"]).licence
    assert licence.acknowledged and not licence.allows_training and licence.clause.startswith("You may not")
    (tmp_path / "LICENSE.md").write_text("MIT. The software is provided as is.\n")
    assert open_source(f"tunebooks:{tmp_path}").licence.name == "unknown"


def test_marks_follow_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text(TUNE)
    mark = open_source(f"tunebooks:{tmp_path}").mark()
    assert open_source(f"tunebooks:{tmp_path}").mark() == mark
    (tmp_path / "a.abc").write_text(TUNE.replace("dedB", "dedA"))
    assert open_source(f"tunebooks:{tmp_path}").mark() != mark


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist"):
        open_source(f"tunebooks:{tmp_path}/nowhere")
    for spec in ("foo:bar", "tunebooks:", "tunebooks", "essen"):
        with pytest.raises(
            RecipeError, match=f"{spec} is unknown: choose among oneills1850.*tunebooks:FOLDER"
        ):
            open_source(spec)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tunes.abc").write_text(TUNE)
    twins = [f"tunebooks:{tmp_path}/{name}/tunes.abc" for name in ("a", "b")]
    with pytest.raises(RecipeError, match="would both be called tunes: rename one"):
        open_sources(twins)
    assert len(open_sources([twins[0], twins[0], "airdsAirs"])) == 2


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not there")
@pytest.mark.parametrize("folder", sorted(path.name for path in DATA.glob("*/")) if DATA.is_dir() else [])
def test_all_shared_data_is_read(folder: str) -> None:
    tunes, refused = read(DATA / folder)
    lines = sum(
        len(re.findall(rb"^X:", re.sub(rb"\r\n?", b"\n", file.read_bytes()), re.MULTILINE))
        for file in (DATA / folder).rglob("*")
        if file.suffix in (".abc", ".txt")
    )
    assert len(tunes) == lines == len({tune.id for tune in tunes})
    assert {f.reason.split(" (")[0] for f in refused} <= {
        "another kind of file",
        "no tune: no line begins with X:, and no header ends with K:",
        "music below a blank line, without a header",
    }


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not there")
def test_each_shared_case_is_one_tune() -> None:
    for file in sorted(CASES.glob("*.abc")):
        tunes, refused = read(file)
        assert len(tunes) == 1 and not refused, file.name


def test_a_large_book_in_an_archive(tmp_path: Path) -> None:
    """It is unpacked into a temporary file and decoded in pieces from there."""
    bars, choose = (
        ["".join(bar) + "|" for bar in itertools.product("ABcd", repeat=6)],
        random.Random(1).choices,
    )
    tunes = (f"X:{n}\nT:Été\nK:G\n{''.join(choose(bars, k=50))}\n\n" for n in range(12_500))
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.abc", "".join(tunes).encode("cp1252"))
    found, refused = read(tmp_path / "b.zip")
    assert (len(found), refused, found[-1].title) == (12_500, [], "Été")
