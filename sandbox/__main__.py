"""``python -m sandbox``: serves the stand-in APIs until interrupted.

The first line on standard output is one JSON object with base URLs and tokens, printed when all of them
answer. With ``--live`` time goes on in the world; else it stays as it was at the start.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, date, datetime

from sandbox.direct import DirectApi
from sandbox.living import Living
from sandbox.qtickets import QticketsApi
from sandbox.server import HOST, serve
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi, VkLegacyApi
from sandbox.world import World
from sandbox.world.clock import MOSCOW, moscow_day

_DEFAULT_PORT, _LAST_PORT = 8765, 65535
_LIVE_SECONDS, _FEWEST_SECONDS = 60.0, 1.0


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 after SIGINT or SIGTERM, 1 if the port is taken."""
    options = _options(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # `--until` is the world's now at the start; from there on its clock goes as this machine's does.
    behind = datetime.now(UTC) - options.until
    world = World.generate(seed=options.seed, until=options.until, days=options.days, scale=options.scale)
    with ExitStack() as stack:
        try:
            qtickets, vk, direct = QticketsApi.of(world), VkAdsApi.of(world), DirectApi.of(world)
            vk_legacy = VkLegacyApi(vk.cabinet)
            running = stack.enter_context(serve(qtickets, vk, vk_legacy, direct, port=options.port))
        except OSError as error:
            sys.stderr.write(f"sandbox: cannot listen on {HOST}:{options.port}: {error.strerror}\n")
            return 1
        _announce(
            {
                "qtickets": running.base_url,
                "qtickets_token": running.app.token,
                "vk": running.url_of(vk),
                "vk_client_id": VK_CLIENT_ID,
                "vk_client_secret": VK_CLIENT_SECRET,
                "vk_legacy": running.url_of(vk_legacy),
                "vk_legacy_token": vk_legacy.token,
                "vk_account_id": str(VK_ACCOUNT_ID),
                "direct": running.url_of(direct),
                "direct_login": direct.login,
                "direct_token": direct.token,
            }
        )
        if options.live:
            shows = (qtickets.show, vk.cabinet.show, direct.show)
            living = Living(world, shows, (qtickets, vk, vk_legacy, direct))
            del world
            living.live(stop, options.live, lambda: datetime.now(UTC) - behind)
        else:
            stop.wait()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Serve the stand-in APIs on this machine."
    )
    parser.add_argument(
        "--port", type=int, default=_DEFAULT_PORT, help="0 takes any free port (default: %(default)s)"
    )
    covered = parser.add_mutually_exclusive_group()
    covered.add_argument("--days", type=int, default=90, help="days of orders (default: %(default)s)")
    covered.add_argument(
        "--since", type=date.fromisoformat, metavar="DATE", help="first day of orders, the same at every start"
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1 is about 120 orders a day (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="which world (default: %(default)s)")
    parser.add_argument("--until", type=_instant, default=None, help="the world's now, ISO 8601 (default: now)")
    parser.add_argument(
        "--live", nargs="?", type=float, const=_LIVE_SECONDS, metavar="SECONDS",
        help="let time go on: new orders, refunds and spend every so many seconds (default: %(const)g)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    options.until = options.until or datetime.now(UTC)
    if options.since:
        options.days = (moscow_day(options.until) - options.since).days + 1
    if options.days < 1 or options.scale < 0 or not 0 <= options.port <= _LAST_PORT:
        parser.error(
            f"--days starts at 1, --scale at 0, --since is no day to come, and --port ends at {_LAST_PORT}"
        )
    if options.live is not None and not options.live >= _FEWEST_SECONDS:
        parser.error(f"--live takes at least {_FEWEST_SECONDS:g} second")
    return options


def _instant(text: str) -> datetime:
    """Without an offset it is Moscow time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not an ISO 8601 date or time: {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=MOSCOW)


def _announce(addresses: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(addresses) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
