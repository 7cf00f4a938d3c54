"""The listening page: one HTML file with everything in it, for reading, seeing, hearing and copying tunes.

It opens from disk and loads nothing. Everything that comes from a tune is escaped, scores are rebuilt from
plain shapes, and the page's content security policy allows only its own script, by its hash: nothing that a
tune says runs.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from hf_abc import abcmidi
from hf_abc.errors import OutputError
from hf_abc.notation.keys import parse_key
from hf_abc.notation.tune import header_fields
from hf_abc.record import atomic_write
from hf_abc.rendering.midifile import read
from hf_abc.rendering.render import Rendered, safe_stem
from hf_abc.rendering.score import score
from hf_abc.rendering.words import plain_words, title_of

_MEDIA = {
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".mid": "audio/midi",
}
_VERDICTS = {
    "right": "compiles, all bars right",
    "compiles": "compiles, some bars wrong",
    "wrong": "has errors",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A tune for the page: its ABC, the files that `render` made of it (or None), the prompt it was written
    to, and what is known of copying, in a few words (`7 of 16 bars stand in "The Kesh"`).
    """

    text: str
    rendered: Rendered | None = None
    prompt: str = ""
    copying: str = ""


def listening_page(entries: Sequence[Entry], path: Path, *, title: str) -> Path:
    """Write the page. Tunes keep their order; validity is abc2midi's, asked for all of them at once.

    Raises OutputError where the file cannot be written.
    """
    import jinja2

    data = files("hf_abc") / "data"
    script = (data / "listening_page.js").read_text("utf-8")
    style = (data / "listening_page.css").read_text("utf-8")
    verdicts = abcmidi.check_book([entry.text for entry in entries])
    tunes = [_tune(entry, messages) for entry, messages in zip(entries, verdicts, strict=True)]
    states = [tune["state"] for tune in tunes]
    template = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(
        (data / "listening_page.html.j2").read_text("utf-8")
    )
    page = template.render(
        title=title,
        tunes=tunes,
        keys=sorted({tune["key"] for tune in tunes if tune["key"]}),
        meters=sorted({tune["meter"] for tune in tunes if tune["meter"]}),
        compiling=len(states) - states.count("wrong"),
        right=states.count("right"),
        judged=bool(tunes),
        style=style,
        script=script,
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    try:
        atomic_write(path, page.encode("utf-8", "replace"))
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror}; free some space or choose another place"
        ) from None
    return path


def _tune(entry: Entry, messages: list[abcmidi.Message]) -> dict[str, Any]:
    """What the template shows of one tune."""
    fields = header_fields(entry.text)
    title = title_of(entry.text)
    key = parse_key(fields.get("K", [""])[-1])
    meter, rhythm = fields.get("M", [""])[0], plain_words(fields.get("R", [""])[0])
    rendered = entry.rendered
    svg, notes = (rendered.drawn, rendered.messages) if rendered else score(entry.text, title=False)
    midi = rendered.midi.read_bytes() if rendered and rendered.midi else b""
    seconds = round(read(midi).seconds) if midi else 0
    right = abcmidi.bars_right(messages)
    state = "wrong" if not abcmidi.compiles(messages) else "right" if right else "compiles"
    said = [f"line {m.line}: {m.text}" for m in messages if m.kind not in abcmidi.BENIGN]
    return {
        "title": title,
        "key": key.name if key else "",
        "meter": meter,
        "seconds": seconds,
        "facts": [
            *filter(None, (key.name if key else "", meter, rhythm)),
            *([_clock(seconds)] if seconds else []),
        ],
        "state": state,
        "verdict": _VERDICTS[state],
        "copying": " ".join(entry.copying.split()),
        "score": svg,
        "audio": _data_uri(rendered.audio) if rendered and rendered.audio else "",
        "midi": _data_uri(rendered.midi) if rendered and rendered.midi else "",
        "abc": _uri("text/vnd.abc;charset=utf-8", entry.text.encode("utf-8", "replace")),
        "stem": safe_stem(title),
        "text": entry.text.strip("\n"),
        "prompt": entry.prompt.strip("\n"),
        "messages": list(dict.fromkeys([*said, *notes])),
    }


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _data_uri(path: Path) -> str:
    return _uri(_MEDIA[path.suffix], path.read_bytes())


def _uri(media: str, data: bytes) -> str:
    return f"data:{media};base64,{base64.b64encode(data).decode()}"
