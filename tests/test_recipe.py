"""Recipes are strict: what is wrong is named, in one line; and every recipe of the repository can be read."""

from pathlib import Path

import pytest

from hf_abc.errors import RecipeError
from hf_abc.recipe import Recipe, Study, load_recipe, load_study, recipe_path, shipped_recipes

FOLDER = Path(__file__).parent.parent / "recipes"


def written(folder: Path, text: str) -> Path:
    path = folder / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_then_file_then_command_line(tmp_path: Path) -> None:
    path = written(tmp_path, "name: mine\ntraining:\n  steps: 10\n  learning_rate: 1e-3\n")
    recipe = load_recipe(path, ["--training.steps", "20", "--corpus.sources=[airdsAirs]"])
    assert (recipe.name, recipe.training.steps, recipe.training.learning_rate) == ("mine", 20, 0.001)
    assert recipe.corpus.sources == ["airdsAirs"]
    assert recipe.training.clip == Recipe().training.clip
    assert load_recipe(None) == Recipe()
    assert load_recipe(written(tmp_path, "")) == Recipe()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("training:\n  stepz: 10", "unknown key training.stepz: did you mean training.steps?"),
        ("corpora:\n  validation: 0.1", "unknown key corpora.validation: did you mean corpus.validation?"),
        ("training:\n  steps: ten", "training.steps: expected int, got ten"),
        ("training:\n  steps: 10.5", "training.steps: expected int, got 10.5"),
        ("training:\n  transpose: 3", "training.transpose: expected bool, got 3"),
        (
            "tokenizer:\n  kind: word",
            "tokenizer.kind: expected one of ['bpe', 'char', 'folk-rnn', 'pretrained'], got word",
        ),
        ("corpus:\n  sources: airdsAirs", "corpus.sources: expected list, got airdsAirs"),
        ("training: 3", "training: expected `key: value` lines below it, got 3"),
        ("training:\n  steps: 0", "training.steps: 0 is not possible: give a positive number"),
        ("training:\n  block_size: 1000", "training.batch_tokens: 4096 is not possible: give a multiple of"),
        ("model:\n  n_positions: 256", "training.block_size: 512 is not possible: it must not exceed"),
        ("corpus:\n  validation: 0.6\n  test: 0.6", "corpus.test: 0.6 is not possible"),
        ("- 1", "a recipe is a list of `key: value` lines, not [1]"),
        ("name: [", "this is not YAML"),
    ],
)
def test_mistakes_are_named_with_their_file(tmp_path: Path, text: str, sentence: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RecipeError) as error:
        load_recipe(path)
    assert sentence in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--training.stepz", "3"], "unknown key training.stepz: did you mean training.steps?"),
        (["--training.steps", "x"], "training.steps: expected int, got x"),
        (["--training.steps=-1"], "training.steps: -1 is not possible"),
        (["--training.steps"], "training.steps"),
        (["extra"], "unknown key extra"),
    ],
)
def test_mistakes_on_the_command_line(tmp_path: Path, words: list[str], sentence: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(written(tmp_path, ""), words)
    assert sentence in str(error.value)
    assert "the command line" in str(error.value)


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"No such file.*gone\.yaml"):
        load_recipe(tmp_path / "gone.yaml")
    with pytest.raises(RecipeError, match="there is no recipe quickstrat.* quickstart"):
        load_recipe("quickstrat")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\0")
    with pytest.raises(RecipeError, match="not YAML"):
        load_recipe(binary)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_repository_is_read(path: Path) -> None:
    if "accelerate" in path.parts:
        pytest.skip("a configuration of accelerate, not a recipe")
    if "scaling" in path.parts:
        assert load_study(path).name not in (Study.name, ""), "a study has a name"
        return
    recipe = load_recipe(path)
    assert recipe.name != Recipe().name, "a recipe names its model"


def test_shipped_recipes_have_names() -> None:
    assert "quickstart" in shipped_recipes()
    assert load_recipe("quickstart") == load_recipe(recipe_path("quickstart"))


def test_every_recipe_is_in_the_table() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [
        str(p.relative_to(FOLDER))
        for p in FOLDER.rglob("*.yaml")
        if p.relative_to(FOLDER).as_posix() not in table
    ] == []
