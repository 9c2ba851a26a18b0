"""Where the check is done: an AWS account and region, or an emulator."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from wire import Answer, send

STAGE = "v1"


class Failure(Exception):
    """Why this cannot go on, as one sentence for a person."""


class Place:
    """An account and a region, with clients of its services."""

    def __init__(self) -> None:
        # boto3 reads AWS_DEFAULT_REGION alone; the AWS CLI and the SDKs read this one first.
        self.session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        if self.session.region_name is None:
            raise Failure("no region is given; set one, for instance with `export AWS_REGION=eu-central-1`")
        self.region: str = self.session.region_name
        # An emulator is named by this variable, which the SDK reads too.
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL")
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def is_emulator(self) -> bool:
        """Whether answers are of an emulator."""
        return self.endpoint is not None

    def client(self, service: str) -> Any:
        """The caller's own client of a service."""
        return self._client(service, "")

    def client_of(self, service: str, role: str) -> Any:
        """A client of a service with the rights of a role."""
        return self._client(service, role)

    def api_url(self, api: str) -> str:
        """Where an API answers."""
        if self.endpoint:
            return f"{self.endpoint}/_aws/execute-api/{api}/{STAGE}"
        return f"https://{api}.execute-api.{self.region}.{self._suffix()}/{STAGE}"

    def function_url(self, url: str) -> str:
        """Where a function's URL answers."""
        if self.endpoint:
            return f"{self.endpoint}/_aws/lambda-url/{(urlsplit(url).hostname or '').split('.')[0]}/"
        return url

    def sign_and_send(self, role: str, url: str, body: bytes) -> Answer:
        """Sends a POST that is signed by a role, to a function's URL."""
        credentials = self._session(role).get_credentials()
        request = AWSRequest("POST", url, {"Content-Type": "application/json"}, body)
        SigV4Auth(credentials, "lambda", self.region).add_auth(request)
        return send("POST", url, list(request.headers.items()), body)

    def _client(self, service: str, role: str) -> Any:
        if (service, role) not in self._clients:
            # Each call is to be seen as AWS answers it, and once.
            config = Config(retries={"total_max_attempts": 1}) if role else None
            self._clients[service, role] = self._session(role).client(service, config=config)
        return self._clients[service, role]

    def _session(self, role: str) -> boto3.Session:
        if not role:
            return self.session
        assumed = self.client("sts").assume_role(RoleArn=role, RoleSessionName="api-keys-check")["Credentials"]
        return boto3.Session(
            assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"], region_name=self.region
        )

    def _suffix(self) -> str:
        return "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
