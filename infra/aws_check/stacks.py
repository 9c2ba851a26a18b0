"""The stacks of a check: made under a name of their own, and removed with all that they leave."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from place import Failure, Place

ROOT = Path(__file__).resolve().parents[2]
PROBE = Path(__file__).with_name("probe.yaml")
ALARMS = ROOT / "infra" / "alarms.yaml"
# Nothing is removed that has no such tag.
TAG = "api-keys-aws-check"
# Lines of a log come within so many seconds.
LATE = 60
# Not what a machine of another processor builds.
ARCHITECTURE = "x86_64"


class Stacks:
    """The stacks of that name, and what belongs to them."""

    def __init__(self, place: Place, name: str, account: str) -> None:
        self._place = place
        self._cloudformation = place.client("cloudformation")
        self.owner = account
        self.name, self.probe, self.alarms = name, f"{name}-probe", f"{name}-alarms"
        # Only a deployment that has ended gives a stack its tag, and only a call after its making gives the bucket one.
        self._begun: set[str] = set()
        self._has_made_bucket = False
        self.bucket = f"{name}-{account}-{place.region}"

    def refuse_if_there(self) -> None:
        """Fails where any of it is there: it may be another user's, or left by another check."""
        for stack in (self.name, self.probe, self.alarms):
            if self._described(stack):
                raise Failure(
                    f"there is a stack {stack}; if a check left it, remove it by `make aws-check REMOVE={self.name}`, else choose "
                    "another NAME"
                )
        if self._is_bucket_there():
            raise Failure(
                f"there is a bucket {self.bucket}; if a check left it, remove it by `make aws-check REMOVE={self.name}`, else choose "
                "another NAME"
            )

    def deploy_service(self, template: Path, parameters: dict[str, str]) -> dict[str, str]:
        """The service itself, by its outputs."""
        where = {} if self._place.region == "us-east-1" else {"LocationConstraint": self._place.region}
        location = {"CreateBucketConfiguration": where} if where else {}
        client = self._place.client("s3")
        client.create_bucket(Bucket=self.bucket, **location)
        self._has_made_bucket = True
        client.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": [{"Key": TAG, "Value": self.name}]})
        role = "existing" if self._log_role() else "create"
        return self._deploy(self.name, template, {"ApiGatewayAccountRole": role} | parameters)

    def deploy_probe(self) -> dict[str, str]:
        """What asks, by its outputs."""
        return self._deploy(self.probe, PROBE, {"ServiceStack": self.name})

    def deploy_alarms(self, topic: str) -> None:
        """The alarms on the service."""
        self._deploy(self.alarms, ALARMS, {"ApiKeysStack": self.name, "AlarmTopicArn": topic})

    def remove(self, show: Callable[[str], None]) -> tuple[list[str], int]:
        """Removes everything; gives what could not be removed, and how many log groups came back by a late line."""
        left: list[str] = []
        resources: list[dict[str, Any]] = []
        stacks = [stack for stack in map(self._described, (self.alarms, self.probe, self.name)) if stack]
        for stack in stacks:
            if stack["StackName"] not in self._begun and TAG not in {tag["Key"] for tag in stack.get("Tags", [])}:
                raise Failure(f"the stack {stack['StackName']} was made by no check, and is left alone")
        if self._is_bucket_there() and not self._is_bucket_ours():
            raise Failure(f"the bucket {self.bucket} was made by no check, and is left alone")
        for stack in stacks:
            resources += self._resources(stack["StackId"])
            show(f"Removing {stack['StackName']}")
            _attempt(left, f"stack {stack['StackName']}", lambda stack=stack: self._delete(stack))
        for table in _of(resources, "AWS::DynamoDB::Table"):
            _attempt(left, f"table {table}", lambda table=table: self._delete_table(table))
        if any(each["ResourceType"] == "AWS::ApiGateway::Account" for each in resources):
            roles = [
                each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == "ApiGatewayLogRole"
            ]
            _attempt(left, f"API Gateway's log role {', '.join(roles)}", lambda: self._delete_log_role(roles))
        _attempt(left, f"bucket {self.bucket}", self._delete_bucket)
        # A line that comes when its group is gone makes it anew.
        time.sleep(0 if self._place.is_emulator else LATE)
        back = 0
        for group in _of(resources, "AWS::Logs::LogGroup"):
            back += _attempt(left, f"log group {group}", lambda group=group: self._delete_log(group)) or 0
        for function in _of(resources, "AWS::Lambda::Function"):
            # Those of the probe's functions are in no template: Lambda makes them.
            group = f"/aws/lambda/{function}"
            _attempt(left, f"log group {group}", lambda group=group: self._delete_log(group))
        return left, back

    def _deploy(self, stack: str, template: Path, parameters: dict[str, str]) -> dict[str, str]:
        # Not by the PATH: there, cargo-lambda's Python comes first.
        command: list[str | Path] = [Path(sys.executable).with_name("sam"), "deploy", "--template-file", template]
        command += ["--stack-name", stack, "--s3-bucket", self.bucket, "--region", self._place.region]
        command += ["--config-file", Path(__file__).with_name("samconfig.yaml")]
        command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
        command += ["--tags", f"{TAG}={self.name}"]
        self._begun.add(stack)
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode != 0:
            raise Failure(f"the deployment of {stack} has failed; the messages of `sam deploy` are above")
        described = self._described(stack) or {}
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}

    def _described(self, stack: str) -> dict[str, Any] | None:
        try:
            return self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def _resources(self, stack: str) -> list[dict[str, Any]]:
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        found = [each for page in pages for each in page["StackResourceSummaries"]]
        return [each for each in found if each.get("PhysicalResourceId")]

    def _delete(self, stack: dict[str, Any]) -> None:
        self._cloudformation.delete_stack(StackName=stack["StackId"])
        self._cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"])

    def _delete_table(self, table: str) -> None:
        client = self._place.client("dynamodb")
        try:
            client.update_table(TableName=table, DeletionProtectionEnabled=False)
            # It is being updated for a moment, and cannot be removed then.
            client.get_waiter("table_exists").wait(TableName=table)
            client.delete_table(TableName=table)
        except client.exceptions.ResourceNotFoundException:
            return

    def _log_role(self) -> str | None:
        return self._place.client("apigateway").get_account().get("cloudwatchRoleArn")

    def _delete_log_role(self, roles: list[str]) -> None:
        """Sets the account's role back to none, as it was before this check's stack set it. One that was set since stays."""
        if (self._log_role() or "").rpartition("/")[2] in roles:
            patch = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
            self._place.client("apigateway").update_account(patchOperations=patch)
        iam = self._place.client("iam")
        for role in roles:
            for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
            iam.delete_role(RoleName=role)

    def _is_bucket_there(self) -> bool:
        try:
            self._place.client("s3").head_bucket(Bucket=self.bucket)
        except ClientError as error:
            # One of another AWS account is a 403.
            return error.response["ResponseMetadata"]["HTTPStatusCode"] != 404
        return True

    def _is_bucket_ours(self) -> bool:
        if self._has_made_bucket:
            return True
        try:
            tags = self._place.client("s3").get_bucket_tagging(Bucket=self.bucket)["TagSet"]
        except ClientError:
            return False
        return TAG in {tag["Key"] for tag in tags}

    def _delete_bucket(self) -> None:
        client = self._place.client("s3")
        try:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
                for each in page.get("Contents", []):
                    client.delete_object(Bucket=self.bucket, Key=each["Key"])
            client.delete_bucket(Bucket=self.bucket)
        except client.exceptions.NoSuchBucket:
            return

    def _delete_log(self, group: str) -> int:
        client = self._place.client("logs")
        try:
            client.delete_log_group(logGroupName=group)
        except client.exceptions.ResourceNotFoundException:
            return 0
        return 1


def _of(resources: list[dict[str, Any]], kind: str) -> list[str]:
    return [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == kind]


def _attempt(left: list[str], what: str, step: Callable[[], Any]) -> Any:
    """One step; what it does not remove is left, and the next one is tried."""
    try:
        return step()
    except (BotoCoreError, ClientError) as error:
        left.append(f"{what} ({error})")
        return None
