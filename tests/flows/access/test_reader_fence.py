"""What a session of datalens_reader cannot set aside: its limits on an engine that keeps them, its quota on every one.

The tests' server, 26.7.2, lets a session reset any setting (`SET … = DEFAULT`); the embedded engine, 26.9, does not, nor
does the server of compose.yaml. So settings are tried on the one and quotas on the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.flows.access.asker import NOT_TO_CHANGE, READ_ONLY, Asker, Refused
from tests.flows.access.conftest import READER
from tests.support.clickhouse_embedded import Engine, embedded_as
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.support.clickhouse_users import User

pytestmark = pytest.mark.slow

OPEN = User("open")
"""Its profile has no limits."""
LIMITS = [name for name in READER.constraints if name.startswith("max_")]
# The shipped names with figures that a test reaches in a moment.
SMALL = {
    "max_memory_usage": 50_000_000,
    "max_memory_usage_for_user": 60_000_000,
    "max_rows_to_read": 1_000_000,
    "max_result_rows": 1000,
    "max_temporary_data_on_disk_size_for_query": 1_000_000,
}


def _smaller(most: dict[str, int]) -> User:
    """The reader with other figures, and no quota."""
    limits = {name: dict(READER.constraints[name]) | {"max": str(figure)} for name, figure in most.items()}
    return replace(
        READER, settings=dict(READER.settings) | most, constraints=dict(READER.constraints) | limits, quota={}
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with embedded_as(_smaller(SMALL), tmp_path_factory.mktemp("engine"), [OPEN]) as engine:
        yield engine


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Apart from the other one, where a busy machine could end a query before another limit does."""
    with embedded_as(_smaller({"max_execution_time": 1}), tmp_path_factory.mktemp("hasty")) as engine:
        yield engine


RESETS = [
    "SET {name} = DEFAULT",
    "SET {name} = 0",
    "SET profile = 'open'",
    "SET ROLE NONE",
    "SET compatibility = '22.3'",
    "SELECT 1 SETTINGS {name} = DEFAULT",
    "SELECT 1 SETTINGS readonly = DEFAULT, {name} = DEFAULT",
    "SELECT * FROM (SELECT 1 SETTINGS {name} = DEFAULT)",
]


@pytest.mark.parametrize("name", LIMITS)
def test_no_statement_moves_a_limit(engine: Engine, name: str) -> None:
    limit = int(SMALL.get(name, READER.constraints[name]["max"]))
    # 0 is none of these two; of the others it is no limit.
    least = 0 if name in ("max_untracked_memory", "max_threads") else 1
    for reset in RESETS:
        engine.ask(reset.format(name=name))
        code, now = engine.ask(f"SELECT toInt64OrZero(extract(toString(getSetting('{name}')), '\\d+'))")
        assert code == 0
        assert least <= int(now) <= limit, reset
    for inside in ("DEFAULT", "0", str(limit + 1)):
        _, now = engine.ask(
            f"SELECT * FROM (SELECT extract(toString(getSetting('{name}')), '\\d+') SETTINGS {name} = {inside})"
        )
        assert least <= int(now) <= limit, inside


WAYS = {
    "as it is": "{select}",
    "in the statement": "{select} SETTINGS {name} = DEFAULT",
    "in a subquery": "SELECT * FROM ({select} SETTINGS {name} = 0)",
    "beside readonly": "{select} SETTINGS readonly = DEFAULT, {name} = DEFAULT",
}
TOO_LONG, TOO_MUCH_MEMORY, TOO_MUCH_TO_READ, TOO_MUCH_TO_TELL = 159, 241, 158, 396
BIG = "SELECT length(arrayMap(i -> i + x, range(9000000))) FROM (SELECT arrayJoin([1, 2]) AS x)"
SPILLING = (
    "SELECT count() FROM (SELECT sipHash64(number) AS x FROM numbers(900000) GROUP BY x "
    "SETTINGS max_bytes_before_external_group_by = 1000000)"
)
ALL_PAIRS = "SELECT count() FROM numbers(50000) AS a, numbers(50000) AS b WHERE sipHash64(a.number, b.number) = 1"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("name", "select", "code"),
    [
        ("max_memory_usage", BIG, TOO_MUCH_MEMORY),
        ("max_rows_to_read", "SELECT sum(number) FROM numbers(2000000)", TOO_MUCH_TO_READ),
        ("max_temporary_data_on_disk_size_for_query", SPILLING, TOO_MUCH_TO_TELL),
        ("max_result_rows", "SELECT number FROM numbers(2000)", TOO_MUCH_TO_TELL),
    ],
)
def test_a_limit_holds_whatever_a_statement_says(
    engine: Engine, way: str, name: str, select: str, code: int
) -> None:
    found, words = engine.ask(way.format(name=name, select=select))

    assert found in {code, NOT_TO_CHANGE, READ_ONLY}, words


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_query_ends_in_time_whatever_it_says(hasty: Engine, way: str) -> None:
    found, words = hasty.ask(way.format(name="max_execution_time", select=ALL_PAIRS))

    assert found in {TOO_LONG, NOT_TO_CHANGE, READ_ONLY}, words


FILE = "'/etc/passwd'"


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("SELECT count() FROM system.one SETTINGS additional_table_filters = {'system.one': 'dummy = 7'}", NOT_TO_CHANGE),
        ("SELECT * FROM (SELECT count() FROM system.one SETTINGS additional_table_filters = {'system.one': '0'})", "1"),
        ("SET additional_table_filters = {'system.one': '0'}", NOT_TO_CHANGE),
        (f"SELECT 1 SETTINGS format_template_row = {FILE} FORMAT Template", NOT_TO_CHANGE),
        (f"SELECT 1 SETTINGS format_template_resultset = {FILE} FORMAT Template", NOT_TO_CHANGE),
        (f"SELECT 1 SETTINGS format_schema = {FILE} FORMAT Protobuf", NOT_TO_CHANGE),
        (f"SELECT 1 SETTINGS output_format_schema = {FILE} FORMAT Protobuf", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS log_queries = 0", NOT_TO_CHANGE),
        ("SET log_queries = 0", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS log_queries_probability = 0", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS log_queries_min_type = 'EXCEPTION_WHILE_PROCESSING'", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS log_queries_min_query_duration_ms = 1000000", NOT_TO_CHANGE),
        ("SELECT 1 SETTINGS readonly = 0", READ_ONLY),
        ("SELECT 1 SETTINGS readonly = DEFAULT", READ_ONLY),
        ("SET readonly = DEFAULT", READ_ONLY),
        ("SELECT * FROM (SELECT getSetting('readonly') SETTINGS readonly = 0)", "2"),
        ("SELECT 1 SETTINGS timeout_overflow_mode = 'break'", NOT_TO_CHANGE),
        ("SELECT * FROM (SELECT getSetting('timeout_overflow_mode') SETTINGS timeout_overflow_mode = 'break')", "throw"),
        # What DataLens sends, and what the views set for themselves against it, is free.
        ("SELECT getSetting('join_use_nulls') SETTINGS join_use_nulls = 1, send_progress_in_http_headers = 0", "true"),
        ("SELECT * FROM (SELECT getSetting('join_use_nulls') SETTINGS join_use_nulls = 0) SETTINGS join_use_nulls = 1", "false"),
    ],
)  # fmt: skip
def test_what_matters_cannot_be_set_and_the_rest_can(engine: Engine, statement: str, answer: int | str) -> None:
    code, told = engine.ask(statement)

    assert answer in (code, told), told


ASIDE = ", ".join(f"{name} = DEFAULT" for name in LIMITS)
QUOTA = 201


def _spender(name: str, **most: int) -> User:
    """A user with the reader's quota, or a smaller one, and every limit."""
    shorter = {
        seconds: dict(shipped) | {k: str(v) for k, v in most.items()} for seconds, shipped in READER.quota.items()
    }
    return replace(READER, name=name, roles={}, grants=("GRANT SELECT ON system.one",), quota=shorter)


SPENDERS = [
    _spender("reads"),
    _spender("answers"),
    _spender("asks", queries=20),
    _spender("errs", errors=5),
    _spender("lingers", execution_time=2),
]


@pytest.fixture(scope="module")
def spending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse_server(tmp_path_factory.mktemp("spending"), SPENDERS) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "statement", "limit"),
    [
        ("reads", "SELECT sum(number) FROM numbers(1000000000000)", TOO_MUCH_TO_READ),
        ("answers", "SELECT number FROM numbers(1000000000) FORMAT Null", TOO_MUCH_TO_TELL),
        ("asks", "SELECT count() FROM numbers(1)", QUOTA),
        ("errs", "SELECT throwIf(number = 0) FROM numbers(1)", QUOTA),
        ("lingers", "SELECT sleepEachRow(0.1) FROM numbers(100) SETTINGS max_block_size = 1 FORMAT Null", QUOTA),
    ],
)
def test_the_quota_ends_what_set_its_limits_aside(
    spending: ClickHouseServer, name: str, statement: str, limit: int
) -> None:
    """Over many sessions; a server that lets none set its limits aside ends the query by these."""
    user = next(user for user in SPENDERS if user.name == name)
    asker = Asker(spending, user, database="default")
    # An interval may end on the way, and the count begins anew: so more tries than are needed.
    for session in map(str, range(60)):
        codes = [_code(asker, text, session) for text in ("SET ROLE NONE", f"SET {ASIDE}", statement)]
        if QUOTA in codes or limit in codes:
            break
    assert (QUOTA if codes[1] != NOT_TO_CHANGE else limit) in codes


def _code(asker: Asker, statement: str, session: str) -> int:
    try:
        asker.do(statement, session_id=session)
    except Refused as error:
        return error.code
    return 0
