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


@pytest.mark.parametrize("page", PAGES)
def test_the_table_is_that_of_the_results(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark, mark = program(PAGES[page], monkeypatch), program("pages", monkeypatch).MARK
    results = json.loads((ROOT / "docs" / f"{page}.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert text.split(mark)[1].strip() == benchmark.markdown(results)


def test_every_way_to_draw_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    arms = json.loads((ROOT / "docs" / "sampling.json").read_text(encoding="utf-8"))["arms"]
    assert list(arms) == list(program("sampling_arms", monkeypatch).arms())
    assert all(found["n"] >= 500 for found in arms.values())
