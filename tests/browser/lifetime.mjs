// Keys that have to end.

import assert from 'node:assert/strict';

import { KEYS, amendAnswer, checkState, meddle, signIn, story, visit } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;
const ONE_KEY = /\/authentication\/\w{22}$/;
const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();
const expires = (page) => page.getByLabel('Expires', { exact: true });
async function choices(page) {
  await expires(page).waitFor();
  return expires(page).locator('option').allTextContents();
}
const day = (date) => date.slice(0, 10);

/** Operators have decided for how many days a value lives. */
const decide = (page, maxKeyLifetimeDays) => amendAnswer(page, '**/authentication/account', { maxKeyLifetimeDays });

/** A key as if its value were so old. */
const age = (page, days, more = {}) => amendAnswer(page, ONE_KEY, { valueCreatedAt: inDays(-days), ...more });

story('a new key ends as early as it has to', async ({ page, admin }) => {
  await decide(page, 45);
  await signIn(page, admin);
  await visit(page, '#/new');
  assert.deepEqual(await choices(page), ['In 7 days', 'In 30 days', 'As late as possible', 'On a date']);
  await page.getByText('A value lives for at most 45 days.').waitFor();
  assert.equal(await expires(page).inputValue(), 'latest', 'as 90 days are too many');
  await checkState(page);

  await page.getByLabel('Name', { exact: true }).fill('reminders');
  await page.getByRole('checkbox', { name: 'SMS' }).check();
  await expires(page).selectOption('On a date');
  await page.getByLabel('Last day').fill(day(inDays(60)));
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText(/^Expires must be \d+ \w+ \d{4}, [\d:]+ at the latest\.$/).waitFor();
  assert.ok(await page.getByLabel('Last day').evaluate((input) => input === document.activeElement));
  await checkState(page);
  assert.equal((await admin.names()).length, 1, 'it was not sent');

  await expires(page).selectOption('As late as possible');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: 'reminders is ready' }).waitFor();
  const [{ expiresAt, valueCreatedAt }] = (await admin.send('GET', '')).body.apiKeys;
  const days = (Date.parse(expiresAt) - Date.parse(valueCreatedAt)) / DAY;
  assert.ok(days <= 45 && days > 44.9, `${days}`);
});

story('a longest lifetime that is one of the presets is none twice', async ({ page, admin }) => {
  await decide(page, 90);
  await signIn(page, admin);
  await visit(page, '#/new');
  assert.deepEqual(await choices(page), ['In 7 days', 'In 30 days', 'As late as possible', 'On a date']);
});

story('the field shows an end that the API refuses as too late, in the reader\u2019s time', async ({ page, admin }) => {
  await signIn(page, admin);
  await visit(page, '#/new');
  await page.getByRole('checkbox', { name: 'SMS' }).check();
  const errors = [{ field: 'expiresAt', message: 'must be 2027-02-21T10:15:30.123Z at the latest: a value lives for at most 30 days' }];
  await meddle(page, 'POST', KEYS, (route) => route.fulfill({ status: 400, json: { status: 400, code: 'LIFETIME_EXCEEDED', detail: 'The key would live longer than it may.', errors } }));
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('Expires must be 21 Feb 2027, 11:15:30 at the latest: a value lives for at most 30 days.').waitFor();
  assert.equal(await expires(page).getAttribute('aria-invalid'), 'true');
});

story('a value that is old may get no more time than is left of its life', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders', expiresAt: inDays(5) });
  await decide(page, 90);
  await age(page, 70);
  await signIn(page, admin);
  await visit(page, `#/key/${key.id}`);
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await page.getByRole('dialog').getByText('The present value fails after').waitFor();
  assert.equal(await page.getByRole('dialog').getByText('The new value lives').count(), 0, 'its end stays');
  await page.keyboard.press('Escape');
  await visit(page, `#/edit/${key.id}`);
  await page.getByText('A value lives for at most 90 days. Rotate the key first to give it more.').waitFor();
  assert.deepEqual(await choices(page), ['In 7 days', 'As late as possible', 'On a date', 'As it is']);
  await expires(page).selectOption('As late as possible');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  const left = (Date.parse((await admin.find(key.id)).expiresAt) - Date.now()) / DAY;
  assert.ok(left < 20 && left > 19.9, `${left}`);
});

story('a value that is too old keeps its end, and one that is exempt needs none', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await decide(page, 90);
  await age(page, 91);
  await signIn(page, admin);
  await visit(page, `#/edit/${key.id}`);
  assert.deepEqual(await choices(page), ['On a date', 'As it is']);
  await page.getByLabel('Name', { exact: true }).fill('renamed');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'renamed Active' }).waitFor();
  assert.equal((await admin.find(key.id)).expiresAt, null);
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await page.getByRole('dialog').getByText('The new value lives for 90 days.').waitFor();
  await checkState(page);
  await page.keyboard.press('Escape');

  await age(page, 91, { lifetimeExempt: true });
  await visit(page, `#/edit/${key.id}`);
  assert.deepEqual(await choices(page), ['In 7 days', 'In 30 days', 'In 90 days', 'In 365 days', 'On a date', 'Never', 'As it is']);
  await visit(page, `#/key/${key.id}`);
  await page.getByRole('button', { name: 'Rotate…' }).click();
  assert.equal(await page.getByRole('dialog').getByText('The new value lives').count(), 0);
});

story('keys that live too long are found, where keys have to end', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByText('2 keys', { exact: true }).waitFor();
  assert.equal(await page.getByLabel('Longest lifetime').count(), 0);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await decide(page, 90);
  await signIn(page, admin);
  const [request] = await Promise.all([page.waitForRequest(KEYS), page.getByLabel('Longest lifetime').selectOption('Exceeded')]);
  assert.equal(new URL(request.url()).search, '?exceedsLifetime=true');
  await page.getByText('No key matches.', { exact: true }).waitFor();
  await checkState(page);
  await page.getByLabel('Longest lifetime').selectOption('Any');
  await page.getByText('2 keys', { exact: true }).waitFor();
});
