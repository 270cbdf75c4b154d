"""The warehouse of a test, see `engines.py`."""

from tests.tasks.load.engines import _no_flow_run, client, server_settings, settings

__all__ = ["_no_flow_run", "client", "server_settings", "settings"]
