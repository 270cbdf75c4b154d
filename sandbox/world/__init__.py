"""The generated world behind the sandbox: ground truth for every figure a loader may report.

One timeline without beginning or end that depends on a seed; ``World`` is a view of it at one instant. Knows
nothing of HTTP, JSON or any vendor.
"""

from sandbox.world.programme import Ad, City, Event, Price, Show
from sandbox.world.sales import Basket, Buyer, Order
from sandbox.world.world import World

__all__ = ["Ad", "Basket", "Buyer", "City", "Event", "Order", "Price", "Show", "World"]
