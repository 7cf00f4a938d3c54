"""Branches: exact, or refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hf_abc.errors import InputError, OutputError
from hf_abc.recipe import Recipe
from hf_abc.training.loop import fit

Recipes = Callable[..., Recipe]
SETTINGS = {"warmup_steps": 2, "decay": 0.5, "dropout": 0.1, "transpose": True}


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory, recipe_with: Recipes, tunes: list[str]) -> Path:
    recipe = recipe_with(steps=16, keep_steps=[4, 7], checkpoint_every=8, keep_checkpoints=1, **SETTINGS)
    return fit(recipe, tunes[2:], tunes[:2], tmp_path_factory.mktemp("branch") / "trunk") / "checkpoints"


def test_named_steps_are_kept_for_good(trunk: Path) -> None:
    assert sorted(path.name for path in trunk.iterdir()) == [
        "step-00000004",
        "step-00000007",
        "step-00000016",
    ]


def test_a_branch_is_the_run_that_its_recipe_describes(
    trunk: Path, tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    recipe = recipe_with(steps=8, **SETTINGS)  # falls from step 4 on
    branch = fit(recipe, tunes[2:], tunes[:2], tmp_path / "branch", branch=trunk / "step-00000004")
    alone = fit(recipe, tunes[2:], tunes[:2], tmp_path / "alone")
    assert (branch / "model.safetensors").read_bytes() == (alone / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("step", "changes", "sentence"),
    [
        (7, {"steps": 8}, "step-00000007 went another way: at step 6 its learning rate was 1.000"),
        (7, {"steps": 6}, "past the end: the run has 6 steps"),
        (4, {"steps": 8, "warmup_steps": 3}, "at step 1 its learning rate was 0.500 of the highest, where"),
        (4, {"steps": 8, "schedule": "cosine"}, "went another way: at step 4"),
        (16, {"steps": 32}, "at step 10 its learning rate was 0.6"),
        (4, {"steps": 8, "learning_rate": 1e-3}, "another seed, corpus, tokenizer, model or way of training"),
    ],
)
def test_a_branch_from_another_course_is_refused(
    trunk: Path,
    tmp_path: Path,
    recipe_with: Recipes,
    tunes: list[str],
    step: int,
    changes: dict,
    sentence: str,
) -> None:
    recipe = recipe_with(**(SETTINGS | changes))
    with pytest.raises(InputError, match=sentence):
        fit(recipe, tunes[2:], tunes[:2], tmp_path / "run", branch=trunk / f"step-{step:08d}")
    assert not (tmp_path / "run").exists()


def test_a_branch_from_other_tunes_or_from_no_checkpoint_is_refused(
    trunk: Path, tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    recipe = recipe_with(steps=8, **SETTINGS)
    place = trunk / "step-00000004"
    for other, train in ((recipe, tunes[3:]), (replace(recipe, seed=2), tunes[2:])):
        with pytest.raises(InputError, match="another seed, corpus"):
            fit(other, train, tunes[:2], tmp_path / "run", branch=place)
    with pytest.raises(OutputError, match="is no checkpoint of a training run"):
        fit(recipe, tunes[2:], tunes[:2], tmp_path / "run", branch=trunk)
