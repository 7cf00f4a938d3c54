"""abcm2ps draws on request; what it draws is checked, since titles reach its comments."""

import shutil
import stat

import pytest

from hf_abc.rendering import abcm2ps as room
from hf_abc.rendering.abcm2ps import draw

TUNE = "X:1\nT:Kesh\nM:6/8\nL:1/8\nK:G\n|:GAG GAB|ABA ABd:|\n"


def fake(monkeypatch, tmp_path, svg: str) -> None:
    """A program that writes the same picture for every tune, with the tune's text in place of @."""
    script = tmp_path / "abcm2ps"
    script.write_text(f"#!/bin/sh\n/bin/cat > out001.svg <<'END'\n{svg}\nEND\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_plain_picture_is_kept(monkeypatch, tmp_path):
    fake(monkeypatch, tmp_path, '<svg xmlns="http://www.w3.org/2000/svg"><!-- x --><path d="M0 0"/></svg>')
    svg, messages = draw(TUNE)
    assert svg is not None and "<path" in svg and "<!--" not in svg and messages == []


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>", '<g onload="alert(1)"/>', '<a href="https://example.org"/>',
        '<use href="https://example.org/x.svg#y"/>', '<image href="#x"/>', "<foreignObject/>", "<g>",
    ],
)  # fmt: skip
def test_anything_else_is_refused(monkeypatch, tmp_path, inside):
    fake(monkeypatch, tmp_path, f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')
    svg, messages = draw(TUNE)
    assert svg is None and "not kept" in messages[0]


def test_no_picture_is_told(monkeypatch, tmp_path):
    script = tmp_path / "abcm2ps"
    script.write_text("#!/bin/sh\necho tune.abc:3:1: error: bad >&2\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert draw(TUNE) == (None, ["abcm2ps drew no score: line 3:1: error: bad"])


@pytest.mark.skipif(shutil.which("abcm2ps") is None, reason="abcm2ps is not installed (apt install abcm2ps)")
def test_the_real_program():
    svg, _ = draw(TUNE)
    assert svg is not None and "<path" in svg
    for title in ("--><script>alert(1)</script>", "--!><script>alert(1)</script>", "<!-- -->"):
        svg, _ = draw(
            TUNE.replace("Kesh", title) + "%%svg <script>alert(2)</script>\n%%abc-include /etc/passwd\n"
        )
        assert svg is None or "<script" not in svg
    assert room.abcm2ps().name == "abcm2ps"
