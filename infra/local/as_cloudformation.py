"""Has the emulator update stacks as CloudFormation does, where it is kinder.

It updates resources in the order of their names, in one moment in which it serves no request, and a function's code before its settings.
It ends what the function is just doing. And it replaces an API whose definition changes, so that the API's address changes too: AWS
imports the definition into the same API, and the stage shows it.
"""

from __future__ import annotations

import random
import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import apigateway_v1, lambda_svc
from ministack.services.cloudformation import engine, provisioners, stacks

# After what changes how requests are served, as many go by before anything else changes: about what all clients have in a round.
SLOW = (
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
)
REQUESTS = 60
# Where no client sends any.
AT_MOST_SECONDS = 20

Resources = dict[str, Any]

# The API that holds a new definition until a stage shows it, by the API that it is for.
_imported: dict[str, str] = {}
_served = [0]
# Environments of functions that end after the request that they serve.
_ending: set[Any] = set()


def update_stacks(seed: str) -> None:
    """Updates resources one by one while requests are served, in one of the orders that their dependencies allow."""
    chosen, sort, update = random.Random(seed), stacks._topological_sort, stacks._update_keeping_seed  # noqa: S311, no secret

    def in_any_order(resources: Resources, conditions: dict[str, bool]) -> list[str]:
        waiting = sort(resources, conditions)
        needed = {name: engine._extract_deps(resources[name], set(waiting)) - {name} for name in waiting}
        ordered: list[str] = []
        while waiting:
            ready = [name for name in waiting if needed[name] <= set(ordered)]
            ordered.append(chosen.choice(ready))
            waiting.remove(ordered[-1])
        return ordered

    def with_pause(kind: str, physical_id: str, old: Any, new: Any, *rest: Any) -> Any:
        updated = update(kind, physical_id, old, new, *rest)
        if old != new and kind in SLOW:
            _let_requests_pass()
        return updated

    kill, release = lambda_runtime.kill_workers, lambda_svc.release_worker

    def end(environments: list[Any]) -> None:
        busy = {each for each in environments if each is not None and each.in_use}
        _ending.update(busy)
        kill([each for each in environments if each not in busy])

    def release_and_end(environment: Any) -> None:
        release(environment)
        if environment in _ending:
            _ending.discard(environment)
            kill([environment])

    execute = apigateway_v1.handle_execute

    async def count(*arguments: Any) -> Any:
        answer = await execute(*arguments)
        _served[0] += 1
        return answer

    apigateway_v1.handle_execute = count
    lambda_runtime.kill_workers = end
    lambda_svc.release_worker = release_and_end
    stacks._topological_sort = in_any_order
    stacks._update_keeping_seed = with_pause
    stacks._runs_on_worker_thread = lambda _: True
    _take_over("AWS::Lambda::Function", _update_function)
    _take_over("AWS::ApiGateway::RestApi", _update_api)
    _take_over("AWS::ApiGateway::Stage", _update_stage)


def _let_requests_pass() -> None:
    until, deadline = _served[0] + REQUESTS, time.monotonic() + AT_MOST_SECONDS
    while _served[0] < until and time.monotonic() < deadline:
        time.sleep(0.01)


def _take_over(kind: str, update: Any) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[kind]
    original = handlers["update"]
    handlers["update"] = lambda *arguments: update(original, *arguments)


def _update_function(original: Any, physical_id: str, old: Any, new: Any, *rest: Any) -> Any:
    if old["Code"] == new["Code"]:
        return original(physical_id, old, new, *rest)
    with_settings = new | {"Code": old["Code"]}
    original(physical_id, old, with_settings, *rest)
    _let_requests_pass()
    return original(physical_id, with_settings, new, *rest)


def _update_api(original: Any, physical_id: str, old: Any, new: Any, stack: str, *rest: Any) -> Any:
    if old.get("Body") == new.get("Body"):
        return original(physical_id, old, new, stack, *rest)
    _imported[physical_id], _ = provisioners._apigw_rest_api_create(physical_id, new, stack)
    return physical_id, provisioners._apigw_rest_api_attrs(physical_id)


def _update_stage(original: Any, physical_id: str, old: Any, new: Any, stack: str) -> Any:
    updated = original(physical_id, old, new, stack)
    api = new["RestApiId"]
    if source := _imported.pop(api, None):
        for records in (apigateway_v1._resources, apigateway_v1._authorizers_v1):
            records[api] = records.pop(source)
        apigateway_v1._delete_rest_api(source)
    return updated
