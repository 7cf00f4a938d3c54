"""A run as the quickstart leaves it, but for the training: an untrained model, really measured and sampled.
Besides, the judge of whether every number of a card is its run.json's.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hf_abc.corpora.parquet import write_side
from hf_abc.corpora.split import SIDES, Side
from hf_abc.notation.tune import Tune, parse_tune
from hf_abc.recipe import CorpusRecipe, ModelRecipe, Recipe, SamplingRecipe, TokenizerRecipe, TrainingRecipe
from hf_abc.record import Record

_TITLES = ("The Kesh", "Morrison's", "The Blarney Pilgrim", "Off to Donnybrook", "Lark | Rise")
_BARS = ("GAG GAB", "ABA ABd", "edd gdd", "edB dBA", "EBE dBA", "F2A AFA", "d2e f2g", "afa gfe", "B2A G2A")


def _tune(number: int) -> Tune:
    bars = [_BARS[(number * 5 + place * place) % len(_BARS)] for place in range(8)]
    key, title = ("G", "D", "Edor")[number % 3], f"{_TITLES[number % len(_TITLES)]} {number}"
    rhythm = "slip jig" if number % 4 == 0 else "jig"
    music = " | ".join(bars[:4]) + " :|\n" + " | ".join(bars[4:]) + " |]\n"
    return parse_tune(
        f"X:1\nT:{title}\nR:{rhythm}\nM:6/8\nL:1/8\nK:{key}\n{music}",
        id=f"airdsAirs:{number}:1",
        source="airdsAirs",
        licence="music21-corpus",
        family=f"airdsAirs:{number // 2 * 2}:1",
    )


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus folder of eighteen tunes, as `build_corpus` leaves it, with what is needed of the report."""
    folder = tmp_path_factory.mktemp("corpora") / "airs"
    folder.mkdir()
    tunes = [_tune(number) for number in range(18)]
    sides: list[Side] = ["train"] * 12 + ["validation"] * 2 + ["test"] * 4
    for side in SIDES:
        write_side(folder, side, [tune for tune, own in zip(tunes, sides, strict=True) if own == side])
    report = {
        "sources": {"airdsAirs": {"read": 20, "kept": 18}},
        "read": 20,
        "kept": 18,
        "dropped": 2,
        "steps": [{"step": "music", "dropped": 0}, {"step": "voice", "dropped": 2}],
        "sides": {
            name: {
                "tunes": sides.count(name),
                "families": len({t.family for t, own in zip(tunes, sides, strict=True) if own == name}),
                "characters": sum(len(t.text) for t, own in zip(tunes, sides, strict=True) if own == name),
            }
            for name in SIDES
        },
        "statistics": {"licences": {"music21-corpus": 18}},
    }
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run folder."""
    return _make(corpus, tmp_path_factory.mktemp("hub"))


def _make(corpus: Path, base: Path) -> Path:
    from hf_abc.corpora import read_split
    from hf_abc.evaluation.belonging import origin
    from hf_abc.evaluation.plots import draw_plots
    from hf_abc.evaluation.scorecard import Wanted, evaluate
    from hf_abc.hub.facts import note_facts
    from hf_abc.sampling.files import sample_files
    from hf_abc.sampling.prompts import Wish
    from hf_abc.training.loop import train

    recipe = Recipe(
        name="tiny",
        corpus=CorpusRecipe(sources=["airdsAirs"]),
        tokenizer=TokenizerRecipe(vocab_size=300),
        model=ModelRecipe(size="0.15M", n_positions=96),
        training=TrainingRecipe(steps=2, batch_tokens=192, block_size=96),
        sampling=SamplingRecipe(min_p=0.02, max_new_tokens=24),
    )
    folder, book = base / "run", base / "tunes" / "tunes.abc"
    texts = [row["text"] for row in read_split(corpus, "train")]
    train(recipe, corpus, folder)
    record = Record(folder)
    for section, values in origin(folder, texts).items():
        record.update(section, values)
    measured = evaluate(folder, corpus, wanted=Wanted(5))
    measured.leave(folder / "evaluation")
    draw_plots(measured.sections, folder / "evaluation")
    for section, values in measured.sections.items():
        record.set(section, values)
    wishes = (Wish(title="Rise ``` up", meter="6/8", key="G"), Wish(title="Second"))
    sample_files(folder, book.parent, count=3, wishes=wishes, min_p=0.02, max_new_tokens=24)
    (book.parent / "01-rise-up.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    (book.parent / "01-rise-up.mp3").write_bytes(b"ID3")
    note_facts(folder, corpus, book)
    return folder


@pytest.fixture(scope="session")
def foreign_numbers() -> Callable[[str, dict[str, Any]], list[str]]:
    return _foreign_numbers


def _foreign_numbers(card: str, record: dict[str, Any]) -> list[str]:
    """The numbers in the text of a card, code and head apart, that are no rounding of a number of run.json
    (or of its hundredfold, for shares, or sixtieth, for minutes); 95 is the level of all intervals.
    """
    numbers, words = {95.0}, set()
    _leaves(record, numbers, words)
    text = card.split("\n---\n", 1)[1]
    text = re.sub(r"^(`{3,})\w*\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+).+?\1", "", text).replace("\\", "")
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    found = re.findall(r"(?<![\w.-])[-+]?\d[\d,]*(?:\.\d+)?", text)
    assert found
    return [number for number in found if not _known(number, numbers)]


def _known(number: str, numbers: set[float]) -> bool:
    digits = len(number.partition(".")[2])
    value = float(number.replace(",", ""))
    slack = 0.5000001 * 10.0**-digits
    return any(abs(known * scale - value) <= slack for known in numbers for scale in (1, 100, 1 / 60))


def _leaves(value: Any, numbers: set[float], words: set[str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if key.isdigit():
                numbers.add(float(key))
            else:
                words.add(key)
            _leaves(item, numbers, words)
        words.discard("n")
    elif isinstance(value, list):
        for item in value:
            _leaves(item, numbers, words)
    elif isinstance(value, str):
        words.add(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        numbers.add(float(value))
    words -= {word for word in words if not re.search(r"\d", word)}


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Callable[..., Path]:
    """A folder with the run's run.json and nothing else, changed by a function of its contents."""

    def changed(change: Callable[[dict[str, Any]], object] = lambda record: None) -> Path:
        record = json.loads((run / "run.json").read_text(encoding="utf-8"))
        change(record)
        (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
        return tmp_path

    return changed


@pytest.fixture(scope="session")
def lstm(run: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An LSTM's run folder. Its figures are those of the other run: what counts of it is how it loads."""
    from hf_abc.training.loop import train

    recipe = Recipe(
        name="tiny-lstm",
        corpus=CorpusRecipe(sources=["airdsAirs"]),
        tokenizer=TokenizerRecipe(vocab_size=300),
        model=ModelRecipe(family="lstm", size="0.15M", n_positions=96),
        training=TrainingRecipe(steps=2, batch_tokens=192, block_size=48),
    )
    folder = tmp_path_factory.mktemp("lstm") / "run"
    train(recipe, corpus, folder)
    other, record = Record(run), Record(folder)
    for section in ("corpus", "tokenizer", "evaluation", "samples", "plain_samples"):
        record.set(section, other.get(section))
    record.set("examples", {"of": 3, "tunes": [{"text": "X:1\nK:C\nC|\n", "seed": 1, "index": 0, "prompt": "",
                                               "ended": True}]})  # fmt: skip
    record.update("training", {"shape": {"layers": 2, "width": 48}})
    return folder


@pytest.fixture(scope="session")
def real_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every tenth tune of Aird's Airs as a corpus with all that belongs to it."""
    from hf_abc.corpora import build
    from hf_abc.corpora.sources import Source, open_sources

    def thinned(source: Source) -> Source:
        return replace(source, read=lambda: islice(source.read(), 0, None, 8))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "open_sources", lambda *what: [thinned(s) for s in open_sources(*what)])
        recipe = CorpusRecipe(sources=["airdsAirs"])
        return build.build_corpus(recipe, tmp_path_factory.mktemp("real") / "corpus")


@pytest.fixture
def hub_server() -> ModuleType:
    """The module of the small Hub."""
    return _load("hub_server")


@pytest.fixture
def hub(hub_server: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A small Hub that this process takes for the Hub, logged in as one who may write; it never waits."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    with hub_server.Hub() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", hub_server.WRITER)
        monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
        close_session()
        yield server
        close_session()


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
