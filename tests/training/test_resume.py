"""A run that is killed and started again must end with the weights of one that ran through, bit for bit."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hf_abc.errors import HfAbcError, OutputError
from hf_abc.recipe import Recipe
from hf_abc.record import Record
from hf_abc.training import run_folder
from hf_abc.training.checkpoint import last_checkpoint
from hf_abc.training.loop import fit

STEPS = 24
# dropout draws at random, transposition changes the data with the epoch, the bar clock adds a second loss
SETTINGS = {"steps": STEPS, "checkpoint_every": 2, "dropout": 0.1, "transpose": True, "bar_clock": 0.2}
# Muon has a state of its own, parts of a batch draw one after the other, and the best look is remembered: it
# is the model, and the run stops where no look is better
OTHER = SETTINGS | {
    "optimizer": "muon",
    "micro_batch_tokens": 96,
    "keep_best": True,
    "patience": 2,
    "evaluate_every": 3,
    "learning_rate": 2e-2,
    "schedule": "cosine",
}
# its state goes on from step to step, for each part of a batch
LSTM = SETTINGS | {"family": "lstm", "micro_batch_tokens": 96}
Recipes = Callable[..., Recipe]


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory, recipe_with: Recipes, tunes: list[str]) -> Path:
    """A run that nothing disturbed."""
    return fit(recipe_with(**SETTINGS), tunes[2:], tunes[:2], tmp_path_factory.mktemp("through") / "run")


def _start(out: Path, settings: dict) -> subprocess.Popen[bytes]:
    """The same run in a process of its own."""
    path = [str(Path(__file__).resolve().parent), *sys.path]
    code = (
        "import pathlib, conftest, hf_abc.training.loop as loop\n"
        f"recipe = conftest.tiny_recipe(**{settings!r})\n"
        f"loop.fit(recipe, conftest.TUNES[2:], conftest.TUNES[:2], pathlib.Path({str(out)!r}))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL)


def _saved(out: Path, at_least: int) -> bool:
    return any(int(p.name.removeprefix("step-")) >= at_least for p in (out / "checkpoints").glob("step-*"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
@pytest.mark.parametrize(
    ("settings", "kills"), [(SETTINGS, 2), (OTHER, 1), (LSTM, 1)], ids=["adamw", "muon-best", "lstm"]
)
def test_resume_after_sigkill_at_random_moments_gives_the_same_weights(
    settings: dict, kills: int, through: Path, tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    recipe = recipe_with(**settings)
    if settings is not SETTINGS:
        through = fit(recipe, tunes[2:], tunes[:2], tmp_path / "through")
    last = Record(through).get("training")["steps"]
    out = tmp_path / "run"
    seed = random.randrange(10**6)
    draw = random.Random(seed)
    for step in sorted(draw.sample(range(2, last - 4), kills)):
        process = _start(out, settings)
        while process.poll() is None and not _saved(out, at_least=step):
            time.sleep(0.001)
        time.sleep(draw.random() * 0.05)  # into a later step, or into the writing of a checkpoint
        process.kill()
        process.wait()
        assert not (out / "model.safetensors").exists(), "it was to be killed before its end"
    fit(recipe, tunes[2:], tunes[:2], out)
    for name in ("model.safetensors", "config.json", "tokenizer.json", "generation_config.json"):
        assert (out / name).read_bytes() == (through / name).read_bytes(), f"{name} differs, seed {seed}"
    facts = [Record(folder).get("training") for folder in (out, through)]
    curves = [[{**point, "seconds": 0} for point in record["curve"]] for record in facts]
    assert curves[0] == curves[1]
    assert [facts[0].get(name) for name in ("chosen_step", "stopped", "steps")] == [
        facts[1].get(name) for name in ("chosen_step", "stopped", "steps")
    ]


def test_only_the_last_checkpoints_are_kept(through: Path) -> None:
    kept = sorted(path.name for path in (through / "checkpoints").iterdir())
    assert kept == [f"step-{STEPS - 2:08d}", f"step-{STEPS:08d}"]


def test_resume_ignores_and_clears_a_checkpoint_that_was_being_written(tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / ".step-00000004").mkdir(parents=True)
    (tmp_path / "checkpoints" / "step-00000002").mkdir()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoints" / "step-00000002"
    assert not (tmp_path / "checkpoints" / ".step-00000004").exists()


def test_a_finished_run_is_found_and_kept(
    through: Path, recipe_with: Recipes, tunes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in through.rglob("*")}
    fit(recipe_with(**SETTINGS), tunes[2:], tunes[:2], through)
    assert "nothing to do" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in through.rglob("*")} == before


def test_another_run_is_refused_and_not_touched(
    through: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in through.rglob("*")}
    recipe = recipe_with(**SETTINGS)
    with pytest.raises(OutputError, match="another recipe, seed or corpus"):
        fit(replace(recipe, seed=2), tunes[2:], tunes[:2], through)
    with pytest.raises(OutputError, match="another recipe, seed or corpus"):
        fit(recipe, tunes[3:], tunes[:2], through)
    assert {path: path.stat().st_mtime_ns for path in through.rglob("*")} == before


def test_force_does_a_finished_run_again_and_spares_other_files(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    out = fit(recipe_with(steps=2), tunes[2:], tunes[:2], tmp_path / "run")
    (out / "notes.txt").write_text("mine")
    (out / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(OutputError, match="train again with --force"):
        fit(recipe_with(steps=3), tunes[2:], tunes[:2], out)
    again = fit(recipe_with(steps=3), tunes[2:], tunes[:2], out, force=True)
    assert Record(again).get("training")["steps"] == 3
    assert (out / "model.safetensors").stat().st_size > 1000 and (out / "notes.txt").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text("{}")
    with pytest.raises(OutputError, match="other origin"):
        fit(recipe_with(), tunes[2:], tunes[:2], other, force=True)


def test_resume_from_a_checkpoint_of_another_vocabulary_is_refused(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    out = tmp_path / "run"
    small = recipe_with(steps=3)
    fit(small, tunes[2:], tunes[:2], tmp_path / "small")
    large = replace(small, tokenizer=replace(small.tokenizer, vocab_size=320))
    (out / "checkpoints").mkdir(parents=True)
    shutil.copytree(
        tmp_path / "small" / "checkpoints" / "step-00000003", out / "checkpoints" / "step-00000003"
    )
    mark = run_folder.mark(large, run_folder.texts_mark(tunes[2:], tunes[:2]))
    (out / ".training").write_text(mark)  # as if it were the large run's own
    with pytest.raises(OutputError, match=r"step-00000003 does not fit this model .*size mismatch"):
        fit(large, tunes[2:], tunes[:2], out)


def test_a_model_of_other_origin_is_refused(tmp_path: Path, recipe_with: Recipes, tunes: list[str]) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(OutputError, match="other origin"):
        fit(recipe_with(), tunes[2:], tunes[:2], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_folder_that_cannot_be_written_is_an_output_error(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match="cannot be written"):
        fit(recipe_with(), tunes[2:], tunes[:2], tmp_path / "file" / "run")


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str]
) -> None:
    recipe = recipe_with(steps=40, checkpoint_every=1, learning_rate=1e30)
    with pytest.raises(HfAbcError, match="no longer a number at step"):
        fit(recipe, tunes[2:], tunes[:2], tmp_path / "run")
    kept = last_checkpoint(tmp_path / "run")
    assert kept is not None and (kept / "model.safetensors").is_file()
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_a_full_disk_is_an_output_error_and_leaves_no_half_checkpoint(
    tmp_path: Path, recipe_with: Recipes, tunes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("torch.save", full)  # the optimizer's file comes after the weights'
    with pytest.raises(OutputError, match=r"checkpoint .*step-00000003 could not be written .*No space left"):
        fit(recipe_with(), tunes[2:], tunes[:2], tmp_path / "run")
    assert list((tmp_path / "run" / "checkpoints").iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setattr("transformers.PreTrainedModel.save_pretrained", full)
    with pytest.raises(OutputError, match=r"model could not be written .*No space left"):
        fit(recipe_with(), tunes[2:], tunes[:2], tmp_path / "run")
    assert not [path for path in (tmp_path / "run").iterdir() if path.suffix or path.name.endswith("partial")]
    monkeypatch.undo()
    assert (fit(recipe_with(), tunes[2:], tunes[:2], tmp_path / "run") / "model.safetensors").is_file()
