"""A corpus from end to end: whole, split by families, equal each time, and readable by `datasets`."""

import csv
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hf_abc.abcmidi import bars_right, check_book, compiles
from hf_abc.corpora import build, join, parts, read_split, workers
from hf_abc.corpora.build import build_corpus, build_shard, join_shards
from hf_abc.corpora.cleaning import PROFILES
from hf_abc.corpora.sources import Licence, Refused, Source, open_sources
from hf_abc.corpora.split import SIDES, side
from hf_abc.errors import InputError, LicenceError, OutputError, RecipeError
from hf_abc.notation.tune import Tune, parse_tune
from hf_abc.recipe import CorpusRecipe
from hf_abc.record import replacing


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, some_sources: Callable[..., list[Source]]) -> None:
    monkeypatch.setattr(build, "open_sources", some_sources)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_what_it_should(small_corpus: Path) -> None:
    assert set(files(small_corpus)) == {
        "train.parquet", "validation.parquet", "test.parquet", "README.md", "report.json", "split.csv",
        "plots/sources.png", "plots/music.png", "plots/families.png", ".finished",
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
    assert [step["step"] for step in report["steps"]] == [
        "reading", *PROFILES["plain"], "only_right_bars", "held_back",
    ]  # fmt: skip
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


def test_a_finished_corpus_is_kept(small_corpus: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in small_corpus.iterdir()}
    said: list[str] = []
    recipe = CorpusRecipe(only_right_bars=True)
    assert build_corpus(recipe, small_corpus, progress=said.append) == small_corpus
    assert said == [f"{small_corpus} holds this corpus already"]
    assert join_shards(recipe, small_corpus) == small_corpus
    assert before == {path: path.stat().st_mtime_ns for path in small_corpus.iterdir()}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts so small that a few hundred tunes make some dozen of them."""
    monkeypatch.setattr(parts, "_TUNES", 50)


def test_two_processes_make_the_same_corpus(small_corpus: Path, tmp_path: Path, small_parts: None) -> None:
    again = build_corpus(CorpusRecipe(only_right_bars=True), tmp_path / "again", workers=2)
    assert files(again) == files(small_corpus)


def test_shards_make_the_same_corpus(small_corpus: Path, tmp_path: Path, small_parts: None) -> None:
    recipe, out = CorpusRecipe(only_right_bars=True), tmp_path / "again"
    build_shard(recipe, out, (3, 3))
    with pytest.raises(InputError, match=r"\d of \d+ parts are missing in .*again"):
        join_shards(recipe, out)
    assert not out.exists()
    build_shard(recipe, out, (1, 3))
    build_shard(recipe, out, (2, 3))
    assert join_shards(recipe, out) == out
    assert files(out) == files(small_corpus)
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_a_shard_alone_cannot_be_joined(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="all of the parts are missing"):
        join_shards(CorpusRecipe(), tmp_path / "corpus")
    for own, count in ((0, 2), (3, 2)):
        with pytest.raises(InputError, match=f"there is no shard {own}/{count}: count from 1/2 to 2/2"):
            build_shard(CorpusRecipe(), tmp_path / "corpus", (own, count))


def test_a_stopped_build_goes_on(
    small_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_parts: None
) -> None:
    """Stopped in the fifth part, then in the join: nothing is made twice."""
    recipe, out = CorpusRecipe(only_right_bars=True), tmp_path / "again"
    made: list[int] = []
    real = workers.make_part

    def stopping(folder: Path, number: int, records: Sequence[parts.Record], recipe: CorpusRecipe) -> None:
        if number == 4 and 4 not in made:
            made.append(number)
            raise KeyboardInterrupt
        made.append(number)
        real(folder, number, records, recipe)

    monkeypatch.setattr(workers, "make_part", stopping)
    with pytest.raises(KeyboardInterrupt):
        build_corpus(recipe, out)
    assert not out.exists()
    with monkeypatch.context() as patch:
        patch.setattr(join, "write_card", lambda report: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build_corpus(recipe, out)
    assert not out.exists() and sorted(made) == sorted([4, *range(max(made) + 1)])
    build_corpus(recipe, out)
    assert len(made) == max(made) + 2
    assert files(out) == files(small_corpus)
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_other_shares_take_the_parts_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_parts: None
) -> None:
    recipe = CorpusRecipe(sources=["airdsAirs"], test=1e-9)
    with pytest.raises(RecipeError, match="no tune is left for the test side"):
        build_corpus(recipe, tmp_path / "corpus")
    monkeypatch.setattr(workers, "make_part", lambda *_: 1 / 0)
    assert read_split(build_corpus(replace(recipe, test=0.1), tmp_path / "corpus"), "test")
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_what_is_refused_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read = kept + dropped, with what was no tune among the dropped."""
    licence = Licence("CC0-1.0", allows_training=False, clause="Not for machines.", acknowledged=True)

    def read() -> Iterator[Tune | Refused]:
        yield Refused("mine", "a.abc", "no X: field")
        for number in range(60):
            music = "|".join("".join("CDEFGAB"[(number * i + i * i) % 7] for i in range(8)) for _ in "1234")
            yield parse_tune(
                f"X:1\nT:N\nM:4/4\nL:1/8\nK:C\n{music}|\n" if number % 6 else "X:1\nT:No key\n",
                id=f"mine:{number}:1", source="mine", licence="CC0-1.0",
            )  # fmt: skip
        yield Refused("mine", "b.abc", "no X: field")

    source = Source("tunebooks:mine", "mine", "My tunes", licence, read, lambda: "")
    monkeypatch.setattr(build, "open_sources", lambda specs, acknowledged: [source])
    out = build_corpus(CorpusRecipe(sources=["tunebooks:mine"], validation=0.3, test=0.3), tmp_path / "c")
    report = json.loads((out / "report.json").read_text())
    assert (report["read"], report["kept"], report["dropped"]) == (62, 50, 12)
    assert report["sources"] == {"mine": {"read": 62, "kept": 50}}
    assert report["steps"][0]["reasons"] == {"no X: field": 2}
    assert report["steps"][0]["examples"]["dropped"][0] == {"id": "a.abc", "reason": "no X: field"}
    assert report["steps"][1]["reasons"] == {"no K: field ends the header": 10}
    assert report["origins"]["mine"]["licence"]["acknowledged"] is True
    card = (out / "README.md").read_text()
    assert "Not for machines." in card and "acknowledged" in card


def test_a_rendering_in_another_mode_is_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The families, which hear semitones, miss it; the letters do not."""
    tunes = []
    for number in range(60):
        notes = "".join(random.Random(number).choices("CDEFGAB", k=56))
        for key in ("C", "Cmin"):
            text = f"X:1\nT:{number}\nM:4/4\nL:1/8\nK:{key}\n" + "|".join(
                notes[n : n + 8] for n in range(0, 56, 8)
            )
            tunes.append(
                parse_tune(f"{text}|\n", id=f"mine:{number}{key}:1", source="mine", licence="CC0-1.0")
            )
    source = Source("tunebooks:mine", "mine", "Mine", Licence("CC0-1.0"), lambda: iter(tunes), lambda: "")
    monkeypatch.setattr(build, "open_sources", lambda specs, acknowledged: [source])
    recipe = CorpusRecipe(sources=["tunebooks:mine"], profile="light", validation=0.1, test=0.3)
    out = build_corpus(recipe, tmp_path / "c")
    report = json.loads((out / "report.json").read_text())
    held = report["steps"][-1]
    assert held["step"] == "held_back" and held["dropped"] == len(report["leaks"]["pairs"]) > 5
    assert report["read"] == report["kept"] + report["dropped"] == 120
    assert report["sources"]["mine"] == {"read": 120, "kept": report["kept"]}
    own = report["leaks"]["by_family"]
    assert own["24_notes_in_train"] == 0 < own["24_letters_in_train"]
    assert own["24_letters_in_train"] == round(held["dropped"] / own["test_tunes"], 4)
    assert own["test_tunes"] == report["sides"]["test"]["tunes"] + held["dropped"]
    rows = {row["id"]: name for name in SIDES for row in read_split(out, name)}
    for pair in report["leaks"]["pairs"]:
        assert pair["test"] not in rows and rows[pair["train"]] == "train"
        assert pair["notes"] >= 24 and pair["test"].split("C")[0] == pair["train"].split("C")[0]
    assert f"The {held['dropped']} test tunes that it found in train" in (out / "README.md").read_text()


def test_a_licence_that_forbids_training_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is acknowledged; then report and card say so, and quote it."""
    monkeypatch.setattr(build, "open_sources", open_sources)
    book = tmp_path / "book"
    book.mkdir()
    clause = "You may not use this material in any way with Large Language Models."
    (book / "LICENSE").write_text(f"Open Something Licence.\n\n{clause}\n")
    tunes = []
    for number in range(1, 41):
        notes = "".join(random.Random(number).choices("CDEFGAB", k=48))
        music = "|".join(notes[n : n + 8] for n in range(0, 48, 8))
        tunes.append(f"X:{number}\nT:{number}\nM:4/4\nL:1/8\nK:C\n{music}|\n")
    (book / "tunes.abc").write_text("\n".join(tunes))
    recipe = CorpusRecipe(sources=[f"tunebooks:{book}"], profile="light", validation=0.2, test=0.2)
    with pytest.raises(LicenceError) as caught:
        build_corpus(recipe, tmp_path / "c")
    assert clause in str(caught.value) and "`corpus.acknowledge: [tunebooks]`" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["book"]
    out = build_corpus(replace(recipe, acknowledge=["tunebooks"]), tmp_path / "c")
    licence = json.loads((out / "report.json").read_text())["origins"]["book"]["licence"]
    assert licence["acknowledged"] is True and licence["clause"] == clause
    card = (out / "README.md").read_text()
    assert clause in card and "acknowledged when the corpus was built" in card


def test_sources_without_a_tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("tunebooks:mine", "mine", "My tunes", Licence("CC0-1.0"), lambda: iter(()), lambda: "")
    monkeypatch.setattr(build, "open_sources", lambda specs, acknowledged: [source])
    with pytest.raises(InputError, match="there is nothing to read in tunebooks:mine"):
        build_corpus(CorpusRecipe(sources=["tunebooks:mine"]), tmp_path / "corpus")


def test_another_filter_leaves_the_sides_alone(small_corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    other = build_corpus(CorpusRecipe(), tmp_path / "other", progress=said.append)
    assert len(said) >= 5
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


def test_an_empty_folder_is_a_place_to_build_in(tmp_path: Path) -> None:
    """As a stage does that builds aside and renames."""
    with replacing(tmp_path / "run") as folder:
        build_corpus(CorpusRecipe(sources=["airdsAirs"], validation=0.3, test=0.3), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert read_split(tmp_path / "run", "test")


def test_nothing_half_written_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the parts, from which the next build goes on."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(join, "write_card", full)
    with pytest.raises(OSError, match="No space left"):
        build_corpus(CorpusRecipe(validation=0.3, test=0.3), tmp_path / "corpus")
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".corpus.") and left.name.endswith(".parts")
    assert all(path.name == "parts" or path.name.startswith("part-") for path in left.iterdir())
