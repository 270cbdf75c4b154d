"""The pages for people: what they lead to is there, in both languages."""

import re
from pathlib import Path

import pytest

from tests.ops.files import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
TWINS = [page for page in PAGES if page.parent.name == "docs" and not page.name.endswith(".ru.md")]


def headings(page: Path) -> set[str]:
    """As a link names them."""
    found = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text("utf-8"))
    targets = [(page.parent / file if file else page, heading) for file, heading in links]

    assert [file for file, _ in targets if not file.exists()] == []
    assert [(file.name, heading) for file, heading in targets if heading and heading not in headings(file)] == []


@pytest.mark.parametrize("page", TWINS, ids=lambda page: page.name)
def test_every_page_of_docs_has_a_russian_one_and_each_names_the_other(page: Path) -> None:
    russian = page.with_suffix(".ru.md")

    assert f"({russian.name})" in page.read_text("utf-8")
    assert f"({page.name})" in russian.read_text("utf-8")
