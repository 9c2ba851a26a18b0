// What several views are made of.

import { Problem, isSelf } from './api.js';
import { fill, h, newId } from './dom.js';
import { atTime, fromNow, number } from './format.js';
import { words } from './words.js';

/** A view's heading, which names the page and takes the focus. */
export function heading(title, ...content) {
	// The browser's history keeps it, so it names no key.
	document.title = `${title} · ${words.product}`;
	const element = h('h1', { tabindex: -1 }, content.length > 0 ? content : title);
	// It has to be on the page first, and a dialog before it gone.
	setTimeout(() => element.focus({ preventScroll: true }));
	return element;
}

/** A button that does work once at a time, or submits its form. */
export function button(text, work, kind, attributes) {
	const click = () => work && whileBusy(element, work);
	const element = h('button', { type: work ? 'button' : 'submit', class: kind, click, ...attributes }, text);
	return element;
}

// Without `disabled`, which would take the focus away.
async function whileBusy(element, work) {
	if (element.hidden || element.ariaDisabled) return;
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

export const moment = (date) => (date ? h('time', { datetime: date, title: atTime(date) }, fromNow(date)) : words.never);

export const nameOf = (/** @type {{ name: string | null }} */ key) => key.name || words.unnamed;

export const mark = (key) => isSelf(key.id) && h('span.mark', words.yourKey);

export const keyLink = (/** @type {Key} */ key) => [h('a', { href: `#/key/${key.id}` }, nameOf(key)), mark(key)];

export const limitsText = (/** @type {Limit[] | null} */ limits) =>
	limits?.length ? words.list(limits.map(({ requests, per }) => words.limit(number(requests), per))) : words.none;

export const lastUse = (/** @type {Key} */ key) => h('p', key.lastUsedAt ? words.lastUsed(fromNow(key.lastUsedAt)) : words.neverUsed);

export const table = (label, columns, body, attributes) =>
	h(`table.rows.of-${columns.length}`, { role: 'table', 'aria-label': label, ...attributes },
		h('thead', { role: 'rowgroup' },
			h('tr', { role: 'row' }, columns.map((name) => h('th', { role: 'columnheader', scope: 'col' }, name)))),
		body);

export const cells = (columns, contents) =>
	h('tr', { role: 'row' }, columns.map((name, at) => h('td', { role: 'cell', 'data-label': name }, contents[at])));

export function offer(select, options) {
	fill(select, Object.entries(options).map(([value, name]) => h('option', { value }, name)));
	return select;
}

export function notice(problem, retry) {
	// Mistakes of ours belong into the browser's console.
	if (!(problem instanceof Problem)) throw problem;
	const { status, sent, retryAfter, message, errors, requestId, temporary, advice } = problem;
	const text =
		advice ? advice
		: status === 0 ? (sent ? words.noAnswer : words.offline)
		: status === 429 ? words.tooMany(retryAfter)
		: status >= 500 ? words.failed
		: message;
	return h('div.notice.bad', { role: 'alert' },
		h('p', text),
		h('ul', errors.map(({ field, message }) => h('li', words.wrong(field, message)))),
		requestId && h('p.hint', words.requestId, h('code', requestId)),
		retry && temporary && button(words.tryAgain, retry));
}

/** Does work, and says what went wrong, unless `instead` knows the status. */
export async function attempt(slot, work, instead = {}) {
	fill(slot);
	try {
		await work();
	} catch (problem) {
		fill(slot, instead[problem.status]?.() ?? notice(problem, () => attempt(slot, work, instead)));
	}
}

export const load = (element, work, instead) => attempt(element, async () => {
	fill(element, h('p.hint', words.loading));
	fill(element, await work());
}, instead);

/** Opens a dialog; Escape calls `cancel`. */
export function openDialog(title, cancel, ...content) {
	const id = newId();
	const dialog = h('dialog', {
		'aria-labelledby': id,
		cancel: (event) => {
			event.preventDefault();
			cancel();
		},
		close: () => dialog.remove(),
	}, h('h2', { id }, title), content);
	document.body.append(dialog);
	dialog.showModal();
	return dialog;
}

/** Asks before something is done. `complain` tells whether it is too early. */
export function ask(/** @type {Question} */ { title, content, action, kind, complain, perform }) {
	const slot = h('div');
	const submit = button(action, null, kind);
	// The answer may have what nobody can be shown again.
	const cancel = () => submit.ariaDisabled || dialog.close();
	const work = async () => {
		if (complain?.()) return;
		fill(slot);
		try {
			await perform();
			dialog.close();
		} catch (problem) {
			fill(slot, notice(problem));
		}
	};
	const actions = h('div.actions', button(words.cancel, cancel, null, { autofocus: true }), submit);
	const dialog = openDialog(title, cancel, form('', submit, work, content, slot, actions));
}

/** @type {any} */
let holder = null;
// The browser asks, in its own words.
const warn = (event) => event.preventDefault();

/** Keeps the page from being left until its result is called; `refuse` hears of who tries. */
export function hold(refuse = () => {}) {
	holder = refuse;
	addEventListener('beforeunload', warn);
	return () => {
		holder = null;
		removeEventListener('beforeunload', warn);
	};
}

export function mayLeave() {
	holder?.();
	return !holder;
}
