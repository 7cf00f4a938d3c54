"""A run of the LSTM: interrupted anywhere it ends the same, and its folder loads as any other's."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hf_abc.errors import RecipeError
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.models import AbcLSTMForCausalLM
from hf_abc.recipe import Recipe, TokenizerRecipe
from hf_abc.record import Record
from hf_abc.sampling.loading import load_model, load_tokenizer
from hf_abc.training.checkpoint import last_checkpoint
from hf_abc.training.loop import fit

STEPS = 24
Recipes = Callable[..., Recipe]


@pytest.fixture(scope="module")
def recipe(recipe_with: Recipes) -> Recipe:
    made = recipe_with(
        steps=STEPS, checkpoint_every=4, dropout=0.1, transpose=True, bar_clock=0.1, learning_rate=1e-2
    )
    # rows of 32 tokens are a fraction of a tune: all that the model knows of its meter is in the state
    return replace(
        made,
        model=replace(made.model, family="lstm"),
        training=replace(made.training, block_size=32, batch_tokens=192, micro_batch_tokens=96),
    )


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe, tunes: list[str]) -> Path:
    return fit(recipe, tunes[2:], tunes[:2], tmp_path_factory.mktemp("lstm") / "run")


def test_resume_of_an_lstm_gives_the_same_weights(
    through: Path, tmp_path: Path, recipe: Recipe, tunes: list[str]
) -> None:
    out = tmp_path / "run"

    def stop(_model: object, _tokenizer: object, step: int) -> None:
        if step == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(recipe, tunes[2:], tunes[:2], out, sample=stop)
    checkpoint = last_checkpoint(out)
    assert checkpoint is not None and checkpoint.name == "step-00000008"
    carried = torch.load(checkpoint / "carried-0.pt", weights_only=True)
    assert sorted(carried) == [0, 1] and any(h.abs().max() > 0 for h, _ in carried[0])
    fit(recipe, tunes[2:], tunes[:2], out)
    for name in ("model.safetensors", "config.json", "tokenizer.json", "modeling_abc_lstm.py"):
        assert (out / name).read_bytes() == (through / name).read_bytes(), f"{name} differs"


def test_the_state_matters_to_the_resumed_run(
    through: Path, tmp_path: Path, recipe: Recipe, tunes: list[str]
) -> None:
    """Without the carried state the test above could not pass by luck: the weights then differ."""
    out = tmp_path / "run"
    fit(replace(recipe, training=replace(recipe.training, steps=STEPS)), tunes[2:], tunes[:2], out)
    for name in ("model.safetensors", "config.json"):
        (out / name).unlink()
    (out / ".finished").unlink()
    last, before = sorted((out / "checkpoints").iterdir())[::-1]
    for path in sorted(last.iterdir()):
        path.unlink()
    last.rmdir()
    (before / "carried-0.pt").unlink()
    fit(recipe, tunes[2:], tunes[:2], out)
    assert (out / "model.safetensors").read_bytes() != (through / "model.safetensors").read_bytes()


def test_a_trained_folder_is_evaluated_and_loaded(through: Path, tunes: list[str]) -> None:
    model, tokenizer = load_model(through), load_tokenizer(through)
    assert isinstance(model, AbcLSTMForCausalLM)
    rows = [{"id": str(i), "family": str(i), "text": text} for i, text in enumerate(tunes[:2])]
    measured = bits_per_character(tune_losses(model, tokenizer, rows)).value
    curve = Record(through).get("training")["curve"]
    assert curve[-1]["validation"] == pytest.approx(measured, abs=1e-4)
    assert curve[-1]["validation"] < curve[0]["validation"] < 8


def test_the_families_have_their_own_sizes(recipe: Recipe, tunes: list[str], tmp_path: Path) -> None:
    folk = replace(recipe, model=replace(recipe.model, size="1M-deep"))
    with pytest.raises(RecipeError, match=r"'1M-deep' is unknown: it is one of .*folk-rnn"):
        fit(folk, tunes[2:], tunes[:2], tmp_path)
    gpt2 = replace(recipe, model=replace(recipe.model, family="gpt2", size="folk-rnn"))
    with pytest.raises(RecipeError, match=r"'folk-rnn' is unknown: it is one of .*100M-deep"):
        fit(gpt2, tunes[2:], tunes[:2], tmp_path)


def test_folk_rnns_tokens_train(recipe: Recipe, tunes: list[str], tmp_path: Path) -> None:
    short = replace(
        recipe,
        tokenizer=TokenizerRecipe(kind="folk-rnn"),
        training=replace(recipe.training, steps=2, evaluate_every=2),
    )
    tokenizer = load_tokenizer(fit(short, tunes[2:], tunes[:2], tmp_path / "run"))
    assert "K:Ador\n" in [tokenizer.decode([number]) for number in range(len(tokenizer))]
