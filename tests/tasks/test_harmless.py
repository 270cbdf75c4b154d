"""What a buyer, an API or a server sent does nothing where people see it, and reads as it did."""

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
    "mentions": "@channel @here @all @everyone @username &#64;channel &commat;here",
    "bare domains": "evil.com www.evil.com t.me/x сайт.рф 1.2.3.4 EVIL.COM evil。com",
    "HTML": "<a href='http://evil.com'>x</a><img src=x onerror=alert(1)><b>b</b>",
    "escape codes": "\x1b[31mred\x1b[0m \x1b]8;;http://evil.com\x07x\x1b]8;;\x07 \x9b2J \u202egnp.exe v\u200bk",
    "overwriting": "status: failed\rstatus: ok\x08\x08\x7f\nZakaz: all is well\u2028three",
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
PLACES = ["{}", "## {}", "- **Check** (fail): {}. Why.", "\n**Warning:** {}", "| a | b |\n|---|---|\n| {} | 1 |"]


def markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def structure(text: str) -> list[str]:
    """The types of all tokens; of text that comes in pieces, one."""
    flat = [inner.type for token in markdown().parse(text) for inner in (token, *(token.children or []))]
    return [kind for kind, before in zip(flat, ["", *flat], strict=False) if (kind, before) != ("text", "text")]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_a_known_attack_is_plain_text_in_a_chat_in_markdown_and_in_a_terminal(text: str) -> None:
    shown = for_chat(text)
    assert not UNSEEN.search(shown)
    assert not LINKED.search(shown)
    assert not re.search(r"[`*|~#\\]|\]\(|\{\{|\{%|(?<!\w)/\w+(?![\w/])", shown)
    for place in PLACES:
        # Prefect's page makes links of what looks like one when the escapes are gone.
        assert structure(place.format(for_markdown(text))) == structure(place.format("word"))
        assert not LINKED.search(re.sub(r"\\(?=[^\w\s])", "", for_markdown(text)))
    assert not any(unicodedata.category(sign)[0] == "C" for sign in for_terminal(text))
    assert len(for_terminal(text)) == len(text), "what cannot be seen is made visible"


@given(ODD)
def test_whatever_the_text_no_chat_does_anything_with_it(text: str) -> None:
    shown = for_chat(text)
    assert not UNSEEN.search(shown)
    assert not LINKED.search(shown)
    assert units(shown) <= units(text), "what was cut to the limit of a channel stays within it"
    assert {token.type for line in markdown().parse(shown) for token in line.children or []} <= {"text"}


@given(ODD.filter(lambda text: for_markdown(text) != ""), st.sampled_from(PLACES))
def test_whatever_the_text_markdown_is_built_as_without_it(text: str, place: str) -> None:
    assert structure(place.format(for_markdown(text))) == structure(place.format("word"))


def test_in_a_chat_plain_words_and_figures_stay_as_they_are() -> None:
    plain = 'utm_source "vk_ads", 15.50 of 1 000.00, 01.10.2026, и/или, R & B (2-й ряд); 50 % = ½: /data/landing/x'
    plain += "; put QTICKETS_TOKEN into secrets/.env.qtickets."
    assert for_chat(plain) == plain
    assert "." not in for_chat("secrets/.env.vk.com a/secrets/.env.vk secrets/.env.qtickets.ru").replace("/.", "/")
    assert "。" not in for_chat("secrets/.env.vk。com")


FORMULAS = [
    "=1+1", "@SUM(A1)", "\t=1", "\rx", " =1", "\u200b=1", '"=1', "＝1+1", "−1+1", "- 5 000", "+7 916", "-5.00x",
]  # fmt: skip
NO_FORMULAS = [*"-5.00 +3 -1e-7 -12,5 +79160000000 -7% Москва a-b a=b 1;-2".split(), "", "x, -5"]


def test_what_a_spreadsheet_would_take_for_a_formula_is_text_and_a_number_stays_one() -> None:
    for text in FORMULAS:
        shown = for_spreadsheet(text)
        assert shown[0] == "'"
        assert shown.replace("'", "") == text
    assert [for_spreadsheet(text) for text in NO_FORMULAS] == NO_FORMULAS
    assert for_spreadsheet('x; "=1+1') == "x;' \"=1+1", "where a file with commas is cut at semicolons, too"
