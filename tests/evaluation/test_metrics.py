"""The metrics load by path in a process without a network, and say what the functions behind them say."""

import math
from pathlib import Path

import pytest

import hf_abc
from hf_abc.errors import InputError
from hf_abc.evaluation.copying import copied
from hf_abc.evaluation.metrics import metric_names, metric_path
from hf_abc.evaluation.music import distances, features
from hf_abc.evaluation.validity import judge, shares

HEAD = "X:1\nT:Tune\nM:2/4\nL:1/8\nK:G\n"
TUNES = [HEAD + "GABc|dBG2|ABcA|G4|]\n", HEAD + "GABc|dBG2A|ABcA|G4|]\n", HEAD + "z4|z4|]\n"]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    evaluate = pytest.importorskip("evaluate")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a metric asked the network"))
    return lambda name: evaluate.load(hf_abc.metric_path(name), cache_dir=str(tmp_path))


def test_names() -> None:
    assert metric_names() == ["abc_copying", "abc_music", "abc_validity", "bits_per_character"]
    with pytest.raises(InputError, match="no metric 'bleu': take one of abc_copying"):
        metric_path("bleu")


def test_validity(load) -> None:
    found = load("abc_validity").compute(predictions=TUNES)
    wanted = shares(judge(TUNES))
    assert found["bars_right"] == wanted["bars_right"].value == pytest.approx(1 / 3)
    assert found["silent_low"] == wanted["silent"].low


def test_copying(load) -> None:
    found = load("abc_copying").compute(predictions=TUNES[:2], train=TUNES[:1])
    assert found["title"] == 1 and found["notes_12"] == copied(TUNES[:2], TUNES[:1])["notes_12"].value == 0.5


def test_music(load) -> None:
    found = load("abc_music").compute(predictions=TUNES[:1], human=TUNES[1:2], others=TUNES[:2])
    wanted = distances(*([features(text) for text in texts] for texts in (TUNES[:1], TUNES[1:2], TUNES[:2])))
    assert found["intervals"] == wanted["intervals"].value
    assert found["range_floor"] == wanted["range"].floor


def test_bits_per_character(load) -> None:
    nats = [math.log(2) * len(text) for text in TUNES]
    found = load("bits_per_character").compute(predictions=nats, references=TUNES)
    assert found["bits_per_character"] == pytest.approx(1) and found["low"] == pytest.approx(1)
