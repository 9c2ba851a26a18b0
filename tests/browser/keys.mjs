// The list of the keys.

import assert from 'node:assert/strict';

import { KEYS, checkState, defer, meddle, signIn, story } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;
const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();
const rows = (page) => page.getByRole('table', { name: 'Keys' }).locator('tbody').getByRole('row');
const names = async (page) => (await rows(page).getByRole('link').allTextContents()).sort();

/** Answers lists in the service's place with as many keys as that, in pages of a thousand. */
async function pretendMany(page, admin, count) {
  const like = await admin.find(admin.id);
  const keys = Array.from({ length: count }, (_, at) => ({
    ...like, id: String(at).padStart(22, '0'), name: `key ${at}`, userId: `user-${at % 300}`, username: `User ${at % 300}`, createdBy: 'user-x',
  }));
  await page.route(KEYS, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const wanted = keys.filter(({ userId }) => !query.has('assignedTo') || userId === query.get('assignedTo'));
    const start = wanted.findIndex(({ id }) => id === query.get('cursor')) + 1;
    const apiKeys = wanted.slice(start, start + 1000);
    return route.fulfill({ json: { apiKeys, nextCursor: start + 1000 < wanted.length ? apiKeys.at(-1).id : null } });
  });
}

story('an account without other keys is helped on', async ({ page, admin }) => {
  await signIn(page, admin);
  await page.getByText('1 key', { exact: true }).waitFor();
  await checkState(page);
  await page.getByRole('link', { name: 'Create key' }).click();
  await page.getByRole('heading', { name: 'New key' }).waitFor();
});

story('the list shows each key\u2019s fields', async ({ page, admin }) => {
  const reminders = await admin.create({ name: 'reminders', operations: ['SMS', 'RCS'], expiresAt: inDays(29), tags: { team: 'blue' } });
  const old = await admin.create({ name: 'old', userId: 'user-7', username: 'Linus' });
  await admin.send('PATCH', `/${old.id}`, { enabled: false });
  await admin.create({ expiresAt: inDays(0.5) });
  await signIn(page, admin);
  await page.getByText('4 keys', { exact: true }).waitFor();

  const row = rows(page).filter({ hasText: 'reminders' });
  const cells = await row.getByRole('cell').allTextContents();
  const shown = [`reminders${reminders.id}team=blue`, 'Graceuser-2', 'Active', 'SMS, RCS', 'none'];
  assert.deepEqual(cells.slice(0, 5), shown);
  const exact = String.raw`\d+ \w+ \d{4}, \d\d:\d\d:\d\d$`;
  for (const [at, time] of ['^in 29 days', '^never$|^in', '^(now|\\d+ seconds? ago)'].entries()) {
    assert.match(cells[5 + at], new RegExp(at === 1 ? time : time + exact));
  }
  await rows(page).filter({ hasText: 'old' }).getByText('Disabled').waitFor();
  await rows(page).filter({ hasText: 'Unnamed key' }).filter({ hasText: 'in 12 hours' }).waitFor();
  await rows(page).filter({ hasText: 'your key' }).filter({ hasText: 'AUTHENTICATION' }).waitFor();
  await checkState(page);
});

story('keys are found by what is known of them', async ({ page, admin }) => {
  const reminders = await admin.create({ name: 'reminders', description: 'of the surgery in Lyon' });
  const checkout = await admin.create({ name: 'checkout', userId: 'user-7', username: 'Linus' });
  await admin.send('PATCH', `/${checkout.id}`, { enabled: false });
  await signIn(page, admin);
  await page.getByText('3 keys', { exact: true }).waitFor();

  const search = page.getByRole('searchbox', { name: 'Search' });
  for (const [words, found] of [
    ['REMIND', ['reminders']],
    ['lyon surgery', ['reminders']],
    ['linus', ['checkout']],
    ['user-7', ['checkout']],
    [checkout.id, ['checkout']],
    ['user-1', ['Unnamed key', 'checkout', 'reminders']],
  ]) {
    await search.fill(words);
    assert.deepEqual(await names(page), found, words);
  }

  await search.fill(`  ${reminders.value}`);
  assert.equal(await search.inputValue(), reminders.id, 'the value is not kept');
  assert.deepEqual(await names(page), ['reminders']);

  await search.fill('unmatched');
  await page.getByText('No key matches.', { exact: true }).waitFor();
  await checkState(page);

  await search.fill('');
  await page.getByLabel('Status').selectOption('Disabled');
  await page.getByText('1 key', { exact: true }).waitFor();
  assert.deepEqual(await names(page), ['checkout']);
  await page.getByRole('link', { name: 'checkout' }).click();
  await page.getByRole('link', { name: '← Keys' }).click();
  assert.equal(await page.getByLabel('Status').inputValue(), 'DISABLED', 'what is looked for is kept');

  await page.getByLabel('Status').selectOption('Any');
  await page.getByText('3 keys', { exact: true }).waitFor();
});

story('the API finds the keys of a state, an owner, an operation, a tag and a time', async ({ page, admin }) => {
  await admin.create({ name: 'reminders', tags: { team: 'blue', env: 'prod=1' }, expiresAt: inDays(5) });
  const checkout = await admin.create({ name: 'checkout', userId: 'user-7', username: 'Linus', operations: ['RCS'], tags: { team: 'red' } });
  await admin.send('PATCH', `/${checkout.id}`, { enabled: false });
  await signIn(page, admin);
  await page.getByText('3 keys', { exact: true }).waitFor();
  for (const [label, value, found] of /** @type {const} */ ([
    ['Status', 'Disabled', ['checkout']],
    ['Operation', 'RCS', ['Unnamed key', 'checkout']],
    ['Not used for', '7 days', []],
    ['Expired, or will in', '7 days', ['reminders']],
    ['Owner’s id', 'user-7', ['checkout']],
    ['Tag', 'team=blue', ['reminders']],
    ['Tag', ' env = prod=1 ', ['reminders']],
  ])) {
    const input = page.getByRole('search').getByLabel(new RegExp(`^${label}`));
    const [request] = await Promise.all([
      page.waitForRequest(KEYS),
      (await input.evaluate(({ tagName }) => tagName)) === 'SELECT' ? input.selectOption(value) : input.fill(value).then(() => input.press('Enter')),
    ]);
    assert.ok(new URL(request.url()).search.length > 1, label);
    await page.getByText(found.length === 1 ? '1 key' : `${found.length} keys`, { exact: true }).waitFor();
    assert.deepEqual(await names(page), found, `${label} ${value}`);
    if (found.length === 0) await page.getByText('No key matches.', { exact: true }).waitFor();
    await Promise.all([
      page.waitForResponse(KEYS),
      (await input.evaluate(({ tagName }) => tagName)) === 'SELECT' ? input.selectOption('') : input.fill('').then(() => input.press('Enter')),
    ]);
    await page.getByText('3 keys', { exact: true }).waitFor();
  }
  await page.getByLabel('Status').selectOption('Active');
  await page.getByLabel('Operation').selectOption('RCS');
  await page.getByText('1 key', { exact: true }).waitFor();
  assert.deepEqual(await names(page), ['Unnamed key'], 'all of them have to hold');
  await checkState(page);
  await page.getByLabel('Tag').fill('team');
  await page.getByLabel('Tag').press('Enter');
  await page.getByRole('alert').getByText('tag.team').waitFor();
});

story('the list shows the quota and the limits of the account', async ({ page, admin }) => {
  const account = (await admin.send('GET', '/account')).body;
  await page.route('**/account', (route) => route.fulfill({ json: { ...account, externalId: 'customer-7', keyCount: 12, maxKeys: 1000 } }));
  await signIn(page, admin);
  await page.getByText('customer-7').waitFor();
  await page.getByText('12 of 1,000 in use').waitFor();
  await checkState(page);
});

story('thousands of keys are shown a hundred at a time', async ({ page, admin }) => {
  await pretendMany(page, admin, 2300);
  await signIn(page, admin);
  await page.getByText('100 of 1,000 keys among the newest 1,000; there are more').waitFor();
  assert.equal(await rows(page).count(), 100);
  await checkState(page);

  const more = page.getByRole('button', { name: 'Show more' });
  await more.click();
  await page.getByText('200 of 1,000 keys').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'key 100', 'the focus goes on');

  // Those that are loaded have none of it, so it is looked for among the others.
  await page.getByRole('searchbox').fill('key 2299');
  await page.getByText('No loaded key matches.').waitFor();
  await more.click();
  await page.getByText('1 key', { exact: true }).waitFor();
  assert.deepEqual(await names(page), ['key 2299']);

  await page.getByRole('searchbox').fill('');
  await page.getByText('100 of 2,300 keys').waitFor();
  assert.equal(await rows(page).count(), 100);
  for (let pages = 0; pages < 22; pages += 1) await more.click();
  await page.getByText('2,300 keys', { exact: true }).waitFor();
  assert.equal(await rows(page).count(), 2300);
  assert.ok(!(await more.isVisible()));
});

story('a page that comes too late is not mixed with others', async ({ page, admin }) => {
  await pretendMany(page, admin, 3500);
  await signIn(page, admin);
  await page.getByText('100 of 1,000 keys').waitFor();
  await page.getByRole('searchbox').fill('unmatched');

  const held = defer();
  await meddle(page, 'GET', KEYS, async (route) => {
    await held.promise;
    await route.fallback();
  });
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByLabel('Owner’s id').fill('user-7');
  await page.getByLabel('Owner’s id').press('Enter');
  await page.getByRole('searchbox').fill('');
  await page.getByText('12 keys', { exact: true }).waitFor();
  held.resolve();
  await page.locator('button:not([aria-disabled])', { hasText: 'Show more' }).waitFor({ state: 'attached' });
  await page.getByText('12 keys', { exact: true }).waitFor();
  assert.equal(await rows(page).count(), 12);
});

story('a failure of an outdated search is not shown', async ({ page, admin }) => {
  await pretendMany(page, admin, 1200);
  await signIn(page, admin);
  await page.getByText('100 of 1,000 keys').waitFor();
  for (const late of [
    () => page.getByRole('button', { name: 'Refresh' }).click(),
    () => page.getByRole('button', { name: 'Show more' }).click(),
  ]) {
    const held = defer();
    await page.getByRole('searchbox').fill('unmatched');
    await meddle(page, 'GET', KEYS, async (route) => {
      await held.promise;
      await route.fulfill({ status: 500, json: {} });
    });
    await late();
    await page.getByLabel('Owner’s id').fill('user-7');
    await page.getByLabel('Owner’s id').press('Enter');
    await page.getByRole('searchbox').fill('');
    await page.getByText('4 keys', { exact: true }).waitFor();
    const failed = page.waitForResponse((response) => response.status() === 500);
    held.resolve();
    await failed;
    await page.locator('button:not([aria-disabled])', { hasText: 'Show more' }).waitFor({ state: 'attached' });
    await page.waitForTimeout(300);
    assert.equal(await page.getByRole('alert').count(), 0);
    await page.getByText('4 keys', { exact: true }).waitFor();
    await page.getByLabel('Owner’s id').fill('');
    await page.getByLabel('Owner’s id').press('Enter');
    await page.getByText('100 of 1,000 keys').waitFor();
  }
});

story('tomorrow is not shown for what may be the day after', async ({ page, admin }) => {
  const like = await admin.find(admin.id);
  await page.clock.setFixedTime(new Date('2026-11-20T08:00:00Z'));
  const times = {
    'in 2 days': '2026-11-22T07:59:00Z', 'in 39 hours': '2026-11-21T23:00:00Z', 'in 23 hours': '2026-11-21T07:00:00Z', '47 hours ago': '2026-11-18T09:00:00Z',
    now: '2026-11-20T08:00:00Z',
  };
  await page.route(KEYS, (route) => route.fulfill({ json: { nextCursor: null, apiKeys: Object.entries(times).map(([name, expiresAt], at) =>
    ({ ...like, id: String(at).padStart(22, '0'), name, expiresAt, createdAt: '2026-01-01T00:00:00Z', lastUsedAt: null })) } }));
  await signIn(page, admin);
  for (const name of Object.keys(times)) await rows(page).filter({ hasText: name }).locator('time').filter({ hasText: new RegExp(`^${name}\\d+ Nov`) }).waitFor();
});

story('who looks for keys that expire soon reads that those that have expired are among them', async ({ page, admin }) => {
  const end = Date.now() + 1500;
  const over = await admin.create({ name: 'over', expiresAt: new Date(end).toISOString() });
  await admin.create({ name: 'soon', expiresAt: inDays(5) });
  while ((await admin.find(over.id)).status !== 'EXPIRED') await page.waitForTimeout(200);
  await signIn(page, admin);
  await page.getByLabel('Expired, or will in').selectOption('7 days');
  await page.getByText('2 keys', { exact: true }).waitFor();
  assert.deepEqual(await names(page), ['over', 'soon']);
});

story('the search takes what is written in another way', async ({ page, admin }) => {
  await admin.create({ name: 'caf\u00e9 du nord' });
  await signIn(page, admin);
  await page.getByText('2 keys', { exact: true }).waitFor();
  for (const words of ['cafe\u0301', 'CAF\u00c9\u00a0NORD', ' nord  caf\u00e9']) {
    await page.getByRole('searchbox').fill(words);
    assert.deepEqual(await names(page), ['caf\u00e9 du nord'], words);
  }
  await page.getByPlaceholder('All of these words, or a value').waitFor();
});

story('a value that is pasted anywhere goes into no address', async ({ page, context, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  const addresses = [];
  context.on('request', (request) => addresses.push(decodeURIComponent(request.url())));
  await signIn(page, admin);
  await page.getByText('2 keys', { exact: true }).waitFor();
  for (const [label, text] of [['Owner’s id', key.value], ['Tag', `team=${key.value}`]]) {
    const input = page.getByRole('search').getByLabel(label);
    const asked = page.waitForRequest((request) => KEYS.test(request.url()) && request.url().includes(key.id));
    await input.fill(text);
    await input.press('Enter');
    await asked;
    await input.fill('');
    await input.press('Enter');
    await page.getByText('2 keys', { exact: true }).waitFor();
  }
  for (const view of ['key', 'edit', 'new']) {
    await page.goto(`${page.url().split('#')[0]}#/${view}/${key.value}`);
    await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
    await page.getByText('2 keys', { exact: true }).waitFor();
  }
  assert.ok(!page.url().includes(key.value));
  assert.ok(!addresses.filter((address) => address.includes('/authentication')).some((address) => address.includes(key.value)));
});

story('a list that fails can be asked for again', async ({ page, context, admin }) => {
  await admin.create({ name: 'reminders' });
  await meddle(page, 'GET', KEYS, 500);
  await signIn(page, admin);
  await page.getByRole('alert').getByText('The service could not do this just now.').waitFor();
  await page.getByText('request-1').waitFor();
  await checkState(page);
  const again = page.getByRole('button', { name: 'Try again' });
  await meddle(page, 'GET', KEYS, 503);
  await Promise.all([page.waitForResponse((response) => response.status() === 503), again.click()]);
  await page.waitForFunction(() => document.activeElement.textContent === 'Try again');
  await again.click();
  await page.getByText('2 keys', { exact: true }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus is not lost');

  await context.setOffline(true);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('alert').getByText('You are offline').waitFor();
  assert.deepEqual(await names(page), ['Unnamed key', 'reminders'], 'what is there stays');
  await context.setOffline(false);
  await admin.create({ name: 'made meanwhile' });
  await again.click();
  await page.getByText('3 keys', { exact: true }).waitFor();
});
