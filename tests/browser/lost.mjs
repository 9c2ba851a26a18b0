// Answers that are lost, of requests that give a value.

import assert from 'node:assert/strict';

import { Client, KEYS, checkState, loseAnswer, meddle, problem, signIn, story, visit } from './support.mjs';

const ROTATE = /\/rotate$/;
const create = (page) => page.getByRole('button', { name: 'Create key' });
const value = (page) => page.getByRole('textbox', { name: 'Value' });
const again = (page) => page.getByRole('button', { name: 'Ask again' });

/** The requests that give values: path, name, version and body. */
function record(page) {
  const sent = [];
  page.on('request', (request) => {
    if (request.method() !== 'POST') return;
    const { 'idempotency-key': name, 'if-match': version } = request.headers();
    sent.push({ path: new URL(request.url()).pathname.split('/authentication')[1], name, version, body: request.postDataJSON() });
  });
  return sent;
}

async function openForm(page, client, name) {
  await signIn(page, client);
  await visit(page, '#/new');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('checkbox', { name: 'SMS' }).check();
}

async function openDialog(page, client, name) {
  await signIn(page, client);
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('button', { name: 'Rotate…' }).click();
}

const rotate = (page) => page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();

const status = async (given, at) => (await new Client({ id: '', value: given }).send('GET', at ?? '/self')).status;

story('a create whose answer is lost is repeated, and leaves one key with one value', async ({ page, admin }) => {
  const sent = record(page);
  await openForm(page, admin, 'lost');
  await meddle(page, 'POST', KEYS, loseAnswer);
  await create(page).click();
  await page.getByRole('dialog', { name: 'lost is ready' }).waitFor();
  assert.deepEqual(await admin.names(), ['lost', null]);
  const [key] = (await admin.send('GET', '')).body.apiKeys;
  const [first, second, third] = sent;
  assert.equal(sent.length, 3);
  assert.match(first.name, /^[\w-]{36}$/);
  assert.deepEqual(second, first, 'the repeat is the same');
  assert.deepEqual({ path: third.path, body: third.body }, { path: `/${key.id}/rotate`, body: { keepPrevious: true } });
  assert.ok(third.version && third.name !== first.name);
  assert.equal(await status(await value(page).inputValue()), 200);
});

story('the page never confuses two keys of one name, even if answers are lost', async ({ page, admin }) => {
  const other = await admin.create({ name: 'dup' });
  await openForm(page, admin, 'dup');
  await meddle(page, 'POST', KEYS, loseAnswer);
  await create(page).click();
  await page.getByRole('dialog', { name: 'dup is ready' }).waitFor();
  assert.equal(await status(other.value), 200, 'the other is as it was');
  assert.deepEqual(await admin.names(), ['dup', 'dup', null]);
});

story('where no answer comes for long, that is shown, and asked again', async ({ page, admin }) => {
  await openForm(page, admin, 'patient');
  await meddle(page, 'POST', KEYS, loseAnswer);
  await meddle(page, 'POST', KEYS, 504, 3);
  await create(page).click();
  await page.getByRole('status').getByText(/Waiting for the answer/).waitFor();
  await page.getByRole('alert').getByText('It is unknown whether this was done').waitFor();
  assert.ok(await page.getByLabel('Name', { exact: true }).isDisabled(), 'what was sent stands');
  assert.ok(await again(page).evaluate((button) => button === document.activeElement));
  await checkState(page);
  await page.getByRole('link', { name: 'Events' }).click();
  assert.match(page.url(), /#\/new$/, 'Escape leaves nothing');
  await again(page).click();
  await page.getByRole('dialog', { name: 'patient is ready' }).waitFor();
  assert.equal((await admin.names()).length, 2);
  assert.equal(await status(await value(page).inputValue()), 200);
});

story('the page warns before a manager leaves an unknown end', async ({ page, admin }) => {
  await openForm(page, admin, 'left');
  await meddle(page, 'POST', KEYS, 500, 4);
  await create(page).click();
  await page.getByRole('alert').getByText('If you leave it and it was done, the value is lost.').waitFor();
  await page.getByRole('button', { name: 'Leave it' }).click();
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Events' }).click();
  await page.getByRole('heading', { name: 'Events' }).waitFor();
});

story('the page reports a key that was made and has ended meanwhile', async ({ page, admin }) => {
  await openForm(page, admin, 'short');
  await meddle(page, 'POST', KEYS, async (route) => {
    const made = await (await route.fetch()).json();
    await admin.send('PATCH', `/${made.id}`, { enabled: false });
    await route.abort('connectionreset');
  });
  await create(page).click();
  const alert = page.getByRole('alert').filter({ hasText: 'and the value with it.' });
  await alert.waitFor();
  await checkState(page);
  await alert.getByRole('link', { name: 'Open the key' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { name: 'short Disabled' }).waitFor();
});

story('a rotation whose answer is lost ends nothing in use', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openDialog(page, admin, 'reminders');
  const { etag } = await admin.find(key.id);
  const sent = record(page);
  await meddle(page, 'POST', ROTATE, loseAnswer, 2);
  await rotate(page);
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor();
  assert.equal(await status(key.value), 200, 'the old value has its time');
  assert.equal(await status(await value(page).inputValue()), 200);
  assert.equal(sent[0].version, `"${etag}"`);
  assert.deepEqual(sent.map(({ body }) => body), [{ gracePeriodSeconds: 3600 }, { gracePeriodSeconds: 3600 }, { gracePeriodSeconds: 3600 }, { keepPrevious: true }]);
  assert.equal(new Set(sent.map(({ name }) => name)).size, 2);
});

story('the lost answer of a value that replaces a lost one is found, too', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openDialog(page, admin, 'reminders');
  for (let at = 0; at < 4; at += 1) await meddle(page, 'POST', ROTATE, at === 1 ? (route) => route.fallback() : loseAnswer);
  await rotate(page);
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor({ timeout: 60_000 });
  assert.equal(await status(key.value), 200, 'the old value has its time');
  assert.equal(await status(await value(page).inputValue()), 200);
});

story('a rotation without an answer is asked again, and not left by Escape', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openDialog(page, admin, 'reminders');
  await meddle(page, 'POST', ROTATE, 504, 4);
  await rotate(page);
  await page.getByRole('alert').getByText('It is unknown whether this was done').waitFor();
  await checkState(page);
  await page.keyboard.press('Escape');
  await page.evaluate(() => history.back());
  await again(page).waitFor();
  assert.match(page.url(), /#\/key\//);
  await page.getByRole('button', { name: 'Leave it' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.equal(await status(key.value), 200);
});

story('the page explains the loss of the answer that has one\u2019s own new value', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await openDialog(page, own, 'own');
  await page.getByLabel('The present value works for another').selectOption('no time');
  await page.getByText('if the answer is lost, so is your way in').waitFor();
  await meddle(page, 'POST', ROTATE, loseAnswer);
  await rotate(page);
  await page.getByText('the answer with its new value was lost').waitFor();
  await signIn(page, admin);
});

story('a refusal by what stands before the function proves nothing about a lost request', async ({ page, admin }) => {
  await openForm(page, admin, 'unsure');
  await meddle(page, 'POST', KEYS, problem(404, 'NO_ROUTE'));
  await meddle(page, 'POST', KEYS, loseAnswer);
  await create(page).click();
  const alert = page.getByRole('alert');
  for (const [next, reason] of /** @type {const} */ ([
    [problem(403, 'ADDRESS'), 'In the service’s words.'],
    [problem(403, 'FORBIDDEN'), 'This key may not be used from your address.'],
    [problem(409, 'ACCOUNT_SUSPENDED'), 'In the service’s words.'],
    [(route) => route.fulfill({ status: 413, json: { message: 'Request Too Long' } }), 'In the service’s words.'],
    [(route) => route.fulfill({ status: 403, body: '<p>Blocked</p>' }), 'Request Too Long'],
    [undefined, 'It was refused without a reason (403).'],
  ])) {
    await alert.getByText('It is unknown whether this was done').waitFor();
    await alert.getByText(reason).waitFor();
    assert.ok(await page.getByLabel('Name', { exact: true }).isDisabled(), 'what was sent stands');
    await checkState(page);
    if (next) await meddle(page, 'POST', KEYS, next);
    await again(page).click();
  }
  await page.getByRole('dialog', { name: 'unsure is ready' }).waitFor();
  assert.deepEqual(await admin.names(), ['unsure', null]);
});

story('a refusal by the function decides about a lost request', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openDialog(page, admin, 'reminders');
  await meddle(page, 'POST', ROTATE, (route) => route.abort('connectionreset'));
  await admin.send('PATCH', `/${key.id}`, { enabled: false });
  await rotate(page);
  await page.getByRole('heading', { name: 'reminders Disabled' }).waitFor();
  await page.getByRole('alert').getByText('Nothing was done').waitFor();
});

story('a lost value is replaced, though its key was changed meanwhile', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openDialog(page, admin, 'reminders');
  await meddle(page, 'POST', ROTATE, async (route) => {
    await route.fetch();
    await admin.send('PATCH', `/${key.id}`, { description: 'theirs' });
    await admin.send('PATCH', `/${key.id}`, { name: 'renamed' });
    await route.abort('connectionreset');
  });
  await rotate(page);
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor();
  assert.equal(await status(key.value), 200, 'the old value has its time');
  assert.equal(await status(await value(page).inputValue()), 200);
});

story('a value that others have got meanwhile is left to them', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openDialog(page, admin, 'reminders');
  let theirs;
  await meddle(page, 'POST', ROTATE, async (route) => {
    await route.fetch();
    theirs = (await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 0 })).body.value;
    await route.abort('connectionreset');
  });
  await rotate(page);
  await page.getByRole('alert').getByText('the key got another value since').waitFor();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  await checkState(page);
  assert.equal(await status(theirs), 200);
});

story('the sign-in page warns after a session that ended while a value was in doubt', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  for (const act of [
    async (manager) => {
      await openForm(page, manager, 'in doubt');
      return { path: KEYS, go: () => create(page).click() };
    },
    async (manager) => {
      await openDialog(page, manager, 'reminders');
      return { path: ROTATE, go: () => rotate(page) };
    },
  ]) {
    const manager = await admin.create({ name: 'manager', operations: ['AUTHENTICATION', 'SMS'] });
    const { path, go } = await act(manager);
    await meddle(page, 'POST', path, async (route) => {
      await route.fetch();
      await admin.send('PATCH', `/${manager.id}`, { enabled: false });
      await route.abort('connectionreset');
    });
    await go();
    await page.getByText('You were signed out: your key no longer works.').waitFor();
    await page.getByText(/^It is unknown whether your last request was done: see the events of .*\.$/).waitFor();
    await checkState(page);
  }
  await page.getByText(`the events of reminders (${key.id}).`).waitFor();
  await signIn(page, admin);
});

story('the sign-in page warns after a session that ended while a lost value was looked for', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  for (const looked of [/\/events\?/, /\/authentication\/\w{22}$/]) {
    await openDialog(page, admin, 'reminders');
    await meddle(page, 'POST', ROTATE, async (route) => {
      await route.fetch();
      await admin.send('PATCH', `/${key.id}`, { description: `theirs ${looked}` });
      await meddle(page, 'GET', looked, problem(401, 'UNAUTHORIZED'));
      await route.abort('connectionreset');
    });
    await rotate(page);
    await page.getByText(`the events of reminders (${key.id}).`).waitFor();
  }
});

story('a manager may ask again at once, however long Retry-After is', async ({ page, admin }) => {
  await openForm(page, admin, 'busy');
  await meddle(page, 'POST', KEYS, (route) =>
    route.fulfill({ status: 503, headers: { 'Retry-After': '3600' }, json: { status: 503, code: 'UNAVAILABLE', detail: 'Later.' } }));
  await create(page).click();
  await again(page).click();
  await page.getByRole('dialog', { name: 'busy is ready' }).waitFor();
});

story('a request that the browser itself has sent twice is in doubt, too', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openDialog(page, admin, 'reminders');
  let sent = 0;
  await page.route(ROTATE, async (route) => {
    sent += 1;
    if (sent === 2) return problem(403, 'ADDRESS')(route);
    if (sent === 1) await route.fetch();
    return route.fallback();
  });
  await rotate(page);
  await page.getByRole('alert').getByText('It is unknown whether this was done').waitFor();
  await again(page).click();
  await page.getByRole('dialog', { name: 'reminders has a new value' }).waitFor();
  assert.equal(await status(key.value), 200);
  assert.equal(await status(await value(page).inputValue()), 200);
});

story('a create that failed at first, and is wrong, can be mended', async ({ page, admin }) => {
  await openForm(page, admin, 'mended');
  const addresses = page.getByLabel('Allowed addresses');
  await addresses.fill('nonsense');
  await meddle(page, 'POST', KEYS, 503);
  await create(page).click();
  await page.getByText('nonsense must be an IPv4 or IPv6 address').waitFor();
  assert.equal(await page.getByText('It is unknown').count(), 0);
  assert.ok(await addresses.evaluate((input) => input === document.activeElement));
  await addresses.fill('127.0.0.1');
  await create(page).click();
  await page.getByRole('dialog', { name: 'mended is ready' }).waitFor();
  assert.deepEqual(await admin.names(), ['mended', null]);
});
