// The keys of the account: found, filtered, a part at a time.

import { call, isSelf } from './api.js';
import { fill, h } from './dom.js';
import { textsOf } from './fields.js';
import { number } from './format.js';
import { attempt, badge, button, cells, heading, keyLink, limitsText, moment, offer, table } from './parts.js';
import { words } from './words.js';

const text = words.keys;
// Thousands of rows at once would stop the page for a moment.
const STEP = 100;
// In a key's value: the version, the account's id, the key's id, the secret.
const VALUE = /_1[0-9A-Za-z]{22}([0-9A-Za-z]{22})_[0-9A-Za-z]{49}/;

const fresh = () => ({ keys: /** @type {Key[]} */ ([]), cursor: null, loaded: false, user: '', users: new Map(), search: '', status: '' });

/** The newest keys, and what is looked for among them. */
export let list = fresh();

export const forgetKeys = () => (list = fresh());

export const putKey = (/** @type {Key} */ changed) => (list.keys = list.keys.map((key) => (key.id === changed.id ? changed : key)));

export const dropKey = (id) => (list.keys = list.keys.filter((key) => key.id !== id));

export function keysView({ signal }) {
	/** @type {Key[]} */
	let matching;
	let rows;
	let latest;
	const search = h('input', { type: 'search', value: list.search, placeholder: text.searchHint, autocomplete: 'off', input: find });
	const status = h('select', { change: find });
	const user = h('select', { change: () => choose(user.value) });
	const count = h('p', { role: 'status' });
	const slot = h('div');
	const body = h('tbody', { role: 'rowgroup' });
	const help = h('div.help');
	const more = button(words.more, () => attempt(slot, showMore));

	function find() {
		// A pasted value names its key; the rest of it is not needed and must not stay.
		search.value = VALUE.exec(search.value)?.[1] ?? search.value;
		Object.assign(list, { search: search.value, status: status.value });
		show();
	}

	function choose(id) {
		Object.assign(list, { keys: [], cursor: null, loaded: false, user: id });
		show();
		reload();
	}

	function show() {
		rows = 0;
		fill(body);
		extend(STEP);
	}

	// What was loaded since comes behind the rows that are there.
	function extend(to) {
		const terms = list.search.toLowerCase().split(/\s+/);
		matching = list.keys.filter((key) => (!list.status || key.status === list.status) && matches(key, terms));
		body.append(...matching.slice(rows, to).map(row));
		rows = Math.min(to, matching.length);
		tell(list.cursor === null);
	}

	function tell(complete) {
		const numbers = [rows, matching.length, list.keys.length].map(number);
		fill(count, list.loaded && text.count(...numbers, complete));
		more.hidden = complete && rows === matching.length;
		const alone = complete && list.keys.length === 1 && isSelf(list.keys[0].id);
		fill(help, list.loaded && (matching.length === 0 ? h('p', complete ? text.nothing : text.nothingYet) : alone && firstSteps()));
	}

	function offerUsers() {
		const names = [...list.users].map(([id, name]) => [id, words.user(name, id)]);
		offer(user, { '': text.anyUser, ...Object.fromEntries(names) }).value = list.user;
	}

	/** Whether the page is still wanted when it comes. */
	async function loadPage(cursor) {
		const mine = (latest = {});
		const query = new URLSearchParams({ ...(list.user && { userId: list.user }), ...(cursor && { cursor }) });
		const { apiKeys, nextCursor } = await call('GET', `?${query}`, { signal });
		if (latest !== mine) return false;
		const keys = cursor ? [...list.keys, ...apiKeys] : apiKeys;
		Object.assign(list, { keys, cursor: nextCursor, loaded: true });
		apiKeys.forEach((key) => list.users.set(key.userId, key.username));
		offerUsers();
		return true;
	}

	const reload = () => attempt(slot, async () => {
		fill(slot, !list.loaded && h('p.hint', words.loading));
		if (await loadPage()) {
			fill(slot);
			show();
		}
	});

	async function showMore() {
		const next = rows;
		extend(next + STEP);
		// Where few match, many pages may have to be looked through.
		while (list.cursor && rows < next + STEP && (await loadPage(list.cursor))) extend(next + STEP);
		body.rows[next]?.querySelector('a').focus();
	}

	const filters = [
		h('label', text.search, search),
		h('label', text.status, offer(status, { '': text.anyStatus, ...words.status })),
		h('label', text.user, user),
	];
	status.value = list.status;
	offerUsers();
	show();
	reload();
	return [
		h('div.line', heading(text.title), h('a.button.primary', { href: '#/new' }, words.form.create)),
		h('div.filters', { role: 'search' }, filters),
		h('div.line', count, button(text.refresh, reload, 'quiet')),
		slot,
		table(text.title, text.columns, body),
		help,
		h('div.actions', more),
	];
}

const firstSteps = () => [
	h('h2', text.first),
	h('p', text.firstText),
	h('a.button.primary', { href: '#/new' }, words.form.create),
];

function matches(/** @type {Key} */ key, terms) {
	const all = [...Object.values(textsOf(key)), key.id, key.userId, key.username, key.createdBy].join('\n').toLowerCase();
	return terms.every((term) => all.includes(term));
}

const row = (/** @type {Key} */ key) => cells(text.columns, [
	[keyLink(key), h('code.sub', key.id)],
	[key.username, h('span.sub', key.userId)],
	badge(key.status),
	words.list(key.operations),
	limitsText(key.effectiveLimits ?? key.limits),
	moment(key.expiresAt),
	moment(key.lastUsedAt),
	moment(key.createdAt),
]);
