"""Data sets that `datasets` reads, with a column of ABC. (A fixture server for the Hub's own protocol would
prove no more: the splits come from `datasets` either way.)
"""

import json
from pathlib import Path

import pytest

from hf_abc.corpora.sources import open_source, read_source
from hf_abc.errors import InputError, LicenceError, RecipeError
from hf_abc.notation.tune import Tune

ABC = "X:1\nM:6/8\nK:D\nA2 A AFA|\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "irish"
    folder.mkdir()
    for split, count in (("train", 3), ("test", 2)):
        rows = [{"control code": "S:1", "abc notation": ABC if n else "no tune"} for n in range(count)]
        (folder / f"{split}.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# Tunes\nFor all of us.\n")
    return folder


def test_all_splits_of_a_folder(folder: Path) -> None:
    source = open_source(f"hub:{folder}#abc notation")
    assert (source.name, source.licence.name) == ("irish", "cc-by-4.0")
    found = list(source.read())
    assert [f.id if isinstance(f, Tune) else f.where for f in found] == [
        "train/1", "irish:train/2:1", "irish:train/3:1", "test/1", "irish:test/2:1",
    ]  # fmt: skip
    assert [f.id for f in source.read() if isinstance(f, Tune)] == [
        f.id for f in found if isinstance(f, Tune)
    ]


def test_a_card_that_forbids_training(folder: Path) -> None:
    (folder / "README.md").write_text("# Tunes\nThey may not be used to train language models.\n")
    with pytest.raises(
        LicenceError, match=r"They may not be used to train language models.*acknowledge: \[hub\]"
    ):
        open_source(f"hub:{folder}#abc notation")
    assert open_source(f"hub:{folder}#abc notation", ["hub"]).licence.acknowledged


def test_mistakes_are_named(folder: Path) -> None:
    with pytest.raises(
        InputError, match="has no column abc: its columns are (abc notation, control code|control)"
    ):
        open_source(f"hub:{folder}#abc")
    with pytest.raises(RecipeError, match="names no column: write it as hub:owner/name#column"):
        open_source(f"hub:{folder}")
    with pytest.raises(InputError, match="sander-wood/irishman cannot be read .*offline"):
        list(read_source("hub:sander-wood/irishman#abc notation"))
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        open_source(f"hub:{folder}#abc")
