"""Tunes in a notebook."""

from html.parser import HTMLParser
from types import SimpleNamespace

import hf_abc
from hf_abc.rendering.show import show

TUNE = "X:1\nT:The Kesh\nM:6/8\nL:1/8\nK:G\n|:GAG GAB|ABA ABd:|\n"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_score_player_and_abc():
    shown = hf_abc.show(TUNE)
    tags = Tags(shown._repr_html_()).tags
    names = [name for name, _ in tags]
    assert names.count("svg") >= 1 and names.count("audio") == names.count("pre") == 1
    assert dict(tags)["audio"]["src"].startswith("data:audio/mpeg;base64,")
    assert repr(shown) == TUNE.strip()


def test_many_tunes_and_things_with_a_text():
    assert show([TUNE, SimpleNamespace(text=TUNE)]).html.count("<audio") == 2
    assert show(SimpleNamespace(text=TUNE)).text == TUNE.strip()
    assert show([]).html == ""


def test_nothing_of_a_tune_runs_and_failures_are_told():
    nasty = 'X:1\nT:"><script>alert(1)</script>\nK:C\n"^<script>alert(2)</script>"z|\n'
    shown = show(nasty)
    tags = Tags(shown.html).tags
    assert "script" not in [name for name, _ in tags]
    assert not [a for _, attributes in tags for a in attributes if a.startswith("on")]
    assert "no sound" in shown.html and "<audio" not in shown.html
