"""Pages in Markdown taken apart: code blocks, `names`, tables, and the commands that they tell people to run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prefect.flows import Flow, load_flow_from_entrypoint

from ops.server.manifest import PREFECT_YAML, read
from tests.ops.files import ROOT

_BLOCK = re.compile(r"(?ms)^ *```(\w+)\n(.*?)^ *```$")
_PROMPT = re.compile(r"(?m)^[$#] (.*)$")
# Who runs it, or where: what comes after is the command.
_BEFORE = re.compile(
    r"^(?:\w+=\S+ |export |sudo |docker compose (?:exec|run)(?: --\S+(?: \w+=\S+)?)* \w+ |z |\S*bin/(?=zakaz|prefect)|… )+"
)


@dataclass(frozen=True)
class Page:
    path: Path
    text: str

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Language and text, without the remarks at the end of lines, which are translated."""
        return [(kind, re.sub(r"(?m) +# .*$", "", text)) for kind, text in _BLOCK.findall(self.text)]

    @property
    def names(self) -> list[str]:
        """What stands in `backticks`, in the order of the page, a line's end within as a blank."""
        return [" ".join(name.split()) for name in re.findall(r"`([^`]+)`", _BLOCK.sub("", self.text))]

    @property
    def headings(self) -> list[str]:
        return re.findall(r"(?m)^#{1,6} .*$", _BLOCK.sub("", self.text))

    @property
    def links(self) -> list[str]:
        return re.findall(r"\]\(([^)#]+)[^)]*\)", self.text)

    def tables(self) -> list[list[list[str]]]:
        """Rows of cells, without the head and its line."""
        found = re.findall(r"(?m)(?:^\|.*\n?)+", self.text)
        return [[_cells(row) for row in table.splitlines()[2:]] for table in found]

    def commands(self) -> list[str]:
        """`zakaz …` and the like, from code blocks and from `backticks`, without what stands before them."""
        typed = [line for kind, text in self.blocks if kind == "console" for line in _PROMPT.findall(text)]
        parts = [part.strip() for line in [*typed, *self.names] for part in re.split(r"&&|;", line)]
        return [_BEFORE.sub("", part.replace("\\|", "|")) for part in parts]


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def page(name: str) -> Page:
    path = ROOT / name
    return Page(path, path.read_text("utf-8"))


@cache
def deployments() -> dict[str, dict[str, Any]]:
    """All of prefect.yaml, by the name that `prefect deployment run` takes."""
    return {
        f"{flow_of(declared).name}/{declared['name']}": declared for declared in read(PREFECT_YAML)["deployments"]
    }


def flow_of(declared: dict[str, Any]) -> Flow[..., Any]:
    return load_flow_from_entrypoint(declared["entrypoint"])
