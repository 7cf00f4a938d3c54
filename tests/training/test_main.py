"""The module as a command, as `accelerate launch -m hf_abc.training` runs it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from hf_abc.recipe import Recipe
from hf_abc.record import plain
from hf_abc.training.__main__ import main


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
