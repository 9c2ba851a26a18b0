"""How API Gateway describes a request to an authorizer, and what becomes of its answer."""

from __future__ import annotations

from answers import Found, Question
from wire import Answer
from world import World, seen

KINDS = {"RestApiId": "REST", "HttpApiId": "HTTP"}
# What a request may have in its path, below `/probe/`.
PATHS = {
    "an encoded slash": "a%2Fb",
    "a semicolon": "a;b=c/d",
    "encoded dots": "a/%2e%2e/b",
    "a doubled slash": "a//b",
    "letters beyond ASCII": "%C3%A4",
    "upper case and a space": "A%20B",
}
# The code refuses these, however they arrive.
REFUSED = {"encoded dots", "a doubled slash"}


def questions() -> list[Question]:
    """Of both kinds of API."""
    paths = [_path(api, what, path) for api in KINDS for what, path in PATHS.items()]
    headers = [_doubled(api) for api in KINDS]
    ends = [
        Question(
            "REST API: what becomes of an error of the authorizer?",
            lambda world: _status(world, "RestApiId", "throw", 401),
        ),
        Question(
            "HTTP API: what becomes of an error of the authorizer?",
            lambda world: _status(world, "HttpApiId", "throw", None),
        ),
        Question(
            "HTTP API: what becomes of a policy that denies?",
            lambda world: _status(world, "HttpApiId", "deny", 403),
        ),
        Question("REST API: does the body of ACCESS_DENIED have context.authorizer.reason?", _reason),
        Question(
            "REST API: what is the answer without the identity source?", lambda world: _missing(world, "RestApiId")
        ),
        Question(
            "HTTP API: what is the answer without the identity source?", lambda world: _missing(world, "HttpApiId")
        ),
        Question("HTTP API: does the ARN of the route $default have the path?", _default),
    ]
    cached = [_cached(api) for api in KINDS]
    return [*paths, *headers, *ends, *cached]


def _path(api: str, what: str, path: str) -> Question:
    def ask(world: World) -> Found:
        sent = f"/probe/{path}"
        event = seen(world.ask_probe(api, sent, ("X-Probe", "wide")))
        opens = world.ask_probe(api, sent, ("X-Probe", "exact")).status == 200
        if event is None:
            return Found("the request comes to no authorizer", None)
        route = "/" + event["arn"].split("/", 3)[-1]
        # A verdict of the code names the route exactly as the ARN has it.
        holds = None if what in REFUSED else opens
        shown = f"sent {sent}, ARN {route}, path {event['path']}"
        return Found(f"{shown}; a verdict for that ARN opens it: {'yes' if opens else 'no'}", holds)

    return Question(f"{KINDS[api]} API: how does a path with {what} reach the authorizer?", ask)


def _doubled(api: str) -> Question:
    def ask(world: World) -> Found:
        headers = [("X-Probe", "wide"), ("X-Doubled", "one"), ("X-Doubled", "two")]
        event = seen(world.ask_probe(api, "/probe/a", *headers))
        if event is None:
            return Found("the request comes to no authorizer", None)
        # Both values have to be visible somewhere: the code refuses two.
        shown = str(event["values"] or event["doubled"])
        return Found(
            f"headers {event['doubled']!r}, multiValueHeaders {event['values']!r}", "one" in shown and "two" in shown
        )

    return Question(f"{KINDS[api]} API: how does a header that is sent twice reach the authorizer?", ask)


def _status(world: World, api: str, probe: str, relied_on: int | None) -> Found:
    answer = world.ask_probe(api, "/probe/a", ("X-Probe", probe))
    return Found(_summary(answer), None if relied_on is None else answer.status == relied_on)


def _reason(world: World) -> Found:
    answer = world.ask_probe("RestApiId", "/probe/a", ("X-Probe", "deny"))
    body = answer.json() or {}
    return Found(_summary(answer), answer.status == 403 and body.get("code") == "LIMITED")


def _missing(world: World, api: str) -> Found:
    answer = world.ask_probe(api, "/probe/a")
    # Of a REST API that keeps no verdicts, the authorizer may be asked, and refuses by itself.
    return Found(_summary(answer), None if api == "RestApiId" else answer.status == 401)


def _default(world: World) -> Found:
    event = seen(world.ask_probe("HttpApiId", "/elsewhere/a", ("X-Probe", "wide")))
    if event is None:
        return Found("the request comes to no authorizer", None)
    # The code takes `$default` for any route, and any path for itself.
    return Found(f"ARN {event['arn'].split('/', 1)[-1]}", None)


def _cached(api: str) -> Question:
    def ask(world: World) -> Found:
        statuses = [world.ask_probe(api, "/cached", ("X-Probe", "json")).status for _ in range(3)]
        # The code hands tags on form-encoded, so that it need not know.
        return Found(f"three requests: {statuses}", None)

    return Question(f"{KINDS[api]} API: may a context value be JSON text, also in a cached verdict?", ask)


def _summary(answer: Answer) -> str:
    return f"{answer.status} {answer.body[:80].decode(errors='replace')}"
