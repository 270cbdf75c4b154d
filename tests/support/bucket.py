"""A bucket over HTTP, as far as backups and the landing area use S3: whole objects put, read, listed, deleted.

It holds everything in memory, asks for the right key and does not prove the signature.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import fsspec

from tests.support.receiver import Silent, serving

NAME, KEY, SECRET = "zakaz-backups", "bucket-key-4711", "bucket/secret+never-shown"


@dataclass
class Bucket:
    """`objects` by path, without the bucket's name."""

    endpoint: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A bucket that is served meanwhile, path-style: endpoint/bucket/object."""
    fsspec.get_filesystem_class("s3").clear_instance_cache()  # Another test may have had no keys.
    held = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": held}))
    held.endpoint = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield held


class _Handler(Silent):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def _object(self) -> str | None:
        """The object's path; None where the key or the bucket is not the right one, which is answered here."""
        _, of, name = f"{unquote(urlsplit(self.path).path)}/".partition(f"/{NAME}/")
        if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            return self._refuse(403, "AccessDenied", "Access Denied")
        return name.rstrip("/") if of else self._refuse(404, "NoSuchBucket", "The specified bucket does not exist")

    def _refuse(self, status: int, code: str, words: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{words}</Message></Error>")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if (name := self._object()) is not None:
            self.bucket.objects[name] = body
            self._answer(200)

    def do_GET(self) -> None:
        if (name := self._object()) is None:
            return
        query = parse_qs(urlsplit(self.path).query)
        if not name:
            self._list(query.get("prefix", [""])[0], query.get("delimiter", [""])[0])
        elif name not in self.bucket.objects:
            self._refuse(404, "NoSuchKey", "There is none.")
        else:
            self._answer(200, self.bucket.objects[name])

    do_HEAD = do_GET

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
        items, folders, below = [], set(), "<LastModified>2026-07-01T12:00:00.000Z</LastModified><ETag>0</ETag>"
        for name in sorted(name for name in self.bucket.objects if name.startswith(prefix)):
            first, beyond, _ = name.removeprefix(prefix).partition(delimiter or "\0")
            size = f"<Size>{len(self.bucket.objects[name])}</Size>"
            if beyond:
                folders.add(prefix + first + delimiter)
            else:
                items.append(f"<Contents><Key>{escape(name)}</Key>{size}{below}</Contents>")
        items += [f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders)]
        head = f"<Name>{NAME}</Name><KeyCount>{len(items)}</KeyCount><IsTruncated>false</IsTruncated>"
        self._answer(200, f"<ListBucketResult>{head}{''.join(items)}</ListBucketResult>")

    def _answer(self, status: int, body: bytes | str = b"") -> None:
        """Text is XML."""
        sent = body if isinstance(body, bytes) else f'<?xml version="1.0"?>{body}'.encode()
        self.answer(status, sent, {"ETag": '"0"', "Content-Type": "application/xml"})
