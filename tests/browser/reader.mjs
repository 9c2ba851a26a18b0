// A key that only reads is shown everything, and nothing that writes.

import assert from 'node:assert/strict';

import { KEYS, checkState, meddle, problem, signIn, story, visit } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;
const WRITES = ['Create key', 'Rotate…', 'End old value…', 'Edit', 'New key like this', 'Disable…', 'Enable', 'Delete…'];

/** A key that only reads, and one that there is to read, which has an old value. */
async function readerOf(admin) {
  const key = await admin.create({ name: 'reminders', expiresAt: new Date(Date.now() + 29 * DAY).toISOString() });
  await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 3600 });
  return { key, reader: await admin.create({ name: 'review', operations: ['AUTHENTICATION_READ'] }) };
}

async function assertNothingWrites(page) {
  const offered = await page.evaluate(() => [...document.querySelectorAll('a, button')].map(({ textContent }) => textContent));
  assert.deepEqual(offered.filter((text) => WRITES.includes(text)), []);
}

story('who only reads sees every view, and nothing that writes', async ({ page, context, admin }) => {
  const { key, reader } = await readerOf(admin);
  const disabled = await admin.create({ name: 'old' });
  await admin.send('PATCH', `/${disabled.id}`, { enabled: false });
  const methods = new Set();
  context.on('request', (request) => methods.add(request.method()));
  await signIn(page, reader);
  await page.getByText('4 keys', { exact: true }).waitFor();
  await page.getByText('Grace · review · reads only').waitFor();
  await assertNothingWrites(page);
  await checkState(page);

  await page.getByRole('search').getByLabel('Operation').selectOption('AUTHENTICATION_READ');
  await page.getByText('1 key', { exact: true }).waitFor();
  await page.getByRole('row').filter({ hasText: 'your key' }).waitFor();
  await page.getByRole('search').getByLabel('Operation').selectOption('Any');
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  await page.locator('dl').getByText('Old value until').waitFor();
  await page.getByRole('table', { name: 'Events' }).getByText('Rotated').waitFor();
  await assertNothingWrites(page);
  await checkState(page);
  for (const [id, heading] of [[admin.id, 'Unnamed key Active'], [reader.id, 'review Active'], [disabled.id, 'old Disabled']]) {
    await visit(page, `#/key/${id}`);
    await page.getByRole('heading', { name: heading }).waitFor();
    await assertNothingWrites(page);
  }
  await page.getByText('It is disabled, so it fails.', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
  await assertNothingWrites(page);
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('table', { name: 'Events' }).getByText('Account created').waitFor();
  await assertNothingWrites(page);
  await visit(page, `#/key/${key.id}`);
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    assert.ok(!WRITES.includes(await page.evaluate(() => document.activeElement.textContent)));
  }
  assert.deepEqual([...methods], ['GET']);
});

story('no address leads who only reads to a form', async ({ page, admin }) => {
  const { key, reader } = await readerOf(admin);
  await page.goto(`${page.url()}#/new`);
  await signIn(page, reader);
  assert.match(page.url(), /#\/$/);
  for (const [hash, heading, at] of [
    ['#/new', 'Keys', '#/'], [`#/new/${key.id}`, 'Keys', '#/'], [`#/edit/${key.id}`, 'reminders', `#/key/${key.id}`],
  ]) {
    await visit(page, '#/usage');
    await page.getByRole('heading', { name: 'Usage' }).waitFor();
    await visit(page, hash);
    await page.getByRole('heading', { name: heading }).waitFor();
    assert.ok(page.url().endsWith(at), page.url());
    assert.equal(await page.locator('form').count(), 0);
    await page.goBack();
    await page.getByRole('heading', { name: 'Usage' }).waitFor();
  }
});

story('a reader who may read no more is signed out, and reads why', async ({ page, admin }) => {
  const { reader } = await readerOf(admin);
  await signIn(page, reader);
  await admin.send('PATCH', `/${reader.id}`, { operations: ['SMS'] });
  // The emulator's gateway does not show why.
  await meddle(page, 'GET', KEYS, problem(403, 'OPERATION'));
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('You were signed out: your key may not read keys any more.').waitFor();
  await checkState(page);
  await page.getByLabel('Your key').fill(reader.value);
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('it may not manage keys, nor read them').waitFor();
});

story('who is made to read only is signed out where they manage, and may read', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await signIn(page, own);
  await admin.send('PATCH', `/${own.id}`, { operations: ['AUTHENTICATION_READ'] });
  await visit(page, `#/key/${own.id}`);
  await page.getByText('You were signed out: your key may not manage keys any more.').waitFor();
  await signIn(page, own);
  await assertNothingWrites(page);
});

story('a manager makes a key that only reads, and the form explains that', async ({ page, admin }) => {
  await signIn(page, admin);
  await visit(page, '#/new');
  await page.getByLabel('Name', { exact: true }).fill('review');
  await page.getByRole('checkbox', { name: 'AUTHENTICATION_READ sees all keys, events and usage' }).check();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: 'review is ready' }).waitFor();
  assert.deepEqual((await admin.send('GET', '')).body.apiKeys[0].operations, ['AUTHENTICATION_READ']);
});
