"""Redirects: followed within one origin; to another host the error names the setting to change. The token never
goes to another host."""

from __future__ import annotations

import httpx

from tasks.errors import SourceError

MOST = 3
"""Redirects of one request."""
_KEEP_THE_REQUEST = (307, 308)


def target_of(reply: httpx.Response) -> httpx.URL | None:
    """The URL in Location; None without one or where it is not a URL."""
    if not reply.has_redirect_location:
        return None
    try:
        return reply.request.url.join(reply.headers["Location"])
    except (httpx.InvalidURL, ValueError):
        return None


def to_follow(reply: httpx.Response) -> httpx.URL | None:
    """The target if it has the same scheme, host and port and the same request may be repeated there."""
    target = target_of(reply)
    if target is None or target.userinfo or _origin(target) != _origin(reply.request.url):
        return None
    return target if reply.request.method == "GET" or reply.status_code in _KEEP_THE_REQUEST else None


def moved(title: str, setting: str, base: httpx.URL, hosts: tuple[str, ...], reply: httpx.Response) -> SourceError:
    """The error of a redirect that is not followed. `hosts`: other known hosts of the API. Only host and path of
    the target are shown: its query may hold a token."""
    target = target_of(reply)
    here = reply.request.url
    if target is None or not target.host:
        return SourceError(
            f"{title} answered with HTTP {reply.status_code}, a redirect to no address. Check {setting}."
        )
    there = _text(target)[:100]
    if _origin(target) == _origin(here):
        return SourceError(f"{title} redirects within {here.host} without end, last to {there}. Check {setting}.")
    if here.scheme == "https" and target.scheme != "https":
        return SourceError(
            f"{title} answered with a redirect to {there}, which is not encrypted, so the token did not go there. "
            f"Check {setting}."
        )
    new_url = _moved_base(base, here, target, hosts)
    if new_url is None:
        return SourceError(
            f"{title} answered with a redirect to {there}, and the token did not go there. It may be a login page "
            f"of this network; where {title} has moved, put its new address into {setting}.",
            transient=True,
        )
    is_known = target.host in (*hosts, here.host)
    unless = "" if is_known else f", if the documentation of {title} names that host; the token did not go there"
    return SourceError(
        f"{title} has moved: {here.host} answers with a redirect to {target.host}. Set {setting}={new_url}{unless}."
    )


def _moved_base(base: httpx.URL, here: httpx.URL, target: httpx.URL, hosts: tuple[str, ...]) -> str | None:
    """The base URL at the new host; None unless the path is the same below it or the host is known."""
    root = base.path.rstrip("/")
    called = here.path.removeprefix(root)
    if target.path.rstrip("/").endswith(called.rstrip("/")):
        root = target.path.rstrip("/").removesuffix(called.rstrip("/"))
    elif target.host not in hosts:
        return None
    return f"{target.scheme}://{target.netloc.decode()}{root}"


def _text(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}{url.path}"


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
