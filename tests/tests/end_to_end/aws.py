"""Stands in for the commands of the AWS CLI 2 that the documents use, since that is not a package one can pin.

It asks the emulated AWS, and refuses options that it does not know. Unlike the real one it fails when a function does.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.model import Shape


def main() -> int:
    service, command, *rest = sys.argv[1:]
    client = boto3.client(service)
    method = command.replace("-", "_")
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name, shape in operation.input_shape.members.items():
        option = f"--{xform_name(name, '-')}"
        parser.add_argument(
            option, dest=name, type=reader(shape), required=name in operation.input_shape.required_members
        )
    parser.add_argument("--output", choices=["json", "text"], default="json")
    parser.add_argument("--query", default="@")
    if is_invoke := (service, command) == ("lambda", "invoke"):
        parser.add_argument("--cli-binary-format", choices=["raw-in-base64-out"], required=True)
        parser.add_argument("outfile", type=Path)
    arguments = parser.parse_args(rest)
    given = {name: vars(arguments)[name] for name in operation.input_shape.members if vars(arguments)[name] is not None}
    answer = getattr(client, method)(**given)
    answer.pop("ResponseMetadata", None)
    if is_invoke:
        arguments.outfile.write_bytes(answer["Payload"].read())
        print(json.dumps({"StatusCode": answer["StatusCode"]}, indent=4))
        return 1 if "FunctionError" in answer else 0
    found = jmespath.search(arguments.query, answer)
    print(as_text(found) if arguments.output == "text" else json.dumps(found, indent=4, default=str))
    return 0


def reader(shape: Shape) -> Callable[[str], Any]:
    """How the value of an option is read: text, or the shorthand `name=value,…` for a list of one structure."""
    if shape.type_name == "list":
        return lambda text: [dict(pair.split("=", 1) for pair in text.split(","))]
    return str


def as_text(found: Any) -> str:
    """A line for each row, its cells with tabs between them."""
    if not isinstance(found, list):
        return str(found)
    if any(isinstance(each, list) for each in found):
        return "\n".join(map(as_text, found))
    return "\t".join(map(str, found))


if __name__ == "__main__":
    sys.exit(main())
