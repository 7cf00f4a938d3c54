"""The listening page: whole, safe, alone."""

import re
from html.parser import HTMLParser

import pytest

from hf_abc.errors import OutputError
from hf_abc.rendering import book
from hf_abc.rendering.book import render_book
from hf_abc.rendering.page import Entry, listening_page

NASTY = '</title><script>alert(1)</script><img src=x onerror=alert(2)> "quoted" & {{ 7*7 }}'
TUNES = [
    "X:1\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GAG GAB|ABA ABd:|\n",
    f"X:2\nT:{NASTY}\nR:</li><script>alert(9)</script>\nM:4/4\nL:1/4\nK:Edor\n"
    '"^<script>alert(3)</script>"E F G A|]\nw: </pre><script>alert(4)</script>\n',
    "X:3\nT:Short bar\nM:4/4\nL:1/4\nK:C\nC D E F|C D|E F G A|C D E F|\n",
    "X:4\nT:Broken\nM:4/4\nL:1/4\nK:C\nC D ^ ] E F|\n",
]
VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """Reads a page strictly: every element closed in order; remembers tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("page")
    render_book(TUNES, out, title=f"New {NASTY}", prompts=["X:1\nR:jig<script>"])
    return (out / "index.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


def test_every_tune_has_title_score_player_abc_and_downloads(page):
    assert len(page.all("article")) == 4
    headings = [data.strip() for tag, data in page.texts if tag == "h2" and data.strip()]
    assert headings == ["The Kesh", NASTY, "Short bar", "Broken"]
    players = page.all("audio")
    assert len(players) == 4 and all((a["src"] or "").startswith("data:audio/mpeg;base64,") for a in players)
    assert len([f for f in page.all("figure") if f.get("class") == "score"]) == 4
    downloads = [a["download"] for a in page.all("a") if "download" in a]
    assert downloads[:2] == ["the-kesh.mid", "the-kesh.abc"] and len(downloads) == 8
    abc = [data for tag, data in page.texts if tag == "pre"]
    assert TUNES[0].strip() in abc and TUNES[1].strip() in abc and "X:1\nR:jig<script>" in abc


def test_validity_is_told(page):
    states = [a["data-state"] for a in page.all("article")]
    assert states[0] == "right" and states[2] == "compiles" and states[3] == "wrong"


def test_only_our_script_can_run(page, text):
    assert len(page.all("script")) == 1
    assert not [
        attributes for _, attributes in page.tags if any(name.startswith("on") for name in attributes)
    ]
    assert "49" not in [data.strip() for _, data in page.texts], "a title is no template"
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and "default-src 'none'" in policy and re.search(r"script-src 'sha256-[\w+/]+=*'", policy)
    import base64
    import hashlib

    script = text[text.index("<script>") + 8 : text.index("</script>", text.index("<script>"))]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy


def test_nothing_is_loaded_from_elsewhere(page, text):
    for name, attributes in page.tags:
        for attribute in ("src", "href", "action", "poster", "srcset", "data"):
            value = attributes.get(attribute)
            assert value is None or value.startswith(("data:", "#")), (name, attribute, value)
    outside = set(re.findall(r"https?://[^\s\"'<>)]+", text)) - {"http://www.w3.org/2000/svg"}
    assert not outside
    assert "@import" not in text and not re.search(r"url\((?!#)", text)


def test_ids_are_unique_and_references_hold(page):
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for name in ("aria-labelledby", "for", "data-for"):
            assert attributes.get(name) is None or attributes[name] in ids
        href = attributes.get("href")
        assert href is None or not href.startswith("#") or href[1:] in ids


def test_landmarks_headings_and_labels(page):
    names = [tag for tag, _ in page.tags]
    assert names.count("main") == names.count("h1") == 1
    assert page.all("html")[0]["lang"] == "en"
    labelled = {a["for"] for a in page.all("label")}
    assert all(a["id"] in labelled for tag in ("input", "select") for a in page.all(tag))
    assert all(a.get("aria-label") for tag in ("audio", "figure") for a in page.all(tag))
    levels = [int(tag[1]) for tag in names if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_light_and_dark(text):
    assert "prefers-color-scheme: dark" in text and 'content="light dark"' in text


def test_a_tune_without_files_is_still_shown(tmp_path):
    made = listening_page([Entry("X:1\nT:Alone\nK:C\nC|\n"), Entry("")], tmp_path / "page.html", title="Two")
    page = Page(made.read_text("utf-8"))
    assert len(page.all("article")) == 2 and not page.all("audio")
    listening_page([], tmp_path / "none.html", title="None")
    Page((tmp_path / "none.html").read_text("utf-8"))


def test_copying_is_told_where_it_is_known(tmp_path):
    render_book(TUNES[:2], tmp_path, title="Two", copying=["16 notes in a row stand in <b>Another</b>"])
    page = Page((tmp_path / "index.html").read_text("utf-8"))
    told = [attributes for attributes in page.all("li") if attributes.get("class") == "copying"]
    assert len(told) == 1 and ("li", "16 notes in a row stand in <b>Another</b>") in page.texts


def test_titles_are_read_as_people_do(tmp_path):
    text = "X:1\nT:Ma&ntilde;ana \\& \\'El\nM:C\nL:1/4\nK:C\nCDEF|\n"
    (made,) = render_book([text], tmp_path, title="One")
    page = Page((tmp_path / "index.html").read_text("utf-8"))
    assert [data.strip() for tag, data in page.texts if tag == "h2" and data.strip()] == ["Mañana & Él"]
    assert made.abc.name == "01-manana-el.abc" and made.abc.read_text() == text


def test_the_book_holds_every_tune(tmp_path):
    seen: list[object] = []
    done = render_book(TUNES[:1] * 2, tmp_path, title="Twice", audio_format="wav", on_tune=seen.append)
    assert seen == done and [d.abc.name for d in done] == ["01-the-kesh.abc", "02-the-kesh.abc"]
    assert (tmp_path / "tunes.abc").read_text() == TUNES[0] + "\n" + TUNES[0]


def test_after_a_full_disk_no_further_tune_is_begun(tmp_path, monkeypatch):
    begun: list[str] = []

    def full(text, *_, **__):
        begun.append(text)
        raise OutputError("the disk is full")

    monkeypatch.setattr(book, "render", full)
    with pytest.raises(OutputError, match="full"):
        render_book([TUNES[0]] * 50, tmp_path, title="Fifty")
    assert len(begun) < 10
