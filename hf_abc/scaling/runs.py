"""The runs of a study: each is a recipe with a name and a place in the study.

    sweep    short runs of some sizes at several learning rates, which give the law of the rate (rates.py)
    ladder   every size with every seed, at the law's rate; the largest size last
    branch   shorter runs that start from a checkpoint of a ladder run, its trunk, and only fall themselves
    spot     the second largest size at half, once and twice the law's rate, as long as a sweep's run

A comparison of tokenizers has a sweep and a ladder for each of them and neither branches nor a spot check.
Names say what a run is and are the same in every study of the same design, whatever its rates turn out to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hf_abc.errors import RecipeError
from hf_abc.models.sizes import LSTM_SIZES, SIZES
from hf_abc.recipe import ModelRecipe, Recipe, Study, TokenizerRecipe, TrainingRecipe
from hf_abc.scaling.costs import flops_of, nominal_vocabulary

Rates = Mapping[tuple[str, str, str], float]
"""The learning rate of each (family, tokenizer, size)."""
SPOT = (0.5, 1.0, 2.0)
"""What the law's rate is multiplied with in the spot check."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run. `share` is its length as a share of a full one; `trunk` names the run whose
    checkpoint of step `from_step` it starts from, if any.
    """

    name: str
    part: str
    family: str
    size: str
    tokenizer: str
    seed: int
    share: float
    recipe: Recipe
    trunk: str = ""
    from_step: int = 0

    @property
    def flops(self) -> float:
        """Floating-point operations of what it trains itself, with a vocabulary of the usual length."""
        own = self.recipe.training.steps - self.from_step
        return flops_of(self.recipe) * own * self.recipe.training.batch_tokens


def tokenizer_name(tokenizer: TokenizerRecipe) -> str:
    """char, folk-rnn, gpt2 (of kind pretrained), or bpe-1024-newline."""
    if tokenizer.kind == "bpe":
        return f"bpe-{tokenizer.vocab_size}-{tokenizer.boundary}"
    return "gpt2" if tokenizer.kind == "pretrained" else tokenizer.kind


def width_of(family: str, size: str) -> int:
    """The width of a size, of which the best learning rate is a power. RecipeError for an unknown size."""
    known = LSTM_SIZES if family == "lstm" else SIZES
    if size not in known:
        raise RecipeError(f"{family}.sizes: {size!r} is unknown: it is one of {', '.join(known)}")
    return LSTM_SIZES[size].hidden_size if family == "lstm" else SIZES[size].n_embd


def ladder(study: Study, rates: Rates) -> list[Run]:
    """The runs of full length, smallest first within a seed, the largest size of all at the end. Those that
    are trunks keep the checkpoints of their branches. Models without a rate are left out.
    """
    found = []
    for family, tokenizer, size in sorts(study):
        if (family, tokenizer_name(tokenizer), size) not in rates:
            continue
        largest = size == study.families()[family].sizes[-1]
        only = len(study.families()[family].sizes) == 1
        for seed in study.largest_seeds if largest and not only else study.seeds:
            training = study.shortened(1.0)
            if seed == study.seeds[0]:
                training = replace(training, keep_steps=sorted(_starts(study)))
            name = _name(study, family, size, tokenizer, f"s{seed}")
            rate = rates[family, tokenizer_name(tokenizer), size]
            found.append(_run(study, name, "ladder", family, size, tokenizer, seed, rate, training))
    last = {family: one.sizes[-1] for family, one in study.families().items() if len(one.sizes) > 1}
    return sorted(found, key=lambda run: (last.get(run.family) == run.size, run.seed, run.flops))


def branches(study: Study, trunk: Run) -> list[Run]:
    """The branches of a ladder run; none but of the first seed."""
    if trunk.part != "ladder" or trunk.seed != study.seeds[0]:
        return []
    found = []
    for share in sorted(study.branches):
        training = replace(study.shortened(share), learning_rate=trunk.recipe.training.learning_rate)
        recipe = replace(trunk.recipe, training=training, name=f"{trunk.name}-d{share:g}")
        start = training.steps - round(training.decay * training.steps)
        found.append(
            replace(
                trunk, name=recipe.name, part="branch", share=share, recipe=recipe, trunk=trunk.name,
                from_step=start,
            )
        )  # fmt: skip
    return found


def sweep(study: Study, family: str, tokenizer: TokenizerRecipe, size: str, rate: float) -> Run:
    """A short run of a size at a rate."""
    name = _name(study, "sweep-" + family, size, tokenizer, f"lr{rate:.3g}")
    training = study.shortened(study.sweep_share)
    return _run(study, name, "sweep", family, size, tokenizer, study.seeds[0], rate, training,
                study.sweep_share)  # fmt: skip


def spots(study: Study, rates: Rates) -> list[Run]:
    """The spot check of each family that has swept, at its second largest size."""
    found = []
    for family, one in study.families().items():
        if len(one.rates) == 1 or len(one.sizes) < 3 or len(study.tokenizers) > 1:
            continue
        size, tokenizer = one.sizes[-2], study.tokenizers[0]
        if (family, tokenizer_name(tokenizer), size) not in rates:
            continue
        for times in SPOT:
            rate = rounded(times * rates[family, tokenizer_name(tokenizer), size])
            name = _name(study, "spot-" + family, size, tokenizer, f"x{times:g}")
            training = study.shortened(study.sweep_share)
            found.append(
                _run(study, name, "spot", family, size, tokenizer, study.seeds[0], rate, training,
                     study.sweep_share)
            )  # fmt: skip
    return found


def sorts(study: Study) -> list[tuple[str, TokenizerRecipe, str]]:
    """(family, tokenizer, size) of all models. RecipeError for a size that there is not."""
    found = []
    for family, one in study.families().items():
        for size in one.sizes:
            width_of(family, size)
            found += [(family, tokenizer, size) for tokenizer in study.tokenizers]
    return found


def planned(study: Study) -> list[Run]:
    """All runs that are certain before any has run, in the order in which they are done, at the middle of the
    rates.
    """
    middle = {
        (family, tokenizer_name(tokenizer), size): study.families()[family].rates[
            len(study.families()[family].rates) // 2
        ]
        for family, tokenizer, size in sorts(study)
    }
    found = [
        sweep(study, family, tokenizer, size, rate)
        for family, tokenizer, size in sorts(study)
        if size in study.families()[family].sweep_sizes
        for rate in study.families()[family].rates
    ]
    for run in ladder(study, middle):
        found += [run, *branches(study, run)]
    return found + spots(study, middle)


def rounded(rate: float) -> float:
    """A learning rate as it is written into a recipe: three digits."""
    return float(f"{rate:.3g}")


def _starts(study: Study) -> set[int]:
    """The steps at which the branches leave their trunk."""
    found = set()
    for share in study.branches:
        training = study.shortened(share)
        found.add(training.steps - round(training.decay * training.steps))
    return found


def _name(study: Study, first: str, size: str, tokenizer: TokenizerRecipe, last: str) -> str:
    middle = [tokenizer_name(tokenizer)] if len(study.tokenizers) > 1 else []
    return "-".join([first, size, *middle, last])


def _run(
    study: Study, name: str, part: str, family: str, size: str, tokenizer: TokenizerRecipe, seed: int,
    rate: float, training: TrainingRecipe, share: float = 1.0,
) -> Run:  # fmt: skip
    pretrained = tokenizer.kind == "pretrained"
    if pretrained and family != "gpt2":
        raise RecipeError("tokenizers: kind pretrained goes with gpt2 alone: leave lstm.sizes out")
    model = ModelRecipe(
        family="lstm" if family == "lstm" else "gpt2",
        size=size,
        n_positions=training.block_size,
        pretrained=study.vocabulary if pretrained else "",
        random_weights=pretrained,
        # a model of another's shape starts from noise, so all that it is compared with do as well
        sinusoidal_positions=all(one.kind != "pretrained" for one in study.tokenizers),
    )
    recipe = Recipe(
        name=name, seed=seed, corpus=study.corpus, tokenizer=tokenizer, model=model,
        training=replace(training, learning_rate=rate),
    )  # fmt: skip
    if tokenizer != study.tokenizers[0]:  # as many steps as cost what the first tokenizer's cost
        first = flops_of(recipe, nominal_vocabulary(study.tokenizers[0]))
        steps = max(1, round(training.steps * first / flops_of(recipe)))
        recipe = replace(recipe, training=replace(recipe.training, steps=steps))
        if share == 1.0 and steps < study.least_steps:
            raise RecipeError(
                f"training.steps: {steps} of {tokenizer_name(tokenizer)} cost what the first tokenizer's "
                f"{training.steps} do, which is below least_steps {study.least_steps}: raise steps"
            )
    return Run(name, part, family, size, tokenizer_name(tokenizer), seed, share, recipe)
