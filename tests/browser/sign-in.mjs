// Who comes in, who does not, and what stays behind.

import assert from 'node:assert/strict';

import { checkState, everythingKept, meddle, newAccount, problem, signIn, story, visit } from './support.mjs';

const SELF = '**/authentication/self';
const message = (page) => page.getByRole('alert');

async function attempt(page, value) {
  await page.getByLabel('Your key').fill(value);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

story('a manager signs in, and out', async ({ page, admin }) => {
  assert.equal(await page.evaluate(() => /** @type {HTMLInputElement} */ (document.activeElement).type), 'password');
  await checkState(page);

  await signIn(page, admin);
  assert.equal(await page.title(), 'Keys · API keys');
  await page.getByText('Ada · Unnamed key').waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  await checkState(page);
});

story('a holder who may not manage keys reads why', async ({ page, admin }) => {
  const sender = await admin.create({});
  const abroad = await admin.create({ operations: ['AUTHENTICATION'], allowedIps: ['203.0.113.0/24'] });
  const disabled = await admin.create({ operations: ['AUTHENTICATION'] });
  await admin.send('PATCH', `/${disabled.id}`, { enabled: false });
  const deleted = await admin.create({ operations: ['AUTHENTICATION'] });
  await admin.send('DELETE', `/${deleted.id}`);

  for (const [value, sentence] of [
    ['  ', 'Enter the value of a key.'],
    ['kéy', 'This is not a live key.'],
    ['garbage', 'This is not a live key.'],
    [disabled.value, 'This is not a live key.'],
    [deleted.value, 'This is not a live key.'],
    [sender.value, 'it may not manage keys'],
    [abroad.value, 'This key may not be used from your address.'],
  ]) {
    await attempt(page, value);
    await message(page).getByText(sentence).waitFor();
    assert.equal(await page.getByLabel('Your key').getAttribute('aria-invalid'), 'true');
  }
  await checkState(page);
  await signIn(page, admin);
});

story('a refusal shows its own reason and no other', async ({ page, admin }) => {
  for (const [how, sentence] of [
    [(route) => route.fulfill({ status: 403, body: '<p>Blocked</p>' }), 'It was refused without a reason (403).'],
    [problem(403, 'FORBIDDEN'), 'In the service’s words.'],
    [problem(403, 'ADDRESS'), 'This key may not be used from your address.'],
    [problem(403, 'OPERATION'), 'it may not manage keys'],
  ]) {
    await meddle(page, 'GET', SELF, how);
    await attempt(page, admin.value);
    await message(page).getByText(sentence).waitFor();
  }
  await checkState(page);
});

story('a failing service and a lost network are no fault of the key', async ({ page, context, admin }) => {
  for (const [how, sentence] of [
    [500, 'Nothing is wrong with your key'],
    [503, 'Nothing is wrong with your key'],
    [429, 'Try again in 7 seconds.'],
    [(route) => route.fulfill({ status: 429, headers: { 'Retry-After': new Date(Date.now() + 3_600_000).toUTCString() } }), 'Try again later.'],
    [(route) => route.abort(), 'No answer came.'],
    [(route) => route.fulfill({ body: '<p>Log in to this network</p>' }), 'No answer came.'],
  ]) {
    await meddle(page, 'GET', SELF, how);
    await attempt(page, admin.value);
    await message(page).getByText(sentence).waitFor();
    assert.equal(await page.getByLabel('Your key').inputValue(), admin.value);
  }
  await context.setOffline(true);
  await attempt(page, admin.value);
  await message(page).getByText('You are offline').waitFor();
  await checkState(page);

  await context.setOffline(false);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
});

story('the key is kept nowhere', async ({ page, context, admin }) => {
  const addresses = [];
  context.on('request', (request) => addresses.push(request.url()));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Unnamed key' }).click();
  await page.getByRole('heading', { name: 'Unnamed key' }).waitFor();
  await page.getByRole('link', { name: 'Events' }).click();
  await page.getByRole('heading', { name: 'Events' }).waitFor();
  assert.ok(!(await everythingKept(page)).includes(admin.value), 'while it is signed in');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  const kept = await everythingKept(page);
  assert.ok(!kept.includes(admin.value), 'after it has signed out');
  assert.ok(!(await page.content()).includes(admin.id), 'nothing of the account is shown any more');
  assert.equal(new URL(page.url()).hash, '');
  assert.ok(addresses.length > 3 && !addresses.some((address) => address.includes(admin.value)));

  await page.getByText('a reload signs you out').waitFor();
  await signIn(page, admin);
  await page.reload();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.equal(await page.getByLabel('Your key').inputValue(), '');
});

story('a page that is left forgets the key', async ({ page, admin }) => {
  await signIn(page, admin);
  const documents = page.url().replace(/console.*/, 'openapi.json');
  await page.goto(documents);
  assert.ok((await page.textContent('body')).includes('"openapi":"3.1.0"'));
  await page.goBack();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  // Whether the browser kept the page or not: the session was ended by hand too.
  await signIn(page, admin);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await page.getByText('You are signed out.').waitFor();
  assert.ok(!(await everythingKept(page)).includes(admin.value));
});

story('a session ends when its key is revoked elsewhere', async ({ page, admin }) => {
  const other = await admin.create({ operations: ['AUTHENTICATION', 'SMS'], name: 'the one in use' });
  await signIn(page, other);
  await page.getByRole('link', { name: 'the one in use' }).click();
  await page.getByRole('heading', { name: 'the one in use' }).waitFor();

  await admin.send('DELETE', `/${other.id}`);
  await page.getByRole('link', { name: 'Keys', exact: true }).click();

  await page.getByText('You were signed out: your key no longer works.').waitFor();
  const kept = await everythingKept(page);
  for (const trace of [other.value, 'the one in use']) assert.ok(!kept.includes(trace), trace);
  assert.equal(new URL(page.url()).hash, '');
  await checkState(page);
});

story('who opens their own key that is disabled is signed out without a mistake', async ({ page, admin }) => {
  const own = await admin.create({ name: 'own', operations: ['AUTHENTICATION'] });
  await signIn(page, own);
  const like = await admin.find(own.id);
  // It was let in a moment before.
  await page.route(/\/authentication\/\w{22}$/, (route) => route.fulfill({ json: { ...like, enabled: false, status: 'DISABLED' } }));
  await visit(page, `#/key/${own.id}`);
  await page.getByText('You disabled the key that you were signed in with.').waitFor();
  await page.waitForTimeout(200);
});

story('the head has the name that one\u2019s own key has now', async ({ page, admin }) => {
  await signIn(page, admin);
  await page.getByText('Ada · Unnamed key').waitFor();
  await visit(page, `#/edit/${admin.id}`);
  await page.getByLabel('Name', { exact: true }).fill('mine');
  await page.getByLabel('Name of the owner').fill('Ada L.');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Ada L. · mine').waitFor();
});

story('who comes with an address is led there', async ({ page, admin }) => {
  const key = await admin.create({ name: 'shared by a colleague' });
  await page.goto(`${page.url()}#/key/${key.id}`);
  await page.getByLabel('Your key').fill(admin.value);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'shared by a colleague' }).waitFor();
});

story('two accounts see nothing of each other', async ({ page, admin }) => {
  const theirs = await newAccount().create({ name: 'of another account' });
  await signIn(page, admin);
  await page.getByRole('row').filter({ hasText: 'your key' }).waitFor();
  assert.equal(await page.getByText('of another account').count(), 0);
  await page.goto(`${page.url()}#/key/${theirs.id}`);
  await page.getByRole('heading', { name: 'No such key' }).waitFor();
  await checkState(page);
});

story('the watch sees what it watches for', async ({ page, seen }) => {
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/elsewhere.png' }));
    setTimeout(() => {
      throw new Error('a mistake');
    });
  });
  await page.evaluate(() => fetch('http://127.0.0.1:9/elsewhere').catch(() => {}));
  // The page's message comes a moment later.
  for (let looks = 0; looks < 100 && seen.violations.length + seen.mistakes.length < 3; looks++) await page.waitForTimeout(50);
  assert.ok(seen.violations.length >= 2 && seen.mistakes.length === 1, JSON.stringify(seen));
  await page.goto('http://127.0.0.1:9/').catch(() => {});
  assert.ok(seen.elsewhere.length > 0);
  Object.assign(seen, { violations: [], elsewhere: [], mistakes: [] });
});
