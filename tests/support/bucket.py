"""A bucket over HTTP, as far as backups and the landing area use S3: whole objects put, read, listed, deleted.

It holds everything in memory, asks for the right key and does not prove the signature.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.receiver import serving

NAME = "zakaz-backups"
KEY = "bucket-key-4711"
SECRET = "bucket/secret+never-shown"


@dataclass
class Bucket:
    """`objects` by path, without the bucket's name."""

    endpoint: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A bucket that is served meanwhile, path-style: endpoint/bucket/object."""
    held = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": held}))
    held.endpoint = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield held


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, *_: object) -> None:
        pass

    def _object(self) -> str | None:
        """The object's path; None where the key or the bucket is not the right one, which is answered here."""
        _, of, name = f"{unquote(urlsplit(self.path).path)}/".partition(f"/{NAME}/")
        if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            self._answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif not of:
            words = "The specified bucket does not exist"
            self._answer(404, f"<Error><Code>NoSuchBucket</Code><Message>{words}</Message></Error>")
        else:
            return name.rstrip("/")
        return None

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if (name := self._object()) is not None:
            self.bucket.objects[name] = body
            self._answer(200)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if (name := self._object()) is None:
            return
        query = parse_qs(urlsplit(self.path).query)
        if not name:
            self._list(query.get("prefix", [""])[0], query.get("delimiter", [""])[0])
        elif name not in self.bucket.objects:
            self._answer(404, "<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>")
        else:
            self._answer(200, self.bucket.objects[name])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self._object() is not None:
            for name in re.findall(r"<Key>(.*?)</Key>", body):
                self.bucket.objects.pop(name, None)
            self._answer(200, "<DeleteResult/>")

    def do_DELETE(self) -> None:
        if (name := self._object()) is not None:
            self.bucket.objects.pop(name, None)
            self._answer(204)

    def _list(self, prefix: str, delimiter: str) -> None:
        """Objects below `prefix`; with a delimiter those beyond the next one are told as one folder."""
        items, folders = [], set()
        for name, body in sorted(self.bucket.objects.items()):
            rest = name.removeprefix(prefix)
            if not name.startswith(prefix):
                continue
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            else:
                items.append(
                    f"<Contents><Key>{escape(name)}</Key><Size>{len(body)}</Size>"
                    "<LastModified>2026-07-01T12:00:00.000Z</LastModified><ETag>0</ETag></Contents>"
                )
        items += [f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders)]
        head = f"<Name>{NAME}</Name><KeyCount>{len(items)}</KeyCount><IsTruncated>false</IsTruncated>"
        self._answer(200, f"<ListBucketResult>{head}{''.join(items)}</ListBucketResult>")

    def _answer(self, status: int, body: bytes | str = b"") -> None:
        """Text is XML."""
        sent = body if isinstance(body, bytes) else f'<?xml version="1.0"?>{body}'.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("ETag", '"0"')
        self.send_header("Content-Type", "application/xml")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)
