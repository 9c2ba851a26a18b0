"""Builds the functions for the processor that the stack has, and deploys them to AWS.

    deploy.py [--stack NAME] [--sam PROGRAM] [NAME=VALUE …]       NAME=VALUE: a parameter of the template

For a parameter that is not given, `sam build` takes the template's default and `sam deploy` the stack's value. So an upgrade of a stack
on arm64 would be built for x86_64, and no function would start. Here both get the same, and CloudFormation refuses a build
for another processor. All other parameters that are not given stay as the stack has them. Run it by the Python of the
pinned SAM CLI, in the repository's root.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.exceptions import SamConfigFileReadException
from samcli.lib.config.samconfig import SamConfig
from samcli.yamlhelper import yaml_dump, yaml_parse

TEMPLATE = Path("template.yaml")
DEFAULTS = "samconfig.yaml"
BUILT = Path(".aws-sam/build/template.yaml")
ARCHITECTURE = "Architecture"
# The field `e_machine` in the header of an ELF file, by what Lambda calls the processor.
MACHINES = {"x86_64": 62, "arm64": 183}

Parameters = dict[str, str]


class Failure(Exception):
    """Why this cannot go on, as one sentence for a person."""


def main() -> int:
    """Deploys; an expected failure is a sentence."""
    arguments = _parse_arguments()
    try:
        deploy(arguments.sam, arguments.stack, dict(arguments.parameters))
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:
        return 130
    except (Failure, BotoCoreError, ClientError, OSError) as error:
        print(f"Error: {error}.", file=sys.stderr)
        return 1
    return 0


def deploy(sam: Path, stack: str | None, given: Parameters) -> None:
    """Builds and deploys. A first deployment asks for parameters, a later one keeps them."""
    environment = stack if stack and saved_as(stack) else "default"
    file = None
    config = saved_as(environment)
    if not config:
        # Where stacks were deployed by their names alone, samconfig.toml has nothing for any other.
        file = DEFAULTS
        config = saved_as(environment, file)
    if environment == "default" and "stack_name" not in config:
        config["stack_name"] = saved_as(environment, DEFAULTS)["stack_name"]
    stack = stack or config["stack_name"]
    # The default environment may be of another stack: then only where to deploy is taken from it.
    is_saved = config.get("stack_name") == stack
    saved = CfnParameterOverridesType().convert(config.get("parameter_overrides", "") if is_saved else "", None, None)
    # boto3 reads AWS_DEFAULT_REGION alone; the AWS CLI and the SDKs read this one first.
    region = config.get("region") or os.environ.get("AWS_REGION")
    session = boto3.Session(profile_name=config.get("profile"), region_name=region)
    if session.region_name is None:
        raise Failure("no region is given; set one, for instance with `export AWS_REGION=eu-central-1`")
    present = parameters_of(session, stack)
    architecture = choose_architecture(given, saved, present)
    print(f"Building for {architecture}, the processor of {stack} in {session.region_name}.", file=sys.stderr)
    subprocess.run([sam, "build", "--parameter-overrides", f"{ARCHITECTURE}={architecture}"], check=True)
    check_functions(architecture)
    admit_only(architecture)
    command = [sam, "deploy", "--stack-name", stack, "--region", session.region_name]
    # SAM CLI must ask the AWS account that was asked here.
    if config.get("profile"):
        command += ["--profile", config["profile"]]
    parameters = given | {ARCHITECTURE: architecture}
    if present is None:
        command.append("--guided")
        # The answers for another stack must not replace those for the default one.
        environment = environment if is_saved else stack
        parameters = saved | parameters
    else:
        command.append("--no-fail-on-empty-changeset")
        show_what_stays(saved, given, present)
        if file:
            command += ["--config-file", Path.cwd() / file]
    # Where some are given here, SAM CLI reads none from its configuration file.
    command += ["--config-env", environment, "--parameter-overrides"]
    subprocess.run([*command, *written(parameters)], check=True)
    changed = {name: value for name, value in given.items() if saved.get(name, value) != value}
    if present is not None and changed:
        now = parameters_of(session, stack) or {}
        # A person may have declined the changes.
        keep_saved(SamConfig(Path.cwd(), file), environment, saved, changed.items() & now.items())


def written(parameters: Parameters) -> list[str]:
    """Parameters as SAM CLI takes them."""
    return [f'{name}="{value}"' for name, value in parameters.items()]


def saved_as(environment: str, file: str | None = None) -> dict[str, Any]:
    """What that file has under that name for `sam deploy`; by default SAM CLI's: samconfig.toml, or else samconfig.yaml."""
    try:
        return dict(SamConfig(Path.cwd(), file).get_all(["deploy"], "parameters", environment))
    except SamConfigFileReadException as error:
        raise Failure("the configuration file of SAM CLI, samconfig.toml or samconfig.yaml, cannot be read") from error


def parameters_of(session: boto3.Session, stack: str) -> Parameters | None:
    """The parameters of a stack; `None` where there is none yet."""
    try:
        described = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    status = described["StackStatus"]
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        raise Failure(
            f"the first deployment of {stack} has failed ({status}): remove what is left of it, as docs/guides/remove.md shows "
            'under "What a failed deployment leaves"'
        )
    # A change set of a stack that was never made.
    if status == "REVIEW_IN_PROGRESS":
        return None
    return {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}


def choose_architecture(given: Parameters, saved: Parameters, present: Parameters | None) -> str:
    """The processor that is given, or else the stack's own; of a first deployment the saved one or the default."""
    default = _read(TEMPLATE)["Parameters"][ARCHITECTURE]["Default"]
    own = saved if present is None else present
    architecture = given.get(ARCHITECTURE) or own.get(ARCHITECTURE) or default
    if architecture not in MACHINES:
        raise Failure(f"{ARCHITECTURE} must be one of {', '.join(MACHINES)}")
    return architecture


def keep_saved(file: SamConfig, environment: str, saved: Parameters, changed: AbstractSet[tuple[str, str]]) -> None:
    """Writes the stack's present parameters over the saved ones: a plain `sam deploy` sends all of them."""
    if not changed:
        return
    names = ", ".join(sorted(name for name, _ in changed))
    # Read apart: `get_all` mixes up the sections of what is written afterwards.
    own = saved_as(environment, file.filepath.name)["parameter_overrides"]
    if isinstance(own, str) and not own.startswith("file://"):
        file.put(["deploy"], "parameters", "parameter_overrides", " ".join(written(saved | dict(changed))), environment)
        file.flush()
        print(f"{file.filepath.name} has the stack's {names} now.", file=sys.stderr)
    else:
        print(
            f"{file.filepath.name} has another {names} than the stack, which a plain `sam deploy` would set: change it there.",
            file=sys.stderr,
        )


def show_what_stays(saved: Parameters, given: Parameters, present: Parameters) -> None:
    """Names what samconfig.toml has otherwise than the stack, which keeps its own."""
    for name, value in saved.items():
        if name not in given and value != present.get(name, value):
            print(
                f"{name} stays {present[name]!r}, though samconfig.toml has {value!r}, which a plain `sam deploy` sets: "
                f"to change it, `make deploy PARAMETERS={name}={value}`.",
                file=sys.stderr,
            )


def check_functions(architecture: str) -> None:
    """Fails where a function was built for another processor, by any options of the compiler."""
    resources = _read(BUILT)["Resources"]
    folders = [
        BUILT.parent / resource["Properties"]["CodeUri"]
        for resource in resources.values()
        if resource.get("Metadata", {}).get("BuildMethod") == "rust-cargolambda"
    ]
    for folder in folders:
        header = (folder / "bootstrap").read_bytes()[:20]
        if header[:4] != b"\x7fELF" or int.from_bytes(header[18:20], "little") != MACHINES[architecture]:
            raise Failure(f"{folder}/bootstrap is not built for {architecture}; nothing was deployed")
    if not folders:
        raise Failure("no function was built; nothing was deployed")


def admit_only(architecture: str) -> None:
    """Has CloudFormation refuse every other processor for what was built, also one that is typed at a prompt."""
    built = _read(BUILT)
    built["Parameters"][ARCHITECTURE] |= {"AllowedValues": [architecture], "Default": architecture}
    BUILT.write_text(yaml_dump(built))


def _read(path: Path) -> dict[str, Any]:
    return yaml_parse(path.read_text())


def _parse_arguments() -> argparse.Namespace:
    def parameter(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not equals or name not in _read(TEMPLATE)["Parameters"]:
            raise argparse.ArgumentTypeError(f"{text} is no parameter of the template, as in Console=enabled")
        return name, value

    parser = argparse.ArgumentParser(description="Builds for the stack's processor, and deploys to AWS.")
    parser.add_argument("--stack", metavar="NAME", help="by default as in samconfig.toml or samconfig.yaml")
    # Not by the PATH: there, cargo-lambda's Python comes first, which has the zig that it looks for.
    parser.add_argument("--sam", type=Path, default=Path(sys.executable).with_name("sam"), metavar="PROGRAM")
    parser.add_argument("parameters", nargs="*", type=parameter, metavar="NAME=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
