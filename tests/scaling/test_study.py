"""Studies are strict, their runs are those that they say, and the plan costs them."""

from pathlib import Path

import pytest

from hf_abc.errors import InputError, RecipeError
from hf_abc.recipe import load_study
from hf_abc.scaling.costs import cost_of
from hf_abc.scaling.plan import plan
from hf_abc.scaling.rates import fit_rates, optimum, wider
from hf_abc.scaling.runs import branches, ladder, planned, sorts, tokenizer_name


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--gpt2.size", "[1M]"], "unknown key gpt2.size: did you mean gpt2.sizes?"),
        (["--training.steps", "800"], "training.steps: 800 is not possible: least_steps is 900"),
        (["--gpt2.sizes", "[1M, 1M]"], "name each size once"),
        (["--gpt2.rates", "[1e-3, 2e-3]"], "give one rate, or at least three"),
        (["--gpt2.rates", "[1e-3]"], "one rate needs no sweep"),
        (["--gpt2.sweep_sizes", "[20M]"], "gpt2.sweep_sizes"),
        (["--branches", "[1.5]"], "give shares between 0 and 1"),
        (["--branches", "[0.02]"], "leave some steps for training"),
        (["--training.warmup_steps", "0"], "give training.warmup_steps"),
        (["--largest_seeds", "[2]"], "begin with 1"),
        (["--tokenizers", "[{kind: char}, {kind: bpe}]"], "several tokenizers go with one size"),
    ],
)
def test_impossible_studies(words: list[str], sentence: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_study("scaling/cpu", words)
    assert sentence in str(error.value)


def test_runs_of_the_cpu_study() -> None:
    study = load_study("scaling/cpu")
    runs = planned(study)
    assert len({run.name for run in runs}) == len(runs) == 24 + 2 * (6 * 3 + 1) + 28 + 6
    full = [run for run in runs if run.part == "ladder"]
    assert min(run.recipe.training.steps for run in full) >= 900
    assert [run.name for run in full[:2]] == ["lstm-0.15M-s1", "gpt2-0.15M-s1"]
    assert {run.size for run in full[-2:]} == {"5M"}, "the held-out size comes last"
    rates = {(family, tokenizer_name(tokenizer), size): 1e-3 for family, tokenizer, size in sorts(study)}
    trunk = ladder(study, rates)[0]
    first, second = branches(study, trunk)
    assert trunk.recipe.training.keep_steps == [first.from_step, second.from_step] == [42, 169]
    assert (first.recipe.training.steps, second.recipe.training.steps) == (60, 242)
    with pytest.raises(RecipeError, match=r"gpt2\.sizes: '2M' is unknown"):
        planned(load_study("scaling/cpu", ["--gpt2.sizes", "[0.15M, 0.6M, 1.7M, 2M]"]))


def test_tokenizers_cost_the_same() -> None:
    runs = [run for run in planned(load_study("scaling/tokenizers")) if run.part == "ladder"]
    assert {run.tokenizer for run in runs} >= {"char", "bpe-512-newline", "gpt2"}
    flops = [run.flops for run in runs]
    assert max(flops) / min(flops) < 1.005
    assert {run.recipe.model.random_weights for run in runs if run.tokenizer == "gpt2"} == {True}
    assert {run.recipe.model.sinusoidal_positions for run in runs} == {False}
    with pytest.raises(RecipeError, match="which is below least_steps 900"):
        planned(load_study("scaling/tokenizers", ["--least_steps", "900"]))


def test_the_plan(micro: Path) -> None:
    text = plan(load_study("scaling/cpu"), studies=5)
    line = next(line for line in text.splitlines() if line.startswith("gpt2-5M-s1 "))
    cost = cost_of(next(run for run in planned(load_study("scaling/cpu")) if run.name == "gpt2-5M-s1").recipe)
    for number in (cost.counts.matmul, cost.counts.non_embedding, cost.counts.total, 968, 968 * 2560):
        assert f"{number:,}" in line
    assert "min" in line and "GiB" in line
    assert "95 % of such studies find alpha in" in text
    assert "nothing will be fitted" in plan(load_study(micro))
    assert "too long" in plan(load_study("scaling/h100", ["--training.steps", "20000"]), studies=2)
    assert "too long" not in plan(load_study("scaling/h100"), studies=2)


def test_the_best_rate() -> None:
    losses = {rate: (rate / 4e-3 - 1) ** 2 + 1 for rate in (1e-3, 2e-3)}
    assert wider(losses) == pytest.approx(4e-3)
    losses |= {4e-3: 1.0, 8e-3: 2.0}
    assert wider(losses) is None
    found = optimum(64, losses)
    assert 2e-3 < found.rate < 8e-3
    assert wider({1e-3: 1.0, 2e-3: 2.0, 4e-3: float("inf")}) == pytest.approx(5e-4)
    assert wider({1e-3: float("inf"), 2e-3: float("inf")}) == pytest.approx(5e-4)
    with pytest.raises(InputError, match=r"at width 64 is 0\.001, at the edge"):
        optimum(64, {1e-3: 1.0, 2e-3: 2.0, 4e-3: 3.0})
    exact = {r: 1 + (r2 - 3) ** 2 for r2, r in ((2, 1e-2), (2.5, 10**-1.5), (4, 1.0))}
    assert optimum(10, exact).rate == pytest.approx(0.1)
    from hf_abc.scaling.rates import Optimum

    law = fit_rates([Optimum(w, 0.6 * w**-0.5, ()) for w in (48, 96, 160)])
    assert (law.exponent, law.spread) == (pytest.approx(-0.5), pytest.approx(1.0))
    assert law.rate(256) == pytest.approx(0.6 / 16)
    assert fit_rates([Optimum(48, 0.01, ())]).rate(1000) == pytest.approx(0.01)
