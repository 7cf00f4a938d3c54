"""What `sample`, `vary` and `infill` say besides their tunes: warnings as lines, and what is judged of a
tune.
"""

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def notices() -> Iterator[None]:
    """Show each warning once, as one line on stderr."""
    said: set[str] = set()

    def show(message: Warning | str, *args: object, **kwargs: object) -> None:
        text = " ".join(str(message).split())
        if text not in said:
            said.add(text)
            print(f"hf-abc: note: {text}", file=sys.stderr, flush=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def judge(corpus: Path | None) -> Callable[[Sequence[str]], list[str]]:
    """What is said of tunes: the level of each, and what it copied where a corpus is known."""

    def say(texts: Sequence[str]) -> list[str]:
        from hf_abc.abcmidi import check_book
        from hf_abc.notation.levels import TOP, level

        found = []
        for text, messages in zip(texts, check_book(texts), strict=True):
            reached = level(text, messages)
            why = f": {reached.problems[0].text}" if reached.problems else ""
            found.append(f"level {reached.number} of {TOP}{why}")
        if corpus is not None:
            from hf_abc.evaluation.copying import Copying
            from hf_abc.evaluation.copying_report import brief

            known = Copying.of_corpus(corpus)
            found = [
                f"{said}\n{brief(known.borrowed(text))}" for said, text in zip(found, texts, strict=True)
            ]
        return found

    return say


def read_tune(file: Path) -> str:
    """The first tune of a file."""
    from .books import read_book

    return read_book(file)[0]
