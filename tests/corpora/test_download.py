"""A download is there whole or not at all, and once."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hf_abc.corpora.sources.download import cache_folder, fetch
from hf_abc.errors import InputError, OutputError


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers `/whole` with 3 MB, `/cut` with half of what it promises, all else with an error."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path not in ("/whole", "/cut"):
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", "3000000")
        self.end_headers()
        self.wfile.write(bytes(3_000_000 if self.path == "/whole" else 1_500_000))

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    Handler.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


def test_a_file_is_fetched_once(address: str) -> None:
    path = fetch(f"{address}/whole", "a/b.csv")
    assert path == cache_folder() / "a" / "b.csv" and path.stat().st_size == 3_000_000
    assert fetch(f"{address}/whole", "a/b.csv") == path and Handler.asked == ["/whole"]


@pytest.mark.parametrize(
    ("path", "why"), [("/cut", "broke off after 1,500,000 of 3,000,000"), ("/no", "503|Service")]
)
def test_half_a_file_is_no_file(address: str, path: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        fetch(f"{address}{path}", "a/b.csv")
    assert list((cache_folder() / "a").iterdir()) == []


def test_without_a_network_and_without_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(
        InputError, match="http://127.0.0.1:9/x cannot be downloaded .*connect to the network"
    ):
        fetch("http://127.0.0.1:9/x", "x")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="cannot be written .*set XDG_CACHE_HOME"):
        fetch("http://127.0.0.1:9/x", "x")
