"""The published studies: their pages are what their committed result files give, and they keep the promises
that a reader relies on.
"""

import re
import shutil
from pathlib import Path

import pytest

from hf_abc.recipe import load_study
from hf_abc.scaling.report import write_report
from hf_abc.scaling.results import read_results

PUBLISHED = Path(__file__).parents[2] / "docs" / "scaling"
FOLDERS = sorted(page.parent for page in PUBLISHED.glob("*/README.md"))
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
    parts = {name: told.split(f"({name}/README.md)")[1].split("\n[The ")[0] for name in ("cpu", "tokenizers")}
    for name, least in (("cpu", 20), ("tokenizers", 6)):
        report = (PUBLISHED / name / "README.md").read_text(encoding="utf-8")
        exact = re.findall(r"\d+\.\d{3,}", parts[name])
        assert len(exact) > least
        assert [number for number in exact if number not in report] == []
