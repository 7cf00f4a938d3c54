"""A corpus from end to end: whole, split by families, equal each time, and readable by `datasets`."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hf_abc.abcmidi import bars_right, check_book, compiles
from hf_abc.corpora import build, read_split
from hf_abc.corpora.build import build_corpus
from hf_abc.corpora.cleaning import PROFILES
from hf_abc.corpora.split import SIDES, side
from hf_abc.errors import OutputError, RecipeError
from hf_abc.notation.tune import Tune
from hf_abc.recipe import CorpusRecipe
from hf_abc.record import replacing


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, some_tunes: Callable[[str], Iterator[Tune]]) -> None:
    monkeypatch.setattr(build, "read_collection", some_tunes)


def test_the_folder_holds_what_it_should(small_corpus: Path) -> None:
    names = {path.name for path in small_corpus.iterdir()}
    assert names == {
        "train.parquet", "validation.parquet", "test.parquet",
        "README.md", "report.json", "split.csv", ".finished",
    }  # fmt: skip
    assert [path.name for path in small_corpus.parent.iterdir()] == [small_corpus.name]


def test_every_tune_is_sound_and_on_the_side_of_its_family(small_corpus: Path) -> None:
    rows = {name: read_split(small_corpus, name) for name in SIDES}
    families = {name: {row["family"] for row in rows[name]} for name in SIDES}
    assert not families["train"] & (families["test"] | families["validation"])
    assert not families["test"] & families["validation"]
    for name, found in rows.items():
        assert all(side(row["family"], validation=0.05, test=0.05) == name for row in found)
        assert all(row["licence"] == "music21-corpus" and row["text"].startswith("X:1\n") for row in found)
        messages = check_book([row["text"] for row in found])
        assert all(compiles(found) and bars_right(found) for found in messages)


def test_read_is_kept_and_dropped_and_the_report_says_so(small_corpus: Path) -> None:
    report = json.loads((small_corpus / "report.json").read_text())
    kept = sum(len(read_split(small_corpus, name)) for name in SIDES)
    assert report["kept"] == kept == sum(n["tunes"] for n in report["sides"].values())
    assert (
        report["read"]
        == report["kept"] + report["dropped"]
        == sum(n["read"] for n in report["sources"].values())
    )
    assert report["dropped"] == sum(step["dropped"] for step in report["steps"])
    assert [step["step"] for step in report["steps"]] == [*PROFILES["plain"], "only_right_bars"]
    assert all(sum(step["reasons"].values()) == step["dropped"] for step in report["steps"])
    assert report["abc2midi"]["raw"]["tunes"] == report["read"]
    assert report["abc2midi"]["clean"]["sound"] == kept
    assert report["leaks"]["by_family"]["near_twin_in_train"] == 0
    assert report["leaks"]["by_family"]["24_notes_in_train"] == 0
    assert report["leaks"]["by_family"]["24_letters_in_train"] <= 0.01


def test_split_csv_names_each_tune_once(small_corpus: Path) -> None:
    with (small_corpus / "split.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    rows = [(row["id"], row["family"], name) for name in SIDES for row in read_split(small_corpus, name)]
    assert sorted((entry["id"], entry["family"], entry["side"]) for entry in listed) == sorted(rows)


def test_two_builds_are_equal_and_a_finished_one_is_kept(small_corpus: Path, tmp_path: Path) -> None:
    recipe = CorpusRecipe(only_right_bars=True)
    again = build_corpus(recipe, tmp_path / "again")
    for path in small_corpus.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name
    before = (again / "report.json").stat().st_mtime_ns
    said: list[str] = []
    assert build_corpus(recipe, again, progress=said.append) == again
    assert said == [f"{again} holds this corpus already"]
    assert (again / "report.json").stat().st_mtime_ns == before


def test_another_filter_leaves_the_sides_alone(small_corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    other = build_corpus(CorpusRecipe(), tmp_path / "other", progress=said.append)
    assert len(said) >= 6
    strict = {row["id"]: name for name in SIDES for row in read_split(small_corpus, name)}
    loose = {row["id"]: name for name in SIDES for row in read_split(other, name)}
    assert strict.items() < loose.items()


def test_datasets_loads_the_folder(small_corpus: Path) -> None:
    code = (
        "import sys, datasets; d = datasets.load_dataset(sys.argv[1]); assert 'hf_abc' not in sys.modules;"
        "print({k: len(v) for k, v in d.items()}); print(d['test'].column_names)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(small_corpus)], capture_output=True, text=True, check=True
    )
    sizes, columns = done.stdout.splitlines()
    assert sizes == str({name: len(read_split(small_corpus, name)) for name in SIDES})
    assert columns.startswith("['id', 'source', 'licence', 'family', 'title'")


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (CorpusRecipe(sources=["essen"]), "corpus.sources: essen is unknown: choose among oneills1850"),
        (CorpusRecipe(profile="shiny"), "corpus.profile: shiny is unknown: choose among .*plain"),
        (CorpusRecipe(test=1e-9), "no tune is left for the test side"),
    ],
)
def test_impossible_recipes(recipe: CorpusRecipe, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=sentence):
        build_corpus(recipe, tmp_path / "corpus")
    assert list(tmp_path.iterdir()) == []


def test_what_stands_in_the_way_is_left_alone(small_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        build_corpus(CorpusRecipe(), tmp_path / "file")
    with pytest.raises(OutputError, match="holds something else already"):
        build_corpus(CorpusRecipe(), tmp_path)
    with pytest.raises(OutputError, match="holds something else already"):
        build_corpus(CorpusRecipe(), small_corpus)  # another recipe
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_is_a_place_to_build_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, some_tunes: Callable[[str], Iterator[Tune]]
) -> None:
    """As a stage does that builds aside and renames."""
    monkeypatch.setattr(build, "read_collection", lambda name: list(some_tunes(name))[:60])
    with replacing(tmp_path / "run") as folder:
        build_corpus(CorpusRecipe(sources=["airdsAirs"], validation=0.3, test=0.3), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert read_split(tmp_path / "run", "test")


def test_nothing_half_written_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, some_tunes: Callable[[str], Iterator[Tune]]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "write_card", full)
    monkeypatch.setattr(build, "read_collection", lambda name: list(some_tunes(name))[:60])
    with pytest.raises(OSError, match="No space left"):
        build_corpus(CorpusRecipe(validation=0.3, test=0.3), tmp_path / "corpus")
    assert list(tmp_path.iterdir()) == []
