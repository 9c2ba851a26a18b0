// What is told to people with other eyes, hands, hearing and languages, beyond what axe knows.

import assert from 'node:assert/strict';

import { checkState, meddle, signIn, story, visit } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;

story('names of both directions turn nothing around them', async ({ page, admin }) => {
  const name = '\u05de\u05e4\u05ea\u05d7 1';
  const key = await admin.create({ name, username: '\u0622\u062f\u0627', userId: '7 \u0622', description: '\u05ea\u05d9\u05d0\u05d5\u05e8' });
  await signIn(page, admin);
  await page.getByRole('link', { name }).waitFor();
  const written = [name, '\u0622\u062f\u0627', '7 \u0622'];
  const inTheOpen = (texts) => page.evaluate((wanted) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const { parentElement, data } = /** @type {Text} */ (walker.currentNode);
      const isApart = parentElement.closest('bdi, [dir="auto"]') || /\u2068.*\u2069/.test(data);
      if (!isApart && wanted.some((text) => data.includes(text))) found.push(parentElement.outerHTML);
    }
    return found;
  }, texts);
  assert.deepEqual(await inTheOpen(written), []);
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { name }).waitFor();
  await page.getByRole('table', { name: 'Events' }).getByRole('row').nth(1).waitFor();
  assert.deepEqual(await inTheOpen([...written, '\u05ea\u05d9\u05d0\u05d5\u05e8']), []);
  for (const open of ['Rotate…', 'Disable…', 'Delete…']) {
    await page.getByRole('button', { name: open }).click();
    await page.getByRole('dialog').waitFor();
    assert.deepEqual(await inTheOpen(written), [], open);
    await page.keyboard.press('Escape');
  }
  await page.getByRole('link', { name: 'Edit' }).click();
  const input = page.getByLabel('Name', { exact: true });
  assert.equal(await input.evaluate((element) => getComputedStyle(element).direction), 'rtl');
  await visit(page, `#/key/${key.id}`);
  await page.getByRole('heading', { name }).waitFor();
  await checkState(page);
});

story('exact times are for everybody', async ({ page, admin }) => {
  await admin.create({ name: 'reminders', expiresAt: new Date(Date.now() + 29 * DAY).toISOString() });
  await signIn(page, admin);
  const row = page.getByRole('row').filter({ hasText: 'reminders' });
  await row.getByText('in 29 days').waitFor();
  const exact = page.getByRole('checkbox', { name: 'Exact times' });
  await exact.press('Space');
  await row.getByText(/^\d+ \w+ \d{4}, \d\d:\d\d:\d\d$/).first().waitFor();
  assert.equal(await row.getByText('in 29 days').count(), 0);
  await checkState(page);
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('table', { name: 'Events' }).getByText(/^\d+ \w+ \d{4}, \d\d:\d\d:\d\d$/).first().waitFor();
  await exact.click();
  await page.getByRole('table', { name: 'Events' }).getByText(/ago$|^now$/).first().waitFor();
});

story('a dialog says what it is about', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  for (const [open, about, start] of [
    ['Rotate…', 'It has never been used.', 'SELECT'],
    ['Disable…', 'It fails from the next request on, until you enable it again.', 'BUTTON'],
    ['Delete…', 'It fails from the next request on, for good.', 'INPUT'],
  ]) {
    await page.getByRole('button', { name: open }).click();
    const dialog = page.getByRole('dialog');
    const id = await dialog.getAttribute('aria-describedby');
    assert.ok((await page.locator(`#${id}`).innerText()).includes(about), open);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), start, open);
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), open, 'the focus is back');
  }
});

story('what has to be filled in is said', async ({ page, admin }) => {
  await signIn(page, admin);
  await visit(page, '#/new');
  for (const name of ['User id of the owner (required)', 'Name of the owner (required)']) {
    assert.ok(await page.getByLabel(name).evaluate((/** @type {HTMLInputElement} */ input) => input.required));
  }
  await page.getByRole('group', { name: 'Operations (required)' }).waitFor();
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('Operations must be a list of one or more operations.').waitFor();
  const first = page.getByRole('main').getByRole('checkbox').first();
  assert.equal(await first.getAttribute('aria-invalid'), 'true');
  assert.ok(await first.evaluate((box) => box === document.activeElement));
});

story('waiting is told', async ({ page, admin }) => {
  let answer;
  await meddle(page, 'GET', '**/self', async (route) => {
    await new Promise((resolve) => (answer = resolve));
    await route.fallback();
  });
  await page.getByLabel('Your key').fill(admin.value);
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText(/Waiting for the answer/).waitFor();
  answer();
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
  await meddle(page, 'GET', /\/authentication\?/, async (route) => {
    await new Promise((resolve) => (answer = resolve));
    await route.fallback();
  });
  await page.getByRole('button', { name: 'Refresh' }).click();
  const status = page.getByRole('status').filter({ hasText: /Waiting for the answer/ });
  await status.waitFor();
  await checkState(page);
  answer();
  await status.waitFor({ state: 'detached' });
});

story('parts of a chart differ without colours, and the present view is seen', async ({ page, admin }) => {
  const start = new Date(Math.floor(Date.now() / DAY) * DAY).toISOString();
  await page.route(/\/usage\?/, (route) => route.fulfill({ json: { usage: [{ start, allowed: 3, limited: 2, denied: 1 }] } }));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Usage' }).click();
  const chart = page.getByRole('img', { name: 'Requests: 3 allowed, 2 limited, 1 denied' });
  await chart.waitFor();
  const fills = await chart.evaluate((svg) => ['allowed', 'limited', 'denied'].map((verdict) => {
    const { fill } = getComputedStyle(svg.querySelector(`:scope > .${verdict}`));
    // As in `url("…#limited")`.
    return fill.startsWith('url') ? document.querySelector(fill.slice(5, -2).replace(/.*#/, '#')).querySelector('path').getAttribute('d') : 'plain';
  }));
  assert.equal(new Set(fills).size, 3, `${fills}`);
  assert.equal(fills[0], 'plain');
  await page.emulateMedia({ forcedColors: 'active' });
  const line = (name) => page.getByRole('link', { name, exact: true }).evaluate((link) => getComputedStyle(link).borderBottomColor);
  assert.notEqual(await line('Usage'), await line('Keys'));
  for (const sample of await page.locator('.legend svg').all()) assert.ok((await sample.boundingBox()).width > 10);
  await page.emulateMedia({ forcedColors: 'none' });
  await checkState(page);
});
