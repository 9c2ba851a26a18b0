"""Stands in for the two commands of the AWS CLI 2 that the documents use, since that is not a package one can pin.

It asks the emulated AWS, and refuses options that it does not know. Unlike the real one it fails when a function does.
"""

import argparse
import json
import sys
from pathlib import Path

import boto3
import jmespath


def describe_stacks(arguments: argparse.Namespace) -> int:
    answer = boto3.client("cloudformation").describe_stacks(StackName=arguments.stack_name)
    print("\t".join(jmespath.search(arguments.query, answer)))
    return 0


def invoke(arguments: argparse.Namespace) -> int:
    answer = boto3.client("lambda").invoke(FunctionName=arguments.function_name, Payload=arguments.payload)
    arguments.outfile.write_bytes(answer["Payload"].read())
    print(json.dumps({"StatusCode": answer["StatusCode"]}, indent=4))
    return 1 if "FunctionError" in answer else 0


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    services = parser.add_subparsers(required=True)

    command = services.add_parser("cloudformation").add_subparsers(required=True).add_parser("describe-stacks")
    command.add_argument("--stack-name", required=True)
    command.add_argument("--output", choices=["text"], required=True)
    command.add_argument("--query", required=True)
    command.set_defaults(run=describe_stacks)

    command = services.add_parser("lambda").add_subparsers(required=True).add_parser("invoke")
    command.add_argument("--function-name", required=True)
    command.add_argument("--cli-binary-format", choices=["raw-in-base64-out"], required=True)
    command.add_argument("--payload", required=True)
    command.add_argument("outfile", type=Path)
    command.set_defaults(run=invoke)

    arguments = parser.parse_args()
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
