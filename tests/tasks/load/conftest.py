"""Fixtures of a warehouse of a test's own; `client` of one that a module's tests share is in the folder above."""

from tests.tasks.load.engines import _no_flow_run, settings

__all__ = ["_no_flow_run", "settings"]
