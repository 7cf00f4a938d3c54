"""The tables of pages that tell an experiment are those of its results file, made by its own program."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
PAGES = {
    "representation": "representation",
    "spaces": "spaces",
    "imitation": "imitation",
    "pretrained": "pretrained",
    "sampling": "sampling_arms",
}
"""Page in docs/ and program in benchmarks/."""


def program(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def table(page: str, monkeypatch: pytest.MonkeyPatch) -> str:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return text.split(program("pages", monkeypatch).MARK)[1].strip()


@pytest.mark.parametrize("page", PAGES)
def test_the_table_is_that_of_the_results(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    results = json.loads((ROOT / "docs" / f"{page}.json").read_text(encoding="utf-8"))
    assert table(page, monkeypatch) == program(PAGES[page], monkeypatch).markdown(results)


def test_the_table_of_sizes_is_that_of_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table("models", monkeypatch) == program("ladder", monkeypatch).markdown()


def test_every_arm_of_the_transfer_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    transfer = json.loads((ROOT / "docs" / "pretrained.json").read_text(encoding="utf-8"))["transfer"]
    assert transfer["quick"] is False
    assert set(transfer["arms"]) == set(program("pretrained", monkeypatch).ARMS)


def test_every_way_to_draw_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    arms = json.loads((ROOT / "docs" / "sampling.json").read_text(encoding="utf-8"))["arms"]
    assert list(arms) == list(program("sampling_arms", monkeypatch).arms())
    assert all(found["n"] >= 500 for found in arms.values())
