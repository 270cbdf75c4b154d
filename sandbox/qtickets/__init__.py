"""Stand-in of the organizer's QTickets REST API: documents as captured, and the behaviour around them."""

from sandbox.qtickets.api import QticketsApi
from sandbox.qtickets.switches import SANDBOX_TOKEN, Switches

__all__ = ["SANDBOX_TOKEN", "QticketsApi", "Switches"]
