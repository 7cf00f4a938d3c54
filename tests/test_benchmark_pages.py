"""The tables of pages that tell an experiment are those of its results file, made by its own program."""

import importlib.util
import json
import re
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


SECTIONS = {
    section.split("\n")[0]: section
    for section in re.split(r"\n## ", (BENCHMARKS / "README.md").read_text(encoding="utf-8"))[1:]
}


def measured(value: object) -> list[float]:
    """All numbers of a results file, also as percentages, in milliseconds and GiB."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [number for part in parts for number in measured(part)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return []
    return [abs(value) * unit for unit in (1, 100, 1000, 2**-30)]


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


@pytest.mark.parametrize("title", [name for name, text in SECTIONS.items() if "results/" in text])
def test_the_figures_of_a_table_were_measured(title: str) -> None:
    """Those of four digits and more; shorter ones, and ratios, would be found by chance."""
    names = set(re.findall(r"results/(\w+?)(?:_\dM)?\.json", SECTIONS[title]))
    files = [file for name in names for file in (BENCHMARKS / "results").glob(f"{name}*.json")]
    known = [number for file in files for number in measured(json.loads(file.read_text(encoding="utf-8")))]
    rows = "\n".join(line for line in SECTIONS[title].split("\n") if line.startswith("|"))
    for figure in re.findall(r"\d[\d,]*(?:\.\d+)?", rows):
        whole, _, fraction = figure.replace(",", "").partition(".")
        if len(whole + fraction) < 4:
            continue
        zeros = 0 if fraction else len(whole) - len(whole.rstrip("0"))
        slack = 0.5000001 * 10.0 ** (zeros - len(fraction))
        exact = float(figure.replace(",", ""))
        assert any(abs(exact - number) <= slack for number in known), figure


@pytest.mark.parametrize("name", ["time_to_quality", "training_brake", "shipped_muon"])
def test_the_table_is_made_of_its_results(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    results = json.loads((BENCHMARKS / "results" / f"{name}.json").read_text(encoding="utf-8"))
    parts = {part: result for part, result in results.items() if isinstance(result, dict)}
    (section,) = (text for title, text in SECTIONS.items() if f"`{name}.py`" in title)
    assert program(name, monkeypatch).summary(parts) in section


@pytest.mark.parametrize("place", ["docs/training.md", "recipes/quickstart.yaml"])
def test_what_is_told_of_muon_was_measured(place: str) -> None:
    results = json.loads((BENCHMARKS / "results" / "time_to_quality.json").read_text(encoding="utf-8"))
    told = " ".join((ROOT / place).read_text(encoding="utf-8").split())
    for name in ("quickstart", "quickstart-adamw"):
        assert f" {results[name]['validation']:.2f} " in f"{told} "
