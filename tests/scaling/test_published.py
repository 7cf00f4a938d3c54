"""The published studies: their pages are what their committed result files give, and they keep the promises
that a reader relies on.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from hf_abc.evaluation.compare import table
from hf_abc.recipe import load_recipe, load_study
from hf_abc.record import plain
from hf_abc.scaling.best import best_model
from hf_abc.scaling.report import write_report
from hf_abc.scaling.results import read_results

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "scaling"
FOLDERS = sorted(page.parent for page in PUBLISHED.glob("*/README.md") if (page.parent / "runs").is_dir())
BEST = PUBLISHED / "best"
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")

published = pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]


@published
def test_the_page_is_that_of_the_results(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "runs", tmp_path / "runs")
    shutil.copy(folder / "corpus.json", tmp_path)
    page = write_report(load_study(f"scaling/{folder.name}"), tmp_path).read_text(encoding="utf-8")
    told = (folder / "README.md").read_text(encoding="utf-8")
    assert _NUMBER.sub("#", page) == _NUMBER.sub("#", told)
    assert numbers(page) == pytest.approx(numbers(told), rel=2e-3, abs=2e-3)  # an optimiser's last digits
    for plot in folder.glob("*.svg"):
        assert (tmp_path / plot.name).is_file() and f"({plot.name})" in told


@published
def test_every_run_was_done_and_long_enough(folder: Path) -> None:
    study = load_study(f"scaling/{folder.name}")
    ladder = [run for run in read_results(folder) if run.part == "ladder"]
    assert "Not run yet" not in (folder / "README.md").read_text(encoding="utf-8")
    assert {run.seed for run in ladder} == set(study.seeds)
    assert not any(run.diverged for run in ladder)
    if folder.name == "cpu":
        assert all(run.steps >= 900 for run in ladder)
        assert {(run.family, run.size) for run in ladder} == {
            (family, size) for family, one in study.families().items() for size in one.sizes
        }


def test_what_is_told_of_a_study_stands_in_its_report() -> None:
    told = (
        (PUBLISHED / "README.md")
        .read_text(encoding="utf-8")
        .split("## What came out")[1]
        .split("\nAny key")[0]
    )
    parts = {
        name: told.split(f"({name}/README.md)")[1].split("\n[The ")[0]
        for name in ("cpu", "muon", "tokenizers")
    }
    for name, least in (("cpu", 20), ("muon", 12), ("tokenizers", 6)):
        report = (PUBLISHED / name / "README.md").read_text(encoding="utf-8")
        exact = re.findall(r"\d+\.\d{3,}", parts[name])
        assert len(exact) > least
        assert [number for number in exact if number not in report] == []


def test_the_best_model_was_trained_by_the_studys_recipes() -> None:
    best = best_model(load_study("scaling/cpu"), PUBLISHED / "cpu")
    for name, recipe in best.recipes.items():
        assert load_recipe(PUBLISHED / "cpu" / "best" / f"{name}.yaml") == recipe
        record = json.loads((BEST / f"{name}.json").read_text(encoding="utf-8"))
        assert record["recipe"] == plain(recipe)
        assert record["training"]["steps"] == recipe.training.steps


def test_the_page_on_the_best_model_says_what_was_measured() -> None:
    page = (BEST / "README.md").read_text(encoding="utf-8")
    compared = json.loads((BEST / "compare.json").read_text(encoding="utf-8"))
    assert f"```\n{table(compared)}\n```" in page
    sources = [*BEST.glob("*.json"), *(PUBLISHED / study / "README.md" for study in ("cpu", "muon"))]
    known = [number for file in sources for number in numbers(file.read_text(encoding="utf-8"))]
    text = re.sub(r"```.*?```|\]\([^)]*\)", "", page, flags=re.DOTALL)
    told = re.findall(r"\d+\.\d{3,}", text)
    assert len(told) > 5
    for number in told:
        slack = 0.5000001 * 10.0 ** -len(number.partition(".")[2])
        assert any(abs(float(number) - one) <= slack for one in known), number
    for name in ("three_epochs", "to_its_best"):
        record = json.loads((BEST / f"{name}.json").read_text(encoding="utf-8"))
        assert f"{2 ** record['evaluation']['bits_per_character']['value']:.2f}" in text


def test_what_is_told_of_muon_beside_adamw_was_measured() -> None:
    nats: dict[str, dict[str, float]] = {}
    for study in ("cpu", "muon"):
        report = (PUBLISHED / study / "README.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| ((?:GPT-2|LSTM) \S+) \| [\d,]+ \| \d \| ([\d.]+) \|", report, re.MULTILINE)
        nats[study] = {name: float(value) for name, value in rows}
    assert all(value < nats["cpu"][name] for name, value in nats["muon"].items())
    assert nats["muon"]["GPT-2 0.15M"] < min(v for name, v in nats["cpu"].items() if "GPT-2" in name)
    assert nats["cpu"]["LSTM 1M"] < nats["muon"]["LSTM 0.15M"] < nats["cpu"]["LSTM 0.6M"]


@pytest.mark.parametrize("way", ["unconditional", "conditioned"])
def test_every_tune_of_the_best_model_can_be_seen_heard_and_has_a_reading(way: str) -> None:
    page = (BEST / "README.md").read_text(encoding="utf-8")
    tunes = sorted((BEST / way).glob("[0-9]*.abc"))
    book = (BEST / way / "tunes.abc").read_text(encoding="utf-8")
    assert len(tunes) == 10 == book.count("\nX:")
    for tune in tunes:
        text = tune.read_text(encoding="utf-8")
        assert text.strip() in book
        section = page.split(f"]({way}/{tune.stem}.mid)")[1].split("\n#")[0]
        assert f"({way}/{tune.stem}.svg)" in section and len(section.split()) > 30
        assert (BEST / way / f"{tune.stem}.mid").read_bytes().startswith(b"MThd")
        assert "<svg" in (BEST / way / f"{tune.stem}.svg").read_text(encoding="utf-8")[:500]
