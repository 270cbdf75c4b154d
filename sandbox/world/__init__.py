"""The generated world behind the sandbox: ground truth for every figure a loader may report.

One timeline without beginning or end that depends on a seed; ``World`` is a view of it at one instant. Knows
nothing of HTTP, JSON or any vendor.
"""

from sandbox.world.ads import Ad
from sandbox.world.catalogue import Event, Show
from sandbox.world.sales import Basket, Order
from sandbox.world.world import World

__all__ = ["Ad", "Basket", "Event", "Order", "Show", "World"]
