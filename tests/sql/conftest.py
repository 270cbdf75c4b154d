"""The warehouse of a test, see `engines.py`."""

from tests.tasks.load.engines import client, server_settings, settings

__all__ = ["client", "server_settings", "settings"]
