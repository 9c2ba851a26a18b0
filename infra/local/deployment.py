"""From the source tree to a stack on the emulated AWS."""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from emulator import Emulator
from progress import Failure, meanwhile, run_step, stream_step
from transform import binaries, read_template, transformed, with_code

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".local" / "tools"
TEMPLATE = ROOT / "template.yaml"
STACK = "api-keys"
STAGE = "v1"

# Cargo sets these for its own children; a build that sees them takes itself for a part of theirs and starts afresh.
CARGO_S_OWN = ("CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_", "CARGO_TARGET_TMPDIR")


def check_tools(*names: str) -> None:
    """Fails when something is missing that a build or the emulator needs, one of these tools for instance."""
    if shutil.which("cargo") is None:
        raise Failure("cargo is missing; install Rust, for instance with rustup")
    if shutil.which("cc") is None:
        raise Failure("a C compiler (cc) is missing, which cargo links with; install for instance gcc")
    if not all((TOOLS / name / "recipe").exists() for name in names):
        raise Failure("the tools are not installed; run `make tools` first")


def architecture() -> str:
    """The functions' architecture: this machine's, since the emulator runs their binaries."""
    if platform.system() != "Linux":
        raise Failure("this needs Linux, because the emulator runs the functions' own binaries")
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def build(state: Path, source: Path = ROOT) -> Path:
    """Builds the functions as the tests are, in a part of the time, and gives a template with their code."""
    template = read_template(source / TEMPLATE.name)
    executables = _cargo_build("Building the functions", list(binaries(template).values()), source)
    folders = {function: state / "build" / function for function in binaries(template)}
    for function, binary in binaries(template).items():
        folders[function].mkdir(parents=True, exist_ok=True)
        shutil.copy2(executables[binary], folders[function] / "bootstrap")
    built = state / "build" / "template.yaml"
    built.write_text(with_code(template, folders))
    return built


def build_program() -> Path:
    """Builds the operators' program, and gives its path."""
    return Path(_cargo_build("Building the operators' program", ["api-keys"])["api-keys"])


@contextmanager
def releasing(function: str, state: Path) -> Iterator[Callable[[], Path]]:
    """Builds a function as for AWS beside the `with` block, which is given how to wait for its folder."""
    folder = state / "release"
    command = [*_sam("build"), function, "--template-file", str(TEMPLATE), "--build-dir", str(folder)]
    command += ["--parameter-overrides", f"Architecture={architecture()}"]
    title = f"Building {function} as for AWS (sam build)"
    try:
        with meanwhile(title, command, _build_environment(), state / "build.log", ROOT) as wait:

            def built() -> Path:
                wait()
                return folder / function

            yield built
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deploy(stack: str, template: Path, state: Path, parameters: dict[str, str]) -> None:
    """Deploys a template as a stack."""
    command = [*_sam("deploy"), "--template-file", str(template), "--stack-name", stack, "--no-confirm-changeset"]
    command += ["--config-file", str(ROOT / "samconfig.yaml"), "--no-progressbar"]
    if parameters:
        command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    title = f"Deploying {stack} to the emulated AWS (sam deploy)"
    run_step(title, command, dict(os.environ), state / f"deploy-{stack}.log", ROOT)


class Stack:
    """A deployed stack, by its logical ids and outputs."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self._cloudformation = client("cloudformation", emulator)
        self._endpoint = emulator.endpoint
        self.name = name

    def outputs(self) -> dict[str, str]:
        """The template's outputs."""
        described = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}

    def physical_id(self, logical_id: str) -> str:
        """What a resource is called in the account."""
        answer = self._cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    def functions(self) -> list[str]:
        """The names of its functions."""
        resources = self._cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::Lambda::Function"]

    def api_url(self, logical_id: str = "Api") -> str:
        """Where its API answers: the emulator's form of the address in the output `ApiUrl`."""
        return f"{self._endpoint}/_aws/execute-api/{self.physical_id(logical_id)}/{STAGE}"

    def verify_url(self) -> str:
        """Where `verify-key` answers: the emulator's form of the address in the output `VerifyUrl`."""
        url_id = self.outputs()["VerifyUrl"].removeprefix("https://").split(".")[0]
        return f"{self._endpoint}/_aws/lambda-url/{url_id}/"


def give_gateway_responses(emulator: Emulator, stack: Stack) -> None:
    """Hands the emulator the template's gateway responses.

    It does not import them from the API's definition, where AWS reads them.
    """
    gateway = client("apigateway", emulator)
    api = stack.physical_id("Api")
    definition = transformed(read_template(TEMPLATE))["Resources"]["Api"]["Properties"]["Body"]
    for kind, response in definition["x-amazon-apigateway-gateway-responses"].items():
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=str(response["statusCode"]),
            responseParameters=response["responseParameters"],
            responseTemplates=response["responseTemplates"],
        )
    gateway.create_deployment(restApiId=api, stageName=STAGE)


def give_code(emulator: Emulator, stack: Stack, function: str, folder: Path) -> None:
    """Replaces the code of a function, and publishes it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.write(folder / "bootstrap", "bootstrap")
    service, name = client("lambda", emulator), stack.physical_id(function)
    service.update_function_code(FunctionName=name, ZipFile=archive.getvalue())
    publish(service, name)


def publish(service: Any, function: str) -> None:
    """Has a function's aliases name a version of what it is now."""
    for alias in service.list_aliases(FunctionName=function)["Aliases"]:
        version = service.publish_version(FunctionName=function)["Version"]
        service.update_alias(FunctionName=function, Name=alias["Name"], FunctionVersion=version)


def client(service: str, emulator: Emulator) -> Any:
    """A client of one of the emulated services."""
    return boto3.client(service, endpoint_url=emulator.endpoint)


def ministack() -> Path:
    """The Python that the emulator is installed for."""
    return TOOLS / "ministack" / "bin" / "python"


def _cargo_build(title: str, programs: list[str], source: Path = ROOT) -> dict[str, str]:
    """Builds programs with the dependencies that the tests have, and gives their paths."""
    environment = _build_environment()
    # Of the whole workspace: for some packages alone cargo would choose other features, and build all that they use anew.
    command = ["cargo", "build", "--workspace", *(f"--bin={program}" for program in programs)]
    stream_step(title, command, environment, source)
    command += ["--quiet", "--message-format=json"]
    output = subprocess.run(command, env=environment, cwd=source, stdout=subprocess.PIPE, check=True).stdout
    messages = (json.loads(line) for line in output.splitlines())
    return {each["target"]["name"]: each["executable"] for each in messages if each.get("executable")}


def _sam(command: str) -> list[str]:
    return [str(TOOLS / "sam" / "bin" / "sam"), command]


def _build_environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(CARGO_S_OWN)}
    environment["PATH"] = f"{TOOLS / 'cargo-lambda' / 'bin'}{os.pathsep}{environment['PATH']}"
    return environment
