// Usage as a chart, and as a table for who cannot see it.

import assert from 'node:assert/strict';

import { checkState, meddle, signIn, story } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;
const USAGE = /\/usage\?/;
const today = Math.floor(Date.now() / DAY) * DAY;
const iso = (time) => new Date(time).toISOString();

/** As the service does: all buckets of the time, also those without requests. */
function fill(query, buckets) {
  const length = query.get('bucket') === 'hour' ? DAY / 24 : DAY;
  const first = Date.parse(query.get('from'));
  return Array.from({ length: Math.floor((Date.now() - first) / length) + 1 }, (_, at) => {
    const start = iso(first + at * length);
    return { allowed: 0, limited: 0, denied: 0, ...buckets.find((bucket) => bucket.start === start), start };
  });
}

/** Answers in the service's place with these buckets, and collects what was asked for. */
async function pretendUsage(page, buckets) {
  const asked = [];
  await page.route(USAGE, (route) => {
    const url = new URL(route.request().url());
    asked.push({ path: url.pathname.split('/authentication')[1], ...Object.fromEntries(url.searchParams) });
    return route.fulfill({ json: { usage: fill(url.searchParams, buckets) } });
  });
  return asked;
}

const bars = (chart, verdict) => chart.locator(`rect.${verdict}`).evaluateAll((all) =>
  all.map((bar) => ['x', 'y', 'height'].map((name) => Number((Number.parseFloat(bar.getAttribute(name)) * (name === 'x' ? 0.3 : 1)).toFixed(1)))));

story('the view draws usage, and has it in words', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  const asked = await pretendUsage(page, [
    { start: iso(today - DAY), allowed: 1000, limited: 500, denied: 500 },
    { start: iso(today), allowed: 500, limited: 0, denied: 1 },
  ]);
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();

  const chart = page.getByRole('img', { name: 'Requests: 1,500 allowed, 500 limited, 501 denied' });
  await chart.waitFor();
  assert.deepEqual(await bars(chart, 'allowed'), [[28.1, 50, 50], [29.1, 75, 25]]);
  assert.deepEqual(await bars(chart, 'limited'), [[28.1, 25, 25]]);
  // One in two thousand is still seen.
  assert.deepEqual(await bars(chart, 'denied'), [[28.1, 0, 25], [29.1, 74, 1]]);
  assert.deepEqual(asked, [{ path: `/${key.id}/usage`, from: iso(today - 29 * DAY), bucket: 'day' }]);
  await checkState(page);

  await page.getByText('As a table').click();
  const rows = await page.getByRole('table').filter({ hasText: 'Allowed' }).getByRole('row').allInnerTexts();
  const short = (time) => new Date(time).toLocaleDateString('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
  assert.deepEqual(rows.map((row) => row.split(/\s*\t\s*/)), [
    ['Day', 'Allowed', 'Limited', 'Denied'],
    [short(today), '500', '0', '1'],
    [short(today - DAY), '1,000', '500', '500'],
  ]);
  await checkState(page);
});

story('usage of the account, of hours and of a year', async ({ page, admin }) => {
  const hour = Math.floor(Date.now() / (DAY / 24)) * (DAY / 24);
  // The first hour of a day begins when the day does.
  const used = hour === today ? hour - DAY / 24 : hour;
  const asked = await pretendUsage(page, [{ start: iso(used), allowed: 7, limited: 0, denied: 0 }]);
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
  for (const period of ['24 hours', '7 days', '365 days']) await page.getByLabel('Show').selectOption(period);
  await page.getByText('No requests in this time.').waitFor();
  await checkState(page);
  await page.getByLabel('Show').selectOption('24 hours');
  await page.getByText('7 allowed').waitFor();
  assert.deepEqual(asked, [
    { from: iso(today - 29 * DAY), bucket: 'day' },
    { from: iso(hour - 23 * (DAY / 24)), bucket: 'hour' },
    { from: iso(hour - 167 * (DAY / 24)), bucket: 'hour' },
    { from: iso(today - 364 * DAY), bucket: 'day' },
    { from: iso(hour - 23 * (DAY / 24)), bucket: 'hour' },
  ].map((query) => ({ path: '/usage', ...query })));
});

story('the last choice is what is shown', async ({ page, admin }) => {
  await pretendUsage(page, [{ start: iso(today), allowed: 3, limited: 0, denied: 0 }]);
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByText('3 allowed').waitFor();

  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  await meddle(page, 'GET', USAGE, async (route) => {
    await held;
    await route.fulfill({ status: 500 });
  });
  await page.getByLabel('Show').selectOption('24 hours');
  await page.getByLabel('Show').selectOption('365 days');
  await page.getByText('3 allowed').waitFor();
  answer();
  await page.getByRole('link', { name: 'Keys' }).focus();
  assert.equal(await page.getByRole('alert').count(), 0);
  await page.getByText('3 allowed').waitFor();
});

story('usage that fails can be asked for again', async ({ page, admin }) => {
  await pretendUsage(page, []);
  await meddle(page, 'GET', USAGE, 500);
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByRole('alert').getByText('The service could not do this just now.').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('No requests in this time.').waitFor();
});
