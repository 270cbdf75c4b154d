"""What a buyer, an API or a server sent does nothing where people see it, and reads as it did."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tasks.harmless import for_chat, for_markdown, for_spreadsheet, for_terminal

ATTACKS = {
    "a link of Markdown": "spring](http://evil.com/x)",
    "an image": "![x](https://evil.com/p.png)",
    "mentions of Slack": "<!channel> <@U123> <!subteam^S1> <http://evil.com|bank>",
    "mentions": "@channel @here @all @everyone @username",
    "bare domains": "evil.com www.evil.com t.me/x сайт.рф 1.2.3.4 EVIL.COM xn--80ak6aa92e.com a-.com",
    "HTML": "<a href='http://evil.com'>x</a><img src=x onerror=alert(1)><b>b</b>",
    "escape codes": "\x1b[31mred\x1b[0m \x1b]8;;http://evil.com\x07x\x1b]8;;\x07 \x1b[2J\x1b[1A",
    "overwriting": "status: failed\rstatus: ok\x08\x08\x7f",
    "another direction": "a\u202egnp.exe\u2066x\u2069 \u200fz",
    "markup of Markdown": "# a `b` *c* __d__ ~~e~~ | f | ||g|| > h",
    "markup of rich": "[red]x[/red] [link=http://evil.com]x[/link]",
    "a command of a bot": "/start and /kick@bot",
    "a secret of a block": "{{token}} {% raw %} {{{{address}}}}",
}
ODD = st.lists(
    st.sampled_from(
        ["evil.com", "http://", "](", "www.", "@here", "<!x>", "&#64;", "/start", "{{", "1.2.3.4", "_", "**"]
    )
    | st.sampled_from("aя1 \n\t\r\x1b\x9b\u202e\u200b\\`*_[](){}<>#+-.!|~&@:/=;\"'$%^")
    | st.characters(),
    max_size=30,
).map("".join)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad\ud800-\udfff]")
LINKED = re.compile(r"://|www\.|[^\W_]\.[^\W\d_]|\d\.\d+\.\d+\.\d|[@<>]|&[#\w]", re.IGNORECASE)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_in_a_chat_it_is_one_line_of_plain_text(text: str) -> None:
    shown = for_chat(text)

    assert not UNSEEN.search(shown)
    assert not LINKED.search(shown)
    assert not re.search(r"[`*|~#\\]|\]\(|\{\{|\{%|(?<!\w)/\w+(?![\w/])", shown)
    kinds = {token.type for line in markdown().parse(shown) for token in line.children or []}
    assert kinds <= {"text"}
    assert for_chat(shown) == shown
    assert units(shown) <= units(text)


@given(ODD)
def test_whatever_the_text_no_chat_does_anything_with_it(text: str) -> None:
    shown = for_chat(text)

    assert not UNSEEN.search(shown)
    assert not LINKED.search(shown)
    assert units(shown) <= units(text), "what was cut to the limit of a channel stays within it"
    assert {token.type for line in markdown().parse(shown) for token in line.children or []} <= {"text"}


def test_in_a_chat_plain_words_and_figures_stay_as_they_are() -> None:
    plain = 'utm_source "vk_ads", 15.50 of 1 000.00, 01.10.2026, и/или, R & B (2-й ряд); 50 % = ½: /data/landing/x'

    assert for_chat(plain) == plain
    assert for_chat("Рок `под` <звёздами>: a@b.ru") == "Рок 'под' ‹звёздами›: a＠b․ru"


def markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


PLACES = ["{}", "## {}", "- **Check** (fail): {}. Why.", "\n**Warning:** {}", "| a | b |\n|---|---|\n| {} | 1 |"]


def structure(text: str) -> list[str]:
    """The types of all tokens; of text that comes in pieces, one."""
    flat = [inner.type for token in markdown().parse(text) for inner in (token, *(token.children or []))]
    return [kind for kind, before in zip(flat, ["", *flat], strict=False) if (kind, before) != ("text", "text")]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_in_markdown_it_makes_no_link_image_html_or_cell(text: str, place: str) -> None:
    shown = for_markdown(text)

    assert structure(place.format(shown)) == structure(place.format("word"))
    assert not UNSEEN.search(shown)
    # Prefect's page makes links of what looks like one when the escapes are gone.
    assert not LINKED.search(re.sub(r"\\(?=[^\w\s])", "", shown))


@given(ODD.filter(lambda text: for_markdown(text) != ""), st.sampled_from(PLACES))
def test_whatever_the_text_markdown_is_built_as_without_it(text: str, place: str) -> None:
    assert structure(place.format(for_markdown(text))) == structure(place.format("word"))


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_in_a_terminal_it_moves_no_cursor_and_hides_nothing(text: str) -> None:
    shown = for_terminal(text)

    assert not UNSEEN.search(shown)
    assert not any(unicodedata.category(sign)[0] == "C" for sign in shown)
    assert len(shown) == len(text), "what cannot be seen is made visible"


FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\tx", " =1", "\u3000=1", "\u200b=1", '"=1', "'=1", "“=1",
    "＝1+1", "＋1+1", "－1+1", "＠SUM", "﹣1+1", "−1+1", "=cmd|'/c calc'!A1", "-", "- 5 000", "+7 916 000-00-00", "-5.00x",
]  # fmt: skip
HIDDEN = ["x;=1+1", "x\n=1+1", "x\t=1+1", 'x; "=1+1', "x\r\n@SUM(A1)"]
NO_FORMULAS = "-5.00 +3 -1e-7 -12,5 +79160000000 -7% -inf Москва a-b a=b 1;-2".split()


def test_what_a_spreadsheet_would_take_for_a_formula_is_text_and_a_number_stays_one() -> None:
    for text in FORMULAS:
        shown = for_spreadsheet(text)
        assert shown[0] == "'"
        assert shown.replace("'", "") == text.replace("'", "")
    for text in [*NO_FORMULAS, "", "x, -5"]:
        assert for_spreadsheet(text) == text


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("text", HIDDEN)
def test_a_formula_behind_the_separator_of_another_country_is_text(text: str, delimiter: str) -> None:
    """Where the separator is a semicolon, a file with commas is cut at the semicolons within its values."""
    line = f'5,"{for_spreadsheet(text)}"'
    cells = [
        cell for row in csv.reader(io.StringIO(line), delimiter=delimiter, quoting=csv.QUOTE_NONE) for cell in row
    ]

    assert not any(cell.lstrip(' "')[:1] in ("=", "@") for cell in cells)
