"""The life of a finding: open until it was looked at again and is right, or a person accepts it; and its message. Whether
yesterday is complete, of each account, by who has read it and what was found of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from tasks.alerts.channel import Channel
from tasks.errors import UsageError
from tasks.load.memory import remember_days
from tasks.load.migrate import migrated
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.quality import complete
from tasks.quality import run as quality
from tasks.quality.checks import Check, Finding, Known, Result, checks, judge
from tasks.quality.complete import answers, question
from tasks.quality.findings import Kept, _write, known_findings, listing, not_mended, settle
from tasks.quality.incidents import incidents
from tasks.quality.run import accept_findings, reopen_findings, run_checks
from tasks.quality.words import filled
from tasks.settings import Settings
from tasks.translation import retold
from tasks.window import moscow_today
from tests.quality.healthy import Lines
from tests.tasks.load.engines import embedded, put
from validation.ads import raw_direct, raw_vk
from validation.qtickets import raw_orders

TODAY = moscow_today(datetime(2025, 11, 20, 9, tzinfo=UTC))
SOLD = Check(
    "volume_sales", "T", "W", "fail", ("qtickets",), {}, None,
    # Rows of the days that are to be looked at; the days with a removal are wrong.
    "SELECT account, toDate(removed_at) AS day, toDecimal64(removed, 2) AS money, rows_removed AS tickets FROM ("
    "SELECT 'main' AS account, started_at AS removed_at, rows_processed AS removed, rows_processed AS rows_removed "
    "FROM meta_job_runs FINAL WHERE job = 'wrong') WHERE day >= {since:Date} ORDER BY day",
    story="exact", key=("account", "day"), days=3, says="{tickets} tickets are missing on {day}",
    says_ru="не хватает билетов: {tickets}, за {day}", do_ru="Сверьте день с QTickets", run="{load}",
)  # fmt: skip


class Desk:
    """A warehouse whose days can be wrong, and a chat."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.messages: list[str] = []
        self.channel = Channel("chat", lambda subject, body: self.messages.append(f"{subject}\n{body}"))

    def wrong(self, *days: int, rows: int = 1200) -> None:
        """So many days before today."""
        with warehouse(self.settings) as client:
            client.command("TRUNCATE TABLE meta_job_runs")
            for day in (f"{TODAY - timedelta(days=number)} 00:00:00" for number in days):
                row = {"job": "wrong", "run_id": day, "started_at": day, "rows_processed": rows}
                put(client, "meta_job_runs", row)

    def judged(self, today: date = TODAY, change: Callable[[Result], Result] = lambda found: found) -> list[str]:
        """The titles of the messages that a quality run sends."""

        def judge_one(*_: object) -> list[Result]:
            with warehouse(self.settings) as client:
                return [change(judge(client, SOLD, today, [], {}, known_findings(client, today)))]

        self.messages.clear()
        run_checks(self.settings, today, str(uuid4()), channel=self.channel, judge=judge_one)
        return [message.split("\n")[0].removeprefix("Zakaz: ") for message in self.messages]

    @property
    def open(self) -> list[str]:
        with warehouse(self.settings) as client:
            return sorted(listing(client, [], TODAY).filter(status="open")["finding"])


@pytest.fixture
def desk(clickhouse_dsn: str, ready_database: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    settings = Settings(_env_file=None, clickhouse_dsn=clickhouse_dsn, clickhouse_database=ready_database)
    with migrated(settings):
        monkeypatch.setattr(quality, "checks", lambda: [SOLD])
        monkeypatch.setattr(quality, "moscow_today", lambda: TODAY)
        return Desk(settings)


TITLE = "ОШИБКА: QTickets: не хватает билетов: 1\N{NO-BREAK SPACE}200, за 18.11"


def test_a_finding_is_over_only_when_it_was_looked_at_and_is_right(desk: Desk) -> None:
    desk.wrong(2)
    assert desk.judged() == [TITLE]
    assert desk.judged() == [], "told once"
    known = "main/2025-11-18"
    assert desk.judged(TODAY + timedelta(days=30)) == [], "longer ago than the check looks back by itself"
    assert desk.open == [known]
    desk.wrong()  # It is right, but nobody has looked at it.
    for hinders in (
        lambda found: replace(found, status="unjudged"),
        lambda found: replace(found, status="unjudged", hindered=True),
        lambda found: replace(found, is_cut=True),
    ):
        assert desk.judged(TODAY + timedelta(days=30), hinders) == []
        assert desk.open == [known]
    assert desk.judged(TODAY) == [], "as of an earlier day than before"
    assert desk.open == [known]
    assert desk.judged(TODAY + timedelta(days=30)) == [f"Исправлено: {TITLE}"]
    assert desk.open == []


def test_what_stays_with_other_values_is_not_over(desk: Desk) -> None:
    """Beside a load a look counts only rows that the one before saw too; the others are no longer called wrong, nor
    are they right."""
    desk.wrong(2)
    desk.judged()
    assert desk.judged(change=lambda found: replace(found, status="ok", findings=())) == []
    assert desk.open == ["main/2025-11-18"]


def test_what_is_accepted_is_silent_until_that_day(desk: Desk) -> None:
    desk.wrong(2, 1)
    desk.judged()
    until = TODAY + timedelta(days=10)

    def accept(check: str, key: str) -> None:
        desk.messages.clear()
        accept_findings(desk.settings, check, key, until, "a tour", desk.channel)

    with pytest.raises(UsageError, match=r"nothing that is called main/2025-11-2\. Did you mean main/2025-11-1"):
        accept("volume_sales", "main/2025-11-2")
    with pytest.raises(UsageError, match="Did you mean volume_sales"):
        accept("volume_sale", "main/2025-11-18")
    accept("volume_sales", "main/2025-11-18")
    assert (desk.messages, desk.open) == ([], ["main/2025-11-19"])
    accept("volume_sales", "main/*")
    assert desk.messages[0].startswith("Zakaz: Закрыто: ОШИБКА: QTickets: не хватает билетов")
    assert "Принято до 30.11.2025: a tour." in desk.messages[0]
    assert (desk.judged(until), desk.open) == ([], [])
    assert len(desk.judged(until + timedelta(days=1))) == 1, "it was accepted up to then"
    assert desk.open == ["main/2025-11-18", "main/2025-11-19"]


def test_what_is_accepted_has_its_reason_and_is_taken_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "moscow_today", lambda: TODAY)
    desk.wrong(2, 1)
    desk.judged()
    for key, why in (("main/2025-11-18", "a tour"), ("main/*", "both")):
        accept_findings(desk.settings, "volume_sales", key, TODAY, why, desk.channel)
    desk.messages.clear()

    def seen(day: date) -> list[tuple[object, ...]]:
        with warehouse(desk.settings) as client:
            return listing(client, [], day).select("finding", "accepted_as", "until", "why").sort("finding").rows()

    both = [("main/*", TODAY, "both")] * 2
    assert seen(TODAY) == [(f"main/2025-11-{day}", *one) for day, one in zip((18, 19), both, strict=True)]
    assert {row[2] for row in seen(TODAY + timedelta(days=1))} == {None}, "it is over, and no check has looked yet"
    with pytest.raises(UsageError, match=r"called main/2025-11-19\. Did you mean main/"):
        reopen_findings(desk.settings, "volume_sales", "main/2025-11-19")
    assert reopen_findings(desk.settings, "volume_sales", "main/*").startswith("volume_sales: снова открыто 1 ")
    assert desk.open == ["main/2025-11-19"]
    assert desk.judged()[0].endswith("за 19.11"), "and its message is sent"
    assert seen(TODAY)[0] == ("main/2025-11-18", "main/2025-11-18", TODAY, "a tour"), "as it was accepted before"


def test_a_message_says_what_how_much_since_when_and_what_to_do(desk: Desk) -> None:
    desk.wrong(3, 2, 1, rows=1000)
    desk.judged()
    assert desk.messages[0].replace("\N{NO-BREAK SPACE}", " ").split("\n") == [
        "Zakaz: ОШИБКА: QTickets: не хватает билетов: 1 000, за 17.11 – 19.11",
        "Под вопросом: до 3 000 ₽.",
        "Отчёты: этим цифрам не верьте, смотрите QTickets.",
        "Что делать: Сверьте день с QTickets.",
        "Для администратора Zakaz: zakaz load qtickets --from 2025-11-17 --to 2025-11-19 --refresh",
        "Все замечания: zakaz quality findings",
    ]


def test_of_each_day_is_remembered_what_loads_left(make_settings: Callable[..., Settings]) -> None:
    """Also that something is no more; a day that no load changed keeps what it was like."""
    first, second = TODAY - timedelta(days=2), TODAY - timedelta(days=1)
    newest = "SELECT toDayOfMonth(day) AS d, thing, toUInt32(argMax(figures['revenue'], seen_on)), count() "
    newest += "FROM meta_memory FINAL GROUP BY d, thing ORDER BY d, thing"
    lines = Lines()
    for event, day, amount in ((1, first, 100), (2, first, 50), (1, second, 70)):
        lines.sell(event, day, 1, amount)
    with warehouse(embedded(make_settings())) as client:
        put(client, "stg_qtickets_tickets", *lines["stg_qtickets_tickets"])
        for later in (0, 1):  # The second time nothing has changed, and nothing more is written.
            remember_days(client, "qtickets", "main", [first, second], TODAY + timedelta(days=later))
            assert client.query(newest).result_rows == [(18, "1", 100, 1), (18, "2", 50, 1), (19, "1", 70, 1)]
        client.command("DELETE FROM stg_qtickets_tickets WHERE ticket_id = 1")
        client.command("ALTER TABLE stg_qtickets_tickets UPDATE amount = 7 WHERE ticket_id IN (0, 2)")
        remember_days(client, "qtickets", "main", [first], TODAY + timedelta(days=2), also_unknown=True)
        assert client.query(newest).result_rows == [(18, "1", 7, 2), (18, "2", 0, 2), (19, "1", 70, 1)]
        client.command("TRUNCATE TABLE meta_memory")
        remember_days(client, "qtickets", "main", [], TODAY, also_unknown=True)
        assert client.query(newest).result_rows == [(18, "1", 7, 1), (19, "1", 7, 1)]


def test_every_reason_of_a_rejected_row_has_russian_words() -> None:
    for schema in (raw_orders, raw_direct, raw_vk):
        columns = [f"{name} {check.error}" for name, column in schema.columns.items() for check in column.checks]
        for reason in [*columns, *(check.error for check in schema.checks)]:
            words = filled("{reason}", {"reason": reason}, "ru")
            assert re.search("[а-я]", words), reason
            assert not re.search(r"\bis\b|\bbut\b", words), words
            assert re.search("[а-я]", retold(reason, "ru")), reason


DAY = Kept(
    *("totals", "vk_ads/spb/1", *[datetime(2025, 11, 20, tzinfo=UTC)] * 2, None, "open", "fail", "exact"),
    *("vk_ads", "spb", date(2025, 11, 18), Decimal(7), "VK Ads spb: 2025-11-18 is 7 ₽ off", "", "run"),
)


def test_of_findings_nothing_is_said_twice_and_days_alone_make_no_lines() -> None:
    twice = replace(DAY, check_name="twice", severity="warn", money=None, day=None, what="VK Ads spb: odd")
    others = [
        replace(DAY, finding="2", day=date(2025, 11, 19), what="VK Ads spb: 2025-11-19 is 7 ₽ off"),
        *(replace(DAY, finding=f"{n}", day=None, what=f"VK Ads spb: ad {n} is odd") for n in range(3, 7)),
        *(twice, replace(twice, finding="b")),
    ]
    (trouble,) = incidents([DAY, *others], [], "en")
    assert trouble.title == "WRONG: VK Ads spb: 2025-11-18 – 2025-11-19 is 7 ₽ off"
    lines = ["• ad 3 is odd", "• ad 4 is odd", "  and 2 more", "• odd", "Days: 2025-11-18 – 2025-11-19."]
    assert trouble.body.split("\n")[:6] == [*lines, "In doubt: up to 42 ₽."]
    long = replace(DAY, what=f"VK Ads spb: {'a' * 200}")
    assert incidents([long], [], "en")[0].body.startswith("• aaa"), "a title that is cut is said below, too"


OFF = "VK Ads spb: 2025-11-18 is 9 ₽ off"
LOST = replace(DAY, check_name="totals_ads", finding="vk_ads/spb/2025-11-18", what=OFF, money=Decimal(9))
REPORT = replace(DAY, check_name="reconcile_marketing", finding="vk_ads/2025-11-18", what="VK: the report is off")
REPORT = replace(REPORT, account="", money=Decimal(99))
TICKETS = replace(LOST, source="qtickets", account="main", check_name="memory_sales")


def test_a_report_that_is_off_because_rows_are_is_told_beneath_them() -> None:
    """In one message, which is not sent again for it. What has another cause has a message of its own."""
    campaigns = replace(REPORT, check_name="reconcile_campaigns", day=None)
    others = replace(REPORT, source="direct")
    for beside, messages, is_beneath in (
        ([REPORT], 1, True), ([replace(REPORT, check_name="reconcile_shows", finding="vk_ads", day=None)], 1, True),
        ([replace(campaigns, finding="vk_ads//2025-11-01")], 1, True), ([TICKETS], 2, False), ([TICKETS, REPORT], 2, True),
        ([TICKETS, others], 2, False),  # Tickets are a part of each source's report.
        ([others], 2, False), ([replace(REPORT, day=date(2025, 11, 17))], 2, False),
        ([replace(campaigns, finding="vk_ads//2025-10-01")], 2, False),
        ([replace(REPORT, check_name="duplicates_marketing")], 2, False), ([replace(REPORT, source="")], 2, False),
    ):  # fmt: skip
        told = incidents([*beside, LOST], checks(), "en")
        (one,) = (one for one in told if one.key == "data of vk_ads spb")
        assert (len(told), REPORT.what in one.body) == (messages, is_beneath), beside
        assert one.title == "WRONG: VK Ads spb: 2025-11-18 is 9 ₽ off"
        assert one.fingerprint == incidents([LOST], checks(), "en")[0].fingerprint


def test_what_was_made_or_remembered_anew_is_right_when_its_rows_are(desk: Desk) -> None:
    all_three = [REPORT, replace(LOST, check_name="memory_spend"), LOST]
    ok = [Result(NAMED[one.check_name], "ok", 0, "", []) for one in all_three]
    with warehouse(desk.settings) as client:
        _write(client, all_three)
        for results, left in ((ok[:2], 3), (ok, 0)):
            now = DAY.seen_at + timedelta(days=len(results))
            settle(client, Run("quality", "", now), now, results, checks(), [("vk_ads", "spb")], Known())
            assert len(not_mended(client)) == left


YESTERDAY = TODAY - timedelta(days=1)
NAMED = {check.name: check for check in checks()}


def run(account: str, started: str, *days: int) -> dict[str, object]:
    """A good run of VK Ads in Moscow's morning or evening, whose window is from so many days ago to so many."""
    first, last = (TODAY - timedelta(days=number) for number in days)
    at = datetime.fromisoformat(f"{started}+03:00").astimezone(UTC).isoformat(" ", "milliseconds")[:23]
    window = f'{{"window": {{"first": "{first}", "last": "{last}"}}}}'
    run_id = {"job": "vk_ads_loader", "account": account, "run_id": f"{account} {started}"}
    return run_id | {"status": "success", "started_at": at, "finished_at": at, "metrics": window}


def found(name: str, account: str, severity: str, day: date = YESTERDAY) -> Result:
    check: Check = NAMED[name]
    one = Finding(check, account, severity, "vk_ads", account, day, Decimal(5), f"VK Ads {account}: {name}", "")
    return Result(check, "broken", 1, one.what, [], findings=(one,))


def test_each_account_has_an_answer_and_a_reason(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("early", "half", "not", "odd", "other", "wrong", "yes")
    monkeypatch.setattr(complete, "set_up", lambda *_: [("vk_ads", name) for name in names])
    settings = embedded(make_settings())
    with warehouse(settings) as client:
        before_it_was_over = run("early", "2025-11-19 23:59", 3, 0)
        another_day = run("other", "2025-11-20 05:00", 9, 2)
        good = [run(name, "2025-11-20 00:01", 3, 1) for name in ("half", "odd", "wrong", "yes")]
        put(client, "meta_job_runs", before_it_was_over, another_day, *good)
    results = [
        found("totals_ads", "wrong", "fail"), found("totals_ads", "yes", "fail", YESTERDAY - timedelta(days=1)),
        found("volume_spend", "half", "warn"), found("spend_without_city", "odd", "warn"),
    ]  # fmt: skip
    told = {one.account: one for one in answers(settings, results, TODAY)}
    assert {name: one.told("en") for name, one in told.items()} == {
        "early": "not yet", "half": "look", "not": "not yet", "odd": "yes", "other": "not yet", "wrong": "no",
        "yes": "yes",
    }  # fmt: skip
    assert told["wrong"].why("en") == "VK Ads wrong: totals_ads"
    assert told["wrong"].remedy("ru") == NAMED["totals_ads"].do_ru
    assert told["not"].why("ru") == "VK Ads not: после окончания дня не загружалось"
    assert told["not"].remedy("ru") == "zakaz load vk_ads --account not"
    assert (told["yes"].why("en"), told["yes"].remedy("en")) == ("VK Ads yes", "")
    assert question(TODAY, "ru") == "Вчерашний день, 19.11, загружен полностью?"
    hindered = Result(NAMED["totals_ads"], "unjudged", 0, "it took too long", [], hindered=True)
    doubted = {one.account: one.told("en") for one in answers(settings, [hindered], TODAY)}
    assert (doubted["yes"], doubted["early"]) == ("look", "not yet"), "what nobody could compare is no yes"
