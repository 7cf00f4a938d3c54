"""Terms are read, a clause against training is found, and nothing else is taken for one."""

from pathlib import Path

import pytest

from hf_abc.corpora.sources.licence import UNKNOWN, Licence, forbidding_clause, permitted, terms_beside
from hf_abc.errors import LicenceError

LICENCES = Path(__file__).parents[3] / "shared" / "data" / "LICENSES"


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        (
            "## LLM Use:\n\nYou may not use the material with Large Language Models. This includes training.",
            "You may not use the material with Large Language Models.",
        ),
        ("Use with AI technologies is prohibited.", "Use with AI technologies is prohibited."),
        ("Free for all. Machine learning is not\npermitted! Bye.", "Machine learning is not permitted!"),
        ("It cannot be used to train neural networks", "It cannot be used to train neural networks"),
    ],
)
def test_clauses_against_training(text: str, clause: str) -> None:
    assert forbidding_clause(text) == clause


@pytest.mark.parametrize(
    "text",
    [
        "You may use this to train language models.",
        "You may not sell it. AI is fun.",
        "Said the fiddler: you must not MAIL it.",
        "",
    ],
)
def test_other_terms(text: str) -> None:
    assert forbidding_clause(text) == ""


@pytest.mark.skipif(not LICENCES.is_dir(), reason="the shared data is not there")
def test_common_licences_forbid_no_training() -> None:
    for file in LICENCES.iterdir():
        assert forbidding_clause(file.read_text(encoding="utf-8", errors="replace")) == "", file.name


def test_licence_files_beside_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.abc").write_text("X:1\n")
    assert terms_beside(tmp_path) is UNKNOWN and terms_beside(tmp_path / "a.abc") is UNKNOWN
    (tmp_path / "LICENCE").write_bytes(b"Do not train AI, caf\xe9.")
    for place in (tmp_path, tmp_path / "a.abc"):
        found = terms_beside(place)
        assert not found.allows_training and found.clause == "Do not train AI, café."


def test_an_acknowledgement_goes_on_record() -> None:
    free, closed = Licence("MIT"), Licence("no-ai", allows_training=False, clause="No AI.")
    assert permitted(free, "hub:x#y", ["hub"]) is free
    assert permitted(closed, "hub:x#y", ["hub"]).acknowledged
    with pytest.raises(LicenceError) as error:
        permitted(closed, "hub:x#y", ["thesession"])
    assert str(error.value) == (
        "the licence of hub:x#y forbids training: “No AI.” Take another source, or, with a permission of "
        "your own, write `corpus.acknowledge: [hub]` into the recipe: report and card will say so"
    )
