"""Checkpoints: all that a run needs to go on as if it had never stopped.

Accelerate writes weights, optimizer, learning rate, random number generators and whatever was registered
(here the stream's place and the progress). This module gives that the two properties it lacks: a checkpoint
is there whole or not at all, since it is written beside its place and renamed, and only the last few are
kept. SIGKILL at any moment costs the steps since the last checkpoint, never the run. Power loss is not
guarded against: nothing is flushed to the disk by force.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from hf_abc.errors import OutputError

if TYPE_CHECKING:
    from accelerate import Accelerator

FOLDER = "checkpoints"
_PREFIX = "step-"


def save_checkpoint(accelerator: Accelerator, run: Path, step: int, *, keep: int) -> None:
    """Write the checkpoint of `step` into `run`/checkpoints and drop all but the last `keep`.

    Every process calls it. OutputError when it cannot be written; the older ones are then still there.
    """
    folder = run / FOLDER
    place = folder / f"{_PREFIX}{step:08d}"
    aside = folder / f".{place.name}"
    try:
        if accelerator.is_main_process:
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
        accelerator.wait_for_everyone()
        accelerator.save_state(str(aside))
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            aside.rename(place)
            for old in _checkpoints(run)[:-keep]:
                shutil.rmtree(old)
    except (OSError, RuntimeError, SafetensorError) as error:  # a full disk is all three, by whom it stops
        shutil.rmtree(aside, ignore_errors=True)
        raise OutputError(
            f"the checkpoint {place} could not be written ({error}): free space and start again"
        ) from error


def last_checkpoint(run: Path) -> Path | None:
    """The newest whole checkpoint of a run folder, None where there is none. Remains of an interrupted one
    are removed.
    """
    for aside in (run / FOLDER).glob(f".{_PREFIX}*"):
        shutil.rmtree(aside, ignore_errors=True)
    return next(reversed(_checkpoints(run)), None)


def _checkpoints(run: Path) -> list[Path]:
    return sorted((run / FOLDER).glob(f"{_PREFIX}*"))
