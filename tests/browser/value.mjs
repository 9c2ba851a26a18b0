// A key's value, which is shown this one time.

import assert from 'node:assert/strict';

import { KEYS, checkState, everythingKept, signIn, story } from './support.mjs';

const shown = (page) => page.getByRole('textbox', { name: 'Value' });
const copy = (page) => page.getByRole('button', { name: 'Copy' });
const leaving = (page) => page.getByRole('alert').getByText('You have not copied the value here.');

/** Makes a key, and gives its value as the API answered it. */
async function issue(page, admin) {
  await signIn(page, admin);
  await page.goto(`${page.url().split('#')[0]}#/new`);
  await page.getByLabel('Name', { exact: true }).fill('reminders');
  await page.getByRole('checkbox', { name: 'SMS' }).check();
  const [answer] = await Promise.all([
    page.waitForResponse((response) => KEYS.test(response.url()) && response.request().method() === 'POST'),
    page.getByRole('button', { name: 'Create key' }).click(),
  ]);
  const { value } = await answer.json();
  await page.getByRole('dialog', { name: 'reminders is ready' }).waitFor();
  return value;
}

story('the value is copied', async ({ page, context, admin }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const value = await issue(page, admin);
  assert.equal(await shown(page).inputValue(), value);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Copy', 'Copy has the focus');
  await page.getByText(/curl -H "X-API-Key: \$API_KEY" http.*\/authentication\/self/).waitFor();
  await checkState(page);

  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Copied.', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), value);
  await checkState(page);

  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  assert.ok(!(await everythingKept(page)).includes(value));
});

story('a value that could not be copied is not called copied', async ({ page, context, admin }) => {
  const session = await context.newCDPSession(page);
  const { targetInfo: { browserContextId } } = await session.send('Target.getTargetInfo');
  const permission = { name: 'clipboard-write' };
  await session.send('Browser.setPermission', { permission, setting: 'denied', origin: new URL(page.url()).origin, browserContextId });
  const value = await issue(page, admin);

  await copy(page).click();
  await page.getByRole('status').getByText('Not copied: the browser refused.').waitFor();
  assert.equal(await page.evaluate(() => getSelection().toString()), value, 'it is selected instead');
  assert.equal(await page.getByText('Copied.', { exact: true }).count(), 0);
  await checkState(page);

  await page.getByRole('button', { name: 'Done' }).click();
  await leaving(page).waitFor();
  await checkState(page);
  await page.getByRole('button', { name: 'Back to the value' }).click();
  assert.equal(await shown(page).inputValue(), value);
  assert.ok(!(await leaving(page).isVisible()));

  await page.keyboard.press('Escape');
  await leaving(page).waitFor();
  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  assert.ok(!(await everythingKept(page)).includes(value));
});

story('without a clipboard nothing is called copied', async ({ page, context, admin }) => {
  await context.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await page.reload();
  await issue(page, admin);
  await copy(page).click();
  await page.getByRole('status').getByText('Not copied').waitFor();
});

story('a manager cannot leave the value by accident', async ({ page, admin }) => {
  const value = await issue(page, admin);
  const asked = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    return dialog.dismiss();
  });
  await page.reload({ timeout: 2_000 }).catch(() => {});
  assert.deepEqual(asked, ['beforeunload']);
  await page.evaluate(() => history.back());
  await leaving(page).waitFor();
  await page.goto(`${page.url().split('#')[0]}#/events`);
  await page.waitForURL(/#\/new$/);
  assert.equal(await shown(page).inputValue(), value);

  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.equal(asked.length, 1, 'afterwards no question comes');
});
