"""The report beside the Prefect UI: for who has its password."""

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ops.server.report_page import WithReport
from tasks.report.place import ReportPlace
from tasks.window import moscow_today

SECRET = "zakaz:correct-horse-battery"


def test_who_has_the_password_reads_the_report_and_no_other_page_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORT_URL", str(tmp_path / "reports"))
    monkeypatch.setenv("ZAKAZ_LANGUAGE", "en")
    prefect = Starlette(routes=[Route("/{rest:path}", lambda request: PlainTextResponse(str(request.headers)))])
    asyncio.run(visit(WithReport(prefect, SECRET), tmp_path))


async def visit(server: WithReport, home: Path) -> None:
    transport = httpx.ASGITransport(server)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        refused = await browser.get("/report")
        assert (refused.status_code, "zakaz report" in refused.text) == (401, False)
        # It would be sent with each request to Prefect, also with those of foreign pages.
        assert "www-authenticate" not in refused.headers
        for wrong in ("", "zakaz:", "zakaz:wrong", SECRET + "x"):
            assert (await browser.post("/report", data={"password": wrong})).status_code == 401
        assert (await browser.post("/report", content=b"x" * 5000)).status_code == 413
        assert not browser.cookies
        let_in = await browser.post("/report", data={"password": f" {SECRET}\n"})

        assert (let_in.status_code, let_in.headers["location"]) == (303, "/report")
        cookie = let_in.headers["set-cookie"]
        assert all(word in cookie for word in ("HttpOnly", "Path=/report", "SameSite=lax"))
        assert SECRET not in cookie and "correct" not in cookie
        none_yet = await browser.get("/report")
        assert none_yet.status_code == 404 and "no report yet" in none_yet.text
        ReportPlace(str(home / "reports")).write("<p>of today</p>", moscow_today())
        page = await browser.get("/report", headers={"Origin": "http://evil.example"})

        assert (page.status_code, page.text) == (200, "<p>of today</p>")
        assert "access-control-allow-origin" not in page.headers
        assert page.headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert "zakaz_report" not in (await browser.get("/api/flows")).text, "the cookie goes to the report alone"
        browser.cookies.clear()
        browser.cookies.set("zakaz_report", "0" * 64)
        assert (await browser.get("/report")).status_code == 401
        browser.cookies.clear()
        name, _, password = SECRET.partition(":")
        assert (await browser.get("/report", auth=(name, password))).status_code == 200
        assert (await browser.get("/report", auth=(name, "wrong"))).status_code == 401
