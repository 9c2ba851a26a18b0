// Changes of the key that is signed in, which may shut its manager out; and changes of others that come between.

import assert from 'node:assert/strict';

import { checkState, holdBack, loseAnswer, meddle, signIn, story, visit } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;
const ONE_KEY = /\/authentication\/\w{22}$/;
const question = (page) => page.getByRole('dialog', { name: 'Shut yourself out?' });
const save = (page) => page.getByRole('button', { name: 'Save changes' }).click();

async function openForm(page, client, id) {
  await signIn(page, client);
  await visit(page, `#/edit/${id}`);
  await page.getByLabel('Name', { exact: true }).waitFor();
}

story('who takes their own key what it manages with is asked, and signed out', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['SMS', 'AUTHENTICATION'] });
  await openForm(page, own, own.id);
  await page.getByRole('checkbox', { name: /^AUTHENTICATION / }).uncheck();
  await save(page);
  await question(page).getByText('Operations: SMS, AUTHENTICATION → SMS').waitFor();
  await question(page).getByText('It can manage no keys then').waitFor();
  await checkState(page);
  await page.keyboard.press('Escape');
  assert.deepEqual((await admin.find(own.id)).operations, ['SMS', 'AUTHENTICATION']);
  await save(page);
  await question(page).getByRole('button', { name: 'Save all the same' }).click();
  await page.getByText('You were signed out: your key may not manage keys any more.').waitFor();
  assert.deepEqual((await admin.find(own.id)).operations, ['SMS']);
  await checkState(page);
  await signIn(page, admin);
});

story('who ends their own key sooner is asked, and who gives it more time is not', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await openForm(page, own, own.id);
  await page.getByLabel('Expires', { exact: true }).selectOption('In 30 days');
  await save(page);
  await question(page).getByText(/^Expires: never → \d/).waitFor();
  await question(page).getByRole('button', { name: 'Save all the same' }).click();
  await page.getByRole('heading', { name: 'own' }).waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Expires', { exact: true }).selectOption('In 365 days');
  await save(page);
  await page.getByRole('heading', { name: 'own Active' }).waitFor();
  assert.ok(Date.parse((await admin.find(own.id)).expiresAt) > Date.now() + 300 * DAY);
});

story('who limits the addresses of their own key is asked, about any addresses', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION', 'SMS'] });
  // An event's address is no proof of where the next request comes from.
  await own.create({ name: 'made with it' });
  await openForm(page, own, own.id);
  const addresses = page.getByLabel('Allowed addresses');
  for (const ranges of ['127.0.0.1\n203.0.113.0/24', '0.0.0.0/0']) {
    await addresses.fill(ranges);
    await save(page);
    await question(page).getByText('It fails then from any other address, also from yours if that changes.').waitFor();
    await question(page).getByText(`Allowed addresses: anywhere → ${ranges.replace('\n', ', ')}`).waitFor();
    await checkState(page);
    await page.keyboard.press('Escape');
    assert.equal((await admin.find(own.id)).allowedIps, null);
  }
  await addresses.fill('nonsense');
  await save(page);
  await question(page).getByRole('button', { name: 'Save all the same' }).click();
  await page.getByText('nonsense must be an IPv4 or IPv6 address').waitFor();
  await addresses.fill('127.0.0.1');
  await save(page);
  await question(page).getByRole('button', { name: 'Save all the same' }).click();
  await page.getByRole('heading', { name: 'own Active' }).waitFor();
  assert.deepEqual((await admin.find(own.id)).allowedIps, ['127.0.0.1']);
  await page.getByRole('link', { name: 'Edit' }).click();
  await addresses.fill('');
  await save(page);
  await page.getByRole('heading', { name: 'own Active' }).waitFor();
  assert.equal((await admin.find(own.id)).allowedIps, null, 'to allow more needs no question');
});

story('a manager whose own key has limits still manages keys', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await openForm(page, own, own.id);
  await page.getByRole('group', { name: 'Limits' }).getByLabel('a minute').fill('1');
  await save(page);
  await page.getByRole('heading', { name: 'own Active' }).waitFor();
  for (let times = 0; times < 3; times += 1) {
    await page.getByRole('link', { name: 'Usage' }).click();
    await page.getByRole('link', { name: 'Keys', exact: true }).click();
    await page.getByText('2 keys', { exact: true }).waitFor();
  }
  assert.equal(await page.getByRole('alert').count(), 0);
});

story('the form shows changes of others before it saves anything', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders', operations: ['SMS'] });
  await openForm(page, admin, key.id);
  await page.getByLabel('Description').fill('mine');
  await admin.send('PATCH', `/${key.id}`, { name: 'theirs', operations: ['SMS', 'RCS'] });
  await save(page);
  const alert = page.getByRole('alert');
  await alert.getByText('Nothing was done: this key was changed').waitFor();
  await alert.getByText('Name: reminders → theirs').waitFor();
  await alert.getByText('Operations: SMS → SMS, RCS').waitFor();
  await checkState(page);
  assert.equal((await admin.find(key.id)).description, null);
  await save(page);
  await page.getByRole('heading', { name: 'theirs' }).waitFor();
  const { name, description, operations } = await admin.find(key.id);
  assert.deepEqual({ name, description, operations }, { name: 'theirs', description: 'mine', operations: ['SMS', 'RCS'] });
});

story('a save whose answer is lost is found done', async ({ page, admin }) => {
  const key = await admin.create({ name: 'old' });
  await openForm(page, admin, key.id);
  await page.getByLabel('Name', { exact: true }).fill('new');
  await meddle(page, 'PATCH', ONE_KEY, loseAnswer);
  await save(page);
  await page.getByRole('alert').getByText('doing this twice does no harm').waitFor();
  await save(page);
  await page.getByRole('heading', { name: 'new' }).waitFor();
  const { events } = (await admin.send('GET', `/events?keyId=${key.id}`)).body;
  assert.deepEqual(events.map(({ type }) => type), ['key.changed', 'key.created']);
});

story('a change whose answer is lost is found done, however it reads by then', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await admin.send('PATCH', `/${key.id}`, { enabled: false });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await meddle(page, 'PATCH', ONE_KEY, loseAnswer);
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);

  await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 3600 });
  await visit(page, '#/');
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('button', { name: 'End old value…' }).click();
  await meddle(page, 'PATCH', ONE_KEY, loseAnswer);
  const end = page.getByRole('dialog').getByRole('button', { name: 'End old value' });
  await end.click();
  await page.getByRole('dialog').getByRole('alert').waitFor();
  await end.click();
  await page.getByRole('button', { name: 'End old value…' }).waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('alert').count(), 0);

  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('e\u0301t\u00e9');
  await page.getByLabel('Expires', { exact: true }).selectOption('In 30 days');
  await page.getByLabel('Allowed addresses').fill('2001:DB8::0:1');
  await meddle(page, 'PATCH', ONE_KEY, loseAnswer);
  await save(page);
  await page.getByRole('alert').getByText('doing this twice does no harm').waitFor();
  await save(page);
  await page.getByRole('heading', { name: '\u00e9t\u00e9 Active' }).waitFor();
  const { events } = (await admin.send('GET', `/events?keyId=${key.id}`)).body;
  assert.deepEqual(events.map(({ type }) => type),
    ['key.changed', 'key.changed', 'key.rotated', 'key.changed', 'key.changed', 'key.created'], 'each was done once');
});

story('the form shows changes of others after a lost answer as theirs', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  const other = await admin.create({ name: 'other', operations: ['AUTHENTICATION', 'SMS'] });
  await openForm(page, admin, key.id);
  await page.getByLabel('Name', { exact: true }).fill('mine');
  await meddle(page, 'PATCH', ONE_KEY, (route) => route.abort('connectionreset'));
  await save(page);
  await page.getByRole('alert').getByText('doing this twice does no harm').waitFor();
  await other.send('PATCH', `/${key.id}`, { name: 'theirs' });
  await save(page);
  await page.getByRole('alert').getByText('Nothing was done: this key was changed').waitFor();
  assert.equal((await admin.find(key.id)).name, 'theirs');
});

story('a form shows other changes of its key meanwhile', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  const { status } = await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 3600 });
  assert.equal(status, 201);
  const alert = page.getByRole('alert');
  await openForm(page, admin, key.id);
  await page.getByLabel('Description').fill('mine');
  await admin.send('PATCH', `/${key.id}`, { enabled: false });
  await save(page);
  await alert.getByText('Enabled: true → false').waitFor();
  await admin.send('PATCH', `/${key.id}`, { enabled: true });
  const { value } = (await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 0 })).body;
  await save(page);
  await alert.getByText('Rotated').waitFor();
  await alert.getByText('Enabled: false → true').waitFor();
  await fetch(`${process.env.API_URL}/leaks`, { method: 'POST', body: JSON.stringify([{ token: value }]) });
  await save(page);
  await alert.getByText('Exposed').waitFor();
  assert.equal(await alert.getByText('Enabled: false → true').count(), 0, 'only what is new');
  await checkState(page);
});

story('a rotation or an enabling of what others have changed shows what it is now', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await admin.send('PATCH', `/${key.id}`, { name: 'theirs' });
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('alert').getByText('Nothing was done: this key was changed').waitFor();
  await page.getByRole('heading', { name: 'theirs Active' }).waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  await checkState(page);
  assert.equal((await key.send('GET', '/self')).status, 200);

  await admin.send('PATCH', `/${key.id}`, { enabled: false });
  await visit(page, '#/');
  await page.getByRole('link', { name: 'theirs' }).click();
  await page.getByText('It is disabled, so it fails.').waitFor();
  await fetch(`${process.env.API_URL}/leaks`, { method: 'POST', body: JSON.stringify([{ token: key.value }]) });
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('heading', { name: 'theirs Exposed' }).waitFor();
  await admin.send('DELETE', `/${key.id}`);
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('heading', { name: 'No such key' }).waitFor();
});

story('why a key cannot be rotated or enabled is shown as it is', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  const rotate = () => page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
  const open = () => page.getByRole('button', { name: 'Rotate…' }).click();
  await open();
  await admin.send('PATCH', `/${key.id}`, { enabled: false });
  await rotate();
  await page.getByRole('alert').getByText('Nothing was done: this key was changed').waitFor();
  await page.getByText('It is disabled, so it fails. Enable it to bring it back.').waitFor();
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  const refuse = (status, code) => page.route(/\/rotate$/, (route) =>
    route.fulfill({ status, json: { status, code, detail: 'In the service’s words.' } }), { times: 1 });
  await open();
  for (const [code, sentence] of [
    ['ADDRESS', 'This key may not be used from your address.'],
    ['A_CODE_OF_LATER', 'In the service’s words.'],
  ]) {
    await refuse(409, code);
    await rotate();
    await page.getByRole('dialog').getByRole('alert').getByText(sentence).waitFor();
  }
  await refuse(403, 'OPERATION');
  await rotate();
  await page.getByText('You were signed out: your key may not manage keys any more.').waitFor();
});

story('a form goes on top of what was done on this page meanwhile', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('button', { name: 'Disable…' }).click();
  const change = await holdBack(page, 'PATCH', ONE_KEY);
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await visit(page, `#/edit/${key.id}`);
  await page.getByLabel('Description').fill('mine');
  change();
  await page.getByText('reminders is disabled.').waitFor();
  await save(page);
  await page.getByRole('heading', { name: 'reminders Disabled' }).waitFor();
  assert.equal((await admin.find(key.id)).description, 'mine');

  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Description').fill('mine again');
  await admin.send('PATCH', `/${key.id}`, { enabled: true });
  await save(page);
  await page.getByRole('alert').getByText('Nothing was done: this key was changed').waitFor();
});

story('what the same key did elsewhere after a lost answer is not taken for what was lost', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openForm(page, admin, key.id);
  await page.getByLabel('Name', { exact: true }).fill('of this tab');
  await meddle(page, 'PATCH', ONE_KEY, (route) => route.abort('connectionreset'));
  await save(page);
  await page.getByRole('alert').getByText('doing this twice does no harm').waitFor();
  await admin.send('PATCH', `/${key.id}`, { name: 'of another tab' });
  await save(page);
  await page.getByRole('alert').getByText('Name: reminders → of another tab').waitFor();
  await save(page);
  await page.getByRole('heading', { name: 'of this tab' }).waitFor();
  assert.equal((await admin.find(key.id)).name, 'of this tab');
});

story('a save of many fields whose answer is lost is found done', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders', tags: { team: 'blue', env: 'prod' } });
  await openForm(page, admin, key.id);
  await page.getByLabel('Tags').fill('team=red\narea=é');
  await page.getByRole('checkbox', { name: 'RCS' }).check();
  await page.getByRole('group', { name: 'Limits' }).getByLabel('a day').fill('1,000');
  await page.getByRole('group', { name: 'Limits' }).getByLabel('a minute').fill('60');
  await page.getByLabel('Description').fill('two\u00a0words');
  await meddle(page, 'PATCH', ONE_KEY, loseAnswer);
  await save(page);
  await page.getByRole('alert').getByText('doing this twice does no harm').waitFor();
  await save(page);
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
});
