"""The page of a model in a real browser: a tune is written, seen, played, downloaded and varied; titles that
want to be more than titles; ten visitors at once.

Needs Gradio and Chromium (Debian: apt-get install chromium); without them these tests are skipped.
"""

import asyncio
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

gradio = pytest.importorskip("gradio", reason="gradio is not installed (pip install 'hf-abc[demo]')")
pytest.importorskip("aiohttp", reason="aiohttp is not installed")


def _browser() -> ModuleType:
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).parent / "browser.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["browser"] = module
    spec.loader.exec_module(module)
    return module


browser = _browser()
needs_chromium = pytest.mark.skipif(
    browser.CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"
)
HOSTILE = "<img src=x onerror='window.hacked=1'>${hacked=1}{{7*7}}</textarea>`rm -rf ~`"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The page of the shipped model."""
    from hf_abc.hub.demo import demo, serve

    page = demo()
    yield serve(page, wait=False)
    page.close()


def typed(name: str, text: str) -> str:
    """JavaScript that types into a field as a visitor would."""
    fire = " ".join(f"f.dispatchEvent(new Event('{e}', {{bubbles: true}}));" for e in ("input", "change"))
    field = f"document.querySelector('#{name} textarea, #{name} input')"
    return f"(() => {{ const f = {field}; f.value = {json.dumps(text)}; {fire} }})()"


def downloads(folder: Path) -> list[Path]:
    """What the browser has downloaded to the end."""
    return [file for file in folder.glob("downloads/*") if file.suffix in {".abc", ".mid", ".mp3", ".svg"}]


async def until(true: Callable[[], bool], seconds: float = 60) -> None:
    for _ in range(int(seconds * 5)):
        if true():
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"not true after {seconds} s")


async def to_variations(tab: Any) -> None:
    await tab.ask("[...document.querySelectorAll('button[role=tab]')].at(-1).click()")
    await tab.wait_for("document.querySelector('#tune textarea') && document.querySelector('#vary')")


@needs_chromium
def test_a_visit(url: str, tmp_path: Path) -> None:
    async def visit() -> None:
        async with browser.Browser(tmp_path) as chromium:
            tab = await chromium.open(url)
            await tab.wait_for("document.querySelector('#write')")
            await tab.ask(typed("title", HOSTILE[:80]))
            await tab.ask("document.querySelector('#write').click()")
            await tab.wait_for("document.querySelector('#abc textarea').value.includes('K:')")
            await tab.wait_for("document.querySelectorAll('#tunes .abc-tune svg').length")
            title = await tab.ask("document.querySelector('#tunes h3').textContent")
            assert title == HOSTILE[:80].strip()
            await tab.wait_for("document.querySelector('#tunes svg').getBoundingClientRect().height > 20")
            await tab.ask("document.querySelector('#tunes audio').play()")
            await tab.wait_for(
                "(a => a.currentTime > 0.2 && a.duration > 2)(document.querySelector('#tunes audio'))"
            )
            await tab.ask("document.querySelector('#tunes audio').pause()")
            links = await tab.ask(
                "[...document.querySelectorAll('.abc-files a')].map(a => a.textContent).join()"
            )
            assert links == "ABC,MIDI,MP3,Score"
            for place in range(4):
                await tab.ask(f"document.querySelectorAll('.abc-files a')[{place}].click()")
                await until(lambda place=place: len(downloads(tmp_path)) > place)
            text = await tab.ask("document.querySelector('#tunes pre').textContent")
            await vary(tab, text)
            assert await tab.ask("String(window.hacked)") == "undefined"
            assert not [where for where in tab.asked if not where.startswith((url, "data:", "blob:"))]
            assert not [said for said in tab.said if "exceptionDetails" in said]
        files = {file.suffix: file.read_bytes() for file in downloads(tmp_path)}
        assert set(files) == {".abc", ".mid", ".mp3", ".svg"}
        assert files[".abc"].decode().startswith("X:1\nT:<img") and files[".mid"].startswith(b"MThd")

    async def vary(tab: Any, text: str) -> None:
        await to_variations(tab)
        await tab.ask(typed("tune", text))
        await tab.ask("document.querySelector('#vary').click()")
        await tab.wait_for("document.querySelectorAll('#tunes .abc-tune').length === 2", 120)
        heard = await tab.ask("[...document.querySelectorAll('#tunes pre')].map(p => p.textContent)")
        assert len(set(heard)) == 2 and text not in heard

    asyncio.run(visit())


@needs_chromium
def test_what_is_no_tune_is_told(url: str, tmp_path: Path) -> None:
    async def visit() -> None:
        async with browser.Browser(tmp_path) as chromium:
            tab = await chromium.open(url)
            await tab.wait_for("document.querySelector('button[role=tab]')")
            await to_variations(tab)
            await tab.ask(typed("tune", "<b onclick=hacked=1>no tune</b>"))
            await tab.ask("document.querySelector('#vary').click()")
            await tab.wait_for("document.querySelector('#tunes .abc-problem')")
            told = await tab.ask("document.querySelector('#tunes .abc-problem').textContent")
            assert told.startswith("this is no tune in ABC notation")
            assert await tab.ask("document.querySelectorAll('#tunes b').length") == 0

    asyncio.run(visit())


def test_ten_visitors_at_once(url: str) -> None:
    from gradio_client import Client

    def visit(number: int) -> tuple[str, str, float]:
        client = Client(url, verbose=False)
        start = time.monotonic()
        text, shown = client.predict(
            "any", "6/8", "any", f"Visitor {number}", 1.0, 1, number, ["right bars"], api_name="/write"
        )
        return text, shown, time.monotonic() - start

    with ThreadPoolExecutor(10) as visitors:
        found = list(visitors.map(visit, range(10)))
    for number, (text, shown, _) in enumerate(found):
        assert f"T:Visitor {number}\n" in text and f"<h3>Visitor {number}</h3>" in shown
        assert "abc-problem" not in shown and "<audio" in shown
    print(f"seconds until the last of ten: {max(seconds for *_, seconds in found):.1f}")


@pytest.mark.parametrize(
    "asked",
    [
        ("D", "6/8", "jig", "", 1.0, 50, 1, []),  # too many
        ("D", "6/8", "jig", "", 9.0, 1, 1, []),  # too hot
        ("D", "6/8", "no such rhythm", "", 1.0, 1, 1, []),
        ("D", "6/8", "jig", "x" * 5000, 1.0, 1, 1, []),
    ],
)
def test_what_the_page_would_not_send_is_refused(url: str, asked: tuple[Any, ...]) -> None:
    from gradio_client import Client

    try:
        text, shown = Client(url, verbose=False).predict(*asked, api_name="/write")
    except Exception as error:  # Gradio's own check of a field
        assert "Traceback" not in str(error)
        return
    assert "abc-problem" in shown and text == ""
