"""What the deployed service does on AWS: its function's URL, its log, its metrics, its events."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from answers import Found, Question
from wire import send
from world import World

CHECKS = 30
# Metrics are late by some minutes.
HOUR = timedelta(hours=1)


def questions() -> list[Question]:
    """Of the service's own stack."""
    return [
        Question("What does this API answer to a key that lacks the operation?", _denied),
        Question("What does this API answer to a mistyped key?", _mistyped),
        Question("Is a deleted key refused on its very next request?", _deleted),
        Question("Who may call the URL of verify-key?", _url),
        Question("Do events come to the bus?", _events),
        Question(f"How long do {CHECKS} checks take, as API Gateway's log has it?", _latency),
        Question(
            "Do lines of the functions' logs become metrics?",
            lambda world: _metric(world, "ApiKeys", "Allowed", "Stack"),
        ),
        Question(
            "Has the API's metric the stack's name?", lambda world: _metric(world, "AWS/ApiGateway", "Count", "ApiName")
        ),
        Question("How many functions may run at once in the region?", _concurrency),
    ]


def alarm_questions() -> list[Question]:
    """Of the stack of alarms; these take up to half an hour."""
    return [Question("Does ModifiedEvents ring when an event was changed by hand?", _ring)]


def _ring(world: World) -> Found:
    client, table = world.place.client("dynamodb"), world.service["EventTableName"]
    account = {":account": {"S": world.account}}
    event = client.query(
        TableName=table, KeyConditionExpression="accountId = :account", ExpressionAttributeValues=account, Limit=1
    )["Items"][0]
    client.update_item(
        TableName=table,
        Key={name: event[name] for name in ("accountId", "id")},
        UpdateExpression="SET changedByHand = :yes",
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )

    def look() -> bool:
        described = world.place.client("cloudwatch").describe_alarms(
            AlarmNamePrefix=f"{world.name}-alarms-ModifiedEvents"
        )
        return any(alarm["StateValue"] == "ALARM" for alarm in described["MetricAlarms"])

    rang = bool(world.wait(look))
    return Found("it rang" if rang else "it did not ring in time", rang)


def _denied(world: World) -> Found:
    answer = world.call("GET", "/authentication", world.create_key(["SMS"]))
    body = answer.json() or {}
    found = f"{answer.status} {answer.headers.get('content-type')} {body.get('code')}"
    return Found(found, found == "403 application/problem+json OPERATION")


def _mistyped(world: World) -> Found:
    answer = world.call("GET", "/authentication", world.key[:-8] + "0" * 8)
    body = answer.json() or {}
    found = f"{answer.status} {answer.headers.get('content-type')} {body.get('code')}"
    return Found(found, found == "401 application/problem+json UNAUTHORIZED")


def _deleted(world: World) -> Found:
    """With a cache of verdicts it would work on: for 300 s if API Gateway did not take the 0 that the template sets."""
    key = world.create_key(["SMS"])
    before = world.call("GET", "/authentication/self", key)
    deleted = world.call("DELETE", f"/authentication/{(before.json() or {}).get('id')}", world.key)
    after = world.call("GET", "/authentication/self", key)
    statuses = [before.status, deleted.status, after.status]
    return Found(", ".join(map(str, statuses)), statuses == [200, 204, 401])


def _url(world: World) -> Found:
    url = world.place.function_url(world.service["VerifyUrl"])
    body = json.dumps({"value": world.key}).encode()
    unsigned = send("POST", url, [("Content-Type", "application/json")], body).status
    statuses = {"unsigned": unsigned}
    for role, name in {"UrlRoleArn": "with one right", "UrlAndFunctionRoleArn": "with both"}.items():
        arn = world.probe[role]
        # A role is known everywhere some seconds after it was made.
        last = [unsigned]

        def allowed(arn: str = arn, last: list[int] = last) -> bool:
            last[0] = world.place.sign_and_send(arn, url, body).status
            return last[0] == 200

        if role == "UrlAndFunctionRoleArn":
            world.wait(allowed)
        else:
            allowed()
        statuses[name] = last[0]
    return Found(
        ", ".join(f"{name}: {each}" for name, each in statuses.items()), list(statuses.values()) == [403, 403, 200]
    )


def _events(world: World) -> Found:
    queue = world.probe["QueueUrl"]
    world.create_key(["SMS"])

    def look() -> list[dict[str, Any]] | None:
        return world.place.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages")

    messages = world.wait(look)
    if not messages:
        return Found("none came", holds=False)
    event = json.loads(messages[0]["Body"])
    return Found(f"{event['detail-type']} of {event['source']}", event["source"] == f"api-keys.{world.name}")


def _latency(world: World) -> Found:
    for _ in range(CHECKS):
        world.call("GET", "/authentication/self", world.key)

    def look() -> list[int] | None:
        pages = world.place.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/apigateway/{world.name}")
        lines = [json.loads(event["message"]) for page in found for event in page["events"]]
        taken = [line["authorizerLatencyMs"] for line in lines if line["route"] == "/authentication/{key}"]
        return sorted(int(each) for each in taken if each.isdigit()) if len(taken) >= CHECKS else None

    taken = world.wait(look)
    if not taken:
        return Found("no lines came", None)
    return Found(f"p50 {taken[len(taken) // 2]} ms, most {taken[-1]} ms, with its start", None)


def _metric(world: World, namespace: str, name: str, dimension: str) -> Found:
    def look() -> list[Any] | None:
        # The authorizer writes its counts with the next answer after a minute.
        world.call("GET", "/authentication/self", world.key)
        now = datetime.now(timezone.utc)
        return world.place.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": dimension, "Value": world.name}],
            StartTime=now - HOUR,
            EndTime=now,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]

    points = world.wait(look)
    if not points:
        return Found(f"no value of {name} came", holds=False)
    return Found(f"{name} with {dimension}={world.name}: {sum(point['Sum'] for point in points):.0f}", holds=True)


def _concurrency(world: World) -> Found:
    limit = world.place.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    return Found(f"{limit}, for all functions of the account; {limit * 10} checks a second at most", None)
