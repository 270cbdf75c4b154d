"""An advertising API that refuses: one clear line, status 1, a failed run in the history, and what is loaded stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.conftest import Apis, Product
from tests.flows.loaded import ServeAll, serve_loaded
from tests.flows.test_what_a_person_sees import complaint

pytestmark = pytest.mark.slow
Trouble = Callable[[Product, Apis], object]


def _set(**settings: str) -> Trouble:
    return lambda product, _: product.env.update(settings)


def _no_points(_: Product, apis: Apis) -> None:
    """Of the report itself. Whatever else they are lacking for, a load goes on without."""
    apis.direct.faults.add("error_as_page", "*/reports", times=99, code=152)
    apis.direct.points.left = 0


def _not_approved(_: Product, apis: Apis) -> None:
    apis.direct.faults.add("error_as_page", "*", times=99, code=58)


def _revoked_meanwhile(_: Product, apis: Apis) -> None:
    """By then all figures are there, but not what they belong to."""
    apis.direct.faults.add("error_as_page", "/json/v501/adgroups", times=99, code=53)


def _five_tokens(_: Product, apis: Apis) -> None:
    for _number in range(5):
        apis.vk.tokens.issue()


def _forbidden(_: Product, apis: Apis) -> None:
    apis.vk.faults.add("status", "/api/v2/statistics/*", times=99, status=403)


def _no_more_this_hour(_: Product, apis: Apis) -> None:
    apis.vk.faults.add("status", "/api/v2/statistics/*", times=99, status=429, body=b'{"remaining":{"3600":0}}')


def _up_to_groups(apis: Apis) -> int:
    return [request.path.rsplit("/", 1)[-1] for request in apis.direct.requests].index("adgroups") + 1


def _up_to_statistics(apis: Apis) -> int:
    """The token, whose account it is, one page larger than the server gives, all objects, and the first statistics."""
    return 4 + apis.vk_pages


# What happens, the source, words of the line, and how many requests may be made in all.
CASES: dict[str, tuple[Trouble, str, tuple[str, ...], int | Callable[[Apis], int]]] = {
    "a wrong Direct token": (
        _set(DIRECT_TOKEN="wrong-token-4711"), "direct", ("code 53", "DIRECT_TOKEN", "secrets/.env.direct"), 1,
    ),
    "a Direct login without rights": (
        _set(DIRECT_LOGIN="somebody-else"), "direct", ("code 54", "DIRECT_LOGIN", "secrets/.env.direct"), 1,
    ),
    "an application that is not approved": (_not_approved, "direct", ("code 58", "not approved", "apply"), 1),
    "points used up": (_no_points, "direct", ("code 152", "points are used up", "in an hour"), 2),
    "a Direct token revoked meanwhile": (_revoked_meanwhile, "direct", ("code 53", "DIRECT_TOKEN"), _up_to_groups),
    "a wrong VK secret": (
        _set(VK_CLIENT_SECRET="wrong-token-4711"), "vk_ads", ("VK_CLIENT_SECRET", "secrets/.env.vk"), 1,
    ),
    "all VK tokens taken": (_five_tokens, "vk_ads", ("all five are taken", "VK_TOKEN"), 1),
    "no right to VK's statistics": (_forbidden, "vk_ads", ("HTTP 403", "no right", "read_ads"), _up_to_statistics),
    "VK's hour used up": (_no_more_this_hour, "vk_ads", ("no more requests", "next full hour"), _up_to_statistics),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_line_says_it_and_nothing_is_lost(
    product: Product, serve_all: ServeAll, tmp_path_factory: pytest.TempPathFactory, case: str
) -> None:
    trouble, source, words, requests = CASES[case]
    apis = serve_loaded(product, serve_all, tmp_path_factory.getbasetemp())
    tables = ("fact_vk_ads_daily", "fact_direct_daily", "agg_marketing_daily", "stg_qtickets_sales_raw")
    before = [product.select(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]
    made = len(apis.vk.requests) + len(apis.direct.requests)
    trouble(product, apis)

    line = complaint(product, "load", source, "--days", "20", status=1)

    assert all(word in line for word in words), line
    assert "wrong-token-4711" not in line
    expected = requests(apis) if callable(requests) else requests
    assert len(apis.vk.requests) + len(apis.direct.requests) - made == expected, "it is not tried again and again"
    run = product.last_run()
    assert (run["job"], run["status"]) == (f"{source}_loader", "failed")
    assert all(word in str(run["message"]) for word in words)
    assert run["finished_at"] is not None
    after = [product.select(f"SELECT * FROM {table} ORDER BY ALL") for table in tables]
    assert all(old.equals(new) for old, new in zip(before, after, strict=True))
