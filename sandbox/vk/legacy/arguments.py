"""The parameters of a legacy call, from the query and from a form, and how their values are written."""

from __future__ import annotations

import json
from email import message_from_bytes
from urllib.parse import parse_qsl

from sandbox.recorder import Request
from sandbox.vk.legacy import errors

Arguments = dict[str, str]


def arguments_of(request: Request) -> Arguments:
    """A body counts only as a form, urlencoded or multipart; JSON is not read."""
    found = dict(parse_qsl(request.query, keep_blank_values=True))
    kind = request.content_type.lower()
    if kind.startswith("application/x-www-form-urlencoded"):
        found.update(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        found.update(_multipart(request))
    return found


def id_list(arguments: Arguments, name: str) -> list[int] | None:
    """A JSON array of ids as text, ``[1,2]``; None where it is ``null`` or missing."""
    text = arguments.get(name, "null")
    try:
        value = json.loads(text or "null")
    except ValueError as error:
        raise errors.invalid(name) from error
    if value is None:
        return None
    if not isinstance(value, list) or not all(str(item).isdecimal() for item in value):
        raise errors.invalid(name)
    return [int(item) for item in value]


def comma_list(arguments: Arguments, name: str) -> list[int]:
    parts = [part.strip() for part in required(arguments, name).split(",")]
    if not all(part.isdecimal() for part in parts):
        raise errors.invalid(name)
    return list(dict.fromkeys(int(part) for part in parts))


def required(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not value:
        raise errors.missing(name)
    return value


def flag(arguments: Arguments, name: str) -> bool:
    return arguments.get(name, "0") in ("1", "true")


def number(arguments: Arguments, name: str, default: int) -> int:
    text = arguments.get(name) or str(default)
    if not text.isdecimal():
        raise errors.invalid(name)
    return int(text)


def _multipart(request: Request) -> Arguments:
    header = f"Content-Type: {request.content_type}\r\n\r\n".encode("latin-1")
    found: Arguments = {}
    for part in message_from_bytes(header + request.body).walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found[name] = payload.decode("utf-8", "replace")
    return found
