// The whole of it without a mouse.

import assert from 'node:assert/strict';

import { signIn, story } from './support.mjs';

/** What the focused element is called. */
const focused = (page) => page.evaluate(() => {
  const element = /** @type {HTMLInputElement} */ (document.activeElement);
  return element.ariaLabel || element.labels?.[0]?.textContent || element.textContent;
});

/** Presses Tab until the focus is on what is called so. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(page)).startsWith(name)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${name}; it is on ${await focused(page)}`);
}

async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

story('a key lives and dies by the keyboard', async ({ page, admin }) => {
  // All stories share the real one.
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: { writeText: async () => {} } }));
  const heading = (name) => page.getByRole('heading', { name }).waitFor();
  await page.waitForFunction(() => /** @type {HTMLInputElement} */ (document.activeElement).type === 'password');
  await page.keyboard.type(admin.value);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();

  await press(page, 'Create key');
  await heading('New key');
  await tabTo(page, 'Name');
  await page.keyboard.type('by hand');
  await tabTo(page, 'SMS');
  await page.keyboard.press('Space');
  await tabTo(page, 'Expires');
  await page.keyboard.press('ArrowUp');
  await page.getByText('It works until').waitFor();
  await press(page, 'Create key');

  await page.getByRole('dialog', { name: 'by hand is ready' }).waitFor();
  assert.equal(await focused(page), 'Copy');
  await page.keyboard.press('Enter');
  await page.getByText('Copied.', { exact: true }).waitFor();
  await press(page, 'Done');
  await heading('by hand Active');
  const [key] = (await admin.send('GET', '')).body.apiKeys;
  const days = (Date.parse(key.expiresAt) - Date.now()) / (24 * 60 * 60 * 1000);
  assert.ok(Math.abs(days - 30) < 0.1, 'the arrow chose the preset above');

  await press(page, 'Disable…');
  await press(page, 'Disable');
  await heading('by hand Disabled');
  await press(page, 'Enable');
  await heading('by hand Active');
  await press(page, 'Rotate…');
  await press(page, 'Rotate');
  await page.getByRole('dialog', { name: 'by hand has a new value' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('alert').getByText('You have not copied').waitFor();
  assert.equal(await focused(page), 'Back to the value');
  await press(page, 'I have it, close');
  await heading('by hand Active');

  await press(page, 'Delete…');
  assert.match(await focused(page), /^To confirm/);
  await page.keyboard.type(key.id.slice(-6));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Keys', exact: true }).waitFor();
  assert.deepEqual(await admin.names(), [null]);

  for (const name of ['Close', 'Sign out']) {
    await page.keyboard.press('Shift+Tab');
    assert.equal(await focused(page), name, 'the focus is where a reader would go on');
  }
  await page.keyboard.press('Enter');
  await page.getByText('You are signed out.').waitFor();
});

story('the focus stays within a dialog, and is always seen', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await press(page, 'reminders');
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  await press(page, 'Delete…');
  for (let presses = 0; presses < 8; presses += 1) {
    const { inside, outline } = await page.evaluate(() => ({
      inside: document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement),
      outline: getComputedStyle(document.activeElement).outlineStyle,
    }));
    assert.ok(inside);
    if ((await focused(page)).length < 40) assert.equal(outline, 'solid', await focused(page));
    await page.keyboard.press('Tab');
  }
});

story('nothing moves for who wants nothing to move', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('button', { name: 'Delete…' }).click();
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
    const { transitionDuration, animationName } = getComputedStyle(element);
    return transitionDuration !== '0s' || animationName !== 'none';
  }).map(({ tagName }) => tagName));
  assert.deepEqual(moving, []);
}, { reducedMotion: 'reduce' });
