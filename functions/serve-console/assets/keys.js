// The keys of the account: found, filtered, a part at a time.

import { call, isSelf } from './api.js';
import { fill, h } from './dom.js';
import { textsOf } from './fields.js';
import { number } from './format.js';
import { attempt, badge, button, cells, heading, bdi, keyLink, limitsText, moment, offer, table } from './parts.js';
import { onLeave } from './scope.js';
import { words } from './words.js';

const text = words.keys;
const STEP = 100;
// A key's value, and the key's id in it.
const VALUE = /_1[0-9A-Za-z]{22}([0-9A-Za-z]{22})_[0-9A-Za-z]{49}/;

const fresh = () => ({
	keys: /** @type {Key[]} */ ([]), cursor: null, loaded: false, rows: STEP, top: 0, opened: null,
	user: '', users: new Map(), search: '', status: '',
});

/** The newest keys, what is looked for among them, and where somebody was who comes back. */
export let list = /** @type {any} */ (fresh());

// Shows the list anew, while it is the view.
let redraw = () => {};

export const forgetKeys = () => (list = fresh());

/** Takes note of what a key is now: nothing, if it is gone. */
export function noteKey(id, /** @type {any} */ now = []) {
	list.keys = list.keys.flatMap((key) => (key.id === id ? now : key));
	redraw();
}

/** The newest page, and behind it those older keys that were loaded before. */
function newest(page, cursor) {
	const last = list.keys.findIndex(({ id }) => id === page.at(-1)?.id);
	const older = cursor && last >= 0 ? list.keys.slice(last + 1) : [];
	return { keys: [...page, ...older], cursor: older.length > 0 ? list.cursor : cursor };
}

export function keysView({ signal }) {
	/** @type {Key[]} */
	let matching;
	let rows;
	let latest;
	const search = h('input', { type: 'search', value: list.search, placeholder: text.searchHint, autocomplete: 'off', dir: 'auto', input: () => find() });
	const status = h('select', { change: () => find() });
	const user = h('select', { change: choose });
	const count = h('p', { role: 'status' });
	const slot = h('div');
	const body = h('tbody', { role: 'rowgroup', click: ({ target }) => (list.opened = target.closest('a')?.hash) });
	const help = h('div.notice');
	const more = button(words.more, () => attempt(slot, showMore));

	function find(more = {}) {
		// Of a pasted value nothing but the id may stay.
		search.value = VALUE.exec(search.value)?.[1] ?? search.value;
		Object.assign(list, { search: search.value, status: status.value, rows: STEP, ...more });
		show();
	}

	function choose() {
		find({ keys: [], cursor: null, loaded: false, user: user.value });
		reload();
	}

	// A row that has the focus keeps it, and its place on the screen.
	function show() {
		const focused = /** @type {any} */ (document.activeElement);
		const hash = body.contains(focused) && focused.hash;
		const { top } = focused.getBoundingClientRect();
		rows = 0;
		fill(body);
		extend(list.rows);
		const link = hash ? linkOf(hash) : null;
		if (!link) return;
		link.focus({ preventScroll: true });
		scrollBy(0, link.getBoundingClientRect().top - top);
	}

	const linkOf = (hash) => [...body.querySelectorAll('a')].find((link) => link.hash === hash);

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
		const names = [...list.users].map(([id, name]) => [id, words.user(words.apart(name), words.apart(id)).join('')]);
		offer(user, { '': text.anyUser, ...Object.fromEntries(names) }).value = list.user;
	}

	/** Whether the page is still wanted when it comes. */
	async function loadPage(cursor) {
		const mine = (latest = {});
		const query = new URLSearchParams({ ...(list.user && { userId: list.user }), ...(cursor && { cursor }) });
		const { apiKeys, nextCursor } = await call('GET', `?${query}`, { signal });
		if (latest !== mine) return false;
		Object.assign(list, cursor ? { keys: [...list.keys, ...apiKeys], cursor: nextCursor } : newest(apiKeys, nextCursor), { loaded: true });
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
		list.rows = next + STEP;
		extend(list.rows);
		while (list.cursor && rows < list.rows && (await loadPage(list.cursor))) extend(list.rows);
		body.rows[next]?.querySelector('a').focus();
	}

	const { top, opened } = list;
	function comeBack() {
		const link = linkOf(opened);
		if (!link) return;
		scrollTo(0, top);
		link.focus({ preventScroll: true });
		link.scrollIntoView({ block: 'nearest' });
	}

	const filters = [
		h('label', text.search, search),
		h('label', text.status, offer(status, { '': text.anyStatus, ...words.status })),
		h('label', text.user, user),
	];
	status.value = list.status;
	offerUsers();
	show();
	redraw = show;
	list.opened = null;
	onLeave(signal, () => (redraw = () => {}));
	addEventListener('scroll', () => (list.top = scrollY), { signal });
	reload();
	// After the heading has taken the focus.
	setTimeout(() => setTimeout(comeBack));
	return [
		h('div.line', heading(text.title), createLink()),
		h('div.filters', { role: 'search' }, filters),
		h('div.line', count, button(text.refresh, reload, 'quiet')),
		slot,
		table(text.title, text.columns, body),
		help,
		h('div.actions', more),
	];
}

const firstSteps = () => [h('h2', text.first), h('p', text.firstText), createLink()];

const createLink = () => h('a.button.primary', { href: '#/new' }, words.form.create);

function matches(key, terms) {
	const all = [...Object.values(textsOf(key)), key.id, key.userId, key.username, key.createdBy].join('\n').toLowerCase();
	return terms.every((term) => all.includes(term));
}

const row = (key) => cells(text.columns, [
	[keyLink(key), h('code.sub', key.id)],
	[bdi(key.username), h('span.sub', bdi(key.userId))],
	badge(key.status),
	words.list(key.operations),
	limitsText(key.effectiveLimits ?? key.limits),
	moment(key.expiresAt),
	moment(key.lastUsedAt),
	moment(key.createdAt),
]);
