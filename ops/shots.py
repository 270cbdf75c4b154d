"""Which pages of the Prefect UI and of the report are photographed, how each is brought into view, and the camera.

The UI is the newer one of the two that Prefect ships (/v2), which is where its address leads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_WIDTH, _HEIGHT = 1400, 900
_PATIENCE = 90_000
"""Milliseconds: a machine with one core takes its time."""
_SETTLED = 3_000
"""After the awaited text: graphs draw themselves."""


@dataclass(frozen=True)
class Subject:
    """Ids of what is photographed."""

    frequent: str
    backfill: str
    loaded: str
    failed: str
    what_was_loaded: str
    checks: str


@dataclass(frozen=True)
class Shot:
    """`path` with fields of Subject in braces; `awaited`: a text that is there when the page is; `pose`: what a
    person would do on it first."""

    name: str
    path: str
    awaited: str
    pose: Callable[[Page], None] = lambda _: None
    height: int = _HEIGHT


def _pick_a_day(page: Page) -> None:
    page.get_by_role("tab", name="date").first.click()
    page.get_by_role("button", name="Pick a date").first.click()


def _open_sources(page: Page) -> None:
    page.get_by_text("Select", exact=True).first.click()
    page.get_by_text("vk_ads", exact=True).last.wait_for()


SHOTS = (
    Shot("runs", "/runs", "qtickets 2 days"),
    Shot("run", "/runs/flow-run/{loaded}?tab=Artifacts", "qtickets-load"),
    Shot("loaded", "/artifacts/artifact/{what_was_loaded}", "API calls"),
    Shot("quality", "/artifacts/artifact/{checks}", "if broken"),
    Shot("deployments", "/deployments?page=1&sort=NAME_ASC&limit=25", "by-hand", height=1000),
    Shot("deployment", "/deployments/deployment/{frequent}?tab=Runs", "Every 15 minutes", height=1100),
    Shot("run-by-hand", "/deployments/deployment/{frequent}/run", "First day", _pick_a_day, height=1000),
    Shot("backfill", "/deployments/deployment/{backfill}/run", "First day", _open_sources, height=1000),
    Shot("automations", "/automations", "Zakaz: a run crashed", height=1368),
    Shot("queues", "/work-pools/work-pool/zakaz?tab=Work+Queues", "by-hand"),
    Shot("failed", "/runs/flow-run/{failed}?tab=Details", "State Message", height=1050),
    # Last, since it takes a minute to know of a run.
    Shot("dashboard", "/dashboard", "direct"),
)


def has_own_browser() -> bool:
    """Whether Playwright's own Chromium is installed."""
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def take(
    shots: Sequence[Shot],
    url: str,
    password: str,
    subject: Subject,
    private: Sequence[str],
    browser: str | None,
    folder: Path,
) -> None:
    """Each as a PNG in the folder. Raises SystemExit where a page shows what is private."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=_FLAGS)
        look = {"locale": "en-US", "timezone_id": "Europe/Moscow", "color_scheme": "light"}
        page = chromium.new_context(**look).new_page()
        page.set_default_timeout(_PATIENCE)
        # As somebody who has signed in.
        page.add_init_script(f"localStorage.setItem('prefect-password', btoa({password!r}))")
        for shot in shots:
            page.set_viewport_size({"width": _WIDTH, "height": shot.height})
            page.goto(f"{url}/v2{shot.path.format(**vars(subject))}")
            page.get_by_text(shot.awaited).first.wait_for()
            page.wait_for_timeout(_SETTLED)
            shot.pose(page)
            page.wait_for_timeout(_SETTLED)
            _refuse_private(page, shot, private)
            page.screenshot(path=folder / f"{shot.name}.png", animations="disabled")
        chromium.close()


_REPORTS = (
    ("report", "en", "light", 1000, 1180),
    ("report.ru", "ru", "light", 1000, 1180),
    ("report-phone", "en", "dark", 390, 844),
    ("report-phone.ru", "ru", "dark", 390, 844),
)
"""The picture's name, the language of the page, and what a person opens it with."""


def take_reports(pages: Mapping[str, Path], browser: str | None, folder: Path) -> None:
    """The first screen of the report, by the language of its page."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=_FLAGS)
        for name, language, scheme, width, height in _REPORTS:
            look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
            page = chromium.new_context(**look).new_page()
            page.goto(pages[language].as_uri())
            page.screenshot(path=folder / f"{name}.png", animations="disabled")
        chromium.close()


def _refuse_private(page: Page, shot: Shot, private: Sequence[str]) -> None:
    text = page.inner_text("body")
    if shown := [word for word in private if word in text]:
        raise SystemExit(f"{shot.name}: the page shows {shown[0]}, which no picture may.")
