"""What DynamoDB and IAM do with the writes of the service."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

from botocore.exceptions import ClientError

from answers import Found, Question
from world import World

READS = 200
ROUNDS = 40
WRITERS = 6


def questions() -> list[Question]:
    """Of tables and roles."""
    return [
        Question("May a role with dynamodb:EnclosingOperation write in a transaction, and not without one?", _enclosed),
        Question("What refuses a plain write on an item that a transaction holds?", _conflict),
        Question("Do the tables of the service clear up by purgeAt?", _time_to_live),
        Question(f"How long do {READS} consistent reads of one item take in the region, by Python?", _reads),
    ]


def _enclosed(world: World) -> Found:
    client = world.place.client_of("dynamodb", world.probe["EnclosedRoleArn"])
    put = {"TableName": world.probe["TableName"], "Item": {"id": {"S": "enclosed"}}}
    within = _outcome(lambda: client.transact_write_items(TransactItems=[{"Put": put}]))
    without = _outcome(lambda: client.put_item(**put))
    holds = within == "done" and without.startswith("AccessDenied")
    return Found(f"in a transaction: {within}; without: {without}", holds)


def _conflict(world: World) -> Found:
    client, table = world.place.client("dynamodb"), world.probe["TableName"]
    add = {
        "TableName": table,
        "Key": {"id": {"S": "one"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    plain: Counter[str] = Counter()
    held: Counter[str] = Counter()

    def write(outcomes: Counter[str], call: Any) -> None:
        for _ in range(ROUNDS):
            outcomes[_outcome(call)] += 1

    transact = (held, lambda: client.transact_write_items(TransactItems=[{"Update": add}]))
    alone = (plain, lambda: client.update_item(**add))
    threads = [threading.Thread(target=write, args=each) for each in [transact, alone] * (WRITERS // 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The code sends such a write again; where none was refused, there was no conflict to see.
    refused = {name for name in plain if name != "done"}
    holds = None if not refused else refused == {"TransactionConflictException"}
    return Found(f"plain writes: {_counts(plain)}; transactions: {_counts(held)}", holds)


def _time_to_live(world: World) -> Found:
    client, found = world.place.client("dynamodb"), {}
    for output in ("TableName", "EventTableName", "UsageTableName"):
        described = client.describe_time_to_live(TableName=world.service[output])["TimeToLiveDescription"]
        found[output] = f"{described.get('AttributeName')} {described['TimeToLiveStatus']}"
    # Just after a deployment it may still be on its way.
    holds = all(each in ("purgeAt ENABLED", "purgeAt ENABLING") for each in found.values())
    return Found(", ".join(f"{name}: {each}" for name, each in found.items()), holds)


def _reads(world: World) -> Found:
    invoke = world.place.client("lambda").invoke
    payload = json.dumps({"reads": READS})
    # The first one connects.
    for _ in range(2):
        answer = invoke(FunctionName=world.probe["TimerName"], Payload=payload)
    if "FunctionError" in answer:
        raise RuntimeError("the timer failed")
    taken = json.load(answer["Payload"])
    parts = {"p50": taken[len(taken) // 2], "p99": taken[len(taken) * 99 // 100], "most": taken[-1]}
    # An attempt of a read ends after 100 ms, and another follows: rare is what this must be.
    return Found(", ".join(f"{name} {value:.1f} ms" for name, value in parts.items()), parts["p99"] < 100)


def _outcome(call: Any) -> str:
    try:
        call()
    except ClientError as error:
        reasons = [each.get("Code") for each in error.response.get("CancellationReasons", [])]
        return " ".join([error.response["Error"]["Code"], *filter(None, reasons)])
    return "done"


def _counts(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
