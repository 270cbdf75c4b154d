"""`zakaz access` sends what `sql/access` says, with hashes in place of passwords, and refuses poor ones."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tasks.errors import SettingsError, WarehouseError
from tasks.load import access
from tasks.load.access import ACCOUNTS, grant_access, password_hash, places, statements
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.settings import Settings, load_settings
from tests.support.shipped_access import PASSWORDS, SETTINGS, account, rendered, shipped

Make = Callable[..., Settings]
SERVER = "http://127.0.0.1:1"
GOOD = "Hx7-some-long-one"


class Recorder:
    """In the place of the server's client: remembers what it was told, and has no view to complain of."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.database = "zakaz"

    def command(self, text: str) -> None:
        self.told.append(text)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()

    @contextmanager
    def open_warehouse(_: Settings) -> Iterator[Recorder]:
        yield recorder

    monkeypatch.setattr(access, "warehouse", open_warehouse)
    monkeypatch.setattr(access, "_views_without_owner", lambda _: [])
    monkeypatch.setattr(access, "_unheld_limits", lambda _: [])
    return recorder


def server(make_settings: Make, **given: Any) -> Settings:
    return make_settings(clickhouse_dsn=SERVER, **given)


def test_every_file_is_of_one_user_and_every_user_has_a_file() -> None:
    assert {file.name for file in sql_files("access")} == {account.name for account in ACCOUNTS}


@pytest.mark.parametrize("cluster", [None, "main"])
@pytest.mark.parametrize("database", ["zakaz", "select"])
def test_the_engine_can_parse_every_statement(
    make_settings: Make, client: Client, cluster: str | None, database: str
) -> None:
    """On both engines; they have no place for users, so parsing is as far as they go."""
    hosts = {f"{name}_hosts": "10.0.0.7, 10.1.0.0/16,fd00::/8" for name in ("etl", "datalens", "backup")}
    settings = server(make_settings, clickhouse_cluster=cluster, clickhouse_database=database, **hosts)
    seen = 0
    for file in sql_files("access"):
        texts = statements(file, places(settings, account(file.name), GOOD))
        assert len(texts) >= len(file.statements) - (cluster is None)
        for text in texts:
            assert ("ON CLUSTER `main`" in text) == (cluster is not None)
            assert "{" not in text
            client.query(f"EXPLAIN AST {text}")
            seen += 1
    assert seen > 15


@pytest.mark.slow
def test_a_server_without_a_place_for_users_says_so(server_settings: Settings) -> None:
    """It gets as far as CREATE ROLE, so the way there is right."""
    with pytest.raises(WarehouseError, match="users in configuration files alone"):
        grant_access(server_settings.model_copy(update={"clickhouse_database": "default"}))


@pytest.mark.slow
def test_views_that_a_reader_cannot_read_are_named(server_settings: Settings) -> None:
    with warehouse(server_settings) as client:
        client.command("CREATE VIEW v_old AS SELECT 1 AS x")
        client.command("CREATE VIEW v_new DEFINER = default SQL SECURITY DEFINER AS SELECT 1 AS x")

        assert access._views_without_owner(client) == [
            "datalens_reader cannot read v_old yet: run `zakaz migrate` or a load as etl_writer"
        ]


def test_a_server_that_lets_a_session_drop_its_limits_is_told_of(client: Client) -> None:
    """On both engines; whether it does is tried here with another setting than the program takes."""
    try:
        client.query("SELECT 1 SETTINGS join_use_nulls = DEFAULT", settings={"join_use_nulls": 1, "readonly": 1})
        lets = True
    except DatabaseError:
        lets = False

    told = access._unheld_limits(client)

    assert [line for line in told if "lets a session drop its limits" in line] == told
    assert bool(told) == lets


def test_where_a_user_may_come_from_is_set_and_otherwise_left_alone(
    make_settings: Make, recorder: Recorder
) -> None:
    told = grant_access(server(make_settings, **SETTINGS, etl_hosts="10.0.0.7, 10.1.0.0/16"))

    hosts = [text.splitlines()[-1] for text in recorder.told if " HOST " in text]
    assert hosts == ["ALTER USER etl_writer HOST IP '10.0.0.7/32', IP '10.1.0.0/16'"]
    assert told[0] == "etl_writer: migrates and loads (zakaz), from 10.0.0.7/32, 10.1.0.0/16"
    assert told[1] == "datalens_reader: reads the views (zakaz)"


@pytest.mark.parametrize("given", ["10.0.0.300", "example.com", "10.0.0.1/8", "10.0.0.1' OR '", "any"])
def test_a_host_that_is_no_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, recorder: Recorder, given: str
) -> None:
    monkeypatch.setenv("DATALENS_HOSTS", given)

    with pytest.raises(SettingsError, match="The setting DATALENS_HOSTS is wrong: it takes addresses and subnets"):
        load_settings()


def test_a_line_a_user_and_no_secret(make_settings: Make, recorder: Recorder) -> None:
    told = grant_access(server(make_settings, **(SETTINGS | {"backup_password": None})))

    assert told == [
        "etl_writer: migrates and loads (zakaz)",
        "datalens_reader: reads the views (zakaz)",
        "backup_user: skipped, BACKUP_PASSWORD is not set; its role is up to date",
    ]
    sent = "\n".join(recorder.told)
    assert not [password for password in PASSWORDS.values() if password in sent or password in str(told)]
    assert "CREATE ROLE IF NOT EXISTS `zakaz_backup`" in sent
    assert "GRANT `zakaz_reader` TO datalens_reader" in sent
    assert not re.search(r"(USER|TO) \w*backup_user", sent), "a user without a password is not touched"


def test_twice_is_once_but_for_the_salt(make_settings: Make, recorder: Recorder) -> None:
    """And so is a changed password: the same statements with another hash."""
    settings = server(make_settings, **SETTINGS)

    def sent() -> list[str]:
        recorder.told.clear()
        grant_access(settings)
        return list(recorder.told)

    first, second = sent(), sent()

    assert first != second
    assert [re.sub("'[0-9a-f]{64}'", "''", text) for text in first] == [
        re.sub("'[0-9a-f]{64}'", "''", text) for text in second
    ]


def test_a_hash_is_that_of_clickhouse() -> None:
    """The example of ClickHouse's own manual for CREATE USER, whose password is `my_password`."""
    salt = "4FB16307F5E10048196966DD7E6876AE53DE6A1D1F625488482C75F14A5097C7"

    assert password_hash("my_password", salt) == "0c268556c1680bef0640aac1e7187566704208398da31f03d18c74f5c5be5053"


def test_the_hash_in_the_statements_is_of_the_password_and_a_salt_of_its_own(make_settings: Make) -> None:
    settings = server(make_settings)
    salts = set()
    for name, password in PASSWORDS.items():
        pairs = re.findall(r"BY '(\w+)' SALT '(\w+)'", " ".join(rendered(settings, name)))
        assert len(pairs) == 2
        for digest, salt in pairs:
            assert digest == hashlib.sha256(password.encode() + salt.encode()).hexdigest()
            salts.add(salt)
    assert len(salts) == len(PASSWORDS)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Ab3-Ab3-Ab3", "shorter than 12"),
        ("datalens_reader", "guessed first"),
        ("DataLens_Reader-2026", "guessed first"),
        ("changeme-2026!", "guessed first"),
        ("Password12345", "guessed first"),
        ("123456789012", "guessed first"),
        ("aaaabbbbaaaabbbb", "guessed first"),
        (f"{GOOD}\n", "blank"),
        (f" {GOOD}", "blank"),
    ],
)
def test_a_poor_password_is_refused_before_anything_is_done(
    make_settings: Make, recorder: Recorder, password: str, why: str
) -> None:
    settings = server(make_settings, etl_password=GOOD, datalens_password=password)

    with pytest.raises(SettingsError, match=f"DATALENS_PASSWORD .*{why}") as caught:
        grant_access(settings)

    assert password.strip() not in str(caught.value)
    assert recorder.told == []


def test_two_users_with_one_password_are_refused(make_settings: Make, recorder: Recorder) -> None:
    with pytest.raises(SettingsError, match="Two users have the same password"):
        grant_access(server(make_settings, etl_password=GOOD, backup_password=GOOD))

    assert recorder.told == []


def test_the_embedded_warehouse_has_no_users(make_settings: Make) -> None:
    with pytest.raises(SettingsError, match="The embedded warehouse has no users"):
        grant_access(make_settings(**SETTINGS))


def test_a_person_on_the_embedded_warehouse_is_told_so(tmp_path: Path) -> None:
    own = {"ZAKAZ_HOME": str(tmp_path), "CLICKHOUSE_DSN": f"chdb://{tmp_path / 'warehouse'}"}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "access"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "The embedded warehouse has no users" in done.stderr
    assert not (tmp_path / "warehouse").exists()


def test_a_setting_is_never_shown(make_settings: Make) -> None:
    assert not [password for password in PASSWORDS.values() if password in repr(make_settings(**SETTINGS))]


def test_whatever_can_be_raised_has_a_floor_too() -> None:
    """0 is no limit at all, and is less than any MAX; but of memory that is not counted it is none."""
    reader = shipped()["datalens_reader"]
    limits = {name for name in reader.settings if name.startswith("max_")} - {"max_untracked_memory"}

    assert limits == {name for name, limit in reader.constraints.items() if limit.get("min") == "1"}
    assert {"max_memory_usage", "max_execution_time", "max_rows_to_read", "max_result_rows"} <= limits
    for name in limits:
        assert str(reader.settings[name]) == reader.constraints[name]["max"]


def test_other_troubles_of_the_server_are_told_as_they_are(make_settings: Make, recorder: Recorder) -> None:
    def refuse(_: str) -> None:
        raise DatabaseError("code: 497 not allowed")

    recorder.command = refuse  # type: ignore[method-assign]

    with pytest.raises(DatabaseError, match="497"):
        grant_access(server(make_settings, **SETTINGS))
