"""Writes settings into the token file of an account: their lines alone, and so that nobody else can read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dotenv import set_key

from tasks.errors import SettingsError
from tasks.exposure import make_private, remedy


def write(file: Path, values: Mapping[str, str]) -> None:
    """Replaces the file as a whole for each, so that a load never reads a half; a link stays a link. Raises
    SettingsError."""
    try:
        make_private(file.resolve().parent)
        if file.exists():
            file.chmod(0o600)
        for name, value in values.items():
            set_key(file, name, value, quote_mode="never", follow_symlinks=True)
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}.{remedy(error)}") from None
