"""The page where people try a model: new tunes by key, meter, rhythm and title, or variations on a tune.

Gradio draws the page and keeps the queue; what a page shows of a tune is our own HTML, where everything that
comes from a visitor or a model is escaped. Visitors wait in turn (two write at once), thirty at most.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_abc.errors import HfAbcError, MissingPackageError
from hf_abc.hub.studio import LONGEST_FIELD, MOST_TUNES, Asked, Shown, Studio
from hf_abc.rendering.heading import headed
from hf_abc.rendering.render import safe_stem
from hf_abc.rendering.score import on_white
from hf_abc.rendering.words import title_of
from hf_abc.sampling.prompts import Wish

if TYPE_CHECKING:
    from gradio import Blocks

ANY = "any"
_AT_ONCE = 2
_WAITING = 30
_CSS = """
.abc-tune { background: #fff; color: #1d1d1d; padding: 1rem; margin: 0 0 1rem; border-radius: 8px; }
.abc-tune h3 { margin: 0; color: inherit; overflow-wrap: anywhere; }
.abc-tune figure { margin: .5rem 0; } .abc-tune svg { width: 100%; height: auto; max-height: none; }
.abc-tune audio { width: 100%; } .abc-facts { color: #666; margin: .2rem 0; }
.abc-files a { margin-right: 1rem; color: #3566a8; } .abc-tune pre { white-space: pre-wrap; }
.abc-problem { color: #a3352b; }
"""
_EXAMPLE = (
    "X:1\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:G\n"
    "|:G3 GAB|A3 ABd|edd gdd|edB dBA|\nGAG GAB|ABA ABd|edd gdB|AGF G3:|\n"
)

Step = tuple[str, str]
"""What a page shows at a moment: the ABC so far, and HTML."""


def demo(model: Path | str | None = None, corpus: Path | None = None) -> Blocks:
    """The page of a model, with its queue; `launch` serves it. MissingPackageError without Gradio."""
    try:
        import gradio as gr
    except ImportError as error:
        raise MissingPackageError("gradio", "demo") from error
    import torch

    # each visitor's thread brings its own pool: together they must not be more than there are cores
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // _AT_ONCE))
    studio = Studio(model, corpus)
    studio.warm()
    studio.known(60)

    def new(
        key: str, meter: str, rhythm: str, title: str, temperature: float, count: float, seed: float,
        guards: list[str],
    ) -> Iterator[Step]:  # fmt: skip
        yield from new_tunes(studio, key, meter, rhythm, title, temperature, count, seed, guards)

    def like(text: str, similarity: float, count: float, seed: float) -> Iterator[Step]:
        yield from variations(studio, text, similarity, count, seed)

    with gr.Blocks(title="Tunes by a language model", analytics_enabled=False) as page:
        gr.HTML(f"<h1>Tunes by {_escaped(studio.name)}</h1><p>A language model writes tunes in ABC.</p>")
        with gr.Row():
            with gr.Column(scale=1, min_width=280):
                with gr.Tab("New tunes"):
                    wishes = [
                        gr.Dropdown(_choices(studio.facts, name), value=ANY, label=label, elem_id=name)
                        for name, label in (("keys", "Key"), ("meters", "Meter"), ("rhythms", "Rhythm"))
                    ]
                    title = gr.Textbox(label="Title", max_length=LONGEST_FIELD, elem_id="title")
                    temperature = gr.Slider(0.2, 1.5, value=1.0, step=0.1, label="Temperature")
                    count = gr.Slider(1, MOST_TUNES, value=1, step=1, label="Number of tunes")
                    seed = gr.Number(value=1, precision=0, minimum=0, label="Seed")
                    guards = gr.CheckboxGroup(_GUARDS, value=_GUARDS, label="Guards")
                    write = gr.Button("Write", variant="primary", elem_id="write")
                with gr.Tab("Variations", id="variations"):
                    tune = gr.Textbox(label="A tune in ABC", value=_EXAMPLE, lines=9, elem_id="tune")
                    similarity = gr.Slider(0.0, 1.0, value=0.6, step=0.05, label="How like it")
                    few = gr.Slider(1, MOST_TUNES, value=2, step=1, label="Number of variations")
                    other = gr.Number(value=1, precision=0, minimum=0, label="Seed")
                    vary = gr.Button("Vary", variant="primary", elem_id="vary")
            with gr.Column(scale=2):
                shown = gr.HTML(elem_id="tunes", padding=False)
                text = gr.Textbox(label="ABC", lines=10, interactive=False, elem_id="abc")
        limits: dict[str, Any] = {
            "concurrency_limit": _AT_ONCE,
            "concurrency_id": "model",
            "show_progress": "minimal",
        }
        write.click(
            new, [*wishes, title, temperature, count, seed, guards], [text, shown], api_name="write", **limits
        )
        vary.click(like, [tune, similarity, few, other], [text, shown], api_name="vary", **limits)
    return page.queue(max_size=_WAITING, default_concurrency_limit=_AT_ONCE)


def serve(page: Blocks, *, host: str | None = None, port: int | None = None, wait: bool = True) -> str:
    """Serve the page and return its address; with `wait` only when it is interrupted."""
    import gradio as gr

    _, url, _ = page.launch(
        server_name=host,
        server_port=port,
        share=False,
        show_error=False,
        quiet=True,
        footer_links=[],
        max_file_size="1mb",
        prevent_thread_lock=True,
        css=_CSS,
        theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    )
    print(f"to try the model: {url}", flush=True)
    if wait:
        page.block_thread()
    return str(url)


_GUARDS = ["right bars", "no loops"]


def new_tunes(
    studio: Studio,
    key: str,
    meter: str,
    rhythm: str,
    title: str,
    temperature: float,
    count: float,
    seed: float,
    guards: Sequence[str],
) -> Iterator[Step]:
    """What the page shows while tunes are written, by the values of its fields."""

    def wished(value: str | None) -> str:
        return "" if value in (None, ANY) else str(value)

    def steps() -> Iterator[str | Shown]:
        wish = Wish(" ".join(str(title or "").split()), wished(rhythm), wished(meter), wished(key))
        yield from studio.write(
            Asked(
                wish,
                count=int(count),
                temperature=float(temperature),
                seed=int(seed or 0),
                bars="right bars" in guards,
                loops="no loops" in guards,
            )
        )

    yield from _shown(steps())


def variations(studio: Studio, text: str, similarity: float, count: float, seed: float) -> Iterator[Step]:
    """What the page shows while variations are written."""

    def steps() -> Iterator[str | Shown]:
        yield from studio.vary(
            str(text or ""), count=int(count), similarity=float(similarity), seed=int(seed or 0)
        )

    yield from _shown(steps())


def _shown(steps: Iterator[str | Shown]) -> Iterator[Step]:
    """The page after each step; an error that a visitor can mend ends it with a sentence."""
    done: list[Shown] = []
    try:
        for step in steps:
            if isinstance(step, Shown):
                done.append(step)
                yield "\n".join(tune.text for tune in done), tunes_html(done)
            else:
                yield "\n".join([*(tune.text for tune in done), step]), tunes_html(done)
    except HfAbcError as error:
        yield "\n".join(tune.text for tune in done), tunes_html(done, str(error))


def tunes_html(tunes: Sequence[Shown], problem: str = "") -> str:
    """Tunes as HTML: score, player, files, opinion. All text is escaped; scores are plain shapes."""
    import jinja2

    template = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(
        (files("hf_abc") / "data" / "demo_tunes.html.j2").read_text("utf-8")
    )
    return template.render(problem=problem, tunes=[_fields(tune) for tune in tunes])


def _fields(tune: Shown) -> dict[str, Any]:
    title = title_of(tune.text)
    drawn = on_white(headed(tune.svg, tune.text)) if tune.svg else ""
    return {
        "title": title,
        "stem": safe_stem(title),
        "text": tune.text,
        "verdict": tune.verdict,
        "copying": tune.copying,
        "notes": tune.notes,
        "svg": tune.svg,
        "abc": _uri("text/vnd.abc;charset=utf-8", tune.text.encode("utf-8", "replace")),
        "midi": _uri("audio/midi", tune.midi),
        "sound": _uri("audio/mpeg", tune.sound),
        "drawn": _uri("image/svg+xml", drawn.encode("utf-8", "replace")),
    }


def _choices(facts: dict[str, Any], name: str) -> list[str]:
    return [ANY, *facts.get(name, {})]


def _uri(media: str, data: bytes) -> str:
    return f"data:{media};base64,{base64.b64encode(data).decode()}" if data else ""


def _escaped(text: str) -> str:
    import html

    return html.escape(text)
