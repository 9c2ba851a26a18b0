// The keys of the account.

import { account, call, isSelf, mayManage, renew, self } from './api.js';
import { tagsOf, textsOf } from './fields.js';
import {
	apart, attempt, badge, bdi, button, cells, DAY, fill, h, heading, limitsText, linkTo, mark, moment, named, nameOf, number, offer, table,
} from './parts.js';
import { thisView } from './scope.js';
import { words } from './words.js';

const text = words.keys;
const STEP = 100;
// A value, and the id in it.
const VALUE = /_1[0-9A-Za-z]{22}([0-9A-Za-z]{22})_[0-9A-Za-z]{49}/;

/** @type {any} The newest keys, and the place to return to. */
export let list;

export const forgetKeys = () => (list = { keys: [], cursor: null, loaded: false, rows: STEP, top: 0, search: '', filters: {} });
forgetKeys();

/** What a key is now: nothing if it is gone. Versions are in the order of time, and answers may not be. */
export function noteKey(id, now) {
	if ([self(), ...list.keys].some((key) => key.id === id && now?.etag < key.etag)) return;
	list.keys = list.keys.flatMap((key) => (key.id === id ? now ?? [] : key));
	if (isSelf(id)) renew(now);
}

/** And the older keys that were loaded before. */
function newest(page, cursor) {
	const last = list.keys.findIndex(({ id }) => id === page.at(-1)?.id);
	const older = cursor && last >= 0 ? list.keys.slice(last + 1) : [];
	return { keys: [...page, ...older], cursor: older.length > 0 ? list.cursor : cursor };
}

export function keysView() {
	let matching = [];
	let rows;
	let latest;
	const search = h('input', { type: 'search', value: list.search, placeholder: text.searchHint, autocomplete: 'off', dir: 'auto', input: () => find() });
	const { operations, maxKeyLifetimeDays } = account();
	const choices = {
		status: words.status, operation: named([...operations, 'AUTHENTICATION_READ']), unusedSince: text.days, expiresBefore: text.days,
		...(maxKeyLifetimeDays && { exceedsLifetime: text.exceedsLifetime }),
	};
	const filters = [
		...Object.entries(choices).map(([name, all]) => [text.filters[name], offer(h('select', { name, change: choose }), { '': text.any, ...all })]),
		...Object.entries(text.typed).map(([name, [label, placeholder]]) => [label, h('input', { name, placeholder, change: choose })]),
	];
	const count = h('p', { role: 'status' });
	const slot = h('div');
	const body = h('tbody', { role: 'rowgroup', click: ({ target }) => (list.opened = target.closest('a')?.hash) });
	const help = h('div.notice');
	const quota = h('p.hint');
	const more = button(words.more, showMore);

	// No value may get into an address.
	const withoutValue = (input) => (input.value = VALUE.exec(input.value)?.[1] ?? input.value);

	function find(more = {}) {
		Object.assign(list, { search: withoutValue(search), rows: STEP, ...more });
		show();
	}

	function choose() {
		find({ keys: [], cursor: null, loaded: false, filters: Object.fromEntries(filters.map(([, input]) => [input.name, withoutValue(input)])) });
		reload();
	}

	// A row keeps focus and place.
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

	function extend(to) {
		const terms = list.search.normalize().toLowerCase().split(/\s+/);
		matching = list.keys.filter((key) => matches(key, terms));
		body.append(...matching.slice(rows, to).map(row));
		rows = Math.min(to, matching.length);
		total(list.cursor === null);
	}

	function total(complete) {
		const numbers = [rows, matching.length, list.keys.length].map(number);
		fill(count, list.loaded && text.count(...numbers, complete));
		more.hidden = complete && rows === matching.length;
		fill(help, list.loaded && matching.length === 0 && (complete ? text.nothing : text.nothingYet));
	}

	async function loadPage(cursor) {
		const mine = (latest = {});
		const { apiKeys, nextCursor } = await call('GET', `?${queryOf(list.filters, cursor)}`);
		if (latest !== mine) return false;
		Object.assign(list, cursor ? { keys: [...list.keys, ...apiKeys], cursor: nextCursor } : newest(apiKeys, nextCursor), { loaded: true });
		return true;
	}

	const reload = () => attempt(slot, async () => {
		const [isWanted, now] = await Promise.all([loadPage(), call('GET', '/account')]);
		const { keyCount, maxKeys, accountLimits } = Object.assign(account(), now);
		if (!isWanted) return;
		fill(quota, maxKeys && text.quota(number(keyCount), number(maxKeys)), accountLimits && text.together(limitsText(accountLimits)));
		show();
	});

	async function showMore() {
		const next = rows;
		list.rows = next + STEP;
		extend(list.rows);
		if (list.cursor && rows < list.rows) await attempt(slot, loadOlder);
		body.rows[next]?.querySelector('a').focus();
	}

	async function loadOlder() {
		while (list.cursor && rows < list.rows && (await loadPage(list.cursor))) extend(list.rows);
	}

	const { top, opened } = list;
	function comeBack() {
		const link = linkOf(opened);
		if (!link) return;
		scrollTo(0, top);
		link.focus({ preventScroll: true });
		link.scrollIntoView({ block: 'nearest' });
	}

	for (const [, input] of filters) input.value = list.filters[input.name] ?? '';
	show();
	list.opened = null;
	addEventListener('scroll', () => (list.top = scrollY), { signal: thisView() });
	// A page that was asked for before lacks it.
	addEventListener('late', () => {
		show();
		reload();
	}, { signal: thisView() });
	reload();
	setTimeout(() => setTimeout(comeBack));
	return [
		h('div.line', heading(text.title), mayManage() && h('a.button.primary', { href: '#/new' }, words.form.create)),
		h('div.filters', { role: 'search' }, [[text.search, search], ...filters].map((filter) => h('label', filter))),
		h('div.line', count, quota, button(text.refresh, reload, 'quiet')),
		slot,
		table(text.title, text.columns, body),
		help,
		h('div.actions', more),
	];
}

function queryOf({ tag = '', unusedSince, expiresBefore, ...filters }, cursor) {
	const inDays = (days) => days && new Date(Date.now() + days * DAY).toISOString();
	const all = { ...filters, unusedSince: inDays(unusedSince && -unusedSince), expiresBefore: inDays(expiresBefore), cursor };
	const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value));
	const [name, ...rest] = tag.split('=');
	if (tag.trim()) query.set(`tag.${name.trim()}`, rest.join('=').trim());
	return query;
}

function matches(key, terms) {
	const all = [...Object.values(textsOf(key)), ...tagsOf(key), key.id, key.userId, key.username, key.createdBy].join('\n').toLowerCase();
	return terms.every((term) => all.includes(term));
}

const row = (key) => cells(text.columns, [
	[linkTo(key.id, nameOf(key)), mark(key), h('code.sub', key.id), h('span.sub', apart(tagsOf(key)))],
	[bdi(key.username), h('span.sub', bdi(key.userId))],
	badge(key.status),
	words.list(key.operations),
	limitsText(key.effectiveLimits ?? key.limits),
	moment(key.expiresAt),
	moment(key.lastUsedAt),
	moment(key.createdAt),
]);
