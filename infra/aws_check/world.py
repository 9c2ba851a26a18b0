"""What the questions are asked of: both stacks, and an account of the service with its first key."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from place import Place
from wire import Answer, send

T = TypeVar("T")
# Between two looks at what comes late.
PAUSE = 10


@dataclass
class World:
    """Both stacks by their outputs. `owner` is the AWS account, and `patience` is for how many seconds a question waits for what comes late."""

    place: Place
    name: str
    owner: str
    service: dict[str, str]
    probe: dict[str, str]
    patience: int
    key: str = field(default="", repr=False)
    account: str = ""

    def begin(self) -> None:
        """Makes an account."""
        made = self.invoke("CreateAccountFunctionName", {"company": "Check", "userId": "check", "username": "Check"})
        self.key, self.account = made["value"], made["accountId"]

    def redact(self, text: str) -> str:
        """The text without secrets and without the account's number."""
        for secret, name in ((self.key, "KEY"), (self.owner, "ACCOUNT")):
            text = text.replace(secret, name) if secret else text
        return text

    def invoke(self, output: str, payload: dict[str, Any]) -> Any:
        """Invokes a function of the service, as an operator does."""
        answer = self.place.client("lambda").invoke(FunctionName=self.service[output], Payload=json.dumps(payload))
        # Its message would be of a request that may hold a key.
        if "FunctionError" in answer:
            raise RuntimeError(f"{output} failed")
        return json.load(answer["Payload"])

    def call(self, method: str, path: str, key: str, body: dict[str, Any] | None = None) -> Answer:
        """A request to the service's own API."""
        url = self.place.api_url(self.service["ApiId"]) + path
        data = None if body is None else json.dumps(body).encode()
        return send(method, url, [("X-API-Key", key), ("Content-Type", "application/json")], data)

    def create_key(self, operations: list[str]) -> str:
        """A key of the account."""
        body = {"userId": "check", "username": "Check", "operations": operations}
        answer = self.call("POST", "/authentication", self.key, body)
        if answer.status != 201:
            raise RuntimeError(f"a key could not be made: {answer.status}")
        return answer.json()["value"]

    def ask_probe(self, api: str, path: str, *headers: tuple[str, str]) -> Answer:
        """A request to one of the probe's APIs, `RestApiId` or `HttpApiId`."""
        return send("GET", self.place.api_url(self.probe[api]) + path, list(headers))

    def wait(self, look: Callable[[], T | None]) -> T | None:
        """Looks until there is something, or patience ends."""
        end = time.monotonic() + self.patience
        while True:
            found = look()
            if found or time.monotonic() > end:
                return found
            time.sleep(min(PAUSE, self.patience))


def seen(answer: Answer) -> dict[str, Any] | None:
    """The event that the probe's authorizer got."""
    body = answer.json() or {}
    return json.loads(base64.urlsafe_b64decode(body["seen"])) if "seen" in body else None
