// Limits of a key.

import assert from 'node:assert/strict';

import { checkState, signIn, story } from './support.mjs';

const field = (page, per) => page.getByRole('group', { name: 'Limits' }).getByLabel(per, { exact: true });

story('a key gets limits, and others', async ({ page, admin }) => {
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Create key' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('reminders');
  await page.getByRole('checkbox', { name: 'SMS' }).check();
  await field(page, 'a minute').fill('60');
  await field(page, 'an hour').fill('nonsense');
  await field(page, 'a day').fill('10,000');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText(/^an hour must/).waitFor();
  assert.equal(await page.getByRole('group', { name: 'Limits' }).getAttribute('aria-invalid'), 'true');
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
  await page.getByText('60 a minute, 10,000 a day, 100,000 a month', { exact: true }).waitFor();
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

story('what holds is told beside what was given', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders', limits: [{ requests: 60, per: 'MINUTE' }] });
  const lowered = { ...(await admin.find(key.id)), effectiveLimits: [{ requests: 10, per: 'MINUTE' }, { requests: 1000, per: 'DAY' }] };
  await page.route(/\/authentication\/\w{22}$/, (route) => route.fulfill({ json: lowered }));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByText('60 a minute (in force: 10 a minute, 1,000 a day)').waitFor();
  await checkState(page);
});
