"""Trackers by name: the curves of a run in TensorBoard's files or in trackio's, inside the run folder.

Neither package is needed for anything else, and run.json holds the curve without them.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.errors import MissingPackageError

if TYPE_CHECKING:
    from hf_abc.recipe import Recipe

_EVERY = 10  # steps


class Tracker:
    """Where the main process sends numbers; for the length of a block. "none" swallows them.

    Raises MissingPackageError when the recipe's tracker is not installed.
    """

    def __init__(self, recipe: Recipe, out: Path, *, main: bool) -> None:
        self._name = recipe.training.tracker if main else "none"
        self._recipe = recipe
        self._folder = out / "tracking"
        self._writer: Any = None

    def __enter__(self) -> Tracker:
        if self._name == "tensorboard":
            _package("tensorboard")
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._folder))
        elif self._name == "trackio":
            os.environ.setdefault("TRACKIO_DIR", str(self._folder.absolute()))
            self._writer = _package("trackio")
            name = self._folder.absolute().parent.name
            self._writer.init(project=self._recipe.name, name=name, resume="allow", embed=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._name == "tensorboard":
            self._writer.close()
        elif self._name == "trackio":
            self._writer.finish()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """The numbers of a step: of every tenth, and those of looks."""
        look = "validation" in values
        if self._writer is None or not (look or step % _EVERY == 0):
            return
        if self._name == "tensorboard":
            for name, value in values.items():
                self._writer.add_scalar(f"{'look' if look else 'step'}/{name}", value, step)
        else:
            self._writer.log(dict(values), step=step)


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackageError(name, extra="trackers") from error
