"""``select``: the asked-for keys of a document, in the document's own order."""

from __future__ import annotations

from typing import Any

from sandbox.qtickets.wire import Document

Tree = dict[str, Any]


def tree_of(paths: list[str], *, nested: bool) -> Tree:
    """``["id", "baskets.id"]`` -> ``{"id": {}, "baskets": {"id": {}}}``; an empty branch is the whole value.

    Without ``nested`` a dotted path counts as its first part.
    """
    tree: Tree = {}
    whole = {path for path in paths if "." not in path}
    for path in paths:
        first, *rest = path.split(".")
        if not rest or first in whole or not nested:
            tree[first] = {}
            continue
        branch = tree.setdefault(first, {})
        for part in rest:
            branch = branch.setdefault(part, {})
    return tree


def selected(document: Document, tree: Tree) -> Document:
    """The document reduced to the tree. Unknown paths are simply absent."""
    return {key: _within(value, tree[key]) for key, value in document.items() if key in tree}


def _within(value: Any, tree: Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, dict):
        return selected(value, tree)
    if isinstance(value, list):
        return [_within(item, tree) for item in value]
    return value
