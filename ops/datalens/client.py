"""DataLens's own SDK with our settings: what a call is tried again for, and what its errors mean, in a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import httpx
from datalens_sdk import (
    DataLensAPIError,
    DataLensClientYC,
    DataLensError,
    DataLensHTTPClient,
    DataLensTransportError,
    RetryPolicy,
    StaticYCIAMAuthProvider,
)

from tasks.errors import SourceError
from tasks.settings import Settings, require

_LONGEST = 300
"""Characters of an API's own words that a message quotes."""
_MEANINGS = {
    401: "it refuses the token. An IAM token lasts 12 hours: `yc iam create-token` gives a new DATALENS_TOKEN",
    403: "the token's user may not do that: are DATALENS_ORG and DATALENS_WORKBOOK right, may the user edit there?",
    404: "it is not there: are DATALENS_ORG and DATALENS_WORKBOOK right, may the token's user see it?",
    409: "something of that name has just been made there. Run this again",
    423: "somebody edits it in a browser. Let it be saved or closed there, and run this again",
    429: "it answers to nobody so often. Run this again a little later, it goes on where it ended",
}
_FAILED = "it fails by itself. Run this again a little later, it goes on where it ended"


class _Auth(httpx.Auth):
    def __init__(self, settings: Settings) -> None:
        self._provider = StaticYCIAMAuthProvider(
            org_id=require(settings, "DATALENS_ORG"), token=require(settings, "DATALENS_TOKEN")
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(self._provider.get_headers())
        yield request


class _Http(DataLensHTTPClient):
    """The SDK tries reads thrice within a second, and writes once. A write may be repeated here: an update is the
    same content again, and a name can be taken but once in a workbook."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            installation=DataLensClientYC.INSTALLATION,
            sdk_version=version("datalens-sdk"),
            base_url=settings.datalens_base_url,
            auth=_Auth(settings),
        )
        self._retries = RetryPolicy(
            total_timeout=settings.http_deadline,
            request_timeout=settings.http_timeout,
            max_attempts=settings.http_attempts,
            backoff_factor=settings.http_backoff,
            max_backoff=60,
        )

    def post_json(self, path: str, body: Mapping[str, object], **options: Any) -> object | None:
        return super().post_json(path, body, **options | {"retry_policy": self._retries})


@contextmanager
def connected(settings: Settings) -> Iterator[DataLensClientYC]:
    """Raises SettingsError where one is missing, SourceError for whatever the SDK raises within."""
    # It logs each failure on its own, bodies of replies included.
    logging.getLogger("datalens_sdk").addHandler(logging.NullHandler())
    logging.getLogger("datalens_sdk").propagate = False
    with _Http(settings) as http:
        try:
            yield DataLensClientYC(http_client=http)
        except DataLensError as error:
            secrets = (require(settings, name) for name in ("DATALENS_TOKEN", "DATALENS_PASSWORD"))
            raise _in_words(error, *secrets) from None


def _in_words(error: DataLensError, *secrets: str) -> SourceError:
    if isinstance(error, DataLensTransportError):
        return SourceError(f"DataLens cannot be reached: {error.reason}.", transient=True)
    said = error.context.message if isinstance(error, DataLensAPIError) else str(error)
    for secret in secrets:
        said = said.replace(secret, "…")
    said = " ".join(said.split())[:_LONGEST]
    if not isinstance(error, DataLensAPIError):
        return SourceError(f"DataLens's SDK refuses: {said}")
    asked, status = error.context, error.context.status_code
    what = (asked.request_url or "").rpartition("/")[2]
    meaning = _MEANINGS.get(status, _FAILED if status >= 500 else "")  # noqa: PLR2004 - of HTTP
    words = f"; {meaning}" if meaning else ""
    number = f", request {asked.request_id}" if asked.request_id else ""
    return SourceError(
        f"DataLens answered {what} with {status}{words} ({asked.code or 'no code'}{number}: {said}).",
        transient=status == 429 or status >= 500,  # noqa: PLR2004 - of HTTP
    )


class _Drafted(Exception):
    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body


class _Paper:
    """Sends nothing, and raises what it would have sent."""

    def post_json(self, *sent: Any, **_options: Any) -> object | None:
        raise _Drafted(sent[1])

    def post_json_object(self, *sent: Any, **_options: Any) -> dict[str, object]:
        raise _Drafted(sent[1])


def drafted(build: Callable[[DataLensClientYC], object]) -> dict[str, Any]:
    """Content of the entry that `build` would create. The SDK's updates change an entry bit by bit and cannot take
    everything back; its `raw.replace` takes a whole one."""
    try:
        build(DataLensClientYC(http_client=_Paper()))
    except _Drafted as draft:
        entry = draft.body.get("entry", draft.body)
        return {name: entry[name] for name in ("data", "meta", "annotation") if name in entry}
    raise AssertionError("nothing was built")
