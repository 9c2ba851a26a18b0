// What was changed, by whom, from where.

import assert from 'node:assert/strict';

import { checkState, holdBack, meddle, signIn, story } from './support.mjs';

const EVENTS = /\/events\?/;
const rows = (page) => page.getByRole('table', { name: 'Events' }).locator('tbody').getByRole('row');
const column = (page, at) => rows(page).evaluateAll((all, cell) => all.map((row) => row.cells[cell].innerText), at);

story('the events show each change of the account and of a key', async ({ page, admin }) => {
  const other = await admin.create({ name: 'other manager', operations: ['AUTHENTICATION', 'SMS'] });
  const key = await admin.create({ name: 'reminders', description: 'words' });
  await admin.send('PATCH', `/${key.id}`, { name: 'renamed', allowedIps: ['::1', '127.0.0.1'] });
  await other.send('PATCH', `/${key.id}`, { enabled: false });
  await other.send('PATCH', `/${key.id}`, { enabled: true });
  await other.send('POST', `/${key.id}/rotate`, { gracePeriodSeconds: 60 });
  await signIn(page, admin);
  await page.getByText('3 keys', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Events' }).click();
  await rows(page).nth(6).waitFor();

  const done = ['Rotated', 'Changed', 'Changed', 'Changed', 'Created', 'Created', 'Account created'];
  assert.deepEqual(await column(page, 1), done);
  assert.deepEqual((await column(page, 2)).slice(0, 6), ['renamed', 'renamed', 'renamed', 'renamed', 'renamed', 'other manager']);
  assert.deepEqual(await column(page, 3), ['Grace', 'Grace', 'Grace', 'Ada', 'Ada', 'Ada', 'Operator']);
  assert.deepEqual((await column(page, 4)).slice(0, 6), Array(6).fill('127.0.0.1'));
  const changes = await column(page, 5);
  assert.match(changes[0], /^Old value until: \d/);
  assert.deepEqual(changes.slice(1, 3), ['Enabled: false → true', 'Enabled: true → false']);
  assert.deepEqual(changes[3].split('\n').sort(), ['Allowed addresses: ::1, 127.0.0.1', 'Name: reminders → renamed']);
  await rows(page).nth(4).getByText(/^\d fields$/).click();
  await rows(page).nth(4).getByText('Description: words').waitFor();
  await checkState(page);

  await rows(page).first().getByRole('link', { name: 'renamed' }).click();
  await page.getByRole('heading', { name: 'renamed' }).waitFor();
  await rows(page).nth(4).waitFor();
  assert.deepEqual(await column(page, 1), done.slice(0, 5));
  await checkState(page);

  await page.goto(`${page.url().split('#')[0]}#/key/${other.id}`);
  await page.getByRole('heading', { name: 'other manager' }).waitFor();
  await page.getByRole('heading', { name: 'Events' }).locator('..').getByLabel('Show').selectOption('Changes made with this key');
  await rows(page).nth(2).waitFor();
  assert.deepEqual(await column(page, 1), ['Rotated', 'Changed', 'Changed']);
});

story('a deleted key still has its events', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await rows(page).nth(0).waitFor();
  await admin.send('DELETE', `/${key.id}`);
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await rows(page).first().getByText('Deleted').waitFor();
  await rows(page).first().getByRole('link').first().click();
  await page.getByRole('heading', { name: 'No such key' }).waitFor();
  await rows(page).nth(1).waitFor();
  assert.deepEqual(await column(page, 1), ['Deleted', 'Created']);
  await checkState(page);
});

story('a change shows among the events at once', async ({ page, admin }) => {
  await admin.create({ name: 'reminders' });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'reminders' }).click();
  await page.getByRole('button', { name: 'Disable…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await rows(page).first().getByText('Enabled: true → false').waitFor();
});

story('many events are shown a page at a time', async ({ page, admin }) => {
  const key = await admin.create({ name: 'reminders' });
  for (let at = 0; at < 54; at += 1) await admin.send('PATCH', `/${key.id}`, { name: `name ${at}` });
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Events' }).click();
  await rows(page).nth(49).waitFor();
  assert.equal(await rows(page).count(), 50);

  await meddle(page, 'GET', EVENTS, 500);
  const more = page.getByRole('button', { name: 'Show more' });
  await more.click();
  await page.getByRole('alert').getByText('The service could not do this just now.').waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await rows(page).nth(55).waitFor();
  assert.equal(await rows(page).count(), 56);
  assert.ok(!(await more.isVisible()));
  // Those that are not in view have no text yet but their content.
  const changes = await rows(page).evaluateAll((all) => all.map((row) => row.cells[5].textContent));
  assert.equal(changes[0], 'Name: name 52 → name 53');
  assert.equal(changes[50], 'Name: name 2 → name 3');
});

story('the events show changes by operators in words', async ({ page, admin }) => {
  const event = { id: 'e', time: new Date().toISOString(), type: 'account.changed', keyId: null, externalId: 'customer-7', previousEvent: null,
    actor: { type: 'OPERATOR', keyId: null, userId: null, username: null, claimed: 'ops' }, sourceIp: null, requestId: 'r', report: null,
    changes: [{ field: 'externalId', from: 'customer-6', to: 'customer-7' }, { field: 'maxKeys', from: null, to: 50 }] };
  await page.route(EVENTS, (route) => route.fulfill({ json: { events: [event], nextCursor: null } }));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Events' }).click();
  await rows(page).getByText('Operator\u2019s id of the account: customer-6 → customer-7').waitFor();
  await rows(page).getByText('Most keys: 50').waitFor();
  await checkState(page);
});

story('no event is shown twice, however often it is asked for', async ({ page, admin }) => {
  const [event] = (await admin.send('GET', '/events')).body.events;
  const pages = { null: { events: [event], nextCursor: 'next' }, next: { events: [{ ...event, id: 'older' }], nextCursor: null } };
  const cursorOf = (route) => String(new URL(route.request().url()).searchParams.get('cursor'));
  await page.route(EVENTS, (route) => route.fulfill({ json: pages[cursorOf(route)] }));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Events' }).click();
  await rows(page).first().waitFor();
  await meddle(page, 'GET', EVENTS, 500);
  await page.getByRole('button', { name: 'Show more' }).click();
  const again = page.getByRole('button', { name: 'Try again' });
  await again.waitFor();
  const answer = await holdBack(page, 'GET', EVENTS);
  await again.click();
  await page.getByRole('button', { name: 'Show more' }).click();
  await rows(page).nth(1).waitFor();
  answer();
  await page.waitForTimeout(300);
  assert.equal(await rows(page).count(), 2);
});

story('the events show notices of a key\u2019s end in words', async ({ page, admin }) => {
  const [event] = (await admin.send('GET', '/events')).body.events;
  const notice = { ...event, actor: { type: 'SERVICE', keyId: null, userId: null, username: null, claimed: null }, sourceIp: null, changes: [], expiresAt: '2026-12-31T10:15:30.123Z' };
  const events = [
    { ...notice, type: 'key.expired', daysLeft: null }, { ...notice, type: 'key.expiring', daysLeft: 1 }, { ...notice, type: 'key.expiring', daysLeft: 30 },
  ];
  await page.route(EVENTS, (route) => route.fulfill({ json: { events, nextCursor: null } }));
  await signIn(page, admin);
  await page.getByRole('link', { name: 'Events' }).click();
  await rows(page).nth(2).waitFor();
  const ends = '31 Dec 2026, 11:15:30';
  assert.deepEqual(await column(page, 1), ['Expired', 'Expiring', 'Expiring']);
  assert.deepEqual(await column(page, 5), [ends, `1 day left, until ${ends}`, `30 days left, until ${ends}`]);
  assert.deepEqual(await column(page, 3), ['This service', 'This service', 'This service']);
  await checkState(page);
});
