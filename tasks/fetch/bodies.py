"""The body of a reply, read as a stream and only so far: what a server sends need have no end.

Knows one encoding, gzip, since one is all that is asked for: of several upon each other, or of brotli, 64 KB hold
gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from tasks.fetch.decode import TooLarge

ENCODING = "gzip"
MOST = 16 * 2**20
"""Bytes of a reply, unpacked. A page of JSON has some hundred KB; a page of full orders may have some MB."""
_MOST_OF_A_REFUSAL = 64 * 2**10
"""What is read of it: all that is wanted is a code and whose words they are."""


def limited(most: int) -> Callable[[httpx.Response], Awaitable[None]]:
    """A hook for httpx that sees each reply before its body is read, also that of a login or a redirect.

    More than `most` bytes of data raise TooLarge, as packed and as unpacked; a refusal ends at its limit.
    """

    async def limit(reply: httpx.Response) -> None:
        assert isinstance(reply.stream, httpx.AsyncByteStream)
        is_packed = ENCODING in reply.headers.pop("Content-Encoding", "").lower()
        of_data = reply.is_success
        reply.stream = _Body(
            reply.stream, is_packed, most if of_data else _MOST_OF_A_REFUSAL, must_be_whole=of_data
        )

    return limit


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, is_packed: bool, most: int, *, must_be_whole: bool) -> None:
        self._stream, self._most, self._must_be_whole = stream, most, must_be_whole
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if is_packed else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        came = given = 0
        async for chunk in self._stream:
            came += len(chunk)
            part = self._unpacked(chunk, self._most - given + 1)
            given += len(part)
            is_over = max(came, given) > self._most
            if is_over and self._must_be_whole:
                raise TooLarge(f"more than {self._most // 2**20} MB")
            yield part
            if is_over:
                return

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _unpacked(self, chunk: bytes, most: int) -> bytes:
        if self._unpacker is None:
            return chunk
        if self._unpacker.eof:
            return b""  # The unpacker itself would keep all that follows.
        try:
            return self._unpacker.decompress(chunk, most)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None
