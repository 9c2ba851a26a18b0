"""What a Python developer would write: the SDK's client made once, the key checked, one consistent read, the policy."""

import hashlib
import hmac
import os
import re
import zlib

import boto3

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHAPE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*_1([0-9A-Za-z]{22})([0-9A-Za-z]{22})_[0-9A-Za-z]{49}")

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

TABLE = os.environ["TABLE_NAME"]
client = boto3.client("dynamodb")


def handler(event, _context):
    value = api_key(event.get("multiValueHeaders") or {})
    shape = SHAPE.fullmatch(value)
    if shape is None or checksum(value[:-6]) != value[-6:]:
        raise Exception("Unauthorized")
    account_id, key_id = shape.groups()
    item = client.get_item(
        TableName=TABLE, Key={"accountId": {"S": account_id}, "id": {"S": key_id}}, ConsistentRead=True
    ).get("Item")
    if item is None or not hmac.compare_digest(hashlib.sha256(value.encode()).digest(), item["keyHash"]["B"]):
        raise Exception("Unauthorized")
    return allow(item, event["methodArn"])


def api_key(headers):
    found = [value for name, values in headers.items() if name.lower() == "x-api-key" for value in values]
    return found[0] if len(found) == 1 else ""


def checksum(text):
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits


def allow(item, arn):
    operations = [operation["S"] for operation in item["operations"]["L"]]
    api, stage, method, *path = arn.split("/")
    if path[0] not in [operation.lower().replace("_", "-") for operation in operations]:
        raise Exception("Unauthorized")
    methods = [method, *(other for other in METHODS if other != method)]
    routes = ["/".join([api, stage, method, *path]) for method in methods]
    return {
        "principalId": item["id"]["S"],
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": routes}],
        },
        "context": {
            "accountId": item["accountId"]["S"],
            "keyId": item["id"]["S"],
            "userId": item["userId"]["S"],
            "username": item["username"]["S"],
            "company": item["company"]["S"],
            "operations": ",".join(operations),
            "trafficType": item["trafficType"]["S"],
        },
    }
