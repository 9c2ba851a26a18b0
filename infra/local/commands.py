"""What a test asks of the deployed stack, one line of JSON for each request and each answer.

Requests are answered at the same time, each under the `number` that it came with.
"""

from __future__ import annotations

import base64
import json
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deployment import Stack, client, publish
from emulator import Emulator

Answer = dict[str, Any]

# As many as a test sends at the same time, and some that wait for what comes into a queue.
AT_ONCE = 16

# Nothing listens there, so a call fails at once: the SDK's own variable for one service's address.
BROKEN = {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9"}

# All settings by which a function of this kind logs more.
TALKATIVE = {
    "AWS_LAMBDA_LOG_LEVEL": "TRACE",
    "AWS_SDK_LOG_LEVEL": "TRACE",
    "RUST_BACKTRACE": "full",
    "RUST_LIB_BACKTRACE": "1",
    "RUST_LOG": "trace",
}


class Commands:
    """The commands, by the word in `do`."""

    def __init__(self, emulator: Emulator, stack: Stack) -> None:
        self._emulator = emulator
        self._stack = stack
        # Here, since making two at the same time is not safe; using one is.
        services = ("dynamodb", "events", "iam", "lambda", "logs", "sqs")
        self._clients = {service: client(service, emulator) for service in services}
        self._writing = threading.Lock()
        outputs = stack.outputs()
        self._table = outputs["TableName"]
        self._verify_arn = outputs["VerifyFunctionArn"]
        self._invoked_functions = {
            "create-account": outputs["CreateAccountFunctionName"],
            "erase-account": outputs["EraseAccountFunctionName"],
            "import-keys": outputs["ImportKeysFunctionName"],
            "manage-account": outputs["ManageAccountFunctionName"],
            "notify-expiry": outputs["NotifyExpiryFunctionName"],
            "verify-key": outputs["VerifyFunctionName"],
        }
        self._by_name: dict[str, Callable[[Answer], Answer]] = {
            "invoke": self.invoke,
            "invoke-at-once": self.invoke_at_once,
            "logs": self.logs,
            "table": self.table,
            "subscribe": self.subscribe,
            "received": self.received,
            "allow-to-verify": self.allow_to_verify,
            "break-table": lambda _: self._set_variables(BROKEN),
            "mend-table": lambda _: self._set_variables(dict.fromkeys(BROKEN)),
            "log-everything": lambda _: self._set_variables(TALKATIVE),
        }

    def serve(self, descriptor: int) -> None:
        """Answers on standard output what comes out of a pipe, until its end."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for line in lines_of(descriptor, self._emulator.check):
                pool.submit(self._answer, json.loads(line))

    def _answer(self, request: Answer) -> None:
        """Answers one request; what goes wrong is an answer too."""
        try:
            answer = self._by_name[request["do"]](request)
        except Exception as error:  # noqa: BLE001, the asker must not wait for ever
            answer = {"error": f"{type(error).__name__}: {error}"}
        line = json.dumps(answer | {"number": request["number"]}, default=_binary)
        with self._writing:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    def invoke(self, request: Answer) -> Answer:
        """Invokes a function that is on no route, as an operator does."""
        function = self._invoked_functions[request["function"]]
        answer = self._clients["lambda"].invoke(FunctionName=function, Payload=json.dumps(request["payload"]))
        return {
            "status": answer["StatusCode"],
            "functionError": answer.get("FunctionError"),
            "payload": json.loads(answer["Payload"].read()),
        }

    def invoke_at_once(self, request: Answer) -> Answer:
        """Invokes a function with each of several payloads, all at the same time."""
        requests = [request | {"payload": payload} for payload in request["payloads"]]
        with ThreadPoolExecutor(len(requests)) as pool:
            return {"answers": list(pool.map(self.invoke, requests))}

    def logs(self, _: Answer) -> Answer:
        """Everything that was logged: the functions' log groups and the emulator's own log."""
        service = self._clients["logs"]
        groups = _pages(service, "describe_log_groups", "logGroups")
        events = (
            f"{group['logGroupName']}: {event['message']}"
            for group in groups
            for event in _pages(service, "filter_log_events", "events", logGroupName=group["logGroupName"])
        )
        return {"events": list(events), "emulator": self._emulator.log.read_text(errors="replace")}

    def table(self, _: Answer) -> Answer:
        """Every item, its attributes in DynamoDB's own notation, binaries as base64."""
        service = self._clients["dynamodb"]
        return {"items": list(_pages(service, "scan", "Items", TableName=self._table))}

    def subscribe(self, request: Answer) -> Answer:
        """Has a rule deliver the service's events of one type to a queue."""
        queues, events = self._clients["sqs"], self._clients["events"]
        name = request["type"].replace(".", "-")
        queue = queues.create_queue(QueueName=name)["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": [f"api-keys.{self._stack.name}"], "detail-type": [request["type"]]}
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        return {"queue": queue}

    def received(self, request: Answer) -> Answer:
        """Takes what has come into a queue, waiting up to ten seconds for something."""
        queues = self._clients["sqs"]
        answer = queues.receive_message(QueueUrl=request["queue"], MaxNumberOfMessages=10, WaitTimeSeconds=10)
        messages = answer.get("Messages", [])
        for message in messages:
            queues.delete_message(QueueUrl=request["queue"], ReceiptHandle=message["ReceiptHandle"])
        return {"messages": [json.loads(message["Body"]) for message in messages]}

    def allow_to_verify(self, request: Answer) -> Answer:
        """Makes a user whose policy is that of the guide, or who has no rights; the answer is its access key."""
        users, name = self._clients["iam"], request["user"]
        users.create_user(UserName=name)
        if request.get("rights", True):
            actions = ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"]
            statement = {"Effect": "Allow", "Action": actions, "Resource": self._verify_arn}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            users.put_user_policy(UserName=name, PolicyName="verify", PolicyDocument=policy)
        key = users.create_access_key(UserName=name)["AccessKey"]
        return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}

    def _set_variables(self, changes: Mapping[str, str | None]) -> Answer:
        """Sets variables of every function, and takes those away that are None."""
        service = self._clients["lambda"]
        for name in self._stack.functions():
            variables = service.get_function_configuration(FunctionName=name)["Environment"]["Variables"] | changes
            kept = {variable: value for variable, value in variables.items() if value is not None}
            service.update_function_configuration(FunctionName=name, Environment={"Variables": kept})
            publish(service, name)
        return {"done": True}


def lines_of(descriptor: int, meanwhile: Callable[[], None]) -> Iterator[str]:
    """The lines of a pipe until its end, doing something each second in which none comes."""
    buffered = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], 1)
        if not ready:
            meanwhile()
            continue
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return
        *lines, buffered = (buffered + chunk).split(b"\n")
        yield from (line.decode() for line in lines if line.strip())


def _pages(service: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    for page in service.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def _binary(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is not JSON")
