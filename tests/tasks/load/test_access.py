"""`zakaz access` sends what `sql/access` says, with hashes in place of passwords, and refuses poor ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tasks.errors import SettingsError, WarehouseError
from tasks.load import access
from tasks.load.access import ACCOUNTS, grant_access, password_hash, places, statements
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse as open_warehouse
from tasks.settings import Settings, load_settings
from tests.support.shipped_access import PASSWORDS, SETTINGS, account, rendered

Make = Callable[..., Settings]
GOOD = "Hx7-some-long-one"


class Recorder:
    """In the place of the server's client: keeps the statements, and fails them where `error` is set."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.database = "zakaz"
        self.error: Exception | None = None

    def command(self, text: str) -> None:
        if self.error:
            raise self.error
        self.sent.append(text)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()

    @contextmanager
    def record(_: Settings) -> Iterator[Recorder]:
        yield recorder

    monkeypatch.setattr(access, "warehouse", record)
    monkeypatch.setattr(access, "_views_without_owner", lambda _: [])
    monkeypatch.setattr(access, "_unheld_limits", lambda _: [])
    return recorder


def server(make_settings: Make, **given: Any) -> Settings:
    return make_settings(clickhouse_dsn="http://127.0.0.1:1", **given)


@pytest.mark.parametrize("cluster", [None, "main"])
def test_the_engine_can_parse_every_statement(make_settings: Make, client: Client, cluster: str | None) -> None:
    """The embedded one has no place for users, so parsing is as far as it goes."""
    hosts = {f"{name}_hosts": "10.0.0.7, 10.1.0.0/16,fd00::/8" for name in ("etl", "datalens", "backup")}
    settings = server(make_settings, clickhouse_cluster=cluster, clickhouse_database="select", **hosts)
    files = sql_files("access")
    assert {file.name for file in files} == {account.name for account in ACCOUNTS}
    for file in files:
        texts = statements(file, places(settings, account(file.name), GOOD))
        assert len(texts) >= len(file.statements) - (cluster is None)
        for text in texts:
            assert ("ON CLUSTER `main`" in text) == (cluster is not None)
            assert "{" not in text
            client.query(f"EXPLAIN AST {text}")


def test_a_line_a_user_hosts_only_where_they_are_set_and_no_secret(make_settings: Make, recorder: Recorder) -> None:
    given = SETTINGS | {"backup_password": None, "etl_hosts": "10.0.0.7, 10.1.0.0/16"}

    lines = grant_access(server(make_settings, **given))

    assert lines == [
        "etl_writer: migrates and loads (zakaz), from 10.0.0.7/32, 10.1.0.0/16",
        "datalens_reader: reads the views (zakaz)",
        "backup_user: skipped, BACKUP_PASSWORD is not set; its role is up to date",
    ]
    sent = "\n".join(recorder.sent)
    assert not [password for password in PASSWORDS.values() if password in sent or password in str(lines)]
    hosts = [text.splitlines()[-1] for text in recorder.sent if " HOST " in text]
    assert hosts == ["ALTER USER etl_writer HOST IP '10.0.0.7/32', IP '10.1.0.0/16'"]
    assert "CREATE ROLE IF NOT EXISTS `zakaz_backup`" in sent
    assert "GRANT `zakaz_reader` TO datalens_reader" in sent
    assert not re.search(r"(USER|TO) \w*backup_user", sent), "a user without a password is not touched"


def test_the_hash_is_that_of_clickhouse_of_the_password_and_a_salt_of_its_own(make_settings: Make) -> None:
    """The example of ClickHouse's own manual for CREATE USER, whose password is `my_password`."""
    salt = "4FB16307F5E10048196966DD7E6876AE53DE6A1D1F625488482C75F14A5097C7"
    assert password_hash("my_password", salt) == "0c268556c1680bef0640aac1e7187566704208398da31f03d18c74f5c5be5053"

    salts = set()
    for name, password in PASSWORDS.items():
        pairs = re.findall(r"BY '(\w+)' SALT '(\w+)'", " ".join(rendered(server(make_settings), name)))
        assert len(pairs) == 2
        assert [password_hash(password, salt) for _, salt in pairs] == [digest for digest, _ in pairs]
        salts |= {salt for _, salt in pairs}
    assert len(salts) == len(PASSWORDS)


@pytest.mark.parametrize("given", ["10.0.0.300", "example.com", "10.0.0.1/8", "10.0.0.1' OR '", "any"])
def test_a_host_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("DATALENS_HOSTS", given)

    with pytest.raises(SettingsError, match="The setting DATALENS_HOSTS is wrong: it takes addresses and subnets"):
        load_settings()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Ab3-Ab3-Ab3", "DATALENS_PASSWORD is shorter than 12"),
        ("DataLens_Reader-2026", "DATALENS_PASSWORD is one that is guessed first"),
        ("changeme-2026!", "DATALENS_PASSWORD is one that is guessed first"),
        ("123456789012", "DATALENS_PASSWORD is one that is guessed first"),
        ("aaaabbbbaaaabbbb", "DATALENS_PASSWORD is one that is guessed first"),
        (f"{GOOD}\n", "DATALENS_PASSWORD begins or ends with a blank"),
        (GOOD, "Two users have the same password"),
    ],
)
def test_a_poor_password_is_refused_before_anything_is_done(
    make_settings: Make, recorder: Recorder, password: str, why: str
) -> None:
    with pytest.raises(SettingsError, match=why) as caught:
        grant_access(server(make_settings, etl_password=GOOD, datalens_password=password))

    assert password.strip() not in str(caught.value)
    assert recorder.sent == []


def test_the_embedded_warehouse_has_no_users(make_settings: Make) -> None:
    with pytest.raises(SettingsError, match="The embedded warehouse has no users"):
        grant_access(make_settings(**SETTINGS))


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [(514, WarehouseError, "users in configuration files alone"), (497, DatabaseError, "as the server said it")],
)
def test_a_server_without_a_place_for_users_is_named_and_other_errors_are_not(
    make_settings: Make, recorder: Recorder, code: int, kind: type[Exception], words: str
) -> None:
    recorder.error = DatabaseError("as the server said it")
    recorder.error.code = code  # type: ignore[attr-defined]

    with pytest.raises(kind, match=words):
        grant_access(server(make_settings, **SETTINGS))


@pytest.mark.slow
def test_views_that_a_reader_cannot_read_are_named(server_settings: Settings) -> None:
    with open_warehouse(server_settings) as client:
        client.command("CREATE VIEW v_old AS SELECT 1 AS x")
        client.command("CREATE VIEW v_new DEFINER = default SQL SECURITY DEFINER AS SELECT 1 AS x")

        assert access._views_without_owner(client) == [
            "datalens_reader cannot read v_old yet: run `zakaz migrate` or a load as etl_writer"
        ]


def test_a_server_that_lets_a_session_drop_its_limits_is_told_of(client: Client) -> None:
    """Whether it does is tried here with another setting than the program takes."""
    try:
        client.query("SELECT 1 SETTINGS join_use_nulls = DEFAULT", settings={"join_use_nulls": 1, "readonly": 1})
        lets = True
    except DatabaseError:
        lets = False

    lines = access._unheld_limits(client)

    assert [line for line in lines if "lets a session drop its limits" in line] == lines
    assert bool(lines) == lets
