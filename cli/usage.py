"""What a command line that cannot be read is told, in the reader's language. Typer tells it in pydantic's words."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError
from typer.exceptions import TyperException

from tasks.translation import marked, retold, said

_OF_TYPER = marked(
    "No such command '{name}'.",
    "No such command '{name}'. Did you mean '{near}'?",
    "Got unexpected extra argument(s) ({words})",
    "Option '{name}' requires an argument.",
)
"""These are plain enough."""


def in_words(error: TyperException, language: str) -> str:
    """What is wrong, and where to look."""
    context = getattr(error, "ctx", None)
    words = _of_value(error, language) or _of_name(error, language) or retold(error.format_message(), language)
    words = words if words.endswith((".", "?")) else f"{words}."
    command = context.command_path if context else "zakaz"
    return f"{words} {said('Try `{command} --help`.', language, command=command)}"


def _of_value(error: TyperException, language: str) -> str:
    """Of a value that an option or argument does not take; else empty."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return ""
    first = cause.errors()[0]
    kind, limits = first["type"], first.get("ctx", {})
    values: dict[str, Any] = {"name": _name(error), "value": first["input"]}
    if kind in ("int_parsing", "int_from_float", "float_parsing"):
        values["example"] = "0.5" if kind == "float_parsing" else "7"
        return said("{value} is no number. Write it like {name} {example}", language, **values)
    if kind == "less_than_equal":
        return said("{name} must be at most {most}, not {value}", language, most=limits["le"], **values)
    if kind == "greater_than_equal":
        return said("{name} must be at least {least}, not {value}", language, least=limits["ge"], **values)
    if choices := re.findall(r"'([^']*)'", first["msg"].partition(" is not one of ")[2]):
        return said("{name} cannot be {value}. There are {names}", language, names=", ".join(choices), **values)
    return ""


def _of_name(error: TyperException, language: str) -> str:
    """Of what is missing or not known; else empty."""
    if option := getattr(error, "option_name", "") if hasattr(error, "possibilities") else "":
        near = ", ".join(getattr(error, "possibilities", None) or ())
        if near:
            return said("There is no option {name}; did you mean {near}?", language, name=option, near=near)
        return said("There is no option {name}", language, name=option)
    text = error.format_message()
    if text.startswith("Missing command"):
        return said("A command is missing: {names}", language, names=", ".join(_commands(error)))
    if text.startswith("Missing "):
        return said("{name} is missing", language, name=_name(error))
    if gone := re.search(r"path '(.*)' does not exist", text):
        return said("There is no file {path}", language, path=gone[1])
    return ""


def _commands(error: TyperException) -> list[str]:
    """Of the group that was called without one of them."""
    context = getattr(error, "ctx", None)
    return context.command.list_commands(context) if context else []


def _name(error: TyperException) -> str:
    """`--days`, `SOURCE`."""
    found = re.search(r"'([^']*)'", error.format_message())
    return found[1] if found else ""
