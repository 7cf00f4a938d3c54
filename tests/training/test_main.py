"""The module as a command, as `accelerate launch -m hf_abc.training` runs it."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hf_abc.cli import main as hf_abc
from hf_abc.recipe import CorpusRecipe, Recipe
from hf_abc.record import plain
from hf_abc.training.__main__ import main
from hf_abc.training.processes import run_processes


@pytest.fixture
def places(tmp_path: Path, recipe_with: Callable[..., Recipe], tunes: list[str]) -> tuple[Path, Path]:
    """A recipe file and a corpus folder."""
    import pyarrow
    from pyarrow import parquet

    from hf_abc.corpora.parquet import COLUMNS

    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(plain(recipe_with())))
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for side, texts in (("train", tunes[2:]), ("validation", tunes[:2]), ("test", tunes[:1])):
        rows = [dict.fromkeys(COLUMNS, "") | {"text": text} for text in texts]
        parquet.write_table(pyarrow.Table.from_pylist(rows), corpus / f"{side}.parquet")
    return tmp_path / "recipe.yaml", corpus


def test_recipe_corpus_and_overrides_give_a_run_folder(places: tuple[Path, Path], tmp_path: Path) -> None:
    recipe, corpus = places
    out = tmp_path / "run"
    words = ["--recipe", str(recipe), "--corpus", str(corpus), "--out", str(out), "--training.steps", "2"]
    assert main(words) == 0
    assert (out / "model.safetensors").is_file()
    assert yaml.safe_load((out / "recipe.yaml").read_text())["training"]["steps"] == 2


def _written_tunebook(file: Path) -> None:
    """Thirty tunes of random notes, so that none is a rendering of another."""
    draw = random.Random(1)
    for number in range(1, 31):
        bars = ["".join(draw.choice("CDEFGABcdefg") for _ in range(8)) for _ in range(8)]
        with file.open("a") as book:
            book.write(f"X:{number}\nT:Tune {number}\nM:4/4\nL:1/8\nK:C\n{'|'.join(bars)}|]\n\n")


def test_two_processes_without_a_corpus_build_the_recipes_own_once_and_find_it_again(
    tmp_path: Path, recipe_with: Callable[..., Recipe], capfd: pytest.CaptureFixture[str]
) -> None:
    _written_tunebook(tmp_path / "book.abc")
    corpus = CorpusRecipe(sources=[f"tunebooks:{tmp_path / 'book.abc'}"], validation=0.3, test=0.3)
    file, out = tmp_path / "recipe.yaml", tmp_path / "run"
    file.write_text(yaml.safe_dump(plain(replace(recipe_with(steps=2), corpus=corpus))))
    words = ["--recipe", str(file), "--out", str(out)]
    run_processes(2, main, words)
    assert capfd.readouterr().out.count("reading ") == 1
    assert json.loads((out / "run.json").read_text())["training"]["processes"] == 2
    before = (out / "corpus" / "train.parquet").stat().st_mtime_ns
    assert main([*words, "--training.steps", "3"]) == 1  # another run, but the corpus is the same
    assert (out / "corpus" / "train.parquet").stat().st_mtime_ns == before
    assert main(words) == 0


def test_samples_in_between_need_the_other_command(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, corpus = places
    words = ["--recipe", str(recipe), "--corpus", str(corpus), "--out", str(tmp_path / "run")]
    assert main([*words, "--training.samples", "2"]) == 1
    assert "accelerate launch -m hf_abc.cli train" in capsys.readouterr().err


def test_the_command_writes_samples_counts_copies_and_keeps_a_finished_run(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, corpus = places
    out = tmp_path / "run"
    words = ["train", str(recipe), "--corpus", str(corpus), "--out", str(out), "--training.samples", "2"]
    assert hf_abc(words) == 0
    record = json.loads((out / "run.json").read_text())
    assert [point["step"] for point in record["training"]["curve"]] == [5, 6]
    assert all(0 <= point["copied"] <= 1 for point in record["training"]["curve"])
    assert (out / "samples" / "step-000005.abc").read_text().startswith("X:1\n")
    assert record["corpus"]["train"] and record["tokenizer"]["fingerprint"]
    capsys.readouterr()
    assert hf_abc(words) == 0 and "nothing to do" in capsys.readouterr().out
    assert hf_abc([*words, "--training.steps", "2"]) == 1 and "--force" in capsys.readouterr().err
    assert hf_abc([*words, "--training.steps", "2", "--force"]) == 0
    assert json.loads((out / "run.json").read_text())["training"]["steps"] == 2
    assert hf_abc([*words, "--processes", "0"]) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--training.stepps", "2"], "training.stepps"),
        (["--corpus", "nowhere"], "nowhere is no corpus"),
        (["--recipe", "none.yaml"], "none.yaml"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(
    places: tuple[Path, Path],
    tmp_path: Path,
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipe, corpus = places
    assert (
        main(["--recipe", str(recipe), "--corpus", str(corpus), "--out", str(tmp_path / "run"), *words]) == 1
    )
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1 and message in errors[0]
    assert not (tmp_path / "run").exists()
