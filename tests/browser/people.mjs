// Access for people with other eyes, hands, hearing and languages, beyond what axe checks.

import assert from 'node:assert/strict';

import { checkState, meddle, signIn, story, visit } from './support.mjs';

const DAY = 24 * 60 * 60 * 1000;

story('names of both directions turn nothing around them', async ({ page, admin }) => {
  const name = '\u05de\u05e4\u05ea\u05d7 1';
  const tags = { a: '\u05d0 1', b: '\u05d1 2' };
  const key = await admin.create({ name, username: '\u0622\u062f\u0627', userId: '7 \u0622', description: '\u05ea\u05d9\u05d0\u05d5\u05e8', tags });
  await signIn(page, admin);
  await page.getByRole('link', { name }).waitFor();
  const apart = page.locator('bdi').getByText(/^[ab]=/);
  assert.deepEqual(await apart.allTextContents(), ['a=\u05d0 1', 'b=\u05d1 2'], 'each tag has its own direction');
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
  await page.getByText(/^\d fields$/).click();
  await page.getByRole('table', { name: 'Events' }).locator('bdi').getByText('a=\u05d0 1', { exact: true }).waitFor();
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

/** By the formula of WCAG: how much the parts of charts stand out from the ground, and how much the edges of what can be used do. */
function contrasts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const ground = style(':root').backgroundColor;
  return {
    'an allowed part': ratio(style('.chart rect.allowed').fill, ground),
    'lines of a limited part': ratio(style('#limited path').stroke, style('#limited rect').fill),
    'lines of a denied part': ratio(style('#denied path').stroke, style('#denied rect').fill),
    'the edge of a choice': ratio(style('select').borderTopColor, ground),
    'the mark of the present view': ratio(style('nav a[aria-current]').borderBottomColor, style('header').backgroundColor),
  };
}

story('exact times are for everybody', async ({ page, admin }) => {
  await admin.create({ name: 'reminders', expiresAt: new Date(Date.now() + 29 * DAY).toISOString() });
  await signIn(page, admin);
  const exact = /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d$/;
  const row = page.getByRole('row').filter({ hasText: 'reminders' });
  await row.getByText('in 29 days').getByText(exact).waitFor();
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('table', { name: 'Events' }).getByText(exact).first().waitFor();
});

story('dialogs have exact times, too', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await key.send('GET', '/self');
  await admin.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 3600 });
  await key.send('GET', '/self');
  while ((await admin.find(key.id)).previousValueLastUsedAt === null) await page.waitForTimeout(100);
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  for (const [open, sentence] of [['Rotate…', 'It was last used'], ['Disable…', 'It was last used'], ['Delete…', 'It was last used'], ['End old value…', 'The old value was last used']]) {
    await page.getByRole('button', { name: open }).click();
    await page.getByRole('dialog').getByText(new RegExp(`^${sentence} .*, on \\d+ \\w+ \\d{4}, \\d\\d:\\d\\d:\\d\\d\\.$`)).first().waitFor();
    await page.keyboard.press('Escape');
  }
});

story('a dialog has its text as its description', async ({ page, admin }) => {
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

story('required fields are named', async ({ page, admin }) => {
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

story('the page announces waiting', async ({ page, admin }) => {
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
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    for (const [what, ratio] of Object.entries(await page.evaluate(contrasts))) assert.ok(ratio >= 3, `${what} is ${ratio} : 1 in the ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.emulateMedia({ forcedColors: 'active' });
  const line = (name) => page.getByRole('link', { name, exact: true }).evaluate((link) => getComputedStyle(link).borderBottomColor);
  assert.notEqual(await line('Usage'), await line('Keys'));
  for (const sample of await page.locator('.legend svg').all()) assert.ok((await sample.boundingBox()).width > 10);
  await page.emulateMedia({ forcedColors: 'none' });
  await checkState(page);
});
