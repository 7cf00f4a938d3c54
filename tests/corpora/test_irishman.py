"""IrishMAN's records: one tune each, none lost."""

import json
from pathlib import Path

import pytest

from hf_abc.corpora.sources import Refused, open_source, read_source
from hf_abc.errors import InputError
from hf_abc.notation.tune import Tune

ABC = "X:118051\nL:1/8\nM:6/8\nK:D\n|: A2 A AFA | B2 B BAF :|\n"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "irishman" / "test.json"


def test_the_layout_of_the_hub(tmp_path: Path) -> None:
    for split in ("validation", "train"):
        rows = [{"control code": "S:2\nB:5\nE:5\n", "abc notation": ABC.rstrip()}] * 2
        (tmp_path / f"{split}.json").write_text(json.dumps(rows))
    found = list(read_source(f"irishman:{tmp_path}"))
    assert [f.id.split(":", 1)[1] for f in found if isinstance(f, Tune)] == [
        "train/1:1", "train/2:1", "validation/1:1", "validation/2:1",
    ]  # fmt: skip
    assert isinstance(found[0], Tune) and found[0].text == ABC and found[0].licence == "MIT"
    assert "research only" in open_source(f"irishman:{tmp_path}").licence.note


def test_records_that_are_no_tune(tmp_path: Path) -> None:
    texts = [ABC, "", None, "words", f"{ABC}\nX:2\nK:G\nG|\n", "M:4/4\nK:G\nGABc|"]
    (tmp_path / "r.jsonl").write_text("\n".join(json.dumps({"abc": text}) for text in texts))
    found = list(read_source(f"irishman:{tmp_path / 'r.jsonl'}"))
    assert [f.id if isinstance(f, Tune) else f.reason for f in found] == [
        "r:1:1",
        "no text in the column of ABC",
        "no text in the column of ABC",
        "no tune: no line begins with X:, and no header ends with K:",
        "several tunes in one record",
        "r:6:1",
    ]
    assert [f.where for f in found if isinstance(f, Refused)] == ["2", "3", "4", "5"]


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no .json file"):
        open_source(f"irishman:{tmp_path}")
    (tmp_path / "r.json").write_text('[{"text": "X:1"}]')
    with pytest.raises(
        InputError, match="record 1 has no column abc notation or abc_clean or abc.*hub:FOLDER"
    ):
        list(read_source(f"irishman:{tmp_path}"))


@pytest.mark.skipif(not SHARED.is_file(), reason="the shared data is not there")
def test_real_records() -> None:
    found = list(read_source(f"irishman:{SHARED}"))
    assert len(found) == len(json.loads(SHARED.read_text(encoding="utf-8"))) == 1974
    assert all(isinstance(f, Tune) for f in found)
