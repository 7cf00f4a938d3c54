"""Several processes: the same run as one, one failure ends all, nobody stays behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from accelerate.utils import DistributedType
from safetensors.torch import load_file

from hf_abc.errors import HfAbcError, InputError, MissingPackageError, OutputError, RecipeError
from hf_abc.recipe import Recipe
from hf_abc.training.loop import check_devices, fit
from hf_abc.training.processes import check_launch, run_processes


def test_two_processes_train_as_one_does(
    tmp_path: Path, recipe_with: Callable[..., Recipe], tunes: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    # parts of one row: two a process with one process, one with two
    recipe = recipe_with(steps=12, bar_clock=0.2, transpose=True, micro_batch_tokens=96, keep_best=True)
    one = fit(recipe, tunes[2:], tunes[:2], tmp_path / "one")
    capfd.readouterr()
    two = tmp_path / "two"
    run_processes(2, fit, recipe, tunes[2:], tunes[:2], two)
    said = capfd.readouterr().out.splitlines()
    assert sum("the model is in" in line for line in said) == 1  # only one of them speaks and writes
    records = [json.loads((out / "run.json").read_text())["training"] for out in (one, two)]
    assert [record["processes"] for record in records] == [1, 2]
    curves = [[(point["train"], point["validation"]) for point in record["curve"]] for record in records]
    assert len(curves[0]) == 3
    for first, second in zip(*curves, strict=True):
        assert second == pytest.approx(first, rel=1e-4)
    weights = [load_file(out / "model.safetensors") for out in (one, two)]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-3, atol=1e-4)


def test_rows_that_the_processes_cannot_share_are_refused(recipe_with: Callable[..., Recipe]) -> None:
    two = SimpleNamespace(num_processes=2, distributed_type=DistributedType.MULTI_CPU)
    check_devices(recipe_with(), two, rows=2)
    with pytest.raises(RecipeError, match="3 rows, which 2 processes cannot share"):
        check_devices(recipe_with(batch_tokens=288), two, rows=3)
    sharded = SimpleNamespace(num_processes=1, distributed_type=DistributedType.FSDP)
    with pytest.raises(RecipeError, match="optimizer does not work with sharded weights"):
        check_devices(recipe_with(optimizer="muon"), sharded, rows=2)


def test_a_users_error_in_one_process_is_raised_here_and_the_others_end_quietly(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = (
        "import os, time\nfrom hf_abc.errors import OutputError\n"
        "if os.environ['RANK'] == '0': raise OutputError('the disk is full')\n"
        "time.sleep(0.1)\nraise RuntimeError('connection closed by peer')"
    )
    with pytest.raises(OutputError, match="the disk is full"):
        run_processes(2, exec, code)
    assert "Traceback" not in capfd.readouterr().err


def test_one_that_fails_ends_all() -> None:
    code = "import os, time\nif os.environ['RANK'] == '1': os._exit(3)\ntime.sleep(100)"
    start = time.monotonic()
    with pytest.raises(HfAbcError, match="process 2 of 2 failed with exit code 3"):
        run_processes(2, exec, code)
    assert time.monotonic() - start < 50


@pytest.mark.parametrize(
    ("raised", "kind"),
    [("InputError('no tune')", InputError), ("MissingPackageError('trackio', 'trackers')", HfAbcError)],
)
def test_errors_keep_their_class_and_sentence(raised: str, kind: type[HfAbcError]) -> None:
    code = f"from hf_abc.errors import *; raise {raised}"
    with pytest.raises(kind) as caught:
        run_processes(1, exec, code)
    assert str(caught.value) in ("no tune", str(MissingPackageError("trackio", "trackers")))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_nobody_stays_behind_when_the_parent_is_killed(tmp_path: Path) -> None:
    inner = (
        "import os, time, pathlib\n"
        f"pathlib.Path({str(tmp_path)!r}, os.environ['RANK']).write_text(str(os.getpid()))\n"
        "time.sleep(100)"
    )
    outer = (
        "from hf_abc.training.processes import run_processes\n"
        f"if __name__ == '__main__': run_processes(2, exec, {inner!r})"
    )
    file = tmp_path / "outer.py"
    file.write_text(outer)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, str(file)], env=environment)
    places = [tmp_path / "0", tmp_path / "1"]
    _until(lambda: all(place.is_file() and place.read_text() for place in places))
    pids = [int(place.read_text()) for place in places]
    parent.kill()
    parent.wait()
    _until(lambda: not any(_lives(pid) for pid in pids))


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True
    except (OSError, IndexError):
        return False


def test_a_launcher_that_started_one_process_instead_of_two_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recipe_with: Callable[..., Recipe], tunes: list[str]
) -> None:
    check_launch()
    # what `accelerate launch --cpu --num_processes 2` leaves in the environment of its only process
    for name, value in (("ACCELERATE_MIXED_PRECISION", "no"), ("MASTER_ADDR", "127.0.0.1")):
        monkeypatch.setenv(name, value)
    with pytest.raises(HfAbcError, match=r"started only this one.*cpu2\.yaml.*--processes 2"):
        fit(recipe_with(), tunes[2:], tunes[:2], tmp_path / "run")
    assert not (tmp_path / "run").exists()
    monkeypatch.setenv("WORLD_SIZE", "2")
    check_launch()
