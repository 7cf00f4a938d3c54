"""Tunes in a notebook: score and player under the cell."""

import base64
import html
from collections.abc import Iterable
from typing import Protocol

from hf_abc.errors import InputError
from hf_abc.rendering.audio import audio
from hf_abc.rendering.midi import AS_WRITTEN, Playing, perform
from hf_abc.rendering.score import score
from hf_abc.rendering.words import title_of


class HasText(Protocol):
    """A `Tune`, a sample of a model, or anything else that has its ABC in `text`."""

    @property
    def text(self) -> str: ...


class Shown:
    """What `show` returns: a notebook draws `html`, a terminal prints the ABC."""

    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def show(tunes: str | HasText | Iterable[str | HasText], *, playing: Playing = AS_WRITTEN) -> Shown:
    """Score, player and ABC of one tune or of several, for a Jupyter notebook. Nothing is written to disk.

    Raises MissingPackageError where a package is missing; a tune that cannot be drawn or played says why.
    """
    several = [tunes] if isinstance(tunes, str) or hasattr(tunes, "text") else tunes
    texts = [tune if isinstance(tune, str) else tune.text for tune in several]
    blocks = [_block(text, playing) for text in texts]
    return Shown("\n".join(blocks), "\n\n".join(text.strip("\n") for text in texts))


def _block(text: str, playing: Playing) -> str:
    title = title_of(text)
    svg, messages = score(text)
    done = perform(text, playing)
    sound = ""
    try:
        if done.midi is None:
            raise InputError(done.missing)
        data = base64.b64encode(audio(done.midi)).decode()
        label = html.escape(f"Play {title}", quote=True)
        source = f"data:audio/mpeg;base64,{data}"
        sound = f'<audio controls preload="none" aria-label="{label}" src="{source}"></audio>'
    except InputError as error:
        messages = [*messages, f"no sound: {error}"]
    said = "".join(f"<li>{html.escape(message)}</li>" for message in [*messages, *done.notes])
    return (
        f'<div style="max-width: 50em; background: #fff; color: #000; padding: 1em">{svg or ""}{sound}'
        f"<details><summary>ABC</summary><pre>{html.escape(text.strip())}</pre></details>"
        f"{f'<ul>{said}</ul>' if said else ''}</div>"
    )
