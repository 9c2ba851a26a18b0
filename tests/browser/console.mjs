// The console in a real browser, against the deployed service. Its address is in API_URL, accounts of its own in ACCOUNTS;
// STORIES names the files to run; without it, all run.

import { describe } from 'node:test';

const ALL = ['sign-in', 'keys', 'create', 'value', 'key', 'keyboard', 'usage', 'events', 'limits', 'leaving', 'lost', 'own-key', 'people', 'reader', 'lifetime'];

// Each has a browser context of its own, and waits most of the time.
describe('the console', { concurrency: 3 }, async () => {
  for (const name of process.env.STORIES?.split(' ') ?? ALL) await import(`./${name}.mjs`);
});
