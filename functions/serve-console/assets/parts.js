// What several views have.

import { Problem, isSelf } from './api.js';
import { fill, h } from './dom.js';
import { words } from './words.js';

export * from './dom.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const relative = new Intl.RelativeTimeFormat(words.locale, { numeric: 'auto' });
const format = (/** @type {any} */ options) => {
	const formatter = new Intl.DateTimeFormat(words.locale, options);
	return (date) => formatter.format(new Date(date));
};

export const number = new Intl.NumberFormat(words.locale).format;

export const atTime = format({ dateStyle: 'medium', timeStyle: 'medium' });

export const inFull = format({ dateStyle: 'full', timeStyle: 'long' });

// Usage is counted in UTC.
export const bucketTime = {
	day: format({ timeZone: 'UTC', day: 'numeric', month: 'short' }),
	hour: format({ timeZone: 'UTC', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
};

function fromNow(date) {
	const ahead = Number(new Date(date)) - Date.now();
	const size = Math.abs(ahead);
	/** @type {[Intl.RelativeTimeFormatUnit, number]} */
	const [unit, length] =
		size < 59_500 ? ['second', 1000]
		: size < 59.5 * MINUTE ? ['minute', MINUTE]
		// A "tomorrow" could be the day after.
		: size < 47.5 * HOUR ? ['hour', HOUR]
		: size < 100 * DAY ? ['day', DAY]
		: ['month', 30.44 * DAY];
	return relative.format(Math.round(ahead / length), unit);
}

/** Names the page: no key, since the browser keeps that. */
export function heading(title, ...content) {
	document.title = `${title} · ${words.product}`;
	const element = h('h1', { tabindex: -1 }, content.length > 0 ? content : title);
	setTimeout(() => element.focus({ preventScroll: true }));
	return element;
}

export function button(text, work, kind = '', attributes = {}) {
	const click = () => work && whileBusy(element, work);
	const element = h(`button.${kind}`, { type: work ? 'button' : 'submit', click, ...attributes }, text);
	return element;
}

// `disabled` would take the focus away.
async function whileBusy(element, work) {
	if (element.ariaDisabled) return;
	element.ariaDisabled = 'true';
	try {
		await work();
	} finally {
		element.ariaDisabled = null;
	}
}

export const form = (kind, submit, work, ...content) => h(`form.${kind}`, {
	novalidate: true,
	submit: (event) => {
		event.preventDefault();
		whileBusy(submit, work);
	},
}, content);

export const badge = (status) => h(`span.badge.${status.toLowerCase()}`, words.status[status] ?? status);

export const moment = (date) => (date ? h('time', { datetime: date }, fromNow(date), h('span.sub', atTime(date))) : words.never);

export const bdi = (text) => h('bdi', text);

export const apart = (texts) => texts.map((text, at) => [at > 0 && ', ', bdi(text)]);

export const nameOf = (key) => bdi(key.name || words.unnamed);

export const userOf = ({ username, userId }) => words.user(bdi(username), bdi(userId));

export const mark = (key) => isSelf(key.id) && h('span.mark', words.yourKey);

export const linkTo = (id, ...content) => h('a', { href: `#/key/${id}` }, content);

export const limitsText = (limits) =>
	limits?.length ? words.list(limits.map(({ requests, per, remaining }) =>
		words.limit(number(requests), per) + (remaining === undefined ? '' : words.left(number(remaining))))) : words.none;

const used = (date, it, never) => h('p', date ? words.lastUsed(it, fromNow(date), atTime(date)) : never);

export const lastUse = (key) => used(key.lastUsedAt, words.it, words.neverUsed);

export const oldUse = (key) => used(key.previousValueLastUsedAt, words.endOld.it, words.endOld.unused);

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/;

export const inWords = (text) => text.replace(TIME, atTime);

function valueText(value) {
	if (value === null || value === undefined) return words.none;
	if (Array.isArray(value)) return value[0]?.per ? limitsText(value) : apart(value);
	if (typeof value === 'object') return apart(Object.entries(value).map((tag) => tag.join('=')));
	return TIME.exec(value)?.[0] === value ? atTime(value) : bdi(String(value));
}

export const changeList = (changes) => h('ul', changes.map(({ field, from, to }) =>
	h('li', `${words.fields[field] ?? field}: `, from !== null && [h('del', valueText(from)), ' → '], valueText(to))));

export const table = (label, columns, body, attributes) =>
	h(`table.rows.of-${columns.length}`, { role: 'table', 'aria-label': label, ...attributes },
		h('thead', { role: 'rowgroup' },
			h('tr', { role: 'row' }, columns.map((name) => h('th', { role: 'columnheader', scope: 'col' }, name)))),
		body);

export const cells = (columns, contents) =>
	h('tr', { role: 'row' }, columns.map((name, at) => h('td', { role: 'cell', 'data-label': name }, contents[at])));

export const named = (names) => Object.fromEntries(names.map((name) => [name, name]));

export function offer(select, options) {
	fill(select, Object.entries(options).map(([value, name]) => h('option', { value }, name)));
	return select;
}

export function reasonOf(problem) {
	const { status, code, sent, retryAfter, message } = problem;
	if (!(problem instanceof Problem)) throw problem;
	return (
		status === 0 ? (sent ? words.noAnswer : words.offline)
		: status === 429 ? words.tooMany(retryAfter)
		: status >= 500 ? words.failed
		: code === 'ADDRESS' ? words.signIn.wrongAddress
		: message || words.noReason(status)
	);
}

export function notice(problem, retry) {
	const { errors, requestId, temporary, advice } = problem;
	return h('div.notice.bad', { role: 'alert' },
		h('p', advice ?? reasonOf(problem)),
		h('ul', errors.map(({ field, message }) => h('li', words.wrong(field, message)))),
		requestId && h('p.hint', words.requestId, h('code', requestId)),
		retry && temporary && button(words.tryAgain, retry));
}

/** Shows in a slot what went wrong, unless other work began there since. */
export async function attempt(slot, work) {
	const hadFocus = slot.contains(document.activeElement);
	const mine = (slot.latest = {});
	const isLatest = () => slot.latest === mine;
	fill(slot);
	try {
		await work(isLatest);
	} catch (problem) {
		if (isLatest()) fill(slot, notice(problem, () => attempt(slot, work)));
	}
	if (hadFocus && document.activeElement === document.body) (slot.querySelector('.bad button') ?? document.querySelector('h1'))?.focus();
}

export const load = (element, work) => attempt(element, async (isLatest) => {
	const content = await work();
	if (isLatest()) fill(element, content);
});
