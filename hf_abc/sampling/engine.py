"""The loop that writes tunes: rows of a decoder that are never idle.

A row whose tune has ended takes the next one at once, so that the batch stays full; the last row moves into
the place of one that has none. A prompt that a row has just read is copied to the rows that want the same
one. A tune longer than the decoder's positions goes on in a window that keeps its header and its last bars:
what the model sees is then read again from its start, once in half a window, so that the cost of a token
does not grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor

from hf_abc.sampling.drawing import choose, choose_among, choose_exactly
from hf_abc.sampling.guards import Watch
from hf_abc.sampling.job import Job, noise_of
from hf_abc.sampling.vocabulary import SOUND


class Decoder(Protocol):
    """What the loop needs of a model. Its memory is whatever `memory` gives; `at` are places from 0."""

    device: torch.device

    @property
    def positions(self) -> int | None: ...
    @property
    def vocab_size(self) -> int: ...
    def memory(self, rows: int, length: int) -> Any: ...
    def prefill(self, ids: Tensor, memory: Any, row: int) -> None: ...
    def step(self, ids: Tensor, at: Tensor, memory: Any) -> Tensor: ...
    def copy(self, memory: Any, source: int, target: int, length: int) -> None: ...
    def back(self, ids: Tensor, memory: Any, row: int) -> None: ...
    def exact_logits(self, ids: Tensor) -> Tensor: ...
    def all_logits(self, ids: Tensor) -> Tensor: ...


class Rows:
    """The rows of a batch, and what they draw with."""

    def __init__(
        self,
        decoder: Decoder,
        queue: deque[Job],
        end_id: int,
        batch_size: int,
        temperature: float,
        min_p: float,
        bar_ends: list[bool],
    ) -> None:
        self.decoder, self.queue, self.end_id = decoder, queue, end_id
        self.temperature, self.min_p, self.bar_ends = temperature, min_p, bar_ends
        self.count = min(batch_size, len(queue))
        longest = max((job.limit for job in queue), default=0)
        self.length = min(longest, decoder.positions or longest)
        self.memory = decoder.memory(self.count + 1, self.length)  # the last row keeps a prompt
        self.kept: list[int] = []
        self.jobs: list[Job] = []

    def run(self) -> Iterator[Job]:
        """The jobs of the queue, each as soon as it is finished."""
        while self.queue and len(self.jobs) < self.count:
            self._seat(len(self.jobs))
        while self.jobs:
            tokens = self._draw()
            for row in reversed(range(len(self.jobs))):
                job = self.jobs[row]
                if self._append(job, tokens[row], row):
                    yield job
                    self._replace(row)

    def _draw(self) -> list[int]:
        """The next token of each row."""
        jobs, device = self.jobs, self.decoder.device
        for row, job in enumerate(jobs):
            if job.seen_length > self.length:
                job.slide(self.length, self.bar_ends)
                self.decoder.prefill(torch.tensor(job.seen[:-1], device=device), self.memory, row)
        ids = torch.tensor([job.ids[-1] for job in jobs], device=device)
        at = torch.tensor([job.seen_length - 1 for job in jobs], device=device)
        noise = noise_of(jobs, self.decoder.vocab_size)
        logits = self.decoder.step(ids, at, self.memory)
        early = [row for row, job in enumerate(jobs) if len(job.ids) < job.least]
        if early:
            logits[early, self.end_id] = -torch.inf
        choice, doubtful = choose(logits, noise.to(device), self.temperature, self.min_p)
        chosen = choice.tolist()
        again = set(doubtful.nonzero()[:, 0].tolist())
        likeliest = logits.argmax(-1).tolist() if jobs[0].watch else chosen
        for row, job in enumerate(jobs):
            if job.watch is not None:
                best, token = likeliest[row], chosen[row]
                plain = row not in again and job.watch.heat == 1 and job.watch.verdict(best) == SOUND
                if not plain or (token != best and job.watch.verdict(token) != SOUND):
                    chosen[row] = self._guarded(job, job.watch, logits[row], noise[row])
            elif row in again:
                exact = self._exact(job)
                chosen[row] = choose_exactly(exact, noise[row].to(device), self.temperature, self.min_p)
        return chosen

    def _exact(self, job: Job) -> Tensor:
        logits = self.decoder.exact_logits(torch.tensor(job.seen, device=self.decoder.device))
        if len(job.ids) < job.least:
            logits[self.end_id] = -torch.inf
        return logits

    def _guarded(self, job: Job, watch: Watch, logits: Tensor, noise: Tensor) -> int:
        """A token that the guards let pass, -1 where some bars are to be taken back. Where no token passes,
        first the wished length steps aside, then the guards.
        """
        chosen = self._among(job, watch, logits, noise)
        if chosen < 0 and watch.patience <= 0 and watch.count is not None:
            watch.count = None
            chosen = self._among(job, watch, logits, noise)
        if chosen >= 0 or watch.patience > 0:
            return chosen
        watch.step_aside("")
        choice, _ = choose(logits[None], noise[None].to(logits.device), self.temperature, self.min_p)
        return int(choice)

    def _among(self, job: Job, watch: Watch, logits: Tensor, noise: Tensor) -> int:
        """A token out of those that the guards let pass, -1 where there is none."""
        numbers = noise.numpy()
        temperature, patience = self.temperature * watch.heat, watch.patience
        chosen, doubtful = choose_among(
            logits.cpu().numpy(), numbers, temperature, self.min_p, watch.verdict, patience=patience
        )
        if doubtful:
            exact = self._exact(job).cpu().numpy()
            chosen, _ = choose_among(
                exact, numbers, temperature, self.min_p, watch.verdict, exactly=True, patience=patience
            )
        return chosen

    def _append(self, job: Job, token: int, row: int) -> bool:
        """Give a job its token; whether it is finished."""
        back: int | None = None
        if token < 0 and job.watch is not None:
            back = job.watch.lost()
        else:
            job.ids.append(token)
            if token == self.end_id:
                return True
            back = job.watch.accept(token) if job.watch is not None else None
        if back is not None:
            del job.ids[back:]
            job.window = min(job.window, len(job.ids) - 1)
            self.decoder.back(torch.tensor(job.seen[:-1], device=self.decoder.device), self.memory, row)
        if job.watch is not None and job.watch.over:
            job.ids.append(self.end_id)
            return True
        if job.bars is not None and job.watch is not None and job.watch.bars >= job.bars:
            return True
        return len(job.ids) >= job.limit

    def _replace(self, row: int) -> None:
        """A row is free: for the next job, or for the last row's."""
        if self.queue:
            self._seat(row)
            return
        last = self.jobs.pop()
        if row < len(self.jobs):
            self.decoder.copy(self.memory, len(self.jobs), row, last.seen_length)
            self.jobs[row] = last

    def _seat(self, row: int) -> None:
        """Give a row to the next job, and read its prompt but for the last token."""
        job = self.queue.popleft()
        if job.seen_length > self.length:
            job.slide(self.length, self.bar_ends)
        prompt = job.seen[:-1]
        if prompt:
            if prompt != self.kept:
                self.decoder.prefill(
                    torch.tensor(prompt, device=self.decoder.device), self.memory, self.count
                )
                self.kept = list(prompt)
            self.decoder.copy(self.memory, self.count, row, len(prompt))
        else:
            self.decoder.back(torch.tensor([], dtype=torch.long), self.memory, row)
        self.jobs[row : row + 1] = [job]
