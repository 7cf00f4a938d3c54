"""Whose a run folder is, and who may train in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hf_abc.errors import OutputError
from hf_abc.recipe import Recipe
from hf_abc.training import run_folder
from hf_abc.training.loop import fit


def test_a_folder_is_trained_in_by_one_process_alone(tmp_path: Path) -> None:
    with run_folder.alone(tmp_path / "new"):  # nobody's yet
        pass
    run_folder.claim(tmp_path, "abc")
    with (
        run_folder.alone(tmp_path),
        pytest.raises(OutputError, match="is being trained by another process"),
        run_folder.alone(tmp_path),
    ):
        pass
    with run_folder.alone(tmp_path):
        pass


def test_another_process_loses_nothing(
    recipe_with: Callable[..., Recipe], tunes: list[str], tmp_path: Path
) -> None:
    recipe, out = recipe_with(steps=2), tmp_path / "run"
    texts = run_folder.texts_mark(tunes[:-4], tunes[-4:])
    run_folder.claim(out, run_folder.mark(recipe, texts))
    (out / "checkpoints").mkdir()
    with run_folder.alone(out):
        for force in (False, True):
            with pytest.raises(OutputError, match="wait for it, or choose another folder"):
                fit(recipe, tunes[:-4], tunes[-4:], out, force=force)
    assert (out / "checkpoints").is_dir() and (out / ".training").is_file()
