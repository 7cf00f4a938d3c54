"""The model card: its shape, where its numbers come from, and that its code runs as it stands."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hf_abc.corpora.sources.music21_collections import PRINTS, corpus_folder
from hf_abc.errors import InputError, OutputError
from hf_abc.hub.card import model_card, write_card

Copy = Callable[..., Path]

SHAPE = r"""
---\nlibrary_name:\ transformers\nlicense:\ apache-2\.0\npipeline_tag:\ text-generation\ntags:\n
    (-\ [\w-]+\n)+model-index:\n[\s\S]+?\n---\n
\n\#\ tiny\n\nA\ GPT-2\ that\ writes\ tunes\ [^\n]+\n\n(\|[^\n]+\|\n){8}
\n\#\#\ Use\n\n[^\n]+:\n\n```python\nfrom\ transformers\ [\s\S]+?\n```\n
    \n[^\n]+:\n\n```bash\nhf-abc\ sample\ [^\n]+\n```\n
\n\#\#\#\ Prompts\n\n[^\n]+:\n\n(\*\ (meters|keys|rhythms):\ `[^\n]+\n){3}\n[^\n]+\n\n[^\n]+\n
\n\#\#\ Training\ data\n\n(\|[^\n]+\|\n){3}\nOf\ [^\n]+\n\n(\|[^\n]+\|\n){5}\nA\ family\ [^\n]+\n
\n\#\#\#\ Licence\n\n[^\n]+\n\n>\ are\ distributed\ [^\n]+\n\n[^\n]+\n
\n\#\#\ Results\n\n[^\n]+\n\n(\|[^\n]+\|\n){6}\n[^\n]+\n\n(\|[^\n]+\|\n){16}\n[^\n]+\n
    \n\#\#\#\ How\ far\ from\ human\ tunes\n\n(\|[^\n]+\|\n){14}\n[^\n]+\n
    \n\#\#\#\ What\ it\ knows\ by\ heart\n\n(\|[^\n]+\|\n){6}\n[^\n]+\n
    (\n!\[[^\n]+\]\(evaluation/(bits|shares|music)\.svg\)\n){3}
\n\#\#\ Two\ tunes\n\n[^\n]+\n
    (\nSeed\ [^\n]+:\n\n(?P<fence>`{3,})abc\nX:[\s\S]+?\n(?P=fence)\n
    (\n!\[[^\n]+\]\(examples/tiny-\d\.svg\)\n)?(\n\[Hear\ it\ \(MP3\)\]\(examples/tiny-\d\.mp3\)\n)?){2}
\n\#\#\ Limits\n\n(\*\ [^\n]+\n)+
\n\#\#\ Training\n\n[^\n]+\n
    \n<details>\n<summary>Recipe</summary>\n\n```yaml\nname:\ tiny\n[\s\S]+?\n```\n\n</details>\n
    \n<details>\n<summary>Versions</summary>\n\n(\|[^\n]+\|\n)+\n</details>\n
"""


def estimate(value: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": 4}


def table(card: str, head: str) -> list[list[str]]:
    """The rows of the table that begins with the cell `head`."""
    lines = card[card.index(f"| {head}") :].split("\n\n")[0].split("\n")
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_shape(run: Path) -> None:
    assert re.fullmatch(SHAPE.strip(), model_card(run), re.VERBOSE)


def test_it_is_written_as_it_is_and_again(run: Path) -> None:
    path = write_card(run)
    assert path == run / "README.md"
    assert path.read_bytes().decode() == model_card(run)
    assert write_card(run).read_bytes().decode() == model_card(run)
    assert not list(run.glob(".*.partial"))


def test_the_head_passes_the_hubs_own_checks(run: Path) -> None:
    from huggingface_hub import ModelCard
    from huggingface_hub.repocard import REGEX_YAML_BLOCK
    from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

    text = model_card(run)
    assert REGEX_YAML_BLOCK.match(text)
    card = ModelCard(text)
    assert str(card) == text
    data = card.data.to_dict()
    assert data["license"] == "apache-2.0"
    assert (data["library_name"], data["pipeline_tag"]) == ("transformers", "text-generation")
    name, results = model_index_to_eval_results(data["model-index"])
    assert eval_results_to_model_index(name, results) == data["model-index"]
    record = json.loads((run / "run.json").read_text())
    assert name == "tiny"
    assert [(result.metric_type, result.metric_value) for result in results] == [
        ("bits_per_character", record["evaluation"]["bits_per_character"]["value"]),
        *(
            (metric, record[section]["shares"][metric]["value"])
            for section in ("samples", "plain_samples")
            for metric in ("compiles", "bars_right", "loops")
        ),
    ]
    assert {result.dataset_split for result in results} == {"test"}
    assert ["min-p 0.02" in str(result.metric_name) for result in results[1:]] == [True] * 3 + [False] * 3
    assert all("(5 samples, temperature 1, min-p 0" in str(result.metric_name) for result in results[1:])


def test_every_number_is_found_in_run_json(
    run: Path, foreign_numbers: Callable[[str, dict[str, Any]], list[str]]
) -> None:
    record = json.loads((run / "run.json").read_text())
    card = model_card(run)
    assert foreign_numbers(card, record) == []
    record["training"]["parameters"]["total"] += 1000
    total = f"{record['training']['parameters']['total'] - 1000:,}"
    assert foreign_numbers(card, record) == [total]  # the judge is awake


def test_numbers_stand_where_they_belong(copy: Copy) -> None:
    def change(record: dict[str, Any]) -> None:
        evaluation, samples = record["evaluation"], record["samples"]
        evaluation.update(tunes=187, xz=2.3904, bits_per_character=estimate(1.4321, 1.4004, 1.4688))
        evaluation["witten_bell_5"] = estimate(2.7196, 2.6, 2.8)
        evaluation["against_witten_bell_5"] = estimate(-1.2875, -1.35, -1.2)
        evaluation["against_quickstart"] = estimate(-0.21, None, None)
        samples.update(n=1200, temperature=0.9, min_p=0.05, seed=7)
        plain = record["plain_samples"]
        plain["shares"]["compiles"] = estimate(0.111, 0.1, 0.2)
        for place, name in enumerate(("compiles", "bars_right", "both", "single_bars", "loops", "silent")):
            samples["shares"][name] = estimate(0.9 - place / 10, 0.1, 0.95)
            evaluation["human"][name] = estimate(0.98 - place / 100, 0.5, 1.0)
        samples["shares"]["silent"] = estimate(None, None, None)

    card = model_card(copy(change))
    assert table(card, "bits per character")[2:] == [
        ["this model", "1.432 [1.400, 1.469]"],
        ["five-gram of characters (Witten–Bell)", "2.720 [2.600, 2.800]"],
        ["xz, having read the training tunes", "2.390"],
        ["this model less the five-gram, paired", "-1.288 [-1.350, -1.200]"],
        ["this model less quickstart, paired", "-0.210"],
    ]
    rows = table(card, "share of tunes")
    assert rows[0][1:] == ["1,200 samples, min-p 0.05", "5 samples, min-p 0", "187 human tunes"]
    assert rows[2][2] == "11.1 % [10.0, 20.0]"
    assert [row[1] for row in rows[2:8]] == [
        *(f"{share}.0 % [10.0, 95.0]" for share in (90, 80, 70, 60, 50)),
        "–",
    ]
    assert [row[3] for row in rows[2:8]] == [f"{98 - place}.0 % [50.0, 100.0]" for place in range(6)]
    assert (
        "Samples: temperature 0.9, min-p 0.05, no prompt, guards: none, seed 7; temperature 1, min-p 0"
        in card
    )


def test_samples_of_the_plain_distribution_stand_alone(copy: Copy) -> None:
    def change(record: dict[str, Any]) -> None:
        record["samples"] = record.pop("plain_samples")

    assert table(model_card(copy(change)), "share of tunes")[0][1:] == ["5 samples, min-p 0", "4 human tunes"]


def test_prompts_of_the_samples_are_told(copy: Copy) -> None:
    card = model_card(copy(lambda record: record["samples"].update(prompts=["X:1\n", "X:1\nM:6/8\n"])))
    assert "prompted by 2 heads in turn" in card


@pytest.mark.parametrize(
    "path",
    [
        "recipe.name",
        "corpus.licences",
        "corpus.kept",
        "corpus.sides.train.tunes",
        "tokenizer.vocab_size",
        "training.parameters.matmul",
        "training.shape",
        "evaluation",
        "evaluation.bits_per_character.low",
        "evaluation.human.loops",
        "evaluation.xz",
        "samples.shares.bars_right.value",
        "samples.temperature",
        "plain_samples",
        "plain_samples.shares.loops",
        "examples.tunes.1.seed",
        "versions.symusic",
    ],
)
def test_a_number_that_lacks_is_named_and_no_card_is_written(copy: Copy, path: str) -> None:
    def drop(record: Any) -> None:
        *folders, last = path.split(".")
        for name in folders:
            record = record[int(name) if name.isdigit() else name]
        del record[last]

    folder = copy(drop)
    (folder / "README.md").write_text("the old card")
    with pytest.raises(InputError) as raised:
        write_card(folder)
    message = str(raised.value)
    assert message.startswith(f"{folder / 'run.json'} lacks {path}, which the card must tell: ")
    assert "\n" not in message
    assert (folder / "README.md").read_text() == "the old card"


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_number_that_is_none_is_as_good_as_missing(copy: Copy, value: float | None) -> None:
    folder = copy(lambda record: record["evaluation"].update(xz=value))
    with pytest.raises(InputError, match=r"lacks evaluation\.xz"):
        model_card(folder)


def test_no_run_and_no_place(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"run\.json is missing"):
        write_card(tmp_path / "nowhere")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hf_abc.hub.card.atomic_write", full)
    with pytest.raises(OutputError, match=r"README\.md cannot be written \(No space left on device\)"):
        write_card(run)


def test_other_licences_claim_nothing(copy: Copy) -> None:
    from huggingface_hub import ModelCard

    card = model_card(
        copy(lambda record: record["corpus"].update(licences={"music21-corpus": 3, "CC BY-NC": 4}))
    )
    assert ModelCard(card).data.to_dict()["license"] == "unknown"
    assert "`music21-corpus` 3, `CC BY-NC` 4" in card
    assert "Apache" not in card


def test_what_the_licence_section_says_is_true() -> None:
    folder = corpus_folder()
    licence = " ".join((folder / "license.txt").read_text(encoding="utf-8").split())
    template = (files("hf_abc") / "data" / "model_card.md.j2").read_text("utf-8")
    (quote,) = re.findall(r"^> (.*)$", template, re.MULTILINE)
    assert quote in licence
    assert "may or may not be free in your jurisdiction" in licence
    for name in PRINTS:
        assert any((folder / name).glob("*.abc"))
        for file in (folder / name).glob("*.abc"):
            assert not re.search(rb"(?i)copyright|licen[cs]e|permission|commercial", file.read_bytes()), file


def test_hostile_texts_stay_texts(copy: Copy) -> None:
    def change(record: dict[str, Any]) -> None:
        record["recipe"]["name"] = "a|b\n# c <script> `d` {{ 7*7 }}"
        record["examples"]["tunes"][0]["text"] = "X:1\nT:````\n</details>\nK:C\nabc\n"
        record["examples"]["tunes"][0]["prompt"] = "X:1\nT:`a` | <b>\n"
        record["corpus"]["keys"] = {'G"; rm -rf ~; "': 5, "D": 4}

    card = model_card(copy(change))
    assert "\n# a\\|b \\# c \\<script\\> \\`d\\` {{ 7\\*7 }}\n" in card
    assert "\n`````abc\nX:1\nT:````\n</details>\nK:C\nabc\n`````\n" in card
    assert "prompt `` X:1⏎T:`a` | <b> ``" in card
    assert '--key "D"' in card


def test_the_template_knows_no_other_names(run: Path) -> None:
    from jinja2 import Environment, meta

    template = (files("hf_abc") / "data" / "model_card.md.j2").read_text("utf-8")
    assert meta.find_undeclared_variables(Environment().parse(template)) == {
        *("card_data", "run", "at", "lstm", "samples", "free", "licence", "against", "recipe", "sounds"),
        *("distances", "plots", "one"),  # the last is set within a loop, which jinja2 does not see
        *("number", "bits", "percent", "measure", "counts", "first", "code", "fence", "plain"),
    }


def test_what_it_shows_lies_in_the_folder(run: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", model_card(run))
    local = [link for link in links if not link.startswith("http")]
    assert len([link for link in local if link.endswith(".svg")]) == 4
    assert "examples/tiny-1.mp3" in local
    assert [link for link in local if not (run / link).is_file()] == []


def test_a_record_of_an_earlier_version_gives_a_shorter_card(copy: Copy) -> None:
    def older(record: dict[str, Any]) -> None:
        for section in ("samples", "plain_samples"):
            del record[section]["music"]
            for name in ("notes_12", "inside_12", "inside_16", "inside_24", "title_like"):
                del record[section]["shares"][name]
        del record["evaluation"]["extraction"]
        for name in ("family", "pretrained", "random_weights"):
            del record["recipe"]["model"][name]

    card = model_card(copy(older))
    assert "## Results" in card and "How far" not in card and "by heart" not in card
    assert len(table(card, "share of tunes")) == 12


def test_an_lstm_says_how_it_is_loaded(copy: Copy) -> None:
    def lstm(record: dict[str, Any]) -> None:
        record["recipe"]["model"]["family"] = "lstm"
        record["training"]["shape"] = {"layers": 2, "width": 448}
        del record["training"]["positions"]

    card = model_card(copy(lstm), at="anna/tunes")
    assert "\nAn LSTM that writes tunes" in card and "| layers, width | 2, 448 |" in card
    assert 'pipeline("text-generation", model="anna/tunes", trust_remote_code=True)' in card
    assert "longest context" not in card and "- lstm" in card and "gpt2" not in card.split("## Training")[0]


def test_a_model_trained_further_names_its_base(copy: Copy) -> None:
    from huggingface_hub import ModelCard

    def further(record: dict[str, Any]) -> None:
        record["recipe"]["model"]["pretrained"] = "openai-community/gpt2"
        record["recipe"]["tokenizer"]["kind"] = "pretrained"

    card = model_card(copy(further))
    assert ModelCard(card).data.to_dict()["base_model"] == "openai-community/gpt2"
    assert "trained further from `openai-community/gpt2`" in card
    assert "(those of `openai-community/gpt2`)" in card


def test_the_first_code_block_runs_without_this_package(run: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", model_card(run), re.MULTILINE | re.DOTALL)
    block += "\nimport sys\nassert not [name for name in sys.modules if name.split('.')[0] == 'hf_abc']\n"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=run, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode(errors="replace").startswith("X:1")


def test_the_command_is_one(run: Path) -> None:
    from hf_abc.cli import _parser
    from hf_abc.sampling.prompts import Wish

    (line,) = re.findall(r"^```bash\nhf-abc (.*)\n```$", model_card(run), re.MULTILINE)
    arguments = _parser().parse_args(shlex.split(line))
    assert arguments.model == "."
    assert Wish(meter=arguments.meter, key=arguments.key).fields() == {"M": "6/8", "K": "D"}
