"""The tables of docs/unknowns.md and docs/unknowns.ru.md, made of the questions: `make unknowns`."""

from __future__ import annotations

from pathlib import Path

from tasks.sources import SOURCES
from tasks.unknowns import INTERVIEWS
from tasks.unknowns.question import Question, Verdict, Words

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {"en": "unknowns.md", "ru": "unknowns.ru.md"}

_MARK = "`make unknowns`. -->\n"
_COLUMNS = Words(
    "| what is not known | until then | since | takes | answers, and what follows |",
    "| что не известно | пока | с | нужно | ответы и что из них следует |",
)
_NOTHING, _REPORT = Words("nothing", "ничего"), Words("please report", "сообщите нам")
_MOST_VALUES = 4
_DECIDES = Words("It decides", "Решает")


def page(written: str, language: str) -> str:
    """The page with new tables; what stands before them is written by hand."""
    parts = [written.partition(_MARK)[0] + _MARK]
    for interview in INTERVIEWS.values():
        rows = "\n".join(_row(question, language) for question in interview.questions)
        title = SOURCES[interview.source].title
        parts.append(f"## {title}\n\n{_COLUMNS.of(language)}\n|---|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _row(question: Question, language: str) -> str:
    answers = "<br>".join(
        f"`{name}`: {verdict.words.of(language)} → {_then(verdict, language)}"
        for name, verdict in question.answers.items()
    )
    decides = f"{_DECIDES.of(language)} `{question.decides}`."
    cells = (question.asks, question.meanwhile, question.needs)
    asks, meanwhile, needs = (one.of(language) for one in cells)
    return f"| {asks} {decides} | {meanwhile} | {question.since} | {needs} | {answers} |"


def _then(verdict: Verdict, language: str) -> str:
    if verdict.report:
        return _REPORT.of(language)
    if not verdict.setting:
        return _NOTHING.of(language)
    fits = verdict.fits if len(verdict.fits) <= _MOST_VALUES else verdict.fits[:1]
    return " ".join([f"`{verdict.setting}`", *(["=", ", ".join(f"`{value}`" for value in fits)] if fits else [])])


if __name__ == "__main__":
    for written_in, name in PAGES.items():
        (DOCS / name).write_text(page((DOCS / name).read_text("utf-8"), written_in), "utf-8")
