"""Questions, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from world import World

# Whether the code relies on an answer, and is right to do so.
HOLDS = "as relied on"
BROKEN = "NOT what the code relies on"
OPEN = "the code relies on neither"
UNKNOWN = "not answered"


@dataclass(frozen=True)
class Found:
    """An answer in a line. `holds` is `None` where the code works with either answer."""

    answer: str
    holds: bool | None


@dataclass(frozen=True)
class Question:
    """One thing that only AWS can show."""

    text: str
    ask: Callable[[World], Found]


@dataclass(frozen=True)
class Answered:
    """A question with its answer."""

    question: str
    answer: str
    verdict: str

    def line(self) -> str:
        """For the screen."""
        return f"{self.question} {self.answer} ({self.verdict})"


def answer(question: Question, world: World) -> Answered:
    """Asks; what goes wrong is an answer too, so that the others are still asked."""
    try:
        found = question.ask(world)
    except Exception as error:  # noqa: BLE001, one question must not end the others
        return Answered(question.text, world.redact(f"{type(error).__name__}: {error}"), UNKNOWN)
    verdict = OPEN if found.holds is None else HOLDS if found.holds else BROKEN
    return Answered(question.text, world.redact(found.answer), verdict)


def report(answers: list[Answered], where: str) -> str:
    """A file of all answers."""
    rows = "".join(f"| {_cell(each.question)} | {_cell(each.answer)} | {each.verdict} |\n" for each in answers)
    return f"# What {where} answers\n\n| question | answer | |\n|---|---|---|\n{rows}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
