"""A stand-in for the model hub on loopback: one repository, as much of its interface as fetching a snapshot needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVISION = "a" * 40


@contextmanager
def model_hub(repository: str, folder: Path) -> Iterator[str]:
    """Serve a folder as a repository, and every other one as missing; give the hub's address."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(with_body=True)

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def answer(self, *, with_body: bool) -> None:
            address, _, _ = self.path.partition("?")
            resolved = f"/{repository}/resolve/{REVISION}/"
            headers = {}
            if address == f"/api/models/{repository}/revision/main":
                siblings = [{"rfilename": name} for name in files]
                body = json.dumps({"id": repository, "sha": REVISION, "siblings": siblings}).encode()
            elif address == f"/api/models/{repository}/tree/{REVISION}":
                body = json.dumps(
                    [
                        {"type": "file", "path": name, "size": path.stat().st_size, "oid": digest_of(path)}
                        for name, path in files.items()
                    ]
                ).encode()
            elif address.startswith(resolved) and address.removeprefix(resolved) in files:
                path = files[address.removeprefix(resolved)]
                body = path.read_bytes()
                headers = {"ETag": f'"{digest_of(path)}"', "X-Repo-Commit": REVISION}
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def digest_of(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()
