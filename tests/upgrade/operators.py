"""What an operator does all the time: makes accounts, and imports keys into them."""

from __future__ import annotations

from collections.abc import Callable

from clients import ATTACHED, OWN, Key, World
from keys import to_import, value_of_another_system


def operator(world: World) -> Callable[[], None]:
    """An account, and an imported key in it; both work at once."""

    def round_() -> None:
        made = world.expect_invoked("create-account", {"company": "Another", "userId": "user-1", "username": "Ada"})
        if made is None:
            return
        world.expect(200, "a new account", "GET", OWN, "/authentication", Key(made["id"], made["value"]))
        value = value_of_another_system()
        report = world.expect_invoked("import-keys", {"accountId": made["accountId"], "keys": [to_import(value)]})
        if report is not None:
            key = Key(report["imported"][0]["id"], value)
            world.expect(200, "a new import", "GET", ATTACHED, "/sms", key)

    return round_
