"""A stand-in for the Hugging Face Hub on loopback: what its API does for upload and download."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """What was sent to it: repositories (private or not), files, tags, and the token of every call that writes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.repos: dict[str, bool] = {}
        self.files: dict[str, bytes] = {}
        self.tags: list[str] = []
        self.tokens: set[str | None] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Calls(BaseHTTPRequestHandler):
    server: Hub

    def _answer(self, body: Any, status: int = 200, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.tokens.add(self.headers.get("Authorization"))
        path = unquote(urlsplit(self.path).path)
        if path == "/api/repos/create":
            asked = json.loads(content)
            repo = f"{asked['organization']}/{asked['name']}"
            self.server.repos[repo] = asked.get("private", asked.get("visibility") == "private")
            self._answer({"url": f"{self.server.url}/{repo}"})
        elif path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif "/preupload/" in path:
            how = {"uploadMode": "regular", "shouldIgnore": False}
            self._answer({"files": [{"path": file["path"], **how} for file in json.loads(content)["files"]]})
        elif "/commit/" in path:
            for line in map(json.loads, content.splitlines()):
                if line["key"] == "file":
                    self.server.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            self._answer({"success": True, "commitOid": COMMIT, "commitUrl": f"{self.server.url}/a/b/commit/{COMMIT}"})
        elif "/tag/" in path:
            self.server.tags.append(json.loads(content)["tag"])
            self._answer({})
        else:
            self._answer({"error": path}, 404)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if "/resolve/" in path:
            file = path.split("/resolve/")[1].split("/", 1)[1]
            if file not in self.server.files:
                self._answer({"error": file}, 404, X_Error_Code="EntryNotFound")
                return
            content = self.server.files[file]
            self._answer(content, ETag=f'"{hashlib.sha1(content).hexdigest()}"', X_Repo_Commit=COMMIT)
        elif path.endswith("/refs"):
            refs = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": COMMIT} for tag in self.server.tags]
            self._answer({"branches": [], "converts": [], "tags": refs})
        elif "/tree/" in path:
            rows = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in self.server.files.items()
            ]
            self._answer(rows)
        elif path.startswith("/api/models/"):
            repo = "/".join(path.split("/")[3:5])
            self._answer({"id": repo, "sha": COMMIT, "siblings": [{"rfilename": name} for name in self.server.files]})
        else:
            self._answer({"error": path}, 404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@contextmanager
def fake_hub() -> Iterator[Hub]:
    """A hub that listens until the block ends."""
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()
