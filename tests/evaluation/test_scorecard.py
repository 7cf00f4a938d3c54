"""The scorecard on a tiny model: complete, honest about what belongs together, and readable."""

import csv
import json
import math
import random
import shutil
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc import corpora
from hf_abc.errors import InputError
from hf_abc.evaluation.belonging import check_belongs, origin
from hf_abc.evaluation.compare import compare
from hf_abc.evaluation.compare import table as comparison
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.evaluation.plots import draw_plots
from hf_abc.evaluation.scorecard import Wanted, against, evaluate
from hf_abc.evaluation.scorecard_table import table
from hf_abc.models.tokenizers import train_tokenizer
from hf_abc.notation.tune import split_book
from hf_abc.record import Record
from hf_abc.sampling.loading import load_model, load_tokenizer

BARS = ["GABc", "dBGB", "cAFA", "G2G2"]


def make_rows(prefix, count):
    draw = random.Random(prefix)
    texts = [
        f"X:1\nT:{prefix} {i}\nM:2/4\nL:1/8\nK:G\n{'|'.join(draw.choices(BARS, k=8))}|]\n"
        for i in range(count)
    ]
    return [
        {"id": f"{prefix}:{i}", "family": f"{prefix}:{i // 2}", "text": text} for i, text in enumerate(texts)
    ]


SIDES = {
    "train": make_rows("train", 40),
    "validation": make_rows("validation", 6),
    "test": make_rows("test", 12),
}
TRAIN = [row["text"] for row in SIDES["train"]]


def save_model(folder, seed=0):
    tokenizer = train_tokenizer(TRAIN, vocab_size=300)
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=64,
        n_embd=16,
        n_layer=1,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = save_model(tmp_path_factory.mktemp("model"))
    for section, values in origin(folder, TRAIN).items():
        Record(folder).set(section, values)
    return folder


@pytest.fixture(autouse=True)
def corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "read_split", lambda folder, side: SIDES[side], raising=False)
    return tmp_path / "corpus"


def test_everything_is_measured(folder, corpus, tmp_path):
    said = []
    measures = evaluate(folder, corpus, wanted=Wanted(9, seed=3, batch_size=4), say=said.append)
    measures.leave(tmp_path / "out")
    result = measures.sections
    measured, sampled = result["evaluation"], result["samples"]
    assert json.loads(json.dumps(result)) == result
    losses = tune_losses(load_model(folder), load_tokenizer(folder), SIDES["test"])
    assert measured["bits_per_character"]["value"] == pytest.approx(bits_per_character(losses).value)
    assert (measured["tunes"], measured["families"], measured["windowed"]) == (12, 6, 0)
    assert measured["bits_per_character"]["n"] == 6
    assert measured["characters"] == sum(len(row["text"]) for row in SIDES["test"])
    assert measured["trained_on_this_corpus"]
    difference = measured["bits_per_character"]["value"] - measured["witten_bell_5"]["value"]
    assert measured["against_witten_bell_5"]["value"] == pytest.approx(difference)
    assert measured["witten_bell_5"]["value"] < 2 < measured["bits_per_character"]["value"]  # it is untrained
    assert measured["human"]["both"]["value"] == measured["human"]["single_bars"]["value"] == 1
    assert (sampled["n"], sampled["seed"], sampled["min_p"], sampled["prompts"]) == (9, 3, 0.0, "none")
    assert sampled["shares"]["both"]["value"] == 0
    assert sampled["peak_memory_gib"] > 0 and sampled["tokens"] >= 9
    assert len(said) >= 3

    rows = list(csv.DictReader((tmp_path / "out" / "losses.csv").open(encoding="utf-8")))
    assert [row["id"] for row in rows] == [row["id"] for row in SIDES["test"]]
    bits = sum(float(row["nats"]) for row in rows) / math.log(2) / sum(int(row["characters"]) for row in rows)
    assert bits == pytest.approx(measured["bits_per_character"]["value"], abs=1e-6)
    assert (tmp_path / "out" / "samples.abc").read_text(encoding="utf-8").count("% seed 3, tune ") == 9
    assert (
        evaluate(folder, corpus, wanted=Wanted(9, seed=3, batch_size=9)).sections["samples"]["shares"]
        == sampled["shares"]
    )


def test_prompts_are_taken_in_turn(folder, corpus, tmp_path):
    prompts = ["X:1\nT:A\n", "X:1\nT:B\n"]
    measured = evaluate(folder, corpus, wanted=Wanted(3, prompts))
    measured.leave(tmp_path)
    result = measured.sections
    assert result["samples"]["prompts"] == prompts
    titles = [
        text.split("\n")[1] for text in split_book((tmp_path / "samples.abc").read_text(encoding="utf-8"))
    ]
    assert titles == ["T:A", "T:B", "T:A"]


def test_table_holds_the_numbers(folder, corpus):
    result = evaluate(folder, corpus, wanted=Wanted(4, min_p=0.05)).sections
    text = table(result)
    bits = result["evaluation"]["bits_per_character"]
    assert f"{bits['value']:.3f} [{bits['low']:.3f}, {bits['high']:.3f}]" in text
    assert f"{result['evaluation']['xz']:.3f}" in text
    assert "12 held-out tunes of 6 families" in text
    assert (
        "no error from abc2midi" in text and "100.0 % [75.8, 100.0]" in text
    )  # Wilson, 12 of 12 human tunes
    (heads,) = [line.split("  ") for line in text.split("\n") if "share of tunes, 4 samples" in line]
    shown = [head.strip() for head in heads if head.strip()][1:]
    assert shown == ["guards, min-p 0.05", "min-p 0.05", "min-p 0", "12 human"]
    assert "temperature 1, no prompt, seed 1" in text
    assert result["guarded_samples"]["guards"] == "bars, loops, voices, endings"
    assert max(map(len, text.split("\n"))) < 140
    assert "may know" not in text


def test_samples_are_drawn_as_the_model_says_and_plainly_beside(folder, corpus, tmp_path):
    result = evaluate(folder, corpus, wanted=Wanted(2)).sections
    assert "plain_samples" not in result and result["samples"]["min_p"] == 0  # it says nothing
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "generation_config.json").write_text('{"min_p": 0.2}', encoding="utf-8")
    measured = evaluate(copy, corpus, wanted=Wanted(2))
    measured.leave(tmp_path)
    result = measured.sections
    assert (result["samples"]["min_p"], result["plain_samples"]["min_p"]) == (0.2, 0.0)
    assert (tmp_path / "plain_samples.abc").is_file() and (tmp_path / "guarded_samples.abc").is_file()


def test_a_model_of_unknown_training_is_labelled(corpus, tmp_path):
    result = evaluate(save_model(tmp_path), corpus, wanted=Wanted(1)).sections
    assert not result["evaluation"]["trained_on_this_corpus"]
    assert "it may know the held-out tunes" in table(result)


def test_paired_against_another_model(folder, corpus, tmp_path):
    found = against(folder, save_model(tmp_path, seed=1), corpus)
    assert found.n == 6
    assert found.low <= found.value <= found.high
    assert against(folder, folder, corpus).value == 0


def test_train_tunes_are_no_test(folder, corpus):
    with pytest.raises(InputError, match="'train' are no test"):
        evaluate(folder, corpus, side="train")
    with pytest.raises(InputError, match="0 samples"):
        evaluate(folder, corpus, wanted=Wanted(0))


def test_train_tunes_are_measured_when_asked_and_labelled(folder, corpus):
    result = evaluate(folder, corpus, side="train", wanted=Wanted(1), known=True).sections
    assert "MEASURED ON TUNES THAT THE MODEL WAS TRAINED ON" in table(result)


def test_without_held_out_tunes_the_samples_are_judged(folder, corpus, monkeypatch):
    monkeypatch.setattr(corpora, "read_split", lambda folder, side: [] if side == "test" else SIDES[side])
    result = evaluate(folder, corpus, wanted=Wanted(2)).sections
    assert "bits_per_character" not in result["evaluation"]
    assert result["samples"]["shares"]["compiles"]["n"] == 2
    assert "likelihood not measured:" in table(result) and "no tune on its test side" in table(result)
    monkeypatch.setattr(corpora, "read_split", lambda folder, side: [])
    with pytest.raises(InputError, match="no tune on its train side"):
        evaluate(folder, corpus)


def test_broken_weights_leave_what_can_be_measured(folder, corpus, tmp_path, monkeypatch):
    def broken(*arguments):
        raise InputError("the model's loss on tune 0 is nan: its weights are broken, train it again")

    monkeypatch.setattr("hf_abc.evaluation.scorecard.token_losses", broken)
    result = evaluate(folder, corpus, wanted=Wanted(2)).sections
    assert "likelihood not measured: the model's loss on tune 0 is nan" in table(result)
    assert result["evaluation"]["human"]["both"]["value"] == 1
    assert [file.name for file in draw_plots(result, tmp_path)] == ["shares.svg", "music.svg"]


def test_plots_are_drawn_the_same_each_time(folder, corpus, tmp_path):
    result = evaluate(folder, corpus, wanted=Wanted(4)).sections
    files = draw_plots(result, tmp_path)
    assert [file.name for file in files] == ["bits.svg", "shares.svg", "music.svg"]
    before = [file.read_bytes() for file in files]
    assert all(b"<svg" in data for data in before)
    assert [file.read_bytes() for file in draw_plots(result, tmp_path)] == before


def test_models_side_by_side(folder, corpus, tmp_path):
    other = save_model(tmp_path / "other", seed=1)
    result = compare([folder, other], corpus, wanted=Wanted(3))
    alone = evaluate(folder, corpus, wanted=Wanted(3)).sections
    first, second = result["models"]
    assert first["samples"]["shares"] == alone["samples"]["shares"] and first["against_first"] is None
    difference = (
        second["evaluation"]["bits_per_character"]["value"]
        - first["evaluation"]["bits_per_character"]["value"]
    )
    assert second["against_first"]["value"] == pytest.approx(difference)
    text = comparison(json.loads(json.dumps(result)))
    assert f"{second['against_first']['value']:+.3f}" in text
    assert f"{other}: the model does not say what it was trained on" in text
    with pytest.raises(InputError, match="name at least two"):
        compare([folder], corpus)
    with pytest.raises(InputError, match="gone is no model"):
        compare([folder, "gone"], corpus)


def test_a_model_of_another_corpus_is_refused(folder, corpus):
    assert check_belongs(folder, TRAIN, corpus)
    with pytest.raises(InputError, match="was not trained on the tunes of"):
        check_belongs(folder, TRAIN[1:], corpus)


def test_another_tokenizer_is_refused(folder, corpus, tmp_path):
    save_model(tmp_path)
    for section, values in origin(tmp_path, TRAIN).items():
        Record(tmp_path).set(section, values)
    train_tokenizer(TRAIN, vocab_size=280).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="is not the tokenizer"):
        evaluate(tmp_path, corpus)


def test_one_tune_alone_is_measured_without_an_interval(folder, corpus, monkeypatch):
    one = {**SIDES, "test": SIDES["test"][:1]}
    monkeypatch.setattr(corpora, "read_split", lambda folder, side: one[side])
    result = evaluate(folder, corpus, wanted=Wanted(1)).sections
    assert result["evaluation"]["bits_per_character"]["low"] is None
    assert "1 held-out tunes of 1 families" in table(result)
