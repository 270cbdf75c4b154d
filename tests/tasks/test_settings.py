"""Where a setting comes from and whose it is, that no error shows its value, and that secrets others could read are
told of."""

import re
from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from tasks import settings as module
from tasks.errors import SettingsError
from tasks.exposure import in_the_clear
from tasks.settings import Settings, account_files, load_settings, remarks, require
from tasks.sources import SOURCES
from tasks.sources.accounts import Account, accounts_of

SECRET = "qt-5f1c9a-secret"


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of secrets in a home of the test's own."""
    monkeypatch.setattr(module, "HOME", tmp_path)
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


def test_the_environment_wins_over_files(secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment over the given file, that over the secrets and those over the defaults. Each source may have a
    file of its own. An empty value is none; samples and other files are not read."""
    assert load_settings().qtickets_token is None
    (secrets / ".env.qtickets").write_text("QTICKETS_TOKEN=secrets\nQTICKETS_RATE=1\nQTICKETS_PAGE_SIZE=11\n")
    (secrets / ".env.warehouse").write_text("CLICKHOUSE_DATABASE=other\nHTTP_ATTEMPTS=\n")
    (secrets / "env.qtickets").write_text("QTICKETS_PAYMENT_LAG=5\n")
    (tmp_path / "given.env").write_text("QTICKETS_TOKEN=given\nQTICKETS_RATE=2\n")
    monkeypatch.setenv("QTICKETS_TOKEN", "environment")
    monkeypatch.setenv("QTICKETS_FILTER", "")
    monkeypatch.setenv("ZAKAZ_ENV", str(tmp_path / "given.env"))
    settings = load_settings()
    assert settings.qtickets_token == SecretStr("environment")
    assert "environment" not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"
    assert (settings.qtickets_rate, settings.qtickets_page_size, settings.clickhouse_database) == (2, 11, "other")
    assert (settings.qtickets_filter, settings.http_attempts, settings.qtickets_payment_lag) == ("auto", 6, 30)
    assert Settings(_env_file=None).qtickets_page_size == 100, "without files none of the machine's is read"
    with pytest.raises(ValidationError, match="frozen"):
        settings.qtickets_rate = 5


def test_a_wrong_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTICKETS_RATE", SECRET)
    with pytest.raises(SettingsError, match=r"^The setting QTICKETS_RATE in the environment is wrong: ") as caught:
        load_settings()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "error"),
    [("  ", r"is missing\. Put it into secrets/\.env\.qtickets"), (f"{SECRET} two words", "holds characters")],
)
def test_a_secret_is_stripped_and_one_that_can_be_no_token_refused(value: str, error: str) -> None:
    """It would otherwise fail deep in the HTTP client, in words that nobody understands."""
    assert require(Settings(_env_file=None, qtickets_token=f" {SECRET}\n"), "QTICKETS_TOKEN") == SECRET
    with pytest.raises(SettingsError, match=f"QTICKETS_TOKEN {error}") as caught:
        require(Settings(_env_file=None, qtickets_token=value), "QTICKETS_TOKEN")
    assert SECRET not in str(caught.value)


# --- accounts ---

VK, DIRECT = SOURCES["vk_ads"], SOURCES["direct"]


def write(secrets: Path, **files: str) -> None:
    """`vk__spb="VK_CLIENT_ID=1 VK_RATE=2"` is the file .env.vk.spb of two lines."""
    for name, text in files.items():
        content = text.replace(" ", "\n").encode(errors="surrogateescape")
        (secrets / f".env.{name.replace('__', '.')}").write_bytes(content)


def accounts(name: str) -> dict[str, Account]:
    return {account.name: account for account in accounts_of(SOURCES[name], load_settings())}


def test_an_account_has_its_own_file_and_main_the_environment(  # type: ignore[no-untyped-def]
    secrets: Path, monkeypatch, caplog
) -> None:
    """What is for all comes from where it does without accounts."""
    write(secrets, vk="VK_PAGE_SIZE=11", http="HTTP_ATTEMPTS=2", vk__spb="VK_TOKEN=t VK_BASE_URL=http://10.0.0.8")
    monkeypatch.setenv("VK_RATE", "7")
    monkeypatch.setenv("VK_CLIENT_ID", "of-main")
    main, spb = (account.settings for account in accounts("vk_ads").values())
    assert (main.vk_client_id, main.vk_rate, main.vk_page_size) == ("of-main", 7, 11)
    assert (spb.vk_client_id, spb.vk_rate, spb.vk_page_size, spb.http_attempts) == (None, 2, 250, 2)
    assert spb.vk_token_file == secrets / "vk_token.spb.json"
    assert main.place_of("vk", "VK_RATE") == "the environment, which goes before secrets/.env.vk"
    assert spb.place_of("vk", "VK_RATE") == "secrets/.env.vk.spb"
    assert "secrets/.env.vk.spb: VK_BASE_URL sends its token in the clear to 10.0.0.8" in caplog.text
    with pytest.raises(SettingsError, match=r"VK_CLIENT_SECRET is missing\. Put it into secrets/\.env\.vk "):
        accounts("vk_ads")["main"].check()
    # Where nothing is set up there is `main`, whose error says what is missing; else what is set up alone.
    assert list(accounts("direct")) == ["main"]
    write(secrets, direct__spb="DIRECT_LOGIN=a DIRECT_TOKEN=t")
    assert list(accounts("direct")) == ["spb"]


def test_copies_settings_in_the_file_of_another_and_unknown_names_are_told_of_and_not_read(secrets: Path) -> None:
    copies = ["telegram.spb", "vk.Spb", "vk.old", "vk.spb.bak", "vk~"]
    write(secrets, **dict.fromkeys(copies, "VK_RATE=9"), direct__a2="")
    write(secrets, vk="DIRECT_LOGIN=a vk_clientid=1 CLICKHOUSE_DATABASE=ours")
    write(secrets, vk__spb="VK_CLIENT_ID=2 CLICKHOUSE_DATABASE=other QTICKETS_RATE=9")
    write(secrets, more="VK_RATE=3 SOMETHING_ELSE=1 ZAKAZ_HOME=/")
    settings, spb = load_settings(), accounts("vk_ads")["spb"].settings
    assert (settings.direct_login, settings.clickhouse_database, settings.vk_rate) == (None, "ours", 3)
    assert (spb.clickhouse_database, spb.qtickets_rate) == ("ours", 3)
    assert set(account_files()) == {("vk", "spb"), ("direct", "a2")}
    told = [line.removeprefix(f"{secrets}/.env.") for line in remarks(settings)]
    not_of_vk = "is not read; an account has only settings that begin with VK_"
    assert Counter(told) == Counter([
        *(f"{name} is taken for a copy and not read" for name in copies),
        "more: SOMETHING_ELSE is no setting and not read", "more: ZAKAZ_HOME is read from the environment alone",
        f"vk.spb: CLICKHOUSE_DATABASE {not_of_vk}", f"vk.spb: QTICKETS_RATE {not_of_vk}",
        f"vk: DIRECT_LOGIN is not read; it belongs into {secrets}/.env.direct",
        "vk: vk_clientid is no setting and not read; did you mean VK_CLIENT_ID?",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("files", "at_fault", "words"),
    [
        (("LOGIN=A.B", "LOGIN=a-b"), "ab", "[ab] and [ab] are the same account, in secrets/.*[ab] and secrets/"),
        (("LOGIN=b,c", "LOGIN=d"), "b", r"two accounts b, in secrets/.*[ab] and secrets/.*[ab]\."),
        (("LOGIN=c,c",), "c", r"two accounts c, in secrets/\.env\.direct\.a\. "),
        (("LOGIN=Ромашка,d",), "a", r"DIRECT_LOGIN in secrets/\.env\.direct\.a lists Ромашка, by which no"),
        (("RATE=fast",), "a", r"DIRECT_RATE in secrets/\.env\.direct\.a is wrong"),
        (("LOGIN=\udcff",), "a", "is not UTF-8"),
    ],
)
def test_an_account_that_is_wrong_stops_no_other(
    secrets: Path, files: tuple[str, ...], at_fault: str, words: str
) -> None:
    write(secrets, direct="DIRECT_LOGIN=of-main DIRECT_TOKEN=t")
    write(secrets, **{f"direct__{name}": f"DIRECT_{line}" for name, line in zip("ab", files, strict=False)})
    main, *others = accounts_of(DIRECT, load_settings())
    main.check()
    assert {one.name for one in others if one.fault} == set(at_fault)
    for one in filter(lambda one: one.fault, others):
        with pytest.raises(SettingsError, match=words):
            one.check()


# --- what others could read ---

CLEAR = {
    "QTICKETS_BASE_URL": ({"qtickets_base_url": "http://a.example.com/v1", "qtickets_token": "t"}, "a.example.com"),
    "VK_BASE_URL": ({"vk_base_url": "http://10.0.0.7", "vk_client_secret": "s"}, "10.0.0.7"),
    "DIRECT_BASE_URL": ({"direct_base_url": "HTTP://api.example.com", "direct_token": "t"}, "api.example.com"),
    "ALERT_URL": ({"alert_url": "http://chat.example.com/hooks/x"}, "chat.example.com"),
    "CLICKHOUSE_DSN": ({"clickhouse_dsn": "clickhouse://u:p@db.example.com:8123"}, "db.example.com"),
    "BACKUP_DSN": ({"backup_dsn": "http://u:p@[2001:db8::1]:8123/?secure=false"}, "2001:db8::1"),
}
FINE = [
    {"qtickets_base_url": "https://api.example.com", "qtickets_token": "t"},
    {"qtickets_base_url": "http://api.example.com"},
    {"qtickets_base_url": "http://127.0.0.1:8080", "qtickets_token": "t"},
    {"clickhouse_dsn": "clickhouse://u:p@clickhouse:8123"},
    {"clickhouse_dsn": "clickhouse://u:p@db.example.com:8443/?secure=true"},
]


def test_a_secret_in_the_clear_to_another_machine_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is encrypted, stays here or has no secret is not."""
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    for name, (given, host) in CLEAR.items():
        (line,) = in_the_clear(Settings(_env_file=None, **given))  # type: ignore[arg-type]
        assert line.startswith(f"{name} sends its ") and f" in the clear to {host}: " in line
        assert not re.search("u:p|hooks", line)
    assert [in_the_clear(Settings(_env_file=None, **given)) for given in FINE] == [[]] * len(FINE)  # type: ignore[arg-type]
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect.example.com:4200/api")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "zakaz:secret")
    (line,) = in_the_clear(Settings(_env_file=None))
    assert line == "PREFECT_API_URL sends its password in the clear to prefect.example.com: write https://"
