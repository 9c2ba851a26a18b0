// The console without a redeploy: its files come from the disk, all else from a running API. With `make run` in another
// terminal, and its settings in the environment:
//   node tests/browser/from-disk.mjs              serves it until Ctrl-C, at CONSOLE_PORT if there is one
//   node tests/browser/from-disk.mjs key value    runs these stories on it; `all` runs all, ONLY those with that in their names

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { API_URL, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_REGION, CONSOLE_PORT, ONLY } = process.env;
const assets = new URL('../../functions/serve-console/assets/', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
const HEADERS_OF_THE_PAGE = ['content-security-policy', 'referrer-policy', 'x-content-type-options', 'cross-origin-opener-policy'];
// The rest is about a connection, or about a body that comes decoded here.
const HANDED_BACK = /^(?!connection$|content-encoding$|content-length$|transfer-encoding$)/;
// As many as there are for the deployed stack.
const ALL = 170;

const base = new URL(API_URL).pathname;

/** A file of the console, with the headers of the deployed page. */
async function serveFile(name, response) {
  const file = new URL(name, assets);
  if (!existsSync(file)) return response.writeHead(404).end();
  const { headers } = await fetch(`${API_URL}/console`);
  for (const header of HEADERS_OF_THE_PAGE) response.setHeader(header, headers.get(header) ?? '');
  response.setHeader('Content-Type', `${TYPES[name.split('.').pop()]}; charset=utf-8`);
  response.setHeader('Cache-Control', 'no-store');
  response.end(readFileSync(file));
}

/** Hands a request on, and its answer back. */
async function handOn(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { host, connection, 'content-length': length, ...headers } = request.headers;
  const answer = await fetch(new URL(request.url, API_URL), {
    method: request.method,
    headers: /** @type {any} */ (headers),
    redirect: 'manual',
    body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
  });
  for (const [name, value] of answer.headers) if (HANDED_BACK.test(name)) response.setHeader(name, value);
  response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
}

function serve(request, response) {
  const { pathname } = new URL(request.url, API_URL);
  const [isConsole, name = 'index.html'] = /^\/console(?:\/([\w.-]+))?$/.exec(pathname.slice(base.length)) ?? [];
  const served = isConsole ? serveFile(name, response) : handOn(request, response);
  served.catch((error) => response.writeHead(502).end(String(error)));
}

/** The emulated AWS looks at who asks, and not at the signature. */
async function askLambda(path, /** @type {object | undefined} */ payload = undefined) {
  const credential = `${AWS_ACCESS_KEY_ID}/20260101/${AWS_REGION}/lambda/aws4_request`;
  const response = await fetch(`${AWS_ENDPOINT_URL}/2015-03-31/functions${path}`, {
    method: payload ? 'POST' : 'GET',
    headers: { Authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0` },
    body: payload && JSON.stringify(payload),
  });
  return response.json();
}

async function makeAccounts(count) {
  const { Functions } = await askLambda('');
  const { FunctionName } = Functions.find((each) => each.FunctionName.includes('CreateAccountFunction'));
  const accounts = [];
  while (accounts.length < count) {
    const { id, value } = await askLambda(`/${FunctionName}/invocations`, { company: 'Example', userId: 'user-1', username: 'Ada' });
    accounts.push({ id, value });
  }
  return accounts;
}

async function tellStories(names, url) {
  const stories = names.includes('all') ? undefined : names.join(' ');
  const accounts = await makeAccounts(stories ? 20 * names.length : ALL);
  const options = ['--test', '--test-reporter=spec', ...(ONLY ? [`--test-name-pattern=${ONLY}`] : [])];
  const env = { ...process.env, API_URL: url, ACCOUNTS: JSON.stringify(accounts), STORIES: stories };
  const file = new URL('console.mjs', import.meta.url).pathname;
  spawn(process.execPath, [...options, file], { env, stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
}

const server = createServer(serve);
await new Promise((resolve) => server.listen(Number(CONSOLE_PORT ?? 0), '127.0.0.1', () => resolve(null)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}${base}`;
const names = process.argv.slice(2);
if (names.length > 0) await tellStories(names, url);
else console.info(`Console  ${url}/console`);
