// The fields of the forms, what they say to the API, and where its errors stand.

import { self } from './api.js';
import { fill, h, newId } from './dom.js';
import { DAY, inFull } from './format.js';
import { offer } from './parts.js';
import { words } from './words.js';

const USUAL_DAYS = 90;
const PERIODS = Object.keys(words.form.per);

/** What people write on a key for each other, and the element for it. Forms have it, a key shows it, and it is searched. */
export const TEXTS = { name: 'input', description: 'textarea' };

export const textsOf = (key) => Object.fromEntries(Object.keys(TEXTS).map((name) => [name, key[name]]));

/** An input or a group. `read` gives what to send, `null` for nothing; `part` names what is at an error's index. */
function field(name, /** @type {{ input?: any, group?: any, read: () => any, part?: (at: any) => any }} */ { input, group, read, part }) {
	const label = words.fields[name];
	const [wrongId, hintId] = [newId(), newId()];
	const hint = words.form.hint[name];
	const wrong = h('ul.wrong', { id: wrongId });
	const rest = [hint && h('p.hint', { id: hintId }, hint), wrong];
	const element = input
		? h('div.field', h('label', { for: (input.id = newId()) }, label), input, rest)
		: h('fieldset', h('legend', label), group, rest);
	const target = input ?? element;
	target.setAttribute('aria-describedby', hint ? `${wrongId} ${hintId}` : wrongId);
	return {
		name, element, read,
		focus: () => (input ?? element.querySelector('input, select')).focus(),
		/** Shows those errors that are this field's; whether there are any. */
		tell: (errors) => {
			const mine = errors.filter((error) => error.field.split(/[[.]/)[0] === name);
			fill(wrong, mine.map(({ field, message }) => {
				const at = /\[(\d+)\]/.exec(field)?.[1];
				return h('li', words.wrong((at && part?.(at)) ?? label, message));
			}));
			target.ariaInvalid = mine.length > 0 ? 'true' : null;
			return mine.length > 0;
		},
	};
}

export function text(name, value, tag = 'input') {
	const input = h(tag, { value: value ?? '', autocomplete: 'off' });
	return field(name, { input, read: () => input.value.trim() || null });
}

/** Those that the signed-in key has, and could give. */
export function operations(chosen) {
	const boxes = self().operations.map((value) => h('input', { type: 'checkbox', value, checked: chosen.includes(value) }));
	const read = () => boxes.filter((box) => box.checked).map((box) => box.value);
	const group = h('div.choices', boxes.map((box) =>
		h('label.choice', box, box.value, box.value === 'AUTHENTICATION' && h('span.hint', words.form.manages))));
	return field('operations', { group, read, part: (at) => read()[at] });
}

/** When a key ends; that of an edited key may stay as it is. */
export function expiry(/** @type {Key | undefined} */ edited) {
	const said = words.form.expiry;
	const consequence = h('p.hint', { 'aria-live': 'polite' });
	const choice = h('select', { 'aria-label': words.fields.expiresAt, change: explain });
	const date = h('input', { type: 'date', 'aria-label': said.lastDay, input: explain });
	function read() {
		if (choice.value === 'keep') return edited?.expiresAt;
		if (choice.value === 'never') return null;
		// To the end of that day, on the reader's clock.
		const end = choice.value === 'date' ? new Date(`${date.value}T23:59:59`) : new Date(Date.now() + choice.value * DAY);
		return Number.isNaN(Number(end)) ? '' : end.toISOString();
	}
	function explain() {
		date.hidden = choice.value !== 'date';
		fill(consequence, read() === null ? said.forever : read() && said.until(inFull(read())));
	}
	offer(choice, { ...said.choices, ...(edited && { keep: said.keep }) }).value = edited ? 'keep' : USUAL_DAYS;
	explain();
	return field('expiresAt', { group: [choice, date, consequence], read });
}

export function limits(/** @type {Limit[]} */ given) {
	const inputs = PERIODS.map((per) => h('input', {
		inputmode: 'numeric', autocomplete: 'off', value: given.find((limit) => limit.per === per)?.requests ?? '',
	}));
	const read = () => {
		const all = PERIODS.map((per, at) => ({ requests: inputs[at].value.replace(/[\s,]/g, ''), per }));
		const some = all.filter(({ requests }) => requests);
		// What is no number goes as it is, for the API to name what is wrong with it.
		some.forEach((limit) => (limit.requests = /^\d{1,15}$/.test(limit.requests) ? Number(limit.requests) : limit.requests));
		return some.length > 0 ? some : null;
	};
	const group = h('div.limits', PERIODS.map((per, at) => h('label', inputs[at], words.form.per[per])));
	return field('limits', { group, read, part: (at) => words.form.per[read()?.[at].per] });
}

export function addresses(/** @type {string[]} */ given) {
	const input = h('textarea', { value: given.join('\n') });
	const lines = () => input.value.split('\n').map((line) => line.trim()).filter(Boolean);
	return field('allowedIps', { input, read: () => (lines().length > 0 ? lines() : null), part: (at) => lines()[at] });
}
