"""Clients that send requests all the time, and what each of them expects of every version."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import urllib3

Answer = dict[str, Any]

OWN, ATTACHED, OPERATORS = "this API", "an attached API", "an operators' function"


@dataclass(frozen=True)
class Key:
    """A key as its holder and its manager know it."""

    id: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Request:
    """What a holder asks again and again, and the status that it expects each time."""

    holder: str
    key: Key
    api: str
    path: str
    expected: int
    header: tuple[str, str] | None = None


@dataclass(frozen=True)
class Surprise:
    """An answer that was not the expected one, and the steps at its beginning and its end."""

    during: tuple[str, str]
    api: str
    request: str
    status: int
    client: str
    limited: bool = False


class World:
    """Where requests go, what they get, and the step that the operator is at."""

    def __init__(self, urls: dict[str, str], invoke: Callable[[str, Answer], Answer]) -> None:
        self.step = ""
        self.sent = 0
        self.surprises: list[Surprise] = []
        # The ids of keys that have limits.
        self.limited: set[str] = set()
        self._urls = urls
        self._invoke = invoke
        self._http = urllib3.PoolManager(maxsize=16, retries=False, timeout=30)

    def send(  # noqa: PLR0913, the parts of a request
        self, method: str, api: str, path: str, key: Key, body: Any = None, *, header: tuple[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request, and its status and body; 0 if there is no answer."""
        headers = {"X-API-Key": key.value, "Content-Type": "application/json"} | dict([header] if header else [])
        payload = None if body is None else json.dumps(body)
        try:
            answer = self._http.request(method, self._urls[api] + path, body=payload, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            return 0, type(error).__name__
        try:
            return answer.status, json.loads(answer.data or b"null")
        except ValueError:
            return answer.status, None

    def expect(self, expected: int, client: str, *request: Any, **more: Any) -> tuple[bool, Any]:
        """Sends, and notes an answer with another status."""
        began = self.step
        status, answer = self.send(*request, **more)
        self.sent += 1
        if status != expected:
            method, api, path, key = request[:4]
            asked = f"{method} {_route(path)}"
            self._note(Surprise((began, self.step), api, asked, status, client, key.id in self.limited))
        return status == expected, answer

    def invoked(self, function: str, payload: Answer) -> Answer:
        """Invokes an operators' function that must succeed."""
        answer = self._invoke(function, payload)
        assert answer["functionError"] is None, f"{function}: {answer}"
        assert not answer["payload"].get("failed"), f"{function}: {answer}"
        return answer["payload"]

    def expect_invoked(self, function: str, payload: Answer) -> Answer | None:
        """Invokes an operators' function, and notes a failure."""
        began = self.step
        self.sent += 1
        try:
            return self.invoked(function, payload)
        except AssertionError as error:
            self._note(Surprise((began, self.step), OPERATORS, f"invoke {function}", 500, str(error)[:300]))
            return None

    def _note(self, surprise: Surprise) -> None:
        self.surprises.append(surprise)


def _route(path: str) -> str:
    """The route of this service that serves a path."""
    parts = path.partition("?")[0].split("/")
    if parts[1] == "authentication" and len(parts) > 2 and parts[2] not in ("self", "account", "events", "usage"):
        parts[2] = "{key}"
    return "/".join(parts)


class Client(threading.Thread):
    """A client that does the same round again and again."""

    def __init__(self, name: str, round_: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.rounds = 0
        self.failure: BaseException | None = None
        self._round = round_
        self._ending = threading.Event()

    def run(self) -> None:
        """Goes on until its end."""
        try:
            while not self._ending.is_set():
                self._round()
                self.rounds += 1
        except BaseException as error:  # noqa: BLE001, the test must fail by any of them
            self.failure = error

    def end(self) -> None:
        """Ends it after its round."""
        self._ending.set()


def holders(world: World, requests: list[Request]) -> Callable[[], None]:
    """Each holder's request, once."""

    def round_() -> None:
        for each in requests:
            world.expect(each.expected, each.holder, "GET", each.api, each.path, each.key, header=each.header)

    return round_


class Manager:
    """Creates, changes, rotates and deletes keys of its account."""

    def __init__(self, world: World, key: Key) -> None:
        self.left: list[str] = []
        self._world = world
        self._key = key

    def round(self) -> None:
        """A key from its creation to its end. What fails must leave the key as it was; a deletion is sent again."""
        self.left = [path for path in self.left if not self._send(204, "DELETE", path)[0]]
        body = {"userId": "user-9", "username": "Grace", "operations": ["SMS"], "name": "made"}
        created, answer = self._send(201, "POST", "/authentication", body)
        if not created:
            return
        key = Key(answer["id"], answer["value"])
        self._use(key, 200)
        path = f"/authentication/{key.id}"
        changed, _ = self._send(200, "PATCH", path, {"name": "changed"})
        read, shown = self._send(200, "GET", path)
        name = "changed" if changed else "made"
        assert not read or shown["name"] == name, f"{path} is called {shown['name']}, not {name}"
        rotated, answer = self._send(201, "POST", f"{path}/rotate", {})
        if rotated:
            self._use(key, 401)
            key = Key(key.id, answer["value"])
        self._use(key, 200)
        deleted, _ = self._send(204, "DELETE", path)
        self._use(key, 401 if deleted else 200)
        if not deleted:
            self.left.append(path)

    def _use(self, key: Key, expected: int) -> None:
        self._world.expect(expected, "a key that a manager makes", "GET", ATTACHED, "/sms", key)

    def _send(self, expected: int, method: str, path: str, body: Answer | None = None) -> tuple[bool, Any]:
        return self._world.expect(expected, "a manager", method, OWN, path, self._key, body)
