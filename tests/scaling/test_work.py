"""Runs of a micro study: trained, measured, resumed, sharded, refused."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hf_abc.cli import main
from hf_abc.corpora import read_split
from hf_abc.errors import HfAbcError, InputError
from hf_abc.models.tokenizers import train_tokenizer
from hf_abc.recipe import load_study
from hf_abc.scaling.bench import Bench, make_bench
from hf_abc.scaling.results import read_ground, read_results
from hf_abc.scaling.runs import Run
from hf_abc.scaling.work import Worker


@pytest.fixture(scope="session")
def study_folder(micro: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    assert main(["scaling", "run", str(micro), "--out", str(out), "--corpus", str(corpus)]) == 0
    return out


def test_every_run_leaves_its_file_and_nothing_else(study_folder: Path) -> None:
    found = {run.name: run for run in read_results(study_folder)}
    swept = {name for name in found if name.startswith("sweep-gpt2-0.15M-lr")}
    assert len(swept) >= 3
    ladder = {f"{f}-{n}" for f in ("gpt2", "lstm") for n in ("0.15M-s1", "0.15M-s2", "0.25M-s1")}
    branches = {f"{f}-{n}-s1-d0.5" for f in ("gpt2", "lstm") for n in ("0.15M", "0.25M")}
    assert set(found) == swept | ladder | branches
    ground = read_ground(study_folder)
    for run in found.values():
        assert len(run.nats["test"]) == len(ground.families["test"])
        assert 0.5 < run.loss(ground) < 6
        assert run.flops >= 6 * run.matmul * run.tokens
    trunk, branch = found["gpt2-0.15M-s1"], found["gpt2-0.15M-s1-d0.5"]
    assert (trunk.steps, branch.steps, branch.tokens * 2) == (12, 6, trunk.tokens)
    assert trunk.samples["n"] == 2 and not branch.samples
    assert trunk.vocabulary == found["lstm-0.25M-s1"].vocabulary
    assert not [path for path in (study_folder / "work").iterdir() if path.is_dir()]
    assert (study_folder / "work" / ".gitignore").read_text() == "*\n"


def test_two_sizes_are_reported_and_not_fitted(
    study_folder: Path, micro: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scaling", "fit", str(micro), "--out", str(study_folder)]) == 0
    assert "1 sizes cannot be fitted with 3 parameters: train at least 3" in capsys.readouterr().out
    assert main(["scaling", "report", str(micro), "--out", str(study_folder)]) == 0
    text = (study_folder / "README.md").read_text(encoding="utf-8")
    found = {run.name: run for run in read_results(study_folder)}
    assert f"{found['lstm-0.25M-s1'].loss(read_ground(study_folder)):.4f}" in text
    assert "At equal numbers of parameters in matrices" in text and "predicted at" not in text
    assert {path.name for path in study_folder.glob("*.svg")} >= {"size.svg", "curves.svg", "rates.svg"}
    assert "residuals.svg" not in text and "None" not in text


def test_its_best_model_is_trained_on(study_folder: Path, micro: Path, corpus: Path, tmp_path: Path) -> None:
    assert main(["scaling", "best", str(micro), "--out", str(study_folder)]) == 0
    recipe = study_folder / "best" / "to_its_best.yaml"
    assert main(["train", str(recipe), "--corpus", str(corpus), "--out", str(tmp_path / "model")]) == 0
    best = min(
        (run for run in read_results(study_folder) if run.part == "ladder"),
        key=lambda run: run.loss(read_ground(study_folder), "validation"),
    )
    facts = json.loads((tmp_path / "model" / "run.json").read_text())
    assert facts["training"]["steps"] > 12 and facts["recipe"]["name"].startswith(f"micro-{best.family}")
    curve = [point["validation"] for point in facts["training"]["curve"]]
    assert min(curve) < curve[0]  # so few tunes and steps do not say that longer is better


def test_a_finished_study_is_left_alone_and_a_missing_branch_done_again(
    study_folder: Path, micro: Path, corpus: Path
) -> None:
    files = {path: path.read_bytes() for path in (study_folder / "runs").iterdir()}
    branch = study_folder / "runs" / "gpt2-0.15M-s1-d0.5.json"
    before = json.loads(branch.read_text())["nats"]
    branch.unlink()
    study = load_study(micro)
    bench = make_bench(corpus, study_folder, study_folder / "work", study)
    said: list[str] = []
    Worker(study, study_folder, bench, say=said.append).work()
    assert json.loads(branch.read_text())["nats"] == before, "a branch is exact"
    assert [text.split(":")[0] for text in said if "steps at" in text] == ["gpt2-0.15M-s1", branch.stem]
    assert all(path.read_bytes() == old for path, old in files.items() if path != branch)


def test_a_killed_worker_leaves_nothing_half_written(
    study_folder: Path, micro: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["scaling", "run", str(micro), "--out", str(out), "--corpus", str(corpus), "--only", "lstm"]
    worker = subprocess.Popen([sys.executable, "-m", "hf_abc.cli", *words], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    for line in worker.stdout:
        if "nats per character" in line:  # one run is finished, the next begins
            worker.kill()
    assert worker.wait() == -signal.SIGKILL
    first = {run.name: run for run in read_results(out)}
    assert 0 < len(first) < 5, "each is whole, or reading would refuse it"
    assert main(words) == 0
    whole = {run.name: run.nats for run in read_results(study_folder) if run.family == "lstm"}
    assert {run.name: run.nats for run in read_results(out)} == whole
    assert not [path for path in out.rglob("*partial*")]


def test_other_settings_shards_and_corpora(
    study_folder: Path, micro: Path, corpus: Path, tmp_path: Path
) -> None:
    study = load_study(micro, ["--training.weight_decay", "0.2"])
    bench = make_bench(corpus, study_folder, study_folder / "work", study)
    with pytest.raises(InputError, match=r"sweep-gpt2.*other settings"):
        Worker(study, study_folder, bench).work()
    (tmp_path / "corpus.json").write_bytes((study_folder / "corpus.json").read_bytes())
    idle = make_bench(corpus, tmp_path, tmp_path / "work", study)
    assert not Worker(study, tmp_path, idle, end=time.monotonic()).work(), "the time is up before any run"
    with pytest.raises(InputError, match="--only 20M is neither"):
        Worker(study, study_folder, bench, only="20M").work()
    with pytest.raises(InputError, match="on another corpus"):
        other = tmp_path / "corpus"
        other.mkdir()
        for path in corpus.glob("*.parquet"):
            (other / path.name).write_bytes((corpus / "test.parquet").read_bytes())
        make_bench(other, study_folder, tmp_path / "work", study)


def test_another_vocabulary(micro: Path, corpus: Path, tmp_path: Path) -> None:
    texts = [row["text"] for row in read_split(corpus, "train")]
    train_tokenizer(texts, vocab_size=280).save_pretrained(tmp_path / "theirs")
    words = [
        "--tokenizers=[{kind: bpe, vocab_size: 50257}, {kind: pretrained}]",
        f"--vocabulary={tmp_path / 'theirs'}",
        "--gpt2.sizes=[0.15M]",
        "--gpt2.sweep_sizes=[]",
        "--gpt2.rates=[6e-3]",
        "--lstm.sizes=[]",
        "--branches=[]",
        "--seeds=[1]",
        "--samples=0",
    ]
    out = tmp_path / "out"
    assert main(["scaling", "run", str(micro), "--out", str(out), "--corpus", str(corpus), *words]) == 0
    found = {run.tokenizer: run for run in read_results(out)}
    assert set(found) == {"bpe-50257-newline", "gpt2"}
    assert found["gpt2"].matmul < found["bpe-50257-newline"].matmul, "280 tokens against all there are"
    assert found["gpt2"].vocabulary != found["bpe-50257-newline"].vocabulary
    assert main(["scaling", "report", str(micro), "--out", str(out), *words]) == 0
    text = (out / "README.md").read_text(encoding="utf-8")
    assert "| gpt2 |" in text and "| bpe-50257-newline |" in text
    missing = [*words, "--vocabulary", str(tmp_path / "none"), "--seeds=[3]", "--largest_seeds=[3]"]
    assert main(["scaling", "run", str(micro), "--out", str(out), "--corpus", str(corpus), *missing]) == 1


def test_what_diverges_is_noted_and_shards_wait_for_each_other(
    micro: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(self: Bench, run: Run, folder: Path) -> None:
        raise HfAbcError("the loss is no longer a number at step 3: try a learning rate below 9")

    monkeypatch.setattr(Bench, "_fit", diverge)
    study = load_study(micro)
    bench = make_bench(corpus, tmp_path, tmp_path / "work", study)
    assert Worker(study, tmp_path, bench, only="lstm").work()
    found = {run.name: run for run in read_results(tmp_path)}
    assert set(found) == {"lstm-0.15M-s1", "lstm-0.15M-s2", "lstm-0.25M-s1"}, "no branch of a diverged trunk"
    assert {run.diverged for run in found.values()} == {"the loss is no longer a number at step 3"}
    with pytest.raises(InputError, match=r"of other shards are missing.*: sweep-gpt2-0\.15M-lr0\.006; put"):
        Worker(study, tmp_path, bench, shard=(1, 2)).work()
    with pytest.raises(InputError, match="gpt2 0.15M still learns best at the edge"):
        Worker(study, tmp_path, bench).work()
