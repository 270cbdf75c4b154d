"""Where backups go: what BACKUP_URL may say, and that no secret of a bucket is ever shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tasks.errors import SettingsError, WarehouseError
from tasks.load.backup import backup, restore
from tasks.load.backup_place import place
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.bucket import KEY, NAME, SECRET, Bucket, bucket
from tests.tasks.load.backups import everything, fill
from tests.tasks.load.engines import values

MakeSettings = Callable[..., Settings]
SERVER = "http://zakaz:pass-never-shown@127.0.0.1:8123"
KEYS = {"backup_s3_key": KEY, "backup_s3_secret": SECRET}


@pytest.fixture
def served() -> Iterator[Bucket]:
    with bucket() as running:
        yield running


# Embedded only: the tests' server lacks the threads with which a real one writes to buckets.
@pytest.mark.slow
@pytest.mark.parametrize("url", [f"s3://{NAME}", f"s3://{NAME}/of/ours/", "https"])
def test_a_bucket_takes_a_backup_and_gives_it_back(make_settings: MakeSettings, served: Bucket, url: str) -> None:
    url = f"{served.endpoint}/{NAME}/of/ours" if url == "https" else url
    chosen = make_settings(backup_url=url, backup_s3_endpoint=served.endpoint, **KEYS)
    with warehouse(chosen) as client:
        fill(client)
    backup(chosen, "to-a-bucket")
    assert any(name.endswith("to-a-bucket/.backup") for name in served.objects)
    restore(chosen, "to-a-bucket", into="other")
    with warehouse(chosen) as client:
        assert everything(client, "other") == everything(client, "zakaz")
        told = " ".join(name for (name,) in values(client, "SELECT name FROM system.backups"))
    assert SECRET not in told
    with pytest.raises(WarehouseError, match=r"There is a backup to-a-bucket in .* already"):
        backup(chosen, "to-a-bucket")
    with pytest.raises(WarehouseError, match="There is no backup elsewhere in"):
        restore(chosen, "elsewhere", into="another")


def test_a_bucket_that_refuses_is_told_without_the_secret(settings: Settings, served: Bucket) -> None:
    wrong = {"backup_url": f"s3://{NAME}", "backup_s3_endpoint": served.endpoint}
    wrong |= {"backup_s3_key": "key-never-shown", "backup_s3_secret": SECRET}
    chosen = Settings(_env_file=None, **settings.model_dump(exclude=set(wrong)) | wrong)
    with warehouse(chosen) as client:
        fill(client)
    for call in (lambda: backup(chosen, "refused"), lambda: restore(chosen, "refused", into="other")):
        with pytest.raises(WarehouseError, match=r"refused in .* came to nothing") as caught:
            call()
        shown = _all_of(caught.value)
        assert SECRET not in shown
        assert "key-never-shown" not in shown
    assert SECRET not in repr(place(chosen))


def _all_of(error: BaseException) -> str:
    """The error with whatever a traceback would print beside it."""
    beside = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{error} {_all_of(beside) if beside else ''}"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"clickhouse_dsn": SERVER}, "Set disk://NAME"),
        ({"clickhouse_dsn": SERVER, "backup_url": "/srv/backups"}, "Set disk://NAME"),
        ({"backup_url": "disk://backups"}, "Set a folder"),
        ({"backup_url": f"s3://{NAME}"}, "BACKUP_S3_ENDPOINT is missing"),
        ({"backup_url": f"https://host/{NAME}", "backup_s3_key": "alone"}, "go together"),
        ({"backup_url": f"https://me:pass-never-shown@host/{NAME}"}, "BACKUP_URL is no address"),
        ({"backup_url": f"https://host/{NAME}?sign=pass-never-shown"}, "BACKUP_URL is no address"),
        ({"backup_url": "ftp://host/backups"}, "BACKUP_URL is no address"),
        ({"backup_url": "/srv/R&D/backups"}, "has an & in it"),
        ({"clickhouse_dsn": SERVER, "backup_url": "disk://a'b"}, "BACKUP_URL is no address"),
    ],
)
def test_a_wrong_address_is_told(make_settings: MakeSettings, given: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        backup(make_settings(**given), "any")
    assert "never-shown" not in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_folder_may_be_named_oddly(make_settings: MakeSettings, tmp_path: object) -> None:
    settings = make_settings(backup_url=f"{tmp_path}/it's 100% наш ваш?бэкап=1+1")
    with warehouse(settings) as client:
        fill(client)
    backup(settings, "one")
    restore(settings, "one", into="other")
    with warehouse(settings) as client:
        assert everything(client, "other") == everything(client, "zakaz")


@pytest.mark.slow
def test_a_server_that_allows_no_such_disk_is_told(server_settings: Settings) -> None:
    settings = server_settings.model_copy(update={"backup_url": "disk://elsewhere"})
    with warehouse(settings) as client:
        fill(client)
    with pytest.raises(WarehouseError, match=r"came to nothing\. .*is not allowed for backups"):
        backup(settings, "one")


def test_an_odd_place_for_backups_does_not_keep_the_warehouse_from_opening(make_settings: MakeSettings) -> None:
    with warehouse(make_settings(backup_url="/srv/R&D/backups")) as client:
        assert values(client, "SELECT 1 AS one") == [(1,)]
