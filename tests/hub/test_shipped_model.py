"""The model that ships with the package: small, with its record and its card, and it writes tunes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hf_abc.cli import main
from hf_abc.hub.card import PLOTS, model_card
from hf_abc.sampling.loading import SHIPPED

CARDS = Path(__file__).resolve().parents[2] / "model_cards"

pytestmark = pytest.mark.skipif(not SHIPPED.is_dir(), reason="hf_abc/data/model/ is not there yet")


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    values: dict[str, Any] = json.loads((SHIPPED / "run.json").read_text(encoding="utf-8"))
    return values


def test_everything_is_there_and_small() -> None:
    for name in (
        *(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
        ),
        *("run.json", "recipe.yaml", "README.md"),
    ):
        assert (SHIPPED / name).stat().st_size > 0, name
    sizes = [file.stat().st_size for file in SHIPPED.rglob("*") if file.is_file()]
    assert sum(sizes) <= 8_000_000
    assert not (SHIPPED / "checkpoints").exists()


def test_both_cards_are_those_of_its_record(record: dict[str, Any]) -> None:
    card, other = model_card(SHIPPED), CARDS / record["recipe"]["name"]
    assert (SHIPPED / "README.md").read_text(encoding="utf-8") == card
    assert (other / "README.md").read_text(encoding="utf-8") == card
    shown = links(card)
    assert set(shown) == {
        *(f"evaluation/{name}.svg" for name in PLOTS),
        *(tune["score"] for tune in record["examples"]["tunes"]),
    }
    assert len(record["examples"]["tunes"]) == 2
    for link in shown:
        assert (SHIPPED / link).read_bytes() == (other / link).read_bytes()


def test_what_is_published_of_it_has_sound(record: dict[str, Any], tmp_path: Path) -> None:
    assert (
        main(["publish", str(SHIPPED), "--repo-id", "anna/fiddle", "--dry-run", str(tmp_path / "out")]) == 0
    )
    shown = links((tmp_path / "out" / "README.md").read_text(encoding="utf-8"))
    sounds = [link for link in shown if link.endswith(".mp3")]
    assert len(sounds) == len(record["examples"]["tunes"]) and len(shown) == 5 + len(sounds)
    for link in shown:
        assert (tmp_path / "out" / link).stat().st_size > 5000
    assert not list(SHIPPED.rglob("*.mp3"))


def links(card: str) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)#]+)\)", card) if not link.startswith("http")]


def test_every_number_is_its_records(
    record: dict[str, Any], foreign_numbers: Callable[[str, dict[str, Any]], list[str]]
) -> None:
    assert foreign_numbers((SHIPPED / "README.md").read_text(encoding="utf-8"), record) == []


def test_the_recipe_is_the_records(record: dict[str, Any], tmp_path: Path) -> None:
    from hf_abc.recipe import load_recipe

    recorded = tmp_path / "recorded.yaml"
    recorded.write_text(json.dumps(record["recipe"]), encoding="utf-8")  # JSON is YAML
    assert load_recipe(SHIPPED / "recipe.yaml") == load_recipe(recorded)


def test_it_writes_a_tune_that_ends() -> None:
    from hf_abc.notation.melody import notes
    from hf_abc.sampling.generator import generate_tunes
    from hf_abc.sampling.loading import find_model, load_for_sampling

    model, tokenizer = load_for_sampling(find_model(None))
    samples = generate_tunes(model, tokenizer, ["", "X:1\n", "X:1\n", "X:1\n"], seed=1)
    assert any(sample.ended for sample in samples)
    assert all(notes(sample.text) for sample in samples)
    assert all(sample.text.startswith("X:1\n") for sample in samples)
