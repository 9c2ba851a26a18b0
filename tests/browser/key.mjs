// One key, and what may be done with it.

import assert from 'node:assert/strict';

import { checkState, inMemory, loseAnswer, meddle, signIn, story } from './support.mjs';

const ROTATE = /\/rotate$/;
const ONE_KEY = /\/authentication\/\w{22}$/;
const dialog = (page) => page.getByRole('dialog');
const focused = (page) => page.evaluate(() => document.activeElement.textContent);

async function openKey(page, client, name) {
  await signIn(page, client);
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name }).waitFor();
}

async function report(value) {
  const body = JSON.stringify([{ token: value }]);
  return (await fetch(`${process.env.API_URL}/leaks`, { method: 'POST', body })).status;
}

async function status(client) {
  return (await client.send('GET', '/self')).status;
}

story('a key is rotated, and its old value lives on for a while', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByText('It has never been used.').waitFor();
  const grace = dialog(page).getByLabel('The present value works for another');
  assert.deepEqual(await grace.locator('option').allTextContents(), ['no time', '15 minutes', '1 hour', '24 hours', '7 days']);
  assert.ok(await grace.evaluate((select) => select === document.activeElement), 'the choice has the focus');
  await dialog(page).getByText(/^The present value fails after /).waitFor();
  await checkState(page);

  await grace.selectOption('15 minutes');
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor();
  await checkState(page);
  assert.equal(await focused(page), 'Copy');
  const next = { ...key, value: await page.getByRole('textbox', { name: 'Value' }).inputValue() };
  assert.ok(await inMemory(page, next.value), 'while it is shown');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  assert.ok(!(await inMemory(page, next.value)), 'after it was closed');
  assert.equal(await status(key), 200);
  key.value = next.value;
  assert.equal(await status(key), 200);

  await page.getByRole('button', { name: 'Rotate…' }).click();
  await grace.selectOption('no time');
  await dialog(page).getByText('The present value fails on its next request.').waitFor();
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor();
  assert.equal(await status(key), 401);
});

story('who rotates the key that is signed in stays signed in', async ({ page, admin }) => {
  await openKey(page, admin, 'Unnamed key');
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByLabel('The present value works for another').selectOption('no time');
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'I have it, close' }).click();
  assert.equal(await status(admin), 401);
  await page.getByRole('link', { name: '← Keys' }).click();
  await page.getByText('1 key', { exact: true }).waitFor();
});

story('a key is disabled, and enabled again', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Disable…' }).click();
  assert.equal(await focused(page), 'Cancel');
  await checkState(page);
  await page.keyboard.press('Enter');
  assert.equal(await dialog(page).count(), 0);
  assert.equal(await focused(page), 'Disable…', 'the focus is back where it was');

  await page.getByRole('button', { name: 'Disable…' }).click();
  await meddle(page, 'PATCH', ONE_KEY, 500);
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await dialog(page).getByRole('alert').getByText('The service could not do this just now.').waitFor();
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('heading', { name: 'reminders Disabled' }).waitFor();
  assert.equal(await status(key), 401);
  await page.waitForFunction(() => document.activeElement.tagName === 'H1');
  assert.ok(!(await page.getByRole('button', { name: 'Rotate…' }).isVisible()), 'it could not be rotated');
  await checkState(page);

  await meddle(page, 'PATCH', ONE_KEY, (route) => route.abort());
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('alert').getByText('No answer came.').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  assert.equal(await status(key), 200);
});

story('who disables the key that is signed in is warned, and signed out', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await openKey(page, own, 'own');
  await page.getByRole('button', { name: 'Disable…' }).click();
  await dialog(page).getByText('you will be signed out, and cannot enable it again.').waitFor();
  await checkState(page);
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await page.getByText('You disabled the key that you were signed in with.').waitFor();
  assert.equal((await admin.find(own.id)).status, 'DISABLED');
});

story('a key is deleted by who types the end of its id', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await status(key);
  while ((await admin.find(key.id)).lastUsedAt === null) await page.waitForTimeout(100);
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Delete…' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'INPUT', 'the field has the focus');
  for (const text of ['Grace (user-2)', key.id]) await dialog(page).getByText(text).waitFor();
  await dialog(page).getByText('It fails from the next request on, for good.').waitFor();
  await dialog(page).getByText(/^It was last used (now|\d+ seconds? ago), on \d+ \w+ \d{4}, \d\d:\d\d:\d\d\.$/).waitFor();
  await checkState(page);

  const end = dialog(page).getByLabel('To confirm, type the last six characters of its id');
  const remove = dialog(page).getByRole('button', { name: 'Delete' });
  await remove.click();
  await dialog(page).getByText('This is something else.').waitFor();
  await end.fill('reminders');
  await remove.click();
  await dialog(page).getByText('This is something else.').waitFor();
  assert.equal(await end.getAttribute('aria-invalid'), 'true');
  await checkState(page);

  await meddle(page, 'DELETE', ONE_KEY, 500);
  await end.fill(` ${key.id.slice(-6)}\u00a0`);
  await remove.click();
  await dialog(page).getByRole('alert').getByText('The service could not do this just now.').waitFor();
  assert.equal(await status(key), 200);
  await remove.click();
  await page.getByText('1 key', { exact: true }).waitFor();
  await page.getByText('reminders is deleted.').waitFor();
  assert.equal(await status(key), 401);
});

story('a deletion whose answer is lost ends well', async ({ page, admin }) => {
  const key = await admin.create({});
  await openKey(page, admin, 'Unnamed key').catch(() => {});
  await page.goto(`${page.url().split('#')[0]}#/key/${key.id}`);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await dialog(page).getByLabel('To confirm').fill(key.id.slice(-6));
  await meddle(page, 'DELETE', ONE_KEY, loseAnswer);
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  await dialog(page).getByRole('alert').getByText('doing this twice does no harm').waitFor();
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  await page.getByText('1 key', { exact: true }).waitFor();
});

story('who deletes the key that is signed in is warned, and signed out', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await openKey(page, own, 'own');
  await page.getByRole('button', { name: 'Delete…' }).click();
  await dialog(page).getByText('If no other manager is left').waitFor();
  await dialog(page).getByText('you will be signed out.').waitFor();
  await checkState(page);
  await dialog(page).getByLabel('To confirm').fill(own.id.slice(-6));
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  await page.getByText('You deleted the key that you were signed in with.').waitFor();
  assert.equal((await admin.send('GET', `/${own.id}`)).status, 404);
});

story('a key is changed in what was changed', async ({ page, admin }) => {
  const key = await admin.create({ name: 'old', description: 'words', operations: ['SMS'], allowedIps: ['::1'], trafficType: 'OTP' });
  const before = await admin.find(key.id);
  await openKey(page, admin, 'old');
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('new');
  await page.getByLabel('Description').fill('');
  await page.getByRole('checkbox', { name: 'RCS' }).check();
  await page.getByLabel('Allowed addresses').fill('nonsense');
  await checkState(page);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('nonsense must be an IPv4 or IPv6 address').waitFor();
  await page.getByLabel('Allowed addresses').fill('::1\n203.0.113.7');

  const [request] = await Promise.all([
    page.waitForRequest((request) => request.method() === 'PATCH'),
    page.getByRole('button', { name: 'Save changes' }).click(),
  ]);
  const changes = { name: 'new', description: null, operations: ['SMS', 'RCS'], allowedIps: ['::1', '203.0.113.7'] };
  assert.deepEqual(request.postDataJSON(), changes);
  await page.getByRole('heading', { name: 'new Active' }).waitFor();
  const { etag } = await admin.find(key.id);
  assert.deepEqual(await admin.find(key.id), { ...before, ...changes, etag });
  assert.equal(request.headers()['if-match'], `"${before.etag}"`);
  assert.notEqual(etag, before.etag);
});

story('a key is handed on, and its tags are changed one by one', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders', tags: { team: 'blue', env: 'prod', region: 'eu' } });
  await openKey(page, admin, 'reminders');
  for (const tag of ['env=prod', 'region=eu', 'team=blue']) await page.locator('dl').getByText(tag, { exact: true }).waitFor();
  await checkState(page);
  await page.getByRole('link', { name: 'Edit' }).click();
  assert.equal(await page.getByLabel('Tags').inputValue(), 'env=prod\nregion=eu\nteam=blue');
  await page.getByLabel('User id of the owner').fill('user-7');
  await page.getByLabel('Name of the owner').fill('Linus');
  await page.getByLabel('Tags').fill('team=red\nenv=prod');
  await admin.send('PATCH', `/${key.id}`, { description: 'theirs' });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('alert').getByText('Description: theirs').waitFor();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.locator('dl').getByText('Linus (user-7)').waitFor();
  await page.getByRole('table', { name: 'Events' }).getByText('Tags: env=prod, region=eu, team=blue → env=prod, team=red').waitFor();
  const { tags, userId, username, description } = await admin.find(key.id);
  assert.deepEqual({ tags, userId, username, description }, { tags: { env: 'prod', team: 'red' }, userId: 'user-7', username: 'Linus', description: 'theirs' });
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Tags').fill('');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  assert.deepEqual((await admin.find(key.id)).tags, {});
});

story('a key shows its grace period, and a manager ends it', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 3600 });
  await openKey(page, admin, 'reminders');
  await page.getByText('The old value was not used since.').waitFor();
  assert.equal(await status(key), 200);
  while ((await admin.find(key.id)).previousValueLastUsedAt === null) await page.waitForTimeout(100);
  await page.getByRole('link', { name: '← Keys' }).click();
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.locator('dl').getByText(/^The old value was last used (now|\d+ seconds? ago), on .*\.$/).waitFor();
  await checkState(page);
  await page.getByRole('button', { name: 'End old value…' }).click();
  await page.getByRole('dialog', { name: 'End the old value of “reminders”?' }).getByText(/^The old value was last used/).waitFor();
  await checkState(page);
  await dialog(page).getByRole('button', { name: 'End old value' }).click();
  await page.getByRole('button', { name: 'End old value…' }).waitFor({ state: 'detached' });
  assert.equal(await status(key), 401);
  assert.equal((await admin.find(key.id)).previousValueValidUntil, null);
});

story('a rotation within a grace period names the value that it ends, or keeps it', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 3600 });
  await status(key);
  while ((await admin.find(key.id)).previousValueLastUsedAt === null) await page.waitForTimeout(100);
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByText(/^The old value, which works until \d+ \w+ \d{4}, [\d:]+, fails at once\.$/).waitFor();
  await dialog(page).getByText(/^The old value was last used/).waitFor();
  await checkState(page);
  await dialog(page).getByRole('checkbox', { name: 'The present value was lost' }).check();
  await dialog(page).getByText(/^The old value works until \d/).waitFor();
  assert.equal(await dialog(page).getByText("fails at once.").count(), 0);
  await checkState(page);
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor();
  assert.equal(await status(key), 200, 'the one in use goes on');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor();
  assert.equal(await status(key), 401);
});

story('who ends the old value of the key that is signed in is warned', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await openKey(page, own, 'own');
  await admin.send('POST', `/${own.id}/rotate`, { gracePeriodSeconds: 3600 });
  await page.getByRole('link', { name: '← Keys' }).click();
  await page.getByRole('link', { name: 'own', exact: true }).click();
  await page.getByRole('button', { name: 'End old value…' }).click();
  await dialog(page).getByText('If you signed in with the old value, you will be signed out.').waitFor();
  await checkState(page);
  await dialog(page).getByRole('button', { name: 'End old value' }).click();
  await page.getByText('You were signed out: your key no longer works.').waitFor();
});

story('a key that has expired is given more time', async ({ page, admin }) => {
  const end = Date.now() + 2000;
  const key = await admin.create({ name: 'short', expiresAt: new Date(end).toISOString() });
  while ((await status(key)) === 200) await page.waitForTimeout(200);
  await openKey(page, admin, 'short');
  await page.getByRole('heading', { name: 'short Expired' }).waitFor();
  await page.getByText('It has expired, so it fails. Edit it to give it more time.').waitFor();
  await checkState(page);
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Expires', { exact: true }).selectOption('In 7 days');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'short Active' }).waitFor();
  await page.locator('dl').getByText(/^in 7 days/).waitFor();
  assert.equal(await status(key), 200);
});

story('what a narrow key may not do is shown where it is tried', async ({ page, admin }) => {
  const strong = await admin.create({ name: 'strong', operations: ['SMS', 'RCS'] });
  const narrow = await admin.create({ name: 'narrow', operations: ['SMS', 'AUTHENTICATION'] });
  await openKey(page, narrow, 'strong');
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  await dialog(page).getByRole('alert').getByText('operations that the calling key lacks: RCS').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('mine');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('alert').getByText('operations that the calling key lacks: RCS').waitFor();
  await page.getByRole('link', { name: 'Cancel' }).click();
  await dialog(page).getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('button', { name: 'Disable…' }).click();
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('heading', { name: 'strong Disabled' }).waitFor();
  assert.equal(await status(strong), 401);
});

story('an exposed key can be rotated at once, or deleted', async ({ page, admin }) => {
  const key = await admin.create({ name: 'leaked' });
  assert.equal(await report(key.value), 202);
  await signIn(page, admin);
  await page.getByRole('row').filter({ hasText: 'leaked' }).getByText('Exposed').waitFor();
  await page.getByRole('link', { name: 'leaked' }).click();
  await page.getByText('Its value was found where others can read it').waitFor();
  await page.getByText('An unsigned report had its value.').waitFor();
  await checkState(page);
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByText('so it gets no more time').waitFor();
  const [request] = await Promise.all([
    page.waitForRequest(ROTATE),
    dialog(page).getByRole('button', { name: 'Rotate' }).click(),
  ]);
  assert.deepEqual(request.postDataJSON(), { gracePeriodSeconds: 0 });
  await page.getByRole('dialog', { name: 'leaked has a new value' }).waitFor();
  assert.equal((await admin.find(key.id)).status, 'ACTIVE');
  assert.equal(await status(key), 401);
});

story('who signs in with an exposed key is turned away, and signed out where it is exposed later', async ({ page, admin }) => {
  const manager = await admin.create({ name: 'leaked', operations: ['AUTHENTICATION'] });
  await signIn(page, manager);
  await page.getByRole('row').filter({ hasText: 'your key' }).waitFor();
  assert.equal(await report(manager.value), 202);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('You were signed out').waitFor();
  await page.getByLabel('Your key').fill(manager.value);
  await page.keyboard.press('Enter');
  await page.getByText('This is not a live key.').waitFor();
  await checkState(page);
});
