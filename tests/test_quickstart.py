"""The whole flow, small: all is there at the end, a second start does nothing, a foreign folder is kept."""

import json
from pathlib import Path

import pytest

from hf_abc import quickstart as flow
from hf_abc.errors import OutputError
from hf_abc.quickstart import quickstart, table
from hf_abc.recipe import Recipe, load_recipe
from hf_abc.record import Record

SMALL = [
    "--name=small",
    "--corpus.sources=[airdsAirs]",
    "--tokenizer.vocab_size=300",
    "--model.size=0.15M",
    "--model.n_positions=256",
    "--training.block_size=256",
    "--training.batch_tokens=512",
    "--training.steps=4",
    "--training.evaluate_every=4",
    "--training.checkpoint_every=2",
    "--evaluation.samples=3",
    "--sampling.count=2",
    "--sampling.max_new_tokens=60",
]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("quickstart", SMALL)


@pytest.fixture(scope="module")
def out(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flow") / "out"
    quickstart(folder, recipe)
    return folder


def test_everything_is_there(out: Path) -> None:
    assert sorted(path.name for path in out.iterdir() if path.name[0] != ".") == ["corpus", "model", "tunes"]
    for name in ("README.md", "report.json", "split.csv"):
        assert (out / "corpus" / name).stat().st_size > 0
    for name in (
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "recipe.yaml",
        "run.json",
        "README.md",
    ):
        assert (out / "model" / name).stat().st_size > 0
    book = (out / "tunes" / "tunes.abc").read_text()
    assert [line for line in book.splitlines() if line.startswith("X:")] == ["X:1", "X:2"]
    assert "% seed 1, tune 1" in book
    page = (out / "tunes" / "index.html").read_text()
    assert "<svg" in page
    assert page.count('<li class="copying">') == 2, "what each tune shares with the corpus is told"
    assert 'src="http' not in page


def test_run_json_holds_every_section(out: Path, recipe: Recipe) -> None:
    record = Record(out / "model")
    assert record.get("recipe")["name"] == "small"
    assert record.get("training")["steps"] == 4
    assert record.get("evaluation")["trained_on_this_corpus"] is True
    assert record.get("samples")["n"] == 3
    assert set(record.get("timings")) == {"corpus", "training", "evaluation", "samples", "card"}
    assert all(seconds >= 0 for seconds in record.get("timings").values())


def test_the_table_is_read_from_run_json(out: Path) -> None:
    record = Record(out / "model")
    text = table(record)
    assert f"{record.get('evaluation')['bits_per_character']['value']:.3f}" in text
    assert f"{record.get('evaluation')['xz']:.3f}" in text
    assert "peak memory" in text


def test_a_second_start_finds_everything_done(
    out: Path, recipe: Recipe, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    capsys.readouterr()
    quickstart(out, recipe)
    said = capsys.readouterr().out
    assert said.count("nothing to do") == 4
    assert "holds this corpus already" in said
    changed = [path.name for path in before if path.stat().st_mtime_ns != before[path]]
    assert changed == []


def test_another_recipe_is_refused(out: Path) -> None:
    with pytest.raises(OutputError, match="the run of another recipe"):
        quickstart(out, load_recipe("quickstart", [*SMALL, "--seed=2"]))


def test_files_of_something_else_are_refused(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        quickstart(tmp_path, recipe)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_interrupt_between_stages_loses_nothing(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def stage(name: str) -> flow.Stage:
        def work(out: Path, recipe: Recipe, say: flow.Say) -> bool:
            if name == "evaluation" and done.count("evaluation") == 0:
                done.append(name)
                raise KeyboardInterrupt
            done.append(name)
            return True

        return work

    for name in ("corpus", "training", "evaluation", "samples", "card"):
        monkeypatch.setattr(flow, f"_{name}", stage(name))
    monkeypatch.setattr(flow, "table", lambda record: "")
    with pytest.raises(KeyboardInterrupt):
        quickstart(tmp_path, recipe)
    quickstart(tmp_path, recipe)
    assert done == ["corpus", "training", "evaluation", "corpus", "training", "evaluation", "samples", "card"]
    assert set(json.loads((tmp_path / "model" / "run.json").read_text())["timings"]) == set(done)
