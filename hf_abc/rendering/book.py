"""A whole set of tunes into a folder: the ABC as one book, the files of each tune, and the listening page."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from pathlib import Path

from hf_abc.notation.tune import header_fields
from hf_abc.rendering.audio import AudioFormat, Synthesizer
from hf_abc.rendering.midi import AS_WRITTEN, Playing, in_key
from hf_abc.rendering.page import Entry, listening_page
from hf_abc.rendering.render import Engraving, Extra, Rendered, file_stems, render, write

_AT_ONCE = 2  # tunes: while one is encoded, the next is played in a child; measured: three are no faster


def render_book(
    texts: Sequence[str],
    out: Path,
    *,
    title: str,
    prompts: Sequence[str] = (),
    copying: Sequence[str] = (),
    audio_format: AudioFormat = "mp3",
    font: Path | None = None,
    synthesizer: Synthesizer = "midirenderer",
    engraver: Engraving = "verovio",
    also: Sequence[Extra] = (),
    playing: Playing = AS_WRITTEN,
    on_tune: Callable[[Rendered], object] = lambda rendered: None,
) -> list[Rendered]:
    """Write `tunes.abc`, then the files of each tune, then `index.html`; `on_tune` hears of each tune.

    A transposition moves the ABC and the score too, where that can be written. `prompts` goes along with
    the texts where they were written to one, `copying` where it is known what they share with other tunes.
    Raises as `render` does.
    """
    moved = [in_key(text, playing) for text in texts]
    texts = [text for text, _, _ in moved]
    write(out / "tunes.abc", "\n".join(text.strip("\n") + "\n" for text in texts))
    titles = [next(iter(header_fields(text).get("T", [])), "") for text in texts]

    def one(tune: tuple[str, Playing, list[str]], stem: str) -> Rendered:
        text, how, notes = tune
        rendered = render(
            text,
            out,
            stem,
            audio_format=audio_format,
            font=font,
            synthesizer=synthesizer,
            playing=how,
            engraver=engraver,
            also=also,
        )
        rendered.messages.extend(notes)
        return rendered

    done: list[Rendered] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for rendered in pool.map(one, moved, file_stems(titles)):
                done.append(rendered)
                on_tune(rendered)
        finally:
            pool.shutdown(cancel_futures=True)  # after an error or an interrupt no further tune is begun
    nothing = repeat("")
    known = zip(texts, done, chain(prompts, nothing), chain(copying, nothing), strict=False)
    shown = [Entry(text, rendered, prompt, copied) for text, rendered, prompt, copied in known]
    listening_page(shown, out / "index.html", title=title)
    return done
