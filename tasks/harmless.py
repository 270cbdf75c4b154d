"""Text of buyers, APIs and servers made harmless where people see it: chats, Markdown, terminals, spreadsheets.

One function a kind of place. What is stored stays as it came. A character that would do something is replaced by
one that looks like it, so no text of a chat grows. JSON keeps each value, with escapes for what cannot be seen.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

LONGEST = 2_000
"""Characters of one text in Markdown or a terminal."""
LONGEST_VALUE = 300
"""Characters of one value in a table."""

_PICTURES = {chr(code): chr(0x2400 + code) for code in range(32)} | {"\x7f": "\N{SYMBOL FOR DELETE}"}
_OWN_FILES = r"(?P<own>(?<![\w/])secrets/\.env\.(?:qtickets|vk|direct|alerts)(?!\.?\w))"
"""Which a message names to be typed: with another character for a dot it would be another file. A host may end in
`.direct`, but whoever sends such a text can say no more than this name."""
_DOTS = re.compile(_OWN_FILES + r"|(?<=[\w-])[.。．｡](?=[^\W\d_])|(?i:www)[.。．｡]|\d+(?:\.\d+){3,}")
"""Of what may be the name of a host, and of its number."""
_UNLINKED = str.maketrans({"@": "＠", "<": "‹", ">": "›"})
_CHAT = str.maketrans({"`": "'", "*": "∗", "|": "¦", "~": "∼", "\\": "∖", "#": "＃"})
_CHAT_AMID: tuple[tuple[re.Pattern[str], str], ...] = (
    # A command of a Telegram bot; a path goes on behind its first word.
    (re.compile(r"(?<![\w/])/(?=\w+(?![\w/]))"), "∕"),
    # The end of a link's text.
    (re.compile(r"\](?=[(\[:])"), "］"),
    # A placeholder of a Prefect block, which might be replaced by a secret.
    (re.compile(r"\{(?=[{%#])|(?<=\{)\{"), "｛"),
    # Emphasis; within a word an underscore means nothing.
    (re.compile(r"(?<![^\W_])_|_(?![^\W_])"), "＿"),
)
_MARKDOWN = re.compile(r"[\\`*_\[\]#|~]|^[-+=]")


def for_terminal(text: str, longest: int = LONGEST) -> str:
    """One line without anything that moves the cursor, colours, links, or reorders the text beside it."""
    return _cut(_visible(text), longest)


def whole_for_terminal(text: str) -> str:
    """All of it, in its own lines."""
    return "\n".join(for_terminal(line, len(line)) for line in text.split("\n"))


def for_chat(text: str) -> str:
    """One line without a link, mention or markup for Telegram, Slack, Mattermost, Discord or e-mail: which of them
    shows it is not known, nor whether as plain text, Markdown or HTML. Own words may pass through it too."""
    text = _unlinked(text).translate(_CHAT)
    for pattern, replacement in _CHAT_AMID:
        text = pattern.sub(replacement, text)
    return text


def for_markdown(text: str, longest: int = LONGEST) -> str:
    """One line whose characters mean themselves. Links are broken besides: Prefect's page looks for addresses in
    what is left when the escapes are gone."""
    text = _MARKDOWN.sub(r"\\\g<0>", _unlinked(_cut(text, longest)).strip())
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", text)


def for_spreadsheet(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula, also behind a character at which some
    other spreadsheet, or the same one in another country, begins a new cell. Plain numbers stay."""
    guarded = "".join(_not_a_formula(part) for part in re.split(r"([;\t\r\n])", text))
    return f"'{guarded}" if text[:1] in ("\t", "\r") else guarded


def json_line(value: object, default: Callable[[Any], Any] = str) -> str:
    """On one line, exact and printable: what a terminal would act on, or not show, is an escape."""
    text = json.dumps(value, ensure_ascii=False, default=default)
    return text if text.isprintable() else "".join(c if _is_seen(c) else _escape(c) for c in text)


def _escape(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def _visible(text: str) -> str:
    return text if text.isprintable() else "".join(c if _is_seen(c) else _picture(c) for c in text)


def _is_seen(character: str) -> bool:
    """All but controls, changes of direction, zero widths, half surrogates, line separators and the unassigned."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _picture(character: str) -> str:
    return " " if character.isspace() else _PICTURES.get(character, "\N{REPLACEMENT CHARACTER}")


def _unlinked(text: str) -> str:
    text = _visible(text).translate(_UNLINKED).replace("://", ":∕∕")
    text = re.sub(r"&(?=[#\w])", "＆", text)  # An entity would become the very character.
    return _DOTS.sub(lambda found: found["own"] or re.sub("[.。．｡]", "․", found[0]), text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


_NUMBER = re.compile(r"[-+]?(\d+([.,]\d+)?|[.,]\d+)([eE][-+]?\d+)?%?|[-+]?(inf|nan)")
_FORMULA = "=+-@\N{MINUS SIGN}"
_QUOTES = "\"'`“”„«»‘’"


def _not_a_formula(part: str) -> str:
    """Blanks and quotes before it, or a wider form of its first character, do not hide a formula."""
    head = next((c for c in part if _is_seen(c) and not c.isspace() and c not in _QUOTES), "")
    is_formula = unicodedata.normalize("NFKC", head)[:1] in tuple(_FORMULA) and not _NUMBER.fullmatch(part.strip())
    return f"'{part}" if is_formula else part
