"""Trackers by name."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from hf_abc.errors import MissingPackageError
from hf_abc.recipe import Recipe
from hf_abc.training.tracking import Tracker


class Fake(ModuleType):
    """Stands for trackio, which may not be installed."""

    def __init__(self) -> None:
        super().__init__("trackio")
        self.calls: list[tuple] = []

    def init(self, **names: object) -> None:
        self.calls.append(("init", names["project"], names["name"]))

    def log(self, values: dict, step: int) -> None:
        self.calls.append(("log", step, values))

    def finish(self) -> None:
        self.calls.append(("finish",))


def test_every_tenth_step_and_every_look_is_logged(
    tmp_path: Path, recipe_with: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Fake()
    monkeypatch.setitem(sys.modules, "trackio", fake)
    monkeypatch.delenv("TRACKIO_DIR", raising=False)
    with Tracker(recipe_with(tracker="trackio"), tmp_path / "run", main=True) as tracker:
        for step in range(1, 12):
            tracker.log(step, {"loss": 1.5, "norm": 0.2, "rate": 1e-3})
        tracker.log(11, {"validation": 2.0, "gap": 0.1})
    assert fake.calls == [
        ("init", "tiny", "run"),
        ("log", 10, {"loss": 1.5, "norm": 0.2, "rate": 1e-3}),
        ("log", 11, {"validation": 2.0, "gap": 0.1}),
        ("finish",),
    ]


@pytest.mark.parametrize("name", ["trackio", "tensorboard"])
def test_a_missing_package_is_named_with_what_to_type(
    tmp_path: Path, recipe_with: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)  # importing it is now an error
    with (
        pytest.raises(MissingPackageError, match=rf"{name} is not installed.*hf-abc\[trackers\]"),
        Tracker(recipe_with(tracker=name), tmp_path, main=True),
    ):
        pass
    with Tracker(recipe_with(tracker=name), tmp_path, main=False) as tracker:  # the other processes
        tracker.log(10, {"loss": 1.0})


def test_tensorboard_writes_into_the_run_folder(tmp_path: Path, recipe_with: Callable[..., Recipe]) -> None:
    pytest.importorskip("tensorboard")
    with Tracker(recipe_with(tracker="tensorboard"), tmp_path, main=True) as tracker:
        tracker.log(10, {"loss": 1.0})
    assert list((tmp_path / "tracking").glob("events.out.tfevents.*"))
