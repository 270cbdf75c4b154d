"""``python -m sandbox``: serves the stand-in APIs until interrupted.

The first line on standard output is one JSON object with base URLs and tokens, printed when all of them
answer; its ``others`` are the further accounts of each source, with the settings that lead to them. With
``--live`` time goes on in the world; else it stays as it was at the start.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

from sandbox import variants
from sandbox.direct import DirectApi
from sandbox.living import Living
from sandbox.qtickets import QticketsApi
from sandbox.recorder import MAIN
from sandbox.server import HOST, serve
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, VkAdsApi, VkLegacyApi
from sandbox.world import World
from sandbox.world.clock import moscow_day

_SPB, _NEW = "spb", "new"
_SMALLER = 0.1
"""The other accounts' scale, in that of the first."""


def main() -> int:
    """Exit status 0 after SIGINT or SIGTERM, 1 if the port is taken."""
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    world = World.generate(until=datetime.now(UTC), seed=options.seed, days=options.days, scale=options.scale)
    qtickets, vk, direct = QticketsApi.of(world), VkAdsApi.of(world), DirectApi.of(world)
    vk_legacy = VkLegacyApi(vk.cabinet)
    others = _add_others(world, qtickets, vk, direct)
    apis = {"qtickets": qtickets, "vk": vk, "legacy": vk_legacy, "direct": direct}
    if left := variants.behave(apis, options.like):
        sys.stderr.write(f"sandbox: nothing behaves like {', '.join(left)}\n")
    # A report is ready when it is asked for again: nobody need wait here as for the real one.
    direct.switches.retry_in = ("0",)
    if options.settings and not _can_write(options.settings):
        return 1
    try:
        with serve(qtickets, vk, vk_legacy, direct, port=options.port) as running:
            addresses = {
                "qtickets": running.base_url,
                "qtickets_token": qtickets.token,
                "vk": running.url_of(vk),
                "vk_client_id": VK_CLIENT_ID,
                "vk_client_secret": VK_CLIENT_SECRET,
                "vk_legacy": running.url_of(vk_legacy),
                "vk_legacy_token": vk_legacy.token,
                "vk_account_id": str(VK_ACCOUNT_ID),
                "direct": running.url_of(direct),
                "direct_login": direct.login,
                "direct_token": direct.token,
                "others": [
                    {"source": api.source, "account": name, "settings": one.settings(running.url_of(api))}
                    for api in (qtickets, vk, direct)
                    for name, one in api.accounts.items()
                    if name != MAIN
                ],
            }
            forever = threading.Event()
            sys.stdout.write(json.dumps(addresses) + "\n")
            sys.stdout.flush()
            mains = [api.settings(running.url_of(api)) for api in (qtickets, vk, direct)]
            if options.settings:
                _write_settings(options.settings, mains)
            if options.live:
                shows = (qtickets.show, vk.cabinet.show, direct.show, lambda later: others.move_to(later.until))
                living = Living(world, *shows)
                del world  # or it stays in memory beside the next one
                living.live(forever, options.live)
            else:
                forever.wait()
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"sandbox: cannot listen on {HOST}:{options.port}: {error}. Choose another --port.\n")
        return 1
    return 0


def _end(*_: object) -> NoReturn:
    """At once, whatever is under way: a world takes seconds to make up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


def _add_others(world: World, qtickets: QticketsApi, vk: VkAdsApi, direct: DirectApi) -> Living:
    """A smaller promoter with accounts of all three, and new advertisers of whom nothing is known yet."""
    small = World.generate(until=world.until, seed=world.seed + 1, days=world.days, scale=world.scale * _SMALLER)
    nothing = small.emptied()
    full = (qtickets.add(_SPB, small).show, vk.add(_SPB, small).cabinet.show, direct.add(_SPB, small).show)
    new = (vk.add(_NEW, nothing, currency="KZT").cabinet.show, direct.add(_NEW, nothing, currency="KZT").show)

    def show(later: World) -> None:
        for one in full:
            one(later)
        for one in new:
            one(later.emptied())

    return Living(small, show)


def _can_write(file: Path) -> bool:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(0o600)
    except OSError as error:
        sys.stderr.write(f"sandbox: {file} cannot be written: {error.strerror}. Give --settings another place.\n")
        return False
    return True


def _write_settings(file: Path, accounts: list[dict[str, str]]) -> None:
    """For a loader's ``--env``. What is made up has a warehouse of its own, beside the file."""
    home = file.absolute().parent / f"{file.stem}-data"
    own = {"CLICKHOUSE_DSN": f"chdb://{home / 'warehouse'}", "LANDING_URL": str(home / "landing")}
    own |= {"BACKUP_URL": str(home / "backups"), "REPORT_URL": str(home / "reports")}
    own |= {
        "VK_TOKEN_FILE": str(home / "vk_token.json"),
        "QTICKETS_RATE": "500",
        "VK_RATE": "15",
        "DIRECT_RATE": "50",
    }
    given = {name: value for account in accounts for name, value in account.items()}
    file.write_text("".join(f"{name}={value}\n" for name, value in (given | own).items()), "utf-8")
    sys.stderr.write(f"sandbox: try `zakaz load all --env {file}`\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="zakaz sandbox", description="Serve the stand-in APIs on this machine.")
    parser.add_argument("--port", type=int, default=8765, help="0 takes any free port (default: %(default)s)")
    covered = parser.add_mutually_exclusive_group()
    covered.add_argument("--days", type=int, default=90, help="days of orders (default: %(default)s)")
    covered.add_argument(
        "--since", type=date.fromisoformat, metavar="DATE", help="first day of orders, the same at every start"
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1 is about 120 orders a day (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="which world (default: %(default)s)")
    parser.add_argument(
        "--live", nargs="?", type=float, const=60.0, metavar="SECONDS",
        help="let time go on: new orders, refunds and spend every so many seconds (default: %(const)g)",
    )  # fmt: skip
    parser.add_argument(
        "--like",
        type=variants.answers_in,
        default={},
        metavar="FILE",
        help="behave as a file of `zakaz probe` says",
    )
    parser.add_argument("--settings", type=Path, metavar="FILE", help="write what a loader takes as --env FILE")
    options = parser.parse_args()
    if options.since:
        options.days = (moscow_day(datetime.now(UTC)) - options.since).days + 1
    if options.days < 1 or options.scale < 0 or (options.live is not None and not options.live >= 1):
        parser.error("--days and --live start at 1, --scale at 0, and --since is no day to come")
    return options


if __name__ == "__main__":
    sys.exit(main())
