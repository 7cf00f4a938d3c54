"""The page on sampling: its table is that of the result file."""

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_table_of_ways_to_draw_is_that_of_its_results() -> None:
    spec = importlib.util.spec_from_file_location("sampling_arms", ROOT / "benchmarks" / "sampling_arms.py")
    assert spec and spec.loader
    arms = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(arms)
    results = json.loads((ROOT / "docs" / "sampling.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "sampling.md").read_text(encoding="utf-8")
    assert page.split(arms.MARK)[1].strip() == arms.markdown(results)
    assert list(results["arms"]) == list(arms.arms())
    assert all(found["n"] >= 500 for found in results["arms"].values())
