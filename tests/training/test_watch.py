"""Looks at a run: the best model, patience, samples, and the brake on learning by heart."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from hf_abc.errors import RecipeError
from hf_abc.models.tokenizers import encode
from hf_abc.recipe import Recipe
from hf_abc.training.loop import fit

Recipes = Callable[..., Recipe]
# a high constant rate and few tunes: held-out bits fall and rise again
HEART = {"learning_rate": 1e-2, "decay": 0.0, "evaluate_every": 10, "checkpoint_every": 20}


def _training(out: Path) -> dict:
    return json.loads((out / "run.json").read_text())["training"]


def _bits(out: Path, texts: list[str]) -> float:
    """Bits per character of short tunes, each alone."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(out).eval(), AutoTokenizer.from_pretrained(out)
    nats = 0.0
    for ids in encode(tokenizer, texts):
        with torch.no_grad():
            logits = model(torch.tensor([[0, *ids]])).logits[0]
        nats += float(torch.nn.functional.cross_entropy(logits, torch.tensor([*ids, 0]), reduction="sum"))
    return nats / math.log(2) / sum(map(len, texts))


@pytest.fixture(scope="module")
def best(tmp_path_factory: pytest.TempPathFactory, recipe_with: Recipes, tunes: list[str]) -> Path:
    recipe = recipe_with(steps=300, keep_best=True, patience=3, **HEART)
    return fit(recipe, tunes[2:5], tunes[:2], tmp_path_factory.mktemp("watch") / "run")


def test_the_best_model_is_kept_and_patience_ends_the_run(best: Path, tunes: list[str]) -> None:
    training = _training(best)
    curve = {point["step"]: point["validation"] for point in training["curve"]}
    chosen = training["chosen_step"]
    assert chosen == min(curve, key=lambda step: curve[step]) == training["best_step"]
    assert training["steps"] == chosen + 30 == max(curve) < 300
    assert f"no look after step {chosen} was better" in training["stopped"]
    assert _bits(best, tunes[:2]) == pytest.approx(curve[chosen], rel=1e-3)
    assert curve[training["steps"]] > curve[chosen]
    assert not (best / "best").exists()


def test_a_look_says_how_much_cheaper_training_tunes_are(best: Path) -> None:
    first, *_, last = _training(best)["curve"]
    for point in (first, last):
        assert point["gap"] == pytest.approx(point["validation"] - point["seen"], abs=2e-5)
        assert "copied" not in point
    assert last["gap"] > first["gap"] + 0.2
    assert last["seen"] < first["seen"]


def test_the_brake_stops_a_run_that_learns_by_heart_by_its_gap(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    recipe = recipe_with(steps=300, stop_gap=1.0, **HEART)
    training = _training(fit(recipe, tunes[2:5], tunes[:2], tmp_path / "run"))
    assert training["steps"] < 300 and training["stopped"].startswith("it learns its tunes by heart")
    gaps = [point["gap"] for point in training["curve"]]
    assert gaps[-1] > 1.0 and max(gaps[:-1], default=0) <= 1.0
    assert training["chosen_step"] == training["steps"]  # without keep_best the last weights are the model


def test_the_brake_stops_on_copies_and_samples_are_written(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    shares = iter([0.25, 0.5, 0.75, 1.0])
    asked = []

    def sample(model: object, tokenizer: object, step: int) -> list[str]:
        asked.append(step)
        return [f"X:1\nT:{step}\nK:C\nCDE|\n", "X:2\nK:C\nEDC|"]

    def copied(texts: list[str]) -> float:
        assert len(texts) == 2
        return next(shares)

    recipe = recipe_with(steps=40, samples=2, stop_copied=0.5, **HEART)
    out = fit(recipe, tunes[2:], tunes[:2], tmp_path / "run", sample=sample, copied=copied)
    training = _training(out)
    assert asked == [10, 20, 30] and training["steps"] == 30
    assert [point["copied"] for point in training["curve"]] == [0.25, 0.5, 0.75]
    assert "75% of the samples copy" in training["stopped"]
    book = (out / "samples" / "step-000020.abc").read_text()
    assert book == "X:1\nT:20\nK:C\nCDE|\n\nX:2\nK:C\nEDC|\n"
    assert sorted(path.name for path in (out / "samples").iterdir())[0] == "step-000010.abc"


def test_samples_need_somebody_who_writes_them(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    with pytest.raises(RecipeError, match="need the command `hf-abc train`"):
        fit(recipe_with(samples=1), tunes[2:], tunes[:2], tmp_path / "run")
    with pytest.raises(RecipeError, match="set training.samples too"):
        recipe_with(stop_copied=0.5)
