"""Playing at once: with what is there, in order; otherwise the page."""

import shutil

import numpy as np
import pytest

from hf_abc.cli import main
from hf_abc.rendering import player as room
from hf_abc.rendering.audio import encode
from hf_abc.rendering.player import play, player


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """No player and no browser; a list of the pages that would have opened."""
    opened: list[str] = []
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(room.webbrowser, "open", lambda uri: opened.append(uri) or True)
    return opened


def install(tmp_path, name: str, status: int = 0) -> None:
    script = tmp_path / "bin" / name
    script.write_text(f'#!/bin/sh\nfor last; do :; done\necho "$last" >> {tmp_path}/played\nexit {status}\n')
    script.chmod(0o755)


def test_the_files_in_order(bare, tmp_path):
    install(tmp_path, "mpv")
    assert player() == ("mpv", "--no-video", "--really-quiet")
    assert play([tmp_path / "a.mp3", tmp_path / "b.mp3"], tmp_path / "page.html") == "played with mpv"
    assert (tmp_path / "played").read_text().split() == [str(tmp_path / "a.mp3"), str(tmp_path / "b.mp3")]
    assert bare == []


def test_without_a_player_the_page_opens(bare, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("")
    assert "no player is installed" in play([], page) and bare == [page.as_uri()]


def test_a_player_that_fails_gives_way_to_the_page(bare, tmp_path):
    install(tmp_path, "ffplay", status=1)
    page = tmp_path / "page.html"
    page.write_text("")
    assert play([tmp_path / "a.mp3"], page) == f"ffplay cannot play here: opened {page}" and bare


def test_ffplay_without_a_sound_card_ends_well_and_has_not_played(bare, tmp_path):
    page, script = tmp_path / "page.html", tmp_path / "bin" / "ffplay"
    page.write_text("")
    script.write_text("#!/bin/sh\necho 'No more combinations to try, audio open failed' >&2\n")
    script.chmod(0o755)
    assert play([tmp_path / "a.mp3"], page) == f"ffplay cannot play here: opened {page}" and bare


@pytest.mark.parametrize("command", [("mpv", "--ao=null"), ("ffplay",)], ids=lambda command: command[0])
def test_real_players_take_these_options(command, tmp_path, monkeypatch):
    """Their options are read and the file is played, into no sound card."""
    found = shutil.which(command[0])
    if found is None:
        pytest.skip(f"{command[0]} is not installed")
    given = next(each for each in room.PLAYERS if each[0] == command[0])
    sound = tmp_path / "a.mp3"
    sound.write_bytes(encode(np.zeros((4000, 2), np.float32), 8000, "mp3"))
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    monkeypatch.setattr(room, "PLAYERS", ((*given, *command[1:]),))
    assert play([sound], tmp_path / "page.html") == f"played with {command[0]}"


def test_the_command(bare, tmp_path):
    install(tmp_path, "afplay")
    book = tmp_path / "book.abc"
    book.write_text("X:1\nT:Kesh\nL:1/8\nK:G\nGAB|\n")
    assert main(["render", str(book), "--out", str(tmp_path / "out"), "--play"]) == 0
    assert (tmp_path / "played").read_text().strip().endswith("01-kesh.mp3")
