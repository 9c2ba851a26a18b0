// A new key, and all that can go wrong with it.

import assert from 'node:assert/strict';

import { KEYS, checkState, meddle, signIn, story } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;
const create = (page) => page.getByRole('button', { name: 'Create key' });
const ready = (page, name) => page.getByRole('dialog', { name: `${name} is ready` });

async function openForm(page, client) {
  await signIn(page, client);
  await page.getByRole('link', { name: 'Create key' }).first().click();
  await page.getByRole('heading', { name: 'New key' }).waitFor();
}

async function fillIn(page, name) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('checkbox', { name: 'SMS' }).check();
}

/** Leaves the value that is shown, as who has written it down. */
async function leave(page) {
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'I have it, close' }).click();
}

/** Counts the requests that make keys. */
function countCreates(page) {
  const sent = { count: 0 };
  page.on('request', (request) => {
    if (request.method() === 'POST' && KEYS.test(request.url())) sent.count += 1;
  });
  return sent;
}

story('a key with all that it may have', async ({ page, admin }) => {
  await openForm(page, admin);
  await checkState(page);
  assert.equal(await page.getByLabel('User id of the owner').inputValue(), 'user-1', 'who asks is proposed');
  await page.getByText(/It works until .* \d{4} at \d\d:\d\d/).waitFor();

  await fillIn(page, 'reminders');
  await page.getByLabel('Description').fill('of the surgery\nin Lyon');
  await page.getByLabel('User id of the owner').fill('user-7');
  await page.getByLabel('Name of the owner').fill('Linus');
  await page.getByRole('checkbox', { name: 'RCS' }).check();
  await page.getByLabel('Traffic type').selectOption('OTP');
  await page.getByLabel('Tags').fill('team=blue\n\n env = prod=1 ');
  await page.getByLabel('Expires', { exact: true }).selectOption('In 30 days');
  await page.getByLabel('Allowed addresses').fill('203.0.113.0/24\n\n 2001:db8::1 ');
  await page.getByLabel('Description').fill('of the surgery');
  await create(page).click();
  await ready(page, 'reminders').waitFor();
  await checkState(page);
  await leave(page);

  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  await checkState(page);
  const key = await admin.find(new URL(page.url()).hash.split('/')[2]);
  const { name, description, tags, userId, username, createdBy, operations, trafficType, allowedIps } = key;
  assert.deepEqual({ name, description, tags, userId, username, createdBy, operations, trafficType, allowedIps }, {
    name: 'reminders',
    description: 'of the surgery',
    tags: { env: 'prod=1', team: 'blue' },
    userId: 'user-7',
    username: 'Linus',
    createdBy: 'user-1',
    operations: ['SMS', 'RCS'],
    trafficType: 'OTP',
    allowedIps: ['203.0.113.0/24', '2001:db8::1'],
  });
  const days = (Date.parse(key.expiresAt) - Date.now()) / DAY;
  assert.ok(days > 29.9 && days <= 30, `${days}`);
  await page.locator('dl').getByText(/^in 30 days/).waitFor();
  for (const text of ['Linus (user-7)', 'SMS, RCS', '2001:db8::1', 'OTP', 'of the surgery', 'env=prod=1', 'team=blue']) {
    await page.locator('dl').getByText(text, { exact: true }).waitFor();
  }
});

story('the form shows a chosen end in words, and the key has it', async ({ page, admin }) => {
  await openForm(page, admin);
  await fillIn(page, 'until a day');
  const expires = page.getByLabel('Expires', { exact: true });
  assert.equal(await expires.inputValue(), '90');
  for (const days of [7, 30, 90, 365]) {
    await expires.selectOption(`In ${days} days`);
    const end = new Date(Date.now() + days * DAY);
    const date = end.toLocaleDateString('en-GB', { timeZone: 'Europe/Berlin', day: 'numeric', month: 'long', year: 'numeric' });
    await page.getByText(date).waitFor();
  }
  await expires.selectOption('Never');
  await page.getByText('It works until a manager ends it.').waitFor();

  await expires.selectOption('On a date');
  await create(page).click();
  await page.getByText('Expires needs a last day, such as 30 June 2027.').waitFor();
  assert.equal(await page.getByLabel('Last day').getAttribute('aria-invalid'), 'true');
  assert.equal(await expires.getAttribute('aria-invalid'), null, 'it is the day that is wrong');
  const year = new Date().getFullYear() + 2;
  await page.getByLabel('Last day').fill(`${year}-06-30`);
  await page.getByText(new RegExp(`30 June ${year} at 23:59:59 CEST`)).waitFor();
  await checkState(page);
  await create(page).click();
  await ready(page, 'until a day').getByText(new RegExp(`It works until .*30 June ${year} at 23:59:59 CEST\\.`)).waitFor();
  await leave(page);
  await page.getByRole('heading', { name: 'until a day' }).waitFor();
  const [key] = (await admin.send('GET', '')).body.apiKeys;
  assert.equal(key.expiresAt, `${year}-06-30T21:59:59.000Z`);
});

story('each wrong field is named where it is', async ({ page, admin }) => {
  const sent = countCreates(page);
  await openForm(page, admin);
  await page.getByLabel('Name', { exact: true }).fill('n'.repeat(129));
  await page.getByLabel('User id of the owner').fill('');
  await page.getByLabel('Name of the owner').fill('');
  await page.getByLabel('Tags').fill('7team=blue\nempty=');
  await page.getByLabel('Allowed addresses').fill('203.0.113.0/24\nexample.com\n::1\n::1');
  await create(page).click();

  const shown = async (field) => {
    const input = page.getByRole('textbox', { name: field, exact: true });
    const ids = (await input.getAttribute('aria-describedby')).split(' ');
    assert.equal(await input.getAttribute('aria-invalid'), 'true', field);
    return page.locator(`#${ids[0]}`).innerText();
  };
  await page.getByText('User id of the owner is required.').waitFor();
  assert.match(await shown('Name'), /^Name must have .* characters\.$/);
  assert.equal(await shown('Name of the owner (required)'), 'Name of the owner is required.');
  assert.match(await shown('Tags'), /7team must be named by a letter/);
  assert.match(await shown('Tags'), /empty must/);
  const addresses = await shown('Allowed addresses');
  assert.match(addresses, /^example\.com must be an IPv4/);
  assert.match(addresses, /::1 must not be given twice\.$/);
  assert.match(await page.getByRole('group', { name: 'Operations' }).innerText(), /Operations must be a list of one or more/);
  assert.equal(await page.evaluate(() => /** @type {HTMLInputElement} */ (document.activeElement).value.length), 129, 'the first of them has the focus');
  assert.equal(await page.getByLabel('Tags').inputValue(), '7team=blue\nempty=', 'what was typed is there');
  await checkState(page);

  await page.getByLabel('Name', { exact: true }).fill('right');
  await page.getByLabel('User id of the owner').fill('user-2');
  await page.getByLabel('Name of the owner').fill('Grace');
  await page.getByLabel('Tags').fill('');
  await page.getByLabel('Allowed addresses').fill('');
  await page.getByRole('checkbox', { name: 'SMS' }).check();
  await create(page).click();
  await ready(page, 'right').waitFor();
  assert.equal(await page.locator('[aria-invalid=true]').count(), 0);
  assert.equal(sent.count, 2);
});

story('tags that would be read otherwise than they are meant are refused', async ({ page, admin }) => {
  const key = await admin.create({ name: 'odd', tags: { note: 'a, b=c' } });
  await openForm(page, admin);
  await fillIn(page, 'reminders');
  const tags = page.getByLabel('Tags');
  for (const [typed, sentence] of [
    ['team=blue, env=prod', 'team needs a line of its own, such as team=blue.'],
    ['team=blue env=prod', 'team needs a line of its own, such as team=blue.'],
    ['team=blue;env = prod', 'team needs a line of its own, such as team=blue.'],
    ['team=blue\nteam=red', 'team must not be given twice.'],
    ['team', 'team must have 1 to 128 characters.'],
  ]) {
    await tags.fill(typed);
    await create(page).click();
    await page.getByText(sentence).waitFor();
    assert.equal(await tags.getAttribute('aria-invalid'), 'true', typed);
    assert.ok(await tags.evaluate((input) => input === document.activeElement), typed);
  }
  await checkState(page);
  await tags.fill('team=blue, green');
  await create(page).click();
  await leave(page);
  assert.deepEqual((await admin.send('GET', '')).body.apiKeys[0].tags, { team: 'blue, green' });

  await page.goto(`${page.url().split('#')[0]}#/edit/${key.id}`);
  await page.getByLabel('Description').fill('words');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'odd Active' }).waitFor();
  assert.deepEqual((await admin.find(key.id)).tags, { note: 'a, b=c' }, 'what a key has is left to it');
});

story('the form names a refusal without a reason as one', async ({ page, admin }) => {
  await openForm(page, admin);
  await fillIn(page, 'refused');
  for (const how of [
    (route) => route.fulfill({ status: 413, body: 'null', contentType: 'application/json' }),
    (route) => route.fulfill({ status: 413, body: '<p>Blocked</p>' }),
    (route) => route.fulfill({ status: 413, json: { detail: '', errors: 'none' } }),
  ]) {
    await meddle(page, 'POST', KEYS, how);
    await create(page).click();
    await page.getByRole('alert').getByText('It was refused without a reason (413).').waitFor();
  }
  await checkState(page);
  await create(page).click();
  await ready(page, 'refused').waitFor();
});

story('what is refused as a whole is shown in the form', async ({ page, admin }) => {
  await openForm(page, admin);
  await fillIn(page, 'one too many');
  const words = 'In the service’s words.';
  for (const [how, sentence] of /** @type {const} */ ([[409, words], [403, words], [429, 'Try again in 7 seconds.']])) {
    await meddle(page, 'POST', KEYS, how);
    await create(page).click();
    await page.getByRole('alert').getByText(sentence).waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'one too many');
  }
  await checkState(page);
  await create(page).click();
  await ready(page, 'one too many').waitFor();
});

story('who is offline has sent nothing, and lost nothing', async ({ page, context, admin }) => {
  const sent = countCreates(page);
  await openForm(page, admin);
  await fillIn(page, 'on the train');
  await context.setOffline(true);
  await create(page).click();
  await page.getByRole('alert').getByText('You are offline, so nothing was sent.').waitFor();
  await checkState(page);
  await context.setOffline(false);
  await create(page).click();
  await ready(page, 'on the train').waitFor();
  assert.equal(sent.count, 1);
});

story('a form waits for its answer', async ({ page, admin }) => {
  const sent = countCreates(page);
  await openForm(page, admin);
  await fillIn(page, 'slow');
  let answer;
  await meddle(page, 'POST', KEYS, async (route) => {
    await new Promise((resolve) => (answer = resolve));
    await route.fallback();
  });
  await create(page).click();
  await create(page).click({ force: true });
  await page.getByRole('link', { name: 'Events' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  assert.match(page.url(), /#\/new$/, 'the view stays meanwhile');
  answer();
  await ready(page, 'slow').waitFor();
  assert.equal(sent.count, 1);
});

story('a new key like another', async ({ page, admin }) => {
  const like = await admin.create({
    name: 'reminders', description: 'words', userId: 'user-7', username: 'Linus', operations: ['SMS', 'RCS'], trafficType: 'OTP', allowedIps: ['::1'],
  });
  const narrow = await admin.create({ operations: ['SMS', 'AUTHENTICATION'], name: 'narrow' });
  await signIn(page, narrow);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('link', { name: 'New key like this' }).click();

  await page.getByText('Left out, as your key lacks them: RCS.').waitFor();
  await checkState(page);
  assert.deepEqual(await page.getByRole('main').getByRole('checkbox').evaluateAll((/** @type {HTMLInputElement[]} */ boxes) => boxes.map(({ value, checked }) => [value, checked])), [
    ['SMS', true], ['AUTHENTICATION', false], ['AUTHENTICATION_READ', false],
  ]);
  await create(page).click();
  await ready(page, 'reminders copy').waitFor();
  const [copy] = (await admin.send('GET', '')).body.apiKeys;
  const original = await admin.find(like.id);
  const { name, description, userId, username, operations, trafficType, allowedIps } = copy;
  assert.deepEqual({ name, operations }, { name: 'reminders copy', operations: ['SMS'] });
  for (const [field, value] of Object.entries({ description, userId, username, trafficType, allowedIps })) {
    assert.deepEqual(value, original[field], field);
  }
});
