"""A small Hub on this machine, for tests and benchmarks: the calls of publishing and loading, in memory.

It knows models, data sets and Spaces, private repositories, LFS uploads, commits, tags and revisions, and it
fails on demand at any step. It proves our calls, not the real Hub's acceptance: the Hub's own rules for cards
and sizes are not imitated, and neither is the xet protocol (set HF_HUB_DISABLE_XET=1).

    with Hub() as hub:
        hub.fail("commit", 503, times=1)
        subprocess.run([...], env={**os.environ, **hub.environment(home)})
"""

import base64
import hashlib
import json
import re
import threading
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

WRITER, READER = "hf_writer", "hf_reader"
CUT, CUT_AFTER = "cut", "cut after"  # the connection ends before the work is done, or after it
_KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
_LFS = (".safetensors", ".parquet", ".mp3", ".png", ".bin")
_ROUTES = (
    ("whoami", "GET", r"/api/whoami-v2"),
    ("create", "POST", r"/api/repos/create"),
    ("validate", "POST", r"/api/validate-yaml"),
    ("preupload", "POST", r"/api/(?P<kind>\w+)/(?P<id>[^/]+/[^/]+)/preupload/(?P<rev>[^/]+)"),
    ("commit", "POST", r"/api/(?P<kind>\w+)/(?P<id>[^/]+/[^/]+)/commit/(?P<rev>[^/]+)"),
    ("tag", "POST", r"/api/(?P<kind>\w+)/(?P<id>[^/]+/[^/]+)/tag/(?P<rev>[^/]+)"),
    ("refs", "GET", r"/api/(?P<kind>\w+)/(?P<id>[^/]+/[^/]+)/refs"),
    ("paths", "POST", r"/api/(?P<kind>\w+)/(?P<id>[^/]+/[^/]+)/paths-info/(?P<rev>[^/]+)"),
    ("tree", "GET", r"/api/(?P<kind>\w+)/(?P<id>[^/]+/[^/]+)/tree/(?P<rev>[^/]+)(?:/(?P<path>.*))?"),
    ("info", "GET", r"/api/(?P<kind>\w+)/(?P<id>[^/]+/[^/]+)(?:/revision/(?P<rev>[^/]+))?"),
    ("batch", "POST", r"/(?:(?P<kind>datasets|spaces)/)?(?P<id>[^/]+/[^/]+)\.git/info/lfs/objects/batch"),
    ("put", "PUT", r"/lfs/(?P<oid>[0-9a-f]{64})"),
    (
        "file",
        "GET",
        r"/(?:(?P<kind>datasets|spaces)/)?(?P<id>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<path>.+)",
    ),
)
STEPS = ("whoami", "create", "info", "refs", "validate", "preupload", "batch", "put", "commit", "tag")
"""The steps of publishing, in the order in which they come."""


@dataclass
class Repo:
    """A repository: its commits (name of the commit, its files), tags, and the names that it has."""

    private: bool
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def commit(self, files: dict[str, bytes], message: str) -> str:
        oid = hashlib.sha1(f"{len(self.commits)} {sorted(files)} {message}".encode()).hexdigest()
        self.commits.append((oid, files))
        self.messages.append(message)
        return oid

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1][1]

    def find(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        wanted = self.commits[-1][0] if revision == "main" else self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit[0] == wanted), None)


class Hub:
    """The server and what it holds. `repos` are by kind and name; `asked` are the steps in their order."""

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.failures: dict[str, list] = {}
        self.lock = threading.RLock()
        handler = type("BoundHandler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self, home: Path, token: str = WRITER) -> dict[str, str]:
        """What a process needs to take this for the Hub."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_TOKEN": token,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
        }

    def fail(self, step: str, how: int | str, *, times: int = 1_000, headers: dict | None = None) -> None:
        """Answer the next `times` calls of a step with a status, or cut the connection."""
        self.failures[step] = [how, times, headers or {}]

    def works(self) -> None:
        """Fail no more."""
        self.failures.clear()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        pass

    def _answer(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        path, method = urllib.parse.unquote(url.path), "GET" if self.command == "HEAD" else self.command
        self.query = urllib.parse.parse_qs(url.query)
        body = self._body()
        for step, own, pattern in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found is None or own != method:
                continue
            with self.hub.lock:
                self.hub.asked.append(step)
                how = self._failure(step)
                if how == CUT:
                    return self._cut()
                if isinstance(how, int):
                    return self._send(how, {"error": "as asked"}, headers=self.hub.failures[step][2])
                return self._work(step, found.groupdict(), body, lost=how == CUT_AFTER)
        self._send(404, {"error": f"no such address: {method} {path}"})

    do_GET = do_HEAD = do_POST = do_PUT = _answer

    def _failure(self, step: str) -> int | str | None:
        failure = self.hub.failures.get(step)
        if not failure or failure[1] < 1:
            return None
        failure[1] -= 1
        return failure[0]

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _work(self, step: str, parts: dict[str, str | None], body: bytes, *, lost: bool) -> None:
        repo: Repo | None = None
        if "id" in parts:
            kind = _KINDS[parts.get("kind") or "models"]
            repo = self.hub.repos.get((kind, parts["id"] or ""))
            if repo is None or (repo.private and self._token() is None):
                code = 404 if self._token() else 401
                return self._send(code, {"error": "not found"}, headers={"X-Error-Code": "RepoNotFound"})
        if step in ("create", "preupload", "commit", "tag", "batch", "put", "whoami") and step != "put":
            if self._token() is None:
                words = "Invalid username or password."
                return self._send(401, {"error": words}, headers={"X-Error-Message": words})
            if self._token() == READER and step != "whoami":
                words = "You don't have the rights to do this"
                return self._send(403, {"error": words}, headers={"X-Error-Message": words})
        status, answer, headers = getattr(self, f"_{step}")(repo, parts, body)
        if lost:
            return self._cut()
        self._send(status, answer, headers=headers)

    def _whoami(self, repo: None, parts: dict, body: bytes) -> tuple:
        return 200, {"type": "user", "name": "anna", "orgs": []}, {}

    def _create(self, repo: None, parts: dict, body: bytes) -> tuple:
        asked = json.loads(body)
        name = f"{asked.get('organization') or 'anna'}/{asked['name']}"
        kind = asked.get("type") or "model"
        url = f"{self.hub.url}/{'' if kind == 'model' else kind + 's/'}{name}"
        if (kind, name) in self.hub.repos:
            return 409, {"error": "You already created this repo", "url": url}, {}
        made = self.hub.repos[kind, name] = Repo(
            asked.get("visibility") == "private" or bool(asked.get("private"))
        )
        made.commit({".gitattributes": b"*.safetensors filter=lfs\n"}, "initial commit")
        return 200, {"url": url, "name": name, "id": name}, {}

    def _validate(self, repo: None, parts: dict, body: bytes) -> tuple:
        return 200, {"errors": [], "warnings": []}, {}

    def _preupload(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        files = []
        for file in json.loads(body)["files"]:
            path, now = file["path"], repo.files.get(file["path"])
            mode = "lfs" if path.endswith(_LFS) else "regular"
            oid = None if now is None else hashlib.sha256(now).hexdigest() if mode == "lfs" else _blob(now)
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return 200, {"files": files}, {}

    def _batch(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        objects = []
        for asked in json.loads(body)["objects"]:
            known = asked["oid"] in self.hub.blobs
            upload = {} if known else {"upload": {"href": f"{self.hub.url}/lfs/{asked['oid']}", "header": {}}}
            objects.append({**asked, **({"actions": upload} if upload else {})})
        return 200, {"transfer": "basic", "objects": objects}, {}

    def _put(self, repo: None, parts: dict, body: bytes) -> tuple:
        if hashlib.sha256(body).hexdigest() != parts["oid"]:
            return 400, {"error": "the upload is not complete"}, {}
        self.hub.blobs[parts["oid"]] = body
        return 200, {}, {}

    def _commit(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        files, message = dict(repo.files), ""
        for line in body.decode().splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                message = value["summary"]
                if value.get("parentCommit", repo.commits[-1][0]) != repo.commits[-1][0]:
                    return 412, {"error": "A commit has happened since. Please refresh and try again."}, {}
            elif entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                if value["oid"] not in self.hub.blobs:
                    return 400, {"error": f"lfs object {value['oid']} is missing"}, {}
                files[value["path"]] = self.hub.blobs[value["oid"]]
            else:
                assert entry["key"] == "deletedFile", entry
                del files[value["path"]]
        oid = repo.commit(files, message)
        return 200, {"commitOid": oid, "commitUrl": f"{self.hub.url}/{parts['id']}/commit/{oid}"}, {}

    def _tag(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        name, found = json.loads(body)["tag"], repo.find(parts["rev"])
        if name in repo.tags:
            return 409, {"error": "this tag exists"}, {}
        if found is None:
            return self._no_revision()
        repo.tags[name] = found[0]
        return 200, {}, {}

    def _refs(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.commits[-1][0]}
        tags = [{"name": t, "ref": f"refs/tags/{t}", "targetCommit": oid} for t, oid in repo.tags.items()]
        return 200, {"branches": [main], "converts": [], "tags": tags}, {}

    def _info(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        found = repo.find(parts["rev"] or "main")
        if found is None:
            return self._no_revision()
        files = [{"rfilename": path} for path in sorted(found[1])]
        tags = ["text-generation"] if parts["kind"] == "models" else []
        return 200, {"id": parts["id"], "sha": found[0], "siblings": files, "private": repo.private,
                     "tags": tags, "downloads": 0, "likes": 0}, {}  # fmt: skip

    def _tree(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        found = repo.find(parts["rev"])
        if found is None:
            return self._no_revision()
        folder = f"{parts['path']}/" if parts["path"] else ""
        deep = self.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        entries = {}
        for path, data in found[1].items():
            if not path.startswith(folder):
                continue
            names = path[len(folder) :].split("/")
            for depth in range(1, len(names)):
                inner = folder + "/".join(names[:depth])
                if deep or depth == 1:
                    entries[inner] = {
                        "type": "directory",
                        "path": inner,
                        "oid": _blob(inner.encode()),
                        "size": 0,
                    }
            if deep or len(names) == 1:
                entries[path] = _file(path, data)
        if folder and not entries:
            return 404, {"error": "no such folder"}, {"X-Error-Code": "EntryNotFound"}
        return 200, list(entries.values()), {}

    def _paths(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        found = repo.find(parts["rev"])
        if found is None:
            return self._no_revision()
        text = body.decode()
        wanted = json.loads(text)["paths"] if text.startswith("{") else urllib.parse.parse_qs(text)["paths"]
        return 200, [_file(path, found[1][path]) for path in wanted if path in found[1]], {}

    def _file(self, repo: Repo, parts: dict, body: bytes) -> tuple:
        found = repo.find(parts["rev"])
        if found is None:
            return self._no_revision()
        if parts["path"] not in found[1]:
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": found[0]}
            return 404, {"error": "no such file"}, headers
        data = found[1][parts["path"]]
        headers = {"X-Repo-Commit": found[0], "ETag": f'"{_blob(data)}"', "Accept-Ranges": "bytes"}
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part is None:
            return 200, data, headers
        first, last = int(part[1]), min(int(part[2] or len(data)), len(data) - 1)
        return 206, data[first : last + 1], {**headers, "Content-Range": f"bytes {first}-{last}/{len(data)}"}

    def _no_revision(self) -> tuple:
        return 404, {"error": "no such revision"}, {"X-Error-Code": "RevisionNotFound"}

    def _token(self) -> str | None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return token if token in (WRITER, READER) else None

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        read = b""
        while size := int(self.rfile.readline(), 16):
            read += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return read

    def _send(self, status: int, answer: object, *, headers: dict[str, str] | None = None) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _blob(data: bytes) -> str:
    """git's name for a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _file(path: str, data: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": path, "oid": _blob(data), "size": len(data)}
    if path.endswith(_LFS):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry
