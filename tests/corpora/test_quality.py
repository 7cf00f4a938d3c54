"""Quality filters: what each refuses, in which order, and that the defaults refuse nothing."""

import random

import pytest

from hf_abc.abcmidi import check_book
from hf_abc.corpora.quality import FILTERS, filters, gzip_ratio, refused
from hf_abc.corpora.sources.music21_collections import read_collection
from hf_abc.errors import RecipeError
from hf_abc.notation.tune import Tune, parse_tune
from hf_abc.recipe import QualityRecipe

DIRTY = QualityRecipe(shortest=50, longest=5000, level=1, most_rest=0.5, loops=False, gzip=[0.15, 1.0])
HEADER = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"
GOOD = HEADER + "|:GABc dedB|c2A2 G4|GFGA B2d2|c2A2 G4:|\n"


def reason(text: str, quality: QualityRecipe) -> str:
    found = refused(parse_tune(text, id="a:1:1"), quality)
    assert found is None or (found.step in FILTERS and found.tune.text == text)
    return f"{found.step}: {found.reason}" if found else ""


def test_the_defaults_let_everything_pass() -> None:
    assert filters(QualityRecipe()) == []
    for text in ("", "X:1\nK:G\nz|z|z|z|\n", "no tune", HEADER + "G8|" * 3000):
        assert reason(text, QualityRecipe()) == ""


def test_every_filter_can_be_switched_on_alone() -> None:
    one = {
        "quality.length": QualityRecipe(longest=5000),
        "quality.gzip": QualityRecipe(gzip=[0.1, 100.0]),
        "quality.rest": QualityRecipe(most_rest=0.4),
        "quality.loop": QualityRecipe(loops=False),
        "quality.level": QualityRecipe(level=3),
    }
    assert {name: filters(quality) for name, quality in one.items()} == {name: [name] for name in FILTERS}
    assert filters(DIRTY) == list(FILTERS)


def test_length() -> None:
    assert reason("X:1\nK:G\nGABc dedB|\n", DIRTY) == "quality.length: shorter than 50 characters"
    assert reason(HEADER + "GABc dedB|" * 600, DIRTY) == "quality.length: longer than 5,000 characters"
    edge = QualityRecipe(shortest=len(GOOD), longest=len(GOOD))
    assert reason(GOOD, edge) == "" and reason(GOOD + "%", edge) and reason(GOOD[1:], edge)


def test_gzip() -> None:
    assert reason(HEADER + "GABc dedB|" * 300, DIRTY).startswith("quality.gzip: packs to less than 0.15")
    noise = "".join(random.Random(1).choices("ABCDEFGabcdefg23/|:_^=',()<>zx{}[]~.-", k=400))
    assert reason(HEADER + noise, QualityRecipe(gzip=[0.0, 0.65])).startswith("quality.gzip: packs to more")
    assert gzip_ratio("X:1\nK:G\n") == 1.0 and 0.4 < gzip_ratio(GOOD) < 1


def test_rest_and_loops() -> None:
    """A sampler that falls into endless rests writes legal ABC."""
    assert reason(HEADER + "GABc dedB|z8|z8|c2A2 G4|\n", QualityRecipe(most_rest=0.4)) == (
        "quality.rest: more than 40% rest"
    )
    rests = HEADER + "GABc dedB|" + "z8|" * 20 + "\n"
    assert reason(rests, QualityRecipe(loops=False)).startswith("quality.loop: the same bars four")
    assert reason(rests, DIRTY).startswith("quality.rest")


def test_level_with_and_without_abc2midi() -> None:
    assert reason(HEADER + "GABc dedB|c2A2 G4|G^4 BABc dedB|\n", DIRTY) == "quality.level: level 0, below 1"
    wrong = parse_tune(GOOD.replace("c2A2 G4|", "c2A2 G3|", 1))
    assert refused(wrong, QualityRecipe(level=4)) is None
    assert refused(wrong, QualityRecipe(level=5)) is not None
    noted = parse_tune(GOOD.replace("GFGA", '"slowly"GFGA'))
    (messages,) = check_book([noted.text])
    assert refused(noted, QualityRecipe(level=3)) is None  # nobody listened
    found = refused(noted, QualityRecipe(level=3), messages)
    assert found is not None and found.reason == "level 2, below 3"


def test_hardly_any_printed_tune_is_refused() -> None:
    tunes: list[Tune] = list(read_collection("ryansMammoth"))[:150]
    assert sum(refused(tune, DIRTY) is not None for tune in tunes) < 12


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"level": 8}, "corpus.quality.level: 8 is not possible: give a level from 0 to 7"),
        ({"shortest": 50, "longest": 40}, "corpus.quality.longest: 40 is not possible"),
        ({"most_rest": 1.5}, "corpus.quality.most_rest: 1.5 is not possible"),
        ({"gzip": [1.0, 0.1]}, r"corpus.quality.gzip: \[1.0, 0.1\] is not possible"),
        ({"gzip": [0.1]}, r"corpus.quality.gzip: \[0.1\] is not possible"),
    ],
)
def test_impossible_values(values: dict, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        QualityRecipe(**values)
