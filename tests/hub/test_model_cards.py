"""Cards of models whose weights are not in the repository: each is what its record gives, and complete."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hf_abc.hub.card import PLOTS, model_card

ROOT = Path(__file__).resolve().parents[2]
RECORDS = {"cpu-lstm-5M-s1-best": ROOT / "docs" / "scaling" / "best" / "to_its_best.json"}


@pytest.mark.parametrize("name", RECORDS)
def test_a_card_is_that_of_its_record(
    name: str, tmp_path: Path, foreign_numbers: Callable[[str, dict[str, Any]], list[str]]
) -> None:
    record = json.loads(RECORDS[name].read_text(encoding="utf-8"))
    assert record["recipe"]["name"] == name
    folder = ROOT / "model_cards" / name
    run = shutil.copytree(folder, tmp_path / "run")
    shutil.copy(RECORDS[name], run / "run.json")
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card == model_card(run)
    assert foreign_numbers(card, record) == []
    for link in (
        *(f"evaluation/{plot}.svg" for plot in PLOTS),
        *(tune["score"] for tune in record["examples"]["tunes"]),
    ):
        assert f"({link})" in card and "<svg" in (folder / link).read_text(encoding="utf-8")[:500]


def test_every_card_has_a_test() -> None:
    assert {folder.name for folder in (ROOT / "model_cards").iterdir()} == {"fiddle", *RECORDS}
