"""Stand-in of the Yandex Direct API v5: reports with their queue, campaigns, ad groups, ads and changes."""

from sandbox.direct.api import DirectApi
from sandbox.direct.switches import DIRECT_LOGIN, DIRECT_TOKEN, DirectSwitches

__all__ = ["DIRECT_LOGIN", "DIRECT_TOKEN", "DirectApi", "DirectSwitches"]
