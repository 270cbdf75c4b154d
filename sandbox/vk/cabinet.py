"""One advertiser's account: what opens it, what both APIs read, and what a test changes under a loader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import RLock

from sandbox.vk.from_world import Contents, contents
from sandbox.vk.objects import DELETED, NOTHING, Banner, Campaign, Figures, Group
from sandbox.vk.oddities import add_oddities
from sandbox.world import World
from sandbox.world.secrets import MARK

VK_CLIENT_ID = "sandboxVkClient"
VK_CLIENT_SECRET = f"sandbox-vk-secret-{MARK}"
VK_LEGACY_TOKEN = f"sandbox-vk-legacy-token-{MARK}"
VK_ACCOUNT_ID = 16040007
"""The advertiser's account, in both APIs."""

BANNERS, AD_GROUPS, AD_PLANS, USERS = "banners", "ad_groups", "ad_plans", "users"


class Cabinet:
    """Campaigns, groups, banners and their days, shared by the stand-ins that serve them.

    Change any of it only inside ``change()``, which keeps the servers out. ``today`` is the account's current
    Moscow day, and no clock moves it. Money is in ``currency``, and the world's figures are taken as they are.
    """

    def __init__(self, held: Contents, *, account_id: int = VK_ACCOUNT_ID, currency: str = "RUB") -> None:
        self.account_id = account_id
        self.currency = currency
        self.lock = RLock()
        self._hold(held)

    @classmethod
    def of(cls, world: World, *, oddities: bool = False) -> Cabinet:
        """The account of a generated world. ``oddities`` adds the ads of ``sandbox.vk.oddities``."""
        held = contents(world)
        if oddities:
            add_oddities(held)
        return cls(held)

    def show(self, world: World) -> None:
        """Become another view, e.g. the same world at a later instant, which restates the last days."""
        held = contents(world)
        with self.change():
            self._hold(held)

    @property
    def username(self) -> str:
        return f"{self.account_id}@vk"

    def is_named(self, form: dict[str, str]) -> bool:
        """Whether an agency asks for a token of this account."""
        by_name, by_id = form.get("agency_client_name"), form.get("agency_client_id")
        return by_name == self.username or by_id == str(self.account_id)

    def _hold(self, held: Contents) -> None:
        self.today: date = held.today
        self.campaigns: dict[int, Campaign] = held.campaigns
        self.groups: dict[int, Group] = held.groups
        self.banners: dict[int, Banner] = held.banners
        self.days: dict[int, dict[date, Figures]] = held.days

    @contextmanager
    def change(self) -> Iterator[Cabinet]:
        with self.lock:
            yield self

    def delete(self, banner_id: int) -> None:
        """As its owner does: it stays known, and so do its figures."""
        with self.change():
            self.banners[banner_id].status = DELETED

    def vanish(self, banner_id: int) -> None:
        """As if it had never been there: asking for it is an error."""
        with self.change():
            del self.banners[banner_id]
            self.days.pop(banner_id, None)

    def known(self, level: str) -> list[int]:
        """Ids of a level, ascending."""
        ids = {
            BANNERS: list(self.banners),
            AD_GROUPS: list(self.groups),
            AD_PLANS: list(self.campaigns),
            USERS: [self.account_id],
        }
        return sorted(ids[level])

    def figures(self, level: str, wanted: int) -> dict[date, Figures]:
        """By day, of a banner, or summed over those of a campaign or of the account."""
        found: dict[date, Figures] = {}
        for banner in self.banners.values():
            parents = {BANNERS: banner.id, AD_PLANS: self.campaign_of(banner), USERS: self.account_id}
            if parents[level] == wanted:
                for day, figures in self.days.get(banner.id, {}).items():
                    found[day] = found.get(day, NOTHING) + figures
        return found

    def campaign_of(self, banner: Banner) -> int:
        return self.groups[banner.group_id].campaign_id
