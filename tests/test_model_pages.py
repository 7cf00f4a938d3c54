"""The pages on models: their tables are those of the sizes and of the result file."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "pretrained.json"


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(page: str, mark: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8").split(mark)[1].strip()


def test_the_table_of_sizes_is_that_of_the_models() -> None:
    ladder = benchmark("ladder")
    assert table("models.md", ladder.MARK) == ladder.markdown()


@pytest.mark.skipif(not RESULTS.is_file(), reason="the transfer has not been run to its end")
def test_the_table_of_the_transfer_is_that_of_its_results() -> None:
    pretrained = benchmark("pretrained")
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert table("pretrained.md", pretrained.MARK) == pretrained.markdown(results)
    assert results["transfer"]["quick"] is False and set(results["transfer"]["arms"]) == set(pretrained.ARMS)
