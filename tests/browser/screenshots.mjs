// Pictures of the console for the documents. With `make run` in another terminal:
//   set -a; source .local/env; set +a; node tests/browser/screenshots.mjs

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tools = new URL('../../.local/tools/browser/', import.meta.url);
const { chromium } = /** @type {typeof import('playwright-core')} */ (createRequire(tools)('playwright-core'));
const folder = new URL('../../docs/console/', import.meta.url).pathname;
const { API_URL, API_KEY } = process.env;
const DAY = 24 * 60 * 60 * 1000;

async function send(method, path, /** @type {object} */ body) {
  const response = await fetch(`${API_URL}${path}`, { method, headers: { 'X-API-Key': API_KEY }, body: body && JSON.stringify(body) });
  return response.status === 202 || response.status === 204 ? null : response.json();
}

const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();
/** @type {[string, string, string, string[], object][]} */
const KEYS = [
  ['Newsletter', 'Linus', 'linus', ['SMS', 'RCS'], { expiresAt: inDays(300), tags: { team: 'marketing' } }],
  ['Appointment reminders', 'Grace', 'grace', ['SMS'], { expiresAt: inDays(29), allowedIps: ['203.0.113.0/24'], tags: { team: 'surgery', env: 'prod' } }],
  ['Old shop', 'Grace', 'grace', ['SMS'], { expiresAt: inDays(12) }],
  ['Import of 2025', 'Margaret', 'margaret', ['WHATSAPP'], {}],
  ['One-time passwords', 'Margaret', 'margaret', ['SMS', 'WHATSAPP'], { trafficType: 'OTP', expiresAt: inDays(90) }],
  ['Prototype', 'Linus', 'linus', ['RCS'], {}],
];

const keys = {};
for (const [name, username, userId, operations, more] of KEYS) {
  const limits = [{ requests: 60, per: 'MINUTE' }, { requests: 10_000, per: 'DAY' }];
  keys[name] = await send('POST', '/authentication', { name, username, userId, operations, limits, ...more });
}
for (const name of ['Newsletter', 'Appointment reminders', 'One-time passwords']) {
  await fetch(`${API_URL}/authentication/self`, { headers: { 'X-API-Key': keys[name].value } });
}
await send('PATCH', `/authentication/${keys['Old shop'].id}`, { enabled: false });
await send('POST', '/leaks', [{ token: keys.Prototype.value }]);
await send('PATCH', `/authentication/${keys['Appointment reminders'].id}`, { operations: ['SMS', 'RCS'] });
await send('POST', `/authentication/${keys['Appointment reminders'].id}/rotate`, { gracePeriodSeconds: 86_400 });

// A month as it may be: fewer on weekends, more in the end, a day over the limit.
const today = Math.floor(Date.now() / DAY) * DAY;
const usage = Array.from({ length: 30 }, (_, at) => {
  const start = today - (29 - at) * DAY;
  const weekend = [0, 6].includes(new Date(start).getUTCDay());
  const allowed = Math.round((weekend ? 900 : 4200) * (1 + at / 60) + ((at * 7919) % 700));
  return { start: new Date(start).toISOString(), allowed, limited: at === 24 ? 2600 : 0, denied: at % 9 === 4 ? 240 : 12 };
});

const browser = await chromium.launch({
  executablePath: readFileSync(new URL('chromium', tools), 'utf8').trim(),
  args: ['--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});

/** @param {{ width: number, height: number, colorScheme?: 'light' | 'dark' }} look */
async function picture(name, look, prepare) {
  const { width, height, colorScheme = 'light' } = look;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, timezoneId: 'Europe/Berlin' });
  await page.route(/\/usage\?/, (route) => route.fulfill({ json: { usage } }));
  await page.goto(`${API_URL}/console`);
  await page.getByLabel('Your key').fill(API_KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('row').filter({ hasText: 'your key' }).waitFor();
  await prepare(page);
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${folder}${name}.png` });
  await page.close();
}

const open = (name) => (page) => page.getByRole('link', { name }).click().then(() => page.locator('.chart').waitFor());
const create = async (page) => {
  await page.getByRole('link', { name: 'Create key' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Delivery notices');
  await page.getByRole('checkbox', { name: 'SMS' }).check();
};

mkdirSync(folder, { recursive: true });
await picture('keys', { width: 1240, height: 600 }, async () => {});
await picture('key', { width: 1240, height: 900 }, open('Appointment reminders'));
await picture('create', { width: 760, height: 1020, colorScheme: 'dark' }, create);
await picture('phone', { width: 360, height: 760, colorScheme: 'dark' }, open('Newsletter'));
await browser.close();
