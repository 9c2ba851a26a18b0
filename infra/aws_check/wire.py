"""Requests as they are written here: no client changes a path, or joins headers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

SECONDS = 40


@dataclass
class Answer:
    """The answer to one request."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body; `None` where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def send(method: str, url: str, headers: list[tuple[str, str]], body: bytes | None = None) -> Answer:
    """Sends a request; a header that is given twice is sent twice."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=SECONDS)
    try:
        # `urlsplit` takes what stands behind a semicolon for a part of the path, as is wanted.
        target = url.split(parts.netloc, 1)[1] or "/"
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            if name.lower() not in ("host", "content-length"):
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())
    finally:
        connection.close()
