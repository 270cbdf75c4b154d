"""One spelling of a login: case does not matter to Yandex, nor a dot for a hyphen."""

from __future__ import annotations

import polars as pl


def canonical_login(text: str) -> str:
    """Logins of Yandex ignore case and take a dot for a hyphen; the domain of a mail address keeps its dots."""
    name, at, domain = text.strip().lower().partition("@")
    return name.replace(".", "-") + at + domain


def canonical(login: pl.Expr) -> pl.Expr:
    """`canonical_login` of a column."""
    plain = login.str.strip_chars().str.to_lowercase()
    return plain.str.extract(r"^([^@]*)").str.replace_all(".", "-", literal=True) + plain.str.extract(
        r"^[^@]*(.*)$"
    )
