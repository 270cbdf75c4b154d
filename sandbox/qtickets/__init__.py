"""Stand-in of the organizer's QTickets REST API: documents as captured, and the behaviour around them.

Only what a loader reads: orders and events. Traps kept: unknown parameters and a JSON string in the query are
ignored with status 200, a wrong token is 403, an unknown route is HTML, and 503 may be the fault of the question.
"""

from sandbox.qtickets.api import QticketsApi
from sandbox.qtickets.switches import SANDBOX_TOKEN, Switches

__all__ = ["SANDBOX_TOKEN", "QticketsApi", "Switches"]
