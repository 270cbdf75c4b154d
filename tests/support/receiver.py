"""A local HTTP endpoint that takes messages as a chat's webhook does, or refuses them."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Silent(BaseHTTPRequestHandler):
    """Says nothing of its requests."""

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fields_of(kind: str, body: bytes) -> dict[str, Any]:
    """Of a form with files, as Telegram takes pictures; else of JSON."""
    if not kind.startswith("multipart/"):
        return dict(json.loads(body))
    parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body).get_payload()
    told = {part.get_param("name", header="Content-Disposition"): part for part in parts}
    return {
        name: part.get_payload(decode=True) if part.get_filename() else part.get_payload(decode=True).decode()
        for name, part in told.items()
    }


class Receiver:
    def __init__(self) -> None:
        self.messages: list[str] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.reply = b""
        receiver = self

        class Handler(Silent):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.status == 200:
                    receiver.requests.append((self.path, fields_of(self.headers["Content-Type"], body)))
                    receiver.messages.append(receiver.requests[-1][1].get("text", ""))
                self.answer(receiver.status, receiver.reply)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"

    def wait_for(self, words: str, seconds: float) -> str:
        """The first message with these words, as soon as it is there."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := [message for message in self.messages if words in message]:
                return found[0]
            time.sleep(0.2)
        raise AssertionError(f"no message with {words!r} within {seconds:g} s, but {self.messages}")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
