"""`zakaz access` sends what `sql/access` says, with hashes in place of passwords, and refuses poor ones."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import SettingsError
from tasks.load import access
from tasks.load.access import grant_access, password_hash, places, statements
from tasks.load.sql import sql_files
from tasks.settings import Settings
from tests.support.shipped_access import PASSWORDS, SETTINGS, account, rendered

Make = Callable[..., Settings]
GOOD = "Hx7-some-long-one"


class Recorder:
    """In the place of the server's client: keeps the statements."""

    server_settings: ClassVar[dict[str, object]] = {}

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.database = "zakaz"

    def command(self, text: str) -> None:
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
    for file in sql_files("access"):
        texts = statements(file, places(settings, account(file.name), GOOD))
        for text in texts:
            assert ("ON CLUSTER `main`" in text) == (cluster is not None)
            assert "{" not in text
            client.query(f"EXPLAIN AST {text}")


def test_a_line_a_user_hosts_only_where_they_are_set_and_no_secret(make_settings: Make, recorder: Recorder) -> None:
    given = SETTINGS | {"backup_password": None, "etl_hosts": "10.0.0.7, 10.1.0.0/16"}
    lines = grant_access(server(make_settings, **given))
    sent = "\n".join(recorder.sent)
    assert not [password for password in PASSWORDS.values() if password in sent or password in str(lines)]
    hosts = [text.splitlines()[-1] for text in recorder.sent if " HOST " in text]
    assert hosts == ["ALTER USER etl_writer HOST IP '10.0.0.7/32', IP '10.1.0.0/16'"]
    assert "GRANT `zakaz_reader` TO datalens_reader" in sent
    assert not re.search(r"(USER|TO) \w*backup_user", sent), "a user without a password is not touched"


def test_the_hash_is_that_of_clickhouse_of_the_password_and_a_salt_of_its_own(make_settings: Make) -> None:
    """The example of ClickHouse's own manual for CREATE USER, whose password is `my_password`."""
    salt = "4FB16307F5E10048196966DD7E6876AE53DE6A1D1F625488482C75F14A5097C7"
    assert password_hash("my_password", salt) == "0c268556c1680bef0640aac1e7187566704208398da31f03d18c74f5c5be5053"
    salts = set()
    for name, password in PASSWORDS.items():
        pairs = re.findall(r"BY '(\w+)' SALT '(\w+)'", " ".join(rendered(server(make_settings), name)))
        assert [password_hash(password, salt) for _, salt in pairs] == [digest for digest, _ in pairs]
        salts |= {salt for _, salt in pairs}
    assert len(salts) == len(PASSWORDS)


def test_a_poor_password_is_refused_before_anything_is_done(make_settings: Make, recorder: Recorder) -> None:
    guessed = dict.fromkeys(("DataLens_Reader-2026", "aaaabbbbaaaabbbb"), "is one that is guessed first")
    for password, why in {
        "Ab3-Ab3-Ab3": "is shorter than 12",
        GOOD: "Two users have the same password",
        **guessed,
    }.items():
        with pytest.raises(SettingsError, match=why) as caught:
            grant_access(server(make_settings, etl_password=GOOD, datalens_password=password))
        assert password not in str(caught.value)
        assert recorder.sent == []
