"""A recipe: every choice of a run, as dataclasses.

Values come from three places, the later one wins: the defaults below, a YAML file, `--training.steps 10` on
the command line. A recipe is strict: an unknown key, a wrong type or an impossible value is refused by name.
The recipes of this repository lie in `recipes/` and are shipped inside the package as well.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .errors import RecipeError

_HERE = Path(__file__).resolve().parent
_RECIPE_FOLDERS = (_HERE / "data" / "recipes", _HERE.parent / "recipes")  # in a wheel, in a clone


@dataclass(frozen=True)
class CorpusRecipe:
    """Which tunes, how they are cleaned, and how they are shared out."""

    sources: list[str] = field(default_factory=lambda: ["oneills1850", "ryansMammoth", "airdsAirs"])
    """Names of collections (modules of hf_abc/corpora know them)."""
    profile: str = "plain"
    """Name of a list of cleaning steps in hf_abc/corpora/cleaning.py."""
    only_right_bars: bool = False
    """Leave out the tunes in which abc2midi finds an error or a bar of a wrong length."""
    validation: float = 0.05
    """Share of the families that goes to the validation side."""
    test: float = 0.05
    """Share of the families that goes to the test side."""

    def __post_init__(self) -> None:
        _require(bool(self.sources), "corpus.sources", self.sources, "name at least one collection")
        _require(self.validation > 0, "corpus.validation", self.validation, "give a share above 0")
        _require(self.test > 0, "corpus.test", self.test, "give a share above 0")
        _require(self.validation + self.test < 1, "corpus.test", self.test, "leave some tunes for training")


@dataclass(frozen=True)
class TokenizerRecipe:
    """How text becomes tokens."""

    kind: Literal["bpe", "char"] = "bpe"
    """Byte-level BPE, or one token for each character."""
    vocab_size: int = 1024
    """Number of tokens of a BPE, special ones included."""
    boundary: Literal["newline", "bar", "beat", "note"] = "newline"
    """What no merge of a BPE crosses."""

    def __post_init__(self) -> None:
        _require(
            self.vocab_size >= 257, "tokenizer.vocab_size", self.vocab_size, "give at least 257 (the bytes)"
        )


@dataclass(frozen=True)
class ModelRecipe:
    """The GPT-2 that is trained."""

    size: str = "1M"
    """A rung of the ladder in hf_abc/models/sizes.py."""
    n_positions: int = 512
    """Longest context in tokens; nothing longer is trained, evaluated or sampled."""
    sinusoidal_positions: bool = True
    """Start the position embeddings from sines instead of noise."""
    dropout: float = 0.0
    """Dropout everywhere; above 0 it halves the training speed on a CPU (measured)."""

    def __post_init__(self) -> None:
        _require(self.n_positions > 0, "model.n_positions", self.n_positions, "give a positive number")
        _require(0 <= self.dropout < 1, "model.dropout", self.dropout, "give a share from 0 to below 1")


@dataclass(frozen=True)
class TrainingRecipe:
    """How the model is trained: AdamW, warm-up, constant rate, cooldown."""

    steps: int = 1200
    """Updates of the weights."""
    batch_tokens: int = 4096
    """Tokens in one update; a multiple of block_size."""
    block_size: int = 512
    """Tokens in one row; must not exceed model.n_positions."""
    learning_rate: float = 3e-3
    """Rate of the constant part of the schedule."""
    warmup: float = 0.02
    """Share of the steps in which the rate rises from 0."""
    decay: float = 0.3
    """Share of the steps, at the end, in which the rate falls to 0 as 1 - sqrt(progress)."""
    weight_decay: float = 0.1
    """AdamW's decay of the matrices."""
    adam_beta2: float = 0.99
    """AdamW's memory of squared gradients."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto is bf16 where the processor computes in it, else fp32."""
    transpose: bool = True
    """Show a tune in another key each time."""
    bar_clock: float = 0.0
    """Weight of an auxiliary loss: how full is the bar after each token? 0 leaves it out."""
    evaluate_every: int = 200
    """Steps between two looks at the validation side."""
    checkpoint_every: int = 100
    """Steps between two checkpoints, from which a stopped run goes on."""
    keep_checkpoints: int = 2
    """Number of checkpoints that are kept on disk."""

    def __post_init__(self) -> None:
        for name in (
            "steps",
            "batch_tokens",
            "block_size",
            "evaluate_every",
            "checkpoint_every",
            "keep_checkpoints",
        ):
            _require(
                getattr(self, name) > 0, f"training.{name}", getattr(self, name), "give a positive number"
            )
        _require(
            self.learning_rate > 0, "training.learning_rate", self.learning_rate, "give a positive number"
        )
        _require(
            self.batch_tokens % self.block_size == 0,
            "training.batch_tokens",
            self.batch_tokens,
            f"give a multiple of training.block_size = {self.block_size}",
        )
        for name in ("warmup", "decay"):
            _require(
                0 <= getattr(self, name) <= 1,
                f"training.{name}",
                getattr(self, name),
                "give a share of 0 to 1",
            )
        _require(
            self.warmup + self.decay <= 1,
            "training.decay",
            self.decay,
            "warmup and decay must not exceed 1 together",
        )
        _require(self.bar_clock >= 0, "training.bar_clock", self.bar_clock, "give 0 or a positive weight")


@dataclass(frozen=True)
class EvaluationRecipe:
    """What the scorecard looks at."""

    samples: int = 200
    """Tunes that are sampled, without any guard, to be judged."""
    batch_size: int = 32
    """Tunes that are scored or sampled at once."""

    def __post_init__(self) -> None:
        _require(self.samples > 0, "evaluation.samples", self.samples, "give a positive number")
        _require(self.batch_size > 0, "evaluation.batch_size", self.batch_size, "give a positive number")


@dataclass(frozen=True)
class SamplingRecipe:
    """How the tunes to look at and listen to are drawn."""

    count: int = 10
    """Number of tunes."""
    temperature: float = 1.0
    """1 is the model's own distribution, below 1 is more cautious."""
    min_p: float = 0.0
    """Drop tokens less likely than this share of the likeliest one; 0 drops none."""
    max_new_tokens: int = 500
    """Longest tune, in tokens."""

    def __post_init__(self) -> None:
        _require(self.count > 0, "sampling.count", self.count, "give a positive number")
        _require(self.temperature > 0, "sampling.temperature", self.temperature, "give a positive number")
        _require(0 <= self.min_p < 1, "sampling.min_p", self.min_p, "give a share from 0 to below 1")
        _require(
            self.max_new_tokens > 0, "sampling.max_new_tokens", self.max_new_tokens, "give a positive number"
        )


@dataclass(frozen=True)
class Recipe:
    """Every choice of a run."""

    name: str = "default"
    """What the model is called in its card."""
    seed: int = 1
    """Seed of everything that is drawn: weights, order, keys, samples."""
    corpus: CorpusRecipe = field(default_factory=CorpusRecipe)
    tokenizer: TokenizerRecipe = field(default_factory=TokenizerRecipe)
    model: ModelRecipe = field(default_factory=ModelRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)
    evaluation: EvaluationRecipe = field(default_factory=EvaluationRecipe)
    sampling: SamplingRecipe = field(default_factory=SamplingRecipe)

    def __post_init__(self) -> None:
        _require(
            self.training.block_size <= self.model.n_positions,
            "training.block_size",
            self.training.block_size,
            f"it must not exceed model.n_positions = {self.model.n_positions}",
        )


def _require(condition: bool, key: str, value: Any, advice: str) -> None:
    if not condition:
        raise RecipeError(f"{key}: {value!r} is not possible: {advice}")


def shipped_recipes() -> dict[str, Path]:
    """The recipes of this package by name: `quickstart`, `corpora/...`."""
    for folder in _RECIPE_FOLDERS:
        if folder.is_dir():
            return {
                path.relative_to(folder).with_suffix("").as_posix(): path
                for path in sorted(folder.rglob("*.yaml"))
            }
    return {}


def recipe_path(name: str) -> Path:
    """Path of a shipped recipe."""
    recipes = shipped_recipes()
    if name not in recipes:
        raise RecipeError(f"there is no recipe {name}: give a YAML file or one of {', '.join(recipes)}")
    return recipes[name]


def load_recipe(path: Path | str | None, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe: defaults, then the YAML file (or the shipped recipe of that name), then the overrides.

    `overrides` are command-line words such as `--training.steps 10`. Raises RecipeError, in one sentence that
    names the key and the file.
    """
    import jsonargparse

    parser = jsonargparse.ArgumentParser(exit_on_error=False, add_help=False, allow_abbrev=False)
    parser.add_class_arguments(Recipe, as_group=False)
    config = parser.get_defaults()
    known = list(config.keys())
    where = "the defaults"
    file = None if path is None else _find(path)
    try:
        if file is not None:
            where = str(file)
            config = parser.parse_object(_read(file, known))
        if overrides:
            where = f"the command line on top of {where}"
            config = parser.parse_args(list(overrides), namespace=config)
        values = parser.instantiate(config)
        return Recipe(**{name: values[name] for name in Recipe.__dataclass_fields__})
    except RecipeError as error:
        raise RecipeError(f"{error} (in {where})") from error
    except (jsonargparse.ArgumentError, ValueError, TypeError) as error:
        raise RecipeError(f"{_sentence(str(error), known)} (in {where})") from error


def _find(path: Path | str) -> Path:
    return Path(path) if Path(path).is_file() or Path(path).suffix else recipe_path(str(path))


def _read(file: Path, known: Sequence[str]) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise RecipeError(f"the file cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"this is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise RecipeError(f"a recipe is a list of `key: value` lines, not {values!r}")
    for section in {key.split(".")[0] for key in known if "." in key}:
        if not isinstance(values.get(section, {}), dict):
            raise RecipeError(f"{section}: expected `key: value` lines below it, got {values[section]!r}")
    return values


def _sentence(message: str, known: Sequence[str]) -> str:
    """jsonargparse's message in the words of a recipe."""
    message = " ".join(message.split())
    if match := re.search(r"Group '(.+?)' does not accept option '(.+?)'", message):
        return _unknown(f"{match[1]}.{match[2]}", known)
    if match := re.search(r"Option '(.+?)' is not accepted|unrecognized arguments: -*([^ =]+)", message):
        return _unknown(match[1] or match[2], known)
    if match := re.search(r'Parser key "(.+?)": Expected an? (.+?)\. Got value: (.*)', message):
        wanted = re.sub(r"<class '(\w+)'>", r"\1", match[2]).replace("typing.Literal", "one of ")
        return f"{match[1]}: expected {wanted}, got {match[3]}"
    return message


def _unknown(key: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key {key}" + (
        f": did you mean {close[0]}?" if close else f": the keys are {', '.join(known)}"
    )
