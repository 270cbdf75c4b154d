"""Local stand-ins of the APIs that the loaders read, over real HTTP, fed by a generated world.

For demos and tests. Imports nothing of the product, so it cannot share the product's mistakes; and it is no
proof of how the vendors behave: what is unknown about them is a switch.
"""

from sandbox.qtickets import SANDBOX_TOKEN, QticketsApi, Switches
from sandbox.server import serve
from sandbox.world import World

__all__ = ["SANDBOX_TOKEN", "QticketsApi", "Switches", "World", "serve"]
