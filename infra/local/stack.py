"""The real template on an emulated AWS.

`stack.py run [--port 4566]`
    for a person: a URL, a key, and Ctrl-C ends it
`stack.py up --state DIR --sample TEMPLATE --release FUNCTION [--port 0] [--package DIR] [--parameters NAME=VALUE …]`
    for a test: see `commands.py`
`stack.py check`
    `make aws-check` on it, whole and interrupted, and that nothing is left
`stack.py transform [NAME=VALUE …]`
    the template as CloudFormation gets it with these parameters, as JSON
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

sys.dont_write_bytecode = True

from commands import Commands
from deployment import (
    ROOT,
    STACK,
    TEMPLATE,
    Stack,
    architecture,
    build,
    build_program,
    check_tools,
    client,
    deploy,
    give_code,
    give_gateway_responses,
    ministack,
    releasing,
)
from emulator import CREDENTIALS, REGION, Emulator, choose_port, isolate_from_aws
from progress import Failure, report, show_steps, tail, timed
from transform import read_template, transformed

AWS_CHECK = ROOT / "infra" / "aws_check" / "check.py"
SAMPLE_STACK = "sample-api"
SAMPLE_TEMPLATE = ROOT / "tests" / "sample-api" / "template.yaml"
ENVIRONMENT_FILE = ROOT / ".local" / "env"


def main() -> int:
    """Runs one command; an expected failure is a sentence, Ctrl-C and SIGTERM are a normal end."""
    arguments = _parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        arguments.command(arguments)
    except KeyboardInterrupt:
        return 0
    except Failure as failure:
        report(f"Error: {failure}.")
        if failure.log:
            report(f"The end of {failure.log}:\n{tail(failure.log)}")
        return 1
    except (BotoCoreError, ClientError, OSError) as error:
        report(f"Error: {error}.")
        return 1
    return 0


def run(arguments: argparse.Namespace) -> None:
    """Deploys the stack with one account, prints how to call it, and waits."""
    state = ROOT / ".local" / f"run-{arguments.port}"
    port = prepare(arguments.port, state, "sam", "ministack")
    parameters = {"Console": "enabled", "AcceptImportedKeys": "true", "VerifyUrl": "enabled"}
    with deployed(port, state, parameters) as (emulator, stack):
        sample = deploy_sample(emulator, SAMPLE_TEMPLATE, state)
        account = Commands(emulator, stack).invoke(
            {"function": "create-account", "payload": {"company": "Example", "userId": "user-1", "username": "Ada"}}
        )
        if account["functionError"]:
            raise Failure(f"create-account failed: {account['payload']}", emulator.log)
        show_steps()
        key = account["payload"]["value"]
        addresses = {
            "API_URL": stack.api_url(),
            # Attached APIs: one answers 429 by itself, the gateways of the others 403.
            "SAMPLE_URL": sample.api_url("IntegrationApi"),
            "REST_API_URL": sample.api_url(),
            "HTTP_API_URL": sample.api_url("HttpApi"),
            "ROUTES_API_URL": sample.api_url("RoutesApi"),
            # What has no gateway asks by one of these.
            "VERIFY_FUNCTION": stack.outputs()["VerifyFunctionName"],
            "VERIFY_URL": stack.verify_url(),
        }
        with environment_file(_settings(emulator.endpoint, addresses, key)):
            print(_introduction(addresses, key), flush=True)
            while True:
                emulator.check()
                time.sleep(0.5)


def up(arguments: argparse.Namespace) -> None:
    """Deploys the stack, describes it in one line, and serves commands until standard input ends."""
    state = arguments.state.resolve()
    parameters = dict(each.split("=", 1) for each in arguments.parameters)
    port = prepare(arguments.port, state, "sam", "ministack", "cargo-lambda")
    # Building it takes longest.
    with releasing(arguments.release, state) as released:
        package = arguments.package and arguments.package.resolve()
        program = package / "bin" / "api-keys" if package else build_program()
        with deployed(port, state, parameters, package) as (emulator, stack):
            sample = deploy_sample(emulator, arguments.sample.resolve(), state)
            give_code(emulator, stack, arguments.release, folder := released())
            description = {
                "endpoint": emulator.endpoint,
                "apiUrl": stack.api_url(),
                "sampleUrl": sample.api_url(),
                "integrationUrl": sample.api_url("IntegrationApi"),
                "httpUrl": sample.api_url("HttpApi"),
                "routesUrl": sample.api_url("RoutesApi"),
                "verifyFunction": stack.outputs()["VerifyFunctionName"],
                "verifyUrl": stack.verify_url(),
                "program": str(program),
                "released": str(folder / "bootstrap"),
            }
            print(json.dumps(description), flush=True)
            with timed("Driving the deployed stack"):
                Commands(emulator, stack).serve(sys.stdin.fileno())


def check(_: argparse.Namespace) -> None:
    """Does what `make aws-check` does, whole and interrupted, and sees that nothing is left of it."""
    state = ROOT / ".local" / "run-check"
    port = prepare(0, state, "sam", "ministack")
    template = build(state)
    command = [sys.executable, str(AWS_CHECK), "--yes", "--alarms", "--template", str(template), "--patience", "20"]
    command += ["--report", str(state / "report.md"), f"Architecture={architecture()}"]
    with Emulator(ministack(), port, state) as emulator:
        before = owned(emulator)
        with timed("Checking the emulator as if it were AWS"):
            if subprocess.run(command, check=False).returncode != 0:
                raise Failure("the check has failed; its messages are above", emulator.log)
        if left := owned(emulator) - before:
            raise Failure(f"the check has left {sorted(left)}")
        process = subprocess.Popen(command)
        # In the middle of a deployment.
        while process.poll() is None and not any(each.startswith("table ") for each in owned(emulator) - before):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        if process.wait() != 130:
            raise Failure(f"the check that was interrupted ended with {process.returncode}")
        if left := owned(emulator) - before:
            raise Failure(f"the check that was interrupted has left {sorted(left)}")


def owned(emulator: Emulator) -> set[str]:
    """What there is in the emulated account."""
    stacks = client("cloudformation", emulator).describe_stacks()["Stacks"]
    return {
        *(f"stack {each['StackName']}" for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"),
        *(f"table {each}" for each in client("dynamodb", emulator).list_tables()["TableNames"]),
        *(f"function {each['FunctionName']}" for each in client("lambda", emulator).list_functions()["Functions"]),
        *(f"log {each['logGroupName']}" for each in client("logs", emulator).describe_log_groups()["logGroups"]),
        *(f"role {each['RoleName']}" for each in client("iam", emulator).list_roles()["Roles"]),
        *(f"bucket {each['Name']}" for each in client("s3", emulator).list_buckets()["Buckets"]),
    }


def transform(arguments: argparse.Namespace) -> None:
    """Prints the transformed template."""
    parameters = dict(each.split("=", 1) for each in arguments.parameters)
    json.dump(transformed(read_template(TEMPLATE), parameters), sys.stdout, indent=2)
    print()


def deploy_sample(emulator: Emulator, template: Path, state: Path) -> Stack:
    """Another API of the company, beside the stack whose authorizer it attaches."""
    deploy(SAMPLE_STACK, template, state, {"ApiKeysStack": STACK})
    return Stack(emulator, SAMPLE_STACK)


def prepare(wanted_port: int, state: Path, *tools: str) -> int:
    """Sees that nothing is missing, turns away from the user's own AWS, and gives the emulator's port."""
    check_tools(*tools)
    port = choose_port(wanted_port)
    state.mkdir(parents=True, exist_ok=True)
    isolate_from_aws(port)
    return port


@contextmanager
def deployed(
    port: int, state: Path, parameters: dict[str, str], package: Path | None = None
) -> Iterator[tuple[Emulator, Stack]]:
    """The stack, or a package of it, on an emulator of its own; both are gone afterwards, but for the logs."""
    template = package / "template.yaml" if package else build(state)
    try:
        with Emulator(ministack(), port, state) as emulator:
            # Nothing asks GitHub: no server listens there.
            local = {"Architecture": architecture(), "GithubKeysUrl": "https://127.0.0.1:9/"}
            deploy(STACK, template, state, local | parameters)
            stack = Stack(emulator, STACK)
            give_gateway_responses(emulator, stack)
            yield emulator, stack
    finally:
        for scratch in ("build", "tmp"):
            shutil.rmtree(state / scratch, ignore_errors=True)


@contextmanager
def environment_file(text: str) -> Iterator[None]:
    """Keeps `.local/env`, which only its owner can read, for clients to source."""
    ENVIRONMENT_FILE.unlink(missing_ok=True)
    descriptor = os.open(ENVIRONMENT_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    try:
        yield
    finally:
        # Another run may have put its own there.
        with suppress(FileNotFoundError):
            if ENVIRONMENT_FILE.read_text() == text:
                ENVIRONMENT_FILE.unlink()


def _interrupt(*_: object) -> None:
    # Once is enough: nothing may interrupt the clearing up.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _settings(endpoint: str, addresses: dict[str, str], key: str) -> str:
    # SAM CLI, and version 1 of the AWS CLI, read only the second of the regions.
    regions = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    access = {"AWS_ENDPOINT_URL": endpoint} | regions | CREDENTIALS
    exports = "".join(f"export {name}={value}\n" for name, value in access.items())
    # What the shell has of a real account would go along.
    exports += "unset AWS_PROFILE AWS_SESSION_TOKEN\n"
    return "".join(f"{name}={value}\n" for name, value in (addresses | {"API_KEY": key}).items()) + exports


def _introduction(addresses: dict[str, str], key: str) -> str:
    url = addresses["API_URL"]
    header = f"-H 'X-API-Key: {key}'"
    access = f"--user test:test --aws-sigv4 aws:amz:{REGION}:lambda"
    body = '{"userId":"user-2","username":"Grace","operations":["SMS"]}'
    return f"""
URL      {url}
Key      {key}
Console  {url}/console
URLs, key and access for operators are in .local/env. To try:

curl -s {header} {url}/authentication
curl -s {header} -d '{body}' {url}/authentication
curl -s {header} {url}/authentication/self

Four APIs attach its authorizer. Beyond a key's limit the first answers 429, the others 403; the third is an HTTP API, and the
last has paths of its own:

curl -s -i {header} {addresses["SAMPLE_URL"]}/sms
curl -s -i {header} {addresses["REST_API_URL"]}/sms
curl -s -i {header} {addresses["HTTP_API_URL"]}/sms
curl -s -i {header} {addresses["ROUTES_API_URL"]}/v1/orders

What has no gateway, such as a container, asks by the function's URL:

curl -s {access} -H 'Content-Type: application/json' -d '{{"value":"{key}","operation":"SMS"}}' {addresses["VERIFY_URL"]}

To operate it, after `cargo install --path cli`:

source .local/env
api-keys accounts list
api-keys --help

Ctrl-C ends it, and all of its data."""


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The real template on an emulated AWS.")
    commands = parser.add_subparsers(required=True)
    for command in (run, up, check, transform):
        commands.add_parser(command.__name__, help=command.__doc__).set_defaults(command=command)
    commands.choices["run"].add_argument("--port", type=int, default=4566)
    commands.choices["up"].add_argument("--port", type=int, default=0)
    commands.choices["up"].add_argument("--state", type=Path, required=True)
    commands.choices["up"].add_argument("--sample", type=Path, required=True)
    commands.choices["up"].add_argument("--release", required=True, metavar="FUNCTION")
    commands.choices["up"].add_argument(
        "--package", type=Path, metavar="DIR", help="what `make package` made, unpacked"
    )
    commands.choices["up"].add_argument("--parameters", nargs="*", default=[], metavar="NAME=VALUE")
    commands.choices["transform"].add_argument("parameters", nargs="*", metavar="NAME=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
