"""What the document cannot express and a client knows."""

from __future__ import annotations

import ipaddress
import os
import re
import uuid
from collections import deque
from datetime import datetime, timedelta, timezone
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st

OPERATIONS = os.environ["OPERATIONS"].split(",")
TRAFFIC_TYPES = os.environ["TRAFFIC_TYPES"].split(",")

# Unicode's Default_Ignorable_Code_Point, the separators of lines and paragraphs, and the empty pattern of Braille.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
BLANK = re.compile("[\\s\ufe0e\ufe0f]*")
# A presentation selector behind nothing that it could change.
IDLE = re.compile("(?:^|[\\s\ufe0e\ufe0f])[\ufe0e\ufe0f]")
# The shortest of the lengths that a text may have.
LONGEST_TEXT = 128

# The document's examples name this key, and there is none such. In its place come keys of the account; not one and the
# same, since what is changed may become what cannot be rotated.
EXAMPLE = "0QbXn6T4mKrV9sYdJ2wLhP"
CHANGED, ROTATED = os.environ["KEY_TO_CHANGE"], os.environ["KEY_TO_ROTATE"]
IN_PLACE_OF_EXAMPLE = {"getKey": CHANGED, "updateKey": CHANGED, "rotateKey": ROTATED}

# So they name a version that no key has, and a request, which is another one each time.
EXAMPLE_VERSION, EXAMPLE_NAME = '"0353BcNZpNQ41k9Zft1Kjj"', "8e03978e-40d5-43dd-bc93-6894a57f9324"
VERSIONS = re.compile(r'(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)')

# No scenario makes so many keys; the account may have some more.
MOST_KEYS = 20

made: deque[str] = deque()


@schemathesis.hook
def before_load_schema(_: schemathesis.HookContext, document: dict[str, Any]) -> None:
    """Names what this deployment offers: the document is for every one, so it has patterns."""
    for body in ("NewKey", "KeyChanges"):
        properties = document["components"]["schemas"][body]["properties"]
        properties["operations"]["items"]["enum"] = OPERATIONS
        properties["trafficType"]["enum"] = [*TRAFFIC_TYPES, None]
    # Answers may hold others in later versions; no request may.
    for name in ("Period", "KeyStatus"):
        members = document["components"]["schemas"][name]
        members["enum"] = members["x-extensible-enum"]


@schemathesis.hook
def filter_body(_: schemathesis.HookContext, body: Any) -> bool:
    """Makes what JSON Schema has no word for.

    That is visible text, no expiry out of an answer, one limit for each period, and no grace period beside `keepPrevious`.
    """
    if not isinstance(body, dict):
        return True
    limits = body.get("limits")
    if isinstance(limits, list) and all(isinstance(limit, dict) for limit in limits):
        periods = [str(limit.get("per")) for limit in limits]
        if len(set(periods)) < len(periods):
            return False
    tags = body.get("tags")
    texts = [*body.values(), *(tags.values() if isinstance(tags, dict) else [])]
    if not all(_is_visible(text) for text in texts if isinstance(text, str)):
        return False
    if body.get("keepPrevious") is True and body.get("gracePeriodSeconds") is not None:
        return False
    try:
        return datetime.fromisoformat(body["expiresAt"]) > datetime.now(timezone.utc)
    except (KeyError, TypeError, ValueError):
        return True


@schemathesis.hook
def filter_query(_: schemathesis.HookContext, query: Any) -> bool:
    """Makes no text that cannot be seen."""
    return not isinstance(query, dict) or all(_is_visible(text) for text in query.values() if isinstance(text, str))


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, __: dict[str, Any]) -> None:
    """Gives the document's examples a meaning, and keeps the run from taking away its own key.

    Usage is asked about days that have been, where a time is one at all.
    """
    for name, days in (("from", 2), ("to", 1)):
        if _is_time((case.query or {}).get(name)):
            case.query[name] = (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()
    headers = case.headers or {}
    if headers.get("Idempotency-Key") == EXAMPLE_NAME:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    # Where it makes texts of the least length, it forgets the pattern.
    is_wrong = "If-Match" in headers and not VERSIONS.fullmatch(str(headers["If-Match"]))
    if headers.get("If-Match") == EXAMPLE_VERSION or (is_wrong and case.meta.generation.mode.is_positive):
        headers["If-Match"] = "*"
    key = case.path_parameters.get("key")
    if key == EXAMPLE:
        case.path_parameters["key"] = IN_PLACE_OF_EXAMPLE.get(_operation(case), key)
    if key == os.environ["API_KEY_ID"] and case.method != "GET":
        case.path_parameters["key"] = "0" * 22


@schemathesis.hook
def after_call(_: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response) -> None:
    """Deletes keys that no scenario uses any more: the account may only have so many."""
    if _operation(case) == "createKey" and response.status_code == 201:
        made.append(response.json()["id"])
        if len(made) > MOST_KEYS:
            url = f"{os.environ['API_URL']}/authentication/{made.popleft()}"
            requests.delete(url, headers={"X-API-Key": os.environ["API_KEY"]}, timeout=60)


def _is_time(text: Any) -> bool:
    try:
        datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return True


def _is_visible(text: str) -> bool:
    """Whether text is neither blank nor has an invisible character; what is too short or too long is not judged.

    Spaces around a text do not count, so the document cannot express whether one is too long with them.
    """
    if text == "":
        return True
    if len(text) > LONGEST_TEXT and text != text.strip():
        return False
    return not (INVISIBLE.search(text) or IDLE.search(text) or BLANK.fullmatch(text))


def _operation(case: schemathesis.Case) -> str:
    return case.operation.definition.raw["operationId"]


def _time(now: datetime, ahead: int, zone: int) -> str:
    return (now + timedelta(seconds=ahead)).astimezone(timezone(timedelta(minutes=zone))).isoformat()


# Nor has it one for the next ten years.
schemathesis.openapi.format(
    "date-time",
    st.builds(
        _time,
        st.just(datetime.now(timezone.utc)),
        st.integers(3600, 10 * 365 * 86_400),
        st.integers(-23 * 60, 23 * 60),
    ),
)

# Nor for a range of addresses. These are written in one way only, so that different texts are different ranges.
schemathesis.openapi.format(
    "ip-range",
    st.one_of(
        st.ip_addresses().map(str),
        st.builds(
            lambda address, bits: str(ipaddress.ip_network((address, bits), strict=False)),
            st.ip_addresses(),
            st.integers(1, 31),
        ),
    ),
)
