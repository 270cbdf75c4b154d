"""Tables of HTTP statuses and exceptions of httpx: words for the message, number of tries, hint. Sends nothing."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from urllib.request import getproxies, proxy_bypass

import httpx

from tasks.fetch.decode import text_of_bytes


class Tries(Enum):
    ONCE = "no retry can mend it"
    FEW = "three at most"
    ALL = "as many as the settings allow"


@dataclass(frozen=True)
class Trouble:
    """A failed request. `words` name the failure, `hint` says what to do. `of_settings`: the address or a header is
    wrong. `of_form`: the same request may get through in another form."""

    tries: Tries
    words: str = ""
    hint: str = ""
    of_settings: bool = False
    of_form: bool = False


# Statuses that mean the same from the API and from a server in between. `{setting}` is the base URL's name.
_STATUSES = {
    404: Trouble(Tries.ONCE, hint="Nothing is at that address: check {setting}."),
    405: Trouble(Tries.ONCE, hint="That address takes no such request: check {setting}.", of_form=True),
    407: Trouble(
        Tries.ONCE,
        hint="A proxy wants a name and a password: set HTTPS_PROXY=http://name:password@host:port.",
    ),
    408: Trouble(Tries.ALL),
    411: Trouble(Tries.ONCE, hint="A server in between does not take such a request.", of_form=True),
    413: Trouble(Tries.ONCE, hint="The request is longer than a server in between allows.", of_form=True),
    414: Trouble(Tries.ONCE, hint="The address is longer than a server in between allows.", of_form=True),
    421: Trouble(Tries.FEW),
    425: Trouble(Tries.ALL),
    429: Trouble(Tries.ALL),
    431: Trouble(Tries.ONCE, hint="The headers are longer than a server in between allows: check the token."),
    451: Trouble(
        Tries.ONCE,
        hint="Blocked for legal reasons, often by country or provider: run it from another network.",
    ),
    501: Trouble(Tries.ONCE, hint="A server in between does not know such a request.", of_form=True),
    # Some APIs also answer so to a request they cannot process, which more tries do not mend.
    503: Trouble(Tries.FEW),
    505: Trouble(Tries.ONCE, hint="A server in between speaks another HTTP: check HTTPS_PROXY and {setting}."),
    511: Trouble(Tries.ONCE, hint="This network asks for a login first: open any page in a browser on it."),
}
# Other statuses, by their first digit.
_CLASSES = {
    2: Trouble(Tries.FEW),
    3: Trouble(Tries.ONCE, hint="It names no new address: check {setting}."),
    4: Trouble(Tries.ONCE, hint="See the API's documentation."),
    5: Trouble(Tries.ALL),
}
IN_BETWEEN = Trouble(
    Tries.FEW,
    hint="That is not {title} speaking but a proxy, a firewall or a guard in front of it, and says nothing of the "
    "token. If it lasts, ask who runs this machine's network, then {title}'s support whether they block it.",
    of_form=True,
)
_IN_BETWEEN_TOO = {405, 411}
PAGE = "a page instead of data"


def of_status(status: int, is_own: bool) -> Trouble:
    """`is_own`: the body is an error of the API itself, not of a server in between."""
    if not is_own and status // 100 == 4 and (status not in _STATUSES or status in _IN_BETWEEN_TOO):  # noqa: PLR2004
        return IN_BETWEEN
    of_class = _CLASSES.get(status // 100, Trouble(Tries.FEW))  # 600 and more exist in the wild
    trouble = _STATUSES.get(status, of_class)
    # The hints of the table are about servers in between.
    return replace(trouble, hint=of_class.hint) if is_own and trouble.tries is Tries.ONCE else trouble


def body_of(reply: httpx.Response) -> str:
    """The kind of the body, without its content."""
    begins = text_of_bytes(reply.content[:512]).strip()
    if not begins:
        return "an empty body"
    if begins.startswith("<") or "html" in reply.headers.get("Content-Type", ""):
        return PAGE
    return "a body that is not the API's own"


# --- exceptions ---

_ERRNOS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ENETUNREACH: "no network, or no way to that address",
    errno.ENETDOWN: "no network",
    errno.EHOSTUNREACH: "no way to that address",
    errno.EADDRNOTAVAIL: "no way to that address",
    errno.ETIMEDOUT: "no connection in time",
    errno.EMFILE: "too many open files on this machine",
    errno.ENFILE: "too many open files on this machine",
    errno.EACCES: "this machine does not allow the connection",
    errno.EPERM: "this machine does not allow the connection",
}
_CERTIFICATE = (
    "Check this machine's clock, its list of certificates (SSL_CERT_FILE), and whether a proxy opens the traffic."
)


# By type, the first that matches; `{reached}` is the host, or the proxy before it.
_TYPES: tuple[tuple[tuple[type[Exception], ...], Trouble], ...] = (
    ((httpx.ConnectTimeout,), Trouble(Tries.ALL, "no connection to {reached} within {allowed.connect:g} s")),
    (
        (httpx.PoolTimeout,),
        Trouble(Tries.ALL, "no free connection within {allowed.pool:g} s: earlier requests hang"),
    ),
    ((httpx.WriteTimeout,), Trouble(Tries.ALL, "{host} did not take the request within {allowed.write:g} s")),
    ((httpx.TimeoutException,), Trouble(Tries.ALL, "no answer within {allowed.read:g} s")),
    ((httpx.DecodingError,), Trouble(Tries.FEW, "a damaged compressed body")),
    (
        # The base URL was checked before, so this is the target of a redirect: httpx parses it and does not follow.
        (httpx.UnsupportedProtocol, httpx.InvalidURL),
        Trouble(Tries.ONCE, "a redirect to no address", "Check {setting}."),
    ),
    (
        (httpx.LocalProtocolError, UnicodeError),
        Trouble(Tries.ONCE, of_settings=True),
    ),
)
# The same, used where no cause of the exception says more.
_TYPES_WITHOUT_CAUSE: tuple[tuple[tuple[type[Exception], ...], Trouble], ...] = (
    ((httpx.ConnectError,), Trouble(Tries.ALL, "{reached} cannot be reached (no reason given)")),
    ((httpx.RemoteProtocolError,), Trouble(Tries.ALL, "{host} sent what is not HTTP")),
    ((httpx.TransportError, OSError), Trouble(Tries.ALL, "{host} broke off the connection")),
)


def of_exception(error: Exception, url: httpx.URL, timeout: httpx.Timeout) -> Trouble:
    """The failure behind an exception that httpx raised while it built or sent a request to `url`."""
    host, reached = url.host, _reached(url)
    trouble = (
        _match(_TYPES, error)
        or _of_proxy(error)
        or _of_causes(error)
        or _of_protocol(error)
        or _match(_TYPES_WITHOUT_CAUSE, error)
        or Trouble(Tries.ONCE, f"the HTTP client failed ({type(error).__name__})")
    )
    return replace(trouble, words=trouble.words.format(host=host, reached=reached, allowed=timeout))


def _match(table: tuple[tuple[tuple[type[Exception], ...], Trouble], ...], error: Exception) -> Trouble | None:
    return next((trouble for kinds, trouble in table if isinstance(error, kinds)), None)


def _retried(words: str) -> Trouble:
    return Trouble(Tries.ALL, words)


def _of_protocol(error: Exception) -> Trouble | None:
    """httpx raises RemoteProtocolError also for a bad redirect and a closed connection."""
    text = str(error) if isinstance(error, httpx.RemoteProtocolError) else ""
    if "location header" in text:
        return Trouble(Tries.ONCE, "a redirect to no address", "Check {setting}.")
    return (
        _retried("{host} broke off the connection") if re.search("disconnected|closed connection", text) else None
    )


def _of_causes(error: Exception) -> Trouble | None:
    """httpx wraps the exception of the socket or of TLS, often more than once."""
    return next((trouble for cause in _causes(error) if (trouble := _of_cause(cause))), None)


_TLS_ENDS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def _of_cause(cause: BaseException) -> Trouble | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Trouble(
            Tries.ONCE, f"the certificate of {{host}} is refused ({_plain(cause.verify_message)})", _CERTIFICATE
        )
    if isinstance(cause, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, *_TLS_ENDS)):
        return _retried("{host} broke off the connection")
    if isinstance(cause, ssl.SSLError):
        reason = _plain((getattr(cause, "reason", None) or "no reason given").lower().replace("_", " "))
        hint = "Check the scheme and port in {setting}, and HTTPS_PROXY."
        return Trouble(Tries.ONCE, f"{{host}} and this machine agree on no TLS ({reason})", hint)
    if isinstance(cause, socket.gaierror):
        kind = "the name server does not answer" if cause.errno == socket.EAI_AGAIN else "no such name"
        return _retried(f"{{reached}} cannot be reached (unknown host: {kind})")
    if isinstance(cause, OSError) and cause.errno in _ERRNOS:
        return _retried(f"{{reached}} cannot be reached ({_ERRNOS[cause.errno]})")
    return None


def _plain(words: str) -> str:
    """Words of OpenSSL without braces: `format` is applied to them later."""
    return words.replace("{", "(").replace("}", ")")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The innermost first. A host with several addresses fails with a group of exceptions."""
    if error is None:
        return
    for inner in (*getattr(error, "exceptions", ()), error.__cause__ or error.__context__):
        yield from _causes(inner)
    yield error


def _of_proxy(error: Exception) -> Trouble | None:
    """The text of a ProxyError begins with the proxy's status; the rest is its own text and is not shown."""
    if not isinstance(error, httpx.ProxyError):
        return None
    status = str(error)[:3]
    shown = f" (HTTP {status})" if status.isdecimal() else ""
    if status == "407":
        return Trouble(Tries.ONCE, f"the proxy (HTTPS_PROXY) let nothing through{shown}", _STATUSES[407].hint)
    hint = "Check HTTPS_PROXY, and NO_PROXY for hosts that need none."
    return Trouble(Tries.FEW, f"the proxy (HTTPS_PROXY) does not connect to {{host}}{shown}", hint)


def _reached(url: httpx.URL) -> str:
    """The host, or the proxy before it: with one, it is the proxy that cannot be reached."""
    proxies = getproxies()
    is_behind = (proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(url.host)
    return f"the proxy (HTTPS_PROXY) before {url.host}" if is_behind else url.host
