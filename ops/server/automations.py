"""automations.yaml brought to the Prefect server: made, renewed, and removed where it is no longer in the file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.automations import Automation, AutomationCore
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from ops.server.heartbeats import send_heartbeats
from ops.server.manifest import read
from tasks.errors import UsageError, ZakazError
from tasks.settings import Settings
from tasks.translation import said

PREFIX = "Zakaz: "
"""How the names of ours begin. What other people made stays."""
_NOTIFICATION = "send-notification"


def apply_automations(settings: Settings, file: Path, left_out: Collection[str] = ()) -> list[str]:
    """A line an automation. Without a notification block only those that notify nobody are applied. `left_out`:
    tags of sources that are not in use, whose automations go."""
    with get_client(sync_client=True) as client:
        block = _block(client, settings.zakaz_alert_block)
        held = [a for a in client.read_automations() if a.name.startswith(PREFIX)]
        language = settings.zakaz_language
        declared = [_said(d, language) for d in read(file)["automations"] if not _is_of(d, left_out)]
        lines = [f"{d['name']}: {_brought(client, d, block, held, language)}" for d in declared]
        gone = [a for a in held if a.name not in {d["name"] for d in declared}]
        for automation in gone:
            client.delete_automation(automation.id)
            lines.append(f"{automation.name}: {said('removed', language)}")
        send_heartbeats(client)
        return lines


TEXTS = ("subject", "body", "message")
"""Of an action."""


def _said(declared: dict[str, Any], language: str) -> dict[str, Any]:
    """What people read of it in their language; its name stays, by which it is known."""
    actions = [
        action | {name: said(action[name], language) for name in TEXTS if name in action}
        for action in declared["actions"]
    ]
    return declared | {"description": said(declared["description"], language), "actions": actions}


def _is_of(declared: dict[str, Any], tags: Collection[str]) -> bool:
    return declared["trigger"].get("match_related", {}).get("prefect.resource.id") in [
        f"prefect.tag.{tag}" for tag in tags
    ]


def _brought(
    client: SyncPrefectClient, declared: dict[str, Any], block: UUID | None, held: list[Automation], language: str
) -> str:
    if not declared["name"].startswith(PREFIX):
        raise UsageError(f"The name of the automation {declared['name']} must begin with {PREFIX!r}.")
    if block is None and any(action["type"] == _NOTIFICATION for action in declared["actions"]):
        return said("left out, no channel for alerts. Set ZAKAZ_ALERT_BLOCK", language)
    wanted = _parsed(declared, block)
    same = [automation for automation in held if automation.name == wanted.name]
    if not same:
        client.create_automation(wanted)
        return said("made", language)
    for double in same[1:]:
        client.delete_automation(double.id)
    if _essence(same[0]) == _essence(wanted):
        done = said("as it should be", language)
    else:
        client.update_automation(same[0].id, wanted.model_copy(update={"enabled": same[0].enabled}))
        done = said("renewed", language)
    return done if same[0].enabled else said("{done}, but switched off by a person", language, done=done)


def _parsed(declared: dict[str, Any], block: UUID | None) -> AutomationCore:
    """With the block's id in its notifications."""
    actions = [
        action | {"block_document_id": str(block)} if action["type"] == _NOTIFICATION else action
        for action in declared["actions"]
    ]
    return AutomationCore.model_validate(
        declared | {"actions": actions, "trigger": {"type": "event"} | declared["trigger"]}
    )


def _essence(automation: AutomationCore) -> dict[str, Any]:
    """What the file declares, without what the server adds and what a person may switch."""
    return automation.model_dump(include={"name", "description", "trigger", "actions"})


def _block(client: SyncPrefectClient, name: str | None) -> UUID | None:
    if name is None:
        return None
    kind, block = name.split("/")
    try:
        if "notify" in _capabilities(client, kind):
            return next(b.id for b in client.read_block_documents_by_type(kind) if b.name == block)
    except (ObjectNotFound, PrefectHTTPStatusError, StopIteration) as error:
        if isinstance(error, PrefectHTTPStatusError) and error.response.status_code != httpx.codes.NOT_FOUND:
            raise  # What the server says of itself is nothing that the block is to blame for.
        raise ZakazError(
            f"ZAKAZ_ALERT_BLOCK names {name}, and Prefect has no such block. Run `zakaz blocks`."
        ) from None
    raise ZakazError(f"ZAKAZ_ALERT_BLOCK names {name}, which is no notification block.")


def _capabilities(client: SyncPrefectClient, kind: str) -> list[str]:
    block_type = client.read_block_type_by_slug(kind)
    schema = client.get_most_recent_block_schema_for_block_type(block_type.id)
    return schema.capabilities if schema else []
