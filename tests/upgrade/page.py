"""The guide to upgrading as data: its steps in their order, what they have to type, and the requests that they may fail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from clients import OPERATORS, OWN, Surprise

FENCE = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
ROUTE = re.compile(r"`([A-Z]+ /[^`]*)`")
ANY, LIMITED, OF_OPERATORS = "any on this API", "any with a key that has limits", "any operators' function"
# The emulator asks for none, so what it lets fail must not be taken for that.
ONLY_ON_AWS = "permission"


@dataclass(frozen=True)
class Step:
    """A numbered section."""

    section: str
    title: str
    anchor: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Exemption:
    """A row of the table: during this step, these requests may have this status."""

    anchor: str
    requests: str
    answers: tuple[int, ...]

    def names(self, surprise: Surprise) -> bool:
        """Whether it has that one."""
        return (
            self.anchor in surprise.during
            and surprise.status in self.answers
            and (
                surprise.request in ROUTE.findall(self.requests)
                or (ANY in self.requests and surprise.api == OWN)
                or (LIMITED in self.requests and surprise.limited)
                or (OF_OPERATORS in self.requests and surprise.api == OPERATORS)
            )
        )


def steps(page: Path) -> list[Step]:
    """The numbered sections, in their order."""
    found = []
    for section in page.read_text().split("\n## ")[1:]:
        name, _, rest = section.partition("\n")
        for part in rest.split("\n### ")[1:]:
            title, _, text = part.partition("\n")
            blocks = tuple(_dedented(block) for block in FENCE.findall(text))
            found.append(Step(name, title.split(". ", 1)[1], _anchor(title), blocks))
    return found


def exemptions(page: Path) -> list[Exemption]:
    """The rows of the table of requests that may fail, but for those that only AWS can show."""
    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| [")]
    return [
        Exemption(during.partition("(#")[2].partition(")")[0], requests, tuple(map(int, answers.split(" or "))))
        for during, requests, answers, why in rows
        if ONLY_ON_AWS not in why
    ]


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _dedented(block: str) -> str:
    indentation = len(block) - len(block.lstrip(" "))
    return "".join(line[indentation:] if line.strip() else line for line in block.splitlines(keepends=True))
