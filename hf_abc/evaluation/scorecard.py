"""The scorecard: everything that is measured of a model, as sections of run.json.

Held-out tunes give the likelihood, beside two baselines on the same characters (`ground`). Samples, by
default unconditional, at temperature 1 and without any guard, give the shares of `validity`, `copying` and
the distances of `music`, beside those of the same held-out human tunes. Nothing here is a single number
without its interval or its floor, but for xz, which has no loss of a single tune. A part that cannot be
measured leaves a sentence under `missing`, and the others are measured all the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.errors import InputError, ToolError
from hf_abc.evaluation.belonging import check_belongs
from hf_abc.evaluation.copying import copied
from hf_abc.evaluation.extraction import extraction
from hf_abc.evaluation.ground import Ground, lay
from hf_abc.evaluation.intervals import Estimate
from hf_abc.evaluation.likelihood import TuneLoss, bits_per_character, paired, token_losses, tune_losses
from hf_abc.evaluation.loss_parts import loss_parts
from hf_abc.evaluation.music import distances, features
from hf_abc.evaluation.validity import judge, shares
from hf_abc.models.tokenizers import encode
from hf_abc.record import atomic_write, peak_memory_gib, plain
from hf_abc.sampling.files import write_book
from hf_abc.sampling.generator import Sample, generate_tunes
from hf_abc.sampling.guards import NO_GUARDS, Guards
from hf_abc.sampling.loading import find_model, load_model, load_tokenizer, sampler_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_EVERY = 3.0  # seconds between two words on how far the sampling is
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to let a model write, and how.

    The samples are drawn as the model's generation_config.json says (or with `min_p`), the guarded ones
    with the guards of `hf-abc sample` on top, the plain ones from the model's own distribution, without
    min-p; they are left out where that is the same. `prompts` are taken in turn; without them the model
    starts from nothing.
    """

    samples: int = 200
    prompts: Sequence[str] | None = None
    seed: int = 1
    temperature: float = 1.0
    min_p: float | None = None
    batch_size: int = 32

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise InputError(f"{self.samples} samples cannot be judged: ask for at least 1")


_USUAL = Wanted()


@dataclass(frozen=True, slots=True)
class Measured:
    """The sections `evaluation`, `samples` and `plain_samples` of run.json, in plain JSON, and what they
    rest on.
    """

    sections: dict[str, dict[str, Any]]
    losses: list[TuneLoss]
    tunes: dict[str, list[Sample]]

    def leave(self, folder: Path) -> None:
        """Write losses.csv (one line a tune, for paired comparisons) and the samples as tunebooks."""
        lines = ["id,family,nats,characters,tokens,windowed"]
        lines += [
            f'"{x.id}","{x.family}",{x.nats:.6f},{x.chars},{x.tokens},{int(x.windowed)}' for x in self.losses
        ]
        atomic_write(folder / "losses.csv", "\n".join(lines) + "\n")
        for section, tunes in self.tunes.items():
            write_book(tunes, folder / f"{section}.abc")


def evaluate(
    model: Path | str | None,
    corpus: Path,
    *,
    side: str = "test",
    wanted: Wanted = _USUAL,
    known: bool = False,
    say: Say = lambda text: None,
) -> Measured:
    """Measure a model (a folder, a Hub id, None for the shipped one) on a side of a corpus folder.

    `say` is told what goes on every few seconds. Raises InputError for a model, a tokenizer and a corpus
    that do not belong together and for the train side, unless `known` says that the model may know the
    tunes; then the figures are labelled.
    """
    if side == "train" and not known:
        raise InputError("tunes of the side 'train' are no test of a model: take validation or test")
    folder = find_model(model)
    ground = lay(corpus, side, say=say)
    return measure(folder, ground, wanted=wanted, known=known, say=say)


def measure(
    folder: Path,
    ground: Ground,
    *,
    wanted: Wanted = _USUAL,
    known: bool = False,
    say: Say = lambda text: None,
) -> Measured:
    """Measure the model in a folder on a ground; the rest as in `evaluate`."""
    belongs, other = _belongs(folder, ground, known)
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    found: dict[str, Any] = {**ground.facts(), "trained_on_this_corpus": belongs, "other_corpus": other}
    missing = found["missing"] = dict[str, str]()
    losses: list[TuneLoss] = []
    longest = _longest(model, tokenizer, ground.texts)
    if ground.rows:
        say(f"reading {len(ground.rows):,} held-out tunes")
        try:
            figures, losses = _likelihood(model, tokenizer, ground)
            found |= figures
        except InputError as error:
            missing["likelihood"] = str(error)
        say("asking for tunes by heart")
        found["extraction"] = extraction(
            model, tokenizer, ground.train, ground.texts, seed=wanted.seed, batch_size=wanted.batch_size,
            max_new_tokens=longest,
        )  # fmt: skip
    else:
        missing["likelihood"] = f"{ground.corpus} has no tune on its {ground.side} side"
    sections, tunes = {"evaluation": plain(found)}, {}
    own = sampler_of(folder)["min_p"] if wanted.min_p is None else wanted.min_p
    ways = [
        ("samples", own, NO_GUARDS),
        ("plain_samples", 0.0, NO_GUARDS),
        ("guarded_samples", own, Guards()),
    ]
    for section, min_p, guards in ways:
        if section == "plain_samples" and not own:
            continue
        words = f"temperature {wanted.temperature:g}, min-p {min_p:g}{', with guards' if guards else ''}"
        say(f"writing {wanted.samples:,} tunes, {words}")
        tunes[section], speed = _write(model, tokenizer, wanted, min_p, guards, longest, say)
        sections[section] = plain({**speed, **_judged(tunes[section], ground)})
    return Measured(sections, losses, tunes)


def _belongs(folder: Path, ground: Ground, known: bool) -> tuple[bool, bool]:
    """Whether the model was trained on this corpus, and whether it is known to come from another."""
    try:
        return check_belongs(folder, ground.train, ground.corpus), False
    except InputError:
        if not known:
            raise
        return False, True


def _likelihood(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, ground: Ground
) -> tuple[dict[str, Any], list[TuneLoss]]:
    start = time.monotonic()
    by_token = token_losses(model, tokenizer, ground.rows)
    seconds = time.monotonic() - start
    losses = [loss.total for loss in by_token]
    tokens = sum(loss.tokens for loss in losses)
    return {
        "tokens": tokens,
        "positions": getattr(model.config, "max_position_embeddings", None),
        "windowed": sum(loss.windowed for loss in losses),
        "bits_per_character": bits_per_character(losses),
        "against_witten_bell_5": paired(losses, ground.baseline),
        **loss_parts(tokenizer, ground.texts, by_token),
        "seconds": round(seconds, 1),
        "tokens_per_second": round(tokens / max(seconds, 1e-6)),
    }, losses


def _longest(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> int | None:
    """How long a sample may be, in tokens: None leaves it to the model's context where all held-out tunes fit
    into that; otherwise as long as the longest of them.
    """
    positions = getattr(model.config, "max_position_embeddings", None)
    if not texts:
        return None
    most = max(map(len, encode(tokenizer, texts))) + 1
    return None if positions is not None and most <= positions else most


def _write(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    wanted: Wanted,
    min_p: float,
    guards: Guards,
    longest: int | None,
    say: Say,
) -> tuple[list[Sample], dict[str, Any]]:
    """The samples; how they were drawn, and how quickly."""
    given = wanted.prompts or ("",)
    prompts = [given[i % len(given)] for i in range(wanted.samples)]
    start = time.monotonic()
    tunes = generate_tunes(
        model, tokenizer, prompts, seed=wanted.seed, temperature=wanted.temperature, min_p=min_p,
        batch_size=wanted.batch_size, guards=guards, max_new_tokens=longest,
        on_tune=_Count(wanted.samples, say),
    )  # fmt: skip
    seconds = time.monotonic() - start
    tokens = sum(tune.tokens for tune in tunes)
    return tunes, {
        "n": wanted.samples,
        "seed": wanted.seed,
        "prompts": sorted(set(prompts)) if wanted.prompts else "none",
        "temperature": wanted.temperature,
        "min_p": min_p,
        "guards": "bars, loops, voices, endings" if guards else "none",
        "tokens": tokens,
        "seconds": round(seconds, 1),
        "tokens_per_second": round(tokens / max(seconds, 1e-6)),
        "batch_size": wanted.batch_size,
        "peak_memory_gib": peak_memory_gib(),
    }


def _judged(tunes: Sequence[Sample], ground: Ground) -> dict[str, Any]:
    """How sound samples are, how much of them is copied, and how far from human tunes they are."""
    texts = [tune.text for tune in tunes]
    found: dict[str, Any] = {"missing": {}}
    try:
        sound = shares(judge(texts, [tune.ended for tune in tunes]))
    except ToolError as error:
        sound, found["missing"]["validity"] = {}, str(error)
    found["shares"] = {**sound, **copied(texts, ground.copying)}
    found["music"] = distances([features(text) for text in texts], ground.heard, ground.others)
    return found


def against(
    model: Path | str | None, other: Path | str | None, corpus: Path, *, side: str = "test"
) -> Estimate:
    """Bits per character of `model` less those of `other` on the same held-out tunes, paired over families.

    `other` may come from another selection of the same collections (the split is by hash and keeps a family
    on its side), so only `model` is asked whether it belongs to the corpus.
    """
    from hf_abc.corpora import read_split

    folder, rows = find_model(model), read_split(corpus, side)
    check_belongs(folder, [row["text"] for row in read_split(corpus, "train")], corpus)
    losses = [
        tune_losses(load_model(place), load_tokenizer(place), rows) for place in (folder, find_model(other))
    ]
    return paired(*losses)


class _Count:
    """Says how many tunes are finished, at most every few seconds."""

    def __init__(self, total: int, say: Say) -> None:
        self.total, self.say = total, say
        self.done = 0
        self.last = time.monotonic()

    def __call__(self, sample: Sample) -> None:
        self.done += 1
        if time.monotonic() - self.last >= _EVERY:
            self.last = time.monotonic()
            self.say(f"sampled {self.done:,} of {self.total:,} tunes")
