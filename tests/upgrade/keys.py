"""Accounts and keys of 0.1.0 in every state, and what their holders ask again and again."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from clients import ATTACHED, OWN, Key, Request, World

OFFICE = ("X-Forwarded-For", "203.0.113.7")
ELSEWHERE = ("X-Forwarded-For", "198.51.100.1")


def value_of_another_system() -> str:
    """A value to import."""
    return f"sk_{secrets.token_hex(16)}"


def to_import(value: str) -> dict[str, Any]:
    """What the operator knows of it."""
    return {
        "sha256": sha256(value.encode()).hexdigest(),
        "userId": "user-7",
        "username": "Linus",
        "operations": ["SMS"],
    }


class Account:
    """An account, by its first key."""

    def __init__(self, world: World, company: str) -> None:
        made = world.invoked("create-account", {"company": company, "userId": "user-1", "username": "Ada"})
        self.id: str = made["accountId"]
        self.first = Key(made["id"], made["value"])
        self._world = world

    def ask(self, expected: int, method: str, path: str, body: Any = None, key: Key | None = None) -> Any:
        """A request that must have this status, by default with the first key."""
        status, answer = self._world.send(method, OWN, path, key or self.first, body)
        assert status == expected, f"{method} {path} was a {status}: {answer}"
        return answer

    def create(self, **fields: Any) -> Key:
        """A key for SMS, if no other operation is given."""
        body = {"userId": "user-2", "username": "Grace", "operations": ["SMS"]} | fields
        answer = self.ask(201, "POST", "/authentication", body)
        return Key(answer["id"], answer["value"])

    def rotate(self, key: Key, **body: Any) -> Key:
        """The key with its next value."""
        return Key(key.id, self.ask(201, "POST", f"/authentication/{key.id}/rotate", body)["value"])

    def delete(self, key: Key) -> Key:
        """The key, after its deletion."""
        self.ask(204, "DELETE", f"/authentication/{key.id}")
        return key

    def disable(self, key: Key) -> Key:
        """The key, after it was disabled."""
        self.ask(200, "PATCH", f"/authentication/{key.id}", {"enabled": False})
        return key

    def import_key(self) -> Key:
        """A key of another system."""
        value = value_of_another_system()
        report = self._world.invoked("import-keys", {"accountId": self.id, "keys": [to_import(value)]})
        return Key(report["imported"][0]["id"], value)


class Keys:
    """The keys of two accounts. Each version lets the same ones through."""

    def __init__(self, world: World) -> None:
        self.account, self.other = Account(world, "Example"), Account(world, "Other")
        account = self.account
        soon = datetime.now(timezone.utc) + timedelta(seconds=5)
        ended = account.create(expiresAt=soon.isoformat())
        self.plain = account.create()
        # The company's own operation of that name.
        self.reports = account.create(operations=["SMS", "AUTHENTICATION_READ"])
        # Decomposed, as the filter of today never writes it.
        self.decomposed = account.create(userId="Jose\u0301")
        self.office = account.create(allowedIps=["203.0.113.0/24"])
        in_grace, replaced = account.create(), account.create()
        self.good = {
            "first": account.first,
            "other": self.other.first,
            "plain": self.plain,
            "reports": self.reports,
            "decomposed": self.decomposed,
            "ending": account.create(expiresAt="2031-01-31T00:00:00Z"),
            "in grace": in_grace,
            "rotated": account.rotate(in_grace, gracePeriodSeconds=604800),
            "newest": account.rotate(replaced),
            "imported": account.import_key(),
            "of the other account": self.other.create(),
        }
        self.disabled = account.disable(account.create())
        self.bad = {
            "ended": ended,
            "disabled": self.disabled,
            "replaced": replaced,
            "deleted": account.delete(account.create()),
            "deleted import": account.delete(account.import_key()),
            "never made": Key("", value_of_another_system()),
        }
        while datetime.now(timezone.utc) < soon:
            time.sleep(0.1)

    def requests(self) -> list[Request]:
        """What the holders ask, and the status that each expects."""
        ways = ((ATTACHED, "/sms"), (OWN, "/authentication/self"))
        asked = [Request(name, key, *way, 200) for name, key in self.good.items() for way in ways]
        asked += [Request(name, key, *way, 401) for name, key in self.bad.items() for way in ways]
        # None of these manages keys, and none may read them.
        asked += [
            Request(name, self.good[name], OWN, "/authentication", 403) for name in ("plain", "reports", "imported")
        ]
        first = self.account.first
        return [
            *asked,
            Request("plain, elsewhere", self.plain, ATTACHED, "/rcs", 403),
            Request("first", first, ATTACHED, "/rcs", 200),
            Request("first", first, OWN, "/authentication", 200),
            Request("other", self.other.first, OWN, "/authentication?limit=1", 200),
            Request("first", first, OWN, f"/authentication/{self.disabled.id}", 200),
            Request("first", first, OWN, f"/authentication/{self.good['of the other account'].id}", 404),
            Request("from the office", self.office, ATTACHED, "/sms", 200, OFFICE),
            Request("from elsewhere", self.office, ATTACHED, "/sms", 403, ELSEWHERE),
        ]
