"""Checkpoints: all that a run needs to go on as if it had never stopped.

Accelerate writes weights, optimizer, learning rate, random number generators and whatever was registered
(here the stream's place, the progress, the best look and the usual loss). This module adds what the objective
carries in each process, says in `checkpoint.json` which run it is, and gives two properties that are
lacking: a checkpoint is there whole or not at all, since it is written beside its place and renamed, and only
the last few are kept, with those that the recipe names. SIGKILL at any moment costs the steps since the last
checkpoint, never the run. Power loss is not guarded against: nothing is flushed to the disk by force.

The best weights of a run lie beside, in best/, each file written aside and renamed as well.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from hf_abc.errors import OutputError

if TYPE_CHECKING:
    from accelerate import Accelerator

    from hf_abc.training.objective import Objective

FOLDER = "checkpoints"
BEST = "best"
_PREFIX = "step-"
_NOTE = "checkpoint.json"
# a full disk is all three, by whom it stops; so is a file that does not fit
_FAILURES = (OSError, RuntimeError, SafetensorError)


def save_checkpoint(
    accelerator: Accelerator,
    objective: Objective,
    run: Path,
    step: int,
    *,
    note: dict[str, Any],
    keep: int,
    keep_steps: Sequence[int] = (),
) -> None:
    """Write the checkpoint of `step` into `run`/checkpoints and drop all but the last `keep` and those of
    `keep_steps`. `objective` is the one before it was prepared, `note` what `read_note` shall give.

    Every process calls it. OutputError when it cannot be written; the older ones are then still there.
    """
    folder = run / FOLDER
    place = folder / f"{_PREFIX}{step:08d}"
    aside = folder / f".{place.name}"
    try:
        if accelerator.is_main_process:
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
            (aside / _NOTE).write_text(json.dumps(note), encoding="utf-8")
        accelerator.wait_for_everyone()
        accelerator.save_state(str(aside))
        if objective.carried:
            torch.save(objective.carried, aside / _carried(accelerator))
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            shutil.rmtree(place, ignore_errors=True)  # of a run that was begun again from an earlier one
            aside.rename(place)
            kept = {f"{_PREFIX}{step:08d}" for step in keep_steps}
            for old in [path for path in _checkpoints(run) if path.name not in kept][:-keep]:
                shutil.rmtree(old)
    except _FAILURES as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise OutputError(
            f"the checkpoint {place} could not be written ({error}): free space and start again"
        ) from error


def load_checkpoint(accelerator: Accelerator, objective: Objective, checkpoint: Path) -> None:
    """Take up everything that a checkpoint holds. Every process calls it.

    OutputError when it belongs to a model of another shape, such as another vocabulary, or is broken.
    """
    try:
        accelerator.load_state(str(checkpoint))
        carried = checkpoint / _carried(accelerator)
        if carried.is_file():
            objective.carried = torch.load(carried, map_location=accelerator.device, weights_only=True)
    except (*_FAILURES, KeyError, ValueError) as error:
        raise OutputError(
            f"the checkpoint {checkpoint} does not fit this model ({' '.join(str(error).split())[:300]}): "
            "remove it, or choose another folder"
        ) from error


def read_note(checkpoint: Path) -> dict[str, Any]:
    """What was noted with a checkpoint; OutputError when the folder is none."""
    try:
        note: dict[str, Any] = json.loads((checkpoint / _NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{checkpoint} is no checkpoint of a training run: name a folder RUN/checkpoints/step-…"
        ) from error
    return note


def last_checkpoint(run: Path) -> Path | None:
    """The newest whole checkpoint of a run folder, None where there is none. Remains of an interrupted one
    are removed.
    """
    for aside in (run / FOLDER).glob(f".{_PREFIX}*"):
        shutil.rmtree(aside, ignore_errors=True)
    return next(reversed(_checkpoints(run)), None)


def save_best(run: Path, step: int, weights: dict[str, torch.Tensor]) -> None:
    """Keep the weights of a step as the best so far; OutputError when they cannot be written."""
    place = run / BEST / f"{_PREFIX}{step:08d}.pt"
    aside = place.with_name(f".{place.name}")
    try:
        place.parent.mkdir(exist_ok=True)
        torch.save(weights, aside)
        os.replace(aside, place)
    except _FAILURES as error:
        aside.unlink(missing_ok=True)
        raise OutputError(
            f"the best weights {place} could not be written ({error}): free space and start again"
        ) from error


def load_best(run: Path, step: int) -> dict[str, torch.Tensor]:
    """The weights that `save_best` kept of that step."""
    place = run / BEST / f"{_PREFIX}{step:08d}.pt"
    weights: dict[str, torch.Tensor] = torch.load(place, map_location="cpu", weights_only=True)
    return weights


def drop_worse(run: Path, step: int) -> None:
    """Remove all best weights but those of `step`. To be called when a checkpoint that knows of them is
    written: the one before may still need the others.
    """
    for path in (run / BEST).glob(f"{_PREFIX}*"):
        if path.stem != f"{_PREFIX}{step:08d}":
            path.unlink()


def _carried(accelerator: Accelerator) -> str:
    return f"carried-{accelerator.process_index}.pt"


def _checkpoints(run: Path) -> list[Path]:
    return sorted((run / FOLDER).glob(f"{_PREFIX}*"))
