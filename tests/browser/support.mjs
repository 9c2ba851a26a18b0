// What the stories about the console share: a browser, people with keys, and a watch on all that the page does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';

const tools = new URL('../../.local/tools/browser/', import.meta.url);
const require = createRequire(tools);
const { chromium } = /** @type {typeof import('playwright-core')} */ (require('playwright-core'));
const { source: axe } = /** @type {typeof import('axe-core')} */ (require('axe-core'));

const API = process.env.API_URL;
const accounts = JSON.parse(process.env.ACCOUNTS);
/**
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('playwright-core').Route} Route
 * @typedef {{ violations: string[], elsewhere: string[], mistakes: string[] }} Seen what a page must not have done
 */

const WIDE = { width: 1200, height: 800 };
const NARROW = { width: 320, height: 640 };

const browser = await chromium.launch({
  executablePath: readFileSync(new URL('chromium', tools), 'utf8').trim(),
  // Nothing but this machine can be reached, by the browser or by the page.
  args: ['--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});
after(() => browser.close());

/** The path of the keys, as requests have it. */
export const KEYS = /\/authentication(\?.*)?$/;

/** A client with a key. */
export class Client {
  constructor({ id, value }) {
    this.id = id;
    this.value = value;
  }

  /**
   * One request with this key.
   * @param {object} [body]
   */
  async send(method, path, body) {
    const response = await fetch(`${API}/authentication${path}`, {
      method,
      headers: { 'X-API-Key': this.value, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** Makes a key with these fields, and becomes its holder. */
  async create(fields) {
    const { status, body } = await this.send('POST', '', { userId: 'user-2', username: 'Grace', operations: ['SMS'], ...fields });
    assert.equal(status, 201);
    return new Client(body);
  }

  /** A key as the API shows it. */
  async find(id) {
    return (await this.send('GET', `/${id}`)).body;
  }

  /** The names of the account's keys, newest first. */
  async names() {
    return (await this.send('GET', '')).body.apiKeys.map(({ name }) => name);
  }
}

/** The first key of an account of its own. */
export function newAccount() {
  const account = accounts.shift();
  assert.ok(account, 'there are fewer accounts than stories');
  return new Client(account);
}

/**
 * One story, in a browser without a past. In each, the page must break no policy, ask no other server for anything,
 * and make no mistake of its own.
 * @param {(given: { page: Page, context: BrowserContext, seen: Seen, admin: Client }) => Promise<void>} steps
 */
export function story(name, steps, options = {}) {
  test(name, { timeout: 240_000 }, async () => {
    const context = await browser.newContext({ viewport: WIDE, timezoneId: 'Europe/Berlin', ...options });
    const seen = await watch(context);
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      await page.goto(`${API}/console`);
      await steps({ page, context, seen, admin: newAccount() });
    } finally {
      await context.close();
    }
    assert.deepEqual(seen, { violations: [], elsewhere: [], mistakes: [] });
  });
}

/** Collects what must not happen. */
async function watch(/** @type {BrowserContext} */ context) {
  /** @type {Seen} */
  const seen = { violations: [], elsewhere: [], mistakes: [] };
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.info(`violation ${violatedDirective} ${blockedURI}`));
  });
  context.on('console', (message) => {
    if (message.text().startsWith('violation ')) seen.violations.push(message.text());
  });
  context.on('request', (request) => {
    if (!request.url().startsWith(`${API}/`)) seen.elsewhere.push(request.url());
  });
  context.on('weberror', (error) => seen.mistakes.push(String(error.error().stack)));
  return seen;
}

/** Signs in with a key. */
export async function signIn(/** @type {Page} */ page, /** @type {Client} */ client) {
  await page.getByLabel('Your key').fill(client.value);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
}

/** The state on the page has no fault that axe finds, light or dark, in colours of one's own, wide or narrow, and fits into 320 pixels. */
export async function checkState(/** @type {Page} */ page) {
  // As the browser's own console would: the page's policy does not hold there.
  await page.evaluate(axe);
  const looks = /** @type {const} */ ([['light', WIDE, 'none'], ['dark', NARROW, 'none'], ['light', WIDE, 'active'], ['dark', NARROW, 'active']]);
  for (const [colorScheme, viewport, forcedColors] of looks) {
    await page.emulateMedia({ colorScheme, forcedColors });
    await page.setViewportSize(viewport);
    const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
    const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
    assert.deepEqual(found, [], `${colorScheme}, ${viewport.width} pixels, forced colours ${forcedColors}`);
    assert.deepEqual(await page.evaluate(findTooWide), [], `${viewport.width} pixels`);
  }
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
  await page.setViewportSize(WIDE);
}

/** What does not fit into the window's width; column heads are hidden where there are no columns. */
const findTooWide = () => [...document.querySelectorAll('body, body *')]
  .filter((element) => !element.closest('thead') && element.getBoundingClientRect().right > innerWidth)
  .map((element) => element.outerHTML.slice(0, 100));

/** Everything that the page and its browser keep: elements and what was typed, storage, addresses. */
export async function everythingKept(/** @type {Page} */ page) {
  const inside = await page.evaluate(async () => JSON.stringify({
    markup: document.documentElement.outerHTML,
    typed: [...document.querySelectorAll('input, textarea')].map((/** @type {any} */ { value }) => value),
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    cookies: document.cookie,
    state: history.state,
  }));
  const { entries } = await (await page.context().newCDPSession(page)).send('Page.getNavigationHistory');
  return inside + JSON.stringify(entries) + JSON.stringify(await page.context().storageState({ indexedDB: true }));
}

/** Whether a text is anywhere in the memory of a page's scripts. */
export async function inMemory(/** @type {Page} */ page, text) {
  const session = await page.context().newCDPSession(page);
  const chunks = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  return chunks.join('').includes(text);
}

/** Answers the next requests of a kind in the service's place: `how` is a status, or what to do with the route. */
export async function meddle(/** @type {Page} */ page, method, path, how, times = 1) {
  await page.route(path, (route) => {
    if (route.request().method() !== method) return route.fallback();
    if (typeof how === 'function') return how(route);
    /** @type {Record<string, string>} */
    const headers = how === 429 ? { 'Retry-After': '7' } : {};
    return route.fulfill({
      status: how,
      headers,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: how, title: 'Problem', detail: 'In the service\u2019s words.', requestId: 'request-1' }),
    });
  }, { times });
}

/** Refuses a request in the service's place. */
export const problem = (status, code) => (/** @type {Route} */ route) =>
  route.fulfill({ status, json: { status, code, detail: 'In the service\u2019s words.' } });

/** A promise, and what fulfils it. */
export function defer() {
  /** @type {any} */
  const deferred = {};
  deferred.promise = new Promise((resolve) => (deferred.resolve = resolve));
  return deferred;
}

/** Holds the next request of a kind back until its result is called. */
export async function holdBack(/** @type {Page} */ page, method, path) {
  const { promise, resolve } = defer();
  await meddle(page, method, path, async (route) => {
    await promise;
    await route.fallback();
  });
  return resolve;
}

/** Lets a request through, and holds its answer back until its result is called. */
export async function delayAnswer(/** @type {Page} */ page, method, path) {
  const { promise, resolve } = defer();
  await meddle(page, method, path, async (route) => {
    const response = await route.fetch();
    await promise;
    await route.fulfill({ response }).catch(() => {});
  });
  return resolve;
}

/** Lets the reads of a path through, and puts these fields into their answers. */
export const amendAnswer = (/** @type {Page} */ page, path, fields) => page.route(path, async (route) => {
  if (route.request().method() !== 'GET') return void route.fallback();
  try {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ...fields } });
  } catch {
    // The page is gone by then.
  }
});

/** Opens a view by its address. */
export const visit = (/** @type {Page} */ page, hash) => page.goto(`${page.url().split('#')[0]}${hash}`);

/** Lets a request through, and loses its answer. */
export async function loseAnswer(/** @type {Route} */ route) {
  await route.fetch();
  await route.abort('connectionreset');
}
