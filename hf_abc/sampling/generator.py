"""The generator: many tunes at once, each with random numbers of its own.

GPT-2 and our LSTM run through decoders of their own (`engine.py`); any other causal model goes through its
own `generate`, in batches of prompts of equal length. All choose a token in the same way, by one exponential
number for each token of the vocabulary: what one tune draws depends on (seed, index) and on nothing else.

What is guaranteed: with GPT-2 and the LSTM, the same (seed, index, prompt) gives the same tune whatever the
batch size, the number of threads and the processor. These change the order of additions and so the last
bits of a logit, which decide only where two tokens come out nearly equal; there the logits are computed
again, in double precision and from the tune alone (for one token in some ten thousand). A model that runs
through `generate` lacks this second look, and one tune in some thousands may change with the batch size.

There are no penalties here and there should be none: music repeats, and half-way through a tune has used
most of its own characters, so that a repetition penalty is a penalty on everything. What guards do against
loops and wrong bars is told in guards.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from hf_abc.errors import InputError
from hf_abc.models.tokenizers import encode
from hf_abc.sampling.decoder import Gpt2Decoder
from hf_abc.sampling.drawing import choose, choose_among
from hf_abc.sampling.engine import Decoder, Rows
from hf_abc.sampling.form import Form
from hf_abc.sampling.guards import NO_GUARDS, Guards, Watch
from hf_abc.sampling.job import Job, check_room, header_length, noise_of
from hf_abc.sampling.lstm_decoder import LstmDecoder
from hf_abc.sampling.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_LONGEST = 2048  # tokens of a tune by a model that has no longest context


@dataclass(frozen=True, slots=True)
class Sample:
    """A tune that a model wrote.

    text: the tune, its prompt included; tokens: how many the model wrote; ended: whether it ended the tune
    by itself (the end token counts as written), rather than being cut off; rewinds: how often the loop
    guard took bars back; guarded: whether the bar guard was on to the end. The same (seed, index) gives the
    same tune again.
    """

    prompt: str
    text: str
    seed: int
    index: int
    tokens: int
    ended: bool
    rewinds: int = 0
    guarded: bool = False


def generate_tunes(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    *,
    seed: int,
    temperature: float = 1.0,
    min_p: float = 0.0,
    batch_size: int = 32,
    max_new_tokens: int | None = None,
    min_new_tokens: int = 0,
    bars: Sequence[int] | None = None,
    forms: Sequence[Form] | None = None,
    guards: Guards = NO_GUARDS,
    on_tune: Callable[[Sample], None] | None = None,
) -> list[Sample]:
    """One tune for each prompt ("" leaves everything to the model), in the order of the prompts.

    A tune stops at the end token, after `max_new_tokens` (2,048 where the model has neither positions nor is
    told), or where the model's positions end; with more
    `max_new_tokens` than there are positions it goes on in a sliding window. Before `min_new_tokens` the
    end token is not drawn. `temperature` 0 always takes the likeliest token; `min_p` leaves out tokens
    that are less likely than that share of the likeliest one. With `bars`, one number for each prompt, a
    text ends with the bar line of its last new bar; `forms` say how long each tune shall be (both need the
    bar guard). `on_tune` is called with each tune as soon
    as it is finished, in that order, so that an interrupt loses none. Raises InputError for values out of
    range, for a prompt that leaves no room and for a tokenizer of another model.
    """
    samples: dict[int, Sample] = {}
    for sample in stream_tunes(
        model,
        tokenizer,
        prompts,
        seed=seed,
        temperature=temperature,
        min_p=min_p,
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
        min_new_tokens=min_new_tokens,
        bars=bars,
        forms=forms,
        guards=guards,
    ):
        samples[sample.index] = sample
        if on_tune is not None:
            on_tune(sample)
    return [samples[index] for index in range(len(prompts))]


def stream_tunes(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    *,
    seed: int,
    temperature: float = 1.0,
    min_p: float = 0.0,
    batch_size: int = 32,
    max_new_tokens: int | None = None,
    min_new_tokens: int = 0,
    bars: Sequence[int] | None = None,
    forms: Sequence[Form] | None = None,
    guards: Guards = NO_GUARDS,
) -> Iterator[Sample]:
    """The tunes of `generate_tunes`, each as soon as it is finished."""
    if temperature < 0 or not 0 <= min_p <= 1:
        raise InputError(
            f"temperature {temperature} must not be below 0, and min_p {min_p} must lie between 0 and 1"
        )
    if batch_size < 1 or (max_new_tokens is not None and max_new_tokens < 1):
        raise InputError(f"batch size {batch_size} and max_new_tokens {max_new_tokens} must be at least 1")
    if seed < 0:
        raise InputError(f"the seed {seed} must not be negative")
    decoder = decoder_of(model)
    vocabulary = vocabulary_of(tokenizer, guards.voices)
    jobs = _jobs(
        decoder or cast("PreTrainedModel", model),
        tokenizer,
        vocabulary,
        prompts,
        seed,
        max_new_tokens,
        min_new_tokens,
    )
    end_id = tokenizer.eos_token_id
    if guards:
        for job in jobs:
            if bars is not None:
                job.bars, job.least = bars[job.index], job.limit
            job.watch = Watch.over_prompt(
                guards,
                vocabulary,
                job.ids,
                job.limit,
                text=prompts[job.index],
                bans=decoder is None,
                form=forms[job.index]
                if forms and (forms[job.index].bars or forms[job.index].parts)
                else None,
            )
    if decoder is not None:
        bar_ends = [text is not None and ("|" in text or "\n" in text) for text in vocabulary.texts]
        finished = Rows(decoder, jobs, end_id, batch_size, temperature, min_p, bar_ends).run()
    else:
        finished = _with_generate(
            cast("PreTrainedModel", model), jobs, end_id, batch_size, temperature, min_p
        )
    return _samples(finished, tokenizer, prompts, seed, end_id)


def decoder_of(model: PreTrainedModel | Gpt2Decoder | LstmDecoder) -> Decoder | None:
    """The decoder of a model; None for a model that has none here."""
    if isinstance(model, Gpt2Decoder | LstmDecoder):
        return model
    config = model.config.to_dict()
    if Gpt2Decoder.fits(config):
        return Gpt2Decoder.from_model(model)
    return LstmDecoder.from_model(model) if LstmDecoder.fits(config) else None


_VOCABULARIES: WeakKeyDictionary[Any, dict[bool, Vocabulary]] = WeakKeyDictionary()


def vocabulary_of(tokenizer: PreTrainedTokenizerFast, voices: bool = True) -> Vocabulary:
    """The vocabulary of a tokenizer, made once: it remembers the places that tunes have come to."""
    known = _VOCABULARIES.setdefault(tokenizer, {})
    if voices not in known:
        known[voices] = Vocabulary(tokenizer, voices=voices)
    return known[voices]


def _samples(
    finished: Iterator[Job],
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    seed: int,
    end_id: int,
) -> Iterator[Sample]:
    while True:
        with torch.inference_mode():
            job = next(finished, None)
        if job is None:
            return
        ended = job.written > 0 and job.ids[-1] == end_id
        yield Sample(
            prompt=prompts[job.index],
            text=str(tokenizer.decode(job.ids[1 : -1 if ended else None])),
            seed=seed,
            index=job.index,
            tokens=job.written,
            ended=ended,
            rewinds=job.watch.rewinds if job.watch else 0,
            guarded=job.watch is not None and job.watch.place is not None,
        )


def _jobs(
    model: PreTrainedModel | Decoder,
    tokenizer: PreTrainedTokenizerFast,
    vocabulary: Vocabulary,
    prompts: Sequence[str],
    seed: int,
    max_new_tokens: int | None,
    min_new_tokens: int,
) -> deque[Job]:
    slides = isinstance(model, Gpt2Decoder | LstmDecoder)
    if slides:
        positions, vocab_size = cast("Decoder", model).positions, cast("Decoder", model).vocab_size
    else:
        config = cast("PreTrainedModel", model).config
        positions, vocab_size = getattr(config, "max_position_embeddings", None), config.vocab_size
    if tokenizer.eos_token_id is None or len(tokenizer) > vocab_size:
        raise InputError(f"a tokenizer of {len(tokenizer)} tokens does not belong to a model of {vocab_size}")
    if positions is None and max_new_tokens is None:
        max_new_tokens = _LONGEST
    jobs: deque[Job] = deque()
    for index, ids in enumerate(encode(tokenizer, prompts)):
        ids = [tokenizer.eos_token_id, *ids]
        check_room(len(ids), positions, prompts[index])
        # the last token written need not be read, so that one more fits than there are positions
        left = positions + 1 - len(ids) if positions is not None else cast("int", max_new_tokens)
        new = max_new_tokens or left
        long = slides and positions is not None and new > positions
        job = Job(
            index,
            ids,
            len(ids) + (new if long else min(left, new)),
            np.random.Generator(np.random.PCG64([seed, index])),
            least=len(ids) + min_new_tokens,
        )
        header = header_length(ids, vocabulary.texts)
        jobs.append(job)
        job.header = job.window = header if positions is None or header <= positions // 4 else 1
    return jobs


def _with_generate(
    model: PreTrainedModel, queue: deque[Job], end_id: int, batch_size: int, temperature: float, min_p: float
) -> Iterator[Job]:
    """Finish the jobs through the model's own `generate`, which is left only the choice made here."""
    from transformers import LogitsProcessor

    class Choose(LogitsProcessor):
        def __init__(self, batch: list[Job]) -> None:
            self.batch = batch

        def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
            noise = noise_of(self.batch, scores.shape[-1])
            length = input_ids.shape[1]
            early = [row for row, job in enumerate(self.batch) if length < job.least]
            scores[early, end_id] = -torch.inf
            chosen = choose(scores, noise.to(scores.device), temperature, min_p)[0].tolist()
            for row, job in enumerate(self.batch):
                watch = job.watch
                if watch is None:
                    continue
                while watch.length < length and input_ids[row, watch.length] != end_id:
                    watch.accept(int(input_ids[row, watch.length]))
                numbers = scores[row].float().cpu().numpy(), noise[row].numpy()
                token, _ = choose_among(*numbers, temperature, min_p, watch.verdict)
                if token < 0 and watch.bans:  # better a loop than nothing
                    watch.bans = False
                    token, _ = choose_among(*numbers, temperature, min_p, watch.verdict)
                    watch.bans = True
                if token < 0:
                    watch.step_aside("")
                chosen[row] = token if token >= 0 else chosen[row]
            picked = torch.tensor(chosen, device=scores.device)[:, None]
            return torch.full_like(scores, -torch.inf).scatter_(1, picked, 0.0)

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
