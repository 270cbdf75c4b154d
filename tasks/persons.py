"""Marks of persons in free text, masked: e-mails, telephones, ids and links of messengers, bank cards.

A text is read as a person would read it (percent-encoding, HTML, other alphabets' digits, `[at]`), and where that
shows a mark, the text so read is kept with the mark replaced. Every other text stays as it is, to the letter.
Masking a masked text changes nothing: rows are read back and loaded again. Names of persons are not looked for.

A mask is `~` and six letters, a hash of what it hides however that was spelt, so that equal tags stay equal. It has
24 bits on purpose: dozens of mobile numbers, hundreds of telephones fit each, so it cannot be turned back into one.
Whoever suspects a certain person can test the suspicion. Letters alone: a mask is no part of a number beside it.

Knows no API and no table.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import unquote_to_bytes

from tasks.utm import clean

_DEEPEST = 12
"""Rounds of encoding and masking. Nothing that is honest needs three; what needs more is masked as a whole."""
_MOST_GROWTH = 5
"""Times. A character of Unicode is decoded into at most four, a few into eighteen."""
_KEPT = 4096
"""Size of the cache: a fetch has the same few tags in nearly all of its rows."""

# --- how a text is read ---

_ENCODED = re.compile(r"(?:%[0-9a-f]{2})+", re.IGNORECASE)
_ENCODED_AGAIN = re.compile(r"%(?:25)+", re.IGNORECASE)
_ESCAPED = re.compile(r"(?:\\|%)u([0-9a-f]{4})", re.IGNORECASE)
_NO_UTF8 = re.compile("[\udc80-\udcff]")
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u20e3\u2800\u3164\ufe00-\ufe0f\U000e0000-\U000e007f]")
"""Of no width, besides what `clean` removes: selectors of variants, fillers."""
_OTHER_DIGIT = re.compile("(?![0-9])\\d")
_TLD = r"(?:ru|рф|su|com|net|org|info|by|kz|ua|uz|am|ge|pro|me|io|de|eu|edu|online|site)(?![^\W_])"
_DOT = re.compile(
    r"\s{0,2}[\[({<]\s?(?:\.|dot|точка|тчк)\s?[\])}>]\s{0,2}"
    r"|(?<=\w)[\s_-]{1,2}(?:dot|точка|тчк|tochka)[\s_-]{1,2}(?=\w)",
    re.IGNORECASE,
)
_AT = re.compile(
    r"\s{0,2}[\[({<]\s?(?:@|at|a|ат|эт|собака|собачка)\s?[\])}>]\s{0,2}(?=\w)"
    rf"|(?:\s{{1,2}}@\s{{0,2}}|@\s{{1,2}}|[\s_-]{{1,2}}(?:at|собака|собачка|sobaka)[\s_-]{{1,2}})"
    rf"(?=[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,3}}\.{_TLD})",
    re.IGNORECASE,
)

# --- what in it is a person's ---

_DASH = "\\-\u2010-\u2015\u2212"
_GAP = rf"[\s{_DASH}()]"
"""Characters between the digits of a telephone whose shape alone does not prove it."""
_ANY = rf"[\s{_DASH}()./_·•]"
_MAIL_SITE = (
    r"(?:gmail|mail|yandex|ya|bk|list|inbox|rambler|icloud|outlook|hotmail|yahoo|proton(?:mail)?)(?![^\W_])"
)
_NOT_AFTER_LETTER = r"(?<![^\W\d_])"
_DAY, _MONTH, _YEAR = "(?:0[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|1[0-2])", "20[0-9]{2}"
_DATE = rf"(?:{_YEAR}{_MONTH}{_DAY}|{_DAY}{_MONTH}{_YEAR})(?!\d)"

# Ids of ads are digits, too: a shape counts only where it is hardly one of them. 8 800 numbers are no person's.
_PHONE = rf"""
    (?<!\d)\+[\s(]{{0,2}}(?:7(?:{_ANY}{{0,3}}\d){{10}}|(?:375|380|99\d)(?:{_ANY}{{0,3}}\d){{9}}
        |[1-9](?:{_ANY}{{0,2}}\d){{9,14}})(?!\d)
    | (?<=\d)\+7(?:{_ANY}{{0,3}}\d){{10}}(?!\d)
    | (?<!\d)(?![78]{_GAP}{{0,3}}\d{{8,10}}(?!\d))[78]{_GAP}{{0,3}}(?!800)[34789]\d\d(?:{_GAP}{{0,3}}\d){{7}}(?!\d)
    | (?<!\d)[78]{_ANY}{{1,2}}9\d\d{_ANY}{{1,2}}\d{{3}}{_ANY}?\d\d{_ANY}?\d\d(?!\d)
    | (?<!\d)[78]{_GAP}{{1,3}}9\d{{9}}(?!\d)
    | (?<!\d)[78](?:[\s._{_DASH}]{{1,2}}\d){{10}}(?!\d)
    | (?<!\d)9\d\d[\s.{_DASH}]{{1,2}}\d{{3}}[\s.{_DASH}]\d\d[\s.{_DASH}]\d\d(?!\d)
    | \((?!800)[3489]\d{{2,4}}\)\s?\d{{1,3}}[\s{_DASH}]?\d\d[\s{_DASH}]?\d\d(?!\d)
"""
_MARKS = rf"""
    (?P<uuid> (?<![0-9a-f])[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}(?![0-9a-f]) )
    | (?<![^\W_])(?:(?:t\.me|telegram\.(?:me|dog)|wa\.me|(?:api\.|chat\.)?whatsapp\.com|vk\.(?:com|ru|me)
        |vkontakte\.ru|ok\.ru[/\\]profile)[/\\]++|(?:tg|whatsapp|viber|vk)://)
      (?P<page> (?!~|(?:club|public|event|app)\d|(?:wall|video|album|topic|photo|market|page|clip)s?-)
        [^\s|,;"'<>]+ )
    | (?P<mail> (?<![\w.+%'-])[\w.+%'-]++@++(?:(?:[\w-]+\.+)+[^\W\d_]{{2,}}|{_MAIL_SITE}) )
    | (?:(?:tg|vk)[\s_-]?id[\W_]{{0,3}}|(?<![^\W_])(?:(?:tg|pm)[_:=-](?!{_DATE})
        |(?:telegram|user|chat)[_-]?id[\W_]{{0,3}})) (?P<id> \d{{5,}} )
    | (?P<card> (?<!\d)(?:2[2-7]|3\d|4\d|5\d|6\d|86|98)\d\d(?:[\s{_DASH}]{{0,2}}\d{{4}}){{3}}(?!\d) )
    | {_NOT_AFTER_LETTER}(?:(?:тел(?:\.|ефон\w?)?|tel)[\W_]{{0,4}}
        |(?:phone|mobile|моб\w*\.?|sms|смс|whats?app|ватсап|viber|вайбер|wa)[\W_]{{0,4}}(?=[78]\d{{10}}(?!\d)))
      (?P<called> \+?\d(?:{_ANY}{{0,3}}\d){{5,14}}(?!\d) )
    | (?P<phone> {_PHONE} )
    | (?P<lone> (?<!\d)[78][79]\d{{9}}(?!\d) )
    | (?P<short> (?<!\d)(?:9\d\d[\s{_DASH}]?\d{{7}}|[78][._/]9\d{{9}})(?!\d) )
    | (?<![^\W_])@(?P<user> (?!{_MAIL_SITE})[a-z][a-z0-9_]{{4,}}(?!\w) )
"""
_FOUND = re.compile(_MARKS, re.IGNORECASE | re.VERBOSE)
_ASKED = re.compile(r"(?:send|im|user|resolve|chat)/?\?(?:.*&)?(?:phone|sel|id|domain|number)=([\w+.]+)")
"""A page that is named by a parameter: `im?sel=5`, `send?phone=79161234567`."""
_MAY_HOLD_ONE = re.compile(r"[@/\\]|(?:\d\D{0,4}){4}\d")
"""In every mark there is an at sign, a slash, or five digits near each other. Most texts have none of these."""


@lru_cache(_KEPT)
def masked(text: str, *, numbers_are_ids: bool = False) -> str:
    """The text with marks of persons masked, e.g. `promo_tgid_~phmpjg_spb`, `email~lkknmb`; or as it is.

    `numbers_are_ids`: digits alone, such as 79161234567, are the id of an ad rather than a telephone, unless they
    stand after a blank, as in a sentence, or are written in another way than a program writes them.
    """
    now = text
    for _ in range(_DEEPEST):
        plain = _plain(now)
        if plain is None:
            break
        ids = now if numbers_are_ids else ""
        hidden = _hidden(plain, ids)
        if hidden == plain:
            # What decoding breaks apart is a mark all the same.
            hidden = now if plain == now else _hidden(now, ids)
            if hidden == now:
                return now
        now = hidden
    return f"~{_hash(text)}"


def _plain(text: str) -> str | None:
    """What a reader would see, or None for what is encoded again and again, or grows by it."""
    most = _MOST_GROWTH * len(text)
    for _ in range(_DEEPEST):
        read = _decoded(text)
        if read == text:
            return text
        if len(read) > most:
            return None
        text = read
    return None


def _decoded(text: str) -> str:
    if "%" in text or "\\" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), _ENCODED_AGAIN.sub("%", text))
        text = _ENCODED.sub(_bytes, text)
    text = _UNSEEN.sub("", clean(html.unescape(text)))
    if not text.isascii():
        text = _OTHER_DIGIT.sub(lambda found: str(int(found[0])), unicodedata.normalize("NFKC", text))
        text = text.replace("\u2795", "+")
    return _AT.sub("@", _DOT.sub(".", text))


def _bytes(found: re.Match[str]) -> str:
    """What is no UTF-8 stays encoded: `%8916…` is a telephone after a percent sign."""
    text = unquote_to_bytes(found[0]).decode("utf-8", "surrogateescape")
    return _NO_UTF8.sub(lambda half: f"%{ord(half[0]) - 0xDC00:02X}", text)


def _hidden(text: str, ids: str) -> str:
    """`ids`: where a lone number that stands in it is an id."""
    return _FOUND.sub(lambda found: _mask(found, ids), text) if _MAY_HOLD_ONE.search(text) else text


def _mask(found: re.Match[str], ids: str) -> str:
    kind = found.lastgroup
    assert kind
    if (
        kind == "uuid"
        or (kind == "card" and not _is_card(found[kind]))
        or (kind == "short" and found[kind] in ids)
        or (kind == "lone" and found[kind] in ids and not found.string[: found.start()][-1:].isspace())
    ):
        return found[0]
    label, normal = _KINDS[kind]
    before = found[0][: found.start(kind) - found.start()]
    return f"{before}{label}~{_hash(normal(found[kind]))}"


def _hash(value: str) -> str:
    digest = blake2b(value.encode("utf-8", "replace"), digest_size=3).hexdigest()
    return digest.translate(_LETTERS)


_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _telephone(text: str) -> str:
    """8 916… and 916… are +7 916…."""
    digits = _digits(text)
    if len(digits) == 10 and digits[0] in "3489" and "+" not in text:  # noqa: PLR2004
        return f"7{digits}"
    return f"7{digits[1:]}" if len(digits) == 11 and digits[0] == "8" else digits  # noqa: PLR2004


def _account(page: str) -> str:
    """Whose page it is: `id5` of VK is 5, a telephone is that telephone."""
    page = page.casefold().lstrip("@/\\")
    asked = _ASKED.match(page)
    name = asked[1] if asked else re.split(r"[?#/\\]", page)[0] or page
    if number := re.fullmatch(r"id(\d+)", name):
        return number[1]
    return _telephone(name) if re.fullmatch(r"\+?\d{10,15}", name) else name


def _is_card(text: str) -> bool:
    """By the check digit of Luhn."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(_digits(text)))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


_KINDS: dict[str, tuple[str, Callable[[str], str]]] = {
    "mail": ("email", str.casefold),
    "phone": ("phone", _telephone),
    "lone": ("phone", _telephone),
    "short": ("phone", _telephone),
    "called": ("phone", _telephone),
    "card": ("card", _digits),
    "id": ("", _digits),
    "page": ("", _account),
    "user": ("", str.casefold),
}
"""Mark -> what says so where its surroundings do not, and the form that all spellings share."""
