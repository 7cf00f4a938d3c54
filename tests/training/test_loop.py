"""A whole run on a dozen tunes: what it leaves, what it refuses, and that outsiders can use it."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from accelerate import Accelerator
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GPT2LMHeadModel

from hf_abc.errors import HfAbcError, InputError, RecipeError
from hf_abc.models.sizes import gpt2_config, parameter_counts
from hf_abc.models.tokenizers import encode
from hf_abc.recipe import Recipe, load_recipe
from hf_abc.training import loop
from hf_abc.training.loop import fit
from hf_abc.training.schedule import rate
from hf_abc.training.setup import make_start

Recipes = Callable[..., Recipe]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, recipe_with: Recipes, tunes: list[str]) -> Path:
    return fit(
        recipe_with(steps=30, bar_clock=0.1), tunes[2:], tunes[:2], tmp_path_factory.mktemp("loop") / "run"
    )


def test_the_run_folder_holds_a_model_a_tokenizer_and_a_record(run: Path) -> None:
    names = {path.name for path in run.iterdir() if not path.name.startswith(".")}
    model = {"config.json", "model.safetensors", "generation_config.json"}
    assert names == model | {
        "tokenizer.json",
        "tokenizer_config.json",
        "recipe.yaml",
        "run.json",
        "checkpoints",
    }
    config = json.loads((run / "config.json").read_text())
    assert config["model_type"] == "gpt2" and config["architectures"] == ["GPT2LMHeadModel"]
    assert config.get("use_cache", True) is True
    generation = json.loads((run / "generation_config.json").read_text())
    assert (
        generation.get("use_cache", True) is True
    )  # without the cache each token costs the whole prefix again
    loaded = GenerationConfig.from_pretrained(run)
    assert (loaded.do_sample, loaded.temperature, loaded.top_k, loaded.min_p) == (True, 1.0, 0, 0.02)
    assert (loaded.max_length, loaded.bos_token_id, loaded.eos_token_id, loaded.pad_token_id) == (96, 0, 0, 0)


def test_the_clock_head_is_thrown_away(run: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(run)
    assert {type(model).__name__, model.config.n_positions} == {"GPT2LMHeadModel", 96}
    assert not any("clock" in name for name in model.state_dict())


def test_the_record_tells_what_was_done(run: Path) -> None:
    training = json.loads((run / "run.json").read_text())["training"]
    model = AutoModelForCausalLM.from_pretrained(run)
    assert training["parameters"]["total"] == parameter_counts(model).total == model.num_parameters()
    assert training["steps"] == 30 and training["tokens"] == 30 * 192
    assert training["tokens_per_second"] > 0 and training["peak_memory_gib"] > 0
    assert [point["step"] for point in training["curve"]] == [5, 10, 15, 20, 25, 30]
    assert training["curve"][-1]["train"] < training["curve"][0]["train"]
    assert training["curve"][-1]["validation"] < training["curve"][0]["validation"]


def test_the_saved_recipe_gives_the_same_run_again(run: Path, recipe_with: Recipes) -> None:
    assert load_recipe(run / "recipe.yaml") == recipe_with(steps=30, bar_clock=0.1)
    assert yaml.safe_load((run / "recipe.yaml").read_text())["training"]["bar_clock"] == 0.1


def test_validation_is_bits_per_character_with_the_end_counted(run: Path, tunes: list[str]) -> None:
    model, tokenizer = AutoModelForCausalLM.from_pretrained(run), AutoTokenizer.from_pretrained(run)
    nats = 0.0
    for ids in encode(tokenizer, tunes[:2]):
        assert len(ids) < 96
        inputs = torch.tensor([[tokenizer.bos_token_id, *ids]])
        with torch.no_grad():
            logits = model(inputs).logits[0]
        nats += float(torch.nn.functional.cross_entropy(logits, torch.tensor([*ids, 0]), reduction="sum"))
    expected = nats / math.log(2) / sum(map(len, tunes[:2]))
    curve = json.loads((run / "run.json").read_text())["training"]["curve"]
    assert curve[-1]["validation"] == pytest.approx(expected, rel=1e-4)


def test_save_and_load_gives_the_same_logits(run: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(run).eval()
    model.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    ids = torch.randint(0, model.config.vocab_size, (3, 40))
    with torch.no_grad():
        assert torch.equal(model(ids).logits, again(ids).logits)


def test_pipeline_writes_text_in_a_process_that_never_imports_the_package(run: Path) -> None:
    code = f"""
import sys
sys.modules["hf_abc"] = None  # importing it is now an error
import torch
from transformers import pipeline
torch.manual_seed(1)
write = pipeline("text-generation", model={str(run)!r})
text = write("X:1\\nT:", max_new_tokens=30)[0]["generated_text"]
assert text.startswith("X:1\\nT:") and len(text) > 10, text
free = write("")[0]["generated_text"]
assert len(free) > 10 and "endoftext" not in free, free
print("written")
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=run.parent, env=environment
    )
    assert done.returncode == 0 and done.stdout.strip().endswith("written"), done.stderr[-2000:]


def test_sampling_in_between_changes_nothing(
    run: Path, tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    steps = []

    def sample(model, tokenizer, step: int) -> None:
        torch.rand(5)
        model.generate(torch.tensor([[tokenizer.bos_token_id]]), max_new_tokens=3, do_sample=True)
        steps.append(step)

    recipe = recipe_with(steps=10, dropout=0.1)
    plain = fit(recipe, tunes[2:], tunes[:2], tmp_path / "plain")
    sampled = fit(recipe, tunes[2:], tunes[:2], tmp_path / "sampled", sample=sample)
    assert steps == [5, 10]
    assert (plain / "model.safetensors").read_bytes() == (sampled / "model.safetensors").read_bytes()


def test_empty_sides_are_refused(tmp_path: Path, recipe_with: Recipes, tunes: list[str]) -> None:
    for train, validation, word in (
        ([], tunes, "train on"),
        ([""], tunes, "train on"),
        (tunes, [], "measure on"),
    ):
        with pytest.raises(InputError, match=word):
            fit(recipe_with(), train, validation, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_corpus_shorter_than_a_block_is_trained_on(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    short = "X:1\nK:C\nCDE|\n"
    out = fit(recipe_with(steps=3), [short], [short], tmp_path / "run")
    assert (out / "model.safetensors").is_file()


def test_runs_of_different_precision_in_one_process(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    for precision in ("bf16", "fp32"):
        recipe = recipe_with(steps=1)
        recipe = replace(recipe, training=replace(recipe.training, precision=precision))
        assert fit(recipe, tunes[2:], tunes[:2], tmp_path / precision) == tmp_path / precision


def test_a_length_that_training_never_sees_is_refused(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    recipe = recipe_with()
    longer = replace(recipe, model=replace(recipe.model, n_positions=128))
    with pytest.raises(RecipeError, match=r"n_positions \(128\) and training.block_size \(96\)"):
        fit(longer, tunes[2:], tunes[:2], tmp_path / "run")


def test_parts_and_checkpointing_of_activations_change_no_result_beyond_rounding(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    runs = [
        fit(recipe_with(steps=10, bar_clock=0.2, batch_tokens=288, **changes), tunes[2:], tunes[:2], out)
        for out, changes in (
            (tmp_path / "whole", {}),
            (tmp_path / "parts", {"micro_batch_tokens": 192}),  # of two rows and of one
            (tmp_path / "less", {"gradient_checkpointing": True}),
        )
    ]
    curves = [json.loads((run / "run.json").read_text())["training"]["curve"] for run in runs]
    weights = [load_file(run / "model.safetensors") for run in runs]
    for curve, other in zip(curves[1:], weights[1:], strict=True):
        for first, second in zip(curves[0], curve, strict=True):
            assert second["train"] == pytest.approx(first["train"], rel=1e-4)
            assert second["validation"] == pytest.approx(first["validation"], rel=1e-4)
        for name, value in weights[0].items():
            torch.testing.assert_close(other[name], value, rtol=1e-3, atol=1e-4)


class _Scaler(torch.amp.GradScaler):
    """fp16's scaler, on a CPU; it finds infinite gradients in the steps whose numbers (from 0) are given."""

    def __init__(self, bad: set[int]) -> None:
        super().__init__("cpu", init_scale=4.0, growth_interval=1000)
        self.bad, self.number = bad, -1

    def scale(self, outputs: torch.Tensor) -> torch.Tensor:
        self.number += 1
        return super().scale(outputs) * (math.inf if self.number in self.bad else 1.0)


def test_scheduler_and_count_of_steps_stand_still_where_fp16_skips(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = loop.make_accelerator
    rates: list[tuple[int, float]] = []

    def with_scaler(recipe: Recipe) -> Accelerator:
        accelerator = make(recipe)
        accelerator.scaler = _Scaler({0, 1, 3})
        return accelerator

    def log(self: object, step: int, values: dict[str, float]) -> None:
        if "rate" in values:
            rates.append((step, values["rate"]))

    monkeypatch.setattr(loop, "make_accelerator", with_scaler)
    monkeypatch.setattr("hf_abc.training.tracking.Tracker.log", log)
    recipe = recipe_with(steps=6, warmup=0.5, decay=0.5)
    out = fit(recipe, tunes[2:], tunes[:2], tmp_path / "run")
    assert rates == [(i + 1, pytest.approx(3e-3 * rate(i, recipe.training))) for i in range(6)]
    assert json.loads((out / "run.json").read_text())["training"]["steps"] == 6
    monkeypatch.setattr(loop, "make_accelerator", lambda recipe: _hopeless(make(recipe)))
    with pytest.raises(HfAbcError, match="fp16 holds no gradient at step 1"):
        fit(recipe, tunes[2:], tunes[:2], tmp_path / "hopeless")


def _hopeless(accelerator: Accelerator) -> Accelerator:
    accelerator.scaler = _Scaler(set(range(1000)))
    return accelerator


@pytest.mark.skipif(torch.cuda.is_available(), reason="fp16 is refused where there is no GPU")
def test_fp16_without_a_gpu_is_refused(tmp_path: Path, recipe_with: Recipes, tunes: list[str]) -> None:
    with pytest.raises(RecipeError, match="'fp16' needs a GPU"):
        fit(recipe_with(precision="fp16"), tunes[2:], tunes[:2], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_tokenizer_larger_than_the_model_is_refused(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = GPT2LMHeadModel(gpt2_config("0.15M", vocab_size=100, n_positions=96))
    monkeypatch.setattr("hf_abc.training.setup.make_model", lambda *_: model)
    with pytest.raises(InputError, match="tokenizer of 300 tokens does not belong to a model of 100"):
        fit(recipe_with(), tunes[2:], tunes[:2], tmp_path / "run")


def test_every_parameter_moves_in_one_step(tmp_path: Path, recipe_with: Recipes, tunes: list[str]) -> None:
    for optimizer in ("adamw", "muon"):
        recipe = recipe_with(steps=1, warmup=0.0, optimizer=optimizer)
        start = make_start(recipe, tunes[2:], tunes[:2]).model.state_dict()
        trained = load_file(fit(recipe, tunes[2:], tunes[:2], tmp_path / optimizer) / "model.safetensors")
        for name, value in trained.items():
            if not name.endswith("wpe.weight"):
                assert (value != start[name]).any(), f"{name} stands still with {optimizer}"


def test_an_unknown_size_is_refused(tmp_path: Path, recipe_with: Recipes, tunes: list[str]) -> None:
    recipe = recipe_with()
    with pytest.raises(RecipeError, match="'7B' is unknown: it is one of 0.15M"):
        fit(replace(recipe, model=replace(recipe.model, size="7B")), tunes[2:], tunes[:2], tmp_path / "run")


def test_progress_is_said_where_there_is_no_terminal(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fit(recipe_with(steps=5), tunes[2:], tunes[:2], tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    assert any("step 1/5" in line for line in lines)
    assert any("step 5/5" in line and "tokens/s" in line for line in lines)
    assert any("bits/character" in line for line in lines)
    assert "\r" not in "".join(lines)
