"""The best model of a study: which it is, and the recipes that train it on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hf_abc.cli import main
from hf_abc.errors import InputError
from hf_abc.recipe import Study, load_recipe, load_study
from hf_abc.scaling.best import best_model
from hf_abc.scaling.results import read_ground, read_result, result_file, write

MakeUp = Callable[[Study, Path], None]


def test_the_lowest_mean_on_the_validation_side_is_trained_on(
    make_up: MakeUp, micro: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = load_study(micro)
    make_up(study, tmp_path)
    ground = read_ground(tmp_path)
    lucky = result_file(
        tmp_path, "lstm-0.15M-s2"
    )  # one good seed of two, and a good test side, are not enough
    found = read_result(lucky)
    nats = {side: [0.97 * one for one in values] for side, values in found.nats.items()}
    write(lucky, replace(found, nats=nats | {"test": [0.1 * one for one in nats["test"]]}))
    best = best_model(study, tmp_path)
    assert best.run.name == "gpt2-0.25M-s1"
    assert best.loss == pytest.approx(best.run.loss(ground, "validation"))

    assert main(["scaling", "best", str(micro), "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "gpt2 0.25M" in said and f"{best.loss:.4f} nats" in said
    three, longest = (load_recipe(str(tmp_path / "best" / f"{name}.yaml")) for name in best.recipes)
    epoch = ground.train_characters / 192  # a made-up token is a character
    assert three.training.steps == int(np.ceil(3 * epoch)) and not three.training.keep_best
    assert longest.training.steps == int(np.ceil(6 * epoch)) and longest.training.keep_best
    assert three.model.dropout == 0 and longest.model == replace(three.model, dropout=0.2)
    assert three.model.size == "0.25M" and three.training.patience == longest.training.patience == 0
    assert three.training.learning_rate == best.run.rate and three.seed == 1
    assert three.name != longest.name and not three.training.keep_steps
    assert f"--recipe {tmp_path / 'best' / 'three_epochs.yaml'} --out three_epochs" in said


def test_two_seeds_count_as_their_mean(make_up: MakeUp, micro: Path, tmp_path: Path) -> None:
    study = load_study(micro)
    make_up(study, tmp_path)
    for seed in (1, 2):
        path = result_file(tmp_path, f"lstm-0.15M-s{seed}")
        found = read_result(path)
        write(path, replace(found, nats={s: [0.5 * n for n in values] for s, values in found.nats.items()}))
    best, ground = best_model(study, tmp_path), read_ground(tmp_path)
    assert best.run.name == "lstm-0.15M-s1"
    both = [read_result(result_file(tmp_path, f"lstm-0.15M-s{s}")).loss(ground, "validation") for s in (1, 2)]
    assert best.loss == pytest.approx(np.mean(both)) and both[0] != both[1]


def test_what_cannot_be_trained_on_is_refused(make_up: MakeUp, micro: Path, tmp_path: Path) -> None:
    study = load_study(micro)
    with pytest.raises(InputError, match="scaling run"):
        best_model(study, tmp_path)
    make_up(study, tmp_path)
    other = load_study(micro, ["--training.weight_decay", "0.3"])
    with pytest.raises(InputError, match=r"gpt2-0\.25M-s1 .*other settings"):
        best_model(other, tmp_path)
    for path in (tmp_path / "runs").glob("*.json"):
        found = read_result(path)
        if found.part == "ladder":
            write(path, replace(found, diverged="the loss is nan", nats={}))
    with pytest.raises(InputError, match="no finished run of full length"):
        best_model(study, tmp_path)
