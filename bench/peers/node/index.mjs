// What a Node developer would write: the SDK's client made once, the key checked, one consistent read, the policy.

import { createHash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SHAPE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*_1([0-9A-Za-z]{22})([0-9A-Za-z]{22})_[0-9A-Za-z]{49}$/;

const table = process.env.TABLE_NAME;
const client = new DynamoDBClient({});

export async function handler(event) {
  const value = apiKey(event.multiValueHeaders ?? {});
  const [, accountId, id] = value?.match(SHAPE) ?? [];
  if (id === undefined || checksum(value.slice(0, -6)) !== value.slice(-6)) throw new Error("Unauthorized");
  const { Item: item } = await client.send(
    new GetItemCommand({
      TableName: table,
      Key: { accountId: { S: accountId }, id: { S: id } },
      ConsistentRead: true,
    }),
  );
  const hash = createHash("sha256").update(value).digest();
  if (item === undefined || !timingSafeEqual(hash, item.keyHash.B)) throw new Error("Unauthorized");
  return allow(item, event.methodArn);
}

function apiKey(headers) {
  const found = Object.keys(headers)
    .filter((name) => name.toLowerCase() === "x-api-key")
    .flatMap((name) => headers[name]);
  return found.length === 1 ? found[0] : undefined;
}

function checksum(text) {
  let number = crc32(text);
  let digits = "";
  for (let at = 0; at < 6; at++) {
    digits = DIGITS[number % 62] + digits;
    number = Math.floor(number / 62);
  }
  return digits;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function allow(item, arn) {
  const operations = item.operations.L.map((operation) => operation.S);
  const [api, stage, method, ...path] = arn.split("/");
  if (!operations.some((operation) => operation.toLowerCase().replaceAll("_", "-") === path[0])) throw new Error("Unauthorized");
  const methods = [method, ...METHODS.filter((other) => other !== method)];
  const routes = methods.map((method) => [api, stage, method, ...path].join("/"));
  return {
    principalId: item.id.S,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: routes }],
    },
    context: {
      accountId: item.accountId.S,
      keyId: item.id.S,
      userId: item.userId.S,
      username: item.username.S,
      company: item.company.S,
      operations: operations.join(","),
      trafficType: item.trafficType.S,
    },
  };
}
