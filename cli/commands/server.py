"""Prefect: a server on this machine, and what is kept on any."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import EnvFile, examples, group
from cli.terminal import complain, working
from tasks.errors import SettingsError, UsageError
from tasks.settings import load_settings

app = group()


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

    print("Stopped." if down() else "Nothing was running.")


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
    with working("Deploying"):
        lines = apply_deployments(PREFECT_YAML, pool_type, left_out, settings.zakaz_language)
        if makes_block(settings):
            lines.append(f"{apply_blocks(settings)}: ready")
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

    print(f"{apply_blocks(settings)}: ready")


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

    print("\n".join(apply_automations(settings, file or AUTOMATIONS_YAML, sources.left_out(settings))))


def _require_server() -> None:
    """Without an address Prefect would start a server for this command alone, and what it got would be gone."""
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        raise UsageError("PREFECT_API_URL is not set: which server? After `make up`: `. secrets/prefect.env`.")
