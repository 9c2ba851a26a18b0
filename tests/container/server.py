"""A server in a container that protects itself, as the guide "Attach an API" shows it: the standard library and the AWS SDK.

`server.py` answers `GET /orders` to keys with the operation SMS. It asks `verify-key` by VERIFY_URL where that is set, and
invokes VERIFY_FUNCTION otherwise. It prints its port.
"""

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

# In seconds: the function answers within 3, and a cold start comes on top.
TIMEOUT = 10
session = boto3.Session()
# A question that is sent again counts again.
service = session.client("lambda", config=Config(read_timeout=TIMEOUT, retries={"total_max_attempts": 1}))
# An address in a file of settings may be there and empty.
url = os.environ.get("VERIFY_URL")


def verify(question: dict[str, Any]) -> dict[str, Any]:
    answer = service.invoke(FunctionName=os.environ["VERIFY_FUNCTION"], Payload=json.dumps(question))
    if "FunctionError" in answer:
        raise RuntimeError("the key could not be checked")
    return json.load(answer["Payload"])


def verify_by_url(question: dict[str, Any]) -> dict[str, Any]:
    request = AWSRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(question).encode())
    SigV4Auth(session.get_credentials(), "lambda", session.region_name).add_auth(request)
    signed = urllib.request.Request(url, request.data, dict(request.headers))
    with urllib.request.urlopen(signed, timeout=TIMEOUT) as answer:
        return json.load(answer)


def name(limit: dict[str, Any]) -> str:
    of_account = "account-" if limit["of"] == "ACCOUNT" else ""
    return f'"{of_account}{limit["per"].lower()}"'


def policy(limit: dict[str, Any]) -> str:
    # A month has no number of seconds.
    seconds = {"MINUTE": 60, "HOUR": 3600, "DAY": 86400}.get(limit["per"])
    return f"{name(limit)};q={limit['requests']}" + (f";w={seconds}" if seconds else "")


class Orders(BaseHTTPRequestHandler):
    # One request for each connection, as is the default: a body that is not read would be taken for the next request, and
    # a balancer would hand its answer to another client.
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        try:
            status, headers, caller = self.check("SMS")
        except Exception as error:  # noqa: BLE001, an outage is no verdict on the key
            self.log_error("%s", type(error).__name__)
            status, headers, caller = 503, {}, None
        body = json.dumps({"orders": [], "for": caller}).encode() if status == 200 else b""
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def check(self, operation: str) -> tuple[int, dict[str, str], Any]:
        value = ",".join(self.headers.get_all("X-API-Key", []))
        question = {"value": value, "operation": operation, "sourceIp": self.client_address[0]}
        verdict = verify_by_url(question) if url else verify(question)
        status = {"ALLOWED": 200, "OPERATION": 403, "ADDRESS": 403, "LIMITED": 429}.get(verdict["reason"], 401)
        headers = {"WWW-Authenticate": "ApiKey"} if status == 401 else {}
        if limits := verdict["limits"]:
            least = min(limits, key=lambda limit: (limit["remaining"], -limit["resetSeconds"]))
            headers |= {"RateLimit-Policy": ", ".join(map(policy, limits))}
            headers |= {"RateLimit": f"{name(least)};r={least['remaining']};t={least['resetSeconds']}"}
        if verdict["retryAfter"]:
            headers |= {"Retry-After": str(verdict["retryAfter"])}
        return status, headers, verdict["caller"]


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Orders)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
