"""The generator: many tunes at once, each with random numbers of its own.

GPT-2 runs through `Gpt2Decoder`, and a row whose tune has ended takes the next prompt at once, so that the
batch stays full; any other causal model goes through its own `generate`, in batches of prompts of equal
length. Both choose a token in the same way, by one exponential number for each token of the vocabulary (the
Gumbel-max trick): what one tune draws depends on (seed, index) and on nothing else.

What is guaranteed: with GPT-2, the same (seed, index, prompt) gives the same tune whatever the batch size,
the number of threads and the processor. These change the order of additions and so the last bits of a
logit, which decide only where two tokens come out nearly equal; there the logits are computed again, in
double precision and from the tune alone (for one token in some ten thousand). A model that runs through
`generate` lacks this second look, and one tune in some thousands may change with the batch size.

There are no penalties here and there should be none: music repeats, and half-way through a tune has used
most of its own characters, so that a repetition penalty is a penalty on everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from hf_abc.errors import InputError
from hf_abc.models.tokenizers import encode
from hf_abc.sampling.decoder import Gpt2Decoder, Memory

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


_NEAR = 2e-4
"""Two tokens are nearly equal when their logits, with the noise, differ by less (single precision errs by
some 1e-5)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A tune that a model wrote.

    text: the tune, its prompt included; tokens: how many the model wrote; ended: whether it ended the tune
    by itself (the end token counts as written), rather than being cut off. The same (seed, index) gives the
    same tune again.
    """

    prompt: str
    text: str
    seed: int
    index: int
    tokens: int
    ended: bool


@dataclass(slots=True)
class _Job:
    """A tune in the making: its ids so far, the end token in front included, and where it must stop."""

    index: int
    ids: list[int]
    limit: int
    random: np.random.Generator
    prompt_length: int = field(init=False)

    def __post_init__(self) -> None:
        self.prompt_length = len(self.ids)


@torch.inference_mode()
def generate_tunes(
    model: PreTrainedModel | Gpt2Decoder,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    *,
    seed: int,
    temperature: float = 1.0,
    min_p: float = 0.0,
    batch_size: int = 32,
    max_new_tokens: int | None = None,
    on_tune: Callable[[Sample], None] | None = None,
) -> list[Sample]:
    """One tune for each prompt ("" leaves everything to the model), in the order of the prompts.

    A tune stops at the end token, after `max_new_tokens`, or where the model's positions end. `temperature`
    0 always takes the likeliest token; `min_p` leaves out tokens that are less likely than that share of
    the likeliest one. `on_tune` is called with each tune as soon as it is finished, in that order, so that
    an interrupt loses none. Raises InputError for values out of range, for a prompt that leaves no room and
    for a tokenizer of another model.
    """
    if temperature < 0 or not 0 <= min_p <= 1:
        raise InputError(
            f"temperature {temperature} must not be below 0, and min_p {min_p} must lie between 0 and 1"
        )
    if batch_size < 1 or (max_new_tokens is not None and max_new_tokens < 1):
        raise InputError(f"batch size {batch_size} and max_new_tokens {max_new_tokens} must be at least 1")
    if seed < 0:
        raise InputError(f"the seed {seed} must not be negative")
    if not isinstance(model, Gpt2Decoder) and Gpt2Decoder.fits(model.config.to_dict()):
        model = Gpt2Decoder.from_model(model)
    jobs = _jobs(model, tokenizer, prompts, seed, max_new_tokens)
    end_id = tokenizer.eos_token_id
    if isinstance(model, Gpt2Decoder):
        finished = _with_decoder(model, jobs, end_id, batch_size, temperature, min_p)
    else:
        finished = _with_generate(model, jobs, end_id, batch_size, temperature, min_p)
    samples: dict[int, Sample] = {}
    for job in finished:
        ended = len(job.ids) > job.prompt_length and job.ids[-1] == end_id
        sample = Sample(
            prompt=prompts[job.index],
            text=str(tokenizer.decode(job.ids[1 : -1 if ended else None])),
            seed=seed,
            index=job.index,
            tokens=len(job.ids) - job.prompt_length,
            ended=ended,
        )
        samples[job.index] = sample
        if on_tune is not None:
            on_tune(sample)
    return [samples[index] for index in range(len(prompts))]


def choose(logits: Tensor, noise: Tensor, temperature: float, min_p: float) -> tuple[Tensor, Tensor]:
    """A token (n,) for each row of `logits` (n, vocab), by exponential random numbers `noise` (n, vocab).

    The token with the largest probability / noise is drawn with just its probability. The second result (n,)
    says of which rows a change in the last bits of the logits might have changed the token. Rows of NaN raise
    InputError.
    """
    scores = logits.double()
    scores = scores - scores.amax(-1, keepdim=True)
    if temperature:
        near = _NEAR / temperature
        weights = (scores / temperature).exp()  # relative to the likeliest token, which has 1
    else:
        near, weights, noise = _NEAR, scores.exp(), torch.ones_like(noise)
    draws = weights / noise
    if min_p:
        draws[weights < min_p * (1 - near)] = 0.0
    best, chosen = draws.max(-1)
    if bool(best.isnan().any()):
        raise InputError(
            "the model gives NaN instead of probabilities: its weights are broken, train it again"
        )
    close = (draws > best[:, None] * (1 - near)).sum(-1) > 1
    at_the_edge = weights.gather(-1, chosen[:, None])[:, 0] < min_p * (1 + near)
    return chosen, close | at_the_edge


def _choose_exactly(logits: Tensor, noise: Tensor, temperature: float, min_p: float) -> int:
    """The token for one row of logits (vocab,) in double precision, which leave no doubt."""
    if min_p:
        scores = logits - logits.max()
        logits = logits.masked_fill((scores / (temperature or 1.0)).exp() < min_p, -torch.inf)
    return int(choose(logits[None], noise[None], temperature, 0.0)[0])


def _noise(rows: Sequence[_Job], vocab_size: int) -> Tensor:
    """The random numbers for the next token of each job, (rows, vocab)."""
    noise = np.empty((len(rows), vocab_size))
    for row, job in zip(noise, rows, strict=True):
        job.random.standard_exponential(out=row)
    return torch.from_numpy(noise)


def _jobs(
    model: PreTrainedModel | Gpt2Decoder,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    seed: int,
    max_new_tokens: int | None,
) -> deque[_Job]:
    if isinstance(model, Gpt2Decoder):
        positions: int | None = model.positions
        vocab_size = model.vocab_size
    else:
        positions = getattr(model.config, "max_position_embeddings", None)
        vocab_size = model.config.vocab_size
    if tokenizer.eos_token_id is None or len(tokenizer) > vocab_size:
        raise InputError(f"a tokenizer of {len(tokenizer)} tokens does not belong to a model of {vocab_size}")
    jobs: deque[_Job] = deque()
    for index, ids in enumerate(encode(tokenizer, prompts)):
        ids = [tokenizer.eos_token_id, *ids]
        # the last token written need not be read, so that one more fits than there are positions
        left = positions + 1 - len(ids) if positions is not None else max_new_tokens
        if left is None:
            raise InputError(
                "a model without a longest context needs max_new_tokens: say how long a tune may be"
            )
        if left < 1:
            raise InputError(
                f"the prompt {prompts[index][:40]!r} has {len(ids)} tokens, the model reads {positions}: "
                "shorten it"
            )
        new = min(left, max_new_tokens or left)
        jobs.append(_Job(index, ids, len(ids) + new, np.random.Generator(np.random.PCG64([seed, index]))))
    return jobs


def _with_decoder(
    decoder: Gpt2Decoder, queue: deque[_Job], end_id: int, batch_size: int, temperature: float, min_p: float
) -> Iterator[_Job]:
    """Finish the jobs on rows that are never idle: a free row takes the next job, or the last row's when
    there is none.
    """
    if not queue:
        return
    memory = decoder.memory(min(batch_size, len(queue)), max(job.limit for job in queue))
    rows: list[_Job] = []
    while queue and len(rows) < len(memory[0][0]):
        _seat(decoder, memory, rows, len(rows), queue.popleft())
    while rows:
        ids = torch.tensor([job.ids[-1] for job in rows], device=decoder.device)
        at = torch.tensor([len(job.ids) - 1 for job in rows], device=decoder.device)
        noise = _noise(rows, decoder.vocab_size).to(decoder.device)
        choice, doubtful = choose(decoder.step(ids, at, memory), noise, temperature, min_p)
        chosen = choice.tolist()
        for row in doubtful.nonzero()[:, 0].tolist():
            logits = decoder.exact_logits(torch.tensor(rows[row].ids, device=decoder.device))
            chosen[row] = _choose_exactly(logits, noise[row], temperature, min_p)
        for row in reversed(range(len(rows))):
            job = rows[row]
            job.ids.append(chosen[row])
            if chosen[row] != end_id and len(job.ids) < job.limit:
                continue
            yield job
            if queue:
                _seat(decoder, memory, rows, row, queue.popleft())
                continue
            last = rows.pop()
            if row < len(rows):
                _copy(memory, len(rows), row, len(last.ids))
                rows[row] = last


def _seat(decoder: Gpt2Decoder, memory: Memory, rows: list[_Job], row: int, job: _Job) -> None:
    """Give a row to a job and read its prompt but for the last token, unless a row has already read the
    same one.
    """
    prompt = job.ids[:-1]
    length = len(prompt)
    source = next(
        (i for i, other in enumerate(rows) if length < other.prompt_length and other.ids[:length] == prompt),
        None,
    )
    if source is not None:
        _copy(memory, source, row, length)
    elif prompt:
        decoder.prefill(torch.tensor(prompt, device=decoder.device), memory, row)
    rows[row : row + 1] = [job]


def _copy(memory: Memory, source: int, target: int, length: int) -> None:
    if source != target:
        for keys, values in memory:
            keys[target, :, :length] = keys[source, :, :length]
            values[target, :, :length] = values[source, :, :length]


def _with_generate(
    model: PreTrainedModel, queue: deque[_Job], end_id: int, batch_size: int, temperature: float, min_p: float
) -> Iterator[_Job]:
    """Finish the jobs through the model's own `generate`, which is left only the choice that `choose`
    has made.
    """
    from transformers import LogitsProcessor

    class Choose(LogitsProcessor):
        def __init__(self, batch: list[_Job]) -> None:
            self.batch = batch

        def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
            noise = _noise(self.batch, scores.shape[-1]).to(scores.device)
            chosen, _ = choose(scores, noise, temperature, min_p)
            return torch.full_like(scores, -torch.inf).scatter_(1, chosen[:, None], 0.0)

    by_length = sorted(queue, key=lambda job: (job.prompt_length, job.index))
    while by_length:
        length = by_length[0].prompt_length
        batch = [job for job in by_length[:batch_size] if job.prompt_length == length]
        del by_length[: len(batch)]
        ids = torch.tensor([job.ids for job in batch], device=model.device)
        written = cast("Any", model).generate(  # its class says only that it is a PreTrainedModel
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=max(job.limit for job in batch) - length,
            logits_processor=[Choose(batch)],
            eos_token_id=end_id,
            pad_token_id=end_id,
        )
        for job, row in zip(batch, written.tolist(), strict=True):
            new = row[length : job.limit]
            job.ids += new[: new.index(end_id) + 1] if end_id in new else new
            yield job
