"""Prefect: a server on this machine, and what is kept on any."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import EnvFile, examples, group
from cli.terminal import complain, unless_done_in, working
from tasks.errors import SettingsError, UsageError
from tasks.settings import language, load_settings
from tasks.translation import said

app = group()
_SILENT_SECONDS, _ANSWER_SECONDS = 2, 5
"""So long a command waits for the server before it looks why, and so long it then waits for an answer."""


@app.command(
    "up",
    epilog=examples(
        "zakaz up",
        "zakaz up --port 4300",
        "zakaz down",
    ),
)
def up_command(
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", min=1024, max=65535, help="Of the Prefect UI; as before, or 4200, if left out."
        ),
    ] = None,
    _env: EnvFile = None,
) -> None:
    """Start a Prefect server, a worker and the deployments on this machine; without tokens, the sandbox too."""
    from cli.machine import up

    print(up(port))


@app.command("down")
def down_command() -> None:
    """Stop what `zakaz up` started; your data stay."""
    from cli.machine import down

    stopped = down()
    print(said("Stopped.", language()) if stopped else said("Nothing was running.", language()))


@app.command(
    "deploy",
    epilog=examples(
        "zakaz deploy",
        "zakaz deploy --pool-type docker",
    ),
)
def deploy_command(
    pool_type: Annotated[
        str, typer.Option("--pool-type", metavar="TYPE", help="Of a new work pool: process, docker, kubernetes.")
    ] = "process",
    _env: EnvFile = None,
) -> None:
    """Bring the Prefect server to what prefect.yaml and automations.yaml say, as often as you like."""
    settings = load_settings()
    _require_server()
    from ops.server.automations import apply_automations
    from ops.server.blocks import apply_blocks, makes_block
    from ops.server.deployments import apply_deployments
    from ops.server.manifest import AUTOMATIONS_YAML, PREFECT_YAML
    from tasks import sources
    from tasks.load.backup_place import place

    left_out = sources.left_out(settings)
    with working("Deploying"), _waiting_is_said():
        lines = apply_deployments(PREFECT_YAML, pool_type, left_out, settings.zakaz_language)
        if makes_block(settings):
            lines.append(f"{apply_blocks(settings)}: {said('ready', settings.zakaz_language)}")
        lines += apply_automations(settings, AUTOMATIONS_YAML, left_out)
    print("\n".join(lines))
    try:
        place(settings)
    except SettingsError as error:
        complain(f"backup/nightly will fail: {error}")


@app.command(
    "worker",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog=examples("zakaz worker --name second --limit 3"),
)
def worker_command(context: typer.Context) -> None:
    """Start a worker for the deployments, with the options of `prefect worker start`."""
    _require_server()
    with _waiting_is_said():
        from prefect.client.orchestration import get_client

        from ops.server.heartbeats import send_heartbeats
        from ops.server.manifest import OURS

        # A machine that starts anew has ended runs without a word, and maybe the server's memory of them.
        with get_client(sync_client=True) as client:
            send_heartbeats(client)
    # It waits for our pool: one that Prefect made by itself would have neither the queues nor the right type.
    command = ["-m", "prefect", "worker", "start", "--pool", OURS, "--no-create-pool-if-not-found", *context.args]
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606


@app.command("blocks")
def blocks_command(_env: EnvFile = None) -> None:
    """Make the notification block from the settings: ZAKAZ_ALERT_BLOCK and its address."""
    settings = load_settings()
    _require_server()
    from ops.server.blocks import apply_blocks

    with _waiting_is_said():
        name = apply_blocks(settings)
    print(f"{name}: {said('ready', settings.zakaz_language)}")


@app.command("automations")
def automations_command(
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Instead of automations.yaml.")
    ] = None,
    _env: EnvFile = None,
) -> None:
    """Apply automations.yaml, what the Prefect server tells or does by itself."""
    settings = load_settings()
    _require_server()
    from ops.server.automations import apply_automations
    from ops.server.manifest import AUTOMATIONS_YAML
    from tasks import sources

    with _waiting_is_said():
        lines = apply_automations(settings, file or AUTOMATIONS_YAML, sources.left_out(settings))
    print("\n".join(lines))


def _require_server() -> None:
    """Without an address Prefect would start a server for this command alone, and what it got would be gone."""
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        raise UsageError("PREFECT_API_URL is not set: which server? After `make up`: `. secrets/prefect.env`.")


def _waiting_is_said() -> AbstractContextManager[None]:
    """Around what asks the server: Prefect's client tries for minutes, without a word."""
    return unless_done_in(_SILENT_SECONDS, _say_why_it_waits)


def _say_why_it_waits() -> None:
    """Nothing where the server is well: then it is the work that takes long."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    from flows.faults import fault_of

    once = temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0})
    try:
        with once, get_client(httpx_settings={"timeout": _ANSWER_SECONDS}, sync_client=True) as client:
            client.read_work_pools(limit=1)
    except Exception as error:  # noqa: BLE001 - words are looked for, whatever it is
        if fault := fault_of(error):
            complain(
                f"{fault.words} Waiting for it, some minutes: see its log, and whether PREFECT_API_URL is right."
            )
