"""What people read is there in Russian, all of it, with the same places in it."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib
import yaml

from ops.server.automations import TEXTS
from tasks import errors
from tasks.load.runs import told

ROOT = Path(__file__).parents[2]
CATALOG = polib.pofile(str(ROOT / "tasks" / "translations" / "ru.po"))
SAYS = {"said": 1, "later": 1, "counted": 2, "marked": None, "named": None, "working": 1}
"""The functions that are given texts, and how many of their arguments are texts."""
ERRORS = {name for name, one in vars(errors).items() if isinstance(one, type)} | {"FormRefused"}
"""What they say is what a run that fails says, with the hints that are given apart."""
HINTS = ("hint",)
PLACES = re.compile(r"\{\{.*?\}\}|\{\w*\}|\{%.*?%\}", re.DOTALL)


def texts_in(call: ast.Call) -> Iterator[str]:
    name = called(call)
    if name in SAYS:
        given = [one.value if isinstance(one, ast.Starred) else one for one in call.args[: SAYS[name]]]
        texts = [*given, *(word.value for word in call.keywords if name == "named")]
    elif name in ERRORS:
        texts = [*call.args[:1], *(word.value for word in call.keywords if word.arg in HINTS)]
    else:
        texts = [word.value for word in call.keywords if word.arg in HINTS]
    for text in texts:
        yield from of(text)


def called(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def of(text: ast.expr) -> Iterator[str]:
    """A literal; of an f-string the text with its places."""
    if isinstance(text, ast.Tuple):
        for one in text.elts:
            yield from of(one)
    elif isinstance(text, ast.Constant) and isinstance(text.value, str):
        yield text.value
    elif isinstance(text, ast.JoinedStr):
        names: list[str] = []
        for part in text.values:
            value = getattr(part, "value", None)
            if isinstance(part, ast.FormattedValue):
                name = getattr(value, "id", getattr(value, "attr", "part")).lstrip("_").lower()
                names.append(name if name not in names else f"{name}{len(names)}")
        filled = iter(names)
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{next(filled)}}}" for part in text.values
        )


def said_in_code() -> set[str]:
    files = [file for room in ("tasks", "flows", "cli", "ops/server") for file in (ROOT / room).rglob("*.py")]
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        # What only commands complain of is read in a terminal.
        and (file.parts[len(ROOT.parts)] in ("tasks", "flows") or called(node) in SAYS)
    ]
    texts = {text for call in calls for text in texts_in(call)}
    return {text for text in texts if re.search("[a-z]{2}", PLACES.sub("", text))}


def said_by_the_server() -> set[str]:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    automations = yaml.safe_load((ROOT / "automations.yaml").read_text("utf-8"))["automations"]
    actions = [action for one in automations for action in one["actions"]]
    return {one["description"] for one in (*deployments, *automations)} | {
        action[name] for action in actions for name in TEXTS if name in action
    }


def test_all_that_is_said_is_there_in_russian_with_the_same_places() -> None:
    texts = {one.msgid: one.msgstr for one in CATALOG if not one.msgid_plural}
    many = {text: one for one in CATALOG if one.msgid_plural for text in (one.msgid, one.msgid_plural)}
    wanted = said_in_code() | said_by_the_server()
    assert len(wanted) > 300
    assert wanted - {text for text, told in texts.items() if told} - set(many) == set()
    wrong = {text for text, told in texts.items() if Counter(PLACES.findall(text)) != Counter(PLACES.findall(told))}
    assert wrong == set()
    for text, one in many.items():
        told = one.msgstr_plural.values()
        assert len(told) == 3 and all(set(PLACES.findall(text)) == set(PLACES.findall(form)) for form in told)


def test_what_a_run_said_itself_goes_before_what_is_retold() -> None:
    row = {"metrics": '{"told": {"ru": "1 проверка: всё"}}', "message": "1 check: all well"}
    assert [told(row, language) for language in ("ru", "en")] == ["1 проверка: всё", "1 check: all well"]
    assert told(row | {"metrics": ""}, "ru") == "1 проверка: всё в порядке"
