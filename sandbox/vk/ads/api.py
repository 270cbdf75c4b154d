"""The application: routes of today's VK Ads API over one advertiser's account."""

from __future__ import annotations

import time
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from sandbox.faults import Faults
from sandbox.misbehave import Misbehave
from sandbox.recorder import Recorded, Recorder, Request
from sandbox.vk.ads import faults as page_faults
from sandbox.vk.ads import oauth
from sandbox.vk.ads.errors import fault_body
from sandbox.vk.ads.handlers import Handlers
from sandbox.vk.ads.parameters import Parameters
from sandbox.vk.ads.switches import Switches
from sandbox.vk.ads.tokens import Tokens
from sandbox.vk.cabinet import Cabinet
from sandbox.vk.credentials import VK_CLIENT_ID, VK_CLIENT_SECRET
from sandbox.vk.throttle import DAY, HOUR, SECOND, Clock, Throttle
from sandbox.vk.wire import Document
from sandbox.world import World

# The vendor names no numbers; these were seen in the tests of clients.
_LIMITS = {SECOND: 20, HOUR: 5000, DAY: 50_000}
_SECRETS = ("client_secret", "refresh_token", "access_token")


class VkAdsApi(Recorded):
    """ASGI application over a cabinet, which it may share with the legacy API.

    ``requests`` grows with every request, ``faults`` makes requests fail, ``switches`` may be flipped at any time,
    ``tokens`` expire or are revoked on demand, ``throttle.limits`` are the rate limits of every method.
    """

    mount = "/vk"

    def __init__(self, cabinet: Cabinet, switches: Switches | None = None, *, clock: Clock = time.time) -> None:
        self.cabinet = cabinet
        self.switches = switches or Switches()
        self.tokens = Tokens(VK_CLIENT_ID, VK_CLIENT_SECRET, clock)
        self.throttle = Throttle(dict(_LIMITS), clock)
        self.faults = Faults()
        app = Starlette(**Handlers(self).routing(), middleware=[Middleware(GZipMiddleware, compresslevel=1)])
        layer = Misbehave(
            app,
            self.faults,
            page_faults.PAGE_EDITS,
            fault_body,
            lambda fault, request: page_faults.change_before(fault, request, self.cabinet),
        )
        self._recorder = Recorder(layer, _parameters)

    @classmethod
    def of(cls, world: World, switches: Switches | None = None, *, oddities: bool = False) -> VkAdsApi:
        """The API over a generated world."""
        return cls(Cabinet.of(world, oddities=oddities), switches)

    @property
    def writes(self) -> list[Request]:
        """Those that would have changed the account: a loader leaves this empty."""
        reads = ("GET", "HEAD")
        return [one for one in self.requests if one.method not in reads and "/oauth2/" not in one.path]

    def throttling(self) -> Document:
        """Limits of every method called so far, as the vendor's own endpoint words them."""
        found: Document = {}
        for name, version in self.throttle.called():
            left = self.throttle.remaining((name, version))
            read = {
                "remaining": {str(window): count for window, count in left.items()},
                "limits": {str(window): count for window, count in self.throttle.limits.items()},
            }
            found.setdefault(name.replace("_", "").upper(), {})[version] = {"READ": read}
        return found


def _parameters(request: Request) -> dict[str, Any]:
    form = oauth.form_of(request) if request.method == "POST" else Parameters(request.query).plain()
    return {name: value for name, value in form.items() if name not in _SECRETS}
