"""The body of a reply, read as a stream up to a limit: a server may send without end.

Accepts one encoding, gzip, and unpacks it once: 64 KB of several layers, or of brotli, can hold gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from tasks.fetch.decode import TooLarge

ENCODING = "gzip"
MOST = 16 * 2**20
"""Bytes of a reply, unpacked. A page of JSON has some hundred KB; a page of full orders may have some MB."""
_MOST_OF_ERROR = 64 * 2**10
"""Bytes read of a refusal: its error code is all that is needed."""


def limited(most: int) -> Callable[[httpx.Response], Awaitable[None]]:
    """A hook for httpx that limits the body of each reply, also of a login or a redirect.

    Data longer than `most` bytes, packed or unpacked, raises TooLarge; an error body is cut at its own limit.
    """

    async def limit(reply: httpx.Response) -> None:
        assert isinstance(reply.stream, httpx.AsyncByteStream)
        is_packed = ENCODING in reply.headers.pop("Content-Encoding", "").lower()
        has_data = reply.is_success
        reply.stream = _Body(reply.stream, is_packed, most if has_data else _MOST_OF_ERROR, must_be_whole=has_data)

    return limit


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, is_packed: bool, most: int, *, must_be_whole: bool) -> None:
        self._stream, self._most, self._must_be_whole = stream, most, must_be_whole
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if is_packed else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = unpacked = 0
        async for chunk in self._stream:
            received += len(chunk)
            part = self._unpack(chunk, self._most - unpacked + 1)
            unpacked += len(part)
            is_over = max(received, unpacked) > self._most
            if is_over and self._must_be_whole:
                raise TooLarge(f"more than {self._most // 2**20} MB")
            yield part
            if is_over:
                return

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _unpack(self, chunk: bytes, most: int) -> bytes:
        if self._unpacker is None:
            return chunk
        if self._unpacker.eof:
            return b""  # The unpacker itself would keep all that follows.
        try:
            return self._unpacker.decompress(chunk, most)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None
