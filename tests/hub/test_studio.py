"""What strangers may ask of a model: limits, streaming, opinions, the end of patience."""

import time
from pathlib import Path

import pytest

from hf_abc.errors import InputError
from hf_abc.hub.demo import new_tunes, tunes_html, variations
from hf_abc.hub.studio import LONGEST_TUNE, MOST_TUNES, Asked, Shown, Studio
from hf_abc.sampling.prompts import Wish

KESH = "X:1\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GAG GAB|ABA ABd|edd gdd|edB dBA:|\n"


@pytest.fixture(scope="module")
def studio() -> Studio:
    made = Studio()
    assert made.known(120)
    return made


def test_a_tune_grows_and_is_finished(studio: Studio) -> None:
    steps = list(studio.write(Asked(Wish(title="Anna's", meter="6/8", key="D"), seed=3)))
    texts, tune = [step for step in steps if isinstance(step, str)], steps[-1]
    assert isinstance(tune, Shown)
    assert all(tune.text.startswith(text[:20]) for text in texts)
    assert tune.text.startswith("X:1\nT:Anna's\n") and "\nM:6/8\n" in tune.text and "\nK:D\n" in tune.text
    assert tune.svg.startswith("<svg") and tune.midi.startswith(b"MThd") and len(tune.sound) > 10_000
    assert tune.verdict == "abc2midi finds all bars right"
    assert "notes in a row" in tune.copying


def test_the_same_seed_gives_the_same_tune(studio: Studio) -> None:
    def text() -> str:
        *_, tune = studio.write(Asked(Wish(key="G"), seed=11))
        assert isinstance(tune, Shown)
        return tune.text

    assert text() == text()


def test_a_training_tune_is_recognised(studio: Studio) -> None:
    from hf_abc.corpora.sources import open_sources

    source = open_sources(["oneills1850"], ())[0]
    tune = next(iter(source.read()))
    assert f'stand in "{tune.title}"' in studio._copying(tune.text)


def test_variations(studio: Studio) -> None:
    found = [step for step in studio.vary(KESH, count=2, similarity=0.6) if isinstance(step, Shown)]
    assert len({tune.text for tune in found} | {KESH}) == 3
    assert all(tune.text.startswith("X:1\nT:The Kesh\n") for tune in found)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no tune in ABC"),
        ("hello", "no tune in ABC"),
        ("X:1\nK:C\n", "no tune with notes"),
        (KESH + "G" * LONGEST_TUNE, "too long here"),
    ],
)
def test_what_is_no_tune(studio: Studio, text: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        list(studio.vary(text, count=1, similarity=0.5))


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"count": 0}, "ask for 1 to"),
        ({"count": MOST_TUNES + 1}, "ask for 1 to"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"seed": -1}, "seed"),
        ({"wish": Wish(title="x" * 81)}, "too long here"),
        ({"wish": Wish(key="H")}, "is no key"),
        ({"wish": Wish(meter="6/8; rm")}, "is no meter"),
    ],
)
def test_bounds(asked: dict, word: str) -> None:
    with pytest.raises(InputError, match=word):
        Asked(**{"wish": Wish(), **asked})


def test_patience_ends(studio: Studio) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match="the time for this request is over"):
        list(studio.write(Asked(Wish(), count=5), seconds=0))
    assert time.monotonic() - start < 20
    *_, (text, shown) = new_tunes(studio, "any", "any", "any", "", 1.0, 99, 1, [])
    assert text == "" and "99 tunes at once are not possible here" in shown


def test_nothing_is_html_but_ours() -> None:
    tune = Shown(
        "X:1\nT:<script>1</script>\nK:C\nC|\n", "<svg></svg>", b"M", b"ID3", "<i>", '"><b>', ["<u>note</u>"]
    )
    html = tunes_html([tune], "<em>problem</em>")
    for tag in ("<script", "<i>", "<b>", "<u>", "<em>"):
        assert tag not in html
    assert "&lt;script&gt;1&lt;/script&gt;" in html and 'download="script-1-script.abc"' in html


def test_an_lstm_grows_as_well(lstm: Path) -> None:
    steps = list(Studio(lstm).write(Asked(Wish(key="G"), bars=False, loops=False)))
    assert len([step for step in steps if isinstance(step, str)]) > 0
    tune = steps[-1]
    assert isinstance(tune, Shown) and tune.text.startswith("X:1\n")


def test_a_studio_of_a_run_with_its_corpus(run: Path, corpus: Path) -> None:
    studio = Studio(run, corpus)
    *_, tune = studio.write(Asked(Wish(key="G"), bars=False, loops=False))
    assert isinstance(tune, Shown) and studio.known(60)
    *_, (_, shown) = variations(studio, "X:1\nK:C\nC2 D2 E2 F2|G2 A2 B2 c2|", 0.5, 1, 1)
    assert "abc-tune" in shown or "abc-problem" in shown
