"""The fits and the report of made-up studies with a known law, rebuilt from their result files alone."""

import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scipy import stats

from hf_abc.cli import main
from hf_abc.errors import InputError
from hf_abc.recipe import Study, load_study
from hf_abc.scaling import huber
from hf_abc.scaling.fits import Fits, fit_study
from hf_abc.scaling.report import write_report
from hf_abc.scaling.report_table import fit_rows, fit_table, held_out_rows, size_rows, spot_rows
from hf_abc.scaling.results import read_result, read_results, result_file, write
from hf_abc.scaling.tokenizer_report import SeedError, against, seed_error, tokenizers

Maker = Callable[[Study, Path], None]


@pytest.fixture(scope="module", autouse=True)
def few_starts() -> Iterator[None]:
    """The check by L-BFGS from 15 starts in place of 150: seconds less, and the same law on these data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huber, "_STARTS", huber._STARTS[::10])
        yield


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("scaling/cpu")


@pytest.fixture(scope="module")
def folder(study: Study, make_up: Maker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made_up")
    make_up(study, out)
    return out


@pytest.fixture(scope="module")
def fits(study: Study, folder: Path) -> Fits:
    return fit_study(study, folder)


def test_planted_laws_are_found(fits: Fits) -> None:
    for family, c in (("gpt2", 0.5), ("lstm", 0.6)):
        found = fits.families[family]
        law = found.all["matmul"]
        assert law.alpha.low is not None and law.alpha.high is not None
        assert law.alpha.value == pytest.approx(0.25, abs=0.03)
        assert 0.01 < law.alpha.high - law.alpha.low < 0.1
        assert law.c.value == pytest.approx(c, abs=0.07)
        assert found.check is not None and found.check.alpha == pytest.approx(law.alpha.value, abs=0.05)
        assert found.held_out is not None and found.held_out.size == "5M" and found.held_out.inside
        assert found.surface is not None and found.surface.beta.identified
        assert set(found.left_out) == {"0.15M", "0.25M", "0.6M", "1M", "1.7M", "3M", "5M"}
        assert set(found.all) == {
            f"{n}{c}" for n in ("matmul", "non_embedding", "total") for c in ("", " without c")
        }
        assert fits.rates[family].exponent == pytest.approx(-0.5, abs=0.15)
        assert fits.spots[family].excess < 0.2
    assert all(one.nats.high is not None and one.nats.high < 0 for one in fits.at_size)
    assert [one.nats.value for one in fits.at_size] == pytest.approx([-0.1] * len(fits.at_size), abs=0.02)
    assert len(fits.at_size) >= 5 and len(fits.at_flops) >= 3


def test_the_tables_are_those_of_the_files(fits: Fits, folder: Path, study: Study) -> None:
    ground = json.loads((folder / "corpus.json").read_text())
    run = json.loads((folder / "runs" / "gpt2-5M-s1.json").read_text())
    loss = sum(run["nats"]["test"]) / sum(ground["characters"]["test"])
    row = next(row for row in size_rows(fits) if row[0] == "GPT-2 5M")
    assert row == ["GPT-2 5M", f"{run['matmul']:,}", "1", f"{loss:.4f}", "-", f"{loss / 0.6931471806:.4f}"]
    assert next(row for row in held_out_rows(fits)[1:] if row[0] == "GPT-2")[4] == f"{loss:.4f}"
    assert len(fit_rows(fits)) == 1 + 2 * 2 * 6 and len(spot_rows(fits)) == 3
    assert "variable" not in fit_table(fits) and "all but the largest" in fit_table(fits)


def test_the_page_is_made_again_byte_for_byte(study: Study, folder: Path) -> None:
    page = write_report(study, folder)
    plots = {path.name: path.read_bytes() for path in folder.glob("*.svg")}
    assert set(plots) == {
        f"{name}.svg"
        for name in (
            "size",
            "curves",
            "costs",
            "residuals",
            "profile",
            "places",
            "rates",
            "resources",
            "samples",
        )
    }
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+\.svg)\)", text)) == set(plots)
    for sentence in (
        "At equal numbers of parameters in matrices GPT-2 loses less than the LSTM at",
        "the intervals of the exponents overlap",
        "was predicted at",
        "was learned first",
        "held-out human tunes",
        "| GPT-2 | total | all | 0 |",
    ):
        assert sentence.lower() in text.lower()
    assert "None" not in text and "nan" not in text.lower().split() and "Not run yet" not in text
    (folder / "README.md").unlink()
    assert main(["scaling", "report", "scaling/cpu", "--out", str(folder)]) == 0
    assert page.read_text(encoding="utf-8") == text
    assert {path.name: path.read_bytes() for path in folder.glob("*.svg")} == plots


def test_what_is_refused_and_what_is_left_out(study: Study, make_up: Maker, tmp_path: Path) -> None:
    from dataclasses import replace

    with pytest.raises(InputError, match="holds no result"):
        fit_study(study, tmp_path)
    make_up(study, tmp_path)
    path = result_file(tmp_path, "gpt2-1M-s2")
    run, content = read_result(path), path.read_text()
    for change, message in (
        ({"corpus": "other"}, "gpt2-1M-s2 was trained on another corpus"),
        ({"vocabulary": "other"}, r"gpt2-1M-s2 and gpt2-\S+ had different tokenizers of the name char"),
        (
            {"code": "other", "revision": "def"},
            r"gpt2-1M-s2 \(revision def\) and .* \(revision abc\) were made by",
        ),
    ):
        write(path, replace(run, **change))
        with pytest.raises(InputError, match=message):
            fit_study(study, tmp_path)
    path.write_text(content.replace('"seed": 2', '"seed": 3'))
    with pytest.raises(InputError, match=r"gpt2-1M-s2\.json does not match its hash"):
        fit_study(study, tmp_path)
    path.write_text(content[:100])
    with pytest.raises(InputError, match="is no result of a study"):
        fit_study(study, tmp_path)
    write(path, replace(run, nats={}, diverged="the loss is no longer a number at step 7"))
    for name in ("0.15M", "0.25M", "0.6M", "1.7M"):
        for file in (tmp_path / "runs").glob(f"lstm-{name}-*.json"):
            file.unlink()
    text = write_report(study, tmp_path).read_text()
    found = json.loads((tmp_path / "fits.json").read_text())
    assert found["diverged"] == {"gpt2-1M-s2": "the loss is no longer a number at step 7"}
    missing = found["families"]["lstm"]["missing"]
    assert "2 sizes cannot be fitted with 3 parameters" in missing["below the largest size"]
    assert "Diverged and left out: gpt2-1M-s2 (the loss is no longer a number at step 7)" in text
    assert "Not run yet: lstm-0.15M-s1" in text


def test_tokenizers_compared(make_up: Maker, tmp_path: Path) -> None:
    study = load_study("scaling/tokenizers")
    make_up(study, tmp_path)
    text = write_report(study, tmp_path).read_text()
    for name in ("char", "bpe-1024-bar", "gpt2"):
        assert f"| {name} |" in text
    assert "equal operations" in text and "tokenizers.svg" in text
    table = text[text.index("## Tokenizers") : text.index("## Learning rates")]
    flops = [float(cell) for cell in re.findall(r"\| (\d\.\d\de\+\d\d) \| 2 \|", table)]
    assert len(flops) == 8 and max(flops) / min(flops) < 1.01
    char = next(run for run in read_results(tmp_path) if run.name == "gpt2-1M-char-s1")
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    remembered = row(sections["What is remembered"], "char")
    best, end, seen, between = map(float, remembered)
    assert best == end and end - seen == pytest.approx(between, abs=1e-3) == 0.25
    assert len(row(sections["Where the bits go"], "char")) == 3
    assert row(sections["Where the bits go"], "char")[-1] == "0.100"
    assert row(sections["Samples"], "char")[:2] == ["100", "50.0 % [40.0, 60.0]"]
    assert row(sections["Samples"], "*human*")[0] == "200"
    assert float(remembered[1]) == pytest.approx(char.curve[-1]["validation"], rel=0.02)


def test_a_lucky_seed_is_no_better_tokenizer(make_up: Maker, tmp_path: Path) -> None:
    study = load_study("scaling/tokenizers")
    make_up(study, tmp_path)
    fits = fit_study(study, tmp_path)
    error = seed_error(study, fits)
    assert error.freedom == 8 and 0.001 < error.sigma < 0.006, "made up with 0.003"
    found = tokenizers(study, fits)
    alike = [found[name] for name in ("bpe-1024-newline", "bpe-1024-bar", "bpe-1024-beat", "bpe-1024-note")]
    for runs in alike[1:]:
        one = against(runs, alike[0], fits, error)
        assert one.low is not None and one.high is not None and one.low < 0 < one.high
        # as in a t test of two means of two seeds, the error of one run being known from 8
        half = stats.t.ppf(0.975, 8) * error.sigma * fits.loss(runs[0]) / math.log(2)
        assert (one.high - one.low) / 2 == pytest.approx(half, rel=0.15)
    sure = against(found["gpt2"], found["char"], fits, SeedError(0.0, 0))
    other = against(found["gpt2"], found["char"], fits, error)
    assert sure.value == other.value and sure.low is not None and other.low is not None
    assert sure.low > other.low


def test_one_seed_says_so(make_up: Maker, tmp_path: Path) -> None:
    study = load_study("scaling/tokenizers", ["--seeds", "[1]", "--largest_seeds", "[1]"])
    make_up(study, tmp_path)
    assert "a lucky seed looks like a better tokenizer" in write_report(study, tmp_path).read_text()


def row(table: str, name: str) -> list[str]:
    """The cells of a line of a Markdown table, without its name."""
    line = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.split("|")[2:-1]]
