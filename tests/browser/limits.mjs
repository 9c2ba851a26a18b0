// Limits of a key.

import assert from 'node:assert/strict';

import { amendAnswer, checkState, signIn, story } from './support.mjs';

const field = (page, per) => page.getByRole('group', { name: 'Limits' }).getByLabel(per, { exact: true });

story('a key gets limits, and others', async ({ page, admin }) => {
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Create key' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('reminders');
  await page.getByRole('checkbox', { name: 'SMS' }).check();
  await field(page, 'a minute').fill('60');
  await field(page, 'a day').fill('10,000');
  for (const nonsense of ['nonsense', '1,5', '1.50', ',', '1,000.5', '10,00', '1e3', '-5', '0,500', '0.500', '00 500', '10\u00b3', '1\u00bd', '\u2460']) {
    await field(page, 'an hour').fill(nonsense);
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByText('an hour needs a whole number, such as 1000 or 1,000.').waitFor();
    assert.equal(await field(page, 'an hour').getAttribute('aria-invalid'), 'true', nonsense);
    assert.equal(await field(page, 'a day').getAttribute('aria-invalid'), null);
    assert.ok(await field(page, 'an hour').evaluate((input) => input === document.activeElement), 'the wrong one has the focus');
  }
  await checkState(page);

  await field(page, 'an hour').fill('500');
  await field(page, 'a month').fill('100000');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('group', { name: 'Limits' }).getByText(/^Limits must/).waitFor();

  await field(page, 'an hour').fill('');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'I have it, close' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  await page.locator('dl').getByText('60 a minute, 10,000 a day, 100,000 a month', { exact: true }).waitFor();
  const [{ id, limits }] = (await admin.send('GET', '')).body.apiKeys;
  const given = [['MINUTE', 60], ['DAY', 10_000], ['MONTH', 100_000]];
  assert.deepEqual(limits, given.map(([per, requests]) => ({ requests, per })));

  await page.getByRole('link', { name: '← Keys' }).click();
  const row = page.getByRole('row').filter({ hasText: 'reminders' });
  await row.getByText('60 a minute, 10,000 a day, 100,000 a month').waitFor();
  await row.getByRole('link').click();
  await page.getByRole('link', { name: 'New key like this' }).click();
  assert.equal(await field(page, 'a day').inputValue(), '10000');
  await page.goBack();

  await page.getByRole('link', { name: 'Edit' }).click();
  for (const per of ['a minute', 'a day', 'a month']) await field(page, per).fill('');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  assert.equal((await admin.find(id)).limits, null);
});

story('a key shows the limits in force beside its own', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders', limits: [{ requests: 60, per: 'MINUTE' }] });
  const lowered = { ...(await admin.find(key.id)), effectiveLimits: [{ requests: 10, per: 'MINUTE' }, { requests: 1000, per: 'DAY' }] };
  await page.route(/\/authentication\/\w{22}$/, (route) => route.fulfill({ json: lowered }));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByText('60 a minute (in force: 10 a minute, 1,000 a day)').waitFor();
  await checkState(page);
});

story('whole numbers are taken as people write them', async ({ page, admin }) => {
  await signIn(page, admin);
  const key = await admin.create({ name: 'reminders' });
  for (const [typed, requests] of /** @type {const} */ ([
    ['1 000', 1000], ['1\u00a0000', 1000], ['1\u202f234\u202f567', 1_234_567], ['2,000', 2000], ['3.000', 3000], ['4\u2019000', 4000], [' 500 ', 500], ['\uff16\uff10', 60],
  ])) {
    await page.goto(`${page.url().split('#')[0]}#/edit/${key.id}`);
    await field(page, 'a day').fill(typed);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByRole('heading', { name: 'reminders' }).waitFor();
    assert.deepEqual((await admin.find(key.id)).limits, [{ requests, per: 'DAY' }], typed);
  }
  await page.goto(`${page.url().split('#')[0]}#/edit/${key.id}`);
  await page.getByLabel('Allowed addresses').fill('203.0.113.0 / 24; 2001:db8::1,\u00a0192.0.2.7');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'reminders' }).waitFor();
  assert.deepEqual((await admin.find(key.id)).allowedIps, ['203.0.113.0/24', '2001:db8::1', '192.0.2.7']);
});

story('the list shows the limits of the account, and how much is left', async ({ page, admin }) => {
  await admin.create({ name: 'reminders', limits: [{ requests: 500, per: 'HOUR' }] });
  const accountLimits = [{ requests: 1_000_000, per: 'MONTH' }, { requests: 5000, per: 'HOUR' }];
  await amendAnswer(page, /\/authentication\/account$/, { accountLimits: accountLimits.map((limit, at) => ({ ...limit, remaining: 642_400 * (1 - at), resetSeconds: 3 })) });
  await amendAnswer(page, /\/authentication\/\w{22}$/, { accountLimits });
  await signIn(page, admin);
  await page.getByText('all keys together: 1,000,000 a month (at least 642,400 left), 5,000 an hour (at least 0 left)').waitFor();
  await page.getByRole('row').filter({ hasText: 'reminders' }).getByText('500 an hour', { exact: true }).waitFor();
  await checkState(page);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.locator('dl').getByText('Limits of the account').waitFor();
  await page.locator('dl').getByText('1,000,000 a month, 5,000 an hour', { exact: true }).waitFor();
  await checkState(page);
});

story('where the account has no limits, the list shows none', async ({ page, admin }) => {
  await signIn(page, admin);
  await page.getByText(/^1 of [\d,]+ in use$/).waitFor();
  await page.getByRole('link', { name: 'Unnamed key' }).click();
  await page.getByRole('heading', { name: 'Unnamed key' }).waitFor();
  assert.equal(await page.getByText('Limits of the account').count(), 0);
});
