// A view leaves nothing behind, with any work under way, and however it is left.

import assert from 'node:assert/strict';

import { KEYS, checkState, defer, delayAnswer, everythingKept, holdBack, meddle, problem, signIn, story, visit } from './support.mjs';

const ROTATE = /\/rotate$/;
const ONE_KEY = /\/authentication\/\w{22}$/;
const dialog = (page) => page.getByRole('dialog');
const keys = (page) => page.getByRole('heading', { name: 'Keys', exact: true });

async function openKey(page, client, name) {
  await signIn(page, client);
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name }).waitFor();
}

async function pressEscape(page, times = 3) {
  for (let at = 0; at < times; at += 1) await page.keyboard.press('Escape');
}

async function fillIn(page, name) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('checkbox', { name: 'SMS' }).check();
}

story('a new value outlives every Escape', async ({ page, admin }) => {
  await signIn(page, admin);
  await visit(page, '#/new');
  await fillIn(page, 'reminders');
  await page.getByRole('button', { name: 'Create key' }).click();
  const value = page.getByRole('textbox', { name: 'Value' });
  await value.waitFor();
  await pressEscape(page, 5);
  await page.keyboard.down('Escape');
  await page.keyboard.down('Escape');
  await page.keyboard.down('Escape');
  await page.keyboard.up('Escape');
  await page.mouse.click(5, 5);
  await page.keyboard.press('Escape');
  assert.ok((await value.inputValue()).length > 100);
  await page.getByText('You have not copied the value here.').waitFor();
  // What a browser without `closedby` does at the second Escape.
  await page.evaluate(() => document.querySelector('dialog').close());
  await page.waitForTimeout(100);
  assert.ok(await value.isVisible());
  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  await page.getByRole('link', { name: 'Events' }).click();
  await page.getByRole('heading', { name: 'Events' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
});

story('the page waits for what is under way, and shows that', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  for (const [open, act, method, path] of /** @type {const} */ ([
    ['Disable…', 'Disable', 'PATCH', ONE_KEY], ['Rotate…', 'Rotate', 'POST', ROTATE], ['Delete…', 'Delete', 'DELETE', ONE_KEY],
  ])) {
    await page.getByRole('button', { name: open }).click();
    if (act === 'Delete') await dialog(page).getByLabel('To confirm').fill(key.id.slice(-6));
    const { promise, resolve } = defer();
    await meddle(page, method, path, async (route) => {
      await promise;
      await route.fulfill({ status: 403, json: { status: 403, detail: 'In the service\u2019s words.' } });
    });
    await dialog(page).getByRole('button', { name: act }).click();
    await dialog(page).getByRole('status').getByText(/Waiting for the answer/).waitFor();
    await pressEscape(page);
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await dialog(page).getByRole('status').getByText('Wait for the answer').waitFor();
    resolve();
    await dialog(page).getByRole('alert').getByText('In the service’s words.').waitFor();
    assert.deepEqual(await dialog(page).getByRole('status').allTextContents(), ['', '']);
    await pressEscape(page, 1);
    assert.equal(await dialog(page).count(), 0);
  }
});

story('no dialog stays over another view', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  for (const open of ['Rotate…', 'Disable…', 'Delete…']) {
    await page.getByRole('button', { name: open }).click();
    await dialog(page).waitFor();
    await page.goBack();
    await keys(page).waitFor();
    assert.equal(await dialog(page).count(), 0, open);
    await page.goForward();
    await page.getByRole('heading', { name: 'reminders' }).waitFor();
  }
  assert.equal((await admin.find(key.id)).status, 'ACTIVE');
});

story('a change that ends after its view was left shows in the present view', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  const region = page.getByRole('status');

  await page.getByRole('button', { name: 'Disable…' }).click();
  let answer = await holdBack(page, 'PATCH', ONE_KEY);
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  const listed = page.waitForResponse(KEYS);
  await page.goBack();
  await keys(page).waitFor();
  await listed;
  answer();
  await region.getByText('reminders is disabled.').waitFor();
  await page.getByRole('row').filter({ hasText: 'reminders' }).getByText('Disabled').waitFor();
  assert.equal(await page.title(), 'Keys · API keys');
  await checkState(page);

  await page.getByRole('link', { name: 'reminders' }).click();
  answer = await holdBack(page, 'PATCH', ONE_KEY);
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  answer();
  await region.getByText('reminders is enabled.').waitFor();
  assert.equal(await page.title(), 'Events · API keys', 'no late answer renames the page');
  await page.getByRole('button', { name: 'Close' }).last().click();

  await visit(page, `#/key/${key.id}`);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await dialog(page).getByLabel('To confirm').fill(key.id.slice(-6));
  await meddle(page, 'DELETE', ONE_KEY, async (route) => {
    await new Promise((resolve) => (answer = resolve));
    await route.fulfill({ status: 500, json: {} });
  });
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  await visit(page, '#/usage');
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
  answer();
  await region.getByText('It is unknown whether reminders is deleted.').waitFor();
  await region.getByText('The service could not do this just now.').waitFor();
  assert.equal(await region.getByText('was not').count(), 0);
  await page.getByRole('link', { name: 'Keys', exact: true }).click();
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('heading', { name: 'Events' }).waitFor();
  assert.equal(await page.getByText('It is unknown').count(), 0, 'it is not shown for ever');

  await visit(page, `#/key/${key.id}`);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await dialog(page).getByLabel('To confirm').fill(key.id.slice(-6));
  await admin.send('DELETE', `/${key.id}`);
  answer = await holdBack(page, 'DELETE', ONE_KEY);
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  await visit(page, '#/usage');
  answer();
  await region.getByText('reminders is deleted.').waitFor();
});

story('what was read before a change ended is not shown after it', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  const row = page.getByRole('row').filter({ hasText: 'reminders' });
  /** Leaves a running change, and lets what is read next come later than its end, as it was before. */
  async function overtake(action, method, path, go) {
    await page.getByRole('button', { name: `${action}…` }).click();
    if (action === 'Delete') await dialog(page).getByLabel('To confirm').fill(key.id.slice(-6));
    const change = await holdBack(page, method, ONE_KEY);
    await dialog(page).getByRole('button', { name: action }).click();
    const [read, late, came] = [defer(), defer(), defer()];
    let isFirst = true;
    // Without any route, the browser asks on by itself.
    const delay = async (route) => {
      if (route.request().method() !== 'GET' || !isFirst) return route.fallback();
      isFirst = false;
      const response = await route.fetch();
      read.resolve();
      await late.promise;
      await route.fulfill({ response });
      await page.unroute(path, delay);
      return came.resolve();
    };
    await page.route(path, delay);
    await go();
    await read.promise;
    change();
    await page.getByRole('status').getByText(`reminders is ${action.toLowerCase()}d.`).waitFor();
    late.resolve();
    await came.promise;
    await page.waitForTimeout(300);
  }

  await overtake('Disable', 'PATCH', KEYS, () => page.goBack());
  await row.getByText('Disabled').waitFor();
  await page.getByRole('button', { name: 'Close' }).click();

  await row.getByRole('link').click();
  await page.getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  await overtake('Disable', 'PATCH', ONE_KEY, async () => {
    await page.goBack();
    await keys(page).waitFor();
    await row.getByRole('link').click();
  });
  await page.getByRole('heading', { name: 'reminders Disabled' }).waitFor();

  await overtake('Delete', 'DELETE', KEYS, () => page.goBack());
  await page.getByText('1 key', { exact: true }).waitFor();
  assert.equal(await row.count(), 0);
});

story('a key that is shown is shown as a change left it that ends late', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Disable…' }).click();
  const change = await holdBack(page, 'PATCH', ONE_KEY);
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await page.goBack();
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  change();
  await page.getByRole('heading', { name: 'reminders Disabled' }).waitFor();
});

story('a slow save leaves the reader in the present view', async ({ page, admin }) => {
  const key = await admin.create({ name: 'old' });
  await openKey(page, admin, 'old');
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('new');
  const answer = await delayAnswer(page, 'PATCH', ONE_KEY);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('link', { name: 'Events' }).click();
  await dialog(page).getByText('What is not saved is lost then.').waitFor();
  await dialog(page).getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { name: 'Events' }).waitFor();
  answer();
  await page.getByText('old is changed.').waitFor();
  assert.match(page.url(), /#\/events$/);
  assert.equal((await admin.find(key.id)).name, 'new');
});

story('what is being saved is not lost without a question', async ({ page, admin }) => {
  await admin.create({ name: 'old' });
  await openKey(page, admin, 'old');
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Description').fill('a long story');
  const { promise, resolve } = defer();
  await meddle(page, 'PATCH', ONE_KEY, async (route) => {
    await promise;
    await problem(403, 'CANNOT_CHANGE')(route);
  });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.evaluate(() => history.back());
  await dialog(page).getByText('What is not saved is lost then.').waitFor();
  await checkState(page);
  await pressEscape(page, 1);
  resolve();
  await page.getByRole('alert').getByText('In the service’s words.').waitFor();
  assert.equal(await page.getByLabel('Description').inputValue(), 'a long story');
  await page.evaluate(() => history.back());
  await dialog(page).getByText('What is not saved is lost then.').waitFor();
});

story('what is typed while a form is being saved is not lost', async ({ page, admin }) => {
  const key = await admin.create({ name: 'old' });
  await openKey(page, admin, 'old');
  await page.getByRole('link', { name: 'Edit' }).click();
  const description = page.getByLabel('Description');
  await description.fill('a long story');
  const answer = await delayAnswer(page, 'PATCH', ONE_KEY);
  await page.getByLabel('Name', { exact: true }).press('Enter');
  await page.getByRole('status').getByText(/Waiting for the answer/).waitFor();
  assert.ok(await description.isDisabled(), 'what was sent stands');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Save changes');
  await checkState(page);
  answer();
  await page.getByRole('heading', { name: 'old Active' }).waitFor();
  assert.equal((await admin.find(key.id)).description, 'a long story');
});

story('a late refusal of a change names the change', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Disable…' }).click();
  const { promise, resolve } = defer();
  await meddle(page, 'PATCH', ONE_KEY, async (route) => {
    await promise;
    await problem(403, 'CANNOT_CHANGE')(route);
  });
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await visit(page, '#/usage');
  resolve();
  await page.getByRole('status').getByText('reminders was not disabled.').waitFor();
});

story('the way back is right for who copied a value and goes back', async ({ page, context, admin }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Create key' }).first().click();
  await fillIn(page, 'reminders');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByText('Copied.', { exact: true }).waitFor();
  await page.evaluate(() => history.back());
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  assert.match(page.url(), /#\/key\//);
  await page.goBack();
  await keys(page).waitFor();
  await page.goForward();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  await page.goBack();
  await keys(page).waitFor();
});

story('a dialog that opens while something else waits shows it', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  const usage = await holdBack(page, 'GET', /\/usage\?/);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('status').getByText(/Waiting for the answer/).waitFor();
  await page.getByRole('button', { name: 'Disable…' }).click();
  const answer = await holdBack(page, 'PATCH', ONE_KEY);
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await dialog(page).getByRole('status').getByText(/Waiting for the answer/).waitFor();
  answer();
  usage();
  await page.getByRole('heading', { name: 'reminders Disabled' }).waitFor();
  await page.getByRole('status').getByText(/Waiting for the answer/).waitFor({ state: 'detached' });
});

story('what was typed is not lost without a question', async ({ page, admin }) => {
  await signIn(page, admin);
  const asked = [];
  page.on('dialog', (question) => {
    asked.push(question.type());
    return question.dismiss();
  });
  await page.getByRole('link', { name: 'Create key' }).first().click();
  await page.getByRole('heading', { name: 'New key' }).waitFor();
  await page.getByRole('link', { name: 'Events' }).click();
  await page.getByRole('heading', { name: 'Events' }).waitFor();
  await page.goBack();
  await fillIn(page, 'half a name');

  for (const leave of [
    () => page.evaluate(() => history.back()),
    () => page.getByRole('link', { name: 'Usage' }).click(),
    () => page.getByRole('link', { name: 'Cancel' }).click(),
    () => page.getByRole('button', { name: 'Sign out' }).click(),
    () => page.evaluate(() => history.forward()),
  ]) {
    await leave();
    const question = page.getByRole('dialog', { name: 'Leave this form?' });
    await question.waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel');
    await pressEscape(page, 1);
    assert.equal(await dialog(page).count(), 0);
    await page.waitForURL(/#\/new$/);
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'half a name');
  }
  await page.reload({ timeout: 2_000 }).catch(() => {});
  assert.deepEqual(asked, ['beforeunload']);

  await page.evaluate(() => history.back());
  await dialog(page).waitFor();
  await checkState(page);
  await dialog(page).getByRole('button', { name: 'Leave' }).click();
  await keys(page).waitFor();
  await page.goForward();
  await page.getByRole('heading', { name: 'New key' }).waitFor();
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), '');
  await fillIn(page, 'typed');
  await page.getByLabel('Name', { exact: true }).fill('');
  await page.getByRole('checkbox', { name: 'SMS' }).uncheck();
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
});

story('a link to where one is takes no place in the history', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  await page.getByRole('table', { name: 'Events' }).getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('half a name');
  await page.evaluate(() => history.go(-2));
  await page.getByRole('dialog', { name: 'Leave this form?' }).waitFor();
  assert.match(page.url(), /#\/edit\//);
  await dialog(page).getByRole('button', { name: 'Leave' }).click();
  await keys(page).waitFor();
});

story('no way back leads to what is over', async ({ page, admin }) => {
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Create key' }).first().click();
  await fillIn(page, 'reminders');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  await page.goBack();
  await keys(page).waitFor();
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Name', { exact: true }).fill('renamed');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'renamed' }).waitFor();
  await page.goBack();
  await keys(page).waitFor();
  await page.getByRole('link', { name: 'renamed' }).click();
  await page.getByRole('button', { name: 'Delete…' }).click();
  await dialog(page).getByLabel('To confirm').fill((await admin.send('GET', '')).body.apiKeys[0].id.slice(-6));
  await dialog(page).getByRole('button', { name: 'Delete' }).click();
  await keys(page).waitFor();
  await page.getByText('1 key', { exact: true }).waitFor();
  await page.goForward();
  await page.waitForTimeout(200);
  assert.equal(await page.getByRole('heading', { name: 'No such key' }).count(), 0);
});

story('the list is where it was for who comes back', async ({ page, admin }) => {
  const like = await admin.find(admin.id);
  const all = Array.from({ length: 1300 }, (_, at) => ({ ...like, id: String(at).padStart(22, '0'), name: `key ${at}` }));
  await page.route(KEYS, (route) => {
    const start = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
    return route.fulfill({ json: { apiKeys: all.slice(start, start + 1000), nextCursor: start + 1000 < all.length ? String(start + 1000) : null } });
  });
  await page.route(ONE_KEY, (route) => route.fulfill({ json: all.find(({ id }) => route.request().url().endsWith(id)) }));
  await page.route(/\/(usage|events)\?/, (route) => route.fulfill({ json: { usage: [], events: [], nextCursor: null } }));
  await signIn(page, admin);
  await page.getByText('100 of 1,000 keys').waitFor();
  for (let times = 0; times < 10; times += 1) await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByText('1,100 of 1,300 keys').waitFor();
  const link = page.getByRole('link', { name: 'key 1050', exact: true });
  await link.scrollIntoViewIfNeeded();
  await link.click();
  await page.getByRole('heading', { name: 'key 1050' }).waitFor();
  assert.equal(await page.evaluate(() => scrollY), 0);
  for (const back of [() => page.goBack(), () => page.getByRole('link', { name: '← Keys' }).click()]) {
    await back();
    await page.getByText('1,100 of 1,300 keys').waitFor();
    await page.waitForFunction(() => document.activeElement.textContent === 'key 1050');
    await page.waitForTimeout(300);
    const { top, focus } = await link.evaluate((element) => ({ top: element.getBoundingClientRect().top, focus: element === document.activeElement }));
    assert.ok(top > -1 && top < 800 && focus, `${top} ${focus}`);
    await link.click();
    await page.getByRole('heading', { name: 'key 1050' }).waitFor();
  }
});

story('a key that is refused in the middle of anything leaves a page that works', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  for (const act of [
    async () => {
      await visit(page, '#/new');
      await fillIn(page, 'never');
      return () => page.getByRole('button', { name: 'Create key' }).click();
    },
    async () => {
      await page.getByRole('link', { name: 'reminders' }).click();
      await page.getByRole('button', { name: 'Rotate…' }).click();
      return () => dialog(page).getByRole('button', { name: 'Rotate' }).click();
    },
    async () => {
      await page.getByRole('link', { name: 'reminders' }).click();
      await page.getByRole('link', { name: 'Edit' }).click();
      await page.getByLabel('Name', { exact: true }).fill('other');
      return () => page.getByRole('button', { name: 'Save changes' }).click();
    },
    async () => {
      await page.getByRole('link', { name: 'reminders' }).click();
      await page.getByRole('button', { name: 'Disable…' }).click();
      return () => dialog(page).getByRole('button', { name: 'Disable' }).click();
    },
  ]) {
    const manager = await admin.create({ name: 'manager', operations: ['AUTHENTICATION', 'SMS'] });
    await signIn(page, manager);
    await page.getByText(/^\d keys$/).waitFor();
    const go = await act();
    await admin.send('PATCH', `/${manager.id}`, { enabled: false });
    await go();
    await page.getByText('You were signed out: your key no longer works.').waitFor();
    assert.equal(await dialog(page).count(), 0);
    await page.waitForTimeout(600);
    assert.equal(await page.getByText('Waiting for the answer').count(), 0, 'nothing is waited for');
    await signIn(page, admin);
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
  }
  assert.ok(!(await admin.names()).includes('never'));
});

story('the end of a session waits for the value that is shown', async ({ page, admin }) => {
  const manager = await admin.create({ name: 'manager', operations: ['AUTHENTICATION', 'SMS'] });
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, manager, 'reminders');
  // A part of the view that is still asked for when the key ends.
  await page.getByRole('heading', { name: 'Events' }).locator('..').getByLabel('Show').waitFor();
  const late = await holdBack(page, 'GET', /\/events\?/);
  await page.getByRole('heading', { name: 'Events' }).locator('..').getByLabel('Show').selectOption('Changes made with this key');
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  const value = page.getByRole('textbox', { name: 'Value' });
  await value.waitFor();
  await admin.send('PATCH', `/${manager.id}`, { enabled: false });
  const refused = page.waitForResponse((response) => response.status() === 401);
  late();
  await refused;
  await page.waitForTimeout(300);
  const shown = await value.inputValue();
  assert.ok(shown.length > 100 && shown !== key.value, 'it is still there');
  await pressEscape(page, 1);
  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByText('You were signed out: your key no longer works.').waitFor();
  await signIn(page, admin);
});

story('a page that the browser puts away while a value is shown works afterwards', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Rotate…' }).click();
  await dialog(page).getByRole('button', { name: 'Rotate' }).click();
  await page.getByRole('textbox', { name: 'Value' }).waitFor();
  const value = await page.getByRole('textbox', { name: 'Value' }).inputValue();
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await page.getByText('You are signed out.').waitFor();
  assert.equal(await dialog(page).count(), 0);
  assert.ok(!(await page.content()).includes(value));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
});

story('of two changes of a key the later one stands, whichever is answered last', async ({ page, admin }) => {
  await signIn(page, admin);
  await page.getByRole('row').filter({ hasText: 'your key' }).waitFor();
  const save = () => page.getByRole('button', { name: 'Save changes' }).click();
  async function rename(name) {
    await visit(page, `#/edit/${admin.id}`);
    await page.getByLabel('Name', { exact: true }).fill(name);
  }
  await rename('first');
  const answer = await delayAnswer(page, 'PATCH', ONE_KEY);
  await save();
  while ((await admin.find(admin.id)).name !== 'first') await page.waitForTimeout(50);
  await visit(page, '#/usage');
  await dialog(page).getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
  await rename('second');
  await save();
  await page.getByRole('heading', { name: 'second Active' }).waitFor();
  await page.getByRole('link', { name: 'Usage' }).click();
  answer();
  await page.getByText('Unnamed key is changed.').waitFor();
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByText('Ada · second').waitFor();
  await page.getByRole('table', { name: 'Events' }).getByRole('link', { name: 'second' }).first().waitFor();
});

story('what was asked for before a change is not shown after it', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  const open = () => page.getByRole('button', { name: 'Disable…' }).click();
  const disable = () => dialog(page).getByRole('button', { name: 'Disable' }).click();
  const change = await holdBack(page, 'PATCH', ONE_KEY);
  await open();
  await disable();
  await page.goBack();
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('heading', { name: 'reminders Active' }).waitFor();
  await open();
  const read = await delayAnswer(page, 'GET', ONE_KEY);
  change();
  await page.getByText('reminders is disabled.').waitFor();
  await page.waitForTimeout(300);
  await admin.send('PATCH', `/${key.id}`, { name: 'theirs' });
  await disable();
  await page.getByRole('heading', { name: 'theirs Disabled' }).waitFor();
  read();
  await page.waitForTimeout(500);
  await page.getByRole('heading', { name: 'theirs Disabled' }).waitFor();
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('link', { name: 'theirs' }).first().waitFor();
});

story('the dialog that is open by then shows how a change ended', async ({ page, admin }) => {
  await admin.create({ name: 'other' });
  await admin.create({ name: 'reminders' });
  await openKey(page, admin, 'reminders');
  await page.getByRole('button', { name: 'Disable…' }).click();
  const change = await holdBack(page, 'PATCH', ONE_KEY);
  await dialog(page).getByRole('button', { name: 'Disable' }).click();
  await page.goBack();
  await page.getByRole('link', { name: 'other' }).click();
  await page.getByRole('button', { name: 'Delete…' }).click();
  change();
  await dialog(page).getByRole('status').getByText('reminders is disabled.').waitFor();
  await checkState(page);
  await pressEscape(page, 1);
  assert.equal(await dialog(page).count(), 0);
  await page.getByRole('status').getByText('reminders is disabled.').waitFor();
});

story('no value that is typed into the address stays, even if the view is held', async ({ page, admin }) => {
  const { value } = await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await visit(page, '#/new');
  await fillIn(page, 'half a name');
  await page.evaluate((hash) => (location.hash = hash), `#/key/${value}`);
  await page.getByRole('dialog', { name: 'Leave this form?' }).waitFor();
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await page.waitForURL(/#\/new$/);
  assert.ok(!(await everythingKept(page)).includes(value));
});
